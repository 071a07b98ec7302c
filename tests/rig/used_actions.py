#!/usr/bin/python3
"""Holds an operator policy against what the rig saw: used_actions.py POLICY.json RIG_DIR ROLE_ARN.

Every request that was answered must be allowed, and every action of the policy must have been used; else it says what was not
and ends with 1. What a request asks for in AWS's own eyes stands in the tables below.
"""

import json
import os
import re
import sys
from urllib.parse import parse_qs

from iam_eval import decide, listed

OBJECT = {
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "PutObject": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "HeadObject": "GetObject",
    "GetObject": "GetObject",
    "DeleteObject": "DeleteObject",
}
BUCKET = {
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "ListObjectsV2": "ListBucket",
}
# EC2's actions on things, and the parameters that name them.
ON_RESOURCES = {
    "CreateTags": r"ResourceId\.\d+",
    "DeleteSnapshot": "SnapshotId",
    "DeregisterImage": "ImageId",
    "ModifyImageAttribute": "ImageId",
    "ModifySnapshotAttribute": "SnapshotId",
}
ENCRYPTS = ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "PutObject")


def kind_of(name):
    return "image" if name.startswith("ami-") else "snapshot"


def needs_of(note, root, role):
    """(action, resource, context) of everything that a request asks for."""
    op, service = note["op"], note["service"]
    if service == "s3":
        bucket = f"arn:aws:s3:::{note['bucket']}"
        if op in BUCKET:
            return [("s3:" + BUCKET[op], bucket, {})]
        out = [("s3:" + OBJECT[op], f"{bucket}/{note['key']}", {})] + key_needs(note, root)
        if op == "HeadObject" and note.get("status") == 404:  # S3 says so only to whom it may tell what is there
            out.append(("s3:ListBucket", bucket, {}))
        return out
    if service == "ec2":
        form = parse_qs(note["params"])
        if op in ON_RESOURCES:
            ids = [value[0] for name, value in form.items() if re.fullmatch(ON_RESOURCES[op], name)]
            return [("ec2:" + op, f"arn:aws:ec2:{note['region']}::{kind_of(one)}/{one}", {}) for one in ids]
        out = [("ec2:" + op, "*", {})]
        if op in ("ImportImage", "ImportSnapshot", "ExportImage"):
            out.append(("iam:PassRole", role, {"iam:PassedToService": "vmie.amazonaws.com"}))
        if any(name.startswith("TagSpecification") for name in form):
            out.append(("ec2:CreateTags", "*", {"ec2:CreateAction": op}))
        return out
    if service == "ebs":
        return [("ebs:" + op, "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0", {})]
    if service == "iam":
        form = parse_qs(note["params"])
        return [("iam:" + op, role if "RoleName" in form else form.get("PolicyArn", ["*"])[0], {})]
    if service == "kms":
        return [("kms:" + op, note["params"]["KeyId"], {})]
    return []  # GetCallerIdentity wants nothing


def key_needs(note, root):
    """A bucket that encrypts with a KMS key uses it in the caller's name."""
    path = os.path.join(root, "s3", note["bucket"], "encryption.json")
    if note["op"] not in ENCRYPTS or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        key = json.load(file).get("key")
    return [(f"kms:{action}", key, {}) for action in ("GenerateDataKey", "Decrypt")] if key else []


def main():
    policy_path, root, role = sys.argv[1:4]
    with open(policy_path, encoding="utf-8") as file:
        policy = json.load(file)
    used, faults = set(), set()
    with open(os.path.join(root, "requests.jsonl"), encoding="utf-8") as file:
        notes = [json.loads(line) for line in file]
    for note in notes:
        for action, resource, context in needs_of(note, root, role):
            used.add(action)
            decision, missing = decide([policy], action, resource, context)
            if decision != "allowed":
                faults.add(f"{note['op']} is not allowed: {action} on {resource} {missing}")
    for statement in listed(policy["Statement"]):
        for action in listed(statement["Action"]):
            if action not in used:
                faults.add(f"{action} is allowed and never used")
    print("\n".join(sorted(faults)) or f"{len(notes)} requests use {len(used)} actions, all of the policy's")
    sys.exit(1 if faults or not used else 0)


if __name__ == "__main__":
    main()
