/* Users and groups, by the guest's own files. Of a password it is told whether there is one, and never what. */
#include "src/base/fields.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/facts.h"

#include <string.h>

enum { ACCOUNT_FIELDS = 7, ACCOUNTS_MAX = 100000, ACCOUNT_TEXT_MAX = 16 << 20 };

/* A file of lines, and what its fields are called; NULL: not told of. */
struct accounts {
    const char *path, *list;
    const char *fields[ACCOUNT_FIELDS];
};

static const struct accounts users = {
    "/etc/passwd", "users", {NULL, NULL, "uid", "gid", "comment", "home", "shell"}};
static const struct accounts groups = {"/etc/group", "groups", {NULL, NULL, "gid", "members"}};

static size_t cut(struct field line, struct field out[ACCOUNT_FIELDS])
{
    size_t n = 0;

    for (const char *at = line.at, *end = line.at + line.len; n < ACCOUNT_FIELDS; at++) {
        const char *colon = at < end ? memchr(at, ':', (size_t)(end - at)) : NULL;

        out[n++] = (struct field){.at = at, .len = (size_t)((colon != NULL ? colon : end) - at)};
        if (colon == NULL)
            break;
        at = colon;
    }
    return n;
}

static int add_account(const struct accounts *what, struct field line, json_t *map, struct sw_err *err)
{
    struct field fields[ACCOUNT_FIELDS];
    size_t n = cut(line, fields);
    SW_AUTO_JSON json_t *account = json_object();
    SW_AUTO_JSON json_t *name = sw_json_bytes(fields[0].at, fields[0].len);

    if (fields[0].len == 0 || fields[0].at[0] == '#')
        return 0;
    if (json_object_size(map) == ACCOUNTS_MAX)
        return sw_fail(err, SW_REFUSED, "'%s' has more than %d lines", what->path, ACCOUNTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (what->fields[i] != NULL &&
            sw_json_set(account, what->fields[i], sw_json_bytes(fields[i].at, fields[i].len), err) < 0)
            return -1;
    if (name == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    return sw_json_set(map, json_string_value(name), json_incref(account), err);
}

static json_t *accounts_of(const struct diff_side *side, const struct accounts *what, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();
    SW_AUTO_FREE char *text = NULL;
    const char *at;
    struct field line;
    size_t len;

    if (diff_side_get(side, what->path, ACCOUNT_TEXT_MAX, &text, &len, err) < 0)
        return NULL;
    at = text;
    while (text != NULL && field_line(&at, &len, &line))
        if (add_account(what, line, map, err) < 0)
            return NULL;
    return SW_STEAL_PTR(map);
}

json_t *facts_users(const struct diff_side *side, struct sw_err *err)
{
    return accounts_of(side, &users, err);
}

json_t *facts_groups(const struct diff_side *side, struct sw_err *err)
{
    return accounts_of(side, &groups, err);
}

static const char *kind_of_password(const char *text)
{
    if (text[0] == '\0')
        return "none";
    return text[0] == '!' || text[0] == '*' ? "locked" : "set";
}

/* Of a user that both have. */
static int compare_password(json_t *a, json_t *b, const char *one, const char *two, struct sw_err *err)
{
    const char *from = kind_of_password(one), *to = kind_of_password(two);

    if (strcmp(one, two) == 0)
        return 0;
    if (strcmp(from, to) == 0)
        to = "set anew";
    if (sw_json_set(a, "password", json_string(from), err) < 0)
        return -1;
    return sw_json_set(b, "password", json_string(to), err);
}

static int compare_shadows(const struct differing *to, json_t *a, json_t *b, struct sw_err *err)
{
    static const struct accounts shadow = {"/etc/shadow", NULL, {NULL, "password"}};
    SW_AUTO_JSON json_t *from = NULL, *is = NULL;
    const char *name;
    json_t *line;

    if (!diff_is_changed(to, shadow.path))
        return 0;
    from = accounts_of(&to->a, &shadow, err);
    is = from != NULL ? accounts_of(&to->b, &shadow, err) : NULL;
    if (is == NULL)
        return -1;
    json_object_foreach (from, name, line) {
        const char *one = sw_json_text(line, "password");
        const char *two = sw_json_text(json_object_get(is, name), "password");
        json_t *before = json_object_get(a, name), *now = json_object_get(b, name);

        if (one != NULL && two != NULL && before != NULL && now != NULL &&
            compare_password(before, now, one, two, err) < 0)
            return -1;
    }
    return 0;
}

static int compare(struct differing *to, const struct accounts *what, bool passwords, struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = accounts_of(&to->a, what, err);
    SW_AUTO_JSON json_t *b = a != NULL ? accounts_of(&to->b, what, err) : NULL;

    if (b == NULL || (passwords && compare_shadows(to, a, b, err) < 0))
        return -1;
    return diff_maps(to, what->list, "name", (json_t *[]){a, b}, err);
}

int diff_accounts(struct differing *to, struct sw_err *err)
{
    if ((diff_is_changed(to, users.path) || diff_is_changed(to, "/etc/shadow")) &&
        compare(to, &users, true, err) < 0)
        return -1;
    return diff_is_changed(to, groups.path) ? compare(to, &groups, false, err) : 0;
}
