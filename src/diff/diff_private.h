/* The comparison's parts: each adds what it finds to the result. */
#ifndef SW_DIFF_DIFF_PRIVATE_H
#define SW_DIFF_DIFF_PRIVATE_H

#include "src/diff/side.h"

struct differing {
    const struct sw_diff *ask;
    struct diff_side a, b;
    struct sw_ranges ranges; /* sectors that differ */
    bool ranges_known;
    json_t *out;
};

/* All parts, over sides that were read; then whether that makes a difference. */
SW_MUST_CHECK int diff_compare(struct differing *to, struct sw_err *err);
SW_MUST_CHECK int diff_conclude(json_t *out, struct sw_err *err);

/* {change, NAME: value}, without changes. Takes value. A new reference. */
SW_MUST_CHECK json_t *diff_row(const char *change, const char *name, json_t *value, struct sw_err *err);
/* Adds to a row's changes; takes both; NULL stands for JSON's null. */
SW_MUST_CHECK int diff_change(json_t *row, const char *what, json_t *from, json_t *to, struct sw_err *err);
/* Appends to a list of the result; takes the row. */
SW_MUST_CHECK int diff_add(struct differing *to, const char *list, json_t *row, struct sw_err *err);
SW_MUST_CHECK int diff_not_compared(struct differing *to, const char *where, const char *why,
                                    struct sw_err *err);
json_t *diff_text(const char *text);

/* Partitions and what lies outside of file systems. */
SW_MUST_CHECK int diff_disks(struct differing *to, struct sw_err *err);
/* Every file. */
SW_MUST_CHECK int diff_files(struct differing *to, struct sw_err *err);
/* What files say: packages, units, users and groups, and the registry; called once the files are compared. */
SW_MUST_CHECK int diff_packages(struct differing *to, struct sw_err *err);
SW_MUST_CHECK int diff_units(struct differing *to, struct sw_err *err);
SW_MUST_CHECK int diff_accounts(struct differing *to, struct sw_err *err);
SW_MUST_CHECK int diff_registry(struct differing *to, struct sw_err *err);

/* Whether a file of that path is told of as one that differs, or is there on one side alone. */
bool diff_is_changed(const struct differing *to, const char *path);

/*
 * What turns the lines of one text into those of another, as a unified diff without its two heads; "" when nothing does. NULL
 * with err when memory is gone, NULL without when there is too much to compare. Free it.
 */
char *diff_lines(const char *from, size_t from_len, const char *to, size_t to_len, struct sw_err *err);

/*
 * Two objects of objects as rows of a list: what is in one only, or has other members. name: of the member of the row that
 * gets the key.
 */
SW_MUST_CHECK int diff_maps(struct differing *to, const char *list, const char *name, json_t *const maps[2],
                            struct sw_err *err);

#endif
