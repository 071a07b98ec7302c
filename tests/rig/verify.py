"""Checks a request's Signature Version 4 with botocore's own signer, from the bytes that arrived.

A credential may have "until" (seconds since 1970) and "requests" (how many are left): past either it is expired.
"""

import base64
import calendar
import hashlib
import hmac
import re
import time
from urllib.parse import parse_qs, quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from replies import Refusal

MAX_SKEW_S = 900
UNSIGNED = "UNSIGNED-PAYLOAD"
SIGNATURE_KEY = "X-Amz-Signature"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,"
    r"\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)


class Scope:
    """What the Authorization header claims."""

    def __init__(self, header):
        match = AUTHORIZATION.fullmatch(header)
        if not match:
            raise Refusal(400, "AuthorizationHeaderMalformed", "the Authorization header is malformed")
        self.access_key, self.date, self.region, self.service, signed, self.signature = match.groups()
        self.signed = signed.split(";")


class QueryScope(Scope):
    """What a presigned URL claims."""

    def __init__(self, query):
        fields = {name: values[0] for name, values in parse_qs(query.replace("+", "%2B"), keep_blank_values=True).items()}
        try:
            super().__init__(
                f"{fields['X-Amz-Algorithm']} Credential={fields['X-Amz-Credential']}, "
                f"SignedHeaders={fields['X-Amz-SignedHeaders']}, Signature={fields[SIGNATURE_KEY]}"
            )
            self.amz_date, self.expires_s = fields["X-Amz-Date"], int(fields["X-Amz-Expires"])
        except (KeyError, ValueError):
            raise Refusal(400, "AuthorizationQueryParametersError", "a parameter of the signature is missing") from None
        self.token = fields.get("X-Amz-Security-Token")


def signer_for(service):
    """botocore's signer, told to sign exactly the headers the client named and the body that arrived."""
    base = S3SigV4Auth if service == "s3" else SigV4Auth

    class Signer(base):
        def headers_to_sign(self, request):
            return request.context["signed"]

        def payload(self, request):
            return request.context["payload"] or hashlib.sha256(request.context["body"]).hexdigest()

    return Signer


def canonical_query(raw):
    """Decodes the received query and encodes it again the one canonical way, sorted."""
    pairs = []
    for item in raw.split("&") if raw else []:
        name, _, value = item.partition("=")
        if name == SIGNATURE_KEY:
            continue
        pairs.append(tuple(quote(unquote_to_bytes(part), safe="-_.~") for part in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def expected_signature(request, scope, credential, amz_date):
    """(canonical request, signature) as botocore computes them for what arrived."""
    path = request.path
    if scope.service == "s3":
        path = quote(unquote_to_bytes(path), safe="/-_.~")
    url = f"http://{request.header('host')}{path}"
    query = canonical_query(request.query)
    aws = AWSRequest(method=request.method, url=url + ("?" + query if query else ""))
    aws.context["body"] = request.body
    aws.context["payload"] = UNSIGNED if isinstance(scope, QueryScope) else None
    aws.context["timestamp"] = amz_date
    aws.context["signed"] = signed = HTTPHeaders()
    for name, value in request.headers:
        if name.lower() in scope.signed:
            signed[name.lower()] = value
            aws.headers[name] = value
    keys = Credentials(scope.access_key, credential["secret_key"])
    signer = signer_for(scope.service)(keys, scope.service, scope.region)
    canonical = signer.canonical_request(aws)
    return canonical, signer.signature(signer.string_to_sign(aws, canonical), aws)


def check_headers(request, scope):
    if scope.signed != sorted(scope.signed) or len(set(scope.signed)) != len(scope.signed):
        raise Refusal(403, "SignatureDoesNotMatch", "SignedHeaders are not sorted")
    for name, _ in request.headers:
        low = name.lower()
        if (low in ("host", "content-type") or low.startswith("x-amz-")) and low not in scope.signed:
            raise Refusal(403, "AccessDenied", f"There were headers present in the request which were not signed: {low}")
    if "host" not in scope.signed:
        raise Refusal(403, "AccessDenied", "the host header is not signed")


def check_body(request, scope):
    """S3 demands the hash header; wherever it is given it must match."""
    claimed = request.header("x-amz-content-sha256")
    if scope.service == "s3" and claimed is None:
        raise Refusal(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if claimed not in (None, UNSIGNED) and claimed != hashlib.sha256(request.body).hexdigest():
        raise Refusal(
            400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    md5 = request.header("content-md5")
    if md5 is not None and md5 != base64.b64encode(hashlib.md5(request.body).digest()).decode():
        raise Refusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


def check_time(amz_date, scope, now):
    try:
        stamp = calendar.timegm(time.strptime(amz_date or "", "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refusal(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if scope.date != amz_date[:8]:
        raise Refusal(403, "SignatureDoesNotMatch", "the credential's date is not the date of the request")
    if abs(stamp - now) > MAX_SKEW_S:
        if scope.service == "s3":
            raise Refusal(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                MaxAllowedSkewMilliseconds=MAX_SKEW_S * 1000,
            )
        if scope.service in ("kms", "ebs"):
            raise Refusal(400, "InvalidSignatureException", f"Signature expired: {amz_date} is too far from the server's time")
        raise Refusal(400, "RequestExpired", "Request has expired.")


def refuse_login(scope, code, message):
    """EC2 has one answer for every wrong credential; S3 tells them apart, KMS and EBS a wrong key from a wrong signature."""
    if code == "ExpiredToken":
        status, word = {
            "s3": (400, code),
            "ec2": (400, "RequestExpired"),
            "kms": (400, "ExpiredTokenException"),
            "ebs": (403, "ExpiredTokenException"),
        }.get(scope.service, (403, code))
        raise Refusal(status, word, message)
    if scope.service == "ec2":
        raise Refusal(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
    if scope.service in ("kms", "ebs") and code == "SignatureDoesNotMatch":
        raise Refusal(400, "InvalidSignatureException", message)
    if scope.service in ("kms", "ebs"):
        raise Refusal(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
    raise Refusal(403, code, message)


def check_life(scope, credential, now):
    """Temporary credentials end."""
    over = now >= credential.get("until", now + 1)
    if "requests" in credential:
        over = over or credential["requests"] < 1
        credential["requests"] -= 1
    if over:
        refuse_login(scope, "ExpiredToken", "The provided token has expired.")


def verify_presigned(request, credentials, now):
    """The same for a URL that carries its signature."""
    scope = QueryScope(request.query)
    credential = credentials.get(scope.access_key)
    if credential is None:
        refuse_login(scope, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if scope.token != credential.get("token"):
        refuse_login(scope, "InvalidToken", "The provided token is malformed or otherwise invalid.")
    signed_at = calendar.timegm(time.strptime(scope.amz_date, "%Y%m%dT%H%M%SZ"))
    if not 1 <= scope.expires_s <= 604800 or now > signed_at + scope.expires_s or now < signed_at - MAX_SKEW_S:
        raise Refusal(403, "AccessDenied", "Request has expired")
    check_life(scope, credential, now)
    canonical, signature = expected_signature(request, scope, credential, scope.amz_date)
    if not hmac.compare_digest(signature, scope.signature):
        request.note["canonical"] = canonical
        refuse_login(scope, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    return scope


def verify(request, credentials, now):
    """Returns the Scope of a rightly signed request; raises Refusal for any other."""
    header = request.header("authorization")
    if header is None and SIGNATURE_KEY + "=" in request.query:
        return verify_presigned(request, credentials, now)
    if header is None:
        raise Refusal(403, "AccessDenied", "Access Denied")
    scope = Scope(header)
    credential = credentials.get(scope.access_key)
    if credential is None:
        refuse_login(scope, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if request.header("x-amz-security-token") != credential.get("token"):
        refuse_login(scope, "InvalidToken", "The provided token is malformed or otherwise invalid.")
    check_headers(request, scope)
    check_time(request.header("x-amz-date"), scope, now)
    canonical, signature = expected_signature(request, scope, credential, request.header("x-amz-date"))
    if not hmac.compare_digest(signature, scope.signature):
        request.note["canonical"] = canonical
        refuse_login(
            scope,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        )
    check_body(request, scope)
    check_life(scope, credential, now)
    return scope
