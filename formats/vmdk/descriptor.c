/* The VMDK descriptor: lines of key=value and of extents. Nothing that it names is ever opened here. */
#include "formats/vmdk/vmdk.h"
#include "src/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool vmdk_is_descriptor(const uint8_t *head, size_t len)
{
    static const char *const starts[] = {"# Disk DescriptorFile", "# Disk Descriptor File"};

    for (size_t i = 0; i < SW_ARRAY_LEN(starts); i++) {
        size_t n = strlen(starts[i]);

        if (len >= n && strncasecmp((const char *)head, starts[i], n) == 0)
            return true;
    }
    return false;
}

/* Drops white space at both ends, in place. */
static char *trim(char *text)
{
    size_t n;

    while (isspace((unsigned char)*text))
        text++;
    for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static char *unquote(char *text)
{
    size_t n = strlen(text);

    if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        text[n - 1] = '\0';
        return text + 1;
    }
    return text;
}

static int bad_line(const char *name, unsigned line, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': descriptor, line %u: %s", name, line, what);
}

static int parse_hex(const char *value, uint32_t *out)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(value, &end, 16);
    if (end == value || *end != '\0' || errno != 0 || number > UINT32_MAX)
        return -1;
    *out = (uint32_t)number;
    return 0;
}

static int copy_text(char *to, size_t cap, const char *value)
{
    size_t n = strlen(value);

    if (n >= cap)
        return -1;
    memcpy(to, value, n + 1);
    return 0;
}

static int take_pair(struct vmdk_descriptor *out, const char *key, const char *value)
{
    if (strcasecmp(key, "CID") == 0)
        return parse_hex(value, &out->cid);
    if (strcasecmp(key, "parentCID") == 0)
        return parse_hex(value, &out->parent_cid);
    if (strcasecmp(key, "createType") == 0)
        return copy_text(out->create_type, sizeof(out->create_type), value);
    if (strcasecmp(key, "parentFileNameHint") == 0)
        return copy_text(out->parent_hint, sizeof(out->parent_hint), value);
    return 0;
}

/* ACCESS SECTORS TYPE …; what follows (a name, an offset) is not looked at: it is never opened. */
static int take_extent(struct vmdk_descriptor *out, const char *line)
{
    char access[16], sectors[24], *end;
    int64_t number;

    if (sscanf(line, "%15s %23s %15s", access, sectors, out->extent_type) != 3)
        return -1;
    errno = 0;
    number = strtoll(sectors, &end, 10);
    if (*end != '\0' || errno != 0 || number <= 0)
        return -1;
    out->extent_sectors = (uint64_t)number;
    out->nr_extents++;
    return 0;
}

static bool is_extent(const char *line)
{
    static const char *const accesses[] = {"RW", "RDONLY", "NOACCESS"};

    for (size_t i = 0; i < SW_ARRAY_LEN(accesses); i++) {
        size_t n = strlen(accesses[i]);

        if (strncasecmp(line, accesses[i], n) == 0 && (line[n] == ' ' || line[n] == '\t'))
            return true;
    }
    return false;
}

static int take_line(struct vmdk_descriptor *out, char *line, const char *name, unsigned number,
                     struct sw_err *err)
{
    char *equals;

    line = trim(line);
    if (*line == '\0' || *line == '#')
        return 0;
    if (is_extent(line))
        return take_extent(out, line) < 0 ? bad_line(name, number, "no extent of the known kinds", err) : 0;
    equals = strchr(line, '=');
    if (equals == NULL)
        return bad_line(name, number, "neither a comment, an extent nor key=value", err);
    *equals = '\0';
    if (take_pair(out, trim(line), unquote(trim(equals + 1))) < 0)
        return bad_line(name, number, "the value is not one that its key can have", err);
    return 0;
}

int vmdk_parse_descriptor(const char *text, size_t len, const char *name, struct vmdk_descriptor *out,
                          struct sw_err *err)
{
    SW_AUTO_FREE char *copy = strndup(text, len);
    char *rest = copy, *line;

    *out = (struct vmdk_descriptor){.parent_cid = UINT32_MAX};
    if (copy == NULL)
        return sw_fail_errno(err, "cannot keep the descriptor of '%s'", name);
    for (unsigned number = 1; (line = strsep(&rest, "\n")) != NULL; number++)
        if (take_line(out, line, name, number, err) < 0)
            return -1;
    if (out->create_type[0] == '\0')
        return sw_fail(err, SW_INTEGRITY, "'%s': descriptor without a createType", name);
    return 0;
}
