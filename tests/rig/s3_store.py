"""Buckets, objects and multipart uploads as plain files, so that a test can look at them.

DIR/s3/BUCKET/bucket.json, objects/KEY and objects/KEY.json (key percent-encoded, slashes too),
uploads/ID/upload.json, uploads/ID/00001 and 00001.json.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
from urllib.parse import quote

from replies import Refusal

OWNER = "111122223333"
MIN_PART = 5 * 1024 * 1024
MAX_PART_NUMBER = 10000


def write_whole(path, data):
    """Appears complete or not at all."""
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def write_json(path, value):
    write_whole(path, json.dumps(value, sort_keys=True).encode() + b"\n")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Store:
    def __init__(self, root, min_part=MIN_PART):
        self.root = os.path.join(root, "s3")
        self.min_part = min_part
        os.makedirs(self.root, exist_ok=True)

    def make_bucket(self, name, region):
        base = os.path.join(self.root, name)
        os.makedirs(os.path.join(base, "objects"), exist_ok=True)
        os.makedirs(os.path.join(base, "uploads"), exist_ok=True)
        write_json(os.path.join(base, "bucket.json"), {"region": region})

    def region(self, bucket):
        path = os.path.join(self.root, bucket, "bucket.json")
        if "/" in bucket or not os.path.exists(path):
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)
        return read_json(path)["region"]

    def owner(self, bucket):
        """bucket.json may name another one than the rig's account."""
        self.region(bucket)
        return read_json(os.path.join(self.root, bucket, "bucket.json")).get("owner", OWNER)

    def encryption(self, bucket):
        self.region(bucket)
        path = os.path.join(self.root, bucket, "encryption.json")
        return read_json(path) if os.path.exists(path) else {"algorithm": "AES256"}

    def object_path(self, bucket, key):
        return os.path.join(self.root, bucket, "objects", quote(key, safe=""))

    def object_info(self, bucket, key):
        path = self.object_path(bucket, key) + ".json"
        if not os.path.exists(path):
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        return read_json(path)

    def put_object(self, bucket, key, body, metadata):
        etag = hashlib.md5(body).hexdigest()
        path = self.object_path(bucket, key)
        write_whole(path, body)
        write_json(path + ".json", {"etag": etag, "size": len(body), "key": key, "metadata": metadata})
        return etag

    def keys(self, bucket):
        """Every object's key, in the order of its bytes."""
        base = os.path.join(self.root, bucket, "objects")
        found = [read_json(os.path.join(base, n))["key"] for n in os.listdir(base) if n.endswith(".json")]
        return sorted(found, key=lambda k: k.encode())

    def delete_object(self, bucket, key):
        path = self.object_path(bucket, key)
        for name in (path, path + ".json"):
            if os.path.exists(name):
                os.unlink(name)

    def create_upload(self, bucket, key, metadata, summed=False):
        """summed: every part comes with its SHA-256, and the object keeps theirs."""
        upload_id = "u" + secrets.token_urlsafe(12) + ".+" + secrets.token_hex(4)
        path = self.upload_path(bucket, upload_id)
        os.makedirs(path)
        info = {"key": key, "upload_id": upload_id, "metadata": metadata, "summed": summed}
        write_json(os.path.join(path, "upload.json"), info)
        return upload_id

    def upload_path(self, bucket, upload_id):
        return os.path.join(self.root, bucket, "uploads", quote(upload_id, safe=""))

    def find_upload(self, bucket, key, upload_id):
        path = self.upload_path(bucket, upload_id)
        info = os.path.join(path, "upload.json")
        if not upload_id or not os.path.exists(info) or read_json(info)["key"] != key:
            raise Refusal(404, "NoSuchUpload", "The specified upload does not exist.", UploadId=upload_id)
        return path

    def put_part(self, bucket, key, upload_id, number, body, checksum=None):
        path = self.find_upload(bucket, key, upload_id)
        if not 1 <= number <= MAX_PART_NUMBER:
            raise Refusal(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
        summed = read_json(os.path.join(path, "upload.json"))["summed"]
        if summed != bool(checksum):
            raise Refusal(400, "InvalidRequest", "Checksum Type mismatch occurred")
        own = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if checksum not in (None, own):
            raise Refusal(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
        part = {"number": number, "etag": hashlib.md5(body).hexdigest(), "size": len(body), "sha256": own, "summed": summed}
        name = os.path.join(path, f"{number:05d}")
        write_whole(name, body)
        write_json(name + ".json", part)
        return part

    def parts(self, bucket, key, upload_id):
        path = self.find_upload(bucket, key, upload_id)
        names = sorted(n for n in os.listdir(path) if n.endswith(".json") and n != "upload.json")
        return [read_json(os.path.join(path, n)) for n in names]

    def uploads(self, bucket):
        base = os.path.join(self.root, bucket, "uploads")
        found = [read_json(os.path.join(base, n, "upload.json")) for n in os.listdir(base)]
        return sorted(found, key=lambda u: (u["key"], u["upload_id"]))

    def abort(self, bucket, key, upload_id):
        shutil.rmtree(self.find_upload(bucket, key, upload_id))

    def complete(self, bucket, key, upload_id, wanted):
        """Joins the wanted (number, etag, checksum) list as S3 does, with S3's own errors."""
        path = self.find_upload(bucket, key, upload_id)
        upload = read_json(os.path.join(path, "upload.json"))
        have = {part["number"]: part for part in self.parts(bucket, key, upload_id)}
        self.check_parts(have, wanted, upload["summed"])
        target = self.object_path(bucket, key)
        with open(target + ".tmp", "wb") as out:
            for number, _, _ in wanted:
                with open(os.path.join(path, f"{number:05d}"), "rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
            size = out.tell()
        digest = hashlib.md5(b"".join(bytes.fromhex(have[n]["etag"]) for n, _, _ in wanted)).hexdigest()
        os.replace(target + ".tmp", target)
        info = {"etag": f"{digest}-{len(wanted)}", "size": size, "key": key, "metadata": upload["metadata"]}
        info["parts"] = [have[n]["size"] for n, _, _ in wanted]
        if upload["summed"]:
            joined = hashlib.sha256(b"".join(base64.b64decode(have[n]["sha256"]) for n, _, _ in wanted)).digest()
            info["checksum"] = f"{base64.b64encode(joined).decode()}-{len(wanted)}"
        write_json(target + ".json", info)
        shutil.rmtree(path)
        return info

    def check_parts(self, have, wanted, summed):
        numbers = [number for number, _, _ in wanted]
        if numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        for number, etag, checksum in wanted:
            if number not in have or have[number]["etag"] != etag or (summed and have[number]["sha256"] != checksum):
                raise Refusal(400, "InvalidPart", f"Part {number} could not be found, or its entity tag is another.")
        if not wanted:
            raise Refusal(400, "MalformedXML", "no part is listed")
        for number in numbers[:-1]:
            if have[number]["size"] < self.min_part:
                raise Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
