"""ImportSnapshot and its tasks, and the operations over snapshots. DIR/ec2/import-snap-ID.json holds a task."""

import fnmatch
import json
import secrets

from replies import Refusal
from snapshots import OWNER, gib_of, tag_list, tags_of

SNAPSHOT_FORMATS = ("VHD", "VHDX", "VMDK", "RAW")


class SnapshotOperations:
    """Mixed into Ec2Operations, which has the tasks, the store of objects and the scenarios."""

    def ImportSnapshot(self, params, region):
        wanted = json.loads(json.dumps(params, default=str))
        token = params.get("ClientToken")
        for task in self.all_tasks("import-snap-"):
            if token and task["request"].get("ClientToken") == token:
                if task["request"] != wanted:
                    raise Refusal(
                        400, "IdempotentParameterMismatch", "The client token was already used with other parameters."
                    )
                return self.snapshot_task(task)
        self.check_snapshot_import(params, region)
        task = {
            "id": "import-snap-" + secrets.token_hex(9)[:17],
            "snapshot": self.snapshots.new_id(),
            "region": region,
            "request": wanted,
            "scenario": self.snapshot_scenario(),
            "step": 0,
        }
        self.save(task)
        return self.snapshot_task(task)

    def snapshot_scenario(self):
        """The scenario's form for snapshots, where it has one."""
        name = self.scenario()
        return "snapshot-" + name if "snapshot-" + name in self.scenarios else name

    def check_snapshot_import(self, params, region):
        if "DiskContainer" not in params:
            raise Refusal(400, "MissingParameter", "The request must contain the parameter DiskContainer")
        if params["DiskContainer"].get("Format", "").upper() not in SNAPSHOT_FORMATS:
            raise Refusal(400, "InvalidParameter", "Parameter disk-image-format has an invalid format")
        if params.get("KmsKeyId") and not params.get("Encrypted"):
            raise Refusal(400, "InvalidParameterCombination", "KmsKeyId is only for what is Encrypted")
        self.check_role(params)
        self.check_container(params["DiskContainer"], region)

    def DescribeImportSnapshotTasks(self, params, region):
        tasks = {task["id"]: task for task in self.all_tasks("import-snap-")}
        shown = []
        for task_id in params.get("ImportTaskIds") or sorted(tasks):
            task = self.need(tasks, task_id)
            shown.append(self.snapshot_task(task))
            self.step_on(task)
        return {"ImportSnapshotTasks": shown}

    def snapshot_task(self, task):
        """The task as the API shows it at its present step; a completed one has made its snapshot."""
        request, step = task["request"], self.scenarios[task["scenario"]][task["step"]]
        if task.get("cancelled"):
            step = {"Status": "deleted", "StatusMessage": "User initiated task cancelation"}
        container = request["DiskContainer"]
        size = self.object_size(container)
        detail = {**step, "DiskImageSize": float(size), "Format": container["Format"].upper()}
        detail["UserBucket"] = container["UserBucket"]
        for name in ("Description", "KmsKeyId"):
            if name in request:
                detail[name] = request[name]
        if request.get("Encrypted"):
            detail["Encrypted"] = True
        if step["Status"] == "completed":
            detail.setdefault("SnapshotId", task["snapshot"])
            self.snapshots.add(
                task["region"],
                task["snapshot"],
                state="completed",
                size_gib=gib_of(size),
                description=f"Created by AWS-VMImport service for {task['id']}",
                encrypted=bool(request.get("Encrypted")),
                kms=request.get("KmsKeyId"),
                object=container["UserBucket"],
            )
        out = {"ImportTaskId": task["id"], "SnapshotTaskDetail": detail}
        if request.get("Description"):
            out["Description"] = request["Description"]
        if tags_of(request):
            out["Tags"] = tag_list(tags_of(request))
        return out

    def DescribeSnapshots(self, params, region):
        if params.get("SnapshotIds"):
            found = [self.snapshots.need(region, snapshot_id) for snapshot_id in params["SnapshotIds"]]
        else:
            found = [record for record in self.snapshots.all(region) if self.snapshot_passes(record, params)]
        shown = [self.shown_snapshot(record) for record in found]
        for record in found:
            if len(record.get("states", [])) > 1:
                record["states"].pop(0)
                self.snapshots.save(record)
        return {"Snapshots": shown}

    def snapshot_passes(self, record, params):
        for one in params.get("Filters", []):
            if one["Name"] != "description":
                raise Refusal(400, "InvalidParameterValue", f"The filter '{one['Name']}' is invalid")
            if not any(fnmatch.fnmatchcase(record.get("description", ""), pattern) for pattern in one["Values"]):
                return False
        return set(params.get("OwnerIds", [OWNER])) <= {"self", OWNER}

    def shown_snapshot(self, record):
        state = record.get("states", [record.get("state", "completed")])[0]
        out = {
            "SnapshotId": record["id"],
            "OwnerId": OWNER,
            "VolumeId": "vol-ffffffff",
            "VolumeSize": record["size_gib"],
            "State": state,
            "Progress": "100%" if state == "completed" else "42%",
            "Description": record.get("description", ""),
            "Encrypted": bool(record.get("encrypted")),
        }
        if record.get("kms"):
            out["KmsKeyId"] = record["kms"]
        if record.get("message"):
            out["StateMessage"] = record["message"]
        if record["tags"]:
            out["Tags"] = tag_list(record["tags"])
        return out

    def DeleteSnapshot(self, params, region):
        record = self.snapshots.need(region, params["SnapshotId"])
        for image in self.images.all(region):
            if record["id"] in self.snapshots_of(image):
                raise Refusal(
                    400, "InvalidSnapshot.InUse", f"The snapshot {record['id']} is currently in use by {image['id']}"
                )
        self.snapshots.remove(region, record["id"])
        return {}

    def ModifySnapshotAttribute(self, params, region):
        record = self.snapshots.need(region, params["SnapshotId"])
        permissions = record.setdefault("volume_permissions", [])
        for item in params.get("CreateVolumePermission", {}).get("Add", []):
            self.check_account(item.get("UserId", ""))
            if item["UserId"] not in permissions:
                permissions.append(item["UserId"])
        self.snapshots.save(record)
        return {}
