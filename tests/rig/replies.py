"""What a handler gives back: a Reply, or a Refusal that becomes the service's own error document."""

import json
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

REQUEST_ID = "4442587FB7D0A2F9"
JSON_TYPE = "application/x-amz-json-1.1"


@dataclass
class Reply:
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    # A (path, offset, length) whose bytes follow the headers instead of `body`.
    file: tuple = None


class Refusal(Exception):
    """An error answer: HTTP status, AWS error code, message and extra elements of the document."""

    def __init__(self, status, code, message, **extra):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.extra = status, code, message, extra


def xml_reply(text, status=200, headers=None):
    head = {"Content-Type": "application/xml"}
    head.update(headers or {})
    return Reply(status, head, b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode())


def element(name, value):
    return f"<{name}>{escape(str(value))}</{name}>"


def s3_error_text(refusal):
    extra = "".join(element(k, v) for k, v in refusal.extra.items())
    return (
        "<Error>"
        + element("Code", refusal.code)
        + element("Message", refusal.message)
        + extra
        + element("RequestId", REQUEST_ID)
        + "</Error>"
    )


def ec2_error_text(refusal):
    return (
        "<Response><Errors><Error>"
        + element("Code", refusal.code)
        + element("Message", refusal.message)
        + "</Error></Errors>"
        + element("RequestID", REQUEST_ID)
        + "</Response>"
    )


def query_error_text(refusal):
    """As IAM and STS answer."""
    kind = "Sender" if refusal.status < 500 else "Receiver"
    inner = element("Type", kind) + element("Code", refusal.code) + element("Message", refusal.message)
    return f"<ErrorResponse><Error>{inner}</Error>{element('RequestId', REQUEST_ID)}</ErrorResponse>"


def json_error_reply(refusal):
    body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    return Reply(refusal.status, {"Content-Type": JSON_TYPE}, body)


def rest_json_error_reply(refusal):
    """As EBS and the portal of SSO answer: the code in a header, and what more there is beside the message."""
    body = json.dumps({"message": refusal.message, **refusal.extra}).encode()
    return Reply(refusal.status, {"Content-Type": "application/json", "x-amzn-ErrorType": refusal.code + ":"}, body)


def refusal_reply(refusal, service, method):
    """The error document of the service; a HEAD has none."""
    if service == "kms":
        return json_error_reply(refusal)
    if service in ("ebs", "sso", "container", "imds"):
        return rest_json_error_reply(refusal)
    texts = {"ec2": ec2_error_text, "iam": query_error_text, "sts": query_error_text}
    reply = xml_reply(texts.get(service, s3_error_text)(refusal), refusal.status)
    if method == "HEAD":
        reply.body = b""
    return reply
