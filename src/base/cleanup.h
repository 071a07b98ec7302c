/* Cleanup attributes: acquire on the spot, release by leaving the scope, hand over with SW_STEAL_*. */
#ifndef SW_BASE_CLEANUP_H
#define SW_BASE_CLEANUP_H

#include "slipway/cleanup.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void sw_free_auto(void *pointer)
{
    free(*(void **)pointer);
}

static inline void sw_close_auto(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void sw_unlock_auto(pthread_mutex_t **mutex)
{
    if (*mutex != NULL)
        pthread_mutex_unlock(*mutex);
}

SW_DEFINE_AUTO(sw_file, FILE, fclose)
SW_DEFINE_AUTO(sw_dir, DIR, closedir)

#define SW_AUTO_FREE   SW_CLEANUP(sw_free_auto)
#define SW_AUTO_CLOSE  SW_CLEANUP(sw_close_auto)
#define SW_AUTO_UNLOCK SW_CLEANUP(sw_unlock_auto)
#define SW_AUTO_FILE   SW_CLEANUP(sw_file_auto)
#define SW_AUTO_DIR    SW_CLEANUP(sw_dir_auto)

/* The value, leaving NULL (or -1) behind: the scope no longer owns it. */
#define SW_STEAL_PTR(p)               \
    __extension__({                   \
        __typeof__(p) sw_stolen_ = p; \
        (p) = NULL;                   \
        sw_stolen_;                   \
    })

#define SW_STEAL_FD(fd)        \
    __extension__({            \
        int sw_stolen_ = (fd); \
        (fd) = -1;             \
        sw_stolen_;            \
    })

#define SW_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
