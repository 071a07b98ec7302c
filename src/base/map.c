/* Windows of files, and what becomes of a page of one that cannot be read. */
#include "src/base/map.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* A fault is of the thread that touched the page, and is handled in it. */
static _Thread_local struct sw_map *volatile window;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of putting the handler there */
static struct sigaction before;
static size_t page_bytes;

/* Zeros take the place of the page, so that whoever reads it goes on. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    struct sw_map *map = window;
    uintptr_t at = (uintptr_t)info->si_addr & ~(uintptr_t)(page_bytes - 1);
    int saved = errno;

    (void)number;
    (void)context;
    if (map != NULL && at >= (uintptr_t)map->pages && at < (uintptr_t)map->pages + map->pages_len &&
        mmap((void *)at, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
        map->unreadable = true;
    else
        (void)sigaction(SIGBUS, &before, NULL); /* nothing of ours: it happens once more, without us */
    errno = saved;
}

static void find_page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);

    page_bytes = bytes > 0 ? (size_t)bytes : 0;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_fault;
}

/* Looked at for each window: a library may have put its own there since. */
static bool guard(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_RESTART}, is;
    bool good;

    if (sigaction(SIGBUS, NULL, &is) == 0 && is_ours(&is))
        return true;
    sigemptyset(&action.sa_mask);
    pthread_mutex_lock(&lock);
    good = sigaction(SIGBUS, &action, &is) == 0;
    if (good && !is_ours(&is))
        before = is;
    pthread_mutex_unlock(&lock);
    return good;
}

int sw_map_begin(struct sw_map *map, const struct sw_in *in, uint64_t off, size_t len)
{
    size_t front;

    *map = (struct sw_map){.len = len};
    if (!sw_in_is_file(in) || off > in->size_bytes || len > in->size_bytes - off || len == 0 ||
        pthread_once(&once, find_page_bytes) != 0 || page_bytes == 0 || !guard())
        return -1;
    front = (size_t)(off % page_bytes);
    map->pages_len = front + len;
    map->pages =
        mmap(NULL, map->pages_len, PROT_READ, MAP_SHARED | MAP_POPULATE, in->fd, (off_t)(off - front));
    if (map->pages == MAP_FAILED)
        return -1;
    map->bytes = (const uint8_t *)map->pages + front;
    window = map;
    return 0;
}

int sw_map_end(struct sw_map *map)
{
    window = NULL;
    munmap(map->pages, map->pages_len);
    return map->unreadable ? -1 : 0;
}
