#!/usr/bin/python3
"""A loopback server that plays S3, EC2's image import and what credentials come from. It believes nothing. See README.md."""

import argparse
import json
import os
import signal
import sys

# What botocore takes in to talk to others, which it does not do here.
sys.modules.update({"awscrt": None, "OpenSSL": None})

try:
    import botocore  # noqa: F401
except ImportError:
    print("skip: python3-botocore is missing")
    sys.exit(77)

# The rig's own modules are compiled once a build, and never beside their source.
sys.pycache_prefix = os.environ.get("RIG_PYCACHE") or None
sys.dont_write_bytecode = sys.pycache_prefix is None

from httpd import make_server
from s3_store import MIN_PART, write_whole

DEFAULT_CREDENTIALS = {
    "AKIDRIGTEST": {"secret_key": "sekrit/+key="},
    "ASIARIGTEST": {"secret_key": "temporary/secret", "token": "a+session/token=="},
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True, help="where buckets, tasks and the request log live")
    parser.add_argument("--ready", required=True, help="file that gets the port once it listens")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME[=REGION]")
    parser.add_argument("--credentials", help="JSON: {access key: {secret_key, token?}}")
    parser.add_argument("--clock-offset-s", type=int, default=0, help="the rig's clock against the machine's")
    parser.add_argument("--bytes-per-s", type=int, default=0, help="how fast a connection's body is read")
    parser.add_argument("--page", type=int, default=1000, help="most items in one list reply")
    parser.add_argument("--min-part", type=int, default=MIN_PART, help="smallest part but the last")
    parser.add_argument("--session-s", type=int, default=3600, help="how long credentials live that the rig issues")
    parser.add_argument("--session-requests", type=int, default=0, help="and for how many requests (0: any number)")
    parser.add_argument("--certificate", help="PEM of key and certificate: https then")
    return parser.parse_args()


def main():
    options = arguments()
    os.makedirs(options.dir, exist_ok=True)
    if options.credentials:
        with open(options.credentials, encoding="utf-8") as file:
            options.credentials = json.load(file)
    else:
        options.credentials = DEFAULT_CREDENTIALS
    server = make_server(options)
    for bucket in options.bucket:
        name, _, region = bucket.partition("=")
        server.RequestHandlerClass.world.store.make_bucket(name, region or options.region)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    write_whole(options.ready, f"{server.server_address[1]}\n".encode())
    server.serve_forever()


if __name__ == "__main__":
    main()
