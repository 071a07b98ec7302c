"""Looks for canaries: secrets that must be in no file, and in nothing that /proc tells of a process.

From a shell: python3 -B canary.py SECRETS [--in FOLDER | --pid PID | --core FILE] looks for the key (in hex) in SECRETS/key and
the text in SECRETS/word, in the case's folder (without SECRETS and rig), HOME and TMPDIR; it ends with 1 where one is. In a core
it looks for the key, and for any memory: the registers of a thread that copies hold 64 bytes of what it copies.
"""

import base64
import os
import struct
import sys

KERNELS_OWN = 64 << 10  # pages that the kernel has in every process, and in every core


def spellings(secret):
    """A key as it may stand somewhere: its bytes, half of them, as a number of the machine's own, in hex and base64."""
    text = base64.b64encode(secret).rstrip(b"=")[:-1]
    return [secret, secret[::-1], secret[:16], secret[16:32], text, secret.hex().encode(), secret.hex().upper().encode()]


class Search:
    def __init__(self, needles):
        self.needles = needles
        self.files = 0

    def file(self, path):
        with open(path, "rb") as file:
            content = file.read()
        self.files += 1
        assert not any(needle in content for needle in self.needles), "%s holds a secret" % path

    def folders(self, *tops, skip=(), spare=()):
        """All beneath the tops, but for these folders and for files of these names."""
        for top in tops:
            for folder, folders, files in os.walk(top):
                folders[:] = [name for name in folders if name not in skip]
                for name in files:
                    if name not in spare and os.path.isfile(os.path.join(folder, name)):
                        self.file(os.path.join(folder, name))

    def process(self, pid):
        for name in ("cmdline", "environ"):
            try:
                self.file("/proc/%d/%s" % (pid, name))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended


def memory_in(core):
    """How many bytes of the process's memory a core has."""
    with open(core, "rb") as file:
        content = file.read()
    (at,), (size, number) = struct.unpack_from("<Q", content, 0x20), struct.unpack_from("<HH", content, 0x36)
    headers = [struct.unpack_from("<IIQQQQ", content, at + i * size) for i in range(number)]
    return sum(file_size for kind, _, _, _, _, file_size in headers if kind == 1)


def main(secrets, how=None, what=None):
    with open(secrets + "/key", "rb") as key, open(secrets + "/word", "rb") as word:
        keys, texts = spellings(bytes.fromhex(key.read().decode())), [word.read()]
    search = Search(keys if how == "--core" else keys + texts)
    if how == "--in":
        search.folders(what)
    elif how == "--core":
        search.file(what)
        assert memory_in(what) <= KERNELS_OWN, "%s holds memory of the process" % what
    else:
        search.folders(".", os.environ["HOME"], os.environ["TMPDIR"], skip=(os.path.basename(secrets), "rig"))
    if how == "--pid":
        search.process(int(what))
    print("%d files searched" % search.files)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except AssertionError as found:
        sys.exit(str(found))
