/* Component ARNs, and the folder of documents that stands in for the service's catalogue. */
#include "src/recipe/recipe.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char *const suffixes[] = {".yml", ".yaml", ".json"};

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

/* "1.2.3", "1.2.3/4", or x for the last one, two or three of the numbers. */
static bool version_ok(const char *version)
{
    static const char *const wild[] = {"x.x.x", ".x.x", ".x"};
    char plain[64];
    size_t len = strlen(version);

    if (sw_version_parse(version, NULL) || strcmp(version, wild[0]) == 0)
        return true;
    for (size_t i = 1; i < SW_ARRAY_LEN(wild); i++) {
        size_t tail = strlen(wild[i]);

        if (len > tail && len < 48 && strcmp(version + len - tail, wild[i]) == 0) {
            memcpy(plain, version, len - tail);
            memcpy(plain + len - tail, i == 1 ? ".0.0" : ".0", i == 1 ? 5 : 3);
            if (sw_version_parse(plain, NULL))
                return true;
        }
    }
    return false;
}

bool sw_arn_parse(const char *text, struct sw_arn *arn)
{
    char part[64];
    const char *slash;

    if (!take_part(&text, ':', part, sizeof(part)) || strcmp(part, "arn") != 0 ||
        !take_part(&text, ':', part, sizeof(part)) || strncmp(part, "aws", 3) != 0 ||
        !take_part(&text, ':', part, sizeof(part)) || strcmp(part, "imagebuilder") != 0 ||
        !take_part(&text, ':', part, sizeof(part)) || !take_part(&text, ':', part, sizeof(part)) ||
        !take_part(&text, '/', part, sizeof(part)) || strcmp(part, "component") != 0 ||
        !take_part(&text, '/', arn->name, sizeof(arn->name)))
        return false;
    if (arn->name[strspn(arn->name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] != '\0')
        return false;
    slash = strchr(text, '/');
    if (slash != NULL && (slash[1] == '\0' || slash[1 + strspn(slash + 1, "0123456789")] != '\0'))
        return false;
    snprintf(arn->version, sizeof(arn->version), "%.*s", (int)(slash != NULL ? slash - text : 40), text);
    return version_ok(arn->version);
}

/* True when the version fits the pattern, which may end in x nodes. */
static bool version_fits(const char *pattern, const char *version)
{
    size_t fixed = strcspn(pattern, "x");

    return pattern[fixed] == 'x' ? strncmp(pattern, version, fixed) == 0 : strcmp(pattern, version) == 0;
}

static bool is_newer(const uint32_t a[3], const uint32_t b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] > b[i];
    return false;
}

/* The version in a file's name, "1.2.3.yml"; false when it is something else. */
static bool file_version(const char *file, char *version, size_t size, uint32_t numbers[3])
{
    size_t len = strlen(file);

    for (size_t i = 0; i < SW_ARRAY_LEN(suffixes); i++) {
        size_t tail = strlen(suffixes[i]);

        if (len <= tail || len - tail >= size || strcmp(file + len - tail, suffixes[i]) != 0)
            continue;
        memcpy(version, file, len - tail);
        version[len - tail] = '\0';
        return sw_version_parse(version, numbers);
    }
    return false;
}

/* The newest file of the folder that fits; empty when there is none. Of equal versions the first by name wins. */
static int newest(const char *folder, const char *pattern, char *best, size_t size, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    uint32_t best_numbers[3] = {0}, numbers[3];
    char version[48];

    best[0] = '\0';
    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? 0 : sw_fail_errno(err, "cannot open '%s'", folder);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!file_version(entry->d_name, version, sizeof(version), numbers) ||
            !version_fits(pattern, version))
            continue;
        if (best[0] != '\0' && !is_newer(numbers, best_numbers) &&
            (is_newer(best_numbers, numbers) || strcmp(entry->d_name, best) > 0))
            continue;
        snprintf(best, size, "%s", entry->d_name);
        memcpy(best_numbers, numbers, sizeof(numbers));
    }
    return 0;
}

/* components/NAME.yml, for whoever asks for any version. */
static int unversioned(struct sw_recipe_reading *r, const struct sw_arn *arn, const char **path)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(suffixes); i++) {
        SW_AUTO_FREE char *name = sw_strf(r->err, "components/%s%s", arn->name, suffixes[i]);
        const char *candidate = name != NULL ? sw_recipe_path(r, name) : NULL;

        if (candidate == NULL)
            return -1;
        if (sw_path_exists(candidate)) {
            *path = candidate;
            return 0;
        }
    }
    return 0;
}

int sw_catalogue_find(struct sw_recipe_reading *r, const struct sw_arn *arn, const char **path)
{
    SW_AUTO_FREE char *name = sw_strf(r->err, "components/%s", arn->name);
    SW_AUTO_FREE char *file = NULL;
    const char *folder = name != NULL ? sw_recipe_path(r, name) : NULL;
    char best[64];

    *path = NULL;
    if (folder == NULL || newest(folder, arn->version, best, sizeof(best), r->err) < 0)
        return -1;
    if (best[0] == '\0')
        return strcmp(arn->version, "x.x.x") == 0 ? unversioned(r, arn, path) : 0;
    file = sw_strf(r->err, "%s/%s", folder, best);
    *path = file != NULL ? sw_arena_copy(r->doc->arena, file, strlen(file), r->err) : NULL;
    return *path != NULL ? 0 : -1;
}
