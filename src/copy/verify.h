/* A source that keeps digests of its bytes is read against them beside the copy. */
#ifndef SW_COPY_VERIFY_H
#define SW_COPY_VERIFY_H

#include "slipway/image.h"

#include <pthread.h>

/* Zero-initialise it. It must not move until verify_end. */
struct verify {
    struct sw_image *src;
    atomic_bool stop;
    bool running; /* in thread */
    pthread_t thread;
    int rc;
    struct sw_err err;
};

/* Begins to verify src; with one job it is done before anything is copied. Fails as verifying does. */
SW_MUST_CHECK int verify_begin(struct verify *verify, struct sw_image *src, unsigned jobs,
                               struct sw_err *err);

/*
 * rc: the copy's own result, with its error in err. Returns the result of both. Where both failed, wrong digests
 * explain damage that the copy met, so that they are what is told.
 */
SW_MUST_CHECK int verify_end(struct verify *verify, int rc, struct sw_err *err);

#endif
