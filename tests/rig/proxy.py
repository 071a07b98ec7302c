#!/usr/bin/python3
"""A TCP proxy on loopback that holds its breath: proxy.py READY HOST:PORT FOLDER.

Once FOLDER/after (a number) bytes went to the server, nothing more goes there until FOLDER/go exists; FOLDER/held is made
meanwhile. FOLDER/sent counts the bytes of connections that ended.
"""

import os
import socket
import sys
import threading
import time

READY, SERVER, FOLDER = sys.argv[1:]
LOCK = threading.Lock()
sent = 0


def path(name):
    return os.path.join(FOLDER, name)


def limit():
    with open(path("after"), encoding="utf-8") as file:
        return int(file.read())


def write(name, text):
    with open(path(name + ".new"), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path(name + ".new"), path(name))


def count(size):
    global sent
    with LOCK:
        sent += size
        write("sent", str(sent))
        return sent


def forward(source, target, counted):
    try:
        while data := source.recv(65536):
            if counted and count(len(data)) > limit():
                while not os.path.exists(path("go")):
                    write("held", "")
                    time.sleep(0.02)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.close()


def serve(client):
    host, _, port = SERVER.rpartition(":")
    server = socket.create_connection((host, int(port)))
    threading.Thread(target=forward, args=(server, client, False), daemon=True).start()
    forward(client, server, True)


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    with open(READY + ".new", "w", encoding="utf-8") as file:
        file.write(str(listener.getsockname()[1]))
    os.replace(READY + ".new", READY)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
