"""The S3 operations that an import uses, over the Store."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import quote

from replies import Refusal, Reply, element, xml_reply

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
LAST_MODIFIED = "Sun, 22 Nov 2026 06:00:00 GMT"
PART_FIELDS = {"PartNumber", "ETag", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumSHA1", "ChecksumSHA256"}


def document(name, inner):
    return xml_reply(f'<{name} xmlns="{NAMESPACE}">{inner}</{name}>')


def number(query, name, default, most):
    return min(int(query.get(name, default)), most)


class S3Operations:
    """One method an operation: (bucket, key, query, request) -> Reply."""

    def __init__(self, store, page):
        self.store, self.page = store, page

    def CreateMultipartUpload(self, bucket, key, query, request):
        summed = request.header("x-amz-checksum-algorithm") == "SHA256"  # others are not kept
        upload_id = self.store.create_upload(bucket, key, metadata(request), summed)
        inner = element("Bucket", bucket) + element("Key", key) + element("UploadId", upload_id)
        return document("InitiateMultipartUploadResult", inner)

    def UploadPart(self, bucket, key, query, request):
        given = request.header("x-amz-checksum-sha256")
        part = self.store.put_part(bucket, key, query["uploadId"], int(query["partNumber"]), request.body, given)
        return Reply(headers={"ETag": f'"{part["etag"]}"', **({"x-amz-checksum-sha256": given} if given else {})})

    def ListParts(self, bucket, key, query, request):
        after, most = int(query.get("part-number-marker", 0)), number(query, "max-parts", 1000, self.page)
        parts = [p for p in self.store.parts(bucket, key, query["uploadId"]) if p["number"] > after]
        shown, more = parts[:most], len(parts) > most
        inner = element("Bucket", bucket) + element("Key", key) + element("UploadId", query["uploadId"])
        inner += element("PartNumberMarker", after) + element("MaxParts", most)
        if shown:
            inner += element("NextPartNumberMarker", shown[-1]["number"])
        inner += element("IsTruncated", str(more).lower())
        for part in shown:
            fields = element("PartNumber", part["number"]) + element("LastModified", "2026-11-22T06:00:00.000Z")
            fields += element("ETag", f'"{part["etag"]}"') + element("Size", part["size"])
            fields += element("ChecksumSHA256", part["sha256"]) if part["summed"] else ""
            inner += f"<Part>{fields}</Part>"
        return document("ListPartsResult", inner)

    def CompleteMultipartUpload(self, bucket, key, query, request):
        info = self.store.complete(bucket, key, query["uploadId"], part_list(request.body))
        inner = element("Location", f"http://{request.header('host')}/{bucket}/{quote(key)}")
        inner += element("Bucket", bucket) + element("Key", key) + element("ETag", f'"{info["etag"]}"')
        inner += element("ChecksumSHA256", info["checksum"]) if "checksum" in info else ""
        return document("CompleteMultipartUploadResult", inner)

    def AbortMultipartUpload(self, bucket, key, query, request):
        self.store.abort(bucket, key, query["uploadId"])
        return Reply(204)

    def ListMultipartUploads(self, bucket, key, query, request):
        mark = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
        most = number(query, "max-uploads", 1000, self.page)
        uploads = [u for u in self.store.uploads(bucket) if u["key"].startswith(query.get("prefix", ""))]
        if mark[1]:
            uploads = [u for u in uploads if (u["key"], u["upload_id"]) > mark]
        elif mark[0]:
            uploads = [u for u in uploads if u["key"] > mark[0]]
        shown, more = uploads[:most], len(uploads) > most
        name = quote if query.get("encoding-type") == "url" else str
        inner = element("Bucket", bucket) + element("MaxUploads", most) + element("IsTruncated", str(more).lower())
        if more:
            inner += element("NextKeyMarker", name(shown[-1]["key"]))
            inner += element("NextUploadIdMarker", shown[-1]["upload_id"])
        for upload in shown:
            fields = element("Key", name(upload["key"])) + element("UploadId", upload["upload_id"])
            fields += element("Initiated", "2026-11-22T06:00:00.000Z")
            inner += f"<Upload>{fields}</Upload>"
        return document("ListMultipartUploadsResult", inner)

    def PutObject(self, bucket, key, query, request):
        return Reply(headers={"ETag": f'"{self.store.put_object(bucket, key, request.body, metadata(request))}"'})

    def DeleteObject(self, bucket, key, query, request):
        self.store.delete_object(bucket, key)
        return Reply(204)

    def HeadObject(self, bucket, key, query, request):
        return self.GetObject(bucket, key, query, request)

    def GetObject(self, bucket, key, query, request):
        info = self.store.object_info(bucket, key)
        head = {
            "ETag": f'"{info["etag"]}"',
            "Last-Modified": LAST_MODIFIED,
            "Accept-Ranges": "bytes",
            "Content-Type": "binary/octet-stream",
            **info["metadata"],
        }
        start, length, status = 0, info["size"], 200
        wanted = request.header("range")
        if request.header("if-match") not in (None, "*", head["ETag"]):
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        if "checksum" in info and request.header("x-amz-checksum-mode") == "ENABLED":
            head["x-amz-checksum-sha256"] = info["checksum"]
        if "partNumber" in query:
            start, length, count = part_range(int(query["partNumber"]), info)
            if "parts" in info:
                head["x-amz-mp-parts-count"] = str(count)
            head["Content-Range"] = f"bytes {start}-{start + length - 1}/{info['size']}"
            status = 206
        elif wanted:
            request.note["range"] = wanted
            start, length = byte_range(wanted, info["size"])
            head["Content-Range"] = f"bytes {start}-{start + length - 1}/{info['size']}"
            status = 206
        return Reply(status, head, file=(self.store.object_path(bucket, key), start, length))

    def HeadBucket(self, bucket, key, query, request):
        return Reply(headers={"x-amz-bucket-region": self.store.region(bucket)})

    def GetBucketLocation(self, bucket, key, query, request):
        region = self.store.region(bucket)
        return document("LocationConstraint", "" if region == "us-east-1" else region)

    def GetBucketEncryption(self, bucket, key, query, request):
        """DIR/s3/BUCKET/encryption.json: {"algorithm": …, "key": … or null}."""
        wanted = self.store.encryption(bucket)
        if wanted is None:
            raise Refusal(
                404,
                "ServerSideEncryptionConfigurationNotFoundError",
                "The server side encryption configuration was not found",
                BucketName=bucket,
            )
        inner = element("SSEAlgorithm", wanted["algorithm"])
        if wanted.get("key"):
            inner += element("KMSMasterKeyID", wanted["key"])
        rule = f"<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault></Rule>"
        return document("ServerSideEncryptionConfiguration", rule)

    def ListObjectsV2(self, bucket, key, query, request):
        prefix, mark = query.get("prefix", ""), query.get("continuation-token", "")
        keys = [k for k in self.store.keys(bucket) if k.startswith(prefix) and k > mark]
        most = number(query, "max-keys", 1000, self.page)
        shown, more = keys[:most], len(keys) > most
        inner = element("Name", bucket) + element("Prefix", prefix) + element("KeyCount", len(shown))
        inner += element("MaxKeys", most) + element("IsTruncated", str(more).lower())
        if more:
            inner += element("NextContinuationToken", shown[-1])
        for name in shown:
            info = self.store.object_info(bucket, name)
            fields = element("Key", name) + element("LastModified", "2026-11-22T06:00:00.000Z")
            fields += element("ETag", f'"{info["etag"]}"') + element("Size", info["size"])
            inner += f"<Contents>{fields}<StorageClass>STANDARD</StorageClass></Contents>"
        return document("ListBucketResult", inner)


def metadata(request):
    """The headers that come back with the object."""
    return {n.lower(): v for n, v in request.headers if n.lower().startswith("x-amz-meta-")}


def byte_range(text, size):
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", text)
    if not match or int(match[1]) >= size:
        raise Refusal(416, "InvalidRange", "The requested range is not satisfiable")
    last = min(int(match[2] or size - 1), size - 1)
    return int(match[1]), last - int(match[1]) + 1


def part_range(number, info):
    """(start, length, number of parts) of a part as it was uploaded; an object of one piece has one part."""
    sizes = info.get("parts", [info["size"]])
    if not 1 <= number <= len(sizes):
        raise Refusal(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
    return sum(sizes[: number - 1]), sizes[number - 1], len(sizes)


def part_list(body):
    """(number, etag without quotes, SHA-256 or None) of each Part, or MalformedXML."""
    bad = Refusal(400, "MalformedXML", "The XML you provided was not well-formed or did not validate")
    try:
        root = ET.fromstring(body)
    except ET.ParseError:
        raise bad from None
    strip = lambda tag: tag.rpartition("}")[2]
    if strip(root.tag) not in ("CompleteMultipartUpload", "CompletedMultipartUpload"):
        raise bad
    out = []
    for part in root:
        fields = {strip(child.tag): child.text or "" for child in part}
        if strip(part.tag) != "Part" or not {"PartNumber", "ETag"} <= fields.keys() <= PART_FIELDS:
            raise bad
        out.append((int(fields["PartNumber"]), fields["ETag"].strip('"'), fields.get("ChecksumSHA256")))
    return out
