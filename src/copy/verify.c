/* A source that keeps digests of its bytes is read against them beside the copy. */
#include "src/copy/verify.h"

static void *verify_run(void *arg)
{
    struct verify *verify = arg;

    verify->rc = sw_image_verify(verify->src, NULL, &verify->stop, &verify->err);
    return NULL;
}

int verify_begin(struct verify *verify, struct sw_image *src, unsigned jobs, struct sw_err *err)
{
    verify->src = src;
    if (src->format->verify == NULL)
        return 0;
    if (jobs > 1 && pthread_create(&verify->thread, NULL, verify_run, verify) == 0) {
        verify->running = true;
        return 0;
    }
    return sw_image_verify(src, NULL, NULL, err);
}

int verify_end(struct verify *verify, int rc, struct sw_err *err)
{
    if (!verify->running)
        return rc;
    if (rc < 0 && err->code != SW_INTEGRITY)
        atomic_store(&verify->stop, true);
    pthread_join(verify->thread, NULL);
    verify->running = false;
    if (verify->rc == 0 || (rc < 0 && verify->err.code != SW_INTEGRITY))
        return rc;
    *err = verify->err;
    return -1;
}
