"""The operations over images: registered, described, copied, shared, tagged.

An image's states are in its record, the first one is the present; every DescribeImages of it moves one on.
DIR/copies says how copies end: "available" without it, or "failed".
"""

import fnmatch
import os
import re

from replies import Refusal
from snapshots import OWNER, tag_list

NAME = re.compile(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")
ORGANIZATION = re.compile(r"arn:aws[a-z-]*:organizations::\d{12}:(organization|ou)/o-[a-z0-9]{10,32}(/ou-[a-z0-9-]+)?")
COPY_FAILURE = {"Code": "Client.InternalError", "Message": "The snapshot could not be decrypted with the key that was given."}


class ImageOperations:
    """Mixed into Ec2Operations, which has the images and the snapshots."""

    def RegisterImage(self, params, region):
        self.check_name(params["Name"], region)
        mappings = params.get("BlockDeviceMappings", [])
        if params.get("RootDeviceName") not in [mapping.get("DeviceName") for mapping in mappings]:
            raise Refusal(400, "InvalidBlockDeviceMapping", "The root device name has no block device mapping")
        for mapping in mappings:
            self.check_mapping(mapping.get("Ebs", {}), region)
        if params.get("TpmSupport") and params.get("BootMode") != "uefi":
            raise Refusal(400, "InvalidParameterCombination", "TpmSupport needs the boot mode uefi")
        image = self.images.add(region, request=params, states=["pending", "available"], permissions=[])
        return {"ImageId": image["id"]}

    def check_name(self, name, region):
        if not NAME.fullmatch(name):
            raise Refusal(
                400,
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "
                "'(', ')', '.', '-', '/' and '_'",
            )
        for image in self.images.all(region):
            if image["request"]["Name"] == name:
                raise Refusal(
                    400, "InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image['id']}"
                )

    def check_mapping(self, ebs, region):
        snapshot = self.snapshots.need(region, ebs.get("SnapshotId", ""))
        if snapshot.get("states", [snapshot.get("state", "completed")])[0] != "completed":
            raise Refusal(400, "InvalidSnapshot.NotReady", f"{snapshot['id']} is not completed")
        if ebs.get("VolumeSize", snapshot["size_gib"]) < snapshot["size_gib"]:
            raise Refusal(400, "InvalidBlockDeviceMapping", f"Volume of size {ebs['VolumeSize']}GB is smaller than snapshot")
        if "Encrypted" in ebs:
            raise Refusal(400, "InvalidBlockDeviceMapping", "the encrypted flag cannot be specified since a snapshot is given")
        if "Throughput" in ebs and ebs.get("VolumeType") != "gp3":
            raise Refusal(400, "InvalidParameterCombination", "The parameter throughput is only for gp3 volumes")
        if "Iops" in ebs and ebs.get("VolumeType") not in ("gp3", "io1", "io2"):
            raise Refusal(400, "InvalidParameterCombination", "The parameter iops is only for gp3, io1 and io2 volumes")

    def snapshots_of(self, image):
        found = [m.get("Ebs", {}).get("SnapshotId") for m in image["request"].get("BlockDeviceMappings", [])]
        return [snapshot for snapshot in found if snapshot]

    def DescribeImages(self, params, region):
        if params.get("ImageIds"):
            found = [self.image(region, image_id) for image_id in params["ImageIds"]]
        else:
            found = [image for image in self.images.all(region) if self.passes(image, params)]
        shown = [self.shown_image(image) for image in found]
        for image in found:
            if len(image["states"]) > 1:
                image["states"].pop(0)
                self.images.save(image)
        return {"Images": shown}

    def image(self, region, image_id):
        if not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", image_id):
            raise Refusal(400, "InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
        return self.images.need(region, image_id)

    def passes(self, image, params):
        for one in params.get("Filters", []):
            if one["Name"] == "name":
                have = image["request"]["Name"]
            elif one["Name"] == "state":
                have = image["states"][0]
            else:
                raise Refusal(400, "InvalidParameterValue", f"The filter '{one['Name']}' is invalid")
            if not any(fnmatch.fnmatchcase(have, pattern.replace("[", "[[]")) for pattern in one["Values"]):
                return False
        return set(params.get("Owners", [OWNER])) <= {"self", OWNER}

    def shown_image(self, image):
        request, state = image["request"], image["states"][0]
        out = {
            "ImageId": image["id"],
            "ImageLocation": f"{OWNER}/{request['Name']}",
            "OwnerId": OWNER,
            "Name": request["Name"],
            "Public": "all" in image["permissions"],
            "State": state,
            "ImageType": "machine",
            "RootDeviceType": "ebs",
            "Hypervisor": "xen",
            "Architecture": request.get("Architecture", "i386"),
            "VirtualizationType": request.get("VirtualizationType", "paravirtual"),
            "EnaSupport": request.get("EnaSupport", False),
            "BlockDeviceMappings": request.get("BlockDeviceMappings", []),
        }
        for name in ("Description", "RootDeviceName", "BootMode", "TpmSupport", "ImdsSupport"):
            if name in request:
                out[name] = request[name]
        if state == "failed":
            out["StateReason"] = COPY_FAILURE
        if image["tags"]:
            out["Tags"] = tag_list(image["tags"])
        return out

    def DeregisterImage(self, params, region):
        self.images.remove(region, self.image(region, params["ImageId"])["id"])
        return {}

    def CopyImage(self, params, region):
        for image in self.images.all(region):
            if params.get("ClientToken") and image.get("copy", {}).get("ClientToken") == params["ClientToken"]:
                if image["copy"] != params:
                    raise Refusal(
                        400, "IdempotentParameterMismatch", "The client token was already used with other parameters."
                    )
                return {"ImageId": image["id"]}
        source = self.image(params["SourceRegion"], params["SourceImageId"])
        if source["states"][0] != "available":
            raise Refusal(400, "InvalidRequest", f"The image {source['id']} is not available")
        self.check_name(params["Name"], region)
        if params.get("KmsKeyId") and not params.get("Encrypted"):
            raise Refusal(400, "InvalidParameterCombination", "KmsKeyId is only for what is Encrypted")
        image = self.images.add(
            region, request=self.copied(source, params, region), copy=params, permissions=[], states=self.copy_states()
        )
        return {"ImageId": image["id"]}

    def copy_states(self):
        path, end = os.path.join(self.root, "copies"), "available"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                end = file.read().strip()
        return ["pending", "pending", end]

    def copied(self, source, params, region):
        """The source's registration with the copy's name and with snapshots of its own."""
        request = {**source["request"], "Name": params["Name"]}
        request["Description"] = params.get("Description", f"[Copied {source['id']} from {params['SourceRegion']}]")
        mappings = []
        for mapping in request.get("BlockDeviceMappings", []):
            original = self.snapshots.need(params["SourceRegion"], mapping["Ebs"]["SnapshotId"])
            made = self.snapshots.add(
                region,
                state="completed",
                size_gib=original["size_gib"],
                description=f"Copied for DestinationAmi from SourceAmi {source['id']}",
                encrypted=bool(original.get("encrypted") or params.get("Encrypted")),
                kms=params.get("KmsKeyId"),
                copy_of=original["id"],
            )
            mappings.append({**mapping, "Ebs": {**mapping["Ebs"], "SnapshotId": made["id"]}})
        return {**request, "BlockDeviceMappings": mappings}

    def check_account(self, account):
        if not re.fullmatch(r"\d{12}", account):
            raise Refusal(400, "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{account}" for userId')

    def ModifyImageAttribute(self, params, region):
        image = self.image(region, params["ImageId"])
        added = params.get("LaunchPermission", {}).get("Add", [])
        if not added:
            raise Refusal(400, "InvalidParameterCombination", "No attributes specified.")
        for item in added:
            if len(item) != 1:
                raise Refusal(400, "InvalidParameterCombination", "one permission is for one party")
            ((kind, value),) = item.items()
            if kind == "UserId":
                self.check_account(value)
            elif kind != "Group" and not ORGANIZATION.fullmatch(value):
                raise Refusal(400, "InvalidParameterValue", f"'{value}' is no ARN of an organization")
            if value not in image["permissions"]:
                image["permissions"].append(value)
        self.images.save(image)
        return {}

    def CreateTags(self, params, region):
        found = []
        for resource in params["Resources"]:
            records = self.images if resource.startswith("ami-") else self.snapshots
            found.append((records, records.need(region, resource)))
        for tag in params["Tags"]:
            if tag.get("Key", "").startswith("aws:") or not 1 <= len(tag.get("Key", "")) <= 127:
                raise Refusal(400, "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        for records, record in found:
            record["tags"].update({tag["Key"]: tag.get("Value", "") for tag in params["Tags"]})
            records.save(record)
        return {}
