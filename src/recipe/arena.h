/* Memory that lives as long as a document and is freed in one go. */
#ifndef SW_RECIPE_ARENA_H
#define SW_RECIPE_ARENA_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stddef.h>

struct sw_arena;

SW_MUST_CHECK struct sw_arena *sw_arena_new(struct sw_err *err);
void sw_arena_free(struct sw_arena *arena);
SW_DEFINE_AUTO(sw_arena, struct sw_arena, sw_arena_free)
#define SW_AUTO_ARENA SW_CLEANUP(sw_arena_auto)

/* Zeroed, aligned for anything. NULL and err when memory is out. */
SW_MUST_CHECK void *sw_arena_alloc(struct sw_arena *arena, size_t count, size_t size, struct sw_err *err);
/* A copy with a NUL behind it. */
SW_MUST_CHECK char *sw_arena_copy(struct sw_arena *arena, const char *text, size_t len, struct sw_err *err);

/*
 * Room for one more entry in an array of n entries of this size that grows by doubling; returns the array, moved
 * or not. A NULL array is an empty one.
 */
SW_MUST_CHECK void *sw_arena_grow(struct sw_arena *arena, void *array, size_t n, size_t size,
                                  struct sw_err *err);

#endif
