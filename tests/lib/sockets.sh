# shellcheck shell=bash
# Which sockets a command opens, by strace. `. sockets.sh; sockets_of COMMAND…` leaves its calls in the file trace.

# Skips the case where no process may be traced.
sockets_need() {
    strace -f -o /dev/null true 2>/dev/null || { echo "skip: strace does not work here"; exit 77; }
}

# LeakSanitizer cannot run in a process that is traced.
sockets_of() {
    rm -f trace
    ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -e trace=network -o trace "$@"
}

# ADDRESS:PORT of everything that it connected or sent to but unix sockets, each once.
sockets_connected() {
    sed -nE 's/.*sin_port=htons\(([0-9]+)\), sin_addr=inet_addr\("([^"]+)"\).*/\2:\1/p
        s/.*sin6_port=htons\(([0-9]+)\).*inet_pton\(AF_INET6, "([^"]+)".*/[\2]:\1/p' <(grep -E 'connect\(|sendto\(|sendmsg\(' trace) | sort -u
}

# Whether it waits for anybody on the network.
sockets_listening() { grep -E '(listen|accept4?)\(' trace; }

# Whether it opened none that reaches another machine: pairs and unix sockets are its own.
sockets_none() {
    if grep -E 'socket\(' trace | grep -vE 'socket\(AF_UNIX'; then return 1; fi
    if grep -E 'connect\(|sendto\(|sendmsg\(' trace | grep -vE 'AF_UNIX|<unix|sendmsg\([0-9]+, \{msg_name=NULL|sendto\([0-9]+, .*, NULL, 0\)'; then return 1; fi
}
