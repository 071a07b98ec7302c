/* An input whose bytes a signed manifest vouches for: a chunk is compared before a byte of it is given out. */
#include "slipway/manifest.h"
#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/provenance/chunk.h"

#include <inttypes.h>
#include <string.h>

enum { NR_SLOTS = 2, AHEAD_CHUNKS = 4 };

enum chunk_state { CHUNK_UNKNOWN, CHUNK_BUSY, CHUNK_RIGHT };

/* A chunk in memory, as it was hashed. */
struct slot {
    uint8_t *bytes;
    size_t chunk;
    enum chunk_state state; /* UNKNOWN: nothing is in it */
    unsigned users;
    uint64_t used_at;
};

struct vouched_in {
    struct sw_in base;
    struct sw_in *file;
    struct sw_manifest *manifest;
    const struct sw_digests *want;
    bool authenticated;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint8_t *states; /* authenticated: of each chunk */
    uint8_t *head;   /* authenticated: the file's beginning as it was hashed; whole once chunk 0 is right */
    struct slot slots[NR_SLOTS];
    uint64_t clock;
};

static int compare(struct vouched_in *self, size_t chunk, const struct chunk_room *room, struct sw_err *err)
{
    AUTO_HASHER struct chunk_hasher hasher = {.in = self->file, .want = self->want};
    bool right = false;

    if (chunk_hasher_open(&hasher, err) < 0 || chunk_check(&hasher, chunk, room, &right, err) < 0)
        return -1;
    return right ? 0
                 : sw_fail(err, SW_INTEGRITY,
                           "'%s': %" PRIu64 " bytes at %" PRIu64 " are not those that '%s' vouches for",
                           self->base.name, chunk_len(self->want, chunk), chunk * self->want->chunk_bytes,
                           self->manifest->path);
}

/* Called with the lock, which it gives up meanwhile. */
static int verify_chunk(struct vouched_in *self, size_t chunk, struct sw_err *err)
{
    const struct chunk_room room = {.first = chunk == 0 ? self->head : NULL};
    int rc;

    self->states[chunk] = CHUNK_BUSY;
    pthread_mutex_unlock(&self->lock);
    rc = compare(self, chunk, &room, err);
    pthread_mutex_lock(&self->lock);
    self->states[chunk] = rc == 0 ? CHUNK_RIGHT : CHUNK_UNKNOWN;
    pthread_cond_broadcast(&self->changed);
    return rc;
}

/* While another thread compares chunk, one of the next that nobody has looked at; chunk itself when there is none. */
static size_t next_unknown(const struct vouched_in *self, size_t chunk)
{
    for (size_t i = chunk + 1; i < self->want->nr_chunks && i <= chunk + AHEAD_CHUNKS; i++)
        if (self->states[i] == CHUNK_UNKNOWN)
            return i;
    return chunk;
}

static int ensure(struct vouched_in *self, size_t chunk, struct sw_err *err)
{
    struct sw_err later = {.code = SW_OK};
    size_t other;
    int rc = 0;

    pthread_mutex_lock(&self->lock);
    while (rc == 0 && self->states[chunk] != CHUNK_RIGHT) {
        if (self->states[chunk] == CHUNK_UNKNOWN)
            rc = verify_chunk(self, chunk, err);
        else if ((other = next_unknown(self, chunk)) == chunk)
            pthread_cond_wait(&self->changed, &self->lock);
        else if (verify_chunk(self, other, &later) < 0)
            later.code = SW_OK; /* told when that one is wanted */
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

static int read_authenticated(struct vouched_in *self, uint8_t *buf, size_t len, uint64_t off,
                              struct sw_err *err)
{
    size_t from_head = 0;

    for (size_t chunk = off / self->want->chunk_bytes; chunk <= (off + len - 1) / self->want->chunk_bytes;
         chunk++)
        if (ensure(self, chunk, err) < 0)
            return -1;
    if (off < CHUNK_PIECE_BYTES) {
        from_head = (size_t)sw_min_u64(len, CHUNK_PIECE_BYTES - off);
        memcpy(buf, self->head + off, from_head);
    }
    return from_head < len ? sw_in_read(self->file, buf + from_head, len - from_head, off + from_head, err)
                           : 0;
}

/* The slot that has the chunk or shall get it; NULL while there is none. The lock is held. */
static struct slot *find_slot(struct vouched_in *self, size_t chunk)
{
    struct slot *free_one = NULL;

    for (size_t i = 0; i < NR_SLOTS; i++) {
        struct slot *slot = &self->slots[i];

        if (slot->state != CHUNK_UNKNOWN && slot->chunk == chunk)
            return slot;
        if (slot->users == 0 && (free_one == NULL || slot->used_at < free_one->used_at))
            free_one = slot;
    }
    return free_one;
}

/* Called with the lock, which it gives up meanwhile. */
static int load_slot(struct vouched_in *self, struct slot *slot, size_t chunk, struct sw_err *err)
{
    int rc = 0;

    slot->state = CHUNK_BUSY;
    slot->chunk = chunk;
    pthread_mutex_unlock(&self->lock);
    if (slot->bytes == NULL)
        slot->bytes = sw_calloc(1, (size_t)sw_min_u64(self->want->chunk_bytes, self->want->bytes), err);
    if (slot->bytes == NULL || compare(self, chunk, &(struct chunk_room){.all = slot->bytes}, err) < 0)
        rc = -1;
    pthread_mutex_lock(&self->lock);
    slot->state = rc == 0 ? CHUNK_RIGHT : CHUNK_UNKNOWN;
    pthread_cond_broadcast(&self->changed);
    return rc;
}

/* A slot that holds the chunk and stays until it is given back; NULL and err on failure. */
static struct slot *take_slot(struct vouched_in *self, size_t chunk, struct sw_err *err)
{
    struct slot *slot;
    int rc = 0;

    pthread_mutex_lock(&self->lock);
    for (;;) {
        slot = find_slot(self, chunk);
        if (slot != NULL && slot->state == CHUNK_RIGHT && slot->chunk == chunk)
            break;
        if (slot == NULL || slot->state == CHUNK_BUSY) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        slot->users = 1; /* nobody else's meanwhile */
        rc = load_slot(self, slot, chunk, err);
        slot->users = 0;
        if (rc < 0)
            break;
    }
    if (rc == 0) {
        slot->users++;
        slot->used_at = ++self->clock;
    }
    pthread_mutex_unlock(&self->lock);
    return rc == 0 ? slot : NULL;
}

static void give_slot(struct vouched_in *self, struct slot *slot)
{
    pthread_mutex_lock(&self->lock);
    slot->users--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static int read_held(struct vouched_in *self, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    while (len > 0) {
        size_t chunk = off / self->want->chunk_bytes, within = off % self->want->chunk_bytes;
        size_t n = (size_t)sw_min_u64(len, chunk_len(self->want, chunk) - within);
        struct slot *slot = take_slot(self, chunk, err);

        if (slot == NULL)
            return -1;
        memcpy(buf, slot->bytes + within, n);
        give_slot(self, slot);
        buf += n;
        off += n;
        len -= n;
    }
    return 0;
}

static int vouched_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct vouched_in *self = (struct vouched_in *)in;

    if (len == 0)
        return 0;
    return self->authenticated ? read_authenticated(self, buf, len, off, err)
                               : read_held(self, buf, len, off, err);
}

static void vouched_close(struct sw_in *in)
{
    struct vouched_in *self = (struct vouched_in *)in;

    for (size_t i = 0; i < NR_SLOTS; i++)
        free(self->slots[i].bytes);
    sw_in_close(self->file);
    sw_manifest_free(self->manifest);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->changed);
    free(self->states);
    free(self->head);
    free(self);
}

static const struct sw_in_ops vouched_ops = {.pread = vouched_pread, .close = vouched_close};

/* The manifest's place beside the file: its own, or that of its folder. */
static char *find_manifest(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *own = sw_manifest_path(path, err);
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);
    SW_AUTO_FREE char *common = dir != NULL ? sw_path_join(dir, "manifest.json", err) : NULL;

    if (own == NULL || common == NULL)
        return NULL;
    if (sw_path_exists(own))
        return SW_STEAL_PTR(own);
    if (sw_path_exists(common))
        return SW_STEAL_PTR(common);
    sw_fail(err, SW_INTEGRITY,
            "'%s' is not vouched for, and a trusted signature is demanded: neither '%s' nor '%s' is there",
            path, own, common);
    return NULL;
}

/* By name; a manifest that was named may list the file, its only one, by another. */
static const struct sw_manifest_file *find_file(const struct sw_manifest *manifest, const char *path,
                                                bool named, struct sw_err *err)
{
    const char *name = sw_path_base(path);

    for (size_t i = 0; i < manifest->nr_files; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return &manifest->files[i];
    if (named && manifest->nr_files == 1)
        return &manifest->files[0];
    sw_fail(err, SW_INTEGRITY, "'%s' does not vouch for '%s': it does not list it", manifest->path, path);
    return NULL;
}

static void say(const struct sw_manifest *manifest, const char *path)
{
    bool build = manifest->recipe != NULL && manifest->version != NULL;

    sw_log(SW_LOG_INFO, "'%s': signed by %s, made %s%s%s%s%s", path, manifest->signer, manifest->created,
           build ? ", recipe " : "", build ? manifest->recipe : "", build ? " " : "",
           build ? manifest->version : "");
}

static int make_room(struct vouched_in *self, struct sw_err *err)
{
    if (!self->authenticated)
        return 0;
    self->states = sw_calloc(self->want->nr_chunks + 1, 1, err);
    self->head = sw_calloc(1, CHUNK_PIECE_BYTES, err);
    return self->states != NULL && self->head != NULL ? 0 : -1;
}

/* Takes over both. */
static struct sw_in *vouched_new(struct sw_in *file, struct sw_manifest *manifest,
                                 const struct sw_digests *want, bool authenticated, struct sw_err *err)
{
    struct vouched_in *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL) {
        sw_in_close(file);
        sw_manifest_free(manifest);
        return NULL;
    }
    self->base = (struct sw_in){
        .ops = &vouched_ops, .size_bytes = want->bytes, .fd = -1, .name = file->name, .under = file};
    self->file = file;
    self->manifest = manifest;
    self->want = want;
    self->authenticated = authenticated;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    if (make_room(self, err) < 0) {
        vouched_close(&self->base);
        return NULL;
    }
    return &self->base;
}

int sw_vouched_open(const struct sw_opener *opener, const char *path, struct sw_in **out, struct sw_err *err)
{
    const struct sw_vouching *how = (const struct sw_vouching *)opener;
    SW_AUTO_MANIFEST struct sw_manifest *manifest = NULL;
    SW_AUTO_IN struct sw_in *file = NULL;
    SW_AUTO_FREE char *found = NULL;
    const struct sw_manifest_file *listed;

    if (sw_in_open_file(path, &file, err) < 0)
        return -1;
    if (how->trust == NULL) {
        *out = SW_STEAL_PTR(file);
        return 0;
    }
    if (how->manifest == NULL && (found = find_manifest(path, err)) == NULL)
        return -1;
    if (sw_manifest_open(how->manifest != NULL ? how->manifest : found, how->trust, &manifest, err) < 0)
        return sw_context(err, "'%s' is not vouched for", path);
    listed = find_file(manifest, path, how->manifest != NULL, err);
    if (listed == NULL)
        return -1;
    if (file->size_bytes != listed->digests.bytes)
        return sw_fail(err, SW_INTEGRITY, "'%s' has %" PRIu64 " bytes; '%s' vouches for %" PRIu64, path,
                       file->size_bytes, manifest->path, listed->digests.bytes);
    say(manifest, path);
    *out = vouched_new(SW_STEAL_PTR(file), SW_STEAL_PTR(manifest), &listed->digests, how->authenticated, err);
    return *out != NULL ? 0 : -1;
}
