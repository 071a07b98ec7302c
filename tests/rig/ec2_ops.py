"""ImportImage, DescribeImportImageTasks and CancelImportTask, with outcomes played from scenarios.json.

DIR/ec2/TASK.json holds a task; every Describe of it moves one step on. DIR/scenario names the
scenario of the tasks to come (success without it).
"""

import json
import os
import secrets

from replies import Refusal
from s3_store import read_json, write_json

FORMATS = ("OVA", "VHD", "VHDX", "VMDK", "RAW")
HERE = os.path.dirname(os.path.abspath(__file__))


class Ec2Operations:
    """One method an operation: (parameters, region) -> result for the reply."""

    def __init__(self, root, store):
        self.root, self.store = root, store
        self.tasks = os.path.join(root, "ec2")
        self.scenarios = read_json(os.path.join(HERE, "scenarios.json"))
        os.makedirs(self.tasks, exist_ok=True)

    def scenario(self):
        path = os.path.join(self.root, "scenario")
        if not os.path.exists(path):
            return "success"
        with open(path, encoding="utf-8") as file:
            return file.read().strip()

    def ImportImage(self, params, region):
        wanted = json.loads(json.dumps(params, default=str))
        token = params.get("ClientToken")
        if params.get("DryRun"):
            raise Refusal(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
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
        if params.get("RoleName", "vmimport") != "vmimport":
            raise Refusal(
                400,
                "InvalidParameter",
                f"The service role {params['RoleName']} provided does not exist or does not have sufficient permissions",
            )
        for container in params.get("DiskContainers") or [{}]:
            self.check_container(container, region)

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
            if task["step"] + 1 < len(self.scenarios[task["scenario"]]):
                task["step"] += 1
                self.save(task)
        return {"ImportImageTasks": shown}

    def CancelImportTask(self, params, region):
        task = self.need({task["id"]: task for task in self.all_tasks()}, params.get("ImportTaskId"))
        previous = self.shown(task, with_boot_mode=False)["Status"]
        task["cancelled"] = True
        self.save(task)
        return {"ImportTaskId": task["id"], "PreviousState": previous, "State": "deleting"}

    def need(self, tasks, task_id):
        if task_id not in tasks:
            raise Refusal(400, "InvalidConversionTaskId", f"The import task ID '{task_id}' does not exist")
        return tasks[task_id]

    def all_tasks(self):
        return [read_json(os.path.join(self.tasks, n)) for n in sorted(os.listdir(self.tasks)) if n.endswith(".json")]

    def save(self, task):
        write_json(os.path.join(self.tasks, task["id"] + ".json"), task)

    def shown(self, task, with_boot_mode):
        """The task as the API shows it at its present step."""
        request, step = task["request"], self.scenarios[task["scenario"]][task["step"]]
        if task.get("cancelled"):
            step = {"Status": "deleted", "StatusMessage": "User initiated task cancelation"}
        out = {"ImportTaskId": task["id"], "LicenseType": request.get("LicenseType", "BYOL"), **step}
        out["SnapshotDetails"] = [self.snapshot(c) for c in request.get("DiskContainers", [])]
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

    def snapshot(self, container):
        place = container["UserBucket"]
        size = float(self.store.object_info(place["S3Bucket"], place["S3Key"])["size"])
        return {"DiskImageSize": size, "Format": container["Format"].upper(), "Status": "active", "UserBucket": place}
