"""Snapshots and images as plain files: DIR/ec2/snapshots/ID.json and DIR/ec2/images/ID.json, each in one region."""

import os
import secrets

from replies import Refusal
from s3_store import read_json, write_json

OWNER = "111122223333"
GIB = 1 << 30


class Records:
    """Named JSON records of one kind; whoever asks names the region."""

    def __init__(self, root, kind, prefix, missing):
        self.folder = os.path.join(root, "ec2", kind)
        self.prefix, self.missing = prefix, missing
        os.makedirs(self.folder, exist_ok=True)

    def new_id(self):
        return f"{self.prefix}-{secrets.token_hex(9)[:17]}"

    def add(self, region, record_id=None, **fields):
        """A record with its "id" and "region"; one whose id is known comes back as it is."""
        record = {"id": record_id or self.new_id(), "region": region, "tags": {}, **fields}
        path = os.path.join(self.folder, record["id"] + ".json")
        if os.path.exists(path):
            return read_json(path)
        self.save(record)
        return record

    def save(self, record):
        write_json(os.path.join(self.folder, record["id"] + ".json"), record)

    def all(self, region):
        names = sorted(n for n in os.listdir(self.folder) if n.endswith(".json"))
        records = [read_json(os.path.join(self.folder, n)) for n in names]
        return [record for record in records if record["region"] == region]

    def need(self, region, record_id):
        for record in self.all(region):
            if record["id"] == record_id:
                return record
        raise Refusal(400, self.missing, f"The {self.prefix} ID '{record_id}' does not exist")

    def remove(self, region, record_id):
        self.need(region, record_id)
        os.unlink(os.path.join(self.folder, record_id + ".json"))


class Snapshots(Records):
    """Fields: state, size_gib, description, encrypted, kms, volume_permissions, message."""

    def __init__(self, root):
        super().__init__(root, "snapshots", "snap", "InvalidSnapshot.NotFound")


class Images(Records):
    """Fields: request (of RegisterImage, by its members' names), states (the first is the present one), permissions."""

    def __init__(self, root):
        super().__init__(root, "images", "ami", "InvalidAMIID.NotFound")


def gib_of(size_bytes):
    return max(1, -(-size_bytes // GIB))


def tags_of(params):
    """The tags of a request's TagSpecifications."""
    return {t["Key"]: t.get("Value", "") for spec in params.get("TagSpecifications", []) for t in spec.get("Tags", [])}


def tag_list(tags):
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
