/* What a new image is made with, as the command line says it: -o KEY=VAL,… and its format. */
#include "src/cli/create_arg.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/number.h"

#include <string.h>
#include <strings.h>

static int set_number(const char *key, const char *value, uint64_t max, uint64_t *out, struct sw_err *err)
{
    if (sw_parse_bytes(value, "KMG", out) < 0 || *out == 0 || *out > max)
        return sw_fail(err, SW_USAGE, "-o %s: '%s' is not a number from 1 to %llu", key, value,
                       (unsigned long long)max);
    return 0;
}

static int set_text(const char *key, const char *value, char *to, size_t cap, struct sw_err *err)
{
    if (strlen(value) >= cap)
        return sw_fail(err, SW_USAGE, "-o %s: '%s' is not known", key, value);
    memcpy(to, value, strlen(value) + 1);
    return 0;
}

/* What only a format that describes a machine takes. Returns 1 when the key is none of these. */
static int apply_machine(struct create_arg *arg, const char *key, const char *value, struct sw_err *err)
{
    uint64_t number = 0;

    if (strcmp(key, "manifest") == 0) {
        arg->create.manifest = arg->manifest;
        return set_text(key, value, arg->manifest, sizeof(arg->manifest), err);
    }
    if (strcmp(key, "cpus") == 0) {
        if (set_number(key, value, 1024, &number, err) < 0)
            return -1;
        arg->create.cpus = (unsigned)number;
        return 0;
    }
    if (strcmp(key, "memory") != 0)
        return 1;
    if (set_number(key, value, UINT64_C(1) << 50, &number, err) < 0)
        return -1;
    if (number % (1 << 20) != 0)
        return sw_fail(err, SW_USAGE, "-o memory: '%s' is no multiple of 1M", value);
    arg->create.memory_mib = (unsigned)(number >> 20);
    return 0;
}

static int apply_setting(struct create_arg *arg, const char *key, const char *value, struct sw_err *err)
{
    uint64_t number = 0;
    int rc;

    if (strcmp(key, "subformat") == 0) {
        arg->create.subformat = arg->subformat;
        return set_text(key, value, arg->subformat, sizeof(arg->subformat), err);
    }
    if (strcmp(key, "level") == 0) {
        if (set_number(key, value, 99, &number, err) < 0)
            return -1;
        arg->create.level = (int)number;
        return 0;
    }
    if (strcmp(key, "cluster_size") == 0) {
        if (set_number(key, value, UINT32_MAX / 2, &number, err) < 0)
            return -1;
        arg->create.unit_bytes = (uint32_t)number;
        return 0;
    }
    if (strncmp(key, "backing_", 8) == 0)
        return sw_fail(err, SW_USAGE, "-o %s: a parent is given with -B", key);
    rc = apply_machine(arg, key, value, err);
    if (rc > 0)
        return sw_fail(err, SW_USAGE,
                       "-o %s: not known (subformat, level, cluster_size, manifest, cpus, memory)", key);
    return rc;
}

int create_arg_parse(const struct opt_list *list, struct create_arg *arg, struct sw_err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        SW_AUTO_FREE char *copy = sw_strdup(list->items[i], err);
        char *rest = copy, *word;

        if (copy == NULL)
            return -1;
        while ((word = strsep(&rest, ",")) != NULL) {
            char *value = strchr(word, '=');

            if (value == NULL)
                return sw_fail(err, SW_USAGE, "-o: '%s' is not KEY=VALUE", word);
            *value++ = '\0';
            if (apply_setting(arg, word, value, err) < 0)
                return -1;
        }
    }
    return 0;
}

/* Of disk.vmdk.sealed it is vmdk. */
static const struct sw_format *format_by_ending(const char *path)
{
    static const char sealed[] = ".sealed";
    const char *dot = strrchr(path, '.');
    size_t len = dot != NULL ? strlen(dot + 1) : 0;

    if (dot != NULL && strcmp(dot, sealed) == 0)
        for (len = 0; dot > path && *--dot != '.';)
            len++;
    if (dot == NULL || *dot != '.' || strchr(dot, '/') != NULL)
        return NULL;
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++)
        for (const char *const *end = (*at)->extensions; end != NULL && *end != NULL; end++)
            if (strlen(*end) == len && strncasecmp(*end, dot + 1, len) == 0)
                return *at;
    return NULL;
}

int create_arg_format(const char *named, const char *path, const struct sw_format **out, struct sw_err *err)
{
    *out = named != NULL ? sw_format_by_name(named) : format_by_ending(path);
    if (*out != NULL)
        return 0;
    if (named != NULL)
        return sw_fail(err, SW_USAGE, "-O: format '%s' is not known", named);
    return sw_fail(err, SW_USAGE, "the name '%s' does not tell a format: give -O FORMAT", path);
}
