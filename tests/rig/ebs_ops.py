"""The EBS direct APIs over the store of snapshots: every checksum is really checked.

A snapshot that is written block by block has its blocks in DIR/ec2/snapshots/ID.blocks/INDEX (eight digits). It is
pending until it is completed; then every DescribeSnapshots takes it a step on, to the end that DIR/snapshot-fate names
(completed without it).
"""

import base64
import datetime
import hashlib
import json
import os
import threading

from replies import Refusal
from s3_store import write_whole
from snapshots import OWNER, tag_list

BLOCK = 524288
PER_GIB = (1 << 30) // BLOCK
STARTED = datetime.datetime(2026, 11, 22, 6, 0, tzinfo=datetime.timezone.utc)
EXPIRY = datetime.datetime(2026, 11, 29, 6, 0, tzinfo=datetime.timezone.utc)


def invalid(message, reason):
    return Refusal(400, "ValidationException", message, Reason=reason)


def checksum(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def token_of(*parts):
    return base64.b64encode(json.dumps(parts).encode()).decode()


def token_parts(token, reason):
    try:
        return json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        raise invalid("the token is none of this service's", reason) from None


class Blocks:
    """The blocks that were written, as files."""

    def __init__(self, snapshots):
        self.snapshots = snapshots

    def path(self, snapshot_id, index):
        return os.path.join(self.snapshots.folder, snapshot_id + ".blocks", f"{index:08d}")

    def put(self, snapshot_id, index, data):
        os.makedirs(os.path.dirname(self.path(snapshot_id, 0)), exist_ok=True)
        write_whole(self.path(snapshot_id, index), data)

    def own(self, snapshot_id):
        folder = os.path.dirname(self.path(snapshot_id, 0))
        return sorted(int(name) for name in os.listdir(folder) if name.isdigit()) if os.path.exists(folder) else []

    def all(self, region, snapshot_id):
        """{index: path} of all that reads as it was written, parents' blocks included."""
        parent = self.snapshots.need(region, snapshot_id).get("parent")
        found = self.all(region, parent) if parent else {}
        found.update({index: self.path(snapshot_id, index) for index in self.own(snapshot_id)})
        return found


class EbsOperations:
    """One method an operation: (parameters, region) -> result for the reply. Thread-safe."""

    def __init__(self, root, snapshots, page):
        self.fate = os.path.join(root, "snapshot-fate")
        self.snapshots, self.blocks, self.page = snapshots, Blocks(snapshots), page
        self.lock = threading.Lock()

    def StartSnapshot(self, params, region):
        with self.lock:
            token = params.get("ClientToken")
            same = [s for s in self.snapshots.all(region) if token and s.get("token") == token]
            if same and same[0]["start"] != params:
                raise Refusal(409, "ConflictException", "The client token was already used with other parameters.")
            snapshot = same[0] if same else self.start(params, region)
        out = {
            "SnapshotId": snapshot["id"],
            "OwnerId": OWNER,
            "Status": snapshot["states"][0],
            "StartTime": STARTED,
            "VolumeSize": snapshot["size_gib"],
            "BlockSize": BLOCK,
        }
        names = (("Description", "description"), ("ParentSnapshotId", "parent"), ("KmsKeyArn", "kms"))
        out.update({member: snapshot[field] for member, field in names if snapshot[field]})
        if snapshot["tags"]:
            out["Tags"] = tag_list(snapshot["tags"])
        return out

    def start(self, params, region):
        parent = params.get("ParentSnapshotId")
        if not 1 <= params["VolumeSize"] <= 65536:
            raise invalid("the volume's size is out of range", "INVALID_VOLUME_SIZE")
        if parent:
            base = self.completed(parent, region)
            if params.get("Encrypted") or params["VolumeSize"] < base["size_gib"]:
                raise invalid("the parent does not go with this", "INVALID_PARAMETER_VALUE")
        if params.get("KmsKeyArn") and not params.get("Encrypted"):
            raise invalid("a key without encryption", "INVALID_PARAMETER_VALUE")
        return self.snapshots.add(
            region,
            states=["pending"],
            open=True,
            token=params.get("ClientToken"),
            start=params,
            size_gib=params["VolumeSize"],
            parent=parent,
            description=params.get("Description", ""),
            encrypted=params.get("Encrypted", False),
            kms=params.get("KmsKeyArn"),
            tags={tag["Key"]: tag.get("Value", "") for tag in params.get("Tags", [])},
        )

    def PutSnapshotBlock(self, params, region):
        data, index = params["BlockData"], params["BlockIndex"]
        if params["DataLength"] != BLOCK or len(data) != BLOCK:
            raise invalid("a block has 524288 bytes", "INVALID_BLOCK")
        if checksum(data) != params["Checksum"]:
            raise invalid("the checksum is not that of the block", "INVALID_BLOCK")
        snapshot = self.open_snapshot(params["SnapshotId"], region)
        if index >= snapshot["size_gib"] * PER_GIB:
            raise invalid("the index is beyond the volume", "INVALID_BLOCK")
        self.blocks.put(snapshot["id"], index, data)
        return {"Checksum": params["Checksum"], "ChecksumAlgorithm": "SHA256"}

    def CompleteSnapshot(self, params, region):
        with self.lock:
            snapshot = self.find(params["SnapshotId"], region)
            completion = {name: value for name, value in params.items() if name != "SnapshotId"}
            if snapshot.get("open"):
                self.open_snapshot(snapshot["id"], region)
                self.check_completion(snapshot, params)
                fate = "completed"
                if os.path.exists(self.fate):
                    with open(self.fate, encoding="utf-8") as file:
                        fate = file.read().strip()
                snapshot.update(open=False, completion=completion, states=["pending", "pending", fate])
                self.snapshots.save(snapshot)
            elif snapshot.get("completion") != completion:
                raise invalid("it was completed with other values", "INVALID_SNAPSHOT_ID")
            return {"Status": snapshot["states"][0]}

    def check_completion(self, snapshot, params):
        own = self.blocks.own(snapshot["id"])
        if params["ChangedBlocksCount"] != len(own):
            raise invalid(f"{len(own)} blocks were written", "INVALID_PARAMETER_VALUE")
        linear = hashlib.sha256()
        for index in own:
            with open(self.blocks.path(snapshot["id"], index), "rb") as file:
                linear.update(hashlib.sha256(file.read()).digest())
        given = params.get("Checksum")
        if given and (
            given != base64.b64encode(linear.digest()).decode()
            or params.get("ChecksumAlgorithm") != "SHA256"
            or params.get("ChecksumAggregationMethod") != "LINEAR"
        ):
            raise invalid("the checksum is not that of the blocks", "INVALID_PARAMETER_VALUE")

    def ListSnapshotBlocks(self, params, region):
        snapshot = self.completed(params["SnapshotId"], region)
        blocks = self.blocks.all(region, snapshot["id"])
        items = [{"BlockIndex": i, "BlockToken": token_of(snapshot["id"], i)} for i in sorted(blocks)]
        return self.paged(snapshot, "Blocks", items, params)

    def ListChangedBlocks(self, params, region):
        second = self.completed(params["SecondSnapshotId"], region)
        first = self.completed(params["FirstSnapshotId"], region) if params.get("FirstSnapshotId") else None
        before = self.blocks.all(region, first["id"]) if first else {}
        after, items = self.blocks.all(region, second["id"]), []
        for index in sorted(before.keys() | after.keys()):
            if before.get(index) == after.get(index):
                continue
            item = {"BlockIndex": index}
            if index in before:
                item["FirstBlockToken"] = token_of(first["id"], index)
            if index in after:
                item["SecondBlockToken"] = token_of(second["id"], index)
            items.append(item)
        return self.paged(second, "ChangedBlocks", items, params)

    def paged(self, snapshot, member, items, params):
        start = params.get("StartingBlockIndex", 0)
        if params.get("NextToken"):
            start = token_parts(params["NextToken"], "INVALID_PAGE_TOKEN")[1]
        items = [item for item in items if item["BlockIndex"] >= start]
        most = min(params.get("MaxResults", 10000), self.page)
        out = {member: items[:most], "ExpiryTime": EXPIRY, "VolumeSize": snapshot["size_gib"], "BlockSize": BLOCK}
        if len(items) > most:
            out["NextToken"] = token_of("page", items[most]["BlockIndex"])
        return out

    def GetSnapshotBlock(self, params, region):
        snapshot = self.completed(params["SnapshotId"], region)
        if token_parts(params["BlockToken"], "INVALID_BLOCK_TOKEN") != [snapshot["id"], params["BlockIndex"]]:
            raise invalid("the token is another block's", "INVALID_BLOCK_TOKEN")
        with open(self.blocks.all(region, snapshot["id"])[params["BlockIndex"]], "rb") as file:
            data = file.read()
        return {"DataLength": BLOCK, "BlockData": data, "Checksum": checksum(data), "ChecksumAlgorithm": "SHA256"}

    def find(self, snapshot_id, region):
        try:
            return self.snapshots.need(region, snapshot_id)
        except Refusal as fault:
            message = fault.message
        raise Refusal(404, "ResourceNotFoundException", message, Reason="SNAPSHOT_NOT_FOUND")

    def open_snapshot(self, snapshot_id, region):
        snapshot = self.find(snapshot_id, region)
        if not snapshot.get("open") or snapshot["states"][0] != "pending":
            raise invalid(f"The snapshot '{snapshot_id}' takes no blocks.", "INVALID_SNAPSHOT_ID")
        return snapshot

    def completed(self, snapshot_id, region):
        snapshot = self.find(snapshot_id, region)
        if snapshot.get("states", [snapshot.get("state")])[0] != "completed":
            raise invalid(f"The snapshot '{snapshot_id}' is not completed.", "INVALID_SNAPSHOT_ID")
        return snapshot
