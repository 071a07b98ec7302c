"""What an account has set for its volumes in a region: DIR/volumes.json, {"encrypted": true, "key": ARN or alias}."""

import os

from s3_store import read_json


class AccountOperations:
    """Operations of EC2's that answer from the account's settings."""

    def volumes(self):
        path = os.path.join(self.root, "volumes.json")
        return read_json(path) if os.path.exists(path) else {"encrypted": False}

    def GetEbsEncryptionByDefault(self, _params, _region):
        return {"EbsEncryptionByDefault": self.volumes()["encrypted"]}

    def GetEbsDefaultKmsKeyId(self, _params, _region):
        return {"KmsKeyId": self.volumes().get("key", "alias/aws/ebs")}
