#!/usr/bin/python3
"""Writes sigv4-vectors.json: what botocore's signer makes of fixed requests at a fixed time. Run again after adding a case."""

import hashlib
import json
import os

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

DATE = "20261122T064036Z"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
EMPTY = hashlib.sha256(b"").hexdigest()
FORM = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]


def s3(name, method, path, query="", headers=(), body=b"", host="lab.s3.us-east-1.amazonaws.com", **more):
    given = more.pop("hash", hashlib.sha256(body).hexdigest())
    head = [["Host", host], ["X-Amz-Date", DATE], ["x-amz-content-sha256", given], *headers]
    return dict(name=name, service="s3", method=method, path=path, query=query, headers=head, payload=given, **more)


def ec2(name, body, headers=(), path="/", method="POST", query="", service="ec2", region="eu-central-1"):
    head = [["host", f"{service}.{region}.amazonaws.com"], ["X-Amz-Date", DATE], *headers]
    hashed = hashlib.sha256(body).hexdigest()
    return dict(
        name=name, service=service, region=region, method=method, path=path, query=query, headers=head, payload=hashed
    )


CASES = (
    s3("get an object", "GET", "/disk.vmdk"),
    s3("put with a body", "PUT", "/disk.vmdk", body=b"hello"),
    s3("put without a hashed body", "PUT", "/disk.vmdk", hash="UNSIGNED-PAYLOAD"),
    s3("the bucket itself", "GET", "/"),
    s3("an empty path", "GET", ""),
    s3("create a multipart upload: a key without a value", "POST", "/disk.vmdk", "uploads"),
    s3("create a multipart upload: a key with an empty value", "POST", "/disk.vmdk", "uploads="),
    s3("an upload id with reserved bytes", "PUT", "/d", "partNumber=7&uploadId=a%2Bb%2Fc%3D%3D", body=b"part"),
    s3("a query that is not sorted", "GET", "/d", "uploadId=x&part-number-marker=10&max-parts=2"),
    s3("a query with one key twice", "GET", "/d", "b=2&a=z&a=b&b=1"),
    s3("a query key that is a prefix of another", "GET", "/d", "key-b=1&key=2&key.c=3"),
    s3("a query with lower-case hex", "GET", "/d", "prefix=a%2fb%2bc"),
    s3("a query with encoded utf-8", "GET", "/d", "prefix=%C3%BC%20%E2%82%AC"),
    s3("a key with a space, a plus and utf-8", "PUT", "/a%20b/%C3%BC%2B%C3%B6.vmdk", body=b"x"),
    s3("a key with bytes that need no encoding but stand bare", "PUT", "/a+b=c@d.vmdk", body=b"x"),
    s3("a key with lower-case hex", "GET", "/a%2bb"),
    s3("a key with two slashes and dots", "GET", "/a//b/../c/./d"),
    s3("a key with a tilde and brackets", "GET", "/~a/%5Bb%5D"),
    s3("a key that holds a percent sign", "GET", "/100%25"),
    s3("path style", "PUT", "/lab/disk.vmdk", body=b"x", host="127.0.0.1:7480"),
    s3(
        "SSE-KMS: a header that is a prefix of another",
        "POST",
        "/d",
        "uploads=",
        [["x-amz-server-side-encryption-aws-kms-key-id", "k"], ["x-amz-server-side-encryption", "aws:kms"]],
    ),
    s3("metadata whose names are prefixes", "PUT", "/d", headers=[["x-amz-meta-a-b", "2"], ["x-amz-meta-a", "1"]]),
    s3("checksum and its algorithm", "PUT", "/d", headers=[["x-amz-checksum-algorithm", "S"], ["x-amz-checksum", "c"]]),
    s3("two headers of one name", "PUT", "/d", headers=[["x-amz-meta-a", "1"], ["x-amz-meta-a", "0"]]),
    s3("an empty header", "PUT", "/d", headers=[["x-amz-meta-a", ""]]),
    s3("white space in a header", "PUT", "/d", headers=[["x-amz-meta-a", "  one   two\t three  "]]),
    s3("utf-8 in a header", "PUT", "/d", headers=[["x-amz-meta-a", "schön"]]),
    s3("names in mixed case", "PUT", "/d", headers=[["X-AMZ-Meta-Zoo", "1"], ["Content-MD5", "abc=="]]),
    s3("a range", "GET", "/d", headers=[["Range", "bytes=0-99"]]),
    s3("a session token", "GET", "/d", headers=[["x-amz-security-token", "FwoG/ZXIvYXdzE+token=="]]),
    s3("another region", "GET", "/d", region="cn-north-1", host="s3.cn-north-1.amazonaws.com.cn"),
    s3("headers that are never signed", "PUT", "/d", headers=[["User-Agent", "x"], ["Expect", "100-continue"]]),
    s3("the hash of nothing", "DELETE", "/d", "uploadId=u", hash=EMPTY),
    ec2("a form", b"Action=ImportImage&Version=2016-11-15", [FORM]),
    ec2("a form with a token", b"Action=DescribeImages", [FORM, ["x-amz-security-token", "a+b/c=="]]),
    ec2("an empty path of another service", b"", path="", method="GET"),
    ec2("a path that is encoded twice", b"", path="/snapshots/a%20b/c%2Bd", method="GET", service="ebs"),
    ec2("a path with dots and slashes", b"", path="/a/./b/../c//d/", method="GET", service="ebs"),
    ec2("a path that climbs too far", b"", path="/../../a", method="GET", service="ebs"),
    ec2(
        "PutSnapshotBlock",
        b"block",
        [["x-amz-Checksum-Algorithm", "SHA256"], ["x-amz-Checksum", "abc="], ["x-amz-Data-Length", "5"]],
        path="/snapshots/snap-1/blocks/7",
        query="progress=3",
        method="PUT",
        service="ebs",
    ),
    ec2("KMS", b"{}", [["X-Amz-Target", "TrentService.Decrypt"], ["Content-Type", "application/x-amz-json-1.1"]], service="kms"),
)


def expect(case):
    """botocore signs the wire form; its canonical query takes encoded pairs, so it is handed decoded ones."""
    from urllib.parse import quote, unquote

    base = S3SigV4Auth if case["service"] == "s3" else SigV4Auth
    signed = HTTPHeaders()
    for name, value in case["headers"]:
        if name.lower() not in ("user-agent", "expect"):
            signed[name.lower()] = value

    class Signer(base):
        def headers_to_sign(self, request):
            return signed

        def payload(self, request):
            return case["payload"]

    path = case["path"] or ("/" if case["service"] == "s3" else "")
    if case["service"] == "s3":
        path = quote(unquote(path), safe="/-_.~")
    pairs = [item.partition("=") for item in case["query"].split("&") if item]
    query = "&".join(f"{quote(unquote(n), safe='-_.~')}={quote(unquote(v), safe='-_.~')}" for n, _, v in pairs)
    request = AWSRequest(case["method"], "https://host.invalid" + path + ("?" + query if query else ""))
    request.context["timestamp"] = DATE
    for name, value in case["headers"]:
        request.headers[name] = value
    signer = Signer(Credentials("AKIDEXAMPLE", SECRET), case["service"], case["region"])
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    names = signer.signed_headers(signed)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, "
        f"Signature={signer.signature(to_sign, request)}"
    )
    return dict(canonical=canonical, to_sign=to_sign, authorization=authorization)


def main():
    out = []
    for case in CASES:
        case.setdefault("region", "us-east-1")
        out.append(dict(case, **expect(case)))
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sigv4-vectors.json")
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"date": DATE, "access_key": "AKIDEXAMPLE", "secret_key": SECRET, "cases": out}, file, indent=1)
        file.write("\n")
    print(f"{len(out)} cases")


if __name__ == "__main__":
    main()
