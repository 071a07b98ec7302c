#!/usr/bin/python3
"""Sends requests with one fault each; the rig must refuse every one with the right code, and take the sound ones."""

import base64
import hashlib
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time

try:
    from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("skip: python3-botocore is missing")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = Credentials("AKIDRIGTEST", "sekrit/+key=")
VERSION = "Version=2016-11-15"
BLOCK = b"b" * 524288


class Rig:
    def __init__(self, work):
        ready = os.path.join(work, "ready")
        command = ["/usr/bin/python3", "-B", os.path.join(HERE, "..", "rig.py"), "--dir", os.path.join(work, "rig")]
        self.process = subprocess.Popen(command + ["--ready", ready, "--bucket", "lab", "--bucket", "far=eu-west-1"])
        while not os.path.exists(ready):
            time.sleep(0.05)
            assert self.process.poll() is None, "the rig died"
        self.host = "127.0.0.1:" + open(ready, encoding="utf-8").read().strip()

    def send(self, method, path, body=b"", headers=None, service="s3", tamper=None, keys=KEYS):
        """Signs with botocore, lets `tamper` change the signed request, sends, returns (status, text, error type)."""
        request = AWSRequest(method, f"http://{self.host}{path}", data=body, headers=headers or {})
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        if service == "s3":
            request.context["payload_signing_enabled"] = True
        signer(keys, service, "us-east-1").add_auth(request)
        head = {k: v for k, v in request.headers.items()}
        sent = {"path": path, "body": body, "head": head, "method": method, "host": self.host}
        sent["url"] = f"http://{self.host}{path}"
        if tamper:
            tamper(sent)
        link = http.client.HTTPConnection(self.host, timeout=30)
        link.request(method, sent["path"], sent["body"], sent["head"])
        reply = link.getresponse()
        text = reply.read().decode()
        link.close()
        return reply.status, text, reply.headers.get("x-amzn-ErrorType") or ""


def set_header(name, value):
    return lambda sent: sent["head"].update({name: value})


def edit_authorization(pattern, text):
    def tamper(sent):
        sent["head"]["Authorization"] = re.sub(pattern, text, sent["head"]["Authorization"])

    return tamper


def sign_later(seconds):
    """Re-signs by hand with another time: skew."""

    def tamper(sent):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))
        sent["head"]["X-Amz-Date"] = stamp
        sent["head"]["Authorization"] = re.sub(r"/\d{8}/", f"/{stamp[:8]}/", sent["head"]["Authorization"])

    return tamper


def presign(service="s3", expires=600, **change):
    """A request whose signature is in its query, then changed."""

    def tamper(sent):
        request = AWSRequest(sent["method"], sent["url"])
        S3SigV4QueryAuth(KEYS, service, "us-east-1", expires=expires).add_auth(request)
        sent["path"] = request.url.partition(sent["host"])[2]
        for old, new in change.get("replace", ()):
            sent["path"] = sent["path"].replace(old, new)
        sent["head"] = {}

    return tamper


def form(text):
    return {"body": text.encode(), "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}}


def sts(text, **more):
    return dict(method="POST", path="/", service="sts", **form(text), **more)


def unsigned(sent):
    sent["head"].pop("Authorization")


def ec2(text):
    return dict(method="POST", path="/", service="ec2", **form(text))


def kms(text, target="TrentService.Encrypt", **headers):
    head = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, **headers}
    return dict(method="POST", path="/", service="kms", body=text.encode(), headers=head)


def ebs(method, path, body=b"", **headers):
    return dict(method=method, path=path, body=body, headers=headers, service="ebs")


def put_block(index="0", body=BLOCK, **changed):
    """PutSnapshotBlock to a snapshot that is not there: whatever is well-formed ends as that."""
    head = {"X-Amz-Data-Length": str(len(body)), "X-Amz-Checksum-Algorithm": "SHA256"}
    head["X-Amz-Checksum"] = base64.b64encode(hashlib.sha256(body).digest()).decode()
    head.update({name.replace("_", "-"): value for name, value in changed.items()})
    return ebs("PUT", f"/snapshots/snap-0123/blocks/{index}", body, **head)


def start(text):
    return ebs("POST", "/snapshots", text.encode(), **{"Content-Type": "application/json"})


IMPORT = "Action=ImportImage&" + VERSION
CONTAINER = "&DiskContainer.1.Format=RAW&DiskContainer.1.UserBucket.S3Bucket=lab&DiskContainer.1.UserBucket.S3Key=k"
PUT = dict(method="PUT", path="/lab/k", body=b"hello")
GET = dict(method="GET", path="/lab/k")
STS = "Version=2011-06-15&Action="
ROLE = STS + "AssumeRole&RoleSessionName=me&RoleArn=arn:aws:iam::111122223333:role/"
WEB = ROLE.replace("AssumeRole&", "AssumeRoleWithWebIdentity&") + "lab&WebIdentityToken="
KEY = '{"KeyId":"alias/lab","Plaintext":"AAAA"'
EMPTY = hashlib.sha256(b"").hexdigest()
# (what, request, tamper, HTTP status, code in the reply)
CASES = (
    ("a sound put", PUT, None, 200, ""),
    ("a sound import", ec2(IMPORT + CONTAINER), None, 200, "<importTaskId>import-ami-"),
    ("no Authorization", PUT, lambda s: s["head"].pop("Authorization"), 403, "AccessDenied"),
    ("another body", PUT, lambda s: s.update(body=b"jello"), 400, "XAmzContentSHA256Mismatch"),
    ("another hash", PUT, set_header("X-Amz-Content-SHA256", EMPTY), 403, "SignatureDoesNotMatch"),
    ("another path", PUT, lambda s: s.update(path="/lab/l"), 403, "SignatureDoesNotMatch"),
    ("one more query key", PUT, lambda s: s.update(path="/lab/k?versionId=1"), 403, "SignatureDoesNotMatch"),
    ("an unsigned amz header", PUT, set_header("x-amz-acl", "private"), 403, "AccessDenied"),
    ("a flipped signature", PUT, edit_authorization(r".$", "g"), 400, "AuthorizationHeaderMalformed"),
    ("unsorted SignedHeaders", PUT, edit_authorization(r"host;(x-amz-content-sha256)", r"\1;host"), 403, "SignatureDoesNotMatch"),
    ("host unsigned", PUT, edit_authorization(r"host;", ""), 403, "AccessDenied"),
    ("twenty minutes late", PUT, sign_later(-1200), 403, "RequestTimeTooSkewed"),
    ("EC2 twenty minutes early", ec2(IMPORT + CONTAINER), sign_later(1200), 400, "RequestExpired"),
    ("a token nobody issued", PUT, set_header("x-amz-security-token", "t"), 403, "InvalidToken"),
    ("a key nobody has", dict(PUT, keys=Credentials("NOBODY", "x")), None, 403, "InvalidAccessKeyId"),
    ("a token left out", dict(PUT, keys=Credentials("ASIARIGTEST", "temporary/secret")), None, 403, "InvalidToken"),
    ("another region's bucket", dict(PUT, path="/far/k"), None, 400, "<Region>eu-west-1</Region>"),
    ("no such bucket", dict(PUT, path="/none/k"), None, 404, "NoSuchBucket"),
    ("an unknown amz header", dict(PUT, headers={"x-amz-nonsense": "1"}), None, 400, "InvalidArgument"),
    ("a storage class outside the enum", dict(PUT, headers={"x-amz-storage-class": "WARM"}), None, 400, "InvalidArgument"),
    ("an upload that is not there", dict(method="GET", path="/lab/k?uploadId=u"), None, 404, "NoSuchUpload"),
    ("completing with no XML", dict(method="POST", path="/lab/k?uploadId=u"), None, 400, "MalformedXML"),
    ("an unknown parameter", ec2(IMPORT + CONTAINER + "&Colour=red"), None, 400, "UnknownParameter"),
    ("a member list", ec2(IMPORT + "&DiskContainers.member.1.Format=RAW"), None, 400, "UnknownParameter"),
    ("a list from two", ec2(IMPORT + CONTAINER.replace(".1.", ".2.")), None, 400, "UnknownParameter"),
    ("a boolean in capitals", ec2(IMPORT + CONTAINER + "&Encrypted=True"), None, 400, "InvalidParameterValue"),
    ("no version", ec2("Action=ImportImage" + CONTAINER), None, 400, "InvalidParameterValue"),
    ("an unknown action", ec2("Action=MakeCoffee&" + VERSION), None, 400, "InvalidAction"),
    ("an arm64 import", ec2(IMPORT + CONTAINER + "&Architecture=arm64"), None, 400, "InvalidParameter"),
    ("an object that is not there", ec2(IMPORT + CONTAINER + "ey"), None, 400, "Invalid S3 source location"),
    ("a sound encryption", kms(KEY + "}"), None, 200, '"CiphertextBlob": '),
    ("KMS with another body", kms(KEY + "}"), lambda s: s.update(body=b"{}"), 400, "InvalidSignatureException"),
    ("KMS with an unsigned target", kms(KEY + "}"), edit_authorization(r";x-amz-target", ""), 403, "AccessDenied"),
    ("KMS twenty minutes late", kms(KEY + "}"), sign_later(-1200), 400, "InvalidSignatureException"),
    ("KMS with a key nobody has", dict(kms(KEY + "}"), keys=Credentials("NOBODY", "x")), None, 400, "UnrecognizedClient"),
    ("an unknown member", kms(KEY + ',"Colour":"red"}'), None, 400, "SerializationException"),
    ("a member twice", kms(KEY + ',"KeyId":"alias/lab"}'), None, 400, "SerializationException"),
    ("a context that is no text", kms(KEY + ',"EncryptionContext":{"a":1}}'), None, 400, "SerializationException"),
    ("bytes that are no base64", kms('{"KeyId":"alias/lab","Plaintext":"AA"}'), None, 400, "SerializationException"),
    ("a plaintext too long", kms('{"KeyId":"alias/lab","Plaintext":"' + "A" * 5464 + '"}'), None, 400, "ValidationException"),
    ("no plaintext", kms('{"KeyId":"alias/lab"}'), None, 400, "ValidationException"),
    ("no JSON", kms("KeyId=alias/lab"), None, 400, "SerializationException"),
    ("another target", kms(KEY + "}", target="TrentService.MakeCoffee"), None, 400, "UnknownOperationException"),
    ("another content type", kms(KEY + "}", **{"Content-Type": "application/json"}), None, 400, "UnknownOperation"),
    ("a sound snapshot", start('{"VolumeSize":1}'), None, 201, '"SnapshotId": "snap-'),
    ("a volume of nothing", start('{"VolumeSize":0}'), None, 400, "ValidationException"),
    ("a volume as a text", start('{"VolumeSize":"1"}'), None, 400, "SerializationException"),
    ("no volume size", start("{}"), None, 400, "ValidationException"),
    ("a snapshot of a colour", start('{"VolumeSize":1,"Colour":"red"}'), None, 400, "SerializationException"),
    ("a key without encryption", start('{"VolumeSize":1,"KmsKeyArn":"arn:aws:kms:r:111122223333:key/k"}'), None, 400, "Validation"),
    ("a parent that is not there", start('{"VolumeSize":1,"ParentSnapshotId":"snap-0"}'), None, 404, "SNAPSHOT_NOT_FOUND"),
    ("a block of no snapshot", put_block(), None, 404, "SNAPSHOT_NOT_FOUND"),
    ("a block with another's checksum", put_block(X_Amz_Checksum="A" * 43 + "="), None, 400, "INVALID_BLOCK"),
    ("a short block", put_block(body=b"short"), None, 400, "INVALID_BLOCK"),
    ("a block of a wrong algorithm", put_block(X_Amz_Checksum_Algorithm="MD5"), None, 400, "ValidationException"),
    ("a block with one more header", put_block(X_Amz_Colour="red"), None, 400, "ValidationException"),
    ("a block that is no number", put_block(index="x"), None, 400, "ValidationException"),
    ("a block with an unsigned header", put_block(), edit_authorization(r";x-amz-checksum;", ";"), 403, "AccessDenied"),
    ("EBS with another body", put_block(), lambda s: s.update(body=b"c" * 524288), 400, "InvalidSignatureException"),
    ("no such operation", ebs("GET", "/volumes"), None, 404, "UnknownOperationException"),
    ("a task that is not there", ec2("Action=CancelImportTask&ImportTaskId=i&" + VERSION), None, 400, "InvalidConversionTaskId"),
    ("a sound URL", GET, presign(), 200, "hello"),
    ("a URL for another method", dict(GET, method="DELETE"), presign(replace=[("/lab/k", "/lab/l")]), 403, "SignatureDoesNotMatch"),
    ("a URL that lives longer than it says", GET, presign(replace=[("Expires=600", "Expires=700")]), 403, "SignatureDoesNotMatch"),
    ("a URL for more than a week", GET, presign(expires=604801), 403, "Request has expired"),
    ("a URL without its date", GET, presign(replace=[("X-Amz-Date", "X-Amz-Dote")]), 400, "AuthorizationQueryParameters"),
    ("a sound question who asks", sts(STS + "GetCallerIdentity"), None, 200, "user/rig"),
    ("the same without a signature", sts(STS + "GetCallerIdentity"), unsigned, 403, "MissingAuthenticationToken"),
    ("a role", sts(ROLE + "lab"), None, 200, "<AccessKeyId>ASIA"),
    ("a role without its ExternalId", sts(ROLE + "guarded"), None, 403, "AccessDenied"),
    ("a role for a minute", sts(ROLE + "lab&DurationSeconds=60"), None, 400, "DurationSeconds"),
    ("a role with a word too much", sts(ROLE + "lab&Colour=red"), None, 400, "UnknownParameter"),
    ("a web identity", sts(WEB + "rig.web.identity"), unsigned, 200, "<AccessKeyId>ASIA"),
    ("a web identity that is none", sts(WEB + "nobody"), unsigned, 400, "InvalidIdentityToken"),
    ("a portal without a token", dict(GET, path="/federation/credentials"), unsigned, 401, "Session token not found"),
    ("a container without a token", dict(GET, path="/container/credentials"), unsigned, 401, "authorization token"),
    ("metadata without a token", dict(GET, path="/latest/meta-data/iam/security-credentials/"), unsigned, 401, "version 2"),
    ("metadata's token with GET", dict(GET, path="/latest/api/token"), unsigned, 400, "PUT"),
)


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as work:
        rig = Rig(work)
        for what, request, tamper, status, code in CASES:
            got, text, kind = rig.send(tamper=tamper, **request)
            if got != status or (code not in text and code not in kind):
                print(f"{what}: wanted {status} {code}, got {got} {text}")
                failures += 1
        rig.process.terminate()
        rig.process.wait()
    print(f"{len(CASES)} requests, {failures} answered wrongly")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
