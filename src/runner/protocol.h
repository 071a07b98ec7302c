/* What the runner and slipway say to each other: frames over one byte stream, and how their fields are packed. */
#ifndef SW_RUNNER_PROTOCOL_H
#define SW_RUNNER_PROTOCOL_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * A frame is an 8-byte header (length of the payload, type; both u32, little endian) and the payload. Fields in it are
 * u32, u64 (little endian) and texts: a u32 length and so many bytes, no NUL at the end and none inside unless said.
 * One request at a time: slipway sends one, the runner answers with any number of stream frames and one OK, FAIL or EXIT.
 */
enum {
    RUNNER_VERSION = 4,
    RUNNER_HEADER_BYTES = 8,
    RUNNER_PAYLOAD_MAX = 1 << 20,
    RUNNER_CHUNK_BYTES = 64 << 10, /* most that one DATA, STDOUT or STDERR carries */
    RUNNER_PATH_MAX = 4096,
    RUNNER_WORDS_MAX = 4096, /* words of an argv, variables of an environment */
    RUNNER_NONCE_BYTES = 16,
    RUNNER_RECORD_MAX = 1 << 20, /* of a SURVEY */
    RUNNER_EXTENTS_MAX = 64,
    RUNNER_INPUT_BYTES = 64 << 10, /* most of a SHELL's input that its program has not taken */
    RUNNER_SIZE_MAX = 0xffff,      /* columns or rows of a terminal */
    RUNNER_ALIVE_MS = 5000,        /* while a request takes its time, something is said at least this often */
};

#define RUNNER_MAGIC    UINT32_C(0x52575753) /* "SWWR" */
#define RUNNER_MEDIA    "/run/slipway/media" /* /0, /1, …: the folders that the runner was started with */
#define RUNNER_APT_CONF "/run/slipway/apt.conf" /* when it is there, steps are told of it by APT_CONFIG */
#define RUNNER_WRAPPERS \
    "/run/slipway/bin" /* when it is there, as in a booted guest with media, it is first in PATH */
#define RUNNER_PORT "slipway.runner.0" /* name of the virtio-serial port */

enum runner_request {
    /* flags u32, timeout_ms u64 (0: none), cwd, script, count u32 and so many words of argv, count and environment */
    RUNNER_RUN = 1,
    RUNNER_KILL = 2,  /* while RUN: end it now; no answer of its own, and ignored at other times */
    RUNNER_BYE = 3,   /* OK, then the runner ends and with it everything that it started */
    RUNNER_STAT = 4,  /* path, follow u32 -> OK: kind u32, mode u32, uid u32, gid u32, size u64, mtime u64 */
    RUNNER_PUT = 5,   /* path, mode u32, flags u32; then DATA frames, an empty one ends -> OK */
    RUNNER_DATA = 6,  /* bytes; both directions */
    RUNNER_GET = 7,   /* path, max u64 -> DATA…, OK */
    RUNNER_MKDIR = 8, /* path, mode u32, parents u32 -> OK */
    RUNNER_SYMLINK = 9, /* target, path -> OK */
    RUNNER_COPY = 10,   /* from, to, flags u32 -> OK */
    RUNNER_REMOVE = 11, /* path, how u32 -> OK */
    RUNNER_CHMOD = 12,  /* path, mode u32, tree u32 -> OK */
    RUNNER_CHOWN = 13,  /* path, owner, group (empty: leave, or the owner's own), tree u32 -> OK */
    RUNNER_LIST = 14,   /* dir, pattern, what u32 -> DATA… (sorted names, each with a NUL), OK */
    RUNNER_MOVE = 15,   /* from, to, flags u32 -> OK */
    /* from, to: folders; flags u32, then names in from until the payload ends -> OK. A FAIL's place begins with the name. */
    RUNNER_CARRY = 16,
    RUNNER_LIMIT = 17, /* ms u64: the next request about files may take so long; no answer of its own */
    /*
     * dir, extents u32 -> DATA… (records, of dir itself, named ".", and of everything beneath that is on the same mount; folders
     * before what is in them), OK. A record is its length u32 and: name beneath dir with a NUL at its end (text), mode u32, uid u32, gid u32,
     * links u32, rdev u64, size u64, dev u64, ino u64, mtime u64, its ns u32, target of a link (text), number u32 of
     * attributes and their names and values (texts), known u32, number u32 of extents and of each where it is in the file,
     * where on the device (UINT64_MAX: reads as zeros) and its length, all u64. known: these are all, and hold the bytes
     * as they are; never without extents.
     */
    RUNNER_SURVEY = 18,
    /*
     * flags u32, columns u32, rows u32, cwd, count u32 and so many words of argv (none: a login shell), count and environment
     * -> as RUN. While it runs slipway sends DATA, of which an empty one is the input's end, and RESIZE; TAKEN answers what
     * reached the program. No more than RUNNER_INPUT_BYTES may be on their way there.
     */
    RUNNER_SHELL = 19,
    RUNNER_RESIZE =
        20, /* columns u32, rows u32; no answer of its own, and ignored when no SHELL runs, as DATA is */
};

enum runner_reply {
    RUNNER_HELLO = 64, /* magic u32, version u32, nonce (16 bytes, no length); the first frame of all */
    RUNNER_OK = 65,
    RUNNER_FAIL = 66,     /* errno u32 (0: none), text, place beneath the request's path (may be empty) */
    RUNNER_STDOUT = 67,   /* bytes */
    RUNNER_STDERR = 68,   /* bytes */
    RUNNER_EXIT = 69,     /* kind u32 (enum runner_exit), value u32, text */
    RUNNER_ALIVE = 70,    /* nothing: still there */
    RUNNER_NOTICE = 71,   /* bytes: while RUN, a command of the step that needs a booted system */
    RUNNER_NO_START = 72, /* the same, which would have started a service */
    RUNNER_LEFT_OUT = 73, /* the same, which did nothing and succeeded, as SKIP_STARTS says */
    RUNNER_TAKEN = 74,    /* bytes u32: while SHELL, so many more of its input reached the program */
};

enum runner_exit { RUNNER_EXITED, RUNNER_SIGNALED, RUNNER_TIMED_OUT, RUNNER_NOT_STARTED };
enum runner_kind { RUNNER_NONE, RUNNER_REGULAR, RUNNER_DIR, RUNNER_LINK, RUNNER_OTHER };
/*
 * RUN, SCRIPT: the script is what is run, else argv; SKIP_STARTS: what starts a service does nothing and succeeds. SHELL,
 * TERMINAL: on a pseudo-terminal, whose output is STDOUT; SKIP_STARTS too.
 */
enum { RUNNER_RUN_SCRIPT = 1, RUNNER_RUN_SKIP_STARTS = 2, RUNNER_RUN_TERMINAL = 4 };
/* TREE: COPY and MOVE of a folder with all in it, into one that may be there; MODE: PUT sets it on any file; MOVE: CARRY
 * moves and does not copy. */
enum {
    RUNNER_PUT_OVERWRITE = 1,
    RUNNER_PUT_APPEND = 2,
    RUNNER_PUT_PARENTS = 4,
    RUNNER_PUT_TREE = 8,
    RUNNER_PUT_MODE = 16,
    RUNNER_PUT_MOVE = 32,
};
enum { RUNNER_LIST_FILES = 1, RUNNER_LIST_FOLDERS = 2, RUNNER_LIST_LINKS = 4, RUNNER_LIST_TREE = 8 };
/* MATCHES: files whose names are like the last part of the path, where * stands for anything. */
enum { RUNNER_REMOVE_FILE, RUNNER_REMOVE_DIR, RUNNER_REMOVE_TREE, RUNNER_REMOVE_MATCHES };

/* Reads fields from a payload; once a field does not fit, bad stays set and everything reads as empty. */
struct wire_in {
    const unsigned char *at, *end;
    bool bad;
};

struct wire_text {
    const char *at; /* no NUL behind it */
    uint32_t len;
};

static inline const unsigned char *wire_take(struct wire_in *in, uint32_t len)
{
    const unsigned char *at = in->at;

    if (in->bad || (uint64_t)(in->end - in->at) < len) {
        in->bad = true;
        return NULL;
    }
    in->at += len;
    return at;
}

static inline uint32_t wire_u32(struct wire_in *in)
{
    const unsigned char *at = wire_take(in, 4);
    uint32_t value = 0;

    if (at != NULL)
        memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static inline uint64_t wire_u64(struct wire_in *in)
{
    const unsigned char *at = wire_take(in, 8);
    uint64_t value = 0;

    if (at != NULL)
        memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static inline struct wire_text wire_text(struct wire_in *in)
{
    uint32_t len = wire_u32(in);
    const unsigned char *at = wire_take(in, len);

    return (struct wire_text){.at = (const char *)at, .len = at != NULL ? len : 0};
}

static inline void wire_put_u32(unsigned char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof(value));
}

static inline void wire_put_u64(unsigned char *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof(value));
}

#endif
