"""The REST-JSON protocol from AWS's own service model: which operation a request is, its parameters, its reply."""

import datetime
import json
import re
from urllib.parse import unquote

import botocore.parsers
from botocore.validate import ParamValidator

from json_model import no_duplicates, typed
from query_model import load_service
from replies import Refusal, Reply
from rest_model import PROTOCOL_HEADERS, located

JSON_TYPE = "application/json"


def refuse(message, reason="INVALID_PARAMETER_VALUE"):
    return Refusal(400, "ValidationException", message, Reason=reason)


class RestJsonModel:
    def __init__(self, name):
        self.service = load_service(name)
        self.parser = botocore.parsers.create_parser("rest-json")
        self.routes = []
        for operation in self.service.operation_names:
            http = self.service.operation_model(operation).http
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", http["requestUri"].partition("?")[0])
            self.routes.append((http["method"], re.compile(pattern), operation))
        # "/snapshots/completion/{id}" before what would match it as well.
        self.routes.sort(key=lambda route: route[1].groups)

    def operation(self, method, path):
        """(operation, the parts of its path) of a request, or Refusal."""
        for verb, pattern, name in self.routes:
            match = pattern.fullmatch(path)
            if verb == method and match:
                return name, {key: unquote(value) for key, value in match.groupdict().items()}
        raise Refusal(404, "UnknownOperationException", "no operation has this method and path")

    def parse(self, name, parts, query, request):
        """The parameters of a request, of the types of the model, or Refusal."""
        shape = self.service.operation_model(name).input_shape
        headers, keys, _ = located(shape)
        uri = {s.serialization["name"]: m for m, s in shape.members.items() if s.serialization.get("location") == "uri"}
        params = {uri[key]: text_value(shape.members[uri[key]], key, value) for key, value in parts.items()}
        for key, value in query.items():
            if key not in keys:
                raise refuse(f"query key {key} is not one of {name}")
            params[keys[key]] = text_value(shape.members[keys[key]], key, value)
        for header, value in request.headers:
            low = header.lower()
            if low in headers:
                params[headers[low]] = text_value(shape.members[headers[low]], low, value)
            elif low.startswith("x-amz-") and low not in PROTOCOL_HEADERS:
                raise refuse(f"header {low} is not one of {name}")
        params.update(self.body(shape, request))
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            raise refuse(report.generate_report())
        return params

    def body(self, shape, request):
        payload = shape.serialization.get("payload")
        if payload:
            return {payload: request.body}
        inside = {m: s for m, s in shape.members.items() if "location" not in s.serialization}
        if not inside:
            if request.body:
                raise refuse("the operation has no body")
            return {}
        if request.header("content-type") != JSON_TYPE and request.body:
            raise refuse("the content type is not " + JSON_TYPE)
        try:
            root = json.loads(request.body or b"{}", object_pairs_hook=no_duplicates)
        except ValueError as fault:
            raise Refusal(400, "SerializationException", str(fault)) from None
        params = typed(shape, "", root)
        for member, value in params.items():
            if isinstance(value, str):
                text_value(shape.members[member], member, value)
        return params

    def reply(self, name, result):
        """The reply; botocore's parser must read back what was meant."""
        operation = self.service.operation_model(name)
        shape, status = operation.output_shape, operation.http.get("responseCode", 200)
        payload = shape.serialization.get("payload")
        headers, inside = {}, {}
        for member, value in result.items():
            given = shape.members[member].serialization
            if given.get("location") == "header":
                headers[given["name"]] = str(value)
            elif member != payload:
                inside[member] = value
        if payload:
            headers["Content-Type"], body = "application/octet-stream", result[payload]
        else:
            headers["Content-Type"], body = JSON_TYPE, json.dumps(inside, default=seconds).encode()
            back = self.parser.parse({"status_code": status, "headers": headers, "body": body}, shape)
            back.pop("ResponseMetadata")
            if back != result:
                raise AssertionError(f"{name}: reply {result!r} reads back as {back!r}")
        return Reply(status, headers, body)


def seconds(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)


def text_value(shape, label, text):
    """A value of a path, a query, a header or a document, held against the model's pattern and bounds."""
    if shape.type_name in ("integer", "long"):
        if not text.isdigit():
            raise refuse(f"{label} must be a number")
        return int(text)
    most, pattern, enum = shape.metadata.get("max"), shape.metadata.get("pattern"), getattr(shape, "enum", None)
    if most is not None and len(text) > most:
        raise refuse(f"{label} has more than {most} characters")
    if pattern and not re.fullmatch(pattern.strip("^$"), text):
        raise refuse(f"{label} does not match {pattern}")
    if enum and text not in enum:
        raise refuse(f"{label} has no value {text}")
    return text
