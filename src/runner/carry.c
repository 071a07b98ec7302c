/* Copies and moves of several names of one folder into another, in one request. */
#include "src/runner/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* In fresh memory; NULL when there is none. */
static char *join(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path != NULL)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

static int carry_one(const char *from, const char *to, const char *name, uint32_t flags)
{
    char *source = join(from, name), *target = join(to, name);
    int rc = -1;

    if (source == NULL || target == NULL)
        errno = ENOMEM;
    else if ((flags & RUNNER_PUT_MOVE) != 0)
        rc = move_path(source, target, flags);
    else
        rc = copy_path(source, target, flags);
    if (rc < 0)
        fault_beneath(name);
    free(source);
    free(target);
    return rc;
}

int carry_names(const char *from, const char *to, uint32_t flags, struct request *request)
{
    while (request->in.at < request->in.end) {
        char *name = request_text(request, RUNNER_PATH_MAX);
        int rc = -1;

        /* A name is one step down, never up and never further. */
        if (name == NULL || strchr(name, '/') != NULL || name[0] == '\0' || strcmp(name, "..") == 0)
            errno = EINVAL;
        else if (still_there() == 0)
            rc = carry_one(from, to, name, flags);
        else
            fault_beneath(name);
        free(name);
        if (rc < 0)
            return -1;
    }
    return 0;
}
