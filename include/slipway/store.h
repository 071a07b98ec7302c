/* The store: an OCI image layout of qcow2 layers, what made each of them, and the states that have a name. */
#ifndef SLIPWAY_STORE_H
#define SLIPWAY_STORE_H

#include "slipway/cleanup.h"
#include "slipway/copy.h"
#include "slipway/error.h"
#include "slipway/image.h"
#include "slipway/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * On disk:
 *   oci-layout, index.json, blobs/sha256/<hex>   OCI Image Layout 1.0; any tool may read it
 *   slipway/                                     ours: lock, version, keys/, steps/, bases/, scratch/, coded/
 * A layer is a qcow2 file (zstd) whose backing file name is its parent's bare hex digest.
 *
 * A sealed store is no layout for other tools: it has no oci-layout and no index.json, but
 *   store.sealed, store.keys                     the vault (envelope.h) that all is sealed under
 *   blobs/hmac-sha256/<name>, index.sealed, slipway/{keys,steps,bases}/<name>.sealed
 * Each file is one Encryption SDK message, its name an HMAC of what the plain store would call it, so that neither
 * bytes nor names tell what is in there; sizes and times do. Everybody here still speaks of digests of the plain bytes.
 * It keeps no cache of encoded units.
 * Every function may be called by several processes and threads at once. Killed at any moment, no file is half there.
 */
struct sw_store;
struct sw_keyring; /* slipway/envelope.h */

enum {
    SW_STORE_HEX = 65,             /* a SHA-256 in lower-case hex and its NUL */
    SW_STORE_LAYERS_MAX = 64,      /* of one chain */
    SW_STORE_INPUTS_MAX = 4 << 20, /* bytes of a record's inputs */
};

/* A layer blob. */
struct sw_layer {
    char digest[SW_STORE_HEX]; /* SHA-256 of the file */
    char parent[SW_STORE_HEX]; /* "" for a base */
    uint64_t size_bytes;       /* of the file */
    uint64_t virtual_bytes;    /* of the disk */
};

/*
 * Opens the store at dir; NULL is $XDG_DATA_HOME/slipway/store. create: makes what is missing, and sweeps what
 * dead processes left; without it a missing store is SW_FAILED (sys ENOENT where create would make one) and nothing
 * is written.
 * A folder that holds something else is refused, as is a store of a newer version.
 */
SW_MUST_CHECK int sw_store_open(const char *dir, bool create, struct sw_store **out, struct sw_err *err);
void sw_store_close(struct sw_store *store);
SW_DEFINE_AUTO(sw_store, struct sw_store, sw_store_close)
#define SW_AUTO_STORE SW_CLEANUP(sw_store_auto)

/* The file that says whose a sealed store is: what is signed of it. Free it. */
SW_MUST_CHECK char *sw_store_sealed_path(const char *dir, struct sw_err *err);
/* Makes a sealed store in a folder that is empty or not there; the store is then opened as any other. SW_USAGE when one is. */
SW_MUST_CHECK int sw_store_init_sealed(const char *dir, const struct sw_keyring *recipients,
                                       struct sw_err *err);
bool sw_store_is_sealed(const struct sw_store *store);
/*
 * Before anything else is done with a sealed store: all other functions fail with SW_INTEGRITY until then. keys may be
 * NULL; opener, NULL too, opens store.sealed as it is demanded. Neither need outlive the call. A plain store ignores both.
 */
SW_MUST_CHECK int sw_store_unlock(struct sw_store *store, const struct sw_keyring *keys,
                                  const struct sw_opener *opener, struct sw_err *err);
/* Its absolute path. */
const char *sw_store_dir(const struct sw_store *store);

struct sw_store_ingest {
    const char *path;
    const char *format; /* NULL: probed; raw must be named */
    /*
     * Opens what path holds where that is not its own bytes, and names its format where that is NULL: an input over a
     * sealed file. It is the file at path that is known again, and that must not change. NULL: its own bytes.
     */
    int (*open)(const void *opener, const char *path, struct sw_in **in, const char **format,
                struct sw_err *err);
    const void *opener;
    unsigned jobs;
    struct sw_progress *progress; /* may be NULL */
};

struct sw_store_made {
    struct sw_layer layer;
    bool known;                 /* ingest: nothing was read, a record of the same file was found */
    struct sw_copy_stats stats; /* zeros when known */
};

/*
 * A disk image becomes layer 0. The same file (device, inode, size, mtime, ctime, format, with or without open) is not read
 * again while its layer is there. A file that changes while it is read fails with SW_INTEGRITY.
 */
SW_MUST_CHECK int sw_store_ingest(struct sw_store *store, const struct sw_store_ingest *ask,
                                  struct sw_store_made *out, struct sw_err *err);

/*
 * 1: this file is layer *out and would not be read again; 0: it is not known; -1 on error. Reads nothing of it. opened: it would be
 * ingested with open.
 */
SW_MUST_CHECK int sw_store_known_base(struct sw_store *store, const char *path, const char *format,
                                      bool opened, struct sw_layer *out, struct sw_err *err);

/* What a commit reads. The images are the store's, or look's. */
struct sw_store_sight {
    struct sw_image *now;    /* the disk through its whole chain */
    struct sw_image *top;    /* the overlay alone (top_only): what it does not hold is not looked at */
    struct sw_image *parent; /* the disk of the layer that the new one lies on */
};

struct sw_store_commit {
    const char *parent;       /* digest of the layer that the new one lies on */
    const char *overlay_path; /* a qcow2 over the disk of … */
    const char *beneath; /* … this layer: parent or one beneath it. What the overlay calls it is not asked */
    unsigned jobs;
    struct sw_progress *progress; /* may be NULL */
    /*
     * Called before anything is read: may put others in the place of now and top, of the same size, which stay its own and
     * must live until the commit has returned. NULL: nobody looks.
     */
    int (*look)(void *arg, struct sw_store_sight *sight, struct sw_err *err);
    void *look_arg;
};

/*
 * What the overlay changed since parent becomes a layer on parent. The overlay is only read; QEMU may hold it
 * open as long as the guest's file systems are unmounted and synced. It may lie several layers beneath
 * parent (one launch, several boundaries): then only what differs from parent goes into the layer.
 */
SW_MUST_CHECK int sw_store_commit_layer(struct sw_store *store, const struct sw_store_commit *ask,
                                        struct sw_store_made *out, struct sw_err *err);

/* The layer of this digest; its chain is opened to learn parent and size. Missing or damaged is SW_INTEGRITY. */
SW_MUST_CHECK int sw_store_layer(struct sw_store *store, const char *digest, struct sw_layer *out,
                                 struct sw_err *err);

/* The whole chain, read-only. Parents are bare digests in blobs/sha256 and nothing else. Close the image. */
SW_MUST_CHECK int sw_store_open_chain(struct sw_store *store, const char *digest, struct sw_image **out,
                                      struct sw_err *err);

/*
 * What an earlier export of a chain has encoded, for sw_copy.coded: a chain that shares layers with it encodes only what
 * is its own. The store keeps the files in slipway/coded, the ones used last, within $SLIPWAY_CODED_MAX (bytes, or with
 * K, M, G; default 16G and never more than a quarter of the free space; 0: nothing is kept or used).
 * A layer that is damaged is not noticed through it: what it gives is what the layer held when it was whole.
 * NULL in a sealed store.
 */
SW_MUST_CHECK int sw_store_coded_new(struct sw_store *store, const char *digest, struct sw_coded_cache **out,
                                     struct sw_err *err);
/* NULL is allowed. */
void sw_store_coded_free(struct sw_coded_cache *cache);

/* Absolute path of a blob that is there, for the backing file of QEMU's overlay (format qcow2); not in a sealed store. Free it. */
SW_MUST_CHECK char *sw_store_blob_path(struct sw_store *store, const char *digest, struct sw_err *err);

/* What made a layer. key: SHA-256 hex of the canonical inputs, computed by the caller. */
struct sw_plan_record {
    char key[SW_STORE_HEX];
    struct sw_layer layer;
    char *recipe;      /* its name; with position it finds the record that came before */
    unsigned position; /* 0 is the base */
    char *inputs;      /* canonical JSON */
    char *outputs;     /* JSON that the caller keeps with the layer; NULL: none */
};

/* Frees the members. */
void sw_plan_record_clear(struct sw_plan_record *record);

/* 1: found, out is filled (clear it); 0: no record, or its layer is not there in its full size; -1 on error. */
SW_MUST_CHECK int sw_store_find_key(struct sw_store *store, const char *key, struct sw_plan_record *out,
                                    struct sw_err *err);

/*
 * Remembers what made a layer, and that it is the latest of this recipe and position. The layer must be there.
 * The strings are only read.
 */
SW_MUST_CHECK int sw_store_record_key(struct sw_store *store, const struct sw_plan_record *record,
                                      struct sw_err *err);

/* The latest record of this recipe and position, whether its layer is still there or not. As sw_store_find_key. */
SW_MUST_CHECK int sw_store_last_record(struct sw_store *store, const char *recipe, unsigned position,
                                       struct sw_plan_record *out, struct sw_err *err);

/* A finished state that gets a name. */
struct sw_store_state {
    const char *ref; /* org.opencontainers.image.ref.name; sw_store_ref makes a good one */
    const char *name, *version;
    const char *layer;       /* digest of the top layer */
    const char *const *keys; /* plan keys, base first, nr_keys of them; may be fewer than layers or none */
    size_t nr_keys;
    int64_t epoch; /* created, in seconds: sw_source_date's; the same state gives the same manifest */
};

/* "<name>:<version>" with what a reference may not hold replaced by "-". Free it. */
SW_MUST_CHECK char *sw_store_ref(const char *name, const char *version, struct sw_err *err);

/* Writes config and manifest, and puts ref into the index in the place of what had that name. */
SW_MUST_CHECK int sw_store_tag(struct sw_store *store, const struct sw_store_state *state,
                               char manifest[SW_STORE_HEX], struct sw_err *err);

/* A named state. Strings are NULL where the manifest does not say. */
struct sw_store_image {
    char *ref; /* NULL: an entry of the index without a name */
    char manifest[SW_STORE_HEX];
    char *name, *version, *created;
    uint64_t virtual_bytes;  /* 0 unless it is slipway's */
    struct sw_layer *layers; /* base first, as the manifest lists them; virtual_bytes is 0 here */
    size_t nr_layers;
    char *fault; /* not NULL: why it cannot be read */
};

struct sw_store_listing {
    struct sw_store_image *images; /* in the order of the index */
    size_t nr_images;
    struct sw_layer *layers; /* every blob that is a layer, by digest */
    size_t nr_layers;
    struct sw_plan_record *records; /* of layers that are there, by recipe, position and key */
    size_t nr_records;
};

SW_MUST_CHECK int sw_store_list(struct sw_store *store, struct sw_store_listing *out, struct sw_err *err);
void sw_store_listing_clear(struct sw_store_listing *listing);
/*
 * The layer whose digest begins with these hex digits, of which there are min_digits or more, with or without "sha256:"
 * before them; it is the listing's. *out is NULL when there is none. Several are SW_USAGE (sys ENOTUNIQ).
 */
SW_MUST_CHECK int sw_store_listing_find(const struct sw_store_listing *listing, const char *begin,
                                        size_t min_digits, const struct sw_layer **out, struct sw_err *err);

struct sw_store_verify {
    /* Called for each damage: what is a path within the store or a reference. */
    void (*damage)(struct sw_store_verify *self, const char *what, const char *why);
    struct sw_progress *progress; /* may be NULL */
    /* Filled in. */
    uint64_t nr_blobs, nr_images, nr_damages, bytes;
};

/*
 * Every blob's bytes against its name, every manifest and config, every layer's chain against its manifest.
 * 0 also with damages; -1 when the store cannot be looked at.
 */
SW_MUST_CHECK int sw_store_verify(struct sw_store *store, struct sw_store_verify *verify, struct sw_err *err);

/* A folder for one build: overlays, logs on their way. Gone at close, or at the next open once this process is dead. */
struct sw_scratch;
SW_MUST_CHECK int sw_scratch_open(struct sw_store *store, struct sw_scratch **out, struct sw_err *err);
/*
 * The same in a folder of the user's own beneath dir, "slipway-UID" (0700; SW_REFUSED when somebody else made it): where a
 * sealed store's scratch may lie.
 */
SW_MUST_CHECK int sw_scratch_open_at(const char *dir, struct sw_scratch **out, struct sw_err *err);
/* Where the scratch of what belongs to no store lies: TMPDIR, else /var/tmp. */
const char *sw_scratch_place(void);
const char *sw_scratch_dir(const struct sw_scratch *scratch);
/* Removes it; NULL is allowed. */
void sw_scratch_close(struct sw_scratch *scratch);
SW_DEFINE_AUTO(sw_scratch, struct sw_scratch, sw_scratch_close)
#define SW_AUTO_SCRATCH SW_CLEANUP(sw_scratch_auto)

#endif
