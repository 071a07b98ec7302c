/* Units of systemd: which are enabled, masked, or known by another name. */
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/facts.h"

#include <string.h>
#include <sys/stat.h>

static const char folder[] = "/etc/systemd/system/";

static bool ends_in(const char *text, size_t len, const char *ending)
{
    size_t n = strlen(ending);

    return len >= n && memcmp(text + len - n, ending, n) == 0;
}

static bool leads_to(const struct sw_guest_entry *entry, const char *target)
{
    return S_ISLNK(entry->mode) && entry->link_len == strlen(target) &&
           memcmp(entry->link, target, entry->link_len) == 0;
}

/* The state that a file in the folder gives a unit; NULL: none. *unit is its name. Free the state. */
static char *state_of(const struct diff_file *file, const char **unit, struct sw_err *err)
{
    const char *name = file->path + sizeof(folder) - 1, *slash = strchr(name, '/');
    const struct sw_guest_entry *entry = &file->entry;
    size_t by = slash != NULL ? (size_t)(slash - name) : 0;

    *unit = slash != NULL ? slash + 1 : name;
    if (slash != NULL && strchr(*unit, '/') == NULL &&
        (ends_in(name, by, ".wants") || ends_in(name, by, ".requires")))
        return sw_strf(err, "enabled (%.*s)", (int)by, name);
    if (slash != NULL)
        return NULL;
    if (leads_to(entry, "/dev/null") || (S_ISREG(entry->mode) && entry->size_bytes == 0))
        return sw_strdup("masked", err);
    return S_ISLNK(entry->mode) ? sw_strf(err, "alias of %.*s", (int)entry->link_len, entry->link) : NULL;
}

/* Enabled by several, a unit has several states. */
static int add_state(json_t *map, const char *unit, const char *state, struct sw_err *err)
{
    SW_AUTO_JSON json_t *name = diff_text(unit);
    const char *before;
    SW_AUTO_FREE char *all = NULL;

    if (name == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    before = sw_json_text(json_object_get(map, json_string_value(name)), "state");
    all = before != NULL ? sw_strf(err, "%s, %s", before, state) : sw_strdup(state, err);
    if (all == NULL)
        return -1;
    return sw_json_set(map, json_string_value(name), json_pack("{s:o}", "state", diff_text(all)), err);
}

json_t *facts_units(const struct diff_side *side, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();

    for (size_t i = 0; i < side->nr_files; i++) {
        SW_AUTO_FREE char *state = NULL;
        const char *unit;

        if (strncmp(side->files[i].path, folder, sizeof(folder) - 1) != 0)
            continue;
        err->code = SW_OK;
        state = state_of(&side->files[i], &unit, err);
        if (state == NULL && err->code != SW_OK)
            return NULL;
        if (state != NULL && add_state(map, unit, state, err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(map);
}

/* What one side does not mention is neither enabled nor masked there. */
static int fill_up(json_t *map, json_t *other, struct sw_err *err)
{
    const char *unit;
    json_t *value;

    json_object_foreach (other, unit, value) {
        if (json_object_get(map, unit) == NULL &&
            sw_json_set(map, unit, json_pack("{s:s}", "state", "not enabled"), err) < 0)
            return -1;
    }
    return 0;
}

int diff_units(struct differing *to, struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = facts_units(&to->a, err);
    SW_AUTO_JSON json_t *b = a != NULL ? facts_units(&to->b, err) : NULL;

    if (b == NULL || fill_up(a, b, err) < 0 || fill_up(b, a, err) < 0)
        return -1;
    return diff_maps(to, "units", "unit", (json_t *[]){a, b}, err);
}
