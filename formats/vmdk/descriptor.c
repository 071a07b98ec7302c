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

/* Cuts off the first word of *rest: up to white space, or what stands in quotes. NULL when nothing or half is there. */
static char *next_word(char **rest)
{
    char *word = *rest, *end;

    while (isspace((unsigned char)*word))
        word++;
    if (*word == '"') {
        end = strchr(++word, '"');
        if (end == NULL || (end[1] != '\0' && !isspace((unsigned char)end[1])))
            return NULL;
    } else {
        end = word + strcspn(word, " \t\r\v\f\"");
        if (end == word || *end == '"')
            return NULL;
    }
    *rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool more_words(const char *rest)
{
    return rest[strspn(rest, " \t\r\v\f")] != '\0';
}

static int parse_sectors(const char *text, uint64_t *out)
{
    char *end;
    int64_t number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < 0)
        return -1;
    *out = (uint64_t)number;
    return 0;
}

/* ACCESS SECTORS TYPE ["name" [OFFSET …]] */
static int parse_extent(char *rest, struct vmdk_line *line)
{
    const char *access = next_word(&rest), *sectors, *offset;

    line->no_access = access != NULL && strcasecmp(access, "NOACCESS") == 0;
    sectors = access != NULL ? next_word(&rest) : NULL;
    line->type = sectors != NULL ? next_word(&rest) : NULL;
    if (line->type == NULL || parse_sectors(sectors, &line->sectors) < 0 || line->sectors == 0)
        return -1;
    if (!more_words(rest))
        return 0;
    line->name = next_word(&rest);
    if (line->name == NULL)
        return -1;
    if (!more_words(rest))
        return 0;
    offset = next_word(&rest);
    line->has_offset = true;
    return offset != NULL ? parse_sectors(offset, &line->offset) : -1;
}

/* Room for one more line; they double. */
static int grow(struct vmdk_descriptor *out, const char *name, struct sw_err *err)
{
    struct vmdk_line *grown;

    if (out->nr_lines == VMDK_LINES_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s': a descriptor of more than %d extents", name, VMDK_LINES_MAX);
    if ((out->nr_lines & (out->nr_lines - 1)) != 0)
        return 0;
    grown = reallocarray(out->lines, out->nr_lines == 0 ? 1 : out->nr_lines * 2, sizeof(*grown));
    if (grown == NULL)
        return sw_fail_errno(err, "no memory for the extents of '%s'", name);
    out->lines = grown;
    return 0;
}

static int take_extent(struct vmdk_descriptor *out, char *line, const char *name, unsigned number,
                       struct sw_err *err)
{
    if (grow(out, name, err) < 0)
        return -1;
    out->lines[out->nr_lines] = (struct vmdk_line){.number = number};
    if (parse_extent(line, &out->lines[out->nr_lines]) < 0)
        return bad_line(name, number, "no extent of the known kinds", err);
    out->nr_lines++;
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
        return take_extent(out, line, name, number, err);
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
    char *rest, *line;

    *out = (struct vmdk_descriptor){.parent_cid = UINT32_MAX, .text = strndup(text, len)};
    if (out->text == NULL)
        return sw_fail_errno(err, "cannot keep the descriptor of '%s'", name);
    rest = out->text;
    for (unsigned number = 1; (line = strsep(&rest, "\n")) != NULL; number++)
        if (take_line(out, line, name, number, err) < 0)
            return -1;
    if (out->create_type[0] == '\0')
        return sw_fail(err, SW_INTEGRITY, "'%s': descriptor without a createType", name);
    return 0;
}

void vmdk_descriptor_free(struct vmdk_descriptor *descriptor)
{
    free(descriptor->lines);
    free(descriptor->text);
    *descriptor = (struct vmdk_descriptor){.nr_lines = 0};
}
