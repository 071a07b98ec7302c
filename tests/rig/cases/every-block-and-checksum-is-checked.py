#!/usr/bin/python3
"""botocore writes, completes, lists and compares snapshots; the rig holds it to tokens, checksums, counts and states."""

import base64
import hashlib
import os
import subprocess
import sys
import tempfile
import time

try:
    import botocore.session
    from botocore.exceptions import ClientError
except ImportError:
    print("skip: python3-botocore is missing")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCKS = {index: bytes([index % 251]) * 524288 for index in (0, 7, 2047)}
LINEAR = {"ChecksumAlgorithm": "SHA256", "ChecksumAggregationMethod": "LINEAR"}


def digest(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def refused(code, call, **params):
    try:
        call(**params)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got == code, f"wanted {code}, got {got}"
        return
    raise AssertionError(f"{call.__name__} was taken: {params}")


def put(ebs, snapshot, index, data, checksum=None):
    return ebs.put_snapshot_block(
        SnapshotId=snapshot,
        BlockIndex=index,
        BlockData=data,
        DataLength=524288,
        Checksum=checksum or digest(data),
        ChecksumAlgorithm="SHA256",
    )


def linear(blocks):
    raw = b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks))
    return {"Checksum": digest(raw), **LINEAR}


def finish(ebs, ec2, snapshot, blocks):
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=len(blocks), **linear(blocks))
    shown = [ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] for _ in range(3)]
    assert shown == ["pending", "pending", "completed"], shown


def writing(ebs, ec2):
    first = ebs.start_snapshot(VolumeSize=1, ClientToken="one")["SnapshotId"]
    assert ebs.start_snapshot(VolumeSize=1, ClientToken="one")["SnapshotId"] == first
    refused("ConflictException", ebs.start_snapshot, VolumeSize=2, ClientToken="one")
    refused("ValidationException", put, ebs=ebs, snapshot=first, index=1, data=BLOCKS[0], checksum=digest(b""))
    refused("ValidationException", put, ebs=ebs, snapshot=first, index=2048, data=BLOCKS[0])
    for index, data in BLOCKS.items():
        put(ebs, first, index, data)
    complete = ebs.complete_snapshot
    refused("ValidationException", complete, SnapshotId=first, ChangedBlocksCount=2, **linear(BLOCKS))
    refused("ValidationException", complete, SnapshotId=first, ChangedBlocksCount=3, Checksum=digest(b""), **LINEAR)
    refused("ValidationException", ebs.list_snapshot_blocks, SnapshotId=first)
    finish(ebs, ec2, first, BLOCKS)
    refused("ValidationException", put, ebs=ebs, snapshot=first, index=1, data=BLOCKS[0])
    return first


def reading(ebs, ec2, first):
    page = ebs.list_snapshot_blocks(SnapshotId=first)
    rest = ebs.list_snapshot_blocks(SnapshotId=first, NextToken=page["NextToken"])
    assert [b["BlockIndex"] for b in page["Blocks"] + rest["Blocks"]] == [0, 7, 2047] and "NextToken" not in rest
    token = page["Blocks"][0]["BlockToken"]
    refused("ValidationException", ebs.get_snapshot_block, SnapshotId=first, BlockIndex=7, BlockToken=token)
    second = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=first)["SnapshotId"]
    refused("ValidationException", ebs.start_snapshot, VolumeSize=1, ParentSnapshotId=first, Encrypted=True)
    put(ebs, second, 7, b"n" * 524288)
    finish(ebs, ec2, second, {7: b"n" * 524288})
    changed = ebs.list_changed_blocks(FirstSnapshotId=first, SecondSnapshotId=second)["ChangedBlocks"]
    assert [b["BlockIndex"] for b in changed] == [7], changed
    for item in ebs.list_snapshot_blocks(SnapshotId=second)["Blocks"]:
        got = ebs.get_snapshot_block(SnapshotId=second, **item)
        data, index = got["BlockData"].read(), item["BlockIndex"]
        assert data == (b"n" * 524288 if index == 7 else BLOCKS[index]) and got["Checksum"] == digest(data)
    ec2.delete_snapshot(SnapshotId=second)
    refused("InvalidSnapshot.NotFound", ec2.describe_snapshots, SnapshotIds=[second])
    refused("ResourceNotFoundException", put, ebs=ebs, snapshot=second, index=0, data=BLOCKS[0])


def main():
    with tempfile.TemporaryDirectory() as work:
        ready = os.path.join(work, "ready")
        command = ["/usr/bin/python3", "-B", os.path.join(HERE, "..", "rig.py"), "--dir", os.path.join(work, "rig")]
        rig = subprocess.Popen(command + ["--ready", ready, "--page", "2"])
        try:
            while not os.path.exists(ready):
                time.sleep(0.05)
                assert rig.poll() is None, "the rig died"
            url = "http://127.0.0.1:" + open(ready, encoding="utf-8").read().strip()
            session = botocore.session.Session()
            session.set_credentials("AKIDRIGTEST", "sekrit/+key=")
            ebs, ec2 = (session.create_client(n, region_name="us-east-1", endpoint_url=url) for n in ("ebs", "ec2"))
            reading(ebs, ec2, writing(ebs, ec2))
        finally:
            rig.terminate()
            rig.wait()


if __name__ == "__main__":
    main()
