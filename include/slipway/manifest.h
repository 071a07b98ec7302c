/* Manifests: what output files are, by digest and signature; and inputs that a manifest vouches for. */
#ifndef SLIPWAY_MANIFEST_H
#define SLIPWAY_MANIFEST_H

#include "slipway/cleanup.h"
#include "slipway/digests.h"
#include "slipway/envelope.h"
#include "slipway/signature.h"

#include <jansson.h>

/*
 * A manifest is canonical JSON (sorted keys, no white space): {"manifestVersion": 1, "slipway": the writer's version,
 * "created": "2026-11-22T06:40:36Z", "outputs": [{"file": a name in the manifest's own folder, "bytes", "sha256",
 * "chunkBytes", "chunks": [hex of each chunk's SHA-256], and of a sealed file "sealed": true, "artifact", "context",
 * "keys": the sidecar's name}]}, and whatever else the writer knows. Digests are of the file as it lies there, so that
 * nobody needs a key to check them. A sidecar has none: rewrapping replaces it, and what it opens is vouched for.
 * The signature of exactly these bytes lies beside it: X.json, X.sig.
 */
enum {
    SW_MANIFEST_VERSION = 1,
    SW_MANIFEST_BYTES_MAX = 16 << 20,
    SW_MANIFEST_FILES_MAX = 64,
    SW_CHANGED_LISTED_MAX = 100,
};

/* An output as a manifest lists it; more may be set in it. NULL and err on failure; decref it. */
SW_MUST_CHECK json_t *sw_manifest_output(const char *name, const struct sw_digests *digests,
                                         struct sw_err *err);
/*
 * Notes that the output is sealed, with this context (takes the reference, also on failure; NULL means that making it
 * failed); keys: the sidecar's name, or NULL.
 */
SW_MUST_CHECK int sw_manifest_set_sealed(json_t *output, json_t *context, const char *keys,
                                         struct sw_err *err);

/* Where the manifest of one file lies: "X.sealed" and "X" -> "X.manifest.json". Free it. */
SW_MUST_CHECK char *sw_manifest_path(const char *file_path, struct sw_err *err);
/* "X.json" -> "X.sig"; any other name gets ".sig" appended. Free it. */
SW_MUST_CHECK char *sw_manifest_sig_path(const char *manifest_path, struct sw_err *err);

/*
 * Adds version, program and date (SOURCE_DATE_EPOCH, else now) to manifest and writes it to path, and its signature
 * beside it. signer NULL: a signature that is there is removed. An old signature never lies beside a new manifest.
 */
SW_MUST_CHECK int sw_manifest_write(json_t *manifest, const char *path, const struct sw_signer *signer,
                                    struct sw_err *err);
/* Removes a manifest and its signature, because the files that it is about are going to be others. */
SW_MUST_CHECK int sw_manifest_remove(const char *path, struct sw_err *err);

struct sw_manifest_file {
    const char *name;
    const char *keys; /* the sidecar's name, or NULL */
    bool sealed;
    struct sw_digests digests;
};

struct sw_manifest {
    char *path, *dir;
    json_t *json;
    char *signer; /* the trusted key that signed it, for people; NULL: nobody asked */
    const char *program, *created;
    const char *recipe, *version; /* of a build; may be NULL */
    struct sw_manifest_file files[SW_MANIFEST_FILES_MAX];
    size_t nr_files;
};

/*
 * Reads a manifest, or manifest.json of a folder. With trust the signature is checked before a byte is parsed. A missing
 * or wrong signature and whatever no manifest holds are SW_INTEGRITY.
 */
SW_MUST_CHECK int sw_manifest_open(const char *path, const struct sw_trust *trust, struct sw_manifest **out,
                                   struct sw_err *err);
void sw_manifest_free(struct sw_manifest *manifest);
SW_DEFINE_AUTO(sw_manifest, struct sw_manifest, sw_manifest_free)
#define SW_AUTO_MANIFEST SW_CLEANUP(sw_manifest_auto)

enum sw_file_verdict {
    SW_FILE_RIGHT,   /* what was looked at is what the manifest says */
    SW_FILE_MISSING, /* there is none of that name */
    SW_FILE_SPECIAL, /* something that is no regular file, a link included */
    SW_FILE_SHORT,   /* shorter than the manifest says; with partial the whole chunks of it are right */
    SW_FILE_LONG,
    SW_FILE_CHANGED, /* chunks are others: see changed */
    SW_FILE_AT_ODDS, /* all chunks are right and the whole is not: the manifest contradicts itself */
};

struct sw_file_check {
    unsigned jobs;
    bool partial; /* what is not there yet is no fault */
    bool
        whole; /* the digest of the whole as well; the chunks cover every byte, so this is to check the manifest */
    uint64_t off, len; /* only chunks that hold some of these bytes; len 0: all */
    struct sw_progress *progress;
};

struct sw_file_state {
    enum sw_file_verdict verdict;
    uint64_t there_bytes;                    /* the file's length */
    uint64_t right_bytes;                    /* from its start on, as far as looked at; to go on from there */
    uint64_t nr_checked, nr_changed;         /* chunks */
    uint64_t changed[SW_CHANGED_LISTED_MAX]; /* the first of them, in ascending order */
};

/* Checks file i against its digests; streams, in jobs threads. -1 only when it cannot be found out. */
SW_MUST_CHECK int sw_manifest_check(const struct sw_manifest *manifest, size_t i,
                                    const struct sw_file_check *how, struct sw_file_state *state,
                                    struct sw_err *err);

/* How an input is vouched for; base.open is sw_vouched_open. */
struct sw_vouching {
    struct sw_opener base;
    const struct sw_trust *trust; /* NULL: nothing is demanded */
    const char *manifest;         /* NULL: X.manifest.json or else manifest.json beside the file */
    /*
     * The reader authenticates what it reads by itself, under keys that follow from its first MiB: a sealed message. A
     * chunk is then hashed once and read again later; else what is given out is what was hashed, for which two chunks are
     * kept in memory.
     */
    bool authenticated;
};

/*
 * Opens path as sw_in_open_file does. With trust its bytes are those that a signed manifest lists: a chunk is compared
 * before the first byte of it is given out. Whatever is not right is SW_INTEGRITY. Safe from several threads. How and
 * what its members point to need not outlive the call.
 */
SW_MUST_CHECK int sw_vouched_open(const struct sw_opener *how, const char *path, struct sw_in **out,
                                  struct sw_err *err);

#endif
