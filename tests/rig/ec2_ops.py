"""ImportImage, DescribeImportImageTasks and CancelImportTask, with outcomes played from scenarios.json.

DIR/ec2/TASK.json holds a task; every Describe of it moves one step on. Snapshots and images: snapshots.py. DIR/scenario names the
scenario of the tasks to come (success without it).
"""

import json
import os
import secrets

from account_ops import AccountOperations
from export_ops import ExportOperations
from image_ops import ImageOperations
from replies import Refusal
from s3_store import read_json, write_json
from snapshot_ops import SnapshotOperations
from snapshots import Images, Snapshots, gib_of

FORMATS = ("OVA", "VHD", "VHDX", "VMDK", "RAW")
HERE = os.path.dirname(os.path.abspath(__file__))


class Ec2Operations(SnapshotOperations, ImageOperations, AccountOperations, ExportOperations):
    """One method an operation: (parameters, region) -> result for the reply."""

    def __init__(self, root, store):
        self.root, self.store = root, store
        self.tasks = os.path.join(root, "ec2")
        self.scenarios = read_json(os.path.join(HERE, "scenarios.json"))
        os.makedirs(self.tasks, exist_ok=True)
        self.snapshots, self.images = Snapshots(root), Images(root)

    def scenario(self):
        path = os.path.join(self.root, "scenario")
        if not os.path.exists(path):
            return "success"
        with open(path, encoding="utf-8") as file:
            return file.read().strip()

    def ImportImage(self, params, region):
        wanted = json.loads(json.dumps(params, default=str))
        token = params.get("ClientToken")
        for task in self.all_tasks():
            if token and task["request"].get("ClientToken") == token:
                if task["request"] != wanted:
                    raise Refusal(
                        400, "IdempotentParameterMismatch", "The client token was already used with other parameters."
                    )
                return self.shown(task, with_boot_mode=False)
        self.check_request(params, region)
        task = {
            "id": "import-ami-" + secrets.token_hex(9)[:17],
            "image": "ami-" + secrets.token_hex(9)[:17],
            "region": region,
            "snapshots": [self.snapshots.new_id() for _ in wanted.get("DiskContainers", [])],
            "request": wanted,
            "scenario": self.scenario(),
            "step": 0,
        }
        self.save(task)
        return self.shown(task, with_boot_mode=False)

    def check_request(self, params, region):
        if params.get("Architecture", "x86_64") not in ("i386", "x86_64"):
            raise Refusal(400, "InvalidParameter", f"Parameter architecture={params['Architecture']} has an invalid format")
        if params.get("BootMode") == "uefi-preferred":
            raise Refusal(400, "InvalidParameter", "Parameter boot-mode=uefi-preferred has an invalid format")
        self.check_role(params)
        for container in params.get("DiskContainers") or [{}]:
            self.check_container(container, region)

    def check_role(self, params):
        if params.get("RoleName", "vmimport") != "vmimport":
            raise Refusal(
                400,
                "InvalidParameter",
                f"The service role {params['RoleName']} provided does not exist or does not have sufficient permissions",
            )

    def check_container(self, container, region):
        if container.get("Format", "").upper() not in FORMATS:
            raise Refusal(400, "InvalidParameter", "Parameter disk-image-format has an invalid format")
        place = container.get("UserBucket")
        if not place:
            raise Refusal(400, "MissingParameter", "The request must contain the parameter DiskContainer.UserBucket")
        try:
            here = self.store.region(place["S3Bucket"])
            self.store.object_info(place["S3Bucket"], place["S3Key"])
        except (KeyError, Refusal):
            raise Refusal(400, "InvalidParameter", "Invalid S3 source location") from None
        if here != region:
            raise Refusal(400, "InvalidParameter", "The given S3 bucket is not local to the Region")

    def DescribeImportImageTasks(self, params, region):
        tasks = {task["id"]: task for task in self.all_tasks()}
        wanted = params.get("ImportTaskIds") or sorted(tasks)
        shown = []
        for task_id in wanted:
            task = self.need(tasks, task_id)
            shown.append(self.shown(task, with_boot_mode=True))
            self.step_on(task)
        return {"ImportImageTasks": shown}

    def step_on(self, task):
        if task["step"] + 1 < len(self.scenarios[task["scenario"]]):
            task["step"] += 1
            self.save(task)

    def CancelImportTask(self, params, region):
        tasks = {task["id"]: task for task in self.all_tasks("import-")}
        task = self.need(tasks, params.get("ImportTaskId"))
        previous = self.scenarios[task["scenario"]][task["step"]]["Status"]
        task["cancelled"] = True
        self.save(task)
        return {"ImportTaskId": task["id"], "PreviousState": previous, "State": "deleting"}

    def need(self, tasks, task_id):
        if task_id not in tasks:
            raise Refusal(400, "InvalidConversionTaskId", f"The import task ID '{task_id}' does not exist")
        return tasks[task_id]

    def all_tasks(self, prefix="import-ami-"):
        names = [n for n in sorted(os.listdir(self.tasks)) if n.startswith(prefix) and n.endswith(".json")]
        return [read_json(os.path.join(self.tasks, n)) for n in names]

    def save(self, task):
        write_json(os.path.join(self.tasks, task["id"] + ".json"), task)

    def shown(self, task, with_boot_mode):
        """The task as the API shows it at its present step."""
        request, step = task["request"], self.scenarios[task["scenario"]][task["step"]]
        if task.get("cancelled"):
            step = {"Status": "deleted", "StatusMessage": "User initiated task cancelation"}
        out = {"ImportTaskId": task["id"], "LicenseType": request.get("LicenseType", "BYOL"), **step}
        out["SnapshotDetails"] = [self.snapshot(c) for c in request.get("DiskContainers", [])]
        if step["Status"] == "completed":
            self.make_image(task)
            for detail, snapshot_id in zip(out["SnapshotDetails"], task["snapshots"]):
                detail.update(Status="completed", SnapshotId=snapshot_id)
        for name in ("Description", "Platform", "Architecture"):
            if name in request:
                out[name] = request[name]
        if with_boot_mode and "BootMode" in request:
            out["BootMode"] = request["BootMode"]
        if step["Status"] == "completed":
            out.setdefault("ImageId", task["image"])
        tags = [tag for spec in request.get("TagSpecifications", []) for tag in spec.get("Tags", [])]
        if tags:
            out["Tags"] = tags
        return out

    def object_size(self, container):
        """The object may be gone by now: what was read of it is what counts."""
        place = container["UserBucket"]
        try:
            return self.store.object_info(place["S3Bucket"], place["S3Key"])["size"]
        except Refusal:
            return 0

    def snapshot(self, container):
        size = float(self.object_size(container))
        return {
            "DiskImageSize": size,
            "Format": container["Format"].upper(),
            "Status": "active",
            "UserBucket": container["UserBucket"],
        }

    def make_image(self, task):
        """What a completed task leaves: its AMI, named as AWS names it, over snapshots of its own."""
        request, mappings = task["request"], []
        for number, (container, snapshot_id) in enumerate(zip(request.get("DiskContainers", []), task["snapshots"])):
            self.snapshots.add(
                task["region"],
                snapshot_id,
                state="completed",
                size_gib=gib_of(self.object_size(container)),
                description=f"Created by AWS-VMImport service for {task['id']}",
                encrypted=bool(request.get("Encrypted")),
                kms=request.get("KmsKeyId"),
            )
            device = "/dev/sda1" if number == 0 else f"/dev/sd{chr(ord('a') + number)}"
            mappings.append({"DeviceName": device, "Ebs": {"SnapshotId": snapshot_id, "DeleteOnTermination": False}})
        made = {"Name": task["id"], "Architecture": "x86_64", "VirtualizationType": "hvm", "RootDeviceName": "/dev/sda1"}
        made["BlockDeviceMappings"] = mappings
        self.images.add(task["region"], task["image"], request=made, states=["available"], permissions=[])
