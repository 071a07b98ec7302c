"""IAM's questions about roles and policies, over DIR/iam.json (read again at each request; the default without it).

{"roles": {NAME: {"trust": DOCUMENT, "inline": {NAME: DOCUMENT}, "attached": {ARN: DOCUMENT}, "boundary": ARN or null}},
 "callers": {ARN: [DOCUMENT, …]}, "boundaries": {ARN: DOCUMENT}}
A caller that is not named may do everything. A document may be a text: then it is sent as it is.
"""

import datetime
import json
import os
from urllib.parse import quote

from iam_eval import decide
from replies import Refusal
from s3_store import read_json, write_json

ACCOUNT = "111122223333"
MADE = datetime.datetime(2026, 11, 22, 6, 0, 0, tzinfo=datetime.timezone.utc)
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def default_world():
    """A service role as the VM Import guide has it, for every bucket."""
    return {
        "roles": {
            "vmimport": {
                "trust": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "vmie.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                            "Condition": {"StringEquals": {"sts:Externalid": "vmimport"}},
                        }
                    ],
                },
                "inline": {
                    "vmimport": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
                                "Resource": ["arn:aws:s3:::lab", "arn:aws:s3:::lab/*"],
                            },
                            {
                                "Effect": "Allow",
                                "Action": [
                                    "ec2:ModifySnapshotAttribute",
                                    "ec2:CopySnapshot",
                                    "ec2:RegisterImage",
                                    "ec2:Describe*",
                                ],
                                "Resource": "*",
                            },
                        ],
                    }
                },
                "attached": {},
                "boundary": None,
            }
        },
        "callers": {},
        "boundaries": {},
    }


def encoded(document):
    return quote(document if isinstance(document, str) else json.dumps(document), safe="")


def missing(what, name):
    return Refusal(404, "NoSuchEntity", f"The {what} with name {name} cannot be found.")


class IamOperations:
    """One method an operation: (parameters, region) -> result for the reply."""

    def __init__(self, root, page):
        self.path, self.page = os.path.join(root, "iam.json"), page

    def world(self):
        return read_json(self.path) if os.path.exists(self.path) else default_world()

    def role(self, name):
        roles = self.world()["roles"]
        if name not in roles:
            raise missing("role", name)
        return roles[name]

    def arn(self, name):
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def GetRole(self, params, _):
        role = self.role(params["RoleName"])
        out = {
            "Path": "/",
            "RoleName": params["RoleName"],
            "RoleId": "AROARIGTEST000000",
            "Arn": self.arn(params["RoleName"]),
            "CreateDate": MADE,
            "AssumeRolePolicyDocument": encoded(role["trust"]),
        }
        if role.get("boundary"):
            out["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": role["boundary"],
            }
        return {"Role": out}

    def paged(self, items, params):
        """(the page that Marker says, what more there is)"""
        start = int(params.get("Marker", 0))
        more = start + self.page < len(items)
        return items[start : start + self.page], {"IsTruncated": more, **({"Marker": str(start + self.page)} if more else {})}

    def document(self, text):
        """A document as IAM takes it, or MalformedPolicyDocument."""
        bad = Refusal(400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.")
        try:
            value = json.loads(text)
        except ValueError:
            raise bad from None
        if value.get("Version") != "2012-10-17" or not all(s["Effect"] in ("Allow", "Deny") for s in value["Statement"]):
            raise bad
        return value

    def CreateRole(self, params, region):
        world = self.world()
        if params["RoleName"] in world["roles"]:
            raise Refusal(409, "EntityAlreadyExists", f"Role with name {params['RoleName']} already exists.")
        trust = self.document(params["AssumeRolePolicyDocument"])
        world["roles"][params["RoleName"]] = {"trust": trust, "inline": {}, "attached": {}, "boundary": None}
        write_json(self.path, world)
        return self.GetRole(params, region)

    def PutRolePolicy(self, params, _):
        world, document = self.world(), self.document(params["PolicyDocument"])
        if params["RoleName"] not in world["roles"]:
            raise missing("role", params["RoleName"])
        world["roles"][params["RoleName"]]["inline"][params["PolicyName"]] = document
        write_json(self.path, world)
        return {}

    def PutUserPolicy(self, params, _):
        world = self.world()
        arn = f"arn:aws:iam::{ACCOUNT}:user/{params['UserName']}"
        world["callers"].setdefault(arn, []).append(self.document(params["PolicyDocument"]))
        write_json(self.path, world)
        return {}

    def ListRolePolicies(self, params, _):
        names, more = self.paged(sorted(self.role(params["RoleName"])["inline"]), params)
        return {"PolicyNames": names, **more}

    def GetRolePolicy(self, params, _):
        inline = self.role(params["RoleName"])["inline"]
        if params["PolicyName"] not in inline:
            raise missing("role policy", params["PolicyName"])
        return {**params, "PolicyDocument": encoded(inline[params["PolicyName"]])}

    def ListAttachedRolePolicies(self, params, _):
        arns, more = self.paged(sorted(self.role(params["RoleName"])["attached"]), params)
        return {"AttachedPolicies": [{"PolicyName": a.rpartition("/")[2], "PolicyArn": a} for a in arns], **more}

    def managed(self, arn):
        world = self.world()
        for documents in [world["boundaries"]] + [role["attached"] for role in world["roles"].values()]:
            if arn in documents:
                return documents[arn]
        raise missing("policy", arn)

    def GetPolicy(self, params, _):
        arn = params["PolicyArn"]
        self.managed(arn)
        return {"Policy": {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "DefaultVersionId": "v3"}}

    def GetPolicyVersion(self, params, _):
        document = self.managed(params["PolicyArn"])
        if params["VersionId"] != "v3":
            raise missing("policy version", params["VersionId"])
        return {"PolicyVersion": {"Document": encoded(document), "VersionId": "v3", "IsDefaultVersion": True}}

    def documents_of(self, arn):
        """(the documents of a user or role, its boundary's or None)"""
        world, name = self.world(), arn.rpartition("/")[2]
        if f":{ACCOUNT}:" not in arn or (":role/" not in arn and ":user/" not in arn):
            raise Refusal(400, "InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
        if arn in world["callers"]:
            return world["callers"][arn], None
        if ":user/" in arn:
            return [EVERYTHING], None
        role = self.role(name)
        boundary = [world["boundaries"][role["boundary"]]] if role.get("boundary") else None
        return list(role["inline"].values()) + list(role["attached"].values()), boundary

    def SimulatePrincipalPolicy(self, params, _):
        documents, boundary = self.documents_of(params["PolicySourceArn"])
        context = {e["ContextKeyName"]: e["ContextKeyValues"][0] for e in params.get("ContextEntries", [])}
        results = []
        for action in params["ActionNames"]:
            if "*" in action:
                raise Refusal(400, "InvalidInput", f"Invalid Action: {action}")
            resources = params.get("ResourceArns", ["*"])
            for resource in resources:
                decision, keys = decide(documents, action, resource, context)
                if boundary and decision == "allowed":
                    decision, more = decide(boundary, action, resource, context)
                    keys = sorted({*keys, *more})
                results.append(
                    {
                        "EvalActionName": action,
                        "EvalResourceName": resource,
                        "EvalDecision": decision,
                        "MatchedStatements": [],
                        "MissingContextValues": keys,
                    }
                )
        page, more = self.paged(results, params)
        return {"EvaluationResults": page, **more}
