/* Memory that lives as long as a document: blocks of 64 KiB, given out from the front. */
#include "src/recipe/arena.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <stdalign.h>
#include <string.h>

enum { BLOCK_BYTES = 64 << 10 };

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct sw_arena {
    struct block *blocks;
};

struct sw_arena *sw_arena_new(struct sw_err *err)
{
    return sw_calloc(1, sizeof(struct sw_arena), err);
}

void sw_arena_free(struct sw_arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    free(arena);
}

static struct block *add_block(struct sw_arena *arena, size_t want, struct sw_err *err)
{
    size_t size = want > BLOCK_BYTES ? want : BLOCK_BYTES;
    struct block *block;
    size_t total;

    if (sw_add_ovf(size, sizeof(*block), &total)) {
        sw_fail(err, SW_FAILED, "out of memory (%zu bytes wanted)", want);
        return NULL;
    }
    block = sw_calloc(1, total, err);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *sw_arena_alloc(struct sw_arena *arena, size_t count, size_t size, struct sw_err *err)
{
    struct block *block = arena->blocks;
    size_t want;
    void *out;

    if (sw_mul_ovf(count, size, &want) || sw_add_ovf(want, alignof(max_align_t), &want)) {
        sw_fail(err, SW_FAILED, "out of memory (%zu times %zu bytes wanted)", count, size);
        return NULL;
    }
    want -= want % alignof(max_align_t);
    if (block == NULL || block->size - block->used < want)
        block = add_block(arena, want, err);
    if (block == NULL)
        return NULL;
    out = block->bytes + block->used;
    block->used += want;
    return out;
}

char *sw_arena_copy(struct sw_arena *arena, const char *text, size_t len, struct sw_err *err)
{
    char *copy = sw_arena_alloc(arena, len + 1, 1, err);

    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

void *sw_arena_grow(struct sw_arena *arena, void *array, size_t n, size_t size, struct sw_err *err)
{
    void *grown;

    /* Full exactly when n is a power of two from 4 up, or nothing was allocated yet. */
    if (array != NULL && (n < 4 || !sw_is_pow2(n)))
        return array;
    grown = sw_arena_alloc(arena, n < 4 ? 4 : 2 * n, size, err);
    if (grown != NULL && array != NULL)
        memcpy(grown, array, n * size);
    return grown;
}
