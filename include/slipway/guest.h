/* The guest: one appliance per build, steps that run in it, and the log of what they did. */
#ifndef SLIPWAY_GUEST_H
#define SLIPWAY_GUEST_H

#include "slipway/cleanup.h"
#include "slipway/error.h"
#include "slipway/io.h"
#include "slipway/recipe.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Acceleration ---------------------------------------------------------------------------------------- */

enum sw_accel {
    SW_ACCEL_AUTO, /* KVM where a probe shows that it works, else TCG with one line in the log */
    SW_ACCEL_KVM,  /* KVM or an error */
    SW_ACCEL_TCG,
};

/* "auto", "kvm", "tcg"; else SW_USAGE. */
SW_MUST_CHECK int sw_accel_parse(const char *text, enum sw_accel *out, struct sw_err *err);

enum sw_kvm_state {
    SW_KVM_OK,
    SW_KVM_ABSENT, /* no /dev/kvm */
    SW_KVM_DENIED, /* this user may not open it */
    SW_KVM_BROKEN, /* it opens, but a guest's instructions do not run */
};

struct sw_kvm {
    enum sw_kvm_state state;
    char detail[160];   /* what was seen, such as "KVM_RUN: internal error 1"; empty when ok */
    const char *remedy; /* what the user can do; static text, NULL when ok */
};

/* Runs a few instructions in a virtual machine of its own, in a child process; at most 2 seconds. Cannot fail. */
void sw_kvm_probe(struct sw_kvm *out);

const char *sw_kvm_state_name(enum sw_kvm_state state); /* "ok", "absent", "denied", "broken" */

/* ---- Running in a guest ----------------------------------------------------------------------------------- */

enum sw_stream { SW_STREAM_STDOUT, SW_STREAM_STDERR };

/* A command of a step that only a booted system can do. */
enum sw_notice {
    SW_NOTICE_REFUSED,  /* such as "systemctl status nginx" */
    SW_NOTICE_NO_START, /* refused, and it would have started a service */
    SW_NOTICE_LEFT_OUT, /* it would have, did nothing and succeeded: skip_starts */
};

struct sw_guest_run {
    /* One of the two: the text of a bash script (run by `bash FILE`, without -e), or a NULL-terminated argv. */
    const char *script;
    size_t script_len;
    const char *const *argv;
    /* "NAME=value", NULL-terminated, beside and over the fixed set (sw_runner's README). NULL: none. */
    const char *const *env;
    const char *cwd;    /* NULL: "/"; a missing one is "/" too */
    int64_t timeout_ms; /* of the whole run; 0: none */
    /* Called as the output comes, from the calling thread, in order within a stream. Bytes are untrusted. May be NULL. */
    void (*output)(void *ctx, enum sw_stream stream, const void *bytes, size_t len);
    /* The command is untrusted too; may be NULL. */
    void (*notice)(void *ctx, enum sw_notice what, const char *command, size_t len);
    bool skip_starts; /* what starts a service does nothing and succeeds, instead of being refused */
    void *ctx;
};

/* A program that is given its input while it runs. */
struct sw_guest_shell {
    const char *const *argv; /* NULL-terminated; NULL: a login shell, which is bash where the image has it */
    /* As in struct sw_guest_run; besides, on a terminal TERM is the user's, and a login shell writes no history. */
    const char *const *env;
    const char *cwd; /* NULL: "/root"; a missing one is "/" */
    bool skip_starts;
    int in, out, err; /* of this process, and blocking */
    /*
     * in and out are the user's terminal: the program gets one of its size, it is raw meanwhile, and given back at the end
     * whatever that is, a signal too. All that the guest writes reaches it, and three ^] within a second end the program.
     * Else input is read to its end, and what goes to a terminal is shown without control bytes.
     */
    bool terminal;
};

enum sw_exit_kind {
    SW_EXIT_STATUS,  /* value: 0 … 255 */
    SW_EXIT_SIGNAL,  /* value: the signal */
    SW_EXIT_TIMEOUT, /* killed because its time was over; value: timeout in ms is the caller's */
    SW_EXIT_NOEXEC,  /* could not be started; value: errno; text says what was tried */
};

struct sw_guest_exit {
    enum sw_exit_kind kind;
    int value;
    char text[160]; /* NOEXEC only */
};

enum sw_file_kind { SW_FILE_NONE, SW_FILE_REGULAR, SW_FILE_DIR, SW_FILE_LINK, SW_FILE_OTHER };

struct sw_guest_stat {
    enum sw_file_kind kind; /* NONE: nothing is there (no error) */
    unsigned mode;          /* permission bits, 07777 */
    uint32_t uid, gid;
    uint64_t size_bytes;
    int64_t mtime_s;
};

enum {
    SW_PUT_OVERWRITE = 1u << 16, /* a file that is there is truncated; without it that is an error */
    SW_PUT_APPEND = 1u << 17,    /* the file must be there */
    SW_PUT_PARENTS = 1u << 18,   /* missing parents are made, 0777 less the umask */
    SW_PUT_TREE = 1u << 19,      /* copy, move: a folder with all in it, into one that may be there already */
    SW_PUT_MOVE = 1u << 21,      /* carry: moves */
    SW_PUT_MODE = 1u << 20, /* put: the mode is also for a file that is there, which else keeps its own */
};

enum {
    SW_REMOVE_FILE = 0,    /* a file or a link, never a folder */
    SW_REMOVE_DIR = 1,     /* an empty folder */
    SW_REMOVE_TREE = 2,    /* a folder with all in it; links are not followed */
    SW_REMOVE_MATCHES = 3, /* files and links like the path's last part, with stars in it; at least one */
};

enum {
    SW_LIST_FILES = 1,   /* what is no folder, and no link to one */
    SW_LIST_FOLDERS = 2, /* folders, and no link to one */
    SW_LIST_LINKS = 4,   /* with FILES: links to folders too */
    SW_LIST_TREE = 8,    /* also beneath, in the form "sub/name"; links are not followed */
};

struct sw_guest;

/* Takes a piece of a guest's file; the bytes are untrusted. -1 with err: no more is wanted. */
typedef int sw_guest_sink_fn(void *arg, const void *bytes, size_t len, struct sw_err *err);

struct sw_guest_names {
    char *text; /* free it */
    size_t len;
};

/* Several names of a folder and another folder, which they go into. */
struct sw_guest_carry {
    const char *from, *to;
    const char *const *names; /* without slashes */
    size_t n;
    unsigned how; /* SW_PUT_… as of copy and move; MOVE: of the latter */
};

/*
 * An engine. Paths are the guest's, absolute; links are followed inside the guest's root only. Modes are subject to the
 * guest's umask 0022. Users and groups are names or numbers, looked up in the image's own files; NULL leaves one as it is.
 * Failures of the operation itself are SW_GUEST, of the connection or the appliance SW_FAILED; both leave *guest usable
 * or failing at once, never hanging.
 */
struct sw_guest_ops {
    int (*run)(struct sw_guest *guest, const struct sw_guest_run *run, struct sw_guest_exit *out,
               struct sw_err *err);
    /* Until the program ends, and with it all that it started. One at a time in a process where terminal is set. */
    int (*shell)(struct sw_guest *guest, const struct sw_guest_shell *shell, struct sw_guest_exit *out,
                 struct sw_err *err);
    int (*stat)(struct sw_guest *guest, const char *path, bool follow, struct sw_guest_stat *out,
                struct sw_err *err);
    /* how: permission bits of a new file, or-ed with SW_PUT_… */
    int (*put)(struct sw_guest *guest, const char *path, const void *bytes, size_t len, unsigned how,
               struct sw_err *err);
    /* The same from an input of any size, read in order, in pieces. */
    int (*put_from)(struct sw_guest *guest, const char *path, struct sw_in *in, unsigned how,
                    struct sw_err *err);
    /* The file's bytes into fresh memory with a NUL behind them; more than max_bytes is an error. */
    int (*get)(struct sw_guest *guest, const char *path, size_t max_bytes, char **bytes, size_t *len,
               struct sw_err *err);
    /* The file's bytes, in pieces and in order, to sink. When it fails, so do get_to and all that comes behind it. */
    int (*get_to)(struct sw_guest *guest, const char *path, sw_guest_sink_fn *sink, void *arg,
                  struct sw_err *err);
    /* parents: missing ones are made and a folder that is there is fine. */
    int (*mkdir)(struct sw_guest *guest, const char *path, unsigned mode, bool parents, struct sw_err *err);
    int (*symlink)(struct sw_guest *guest, const char *target, const char *path, struct sw_err *err);
    /*
     * Copies one file's bytes and its mode less the umask; how: OVERWRITE, PARENTS. With TREE what is in a folder: links
     * stay links, what is there is overwritten but a folder by no folder; without OVERWRITE `to` must not be there.
     */
    int (*copy)(struct sw_guest *guest, const char *from, const char *to, unsigned how, struct sw_err *err);
    /* The same, and `from` is gone; what moves keeps its owner, mode and times, also to another file system. */
    int (*move)(struct sw_guest *guest, const char *from, const char *to, unsigned how, struct sw_err *err);
    /* Each of the names as by copy or move, in their order, until one fails: *failed is its place. */
    int (*carry)(struct sw_guest *guest, const struct sw_guest_carry *what, size_t *failed,
                 struct sw_err *err);
    int (*remove)(struct sw_guest *guest, const char *path, unsigned how, struct sw_err *err);
    /* Permission bits. tree: of all in the folder as well, but of links. */
    int (*chmod)(struct sw_guest *guest, const char *path, unsigned mode, bool tree, struct sw_err *err);
    /* group NULL with owner set: the user's own group. Follows links; tree: of all in the folder as well, links themselves. */
    int (*chown)(struct sw_guest *guest, const char *path, const char *owner, const char *group, bool tree,
                 struct sw_err *err);
    /*
     * Names in dir that match pattern (* only), sorted by bytes, each with a NUL behind it, one after the other. what:
     * SW_LIST_…. At most 16 MiB of them.
     */
    int (*list)(struct sw_guest *guest, const char *dir, const char *pattern, unsigned what,
                struct sw_guest_names *out, struct sw_err *err);
    /*
     * The folder dir and everything beneath that is on the same mount, as records that sw_survey_parse reads, in pieces to sink. No link is
     * followed. extents: with the places of files' bytes on the device. NULL for a guest that paths are translated for.
     */
    int (*survey)(struct sw_guest *guest, const char *dir, bool extents, sw_guest_sink_fn *sink, void *arg,
                  struct sw_err *err);
};

/* An extended attribute. */
struct sw_guest_attr {
    const char *name; /* no NUL behind them */
    const char *value;
    uint32_t name_len, value_len;
};

struct sw_guest_extent {
    uint64_t logical, physical, len; /* physical: of the file system's device; UINT64_MAX: zeros */
};

enum { SW_SURVEY_EXTENTS_MAX = 64, SW_SURVEY_ATTRS_MAX = 1024 };

/* One of a survey. Texts lie in the survey's bytes and are untrusted. */
struct sw_guest_entry {
    const char *path; /* beneath the folder: "etc/passwd"; the folder itself is "." */
    const char *link; /* a link's target, no NUL behind it */
    uint32_t link_len;
    uint32_t mode; /* with the file's type, as st_mode has it */
    uint32_t uid, gid, links;
    uint64_t rdev, size_bytes, dev, ino;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t nr_attrs, nr_extents;
    bool mapped; /* the extents are all that the file has, and hold its bytes as they are */
    const unsigned char *attrs_at, *extents_at; /* for the two functions below */
};

/*
 * The record at *at of bytes, which goes on behind it: 1, 0 at the end, SW_INTEGRITY when it makes no sense: every length and
 * count is checked against what is there, and a path goes through no "..".
 */
SW_MUST_CHECK int sw_survey_parse(const char *bytes, size_t len, size_t *at, struct sw_guest_entry *out,
                                  struct sw_err *err);
/* Fills out with the nr_attrs, sorted by name, or the nr_extents. */
void sw_survey_attrs(const struct sw_guest_entry *entry, struct sw_guest_attr *out);
void sw_survey_extents(const struct sw_guest_entry *entry, struct sw_guest_extent *out);

/* Embed as the first member. */
struct sw_guest {
    const struct sw_guest_ops *ops;
    enum sw_platform platform; /* SW_WINDOWS: paths are C:/x; 0 is SW_LINUX too */
    /* On the monotonic clock, 0: none. What is done to files ends soon behind it, as SW_GUEST with err->sys ETIMEDOUT, and leaves
     * what it did by then. Not for run, which has a time-out of its own. */
    int64_t deadline_ns;
};

/* ---- Package repositories as media ------------------------------------------------------------------------- */

enum { SW_MEDIA_MAX = 16 };

/*
 * Folders, ISO 9660 images and tars (plain or compressed) that hold repositories for apt, dnf, yum or zypper. They are
 * attached read-only, and nothing of them is left in the image.
 */
struct sw_media;

/*
 * Looks into each path: what it is, which repositories are in it, and a digest of its content. Content is read once: as long
 * as sizes and times stay the same, cache_dir (NULL: the user's cache) remembers the digest. SW_OFFLINE when one is missing,
 * SW_RECIPE when it holds no repository. Free it.
 */
SW_MUST_CHECK int sw_media_open(const char *const *paths, size_t n, const char *cache_dir,
                                struct sw_media **out, struct sw_err *err);
void sw_media_free(struct sw_media *media);

/* The digests, as an array of texts, in order: what a plan key takes in. decref it. */
SW_MUST_CHECK json_t *sw_media_digests(const struct sw_media *media, struct sw_err *err);

/*
 * Before a session: makes of each folder and tar an image that can be attached, in the cache, where it stays for the next
 * build; an ISO is attached as it is.
 */
SW_MUST_CHECK int sw_media_make_images(struct sw_media *media, struct sw_err *err);

/*
 * Shows them to the package managers of a guest that was started with them. network: the guest's own repositories count too.
 * sw_session_begin does it by itself.
 */
SW_MUST_CHECK int sw_media_show(const struct sw_media *media, struct sw_guest *guest, bool network,
                                struct sw_err *err);

/*
 * The same for a guest that was booted with them (struct sw_machine_opts), after each start: mounts them first. Its package
 * managers come first in PATH, as nothing there watches what is started by its own path. SW_GUEST where they cannot be mounted.
 */
SW_MUST_CHECK int sw_media_show_booted(const struct sw_media *media, struct sw_guest *guest, bool network,
                                       struct sw_err *err);
/* Before its shutdown, so that nothing of them stays where /run is on the disk. */
void sw_media_hide_booted(struct sw_guest *guest);

/* ---- The session: one appliance per build ----------------------------------------------------------------- */

struct sw_session_opts {
    const char *overlay; /* a qcow2 file, written to; its backing chain must be there already */
    const char *const *
        disks; /* further ones of the same kind, for sw_session_look and sw_session_survey; at most SW_LOOK_DISKS_MAX */
    size_t nr_disks;
    bool volumes; /* a look is to see logical volumes, which costs a second */
    const char
        *scratch_dir; /* private folder for sockets and temporary files; whoever removes it removes all */
    enum sw_accel accel;
    bool stock_appliance;         /* libguestfs's own and not the fast one (slipway/appliance.h) */
    unsigned memory_mib;          /* 0: 1280 */
    bool network;                 /* the recipe says network: allow; else the appliance has no network card */
    const struct sw_media *media; /* with their images; must outlive the session; NULL: none */
    int64_t
        clock_s; /* what the guest's clock shows, in seconds since 1970, as each boundary begins; 0: the host's time */
};

/* Opaque; one at a time per overlay. */
struct sw_session;

/* Begins the launch in a thread and returns at once. */
SW_MUST_CHECK int sw_session_start(const struct sw_session_opts *opts, struct sw_session **out,
                                   struct sw_err *err);

/* As clock_s of its options, from the next boundary on. */
void sw_session_set_clock(struct sw_session *session, int64_t clock_s);

/* Waits for the launch, as everything below does by itself. */
SW_MUST_CHECK int sw_session_wait(struct sw_session *session, struct sw_err *err);

/*
 * Mounts the guest's file systems and starts the runner; waits for the launch first. *guest belongs to the session and is
 * good until sw_session_end. May be called again after an end: boundaries are mounts, not restarts.
 */
SW_MUST_CHECK int sw_session_begin(struct sw_session *session, struct sw_guest **guest, struct sw_err *err);

/* A file system, or what else lies where one could be. Texts are untrusted. */
struct sw_guest_fs {
    unsigned
        disk; /* 0: of the first overlay, from 1: of the others; SW_SURVEY_DISK_UNKNOWN: it may lie on several */
    char *device;       /* as the appliance calls it: "/dev/sda1" */
    char *type;         /* "ext4", "swap", "crypto_LUKS", "unknown" … */
    char *uuid, *label; /* "" where there is none */
    char *point;        /* the folder of the guest where its files lie; NULL: it was not mounted … */
    char *why;          /* … because; NULL: it holds no files */
};
enum { SW_SURVEY_FS_MAX = 256 };
#define SW_SURVEY_DISK_UNKNOWN UINT_MAX

struct sw_guest_filesystems {
    struct sw_guest_fs *items;
    size_t n;
};
void sw_guest_filesystems_clear(struct sw_guest_filesystems *list);

/*
 * Instead of sw_session_begin: every file system of every disk, each mounted read-only in a folder of its own, without its
 * log being replayed. Nothing is found out about what they hold. sw_session_end ends it. Clear out.
 */
SW_MUST_CHECK int sw_session_survey(struct sw_session *session, struct sw_guest **guest,
                                    struct sw_guest_filesystems *out, struct sw_err *err);

/* Ends the runner and everything it started, unmounts and syncs: the overlay can then be read while the appliance lives. */
SW_MUST_CHECK int sw_session_end(struct sw_session *session, struct sw_err *err);

/*
 * For a disk that is larger than what is on it: its last partition grows to its end, and with it the file system (ext,
 * xfs, btrfs) or the volume group's root. Where the last partition holds nothing that grows the space stays free, and a
 * line in the log says so. Waits for the launch; not between a begin and its end.
 */
SW_MUST_CHECK int sw_session_grow(struct sw_session *session, struct sw_err *err);

/*
 * Gives back what is free in the file systems that src/ext does not know (XFS, Btrfs, ext on a logical volume), so that what
 * was deleted reads as zeros: in whole clusters of the overlay, 64 KiB. A file system that cannot is named in the log. Waits for
 * the launch; not between a begin and its end. sw_session_trims: whether there is one, as far as the image was mounted already.
 */
SW_MUST_CHECK int sw_session_trim(struct sw_session *session, struct sw_err *err);
bool sw_session_trims(const struct sw_session *session);

/* Shuts the appliance down; a write error shows here. The session must still be freed. */
SW_MUST_CHECK int sw_session_close(struct sw_session *session, struct sw_err *err);

/* Frees, from any state; an appliance that still runs is killed. NULL is allowed. */
void sw_session_free(struct sw_session *session);
SW_DEFINE_AUTO(sw_session, struct sw_session, sw_session_free)
#define SW_AUTO_SESSION SW_CLEANUP(sw_session_auto)

/* How long the launch took, once it is done; 0 before. And whether TCG is used. */
int64_t sw_session_launch_ms(const struct sw_session *session);
bool sw_session_is_tcg(const struct sw_session *session);
/* "fast" or "stock": which appliance it is. */
const char *sw_session_appliance(const struct sw_session *session);

/* ---- A look: what lies on the disks, without a trace -------------------------------------------------------- */

enum { SW_LOOK_DISKS_MAX = 40 };

enum sw_look_kind { SW_LOOK_DEVICE = 1, SW_LOOK_FILE, SW_LOOK_MOUNT };
enum {
    SW_LOOK_CUT = 1,       /* data has not all of its bytes */
    SW_LOOK_DANGLING = 2,  /* a link that leads nowhere */
    SW_LOOK_LABELLED = 4,  /* it has an SELinux label */
    SW_LOOK_NO_INODES = 8, /* this file system does not count them */
    SW_LOOK_UNREAD = 16,   /* it could not be read */
    SW_LOOK_LEFT_OUT = 32, /* there is more than a look tells of */
};

/* Names and bytes are untrusted; path and link end in a NUL. */
struct sw_look_entry {
    enum sw_look_kind kind;
    unsigned flags;
    unsigned mode; /* st_mode, of a link itself */
    uint32_t owner, group;
    const char *path, *link;
    const uint8_t *data; /* of the file, or of the one that a link leads to */
    size_t len;
    uint64_t size_bytes;
    uint64_t numbers[2]; /* DEVICE: its disks as bits, btrfs' tree; MOUNT: bytes and inodes free */
};

struct sw_look {
    struct sw_look_entry *entries;
    size_t n;
    char *names; /* what path and link are in */
    void *bytes; /* what data is in */
    size_t len;
    bool mapped;
};

/*
 * Runs the orders of src/runner/look.h and reads what they tell; waits for the launch. All that is mounted for it is
 * mounted read-only, and gone afterwards. May be called again; not between a begin and its end. Free it.
 */
SW_MUST_CHECK int sw_session_look(struct sw_session *session, const char *orders, struct sw_look **out,
                                  struct sw_err *err);
/* The same by a process of this machine, for roots that are folders of it; wants root. For tests. */
SW_MUST_CHECK int sw_look_here(const char *orders, struct sw_look **out, struct sw_err *err);
/* Reads the bytes, whatever they are: SW_INTEGRITY when they make no sense. They are copied. */
SW_MUST_CHECK int sw_look_read(const void *bytes, size_t len, struct sw_look **out, struct sw_err *err);
/* NULL is allowed. */
void sw_look_free(struct sw_look *look);

/* ---- A look at a Windows ------------------------------------------------------------------------------------- */

enum { SW_WINDOWS_ROOTS_MAX = 8 };

/* The bytes of a file: untrusted. NULL: it is not there, or larger than 256 MiB. */
struct sw_windows_file {
    const void *bytes;
    size_t len;
};

/* Close it. */
struct sw_windows_look {
    /* Which of the devices hold a Windows; what is below is of the first. */
    size_t nr_roots, roots[SW_WINDOWS_ROOTS_MAX];
    struct sw_windows_file system, software, sam;
    struct sw_windows_file bcd; /* of whichever device has one first */
    uint64_t free_bytes;
    bool hibernated;
};

/*
 * Looks for a Windows on devices ("/dev/sda2", of which some may have a boot configuration and no Windows), each mounted
 * read-only and unmounted again; waits for the launch. Not between a begin and its end.
 */
SW_MUST_CHECK int sw_session_look_windows(struct sw_session *session, const char *const *devices, size_t n,
                                          struct sw_windows_look *out, struct sw_err *err);
void sw_windows_look_close(struct sw_windows_look *look);

/* ---- A folder as a guest: the same runner in a plain chroot ------------------------------------------------ */

/* Root, or a user who may make user namespaces; else -1 with err->sys EPERM. */
SW_MUST_CHECK int sw_folder_guest_open(const char *dir, struct sw_guest **out, struct sw_err *err);
/* The same with folders that sw_media_show then speaks of, in its order. */
SW_MUST_CHECK int sw_folder_guest_open_media(const char *dir, const char *const *folders, size_t n,
                                             struct sw_guest **out, struct sw_err *err);
void sw_folder_guest_close(struct sw_guest *guest);

/* ---- The run log ------------------------------------------------------------------------------------------- */

/*
 * console.log, detailedoutput.json, chaining.json and document.yaml (awstoe's), and events.jsonl in one folder, for one
 * build; docs/run-log.md says what is in them. What cannot be
 * written is remembered and reported by sw_runlog_close.
 */
struct sw_runlog;

/* Makes dir (and its parents). Free it with sw_runlog_close. */
SW_MUST_CHECK int sw_runlog_open(const char *dir, struct sw_runlog **out, struct sw_err *err);

/*
 * What is to be hidden in all that the log writes, and in the errors of sw_exec_phase: a struct sw_mask of src/base/mask.h,
 * which outlives the log. NULL: nothing.
 */
struct sw_mask;
void sw_runlog_set_mask(struct sw_runlog *log, struct sw_mask *mask);

/* One line of the build's own into console.log, time-stamped; control bytes are escaped. */
void sw_runlog_line(struct sw_runlog *log, const char *fmt, ...) SW_PRINTF(2, 3);

/*
 * Writes detailedoutput.json and chaining.json, flushes and frees. failure: text of the build's error, NULL when it succeeded.
 * NULL log is allowed. Fails with the first write error of the whole log.
 */
SW_MUST_CHECK int sw_runlog_close(struct sw_runlog *log, const char *failure, struct sw_err *err);

/* ---- Files from and to the world outside ------------------------------------------------------------------- */

/* Where a download's bytes come from, as its step says it. */
struct sw_remote {
    const char *uri; /* http(s)://… or s3://BUCKET/KEY; with "/" and a star at the end: all objects beneath */
    const char *owner; /* expectedBucketOwner; NULL: not said */
    const char
        *checksum; /* hex, checked when algorithm (MD5, SHA1, SHA256, SHA512) is there too; NULL: not said */
    const char *algorithm;
    bool insecure; /* ignoreCertificateErrors */
    bool sealed;   /* asked for by a document that is sealed: no error quotes it */
};

struct sw_remote_file {
    const char
        *name; /* beneath the prefix, a sw_is_relative_path(); of a single one the URI's last part, or NULL */
    const char *path; /* on the host */
    char sha256[65];  /* what its bytes must have, in hex */
    uint64_t size_bytes;
};

/* Whoever runs a component says what its downloads get and where its uploads go. */
struct sw_transfers {
    /* The files of a source, borrowed until the next call. SW_OFFLINE: they were not fetched and cannot be now. */
    int (*find)(struct sw_transfers *transfers, const struct sw_remote *source,
                const struct sw_remote_file **files, size_t *n, struct sw_err *err);
    /* An output for what goes to s3://BUCKET/KEY; commit and close it. */
    int (*deposit)(struct sw_transfers *transfers, const char *uri, struct sw_out **out, struct sw_err *err);
};

/* ---- The executor ------------------------------------------------------------------------------------------ */

struct sw_exec {
    struct sw_guest *guest;
    struct sw_runlog *log;
    const struct sw_use *use; /* the component, its name and its values */
    const char *working_dir;  /* the recipe's workingDirectory; NULL: "/tmp" */
    bool skip_starts;         /* the recipe's serviceStarts: skip */
    /*
     * On Windows: what waits in the image already holds up no step that can be done now, and a step of the same component,
     * phase and name is not put into the queue again.
     */
    bool beside_queue;
    struct sw_transfers *transfers; /* NULL: nothing can be downloaded or uploaded */
    /*
     * An object of the caller's: what the steps left as outputs, {phase: {step: [{name: text}, …]}}. A phase adds to it, and
     * a later phase of the same component looks things up in it. Kept with a layer, it lets the validate phase run
     * when the build phase does not.
     */
    json_t *outputs;
    /*
     * Does what a reboot would be for a later step: everything that runs ends, /tmp and /run are fresh, the disk stays.
     * *guest is the one to go on with. NULL: going on with the same one is enough.
     */
    int (*reboot)(void *arg, struct sw_guest **guest, struct sw_err *err);
    void *reboot_arg;
};

/* How often one step may ask for a reboot: the limit that the service's agent has. */
enum { SW_REBOOTS_MAX = 15 };

/* What a phase came to. */
enum sw_result {
    SW_RESULT_SUCCESS,
    SW_RESULT_IGNORED, /* success, but a step with onFailure: Ignore failed */
    SW_RESULT_FAILED,
};

/*
 * Runs the phases of one kind, in document order; none is a success at once. A failed phase (onFailure: Abort, or
 * Continue at the phase's end) is SW_GUEST with
 * "component 'nginx': phase 'build': step 'Install': exit status 100 (see …/console.log:214)". result may be NULL.
 */
SW_MUST_CHECK int sw_exec_phase(const struct sw_exec *exec, enum sw_phase_kind phase, enum sw_result *result,
                                struct sw_err *err);

#endif
