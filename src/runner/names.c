/* Users and groups of the image, from its own files: a static program has no name service. */
#include "src/runner/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 64 << 10 };

static int parse_number(const char *text, uint32_t *out)
{
    char *end;
    unsigned long value;

    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value >= UINT32_MAX)
        return -1;
    *out = (uint32_t)value;
    return 0;
}

/* Splits at colons in place; returns the number of fields. */
static size_t split(char *line, char *fields[], size_t max)
{
    size_t n = 0;
    char *rest = line;

    line[strcspn(line, "\n")] = '\0';
    while (rest != NULL && n < max)
        fields[n++] = strsep(&rest, ":");
    return n;
}

/* Finds the line whose field `key` is name; *second gets field 2, *third field 3 (0 when there is none). */
static int find_line(const char *path, size_t key, const char *name, uint32_t *second, uint32_t *third)
{
    FILE *file = fopen(path, "re");
    char *line = file != NULL ? malloc(LINE_BYTES) : NULL;
    int found = -1;

    while (line != NULL && found < 0 && fgets(line, LINE_BYTES, file) != NULL) {
        char *fields[5];
        size_t n = split(line, fields, 5);

        if (n < 4 || strcmp(fields[key], name) != 0 || parse_number(fields[2], second) < 0)
            continue;
        if (parse_number(fields[3], third) < 0)
            *third = 0;
        found = 0;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return found;
}

int find_user(const char *name, uid_t *uid, gid_t *gid)
{
    uint32_t id = 0, group = 0;
    int named = find_line("/etc/passwd", 0, name, &id, &group);

    if (named < 0) {
        if (parse_number(name, &id) < 0)
            return -1;
        /* A number's group is that of the user who has it, if anybody has. */
        if (find_line("/etc/passwd", 2, name, &id, &group) < 0)
            group = id;
    }
    *uid = id;
    *gid = group;
    return 0;
}

int find_group(const char *name, gid_t *gid)
{
    uint32_t id = 0, unused;

    if (find_line("/etc/group", 0, name, &id, &unused) < 0 && parse_number(name, &id) < 0)
        return -1;
    *gid = id;
    return 0;
}
