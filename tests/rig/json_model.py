"""The JSON 1.1 protocol from AWS's own service model: parses requests, refuses what it does not know, writes replies."""

import base64
import binascii
import json

import botocore.parsers
from botocore.validate import ParamValidator

from query_model import load_service
from replies import JSON_TYPE, Refusal, Reply


# Members that Debian's models are too old for.
NEWER = {("kms", "GenerateDataKey"): {"DryRun": bool}}


def no_duplicates(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member is given twice")
    return dict(pairs)


class JsonModel:
    def __init__(self, name):
        self.name, self.service = name, load_service(name)
        self.prefix = self.service.metadata["targetPrefix"]
        self.parser = botocore.parsers.create_parser("json")

    def action(self, request):
        """The operation that the headers name."""
        if request.header("content-type") != JSON_TYPE:
            raise Refusal(400, "UnknownOperationException", "the content type is not " + JSON_TYPE)
        prefix, _, action = (request.header("x-amz-target") or "").partition(".")
        if prefix != self.prefix or action not in self.service.operation_names:
            raise Refusal(400, "UnknownOperationException", "the target is no operation of the service")
        return action

    def parse(self, action, body):
        """The parameters of a request, of the types of the model, or Refusal."""
        shape = self.service.operation_model(action).input_shape
        try:
            root = json.loads(body, object_pairs_hook=no_duplicates)
        except ValueError as fault:
            raise Refusal(400, "SerializationException", str(fault)) from None
        newer = self.take_newer(action, root) if isinstance(root, dict) else {}
        params = typed(shape, "", root)
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            raise Refusal(400, "ValidationException", report.generate_report())
        return {**params, **newer}

    def take_newer(self, action, root):
        known = NEWER.get((self.name, action), {})
        newer = {name: root.pop(name) for name in list(root) if name in known}
        for name, value in newer.items():
            if not isinstance(value, known[name]):
                raise wrong(name, "has a wrong type")
        return newer

    def reply(self, action, result):
        """The reply document; botocore's parser must read back what was meant."""
        shape = self.service.operation_model(action).output_shape
        body = json.dumps({name: untyped(value) for name, value in result.items()}).encode()
        back = self.parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)
        back.pop("ResponseMetadata")
        if back != result:
            raise AssertionError(f"{action}: reply {result!r} reads back as {back!r}")
        return Reply(200, {"Content-Type": JSON_TYPE}, body)


def untyped(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def wrong(name, what):
    return Refusal(400, "SerializationException", f"{name or 'the request'} {what}")


def typed(shape, name, value):
    """A JSON value as the model's type."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise wrong(name, "is no object")
        unknown = sorted(value.keys() - shape.members.keys())
        if unknown:
            raise wrong(unknown[0], "is no member of it")
        return {member: typed(shape.members[member], member, inner) for member, inner in value.items()}
    if kind == "map":
        if not isinstance(value, dict):
            raise wrong(name, "is no object")
        return {key: typed(shape.value, f"{name}.{key}", inner) for key, inner in value.items()}
    if kind == "list":
        if not isinstance(value, list):
            raise wrong(name, "is no list")
        return [typed(shape.member, name, inner) for inner in value]
    return scalar(shape, name, value)


def scalar(shape, name, value):
    kind = shape.type_name
    wanted = {"boolean": bool, "integer": int, "long": int}.get(kind, str)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise wrong(name, f"is no {kind}")
    if kind == "blob":
        try:
            value = base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise wrong(name, "is no base64") from None
    most = shape.metadata.get("max")
    if most is not None and kind in ("blob", "string") and len(value) > most:
        raise Refusal(400, "ValidationException", f"{name} has more than {most} bytes")
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        raise Refusal(400, "ValidationException", f"{name} has no value {value}")
    return value
