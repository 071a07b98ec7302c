/* Threads: run one function in n of them and wait. */
#include "src/base/pool.h"

#include "slipway/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

struct thread {
    pthread_t id;
    void (*fn)(void *arg, unsigned index);
    void *arg;
    unsigned index;
};

static void *enter(void *arg)
{
    struct thread *thread = arg;

    thread->fn(thread->arg, thread->index);
    return NULL;
}

int sw_threads_run(unsigned n, void (*fn)(void *arg, unsigned index), void *arg, struct sw_err *err)
{
    struct thread threads[SW_JOBS_MAX];
    unsigned started = 0;
    int failed = 0;

    if (n <= 1) {
        fn(arg, 0);
        return 0;
    }
    if (n > SW_JOBS_MAX)
        n = SW_JOBS_MAX;
    for (; started < n; started++) {
        threads[started] = (struct thread){.fn = fn, .arg = arg, .index = started};
        failed = pthread_create(&threads[started].id, NULL, enter, &threads[started]);
        if (failed != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i].id, NULL);
    if (failed != 0) {
        errno = failed;
        return sw_fail_errno(err, "cannot start a thread");
    }
    return 0;
}

unsigned sw_default_jobs(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 1;
    n = CPU_COUNT(&set);
    return n < 1 ? 1 : (unsigned)n;
}
