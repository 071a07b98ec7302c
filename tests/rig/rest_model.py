"""Which S3 operation a request is, and whether AWS's service model knows its headers and query."""

from urllib.parse import parse_qsl

from query_model import load_service
from replies import Refusal

# (method, names an object, query keys that must be there, operation)
OPERATIONS = (
    ("PUT", True, {"partNumber", "uploadId"}, "UploadPart"),
    ("POST", True, {"uploads"}, "CreateMultipartUpload"),
    ("POST", True, {"uploadId"}, "CompleteMultipartUpload"),
    ("GET", True, {"uploadId"}, "ListParts"),
    ("DELETE", True, {"uploadId"}, "AbortMultipartUpload"),
    ("DELETE", True, set(), "DeleteObject"),
    ("HEAD", True, set(), "HeadObject"),
    ("GET", True, set(), "GetObject"),
    ("PUT", True, set(), "PutObject"),
    ("GET", False, {"uploads"}, "ListMultipartUploads"),
    ("GET", False, {"location"}, "GetBucketLocation"),
    ("GET", False, {"encryption"}, "GetBucketEncryption"),
    ("GET", False, {"list-type"}, "ListObjectsV2"),
    ("HEAD", False, set(), "HeadBucket"),
)
# Headers of the protocol itself, which no operation's model lists.
PROTOCOL_HEADERS = {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent"}


class RestModel:
    def __init__(self):
        self.service = load_service("s3")

    def operation(self, method, has_key, query):
        for verb, wants_key, markers, name in OPERATIONS:
            if verb == method and wants_key == has_key and markers <= query.keys():
                return name
        raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def check(self, name, request, query):
        """Refuses a header or query key that the operation does not have, and a value outside its enum."""
        model = self.service.operation_model(name)
        markers = {key for key, _ in parse_qsl(model.http["requestUri"].partition("?")[2], keep_blank_values=True)}
        headers, keys, prefixes = located(model.input_shape)
        members = model.input_shape.members
        for key, value in query.items():
            if key not in keys and key not in markers:
                raise Refusal(400, "InvalidArgument", f"query key {key} is not one of {name}")
            check_value(members.get(keys.get(key)), key, value)
        for header, value in request.headers:
            low = header.lower()
            if not low.startswith("x-amz-") or low in PROTOCOL_HEADERS or low.startswith(tuple(prefixes) or ("\0",)):
                continue
            if low not in headers:
                raise Refusal(400, "InvalidArgument", f"header {low} is not one of {name}")
            check_value(members[headers[low]], low, value)


def located(shape):
    """({header: member}, {query key: member}, [prefix of free headers]) of an input; headers in lower case."""
    headers, keys, prefixes = {}, {}, []
    for member, inner in shape.members.items():
        where, label = inner.serialization.get("location"), inner.serialization.get("name", "")
        if where == "header":
            headers[label.lower()] = member
        elif where == "querystring":
            keys[label] = member
        elif where == "headers":
            prefixes.append(label.lower())
    return headers, keys, prefixes


def check_value(shape, label, value):
    if shape is None:
        return
    if shape.type_name in ("integer", "long") and not value.isdigit():
        raise Refusal(400, "InvalidArgument", f"{label} must be a number")
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        raise Refusal(400, "InvalidArgument", f"{label} has no value {value}")
