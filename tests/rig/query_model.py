"""The Query protocols (EC2's, and that of IAM and STS) from AWS's own service models.

Parses requests, refuses what the model does not know, writes replies.
"""

import base64
import binascii
import json
import os
from urllib.parse import parse_qsl

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.utils
from botocore.validate import ParamValidator

from replies import REQUEST_ID, Refusal, element, xml_reply


def load_service(name):
    """The newest model of a service. botocore's own loader looks through those of every service for it, for a second."""
    loader = botocore.loaders.Loader()
    path = os.path.join(loader.BUILTIN_DATA_PATH, name, loader.determine_latest_version(name, "service-2"), "service-2.json")
    if not os.path.exists(path):
        return botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
    with open(path, encoding="utf-8") as file:
        return botocore.model.ServiceModel(json.load(file), name)


def query_name(member, shape, ec2):
    """The member's name, or what the model says; EC2 has queryName, and else a capital."""
    given = shape.serialization
    if not ec2:
        return given.get("name", member)
    if "queryName" in given:
        return given["queryName"]
    name = given.get("name", member)
    return name[0].upper() + name[1:]


class QueryReader:
    """One request's parameters, each taken at most once; what is left over is unknown."""

    def __init__(self, pairs, ec2):
        self.left, self.ec2 = {}, ec2
        for name, value in pairs:
            if name in self.left:
                raise Refusal(400, "InvalidParameterCombination", f"The parameter {name} is given twice")
            self.left[name] = value

    def holds(self, prefix):
        return any(name == prefix or name.startswith(prefix + ".") for name in self.left)

    def read(self, shape, prefix):
        if shape.type_name == "structure":
            return self.structure(shape, prefix)
        if shape.type_name == "list":
            return self.list(shape, prefix)
        return scalar(shape, prefix, self.left.pop(prefix))

    def structure(self, shape, prefix):
        out = {}
        for member, inner in shape.members.items():
            name = query_name(member, inner, self.ec2)
            full = f"{prefix}.{name}" if prefix else name
            if self.holds(full):
                out[member] = self.read(inner, full)
        return out

    def list(self, shape, prefix):
        out = []
        if not self.ec2 and not shape.serialization.get("flattened"):
            prefix += ".member"
        while self.holds(f"{prefix}.{len(out) + 1}"):
            out.append(self.read(shape.member, f"{prefix}.{len(out) + 1}"))
        return out


def scalar(shape, name, text):
    """A scalar of the model's type; enums are checked without regard to case, as EC2 does for disk formats."""
    bad = Refusal(400, "InvalidParameterValue", f"Value ({text}) for parameter {name} is invalid.")
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("double", "float"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        if kind == "timestamp":
            return botocore.utils.parse_timestamp(text)
        if kind == "blob":
            return base64.b64decode(text, validate=True)
    except (ValueError, KeyError, binascii.Error):
        raise bad from None
    enum = getattr(shape, "enum", None)
    if enum and text not in enum:
        raise bad
    return text


class QueryModel:
    def __init__(self, name="ec2"):
        self.service = load_service(name)
        self.version = self.service.metadata["apiVersion"]
        self.ec2 = self.service.metadata["protocol"] == "ec2"
        self.namespace = f"http://ec2.amazonaws.com/doc/{self.version}/"
        if not self.ec2:
            self.namespace = self.service.metadata["xmlNamespace"]
        self.parser = botocore.parsers.create_parser("ec2" if self.ec2 else "query")

    def parse(self, body):
        """(operation name, parameters) of a request body, or Refusal."""
        reader = QueryReader(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True), self.ec2)
        action = reader.left.pop("Action", "")
        if reader.left.pop("Version", None) != self.version:
            raise Refusal(400, "InvalidParameterValue", "Version is not " + self.version)
        if action not in self.service.operation_names:
            raise Refusal(400, "InvalidAction", f"The action {action} is not valid for this web service.")
        shape = self.service.operation_model(action).input_shape
        params = reader.structure(shape, "")
        if reader.left:
            unknown = sorted(reader.left)[0]
            raise Refusal(400, "UnknownParameter", f"The parameter {unknown} is not recognized")
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            raise Refusal(400, "MissingParameter", report.generate_report())
        return action, params

    def done_text(self, action):
        """A reply that has no members."""
        if not self.ec2:
            meta = f"<ResponseMetadata>{element('RequestId', REQUEST_ID)}</ResponseMetadata>"
            return f'<{action}Response xmlns="{self.namespace}">{meta}</{action}Response>'
        inner = element("requestId", REQUEST_ID) + element("return", "true")
        return f'<{action}Response xmlns="{self.namespace}">{inner}</{action}Response>'

    def reply(self, action, result):
        """The reply document; botocore's parser must read back what was meant."""
        shape = self.service.operation_model(action).output_shape
        if shape is None:
            return xml_reply(self.done_text(action))
        inner = members_text(shape, result)
        if self.ec2:
            inner = element("requestId", REQUEST_ID) + inner
        else:
            inner = f"<{action}Result>{inner}</{action}Result>"
            inner += f"<ResponseMetadata>{element('RequestId', REQUEST_ID)}</ResponseMetadata>"
        reply = xml_reply(f'<{action}Response xmlns="{self.namespace}">{inner}</{action}Response>')
        back = self.parser.parse({"status_code": 200, "headers": {}, "body": reply.body}, shape)
        back.pop("ResponseMetadata")
        if back != result:
            raise AssertionError(f"{action}: reply {result!r} reads back as {back!r}")
        return reply


def members_text(shape, value):
    out = []
    for member, inner in shape.members.items():
        if member in value:
            out.append(value_text(inner.serialization.get("name", member), inner, value[member]))
    return "".join(out)


def value_text(name, shape, value):
    if shape.type_name == "structure":
        return f"<{name}>{members_text(shape, value)}</{name}>"
    if shape.type_name == "list":
        label = shape.member.serialization.get("name", "member")
        items = "".join(value_text(label, shape.member, item) for item in value)
        return f"<{name}>{items}</{name}>"
    if shape.type_name == "boolean":
        return element(name, "true" if value else "false")
    if shape.type_name == "timestamp":
        return element(name, value.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return element(name, value)
