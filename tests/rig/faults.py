"""Faults to order: DIR/faults.json is a list of rules, read again whenever it changes.

{"op": "UploadPart", "part": 2, "after": 1, "times": 3, "every": 1, "do": "error", …}
  op, part       what it strikes (part is optional: of an upload, or the index of an EBS block; op "*" is everything)
  after          how many matching requests pass first (0)
  every          strike only each n-th of those that match (1)
  times          how often it strikes at most (1; 0 = always)
  do             error      status, code, message, reason (EBS): refused before anything happens
                 ok-error   code, message: HTTP 200 whose body is an error document
                 drop       bytes: the connection is reset after so many bytes of the body
                 drop-reply the work is done, then the connection is reset
                 cut-reply  bytes: the reply's body ends there, then the connection closes
                 reset-reply bytes: the same, but the connection is reset
                 flip-reply a bit of the reply's body is another
                 short-reply bytes: an object's reply has no more bytes than that, and says so
                 delay      ms: the work is done late
                 hold       the work is done once DIR/go exists; DIR/held appears meanwhile
                 hold-reply the work is done at once and answered then
                 freeze     DIR/frozen appears, and once the client is gone, so is the request: nothing was done
                 freeze-reply the work is done, DIR/frozen appears, and nobody ever hears the answer
                 delay-reply ms: the work is done at once and answered late
"""

import json
import os
import threading


class Faults:
    def __init__(self, root):
        self.path = os.path.join(root, "faults.json")
        self.lock = threading.Lock()
        self.stamp, self.rules = None, []

    def load(self):
        try:
            info = os.stat(self.path)
        except FileNotFoundError:
            self.stamp, self.rules = None, []
            return
        stamp = (info.st_mtime_ns, info.st_size, info.st_ino)
        if stamp != self.stamp:
            with open(self.path, encoding="utf-8") as file:
                self.rules = [dict(rule, seen=0, struck=0) for rule in json.load(file)]
            self.stamp = stamp

    def strike(self, operation, part):
        """The first rule that strikes this request, or None."""
        with self.lock:
            self.load()
            for rule in self.rules:
                if rule["op"] not in ("*", operation) or rule.get("part", part) != part:
                    continue
                rule["seen"] += 1
                past = rule["seen"] - rule.get("after", 0)
                if past < 1 or past % rule.get("every", 1):
                    continue
                if rule.get("times", 1) and rule["struck"] >= rule.get("times", 1):
                    continue
                rule["struck"] += 1
                return rule
        return None
