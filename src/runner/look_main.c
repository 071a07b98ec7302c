/* A look: what it is told to do, line by line. */
#include "src/runner/look_private.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20, SECONDS_MAX = 900 };

static int add_want(struct look *look, const char *glob, const char *bytes)
{
    uint64_t max = strtoull(bytes, NULL, 10);

    if (look->nr_wants == LOOK_WANTS_MAX)
        return -1;
    look->wants[look->nr_wants++] =
        (struct look_want){.glob = glob, .bytes = max < LOOK_FILE_MAX ? max : LOOK_FILE_MAX};
    return 0;
}

static void place(const struct look *look, const char *folder, char out[PATH_MAX])
{
    if (folder[0] == '/')
        snprintf(out, PATH_MAX, "%s", folder);
    else
        snprintf(out, PATH_MAX, "%.2000s/%.2000s", look->dir, folder);
}

static int do_line(struct look *look, const char *verb, const char *first, const char *second)
{
    char folder[PATH_MAX];

    if (strcmp(verb, "devices") == 0)
        return look_devices(look, (unsigned)strtoul(first, NULL, 10));
    if (strcmp(verb, "mount") == 0)
        return look_mount(look, first, second) == 0 || errno == EBUSY ? 0 : -1;
    if (strcmp(verb, "want") == 0)
        return add_want(look, first, second);
    if (strcmp(verb, "walk") == 0)
        return look_walk(look);
    if (strcmp(verb, "skip") == 0 && look->nr_skips < LOOK_SKIPS_MAX) {
        look->skips[look->nr_skips++] = first;
        return 0;
    }
    place(look, first, folder);
    if (strcmp(verb, "bind") == 0)
        return look_bind(look, folder, second);
    if (strcmp(verb, "root") != 0)
        return -1;
    look->group = (uint32_t)strtoul(second, NULL, 10);
    look->nr_points = 0;
    memcpy(look->root, folder, sizeof(folder));
    return 0;
}

static int do_lines(struct look *look, char *text)
{
    char *rest = text;

    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        const char *verb = strsep(&line, "\t"), *first = strsep(&line, "\t"), *second = strsep(&line, "\t");

        if (verb[0] == '\0')
            continue;
        if (do_line(look, verb, first != NULL ? first : "", second != NULL ? second : "") < 0) {
            fprintf(stderr, "slipway-runner: %s %s: %s\n", verb, first != NULL ? first : "", strerror(errno));
            return -1;
        }
    }
    return 0;
}

static char *read_text(const char *path)
{
    FILE *in = fopen(path, "re");
    char *text = calloc(1, TEXT_MAX);
    size_t n = in != NULL && text != NULL ? fread(text, 1, TEXT_MAX, in) : 0;

    if (in != NULL)
        fclose(in);
    if (n > 0 && n < TEXT_MAX)
        return text;
    free(text);
    return NULL;
}

/* What is mounted for the look is nobody else's, and gone at its end. */
int look_main(const char *in, const char *out, const char *dir)
{
    static const struct look_record end = {.kind = LOOK_END, .path = "", .link = ""};
    static struct look look;
    char *text = read_text(in);
    int rc;

    look.out = text != NULL ? fopen(out, "w+e") : NULL;
    if (look.out == NULL || strlen(dir) >= sizeof(look.dir)) {
        fprintf(stderr, "slipway-runner: %s or %s: %s\n", in, out, strerror(errno));
        free(text);
        return 1;
    }
    memcpy(look.dir, dir, strlen(dir) + 1);
    alarm(SECONDS_MAX);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        (mkdir(dir, 0700) < 0 && errno != EEXIST)) {
        fprintf(stderr, "slipway-runner: cannot make a namespace: %s\n", strerror(errno));
        free(text);
        return 1;
    }
    rc = do_lines(&look, text);
    free(text);
    if (rc == 0 && look_emit(&look, &end) < 0)
        rc = -1;
    return fclose(look.out) == 0 && rc == 0 ? 0 : 1;
}
