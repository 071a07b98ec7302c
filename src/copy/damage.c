/* Lists of what cannot be read: bounded, neighbours of one kind together. */
#include "src/copy/damage.h"

#include "src/base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

bool damage_is_cause(const struct sw_err *err)
{
    return err->code == SW_INTEGRITY || (err->code == SW_FAILED && err->sys != 0 && err->sys != ENOMEM);
}

/* The same text but for its numbers: the cause of one cut table entry is the next one's. */
static bool alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (isxdigit((unsigned char)*a))
            a++;
        while (isxdigit((unsigned char)*b))
            b++;
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
    }
}

static int begin_range(struct sw_damage *list, uint64_t off, uint64_t len, const char *cause,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *last = sw_strdup(cause, err);
    char *own = NULL;

    if (last == NULL)
        return -1;
    if (list->nr_listed < SW_DAMAGE_LISTED_MAX) {
        own = sw_strdup(cause, err);
        if (own == NULL)
            return -1;
        list->listed[list->nr_listed++] = (struct sw_damaged){.off = off, .len = len, .cause = own};
    }
    free(list->last);
    list->last = SW_STEAL_PTR(last);
    list->nr_ranges++;
    return 0;
}

int damage_add(struct sw_damage *list, uint64_t off, uint64_t len, const char *cause, struct sw_err *err)
{
    bool follows = list->nr_ranges > 0 && list->end == off && alike(list->last, cause);

    if (!follows && begin_range(list, off, len, cause, err) < 0)
        return -1;
    if (follows && list->nr_ranges == list->nr_listed)
        list->listed[list->nr_listed - 1].len += len;
    list->bytes += len;
    list->end = off + len;
    return 0;
}

int damage_append(struct sw_damage *list, const struct sw_damage *more, struct sw_err *err)
{
    uint64_t rest = more->bytes;

    for (unsigned i = 0; i < more->nr_listed; i++) {
        const struct sw_damaged *range = &more->listed[i];

        if (damage_add(list, range->off, range->len, range->cause, err) < 0)
            return -1;
        rest -= range->len;
    }
    if (more->nr_ranges == more->nr_listed)
        return 0;
    free(list->last);
    list->last = sw_strdup(more->last, err);
    list->nr_ranges += more->nr_ranges - more->nr_listed;
    list->bytes += rest;
    list->end = more->end;
    return list->last != NULL ? 0 : -1;
}

void sw_damage_free(struct sw_damage *damage)
{
    for (unsigned i = 0; i < damage->nr_listed; i++)
        free(damage->listed[i].cause);
    free(damage->last);
    *damage = (struct sw_damage){.nr_listed = 0};
}
