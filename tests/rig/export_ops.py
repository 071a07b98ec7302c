"""ExportImage, DescribeExportImageTasks and CancelExportTask.

DIR/export/FORMAT (vmdk, vhd, raw) is what a task puts into the bucket when it completes, in parts of as many bytes as
DIR/export/part-bytes says (one piece without it). DIR/scenario names how the tasks to come end, DIR/ec2-export holds them.
"""

import base64
import hashlib
import json
import os
import secrets

from replies import Refusal
from s3_store import read_json, write_json, write_whole

SCENARIOS = {
    "success": [
        {"Status": "active", "Progress": "0", "StatusMessage": "validating"},
        {"Status": "active", "Progress": "40", "StatusMessage": "converting"},
        {"Status": "active", "Progress": "85", "StatusMessage": "uploading"},
        {"Status": "completed"},
    ],
    "success-at-once": [{"Status": "completed"}],
    "deleted": [
        {"Status": "active", "Progress": "10", "StatusMessage": "validating"},
        {"Status": "deleting", "StatusMessage": "ClientError: Encrypted snapshots are not supported"},
        {"Status": "deleted", "StatusMessage": "ClientError: Encrypted snapshots are not supported"},
    ],
    "server-error": [{"Status": "deleted", "StatusMessage": "ServerError: an internal error has occurred during export."}],
    "for-ever": [{"Status": "active", "Progress": "40", "StatusMessage": "converting"}],
    "no-object": [{"Status": "completed"}],
}


def put_in_parts(store, bucket, key, body, part_bytes, checksum=False):
    """An object as a multipart upload leaves it: ETag over the parts' MD5s."""
    pieces = [body[at : at + part_bytes] for at in range(0, len(body), part_bytes)]
    digest = hashlib.md5(b"".join(hashlib.md5(piece).digest() for piece in pieces)).hexdigest()
    info = {"etag": f"{digest}-{len(pieces)}", "size": len(body), "key": key, "metadata": {}}
    info["parts"] = [len(piece) for piece in pieces]
    if checksum:
        joined = hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).digest()
        info["checksum"] = f"{base64.b64encode(joined).decode()}-{len(pieces)}"
    path = store.object_path(bucket, key)
    write_whole(path, body)
    write_json(path + ".json", info)


class ExportOperations:
    """One method an operation: (parameters, region) -> result for the reply. Whoever mixes it in has root and store."""

    def export_path(self, *names):
        path = os.path.join(self.root, "ec2-export")
        os.makedirs(path, exist_ok=True)
        return os.path.join(path, *names)

    def ExportImage(self, params, region):
        wanted = json.loads(json.dumps(params, default=str))
        token = params.get("ClientToken")
        for task in self.exports():
            if token and task["request"].get("ClientToken") == token:
                if task["request"] != wanted:
                    raise Refusal(
                        400, "IdempotentParameterMismatch", "The client token was already used with other parameters."
                    )
                return self.export_answer(task)
        self.check_export(params, region)
        task = {"id": "export-ami-" + secrets.token_hex(9)[:17], "request": wanted, "step": 0}
        task["scenario"] = self.scenario()
        write_json(self.export_path(task["id"] + ".json"), task)
        return self.export_answer(task)

    def check_export(self, params, region):
        if not params["ImageId"].startswith("ami-0"):
            raise Refusal(400, "InvalidAMIID.NotFound", f"The image id '[{params['ImageId']}]' does not exist")
        if len(params.get("Description", "")) > 255:
            raise Refusal(400, "InvalidParameterValue", "Description is longer than 255 characters")
        self.check_role(params)
        try:
            here = self.store.region(params["S3ExportLocation"]["S3Bucket"])
        except (KeyError, Refusal):
            raise Refusal(400, "InvalidParameter", "Invalid S3 bucket") from None
        if here != region:
            raise Refusal(400, "InvalidParameter", "The given S3 bucket is not local to the Region")

    def DescribeExportImageTasks(self, params, region):
        tasks = {task["id"]: task for task in self.exports()}
        shown = []
        for task_id in params.get("ExportImageTaskIds") or sorted(tasks):
            if task_id not in tasks:
                raise Refusal(400, "InvalidExportTaskID.NotFound", f"The export task ID '{task_id}' does not exist")
            task = tasks[task_id]
            shown.append(self.export_shown(task))
            if task["step"] + 1 < len(SCENARIOS[task["scenario"]]):
                task["step"] += 1
                write_json(self.export_path(task_id + ".json"), task)
        return {"ExportImageTasks": shown}

    def CancelExportTask(self, params, region):
        path = self.export_path(params["ExportTaskId"] + ".json")
        if not os.path.exists(path):
            raise Refusal(400, "InvalidExportTaskID.NotFound", f"The export task ID '{params['ExportTaskId']}' does not exist")
        write_json(path, dict(read_json(path), cancelled=True))
        return {}

    def exports(self):
        folder = self.export_path()
        return [read_json(os.path.join(folder, n)) for n in sorted(os.listdir(folder)) if n.endswith(".json")]

    def export_answer(self, task):
        """What ExportImage replies: the format is in it, and in no later reply."""
        out = self.export_shown(task, fresh=True)
        out["DiskImageFormat"] = task["request"]["DiskImageFormat"]
        if "RoleName" in task["request"]:
            out["RoleName"] = task["request"]["RoleName"]
        return out

    def export_shown(self, task, fresh=False):
        request, step = task["request"], SCENARIOS[task["scenario"]][task["step"]]
        if fresh:
            step = {"Status": "active", "Progress": "0", "StatusMessage": "validating"}
        if task.get("cancelled"):
            step = {"Status": "deleted", "StatusMessage": "Client initiated task cancelation"}
        if step["Status"] == "completed" and task["scenario"] != "no-object":
            self.put_export(task)
        out = {"ExportImageTaskId": task["id"], "ImageId": request["ImageId"], **step}
        out["S3ExportLocation"] = request["S3ExportLocation"]
        if "Description" in request:
            out["Description"] = request["Description"]
        tags = [tag for spec in request.get("TagSpecifications", []) for tag in spec.get("Tags", [])]
        if tags:
            out["Tags"] = tags
        return out

    def put_export(self, task):
        """Once: an object that the test replaced or removed stays so."""
        mark = self.export_path(task["id"] + ".done")
        if os.path.exists(mark):
            return
        place, kind = task["request"]["S3ExportLocation"], task["request"]["DiskImageFormat"].lower()
        folder = os.path.join(self.root, "export")
        with open(os.path.join(folder, kind), "rb") as file:
            body = file.read()
        key, parts = f"{place.get('S3Prefix', '')}{task['id']}.{kind}", os.path.join(folder, "part-bytes")
        if os.path.exists(parts):
            with open(parts, encoding="utf-8") as file:
                put_in_parts(self.store, place["S3Bucket"], key, body, int(file.read()), True)
        else:
            self.store.put_object(place["S3Bucket"], key, body, {})
        write_whole(mark, b"")
