#!/usr/bin/python3
"""Writes sigv4-vectors.json: what botocore's signer makes of fixed requests at a fixed time. Run again after adding a case."""

import hashlib
import json
import os

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

DATE = "20261122T064036Z"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()
FORM = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]


def s3(name, method, path, query="", headers=(), body=b"", host="lab.s3.us-east-1.amazonaws.com", **more):
    given = more.pop("hash", hashlib.sha256(body).hexdigest())
    head = [["Host", host], ["X-Amz-Date", DATE], ["x-amz-content-sha256", given], *headers]
    return dict(name=name, service="s3", method=method, path=path, query=query, headers=head, payload=given, **more)


def ec2(name, body, headers=(), path="/", method="POST", query="", service="ec2", region="eu-central-1", hash=None):
    head = [["host", f"{service}.{region}.amazonaws.com"], ["X-Amz-Date", DATE], *headers]
    hashed = hash or hashlib.sha256(body).hexdigest()
    return dict(
        name=name, service=service, region=region, method=method, path=path, query=query, headers=head, payload=hashed
    )


def presigned(method, path, query="", token=None, expires=3600, service="s3", **more):
    host = more.pop("host", f"{service}.amazonaws.com")
    name = "presigned: " + more.pop("name", "an object")
    hashed = UNSIGNED if service == "s3" else EMPTY
    return dict(
        name=name, service=service, method=method, path=path, query=query, headers=[["host", host]], payload=hashed,
        expires=expires, token=token, presign=True, **more
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
    ec2(
        "PutSnapshotBlock: an unsigned body",
        b"",
        [["x-amz-content-sha256", UNSIGNED], ["x-amz-checksum-algorithm", "SHA256"], ["x-amz-checksum", "q/8=+"]],
        path="/snapshots/snap-0a/blocks/1023",
        method="PUT",
        service="ebs",
        hash=UNSIGNED,
    ),
    ec2(
        "CompleteSnapshot: three names with one beginning",
        b"",
        [
            ["x-amz-checksum-algorithm", "SHA256"],
            ["x-amz-checksum-aggregation-method", "LINEAR"],
            ["x-amz-checksum", "q"],
            ["x-amz-changedblockscount", "9"],
        ],
        path="/snapshots/completion/snap-0a",
        service="ebs",
    ),
    ec2("StartSnapshot", b'{"VolumeSize":8}', [["Content-Type", "application/json"]], path="/snapshots", service="ebs"),
    ec2("a block's token in the query", b"", path="/snapshots/s/blocks/0", query="blockToken=A%2BB%3D%3D", method="GET", service="ebs"),
    ec2("IAM, which signs for one region", b"Action=GetRole&Version=2010-05-08", [FORM], service="iam", region="us-east-1"),
    ec2("STS", b"Action=GetCallerIdentity&Version=2011-06-15", [FORM], service="sts"),
    ec2("a region of GovCloud", b"Action=DescribeImages", [FORM], region="us-gov-west-1"),
    ec2("a path that ends in two dots", b"", path="/a/b/..", method="GET", service="ebs"),
    ec2("a path of one dot", b"", path="/.", method="GET", service="ebs"),
    ec2("a path that is encoded twice already", b"", path="/a%2520b", method="GET", service="ebs"),
    ec2("a path with a slash at its end and utf-8", b"", path="/%C3%BC/", method="GET", service="ebs"),
    ec2("an empty header of another service", b"{}", [["x-amz-meta", ""], ["x-amz-meta-a", ""]], service="kms"),
    ec2("two headers of one name, of another service", b"{}", [["x-amz-a", "2"], ["X-Amz-A", "1"]], service="kms"),
    s3("three headers of one name, one of them empty", "PUT", "/d", headers=[["x-amz-a", "1"], ["x-amz-a", ""], ["x-amz-a", " 0 "]]),
    s3("a header of white space only", "PUT", "/d", headers=[["x-amz-meta-a", " \t  "]]),
    s3("names that differ in their last byte", "PUT", "/d", headers=[["x-amz-meta-a_b", "1"], ["x-amz-meta-a.b", "2"], ["x-amz-meta-a0", "3"], ["x-amz-meta-a", "4"]]),
    s3("a query key without a name", "GET", "/d", "=v&b=1"),
    s3("a query with ampersands in a row", "GET", "/d", "a=1&&b=2&"),
    s3("a query value with equals signs", "GET", "/d", "a=b=c&a=b"),
    s3("a query that says the same twice", "GET", "/d", "a=1&a=1"),
    s3("a query in mixed case", "GET", "/d", "B=1&a=2&A=3&b=4"),
    s3("a query key with a plus", "GET", "/d", "a%2Bb=1&a%20b=2&a=3"),
    s3("only slashes", "GET", "///"),
    s3("a key of dots", "GET", "/../../etc"),
    s3("a key that ends in a slash", "PUT", "/folder/", body=b"x"),
    s3("a key with every reserved byte", "PUT", "/%21%22%23%24%25%26%27%28%29%2A%2C%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D"),
    s3("a key with a colon and an apostrophe, bare", "GET", "/it's:a(b)!*"),
    s3("a key of four-byte characters", "GET", "/%F0%9F%92%BE"),
    s3("a copy with its source", "PUT", "/d", headers=[["x-amz-copy-source", "/lab/a%20b"], ["x-amz-copy-source-range", "bytes=0-9"]]),
    s3("SSE-KMS with its context", "POST", "/d", "uploads=", [["x-amz-server-side-encryption", "aws:kms"], ["x-amz-server-side-encryption-context", "e30="], ["x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k"]]),
    presigned("GET", "/disk.vmdk"),
    presigned("GET", "/a%20b/%C3%BC%2B.vmdk", name="a key with a space and utf-8"),
    presigned("PUT", "/d", "partNumber=7&uploadId=a%2Bb", name="a part, with a query of its own"),
    presigned("GET", "/d", token="FwoG/ZXIvYXdzE+token==", name="a session token"),
    presigned("GET", "/d", expires=604800, name="a week"),
    presigned("DELETE", "/lab//a/../b", host="127.0.0.1:7480", name="path style and dots"),
    presigned("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", service="sts", name="GetCallerIdentity"),
    presigned("HEAD", "/d", region="us-gov-west-1", name="another region", host="lab.s3.us-gov-west-1.amazonaws.com"),
)


def expect_presigned(case):
    """The query that botocore makes of it, in botocore's own order."""
    base = S3SigV4QueryAuth if case["service"] == "s3" else SigV4QueryAuth
    keys = Credentials("AKIDEXAMPLE", SECRET, case["token"])
    signer = base(keys, case["service"], case["region"], expires=case["expires"])
    request = AWSRequest(case["method"], f"https://{case['headers'][0][1]}{case['path']}?{case['query']}")
    request.context["timestamp"] = DATE
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signer._inject_signature_to_request(request, signer.signature(signer.string_to_sign(request, canonical), request))
    return dict(canonical=canonical, presigned=request.url.partition("?")[2])


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
        out.append(dict(case, **(expect_presigned(case) if case.pop("presign", False) else expect(case))))
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sigv4-vectors.json")
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"date": DATE, "access_key": "AKIDEXAMPLE", "secret_key": SECRET, "cases": out}, file, indent=1)
        file.write("\n")
    print(f"{len(out)} cases")


if __name__ == "__main__":
    main()
