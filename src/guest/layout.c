/* Which package repositories a medium holds, told by its names. */
#include "src/guest/media.h"

#include <string.h>

/* What a line of sources.list and a value of a .repo file can hold as it is. */
static bool is_plain(const char *text, size_t len)
{
    static const char more[] = "/._+~-@:";

    for (size_t i = 0; i < len; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
                      (text[i] >= '0' && text[i] <= '9');

        if (!letter && memchr(more, text[i], sizeof(more) - 1) == NULL)
            return false;
    }
    return len < 512;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);

    return len >= n && strcmp(name + len - n, end) == 0;
}

static char *copy(const char *text, size_t len, struct sw_err *err)
{
    return sw_strf(err, "%.*s", (int)len, text);
}

/* The repository of this kind and place, made when it is new. NULL and err when memory is out. */
static struct repository *get(struct layout *layout, const struct repository *like, struct sw_err *err)
{
    struct repository *item;

    for (size_t i = 0; i < layout->n; i++) {
        item = &layout->items[i];
        if (item->kind == like->kind && strcmp(item->folder, like->folder) == 0 &&
            (like->suite == NULL || strcmp(item->suite, like->suite) == 0))
            return item;
    }
    if (layout->n == MEDIA_REPOSITORIES_MAX) {
        sw_fail(err, SW_RECIPE, "there are more than %d repositories in it", MEDIA_REPOSITORIES_MAX);
        return NULL;
    }
    item = &layout->items[layout->n];
    *item = (struct repository){.kind = like->kind};
    item->folder = sw_strdup(like->folder, err);
    item->suite = like->suite != NULL ? sw_strdup(like->suite, err) : NULL;
    item->components = sw_strdup("", err);
    layout->n++;
    if (item->folder == NULL || item->components == NULL || (like->suite != NULL && item->suite == NULL))
        return NULL;
    return item;
}

static int add(struct layout *layout, enum repository_kind kind, const char *name, size_t folder_len,
               struct sw_err *err)
{
    SW_AUTO_FREE char *folder = copy(name, folder_len, err);
    const struct repository like = {.kind = kind, .folder = folder};

    if (folder == NULL)
        return -1;
    return is_plain(folder, folder_len) && get(layout, &like, err) == NULL ? -1 : 0;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static int add_component(struct layout *layout, const struct repository *like, const char *component,
                         struct sw_err *err)
{
    struct repository *item = get(layout, like, err);
    char *grown;

    if (item == NULL)
        return -1;
    if (has_word(item->components, component))
        return 0;
    grown = sw_strf(err, "%s%s%s", item->components, item->components[0] != '\0' ? " " : "", component);
    if (grown == NULL)
        return -1;
    free(item->components);
    item->components = grown;
    return 0;
}

/* FOLDER/dists/SUITE/COMPONENT/binary-ARCH/Packages[.gz]; a suite may have slashes. dists points to its name. */
static int add_suite(struct layout *layout, const char *name, const char *dists, struct sw_err *err)
{
    const char *suite = dists + strlen("dists/"), *binary = strstr(suite, "/binary-"), *component = binary;
    size_t folder_len = dists > name ? (size_t)(dists - name) - 1 : 0;

    /* What the installer has lies under its own name among the components. */
    if (binary == NULL || strchr(binary + 1, '/') == NULL || strstr(suite, "/debian-installer/") != NULL ||
        !is_plain(name, (size_t)(binary - name)))
        return 0;
    while (component > suite && component[-1] != '/')
        component--;
    if (component <= suite + 1)
        return 0;
    SW_AUTO_FREE char *folder = copy(name, folder_len, err);
    SW_AUTO_FREE char *suite_name = copy(suite, (size_t)(component - suite) - 1, err);
    SW_AUTO_FREE char *component_name = copy(component, (size_t)(binary - component), err);
    const struct repository like = {.kind = REPOSITORY_APT_SUITE, .folder = folder, .suite = suite_name};

    if (folder == NULL || suite_name == NULL || component_name == NULL)
        return -1;
    return add_component(layout, &like, component_name, err);
}

static const char *find_dists(const char *name)
{
    const char *inner = strstr(name, "/dists/");

    if (strncmp(name, "dists/", 6) == 0)
        return name;
    return inner != NULL ? inner + 1 : NULL;
}

int layout_add(struct layout *layout, const char *name, struct sw_err *err)
{
    static const char repomd[] = "repodata/repomd.xml";
    static const char *const indexes[] = {"Packages", "Packages.gz", "Packages.xz", "Packages.bz2",
                                          "Packages.zst"};
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    size_t folder_len = slash != NULL ? (size_t)(slash - name) : 0;
    const char *dists = find_dists(name);

    layout->has_deb = layout->has_deb || ends_with(base, ".deb");
    layout->has_rpm = layout->has_rpm || ends_with(base, ".rpm");
    if (strcmp(name, repomd) == 0)
        return add(layout, REPOSITORY_RPM, name, 0, err);
    if (strlen(name) > sizeof(repomd) && ends_with(name, "/repodata/repomd.xml"))
        return add(layout, REPOSITORY_RPM, name, strlen(name) - sizeof(repomd), err);
    for (size_t i = 0; i < SW_ARRAY_LEN(indexes); i++) {
        if (strcmp(base, indexes[i]) != 0)
            continue;
        if (dists != NULL)
            return add_suite(layout, name, dists, err);
        return add(layout, REPOSITORY_APT_FLAT, name, folder_len, err);
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct repository *one = a, *other = b;
    int order = strcmp(one->folder, other->folder);

    if (order == 0)
        order = (int)one->kind - (int)other->kind;
    return order != 0 || one->suite == NULL ? order : strcmp(one->suite, other->suite);
}

void layout_sort(struct layout *layout)
{
    qsort(layout->items, layout->n, sizeof(layout->items[0]), by_place);
}

void layout_free(struct layout *layout)
{
    for (size_t i = 0; i < layout->n; i++) {
        free(layout->items[i].folder);
        free(layout->items[i].suite);
        free(layout->items[i].components);
    }
    layout->n = 0;
}
