"""The HTTP side: reads a request, has it verified, lets a fault strike, runs the operation, logs one line."""

import functools
import http.server
import importlib
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qsl, unquote

import replies
from ebs_ops import EbsOperations
from ec2_ops import Ec2Operations
from faults import Faults
from iam_ops import IamOperations
from identity_ops import Identities, MetadataOperations, StsOperations
from json_model import JsonModel
from query_model import QueryModel
from replies import Refusal, Reply
from rest_json_model import RestJsonModel
from rest_model import RestModel
from s3_ops import S3Operations
from s3_store import Store
from verify import SIGNATURE_KEY, UNSIGNED, verify

MAX_BODY = 1 << 30
SERVICE = re.compile(r"/([a-z0-9]+)/aws4_request")


class Dropped(Exception):
    """The connection was reset on purpose."""


class Received:
    """A request as it arrived; `note` collects what goes to the log."""

    def __init__(self, method, target, headers):
        self.method, self.headers = method, headers
        self.path, _, self.query = target.partition("?")
        self.body, self.note, self.parts, self.logged = b"", {}, {}, False

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name]
        return ",".join(found) if found else None


def service_of(request):
    """As the credential's scope says; without one, as the path and the content type do."""
    scope = SERVICE.search(request.header("authorization") or "")
    if scope:
        return scope.group(1)
    known = MetadataOperations.identify(request)
    if known:
        return known[0]
    form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    return "sts" if form else "s3"


class World:
    """Everything that outlives one request."""

    def __init__(self, options):
        self.credentials, self.region = options.credentials, options.region
        self.clock_offset_s, self.bytes_per_s = options.clock_offset_s, options.bytes_per_s
        self.store = Store(options.dir, options.min_part)
        self.s3 = S3Operations(self.store, options.page)
        self.ec2 = Ec2Operations(options.dir, self.store)
        self.ebs = EbsOperations(options.dir, self.ec2.snapshots, options.page)
        self.identities = Identities(self.credentials, options, self.now)
        self.sts, self.metadata = StsOperations(self.identities), MetadataOperations(self.identities)
        self.iam = IamOperations(options.dir, options.page)
        self.rest_model = RestModel()
        self.faults = Faults(options.dir)
        self.go, self.frozen = (os.path.join(options.dir, name) for name in ("go", "frozen"))
        self.lock, self.log_lock = threading.Lock(), threading.Lock()
        self.log_file = open(os.path.join(options.dir, "requests.jsonl"), "a", encoding="utf-8")

    # A service is read in when it is first asked for: most tests use two of them.
    query_model = functools.cached_property(lambda self: QueryModel())
    ebs_model = functools.cached_property(lambda self: RestJsonModel("ebs"))
    kms_model = functools.cached_property(lambda self: JsonModel("kms"))
    sts_model = functools.cached_property(lambda self: QueryModel("sts"))
    kms = functools.cached_property(lambda self: importlib.import_module("kms_ops").KmsOperations())
    iam_model = functools.cached_property(lambda self: QueryModel("iam"))

    def now(self):
        return time.time() + self.clock_offset_s

    def log(self, note):
        with self.log_lock:
            self.log_file.write(json.dumps(note, sort_keys=True) + "\n")
            self.log_file.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of a reply go in two writes; the second must not wait for the first one's acknowledgement.
    disable_nagle_algorithm = True
    server_version, sys_version = "rig", ""
    world = None

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.world.now() if timestamp is None else timestamp)

    def serve(self):
        headers = [(k, v.encode("latin-1").decode("utf-8", "replace")) for k, v in self.headers.items()]
        request = Received(self.command, self.requestline.split(" ")[1], headers)
        note = request.note
        note.update(t=round(time.time(), 3), method=request.method, path=request.path, query=request.query)
        service = service_of(request)
        note["service"] = service
        try:
            self.answer(request, service, note)
        except Dropped:
            note["status"] = 0
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError, TimeoutError) as gone:
            note.update(status=0, client=str(gone))
            self.close_connection = True
        if not request.logged:
            self.world.log(note)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

    def answer(self, request, service, note):
        rule = None
        try:
            query, operation = self.identify(request, service, note)
            rule = self.world.faults.strike(operation, note.get("part")) if service in ("s3", "ebs") else None
            self.take_body(request, note, rule)
            if service == "s3":
                reply = self.run_s3(request, operation, query, rule)
            elif service == "ebs":
                reply = self.run_ebs(request, operation, query)
            elif service in self.RUNNERS:
                reply, rule = self.RUNNERS[service](self, request, note)
            else:
                raise Refusal(400, "UnsupportedOperation", f"the rig does not play {service}")
        except Refusal as refusal:
            note["code"] = refusal.code
            if rule and rule["do"] == "ok-error":
                refusal.status = 200
            reply = replies.refusal_reply(refusal, service, request.method)
        note["status"] = reply.status
        if rule and rule["do"] == "drop-reply":
            self.reset()
        if rule and rule["do"] == "freeze-reply":
            self.freeze()
        if rule and rule["do"] == "delay-reply":
            time.sleep(rule["ms"] / 1000)
        if rule and rule["do"] == "hold-reply":
            self.hold()
        if rule and rule["do"] == "short-reply" and reply.file:
            reply.file = (*reply.file[:2], min(rule["bytes"], reply.file[2]))
        if rule and rule["do"] == "flip-reply" and reply.body:
            reply.body = bytes([reply.body[0] ^ 1]) + reply.body[1:]
        cut = rule["bytes"] if rule and rule["do"] in ("cut-reply", "reset-reply") else None
        if not rule:
            # Before anybody can act on the answer: a case that counts requests after a command misses none of them.
            request.logged = True
            self.world.log(note)
        self.send(reply, request.method, cut)
        if rule and rule["do"] == "reset-reply":
            self.reset()

    def identify(self, request, service, note):
        """(query as a dict, operation) of an S3 or EBS request; the other services tell their operation elsewhere."""
        if service not in ("s3", "ebs"):
            return {}, None
        query = dict(parse_qsl(request.query.replace("+", "%2B"), keep_blank_values=True))
        if service == "ebs":
            operation, request.parts = self.world.ebs_model.operation(request.method, request.path)
            note.update(op=operation, snapshot=request.parts.get("snapshotId"))
            if request.parts.get("blockIndex", "").isdigit():
                note.update(part=int(request.parts["blockIndex"]))
            return query, operation
        if SIGNATURE_KEY in query:
            query = {name: value for name, value in query.items() if not name.startswith("X-Amz-")}
        bucket, _, key = unquote(request.path.lstrip("/")).partition("/")
        operation = self.world.rest_model.operation(request.method, bool(key), query)
        note.update(op=operation, bucket=bucket, key=key)
        if "partNumber" in query:
            note.update(part=int(query["partNumber"]), upload_id=query.get("uploadId"))
        return query, operation

    def take_body(self, request, note, rule):
        length = int(request.header("content-length") or 0)
        if request.header("transfer-encoding"):
            self.close_connection = True
            raise Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            raise Refusal(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        stop = min(rule["bytes"], length) if rule and rule["do"] == "drop" else length
        request.body = self.read_paced(stop, note)
        if rule:
            note["fault"] = rule["do"]
            self.apply(rule)

    def read_paced(self, length, note):
        """The body, no faster than the ordered rate; what came of it is noted, also when the line breaks."""
        if not self.world.bytes_per_s or length < 65536:
            body = self.rfile.read(length)
        else:
            chunks = []
            for start in range(0, length, 65536):
                chunks.append(self.rfile.read(min(65536, length - start)))
                time.sleep(len(chunks[-1]) / self.world.bytes_per_s)
            body = b"".join(chunks)
        note["bytes"] = len(body)
        if len(body) != length:
            raise ConnectionResetError(f"the body ended after {len(body)} of {length} bytes")
        return body

    def apply(self, rule):
        """What a fault does before the operation runs."""
        if rule["do"] == "drop":
            self.reset()
        if rule["do"] == "freeze":
            self.freeze()
        if rule["do"] == "delay":
            time.sleep(rule["ms"] / 1000)
        if rule["do"] == "hold":
            self.hold()
        if rule["do"] in ("error", "ok-error"):
            extra = {"Reason": rule["reason"]} if "reason" in rule else {}
            raise Refusal(rule.get("status", 500), rule["code"], rule.get("message", "as the test ordered"), **extra)

    def hold(self):
        """DIR/held tells the test that it has come to this."""
        with open(os.path.join(os.path.dirname(self.world.go), "held"), "w", encoding="utf-8"):
            pass
        while not os.path.exists(self.world.go):
            time.sleep(0.02)

    def freeze(self):
        """Tells the test, and waits until the client has hung up."""
        with open(self.world.frozen, "w", encoding="utf-8") as file:
            file.write(str(self.client_address[1]))
        self.connection.settimeout(None)
        while self.connection.recv(65536):
            pass
        raise Dropped

    def reset(self):
        """Closes with RST, as a broken line does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Dropped

    def run_s3(self, request, operation, query, rule):
        world, note = self.world, request.note
        scope = verify(request, world.credentials, world.now())
        region = world.store.region(note["bucket"])
        if scope.region != region:
            raise Refusal(
                400,
                "AuthorizationHeaderMalformed",
                f"The authorization header is malformed; the region '{scope.region}' is wrong; expecting '{region}'",
                Region=region,
            )
        world.rest_model.check(operation, request, query)
        if request.header("x-amz-expected-bucket-owner") not in (None, world.store.owner(note["bucket"])):
            raise Refusal(403, "AccessDenied", "Access Denied")
        with world.lock:
            return getattr(world.s3, operation)(note["bucket"], note["key"], query, request)

    def run_ebs(self, request, operation, query):
        world = self.world
        scope = verify(request, world.credentials, world.now())
        request.note["unsigned"] = request.header("x-amz-content-sha256") == UNSIGNED
        params = world.ebs_model.parse(operation, request.parts, query, request)
        return world.ebs_model.reply(operation, getattr(world.ebs, operation)(params, scope.region))

    def run_ec2(self, request, note):
        world = self.world
        scope = verify(request, world.credentials, world.now())
        action, params = world.query_model.parse(request.body)
        note.update(op=action, params=request.body.decode(), region=scope.region)
        rule = self.strike(action, note)
        if not hasattr(world.ec2, action):
            raise Refusal(400, "UnsupportedOperation", f"the rig does not play {action}")
        if params.get("DryRun"):
            raise Refusal(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
        with world.lock:
            result = getattr(world.ec2, action)(params, scope.region)
        return world.query_model.reply(action, result), rule

    def run_kms(self, request, note):
        world = self.world
        scope = verify(request, world.credentials, world.now())
        action = world.kms_model.action(request)
        # The log tells the context and the key, and no plaintext.
        params = world.kms_model.parse(action, request.body)
        note.update(op=action, params={k: v for k, v in params.items() if not isinstance(v, bytes)})
        rule = self.strike(action, note)
        if not hasattr(world.kms, action):
            raise Refusal(400, "UnsupportedOperationException", f"the rig does not play {action}")
        result = getattr(world.kms, action)(params, scope.region)
        return world.kms_model.reply(action, result), rule

    def strike(self, operation, note):
        """The fault that was ordered for this operation, applied."""
        rule = self.world.faults.strike(operation, None)
        if rule:
            note["fault"] = rule["do"]
            self.apply(rule)
        return rule

    def run_sts(self, request, note):
        """Some of its operations are what turns another token into keys: nobody signs those."""
        world, region, access = self.world, self.world.region, None
        if request.header("authorization"):
            scope = verify(request, world.credentials, world.now())
            region, access = scope.region, scope.access_key
        action, params = world.sts_model.parse(request.body)
        note.update(op=action, access=access)
        if access is None and action not in world.sts.UNSIGNED:
            raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        rule = self.strike(action, note)
        if not hasattr(world.sts, action):
            raise Refusal(400, "InvalidAction", f"the rig does not play {action}")
        with world.lock:
            result = getattr(world.sts, action)(params, region, access)
        return world.sts_model.reply(action, result), rule

    def run_iam(self, request, note):
        """IAM is global: it signs for one region."""
        world = self.world
        scope = verify(request, world.credentials, world.now())
        if scope.region != "us-east-1":
            raise Refusal(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
        action, params = world.iam_model.parse(request.body)
        note.update(op=action, params=request.body.decode())
        rule = self.strike(action, note)
        if not hasattr(world.iam, action):
            raise Refusal(400, "InvalidAction", f"the rig does not play {action}")
        return world.iam_model.reply(action, getattr(world.iam, action)(params, scope.region)), rule

    def run_metadata(self, request, note):
        _, operation = MetadataOperations.identify(request)
        note["op"] = operation
        rule = self.strike(operation, note)
        with self.world.lock:
            return getattr(self.world.metadata, operation)(request), rule

    # The services but S3: (request, note) -> (reply, the fault that strikes its way back).
    RUNNERS = {
        "ec2": run_ec2,
        "kms": run_kms,
        "sts": run_sts,
        "iam": run_iam,
        "sso": run_metadata,
        "container": run_metadata,
        "imds": run_metadata,
    }

    def send(self, reply, method, cut):
        length = reply.file[2] if reply.file else len(reply.body)
        self.send_response(reply.status)
        self.send_header("x-amz-request-id", replies.REQUEST_ID)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if method == "HEAD":
            return
        body = reply.body if not reply.file else read_range(*reply.file)
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


def read_range(path, start, length):
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(length)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that was killed or trusts nobody is what the rig is for; anything else is a fault of the rig's."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError)):
            super().handle_error(request, client_address)


def make_server(options):
    handler = type("RigHandler", (Handler,), {"world": World(options)})
    server = Server(("127.0.0.1", options.port), handler)
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server
