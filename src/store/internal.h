/* What the files of the store share. */
#ifndef SW_STORE_INTERNAL_H
#define SW_STORE_INTERNAL_H

#include "slipway/envelope.h"
#include "slipway/store.h"

#include "src/base/buf.h"
#include "src/base/json.h"

#include <sys/stat.h>

#define STORE_BLOBS        "blobs/sha256"
#define STORE_BLOBS_SEALED "blobs/hmac-sha256"
#define STORE_SEALED       "store.sealed"
#define STORE_SEALED_KEYS  "store.keys"
#define STORE_INDEX        "index.json"
#define STORE_LAYOUT       "oci-layout"
#define STORE_PRIVATE      "slipway"
#define STORE_VERSION      STORE_PRIVATE "/version"
#define STORE_LOCK         STORE_PRIVATE "/lock"
#define STORE_KEYS         STORE_PRIVATE "/keys"
#define STORE_STEPS        STORE_PRIVATE "/steps"
#define STORE_BASES        STORE_PRIVATE "/bases"
#define STORE_SCRATCH      STORE_PRIVATE "/scratch"
#define STORE_CODED        STORE_PRIVATE "/coded"

#define STORE_MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define STORE_MEDIA_INDEX    "application/vnd.oci.image.index.v1+json"
#define STORE_MEDIA_CONFIG   "application/vnd.slipway.image.config.v1+json"
#define STORE_MEDIA_LAYER    "application/vnd.slipway.layer.v1.qcow2"
#define STORE_REF_NAME       "org.opencontainers.image.ref.name"

/* Largest JSON files that are read: an index, a manifest or config, a record. */
enum {
    STORE_INDEX_MAX = 16 << 20,
    STORE_MANIFEST_MAX = 4 << 20,
    STORE_RECORD_MAX = SW_STORE_INPUTS_MAX + (64 << 10),
};

struct sw_store {
    char *dir;    /* absolute, links resolved */
    int blobs_fd; /* the folder of blobs; -1 when the layout has none yet */
    bool sealed;
    struct sw_vault *vault; /* of a sealed store that was unlocked */
};

/* The folder of blobs: STORE_BLOBS or STORE_BLOBS_SEALED. */
static inline const char *store_blobs(const struct sw_store *store)
{
    return store->sealed ? STORE_BLOBS_SEALED : STORE_BLOBS;
}

/* sealed.c: what differs where everything is kept sealed. */

/* SW_INTEGRITY while a sealed store is locked. */
SW_MUST_CHECK int store_check_unlocked(const struct sw_store *store, struct sw_err *err);
/* The file's name of the blob of that digest in the folder of blobs. */
SW_MUST_CHECK int store_blob_file(const struct sw_store *store, const char *hex, char file[SW_STORE_HEX],
                                  struct sw_err *err);
/* JSON at the relative path that it has in a plain store: there as it is, else as a message under its keyed name. */
SW_MUST_CHECK char *store_json_path(const struct sw_store *store, const char *relative, struct sw_err *err);
SW_MUST_CHECK int store_json_text(const struct sw_store *store, const char *relative, size_t max_bytes,
                                  struct sw_buf *out, struct sw_err *err);
SW_MUST_CHECK json_t *store_json_read(const struct sw_store *store, const char *relative, size_t max_bytes,
                                      struct sw_err *err);
SW_MUST_CHECK int store_json_write(const struct sw_store *store, const char *relative, const json_t *json,
                                   struct sw_err *err);
/* The key in the record file of that name in STORE_KEYS, which is checked to be its own; -1 with err. */
SW_MUST_CHECK int store_record_key(const struct sw_store *store, const char *file, char key[SW_STORE_HEX],
                                   struct sw_err *err);

/* dir + "/" + relative. Free it. */
SW_MUST_CHECK char *store_path(const struct sw_store *store, const char *relative, struct sw_err *err);

/* blob.c */

/* 64 lower-case hex digits and no more. */
bool store_is_hex(const char *text);
/* Copies the digits after "sha256:" when the text is such a digest; -1 without an error otherwise. */
SW_MUST_CHECK int store_digest_hex(const char *text, char hex[SW_STORE_HEX]);
/* 1 and the size when a regular file has that name, 0 when nothing has; anything else there is SW_INTEGRITY. */
SW_MUST_CHECK int store_blob_size(const struct sw_store *store, const char *hex, uint64_t *size_bytes,
                                  struct sw_err *err);
/* The same of a file of the folder of blobs: its own size, and its bytes, opened where the store is sealed. */
SW_MUST_CHECK int store_file_size(const struct sw_store *store, const char *file, uint64_t *size_bytes,
                                  struct sw_err *err);
SW_MUST_CHECK int store_file_open(const struct sw_store *store, const char *file, struct sw_in **out,
                                  struct sw_err *err);
/* Never through a link. A missing blob is SW_INTEGRITY. */
SW_MUST_CHECK int store_blob_open(const struct sw_store *store, const char *hex, struct sw_in **out,
                                  struct sw_err *err);
/* A blob in the making: write it, publish it, close it. sw_out_commit publishes too. */
SW_MUST_CHECK int store_blob_create(struct sw_store *store, struct sw_out **out, struct sw_err *err);
/* Durable under the digest of its bytes. A blob of that name and size that is already there is kept. */
SW_MUST_CHECK int store_blob_publish(struct sw_out *out, char hex[SW_STORE_HEX], uint64_t *size_bytes,
                                     struct sw_err *err);
/* Small blobs in one go. */
SW_MUST_CHECK int store_blob_put(struct sw_store *store, const char *text, char hex[SW_STORE_HEX],
                                 struct sw_err *err);
/* The bytes of a small blob, checked against its name. */
SW_MUST_CHECK int store_blob_text(const struct sw_store *store, const char *hex, struct sw_buf *out,
                                  struct sw_err *err);

/* Counts bytes while a blob is hashed; progress may be NULL. */
struct store_hashing {
    struct sw_progress *progress;
    uint64_t done_bytes, total_bytes;
};
SW_MUST_CHECK int store_hash(struct sw_in *in, struct store_hashing *count, char hex[SW_STORE_HEX],
                             struct sw_err *err);

/* chain.c */

/* The digests of a chain, top first. */
struct store_chain {
    struct sw_layer layers[SW_STORE_LAYERS_MAX];
    unsigned n;
};
/* Opens the chain and tells its layers. image may be NULL: it is only looked at. */
SW_MUST_CHECK int store_chain_open(struct sw_store *store, const char *hex, struct store_chain *chain,
                                   struct sw_image **image, struct sw_err *err);

/* base.c: which file gave which layer. */

/* 1: the file that st describes, read as format (opened: what a struct sw_store_ingest's open made of it), gave this layer and
 * it is there. */
SW_MUST_CHECK int store_base_find(struct sw_store *store, const struct stat *st, const char *format,
                                  bool opened, struct sw_layer *out, struct sw_err *err);
SW_MUST_CHECK int store_base_record(struct sw_store *store, const struct stat *st, const char *format,
                                    bool opened, const struct sw_layer *layer, struct sw_err *err);
/* True when both describe one file in one state. */
bool store_base_same(const struct stat *a, const struct stat *b);

/* grain.c: the cluster size for what changed, a function of that alone: 4096 up to 16 MiB, else 0, the driver's own. */
SW_MUST_CHECK int store_grain(const struct sw_store_sight *sight, uint32_t *unit_bytes, struct sw_err *err);

/* record.c */

SW_MUST_CHECK json_t *store_layer_json(const struct sw_layer *layer, struct sw_err *err);
SW_MUST_CHECK int store_layer_parse(const json_t *json, struct sw_layer *out, struct sw_err *err);
/* The record of a key, whether its layer is there or not: 1, 0 or -1 (also when it is damaged). */
SW_MUST_CHECK int store_record_read(struct sw_store *store, const char *key, struct sw_plan_record *out,
                                    struct sw_err *err);
/* 1 when the layer's blob is there in the size that it had. */
SW_MUST_CHECK int store_layer_there(struct sw_store *store, const struct sw_layer *layer, struct sw_err *err);

/* oci.c: the OCI documents, from and to text. */

/* Where an index entry or a manifest points to. */
struct store_descriptor {
    const char *media_type; /* lives as long as the JSON it came from */
    char hex[SW_STORE_HEX];
    uint64_t size_bytes;
};
SW_MUST_CHECK int store_descriptor_parse(const json_t *json, struct store_descriptor *out,
                                         struct sw_err *err);
SW_MUST_CHECK json_t *store_descriptor_json(const char *media_type, const char *hex, uint64_t size_bytes,
                                            struct sw_err *err);
/* Checks an index: what it is and that its entries are objects. NULL and err on failure. */
SW_MUST_CHECK json_t *store_index_parse(const char *text, size_t len, struct sw_err *err);
/* The name of an index entry, or NULL. */
const char *store_entry_ref(const json_t *entry);
/* Fills manifest-side members of out (layers, and name, version, created from its annotations); config gets its descriptor. */
SW_MUST_CHECK int store_manifest_parse(const char *text, size_t len, struct sw_store_image *out,
                                       struct store_descriptor *config, struct sw_err *err);
/* A slipway config: virtual size, and as many layers as the manifest has. */
SW_MUST_CHECK int store_config_parse(const char *text, size_t len, struct sw_store_image *out,
                                     struct sw_err *err);
SW_MUST_CHECK char *store_config_text(const struct sw_store_state *state, const struct store_chain *chain,
                                      struct sw_err *err);
SW_MUST_CHECK char *store_manifest_text(const struct sw_store_state *state, const struct store_chain *chain,
                                        const struct store_descriptor *config, struct sw_err *err);
/* Letters, digits and single separators, as the OCI specification has it; at most 255. */
bool store_ref_ok(const char *ref);

/* index.c */

/* The index as it is now; an empty one when there is none. */
SW_MUST_CHECK json_t *store_index_read(struct sw_store *store, struct sw_err *err);
/* Reads what an index entry points to: bytes against digest and size, manifest, config. */
SW_MUST_CHECK int store_image_read(struct sw_store *store, const json_t *entry, struct sw_store_image *out,
                                   struct sw_err *err);
void store_image_clear(struct sw_store_image *image);

/* list.c */

/* Calls visit for every name in a folder of the store, sorted, but for those that begin with a dot. */
SW_MUST_CHECK int store_each_name(const struct sw_store *store, const char *relative,
                                  int (*visit)(void *arg, const char *name, struct sw_err *err), void *arg,
                                  struct sw_err *err);
/* True when the blob begins as qcow2 does. */
bool store_is_layer(const struct sw_store *store, const char *hex);
/* The key in the name "<key>.json" of its record; -1 without an error when it is another name. */
SW_MUST_CHECK int store_key_of(const char *name, char key[SW_STORE_HEX]);

/* sweep.c */

/* Removes those folders of scratch that nobody locks. */
SW_MUST_CHECK int store_sweep_scratch(const char *folder, struct sw_err *err);

/* Removes what dead processes left. Failing is no reason not to work: it only logs. */
void store_sweep(struct sw_store *store);

#endif
