/* slipway import --check and --print-iam: what an import needs of AWS, asked or written down. */
#include "src/cli/import_online.h"
#include "src/cli/cloud_args.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {
    [SW_ONLINE_OK] = "ok", [SW_ONLINE_REFUSED] = "refused", [SW_ONLINE_UNKNOWN] = "unknown"};

/* The documents under the names of their files. */
struct document {
    const char *name;
    json_t *json;
};

static int write_documents(const char *dir, const struct document *documents, size_t n, struct sw_err *err)
{
    if (sw_mkdir_p(dir, 0777, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        SW_AUTO_FREE char *leaf = sw_strf(err, "%s.json", documents[i].name), *path = NULL;

        if (documents[i].json == NULL)
            continue;
        path = leaf != NULL ? sw_path_join(dir, leaf, err) : NULL;
        if (path == NULL || sw_json_write(path, documents[i].json, err) < 0)
            return -1;
        out_safe(stdout, path);
        fputc('\n', stdout);
    }
    return 0;
}

static int print_documents(const struct document *documents, size_t n, struct sw_err *err)
{
    json_t *all = json_object();

    for (size_t i = 0; i < n; i++)
        if (documents[i].json != NULL &&
            sw_json_set(all, documents[i].name, json_incref(documents[i].json), err) < 0) {
            json_decref(all);
            return -1;
        }
    return out_json(all, err);
}

/* The region as far as it is known without a session. */
static const char *region_of(const struct sw_cloud_config *cloud)
{
    const char *region = cloud->region != NULL ? cloud->region : getenv("AWS_REGION");

    return region != NULL ? region : getenv("AWS_DEFAULT_REGION");
}

static int print_iam(const struct import_online_opts *opts, struct sw_online_plan *plan,
                     const struct sw_cloud_config *cloud, struct sw_err *err)
{
    SW_CLEANUP(sw_online_policies_free) struct sw_online_policies policies = {.role_trust = NULL};
    struct document documents[3];
    char partition[SW_CLOUD_PARTITION];

    plan->region = region_of(cloud);
    if (plan->region != NULL) {
        if (sw_cloud_partition(plan->region, partition, err) < 0)
            return -1;
        plan->partition = partition;
    }
    if (sw_online_policies(plan, &policies, err) < 0)
        return -1;
    documents[0] = (struct document){"operator-policy", policies.operator_policy};
    documents[1] = (struct document){"role-policy", policies.role_policy};
    documents[2] = (struct document){"role-trust", policies.role_trust};
    return opts->out_dir != NULL ? write_documents(opts->out_dir, documents, SW_ARRAY_LEN(documents), err)
                                 : print_documents(documents, SW_ARRAY_LEN(documents), err);
}

static int print_json(const struct sw_online_report *report, const struct sw_online_plan *plan,
                      const struct sw_cloud *cloud, struct sw_err *err)
{
    SW_AUTO_JSON json_t *lines = json_array();

    for (size_t i = 0; i < report->n; i++) {
        const struct sw_online_line *line = &report->lines[i];

        if (sw_json_append(lines,
                           json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "name", line->name, "status",
                                     status_names[line->status], "detail", line->detail, "permission",
                                     line->permission, "remedy", line->remedy),
                           err) < 0)
            return -1;
    }
    return out_json(json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:I, s:O}", "lane",
                              plan->lane != NULL ? plan->lane : "import-image", "region",
                              sw_cloud_region(cloud), "account",
                              report->account[0] != '\0' ? report->account : NULL, "caller", report->caller,
                              "refused", (json_int_t)report->refused, "unknown", (json_int_t)report->unknown,
                              "checks", lines),
                    err);
}

static void print_more(const char *what, const char *text)
{
    if (text == NULL)
        return;
    printf("%29s%s: ", "", what);
    out_safe(stdout, text);
    fputc('\n', stdout);
}

static void print_lines(const struct sw_online_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct sw_online_line *line = &report->lines[i];

        printf("%-8s %-19s ", status_names[line->status], line->name);
        out_safe(stdout, line->detail);
        fputc('\n', stdout);
        print_more(line->status == SW_ONLINE_REFUSED ? "missing" : "to tell it takes", line->permission);
        print_more("remedy", line->remedy);
    }
    printf("%zu checks, %zu refused, %zu unknown\n", report->n, report->refused, report->unknown);
}

static int run_check(const struct import_online_opts *opts, const struct sw_online_plan *plan,
                     const struct sw_cloud_config *config, bool json, struct sw_err *err)
{
    const struct sw_online_check check = {.plan = *plan, .probe = !opts->no_probe};
    SW_CLEANUP(sw_online_report_free) struct sw_online_report report = {.lines = NULL};
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;

    if (sw_cloud_open(config, NULL, &cloud, err) < 0 || sw_online_check(cloud, &check, &report, err) < 0)
        return -1;
    if (!json)
        print_lines(&report);
    else if (print_json(&report, plan, cloud, err) < 0)
        return -1;
    return report.refused > 0 ? SW_REFUSED : 0;
}

unsigned import_online_parts(const json_t *distribution, const struct sw_cloud_config *cloud)
{
    const char *home = region_of(cloud);
    const json_t *entry;
    unsigned parts = 0;
    size_t i;

    json_array_foreach (distribution, i, entry) {
        const json_t *config = json_object_get(entry, "amiDistributionConfiguration");
        const char *region = sw_json_text(entry, "region");
        bool at_home = region == NULL || (home != NULL && strcmp(region, home) == 0);

        if (!at_home)
            parts |= SW_ONLINE_COPY;
        else if (json_object_get(config, "name") != NULL || json_object_get(config, "kmsKeyId") != NULL)
            parts |= SW_ONLINE_NAME;
        if (json_object_get(config, "amiTags") != NULL)
            parts |= SW_ONLINE_TAGS;
        if (json_object_get(config, "launchPermission") != NULL)
            parts |= SW_ONLINE_SHARE;
        if (json_object_get(config, "targetAccountIds") != NULL)
            parts |= SW_ONLINE_SHARE | SW_ONLINE_GIVE;
    }
    return parts;
}

int import_online_run(const struct import_online_opts *opts, struct sw_online_plan *plan,
                      const struct sw_cloud_config *cloud, const struct common_opts *common,
                      struct sw_err *err)
{
    const char *keys[OPT_LIST_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < plan->nr_kms_keys && i < 1; i++)
        keys[n++] = plan->kms_keys[i];
    for (size_t i = 0; i < opts->kms_keys.n; i++)
        keys[n++] = opts->kms_keys.items[i];
    plan->kms_keys = keys;
    plan->nr_kms_keys = n;
    plan->account = opts->account;
    if (opts->print_iam && opts->check)
        plan->parts |= SW_ONLINE_CHECK;
    return opts->print_iam ? print_iam(opts, plan, cloud, err)
                           : run_check(opts, plan, cloud, common->json, err);
}
