/* Versions, patterns of versions, and the ARNs that hold them. */
#include "src/recipe/recipe.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool sw_version_parse(const char *text, uint32_t out[3])
{
    for (int i = 0; i < 3; i++) {
        uint32_t value = 0;

        if (!isdigit((unsigned char)*text))
            return false;
        for (; isdigit((unsigned char)*text); text++) {
            value = value * 10 + (uint32_t)(*text - '0');
            if (value >= UINT32_C(1) << 30)
                return false;
        }
        if (*text != (i < 2 ? '.' : '\0'))
            return false;
        text++;
        if (out != NULL)
            out[i] = value;
    }
    return true;
}

bool sw_is_version(const char *text)
{
    return sw_version_parse(text, NULL);
}

bool sw_version_pattern(const char *text)
{
    static const char *const wild[] = {"x.x.x", ".x.x", ".x"};
    char plain[64];
    size_t len = strlen(text);

    if (sw_version_parse(text, NULL) || strcmp(text, wild[0]) == 0)
        return true;
    for (size_t i = 1; i < SW_ARRAY_LEN(wild); i++) {
        size_t tail = strlen(wild[i]);

        if (len > tail && len < 48 && strcmp(text + len - tail, wild[i]) == 0) {
            memcpy(plain, text, len - tail);
            memcpy(plain + len - tail, i == 1 ? ".0.0" : ".0", i == 1 ? 5 : 3);
            if (sw_version_parse(plain, NULL))
                return true;
        }
    }
    return false;
}

bool sw_version_fits(const char *pattern, const char *version)
{
    size_t fixed = strcspn(pattern, "x");

    return pattern[fixed] == 'x' ? strncmp(pattern, version, fixed) == 0 : strcmp(pattern, version) == 0;
}

bool sw_version_overlaps(const char *a, const char *b)
{
    size_t fixed_a = strcspn(a, "x"), fixed_b = strcspn(b, "x");
    size_t fixed = fixed_a < fixed_b ? fixed_a : fixed_b;

    return strncmp(a, b, fixed) == 0;
}

bool sw_version_newer(const uint32_t a[3], const uint32_t b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] > b[i];
    return false;
}

/* Copies text up to stop into out; moves *text behind it. False when it is empty or too long. */
static bool take_part(const char **text, char stop, char *out, size_t size)
{
    const char *end = strchr(*text, stop);
    size_t len = end != NULL ? (size_t)(end - *text) : 0;

    if (len == 0 || len >= size)
        return false;
    memcpy(out, *text, len);
    out[len] = '\0';
    *text = end + 1;
    return true;
}

bool sw_arn_parse(const char *text, const char *kind, struct sw_arn *arn)
{
    char part[64];
    const char *slash;

    *arn = (struct sw_arn){.name = ""};
    if (!take_part(&text, ':', part, sizeof(part)) || strcmp(part, "arn") != 0 ||
        !take_part(&text, ':', part, sizeof(part)) || strncmp(part, "aws", 3) != 0 ||
        !take_part(&text, ':', part, sizeof(part)) || strcmp(part, "imagebuilder") != 0 ||
        !take_part(&text, ':', arn->region, sizeof(arn->region)) ||
        !take_part(&text, ':', arn->owner, sizeof(arn->owner)) ||
        !take_part(&text, '/', part, sizeof(part)) || strcmp(part, kind) != 0 ||
        !take_part(&text, '/', arn->name, sizeof(arn->name)))
        return false;
    if (arn->name[strspn(arn->name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] != '\0')
        return false;
    slash = strchr(text, '/');
    if (slash != NULL) {
        if (slash[1] == '\0' || slash[1 + strspn(slash + 1, "0123456789")] != '\0' || strlen(slash + 1) > 15)
            return false;
        snprintf(arn->build, sizeof(arn->build), "%s", slash + 1);
    }
    snprintf(arn->version, sizeof(arn->version), "%.*s", (int)(slash != NULL ? slash - text : 47), text);
    return sw_version_pattern(arn->version);
}
