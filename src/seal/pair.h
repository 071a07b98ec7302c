/* X.sealed and X.keys, which take their places together: no key is lost to a kill or a failure in between. */
#ifndef SW_SEAL_PAIR_H
#define SW_SEAL_PAIR_H

#include "src/seal/sidecar.h"

/*
 * Two renames are not one. What undoes the first lies in .X.keys.before meanwhile: the sidecar that is replaced, or the
 * artifact id of the new one where there was none. It is locked while a process is at it; whoever seals to X later, and
 * finds it unlocked, first makes the pair what it was before, or keeps it when it is whole.
 */
struct seal_pair;

/*
 * The names of path and of its sidecar, after what a killed run left was mended. SW_USAGE when the sidecar's name has a
 * file that is not the sidecar of what lies at path: nobody named it to be replaced, and it may be the only key of
 * something else. SW_REFUSED while another process puts this pair in its place.
 */
SW_MUST_CHECK int seal_pair_new(const char *path, struct seal_pair **out, struct sw_err *err);
void seal_pair_free(struct seal_pair *pair);

/* Before the sidecar of this artifact is committed. The rules of seal_pair_new hold again. */
SW_MUST_CHECK int seal_pair_begin(struct seal_pair *pair, const char *artifact, struct sw_err *err);
/* After the sealed file was committed, or something failed: keeps the new pair when it is there, else the old one. */
void seal_pair_end(struct seal_pair *pair);

/* Where the sidecar of path lies: beside it or, after a kill between the two renames, aside. Free it. */
SW_MUST_CHECK char *seal_pair_find_sidecar(const char *path, struct sw_err *err);

#endif
