"""Where credentials come from: STS, the portal of SSO, a container's endpoint and the instance's metadata service.

What they issue lives for --session-s seconds and, with --session-requests, for that many requests: then it is expired.
"""

import datetime
import json
import secrets
from urllib.parse import parse_qs

from replies import Refusal, Reply

ACCOUNT = "111122223333"
# role: the ExternalId that it asks for, or None
ROLES = {"lab": None, "second": None, "guarded": "ext-1"}
WEB_TOKEN = "rig.web.identity"
SSO_TOKEN = "rig-sso-token"
CONTAINER_TOKEN = "Bearer rig-container"
IMDS_ROLE = "instance-role"


class Identities:
    """Issues credentials and knows whose they are; `credentials` is what verify.py looks them up in."""

    def __init__(self, credentials, options, now):
        self.credentials, self.now = credentials, now
        self.session_s, self.session_requests = options.session_s, options.session_requests
        self.imds_tokens = set()

    def issue(self, arn, seconds=None):
        access = "ASIA" + secrets.token_hex(8).upper()
        until = int(self.now()) + min(seconds or self.session_s, self.session_s)
        self.credentials[access] = entry = {
            "secret_key": secrets.token_urlsafe(30),
            "token": secrets.token_urlsafe(90) + "/+==",
            "until": until,
            "arn": arn,
        }
        if self.session_requests:
            entry["requests"] = self.session_requests
        return access, entry

    def arn_of(self, access):
        return self.credentials[access].get("arn", f"arn:aws:iam::{ACCOUNT}:user/rig")


def when(entry):
    return datetime.datetime.fromtimestamp(entry["until"], datetime.timezone.utc)


def denied(caller, action, arn):
    return Refusal(403, "AccessDenied", f"User: {caller} is not authorized to perform: sts:{action} on resource: {arn}")


class StsOperations:
    """One method an operation: (parameters, region, access key or None) -> result for the reply."""

    UNSIGNED = ("AssumeRoleWithWebIdentity",)

    def __init__(self, identities):
        self.identities = identities

    def session(self, params, caller, action):
        name = params["RoleArn"].rpartition("/")[2]
        if params["RoleArn"] != f"arn:aws:iam::{ACCOUNT}:role/{name}" or name not in ROLES:
            raise denied(caller, action, params["RoleArn"])
        if ROLES[name] is not None and params.get("ExternalId") != ROLES[name]:
            raise denied(caller, action, params["RoleArn"])
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{params['RoleSessionName']}"
        access, entry = self.identities.issue(arn, params.get("DurationSeconds"))
        return {
            "Credentials": {
                "AccessKeyId": access,
                "SecretAccessKey": entry["secret_key"],
                "SessionToken": entry["token"],
                "Expiration": when(entry),
            },
            "AssumedRoleUser": {"AssumedRoleId": "AROARIGTEST:" + params["RoleSessionName"], "Arn": arn},
        }

    def AssumeRole(self, params, _, access):
        return self.session(params, self.identities.arn_of(access), "AssumeRole")

    def AssumeRoleWithWebIdentity(self, params, *_):
        if params["WebIdentityToken"] != WEB_TOKEN:
            raise Refusal(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
        return self.session(params, "the web identity", "AssumeRoleWithWebIdentity")

    def GetCallerIdentity(self, _params, _region, access):
        return {"UserId": "AIDARIGTEST", "Account": ACCOUNT, "Arn": self.identities.arn_of(access)}


def json_reply(value):
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(value).encode())


def document(access, entry):
    """The form that containers and instances get."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access,
        "SecretAccessKey": entry["secret_key"],
        "Token": entry["token"],
        "Expiration": when(entry).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class MetadataOperations:
    """What is asked for without a signature, by path: (operation, request) -> Reply."""

    def __init__(self, identities):
        self.identities = identities

    @staticmethod
    def identify(request):
        """(service, operation) of a request that only these answer, or None."""
        if request.path == "/federation/credentials":
            return "sso", "GetRoleCredentials"
        if request.path == "/container/credentials":
            return "container", "GetContainerCredentials"
        if request.path == "/latest/api/token":
            return "imds", "GetImdsToken"
        if request.path.startswith("/latest/meta-data/"):
            return "imds", "GetImdsCredentials"
        return None

    def GetRoleCredentials(self, request):
        query = parse_qs(request.query)
        if request.header("x-amz-sso_bearer_token") != SSO_TOKEN:
            raise Refusal(401, "UnauthorizedException", "Session token not found or invalid")
        if query.get("account_id") != [ACCOUNT] or query.get("role_name") != ["Builder"]:
            raise Refusal(403, "ForbiddenException", "No access")
        access, entry = self.identities.issue(f"arn:aws:sts::{ACCOUNT}:assumed-role/Builder/sso")
        keys = {"accessKeyId": access, "secretAccessKey": entry["secret_key"], "sessionToken": entry["token"]}
        return json_reply({"roleCredentials": {**keys, "expiration": entry["until"] * 1000}})

    def GetContainerCredentials(self, request):
        if request.header("authorization") != CONTAINER_TOKEN:
            raise Refusal(401, "Unauthorized", "the authorization token is wrong")
        return json_reply(document(*self.identities.issue(f"arn:aws:sts::{ACCOUNT}:assumed-role/task/1")))

    def GetImdsToken(self, request):
        if request.method != "PUT" or not request.header("x-aws-ec2-metadata-token-ttl-seconds"):
            raise Refusal(400, "BadRequest", "a token is asked for with PUT and a time to live")
        token = secrets.token_urlsafe(40)
        self.identities.imds_tokens.add(token)
        return Reply(200, {"Content-Type": "text/plain"}, token.encode())

    def GetImdsCredentials(self, request):
        if request.header("x-aws-ec2-metadata-token") not in self.identities.imds_tokens:
            raise Refusal(401, "Unauthorized", "version 2 only")
        place = "/latest/meta-data/iam/security-credentials/"
        if request.path == place:
            return Reply(200, {"Content-Type": "text/plain"}, IMDS_ROLE.encode())
        if request.path != place + IMDS_ROLE:
            raise Refusal(404, "NotFound", "there is no such page")
        return json_reply(document(*self.identities.issue(f"arn:aws:sts::{ACCOUNT}:assumed-role/{IMDS_ROLE}/i-1")))
