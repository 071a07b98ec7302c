/* Which components mend what was found. */
#include "src/prepare/prepare.h"

#include "src/base/json.h"
#include "src/prepare/shipped.h"

#include <string.h>

const char *const sw_keep_names[] = {"guest", "report", "none"};

int sw_keep_parse(const char *text, enum sw_keep *out, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(sw_keep_names); i++)
        if (strcmp(sw_keep_names[i], text) == 0) {
            *out = (enum sw_keep)i;
            return 0;
        }
    return sw_fail(err, SW_USAGE, "--keep-originals '%s': guest, report and none are known", text);
}

/* A name that is none, with those that are. */
static int check_names(const char *option, const char *const *names, size_t n, struct sw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct shipped *one;
        SW_AUTO_BUF struct sw_buf all = {.data = NULL};

        if (shipped_find(names[i]) != NULL)
            continue;
        for (size_t k = 0; (one = shipped_at(k)) != NULL; k++)
            if (one->platform != 0 &&
                sw_buf_printf(&all, err, "%s%s", all.len > 0 ? ", " : "", one->name) < 0)
                return -1;
        return sw_fail(err, SW_USAGE, "--%s '%s': there is no such component: %s", option, names[i],
                       all.data != NULL ? all.data : "");
    }
    return 0;
}

static bool named(const struct shipped *one, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (shipped_find(names[i]) == one)
            return true;
    return false;
}

/* By the evidence of a launch; without one, by what the partitions hold. */
static unsigned platform_of(const json_t *evidence)
{
    static const char *const linux_only[] = {"ext2", "ext3", "ext4", "xfs", "btrfs",
                                             "jfs",  "f2fs", "LVM2", "md"};
    const char *told = sw_json_text(json_object_get(evidence, "guest"), "platform");
    const json_t *disk, *part;
    bool ntfs = false;
    size_t i, j;

    if (told != NULL)
        return strcmp(told, "windows") == 0 ? SW_WINDOWS : SW_LINUX;
    json_array_foreach (json_object_get(evidence, "disks"), i, disk) {
        json_array_foreach (json_object_get(disk, "partitions"), j, part) {
            const char *content = sw_json_text(part, "content");

            for (size_t k = 0; content != NULL && k < SW_ARRAY_LEN(linux_only); k++)
                if (strcmp(content, linux_only[k]) == 0)
                    return SW_LINUX;
            ntfs = ntfs || (content != NULL && strcmp(content, "ntfs") == 0);
        }
    }
    return ntfs ? SW_WINDOWS : SW_LINUX;
}

/* The rules that were found and that this component mends. */
static json_t *findings_of(const json_t *verdict, const struct shipped *one, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_array();
    const json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        const char *state = sw_json_text(rule, "state");
        const char *component = sw_json_text(json_object_get(rule, "fix"), "component");

        if (state == NULL || strcmp(state, "found") != 0 || component == NULL ||
            shipped_find(component) != one)
            continue;
        if (sw_json_append(out, json_incref(json_object_get(rule, "id")), err) < 0)
            return NULL;
    }
    return json_incref(out);
}

static bool is_chosen(const struct sw_prepare_choice *choice, const struct shipped *one, unsigned platform,
                      const json_t *findings)
{
    if (one->platform != platform || named(one, choice->skip, choice->nr_skip))
        return false;
    if (choice->nr_only > 0)
        return named(one, choice->only, choice->nr_only);
    return choice->all || json_array_size(findings) > 0;
}

static int add(json_t *list, const struct shipped *one, json_t *findings, struct sw_err *err)
{
    return sw_json_append(list, json_pack("{s:s, s:O}", "component", one->name, "findings", findings), err);
}

json_t *sw_prepare_choose(const json_t *evidence, const json_t *verdict,
                          const struct sw_prepare_choice *choice, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_array();
    unsigned platform = platform_of(evidence);
    const struct shipped *one;

    if (check_names("only", choice->only, choice->nr_only, err) < 0 ||
        check_names("skip", choice->skip, choice->nr_skip, err) < 0)
        return NULL;
    for (size_t i = 0; (one = shipped_at(i)) != NULL; i++) {
        SW_AUTO_JSON json_t *findings = findings_of(verdict, one, err);
        bool comes_with = one->follows && one->platform == platform && json_array_size(out) > 0 &&
                          !named(one, choice->skip, choice->nr_skip);

        if (findings == NULL)
            return NULL;
        if ((is_chosen(choice, one, platform, findings) || comes_with) && add(out, one, findings, err) < 0)
            return NULL;
    }
    return json_incref(out);
}
