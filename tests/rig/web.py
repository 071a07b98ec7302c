#!/usr/bin/python3
"""A loopback web server for downloads. GET /NAME is DIR/NAME; the log gets one line a request.

/to/N/NAME      N redirects, then NAME
/loop           redirects without end
/busy/N/NAME    503 for the first N requests of that path, then NAME
/cut/N/NAME     half of NAME for the first N requests, then all of it
/status/CODE    that status, with a body
/endless        bytes without end
"""

import argparse
import http.server
import os
import ssl
import threading

LOCK, SEEN = threading.Lock(), {}


def seen(path):
    """How often the path was asked for before."""
    with LOCK:
        SEEN[path] = SEEN.get(path, 0) + 1
        return SEEN[path] - 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = log = None

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", cut=None, **headers):
        with LOCK, open(self.log, "a", encoding="utf-8") as log:
            log.write(f"{status} {self.path}\n")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"\0" * 65536)
        except OSError:
            self.close_connection = True

    def file(self, name):
        path = os.path.join(self.root, name)
        if ".." in name or not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def do_GET(self):
        kind, _, rest = self.path.partition("?")[0].lstrip("/").partition("/")
        count, _, name = rest.partition("/")
        if kind == "to" and int(count) > 0:
            target = f"/to/{int(count) - 1}/{name}" if int(count) > 1 else f"/{name}"
            return self.reply(302, b"elsewhere", Location=target)
        if kind == "loop":
            return self.reply(301, Location="/loop")
        if kind == "status":
            return self.reply(int(count), b"as asked for")
        if kind == "endless":
            return self.endless()
        if kind == "busy" and seen(self.path) < int(count):
            return self.reply(503, b"busy")
        body = self.file(name if kind in ("busy", "cut") else self.path.partition("?")[0].lstrip("/"))
        if body is None:
            return self.reply(404, b"nothing here")
        if kind == "cut" and seen(self.path) < int(count):
            return self.reply(200, body, cut=len(body) // 2)
        return self.reply(200, body)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--ready", required=True, help="file that gets the port once it listens")
    parser.add_argument("--log", required=True)
    parser.add_argument("--certificate", help="PEM of key and certificate: https then")
    options = parser.parse_args()
    Handler.root, Handler.log = options.dir, options.log
    open(options.log, "a", encoding="utf-8").close()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(options.ready + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.replace(options.ready + ".new", options.ready)
    server.serve_forever()


if __name__ == "__main__":
    main()
