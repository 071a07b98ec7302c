/* A registry hive of a guest that is not booted: read, or edited in memory and written back as a whole. */
#include "src/guest/hive.h"

#include "src/base/endian.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <hivex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

enum { HEADER_BYTES = 4096, FIRST_SEQUENCE = 4, SECOND_SEQUENCE = 8, FD_PATH_BYTES = 40 };
#define HIVE_MAX_BYTES ((size_t)512 << 20)

struct hive {
    struct sw_guest *guest; /* NULL: for reading alone */
    char *path;
    hive_h *h;
    bool changed, unfinished;
};

static int broken(const struct hive *hive, const char *doing, struct sw_err *err)
{
    char reason[128];

    return sw_fail(err, SW_GUEST, "the registry hive '%s': cannot %s: %s", hive->path, doing,
                   strerror_r(errno, reason, sizeof(reason)));
}

/* ---- Opening and writing back ------------------------------------------------------------------------------ */

/* What hivex does not look at, or says nothing about. */
static int check_header(struct hive *hive, const char *bytes, size_t len, struct sw_err *err)
{
    const uint8_t *header = (const uint8_t *)bytes;

    if (len < HEADER_BYTES || memcmp(bytes, "regf", 4) != 0)
        return sw_fail(err, SW_GUEST, "'%s' is no registry hive", hive->path);
    hive->unfinished = le32_get(header + FIRST_SEQUENCE) != le32_get(header + SECOND_SEQUENCE);
    if (hive->unfinished && hive->guest != NULL)
        return sw_fail(
            err, SW_REFUSED,
            "the registry hive '%s' was being written when Windows stopped: boot the image and shut "
            "it down cleanly",
            hive->path);
    return 0;
}

/* hivex takes names of files; memory has one for as long as it is open. */
static int memory_file(char name[FD_PATH_BYTES], struct sw_err *err)
{
    int fd = memfd_create("slipway-hive", MFD_CLOEXEC);

    if (fd < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    snprintf(name, FD_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

static int load_bytes(struct hive *hive, const char *bytes, size_t len, int flags, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = -1;
    char name[FD_PATH_BYTES];

    if (check_header(hive, bytes, len, err) < 0)
        return -1;
    fd = memory_file(name, err);
    if (fd < 0 || sw_write_full(fd, bytes, len, "a registry hive", err) < 0)
        return -1;
    hive->h = hivex_open(name, flags);
    return hive->h != NULL ? 0 : broken(hive, "read it", err);
}

static int load(struct hive *hive, struct sw_err *err)
{
    SW_AUTO_FREE char *bytes = NULL;
    size_t len = 0;

    if (hive->guest->ops->get(hive->guest, hive->path, HIVE_MAX_BYTES, &bytes, &len, err) < 0)
        return -1;
    return load_bytes(hive, bytes, len, HIVEX_OPEN_WRITE, err);
}

int hive_open(struct sw_guest *guest, const char *path, struct hive **out, struct sw_err *err)
{
    AUTO_HIVE struct hive *hive = sw_calloc(1, sizeof(*hive), err);

    if (hive == NULL)
        return -1;
    hive->guest = guest;
    hive->path = sw_strdup(path, err);
    if (hive->path == NULL || load(hive, err) < 0)
        return -1;
    *out = SW_STEAL_PTR(hive);
    return 0;
}

int hive_read(const void *bytes, size_t len, const char *name, struct hive **out, struct sw_err *err)
{
    AUTO_HIVE struct hive *hive = sw_calloc(1, sizeof(*hive), err);

    if (hive == NULL)
        return -1;
    hive->path = sw_strdup(name, err);
    if (hive->path == NULL || load_bytes(hive, bytes, len, 0, err) < 0)
        return -1;
    *out = SW_STEAL_PTR(hive);
    return 0;
}

bool hive_is_unfinished(const struct hive *hive)
{
    return hive->unfinished;
}

int hive_write_back(struct hive *hive, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf bytes = {0};
    SW_AUTO_CLOSE int fd = -1;
    char name[FD_PATH_BYTES];

    if (!hive->changed)
        return 0;
    fd = memory_file(name, err);
    if (fd < 0)
        return -1;
    if (hivex_commit(hive->h, name, 0) < 0)
        return broken(hive, "write it", err);
    if (sw_read_file(name, HIVE_MAX_BYTES, &bytes, err) < 0 ||
        hive->guest->ops->put(hive->guest, hive->path, bytes.data, bytes.len, 0666 | SW_PUT_OVERWRITE, err) <
            0)
        return -1;
    hive->changed = false;
    return 0;
}

void hive_free(struct hive *hive)
{
    if (hive->h != NULL)
        hivex_close(hive->h);
    free(hive->path);
    free(hive);
}

/* ---- Keys -------------------------------------------------------------------------------------------------- */

/* The child; 0 when there is none and make is false, or with err. */
static hive_node_h child(struct hive *hive, hive_node_h node, const char *name, bool make, struct sw_err *err)
{
    hive_node_h found;

    errno = 0;
    found = hivex_node_get_child(hive->h, node, name);
    if (found == 0 && errno != 0)
        broken(hive, "look a key up in it", err);
    else if (found == 0 && make) {
        found = hivex_node_add_child(hive->h, node, name);
        if (found == 0)
            broken(hive, "add a key to it", err);
    }
    return found;
}

/* 1 with the key's node, 0 when it is not there. */
static int find(struct hive *hive, const char *key, bool make, hive_node_h *out, struct sw_err *err)
{
    SW_AUTO_FREE char *names = sw_strdup(key, err);
    struct sw_err failure = {.code = SW_OK};
    hive_node_h node = hivex_root(hive->h);
    char *rest = NULL;

    if (names == NULL)
        return -1;
    if (node == 0)
        return broken(hive, "find its root", err);
    for (char *name = strtok_r(names, "\\", &rest); name != NULL && node != 0;
         name = strtok_r(NULL, "\\", &rest))
        node = child(hive, node, name, make, &failure);
    if (failure.code != SW_OK) {
        *err = failure;
        return -1;
    }
    *out = node;
    return node != 0;
}

int hive_has(struct hive *hive, const char *key, struct sw_err *err)
{
    hive_node_h node;

    return find(hive, key, false, &node, err);
}

/* ---- Values ------------------------------------------------------------------------------------------------ */

/* hivex rewrites all values of a key, and would put long ones back in a way that Windows does not read. */
static int check_neighbours(struct hive *hive, hive_node_h node, const char *key, struct sw_err *err)
{
    hive_value_h *values = hivex_node_values(hive->h, node);
    bool too_long = false, unread = values == NULL;

    for (size_t i = 0; values != NULL && values[i] != 0; i++) {
        size_t len = 0;
        hive_type type;

        unread = unread || hivex_value_type(hive->h, values[i], &type, &len) < 0;
        too_long = too_long || len > SW_REGISTRY_VALUE_MAX_BYTES;
    }
    free(values);
    if (unread)
        return broken(hive, "read the values of a key", err);
    if (too_long)
        return sw_fail(
            err, SW_GUEST,
            "the registry key '%s' has a value of more than %d bytes, beside which none can be set "
            "offline",
            key, (int)SW_REGISTRY_VALUE_MAX_BYTES);
    return 0;
}

static bool holds(const struct hive *hive, hive_node_h node, const char *name,
                  const struct sw_registry_value *value)
{
    hive_value_h at = hivex_node_get_value(hive->h, node, name);
    hive_type type;
    size_t len;
    SW_AUTO_FREE char *data = at != 0 ? hivex_value_value(hive->h, at, &type, &len) : NULL;

    return data != NULL && (uint32_t)type == value->type && len == value->data.len &&
           (len == 0 || (value->data.data != NULL && memcmp(data, value->data.data, len) == 0));
}

int hive_set(struct hive *hive, const char *key, const char *name, const struct sw_registry_value *value,
             struct sw_err *err)
{
    hive_set_value set = {.key = (char *)(uintptr_t)name,
                          .t = (hive_type)value->type,
                          .len = value->data.len,
                          .value = value->data.data != NULL ? value->data.data : (char[]){""}};
    hive_node_h node;

    if (find(hive, key, true, &node, err) < 0 || check_neighbours(hive, node, key, err) < 0)
        return -1;
    if (holds(hive, node, name, value))
        return 0;
    if (hivex_node_set_value(hive->h, node, &set, 0) < 0)
        return broken(hive, "set a value in it", err);
    hive->changed = true;
    return 0;
}

/* 1 with the value when it is there. */
static int find_any(struct hive *hive, const char *key, const char *name, hive_value_h *out,
                    struct sw_err *err)
{
    hive_node_h node;
    int found = find(hive, key, false, &node, err);

    if (found <= 0)
        return found;
    errno = 0;
    *out = hivex_node_get_value(hive->h, node, name);
    if (*out == 0)
        return errno == 0 ? 0 : broken(hive, "look a value up in it", err);
    return 1;
}

/* The same, of one of the two types alone. */
static int find_value(struct hive *hive, const char *key, const char *name, const hive_type types[2],
                      hive_value_h *out, struct sw_err *err)
{
    hive_type type;
    size_t len;
    int found = find_any(hive, key, name, out, err);

    if (found <= 0)
        return found;
    if (hivex_value_type(hive->h, *out, &type, &len) < 0)
        return broken(hive, "read a value", err);
    return type == types[0] || type == types[1];
}

int hive_bytes(struct hive *hive, const char *key, const char *name, char **out, size_t *len,
               struct sw_err *err)
{
    hive_value_h value;
    hive_type type;
    int found = find_any(hive, key, name, &value, err);

    if (found <= 0)
        return found;
    if (hivex_value_type(hive->h, value, &type, len) < 0)
        return broken(hive, "read a value", err);
    if (*len > HIVE_VALUE_MAX)
        return sw_fail(err, SW_GUEST, "the registry hive '%s': the value '%s' of '%s' has %zu bytes",
                       hive->path, name, key, *len);
    *out = hivex_value_value(hive->h, value, &type, len);
    return *out != NULL ? 1 : broken(hive, "read a value", err);
}

int hive_number(struct hive *hive, const char *key, const char *name, uint32_t *out, struct sw_err *err)
{
    hive_value_h value;
    int found = find_value(hive, key, name, (hive_type[2]){hive_t_REG_DWORD, hive_t_REG_DWORD}, &value, err);

    if (found <= 0)
        return found;
    errno = 0;
    *out = (uint32_t)hivex_value_dword(hive->h, value);
    return errno == 0 ? 1 : broken(hive, "read a value", err);
}

int hive_text(struct hive *hive, const char *key, const char *name, char **out, struct sw_err *err)
{
    hive_value_h value;
    int found = find_value(hive, key, name, (hive_type[2]){hive_t_REG_SZ, hive_t_REG_EXPAND_SZ}, &value, err);

    if (found <= 0)
        return found;
    *out = hivex_value_string(hive->h, value);
    return *out != NULL ? 1 : broken(hive, "read a value", err);
}

void hive_names_free(struct hive_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct hive_names){.names = NULL};
}

static int take_names(struct hive *hive, const hive_node_h *nodes, struct hive_names *out, struct sw_err *err)
{
    size_t n = 0;

    while (nodes[n] != 0)
        n++;
    if (n > HIVE_NAMES_MAX)
        return sw_fail(err, SW_GUEST, "the registry hive '%s': a key has %zu others in it", hive->path, n);
    out->names = sw_calloc(n + 1, sizeof(*out->names), err);
    if (out->names == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char *name = hivex_node_name(hive->h, nodes[i]);

        if (name != NULL)
            out->names[out->n++] = name;
    }
    return 1;
}

int hive_keys(struct hive *hive, const char *key, struct hive_names *out, struct sw_err *err)
{
    SW_AUTO_FREE hive_node_h *nodes = NULL;
    hive_node_h node;
    int found = find(hive, key, false, &node, err);

    *out = (struct hive_names){.names = NULL};
    if (found <= 0)
        return found;
    nodes = hivex_node_children(hive->h, node);
    return nodes != NULL ? take_names(hive, nodes, out, err) : broken(hive, "list its keys", err);
}

/* Texts one after the other; NULL and err on failure. An empty one ends the list, and hivex may hand it over as well. */
static char *show_texts(const struct hive *hive, hive_value_h value, struct sw_err *err)
{
    char **texts = hivex_value_multiple_strings(hive->h, value);
    SW_AUTO_BUF struct sw_buf out = {.data = NULL};
    int rc = texts != NULL ? sw_buf_puts(&out, "MULTI_SZ: ", err) : broken(hive, "read a value", err);
    bool ended = false;

    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
        ended = ended || texts[i][0] == '\0';
        if (rc == 0 && !ended)
            rc = sw_buf_printf(&out, err, "%s%s", i > 0 ? ", " : "", texts[i]);
        free(texts[i]);
    }
    free(texts);
    return rc == 0 ? sw_buf_steal(&out) : NULL;
}

int hive_show(struct hive *hive, const char *key, const char *name, char **out, struct sw_err *err)
{
    hive_node_h node;
    hive_value_h value;
    hive_type type;
    size_t len;
    SW_AUTO_FREE char *text = NULL;
    int found = find(hive, key, false, &node, err);

    if (found <= 0)
        return found;
    value = hivex_node_get_value(hive->h, node, name);
    if (value == 0)
        return 0;
    if (hivex_value_type(hive->h, value, &type, &len) < 0)
        return broken(hive, "read a value", err);
    if (type == hive_t_REG_MULTI_SZ) {
        *out = show_texts(hive, value, err);
    } else if (type == hive_t_REG_SZ || type == hive_t_REG_EXPAND_SZ) {
        text = hivex_value_string(hive->h, value);
        if (text == NULL)
            return broken(hive, "read a value", err);
        *out = sw_strf(err, "%sSZ: %s", type == hive_t_REG_EXPAND_SZ ? "EXPAND_" : "", text);
    } else if (type == hive_t_REG_DWORD && len == 4) {
        *out = sw_strf(err, "DWORD: %u", (unsigned)(uint32_t)hivex_value_dword(hive->h, value));
    } else {
        *out = sw_strf(err, "type %d: %zu bytes", (int)type, len);
    }
    return *out != NULL ? 1 : -1;
}

char *hive_control_set(struct hive *hive, const char *key, struct sw_err *err)
{
    static const char current[] = "CurrentControlSet";
    size_t len = sizeof(current) - 1;
    uint32_t number = 0;
    int found;

    if (strncasecmp(key, current, len) != 0 || (key[len] != '\0' && key[len] != '\\'))
        return sw_strdup(key, err);
    found = hive_number(hive, "Select", "Current", &number, err);
    if (found < 0)
        return NULL;
    if (found == 0 || number == 0 || number > 999) {
        sw_fail(err, SW_GUEST, "the registry hive '%s' does not say which control set is current",
                hive->path);
        return NULL;
    }
    return sw_strf(err, "ControlSet%03u%s", number, key + len);
}

/* ---- All of it --------------------------------------------------------------------------------------------- */

struct tour {
    struct hive *hive;
    hive_visit_fn *visit;
    void *arg;
    size_t items;
};

static int count_item(struct tour *tour, struct sw_err *err)
{
    if (++tour->items > HIVE_ITEMS_MAX)
        return sw_fail(err, SW_GUEST, "the registry hive '%s' has more than %d keys and values",
                       tour->hive->path, HIVE_ITEMS_MAX);
    return 0;
}

static int visit_value(struct tour *tour, const char *key, hive_value_h value, struct sw_err *err)
{
    SW_AUTO_FREE char *name = hivex_value_key(tour->hive->h, value);
    SW_AUTO_FREE char *bytes = NULL;
    hive_type type;
    size_t len = 0;

    if (count_item(tour, err) < 0)
        return -1;
    bytes = name != NULL ? hivex_value_value(tour->hive->h, value, &type, &len) : NULL;
    if (bytes == NULL)
        return broken(tour->hive, "read a value", err);
    return tour->visit(
        tour->arg,
        &(struct hive_item){.key = key, .name = name, .type = (uint32_t)type, .bytes = bytes, .len = len},
        err);
}

static int visit_key(struct tour *tour, hive_node_h node, const char *key, unsigned depth,
                     struct sw_err *err);

static int visit_child(struct tour *tour, hive_node_h node, const char *above, unsigned depth,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *name = hivex_node_name(tour->hive->h, node);
    SW_AUTO_FREE char *key = NULL;

    if (name == NULL)
        return broken(tour->hive, "read the name of a key", err);
    key = sw_strf(err, "%s%s%s", above, above[0] != '\0' ? "\\" : "", name);
    return key != NULL ? visit_key(tour, node, key, depth, err) : -1;
}

static int visit_key(struct tour *tour, hive_node_h node, const char *key, unsigned depth, struct sw_err *err)
{
    SW_AUTO_FREE hive_value_h *values = hivex_node_values(tour->hive->h, node);
    SW_AUTO_FREE hive_node_h *nodes = hivex_node_children(tour->hive->h, node);

    if (values == NULL || nodes == NULL)
        return broken(tour->hive, "read a key", err);
    if (depth > SW_REGISTRY_DEPTH_MAX)
        return sw_fail(err, SW_GUEST, "the registry hive '%s' has keys more than %d deep", tour->hive->path,
                       SW_REGISTRY_DEPTH_MAX);
    if (count_item(tour, err) < 0 || tour->visit(tour->arg, &(struct hive_item){.key = key}, err) < 0)
        return -1;
    for (size_t i = 0; values[i] != 0; i++)
        if (visit_value(tour, key, values[i], err) < 0)
            return -1;
    for (size_t i = 0; nodes[i] != 0; i++)
        if (visit_child(tour, nodes[i], key, depth + 1, err) < 0)
            return -1;
    return 0;
}

int hive_each(struct hive *hive, hive_visit_fn *visit, void *arg, struct sw_err *err)
{
    struct tour tour = {.hive = hive, .visit = visit, .arg = arg};
    hive_node_h root = hivex_root(hive->h);

    return root != 0 ? visit_key(&tour, root, "", 0, err) : broken(hive, "find its root", err);
}
