"""KMS's Encrypt, Decrypt, GenerateDataKey, ReEncrypt and DescribeKey, with AES-256-GCM that binds the encryption context.

The keys are fixed, their material is a digest of their id: what one run of the rig wrapped, another one unwraps.
A blob is MAGIC, the key's id, an IV, the ciphertext; its additional data is the key's ARN and the sorted context.
"""

import hashlib
import json
import secrets
import uuid

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:  # rig.sh skips the cases that need it
    AESGCM = None

from replies import Refusal

ACCOUNT = "111122223333"
MAGIC = b"rig-kms\x01"
IV_BYTES = 12

# id: (region, alias, what becomes of every use)
KEYS = {
    "11111111-1111-4111-8111-111111111111": ("us-east-1", "lab", None),
    "22222222-2222-4222-8222-222222222222": ("us-east-1", "other", None),
    "33333333-3333-4333-8333-333333333333": ("eu-west-1", "far", None),
    "44444444-4444-4444-8444-444444444444": ("us-east-1", "disabled", "DisabledException"),
    "55555555-5555-4555-8555-555555555555": ("us-east-1", "denied", "AccessDeniedException"),
    "66666666-6666-4666-8666-666666666666": ("us-east-1", "deleted", "KMSInvalidStateException"),
    "77777777-7777-4777-8777-777777777777": ("eu-west-1", "lab", None),
}
MESSAGES = {
    "DisabledException": "{arn} is disabled.",
    "AccessDeniedException": "User: arn:aws:iam::111122223333:user/rig is not authorized to perform: kms:{action} on "
    "resource: {arn} because no identity-based policy allows the kms:{action} action",
    "KMSInvalidStateException": "{arn} is pending deletion.",
}


def arn_of(key_id):
    return f"arn:aws:kms:{KEYS[key_id][0]}:{ACCOUNT}:key/{key_id}"


def find(name, region):
    """The id behind a key's id, its ARN, an alias, or an alias's ARN."""
    place = f"arn:aws:kms:{region}:{ACCOUNT}:"
    if name.startswith("arn:") and not name.startswith(place):
        raise Refusal(400, "NotFoundException", f"Invalid arn {name}")
    name = name[len(place) :] if name.startswith("arn:") else name
    for key_id, (where, alias, _) in KEYS.items():
        if where == region and name in (key_id, "key/" + key_id, "alias/" + alias):
            return key_id
    raise Refusal(400, "NotFoundException", f"Key '{place}{name}' does not exist")


def usable(key_id, action):
    fault = KEYS[key_id][2]
    if fault:
        raise Refusal(400, fault, MESSAGES[fault].format(arn=arn_of(key_id), action=action))
    return key_id


def cipher(key_id):
    return AESGCM(hashlib.sha256(("rig master key " + key_id).encode()).digest())


def bound(key_id, context):
    return json.dumps([arn_of(key_id), sorted((context or {}).items())]).encode()


def wrap(key_id, plaintext, context):
    iv = secrets.token_bytes(IV_BYTES)
    sealed = cipher(key_id).encrypt(iv, plaintext, bound(key_id, context))
    return MAGIC + uuid.UUID(key_id).bytes + iv + sealed


def unwrap(blob, context, named, region, action):
    """(key id, plaintext); `named` is the id that the caller says wrapped it, or None."""
    head = len(MAGIC) + 16
    bad = Refusal(400, "InvalidCiphertextException", "")
    if len(blob) < head + IV_BYTES + 16 or not blob.startswith(MAGIC):
        raise bad
    key_id = str(uuid.UUID(bytes=blob[len(MAGIC) : head]))
    if KEYS.get(key_id, ("",))[0] != region:
        raise bad
    if named not in (None, key_id):
        raise Refusal(
            400,
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    usable(key_id, action)
    try:
        return key_id, cipher(key_id).decrypt(blob[head : head + IV_BYTES], blob[head + IV_BYTES :], bound(key_id, context))
    except InvalidTag:
        raise bad from None


class KmsOperations:
    """One method an operation: (parameters, region) -> result for the reply."""

    def Encrypt(self, params, region):
        key_id = usable(find(params["KeyId"], region), "Encrypt")
        blob = wrap(key_id, params["Plaintext"], params.get("EncryptionContext"))
        return {"CiphertextBlob": blob, "KeyId": arn_of(key_id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def Decrypt(self, params, region):
        named = find(params["KeyId"], region) if "KeyId" in params else None
        key_id, plaintext = unwrap(params["CiphertextBlob"], params.get("EncryptionContext"), named, region, "Decrypt")
        return {"KeyId": arn_of(key_id), "Plaintext": plaintext, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def GenerateDataKey(self, params, region):
        key_id = usable(find(params["KeyId"], region), "GenerateDataKey")
        if params.get("DryRun"):
            raise Refusal(400, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
        length = params.get("NumberOfBytes", {"AES_128": 16}.get(params.get("KeySpec"), 32))
        plaintext = secrets.token_bytes(length)
        blob = wrap(key_id, plaintext, params.get("EncryptionContext"))
        return {"CiphertextBlob": blob, "Plaintext": plaintext, "KeyId": arn_of(key_id)}

    def ReEncrypt(self, params, region):
        named = find(params["SourceKeyId"], region) if "SourceKeyId" in params else None
        to = usable(find(params["DestinationKeyId"], region), "ReEncryptTo")
        source, plaintext = unwrap(
            params["CiphertextBlob"], params.get("SourceEncryptionContext"), named, region, "ReEncryptFrom"
        )
        return {
            "CiphertextBlob": wrap(to, plaintext, params.get("DestinationEncryptionContext")),
            "SourceKeyId": arn_of(source),
            "KeyId": arn_of(to),
            "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }

    def DescribeKey(self, params, region):
        key_id = find(params["KeyId"], region)
        fault = KEYS[key_id][2]
        if fault == "AccessDeniedException":
            usable(key_id, "DescribeKey")
        state = {"DisabledException": "Disabled", "KMSInvalidStateException": "PendingDeletion"}.get(fault, "Enabled")
        return {
            "KeyMetadata": {
                "AWSAccountId": ACCOUNT,
                "KeyId": key_id,
                "Arn": arn_of(key_id),
                "Enabled": state == "Enabled",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "KeyState": state,
                "Origin": "AWS_KMS",
                "KeyManager": "CUSTOMER",
                "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
                "MultiRegion": False,
            }
        }
