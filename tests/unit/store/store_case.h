/* What the store's tests share: a fresh store, files with known bytes, blobs of a few bytes. */
#ifndef TESTS_UNIT_STORE_CASE_H
#define TESTS_UNIT_STORE_CASE_H

#include "tests/unit/files.h"

#include "src/store/internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Test set-up: an empty store "store" in the working folder. */
static inline struct sw_store *fresh_store(void)
{
    struct sw_err err = {0};
    struct sw_store *store = NULL;

    assert_ok(sw_remove_tree("store", &err), err);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    return store;
}

static inline void write_text(const char *path, const char *text)
{
    struct sw_err err = {0};

    assert_ok(sw_write_file(path, text, strlen(text), 0644, &err), err);
}

/* A blob that is no layer; enough wherever only its presence counts. */
static inline struct sw_layer small_blob(struct sw_store *store, const char *text)
{
    struct sw_err err = {0};
    struct sw_layer layer = {.size_bytes = strlen(text), .virtual_bytes = 1 << 20};

    assert_ok(store_blob_put(store, text, layer.digest, &err), err);
    return layer;
}

/* "store/blobs/sha256/<hex>", until the next call. */
static inline const char *blob_file(const char *hex)
{
    static char path[256];

    snprintf(path, sizeof(path), "store/" STORE_BLOBS "/%s", hex);
    return path;
}

#endif
