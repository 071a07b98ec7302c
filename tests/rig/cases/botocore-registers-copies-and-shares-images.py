#!/usr/bin/python3
"""The client beneath awscli imports a snapshot, registers, describes, copies, shares and tags an image against the rig."""

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
sys.path.insert(0, os.path.join(HERE, ".."))
from s3_store import Store  # noqa: E402

LAUNCH = [{"UserId": "444455556666"}, {"Group": "all"}]


def start_rig(work):
    ready = os.path.join(work, "ready")
    command = ["/usr/bin/python3", "-B", os.path.join(HERE, "..", "rig.py"), "--dir", os.path.join(work, "rig")]
    process = subprocess.Popen(command + ["--ready", ready, "--bucket", "lab"])
    while not os.path.exists(ready):
        time.sleep(0.05)
        assert process.poll() is None, "the rig died"
    with open(ready, encoding="utf-8") as file:
        return process, "http://127.0.0.1:" + file.read().strip()


def client(url, region):
    return botocore.session.Session().create_client(
        "ec2", region, endpoint_url=url, aws_access_key_id="AKIDRIGTEST", aws_secret_access_key="sekrit/+key="
    )


def refused(code, call, **params):
    """The call is refused with this code."""
    try:
        call(**params)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, f"{code} expected, not {error}"
        return
    raise AssertionError(f"{params} was not refused with {code}")


def import_snapshot(ec2):
    container = {"Format": "raw", "UserBucket": {"S3Bucket": "lab", "S3Key": "disk.raw"}}
    ask = dict(DiskContainer=container, ClientToken="one")
    task = ec2.import_snapshot(**ask)["ImportTaskId"]
    assert ec2.import_snapshot(**ask)["ImportTaskId"] == task, "the same client token made a second task"
    refused("IdempotentParameterMismatch", ec2.import_snapshot, Description="x", **ask)
    refused("InvalidConversionTaskId", ec2.describe_import_snapshot_tasks, ImportTaskIds=["import-snap-0"])
    seen = []
    while not seen or seen[-1][0] != "completed":
        told = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
        seen.append((told["Status"], told["Progress"], told.get("StatusMessage")))
    assert seen[0] == ("active", "3", "pending") and seen[1] == ("active", "22", "downloading/converting"), seen
    snapshot = ec2.describe_snapshots(SnapshotIds=[told["SnapshotId"]])["Snapshots"][0]
    assert (snapshot["State"], snapshot["VolumeSize"]) == ("completed", 1), snapshot
    return told["SnapshotId"]


def register(ec2, snapshot):
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp3"}}
    ask = dict(Name="web (1.0)/a", RootDeviceName="/dev/xvda", BlockDeviceMappings=[mapping])
    more = dict(VirtualizationType="hvm", EnaSupport=True, Architecture="arm64", BootMode="uefi")
    ami = ec2.register_image(**ask, **more)["ImageId"]
    refused("InvalidAMIName.Duplicate", ec2.register_image, **ask)
    refused("InvalidAMIName.Malformed", ec2.register_image, **{**ask, "Name": "web*"})
    refused("InvalidBlockDeviceMapping", ec2.register_image, **{**ask, "Name": "web2", "RootDeviceName": "/dev/sda1"})
    missing = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-0"}}]
    refused("InvalidSnapshot.NotFound", ec2.register_image, **{**ask, "Name": "web2", "BlockDeviceMappings": missing})
    for state in ("pending", "available"):
        image = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["web (1.0)/?"]}])["Images"][0]
        assert image["State"] == state, image
    assert {name: image[name] for name in more} == more, image
    refused("InvalidAMIID.NotFound", ec2.describe_images, ImageIds=["ami-00000000"])
    refused("InvalidAMIID.Malformed", ec2.describe_images, ImageIds=["web"])
    return ami


def copy(far, ami):
    ask = dict(SourceRegion="us-east-1", SourceImageId=ami, ClientToken="t", Name="copy", Encrypted=True)
    made = far.copy_image(**ask)["ImageId"]
    assert far.copy_image(**ask)["ImageId"] == made, "the same client token made a second copy"
    refused("IdempotentParameterMismatch", far.copy_image, **{**ask, "Name": "other"})
    refused("InvalidAMIName.Duplicate", far.copy_image, **{**ask, "ClientToken": "u"})
    image = far.describe_images(ImageIds=[made])["Images"][0]
    assert (image["Name"], image["State"]) == ("copy", "pending"), image
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert far.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Encrypted"], "the copy is not encrypted"


def share_and_remove(ec2, ami, snapshot):
    ec2.modify_image_attribute(ImageId=ami, LaunchPermission={"Add": LAUNCH})
    refused("InvalidAMIAttributeItemValue", ec2.modify_image_attribute, ImageId=ami, LaunchPermission={"Add": [{"UserId": "1"}]})
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": LAUNCH[:1]})
    ec2.create_tags(Resources=[ami, snapshot], Tags=[{"Key": "a", "Value": "b c"}])
    refused("InvalidParameterValue", ec2.create_tags, Resources=[ami], Tags=[{"Key": "aws:a", "Value": "b"}])
    image = ec2.describe_images(ImageIds=[ami])["Images"][0]
    assert (image["Public"], image["Tags"]) == (True, [{"Key": "a", "Value": "b c"}]), image
    refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    ec2.deregister_image(ImageId=ami)
    ec2.delete_snapshot(SnapshotId=snapshot)
    refused("InvalidSnapshot.NotFound", ec2.delete_snapshot, SnapshotId=snapshot)


def main():
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", NO_PROXY="127.0.0.1")
    with tempfile.TemporaryDirectory() as work:
        process, url = start_rig(work)
        try:
            Store(os.path.join(work, "rig")).put_object("lab", "disk.raw", b"x" * 3000000, {})
            ec2 = client(url, "us-east-1")
            snapshot = import_snapshot(ec2)
            ami = register(ec2, snapshot)
            copy(client(url, "eu-west-1"), ami)
            share_and_remove(ec2, ami, snapshot)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
