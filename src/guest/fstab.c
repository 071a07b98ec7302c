/* The guest's fstab. */
#include "src/guest/fstab.h"

#include "src/base/cleanup.h"

#include <ctype.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; octal escapes (\040) stand for the characters that part words. */
static bool next_word(const char **at, const char *end, char *out, size_t out_len)
{
    size_t n = 0;

    while (*at < end && !is_blank(**at)) {
        char c = *(*at)++;

        if (c == '\\' && end - *at >= 3 && (*at)[0] >= '0' && (*at)[0] <= '1' &&
            isdigit((unsigned char)(*at)[1]) && isdigit((unsigned char)(*at)[2])) {
            c = (char)(((*at)[0] - '0') * 64 + ((*at)[1] - '0') * 8 + ((*at)[2] - '0'));
            *at += 3;
        }
        if (n + 1 >= out_len || c == '\0')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

bool fstab_split(const char *at, const char *end, struct fstab_fields *out)
{
    char more[FSTAB_FIELD_BYTES];

    *out = (struct fstab_fields){.n = 0};
    for (;;) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end || out->n == 6 || (out->n == 0 && *at == '#'))
            return true;
        if (!next_word(&at, end, out->n < 4 ? out->words[out->n] : more, FSTAB_FIELD_BYTES))
            return false;
        out->n++;
    }
}

bool fstab_has_option(const char *options, const char *wanted)
{
    size_t len = strlen(wanted);

    for (const char *at = options; at != NULL && *at != '\0';) {
        if (strncmp(at, wanted, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
        at = strchr(at, ',');
        if (at != NULL)
            at++;
    }
    return false;
}

static bool is_disk_type(const char *type)
{
    static const char *const types[] = {"ext2", "ext3",  "ext4", "xfs", "btrfs",
                                        "vfat", "msdos", "f2fs", "auto"};

    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

bool fstab_is_point(const char *point)
{
    if (point[0] != '/' || point[1] == '\0')
        return false;
    for (const char *at = point; at != NULL; at = strchr(at, '/')) {
        at++;
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    }
    return true;
}

static bool parse_line(const char *at, const char *end, struct fstab_line *line)
{
    struct fstab_fields fields;
    const char *options;

    if (!fstab_split(at, end, &fields) || fields.n < 3)
        return false;
    options = fields.words[3];
    /* A bind mount or a subvolume other than the default is not a file system to find by its name. */
    if (fstab_has_option(options, "noauto") || fstab_has_option(options, "_netdev") ||
        fstab_has_option(options, "bind") || strstr(options, "subvol") != NULL)
        return false;
    memcpy(line->spec, fields.words[0], sizeof(line->spec));
    memcpy(line->point, fields.words[1], sizeof(line->point));
    return is_disk_type(fields.words[2]) && fstab_is_point(line->point);
}

/* Shorter mount points first: "/var" before "/var/log". Stable. */
static void insert(struct fstab *fstab, const struct fstab_line *line)
{
    size_t at = fstab->n;

    for (size_t i = 0; i < fstab->n; i++)
        if (strcmp(fstab->lines[i].point, line->point) == 0)
            return;
    while (at > 0 && strlen(fstab->lines[at - 1].point) > strlen(line->point)) {
        fstab->lines[at] = fstab->lines[at - 1];
        at--;
    }
    fstab->lines[at] = *line;
    fstab->n++;
}

void fstab_parse(const char *text, size_t len, struct fstab *out)
{
    const char *at = text, *end = text + len;

    out->n = 0;
    while (at < end && out->n < FSTAB_MAX) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct fstab_line line;

        if (stop == NULL)
            stop = end;
        if (parse_line(at, stop, &line))
            insert(out, &line);
        at = stop + 1;
    }
}
