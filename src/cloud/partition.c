/* AWS's own hosts, from data/endpoints.json: partitions, and each service's name with and without FIPS and dual-stack. */
#include "src/cloud/partition.h"

#include "slipway/cloud.h"
#include "src/base/embed.h"
#include "src/base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ENDPOINTS_FILE comes from the build. */
SW_EMBED(sw_endpoints, ENDPOINTS_FILE);

json_t *partition_table(struct sw_err *err)
{
    return sw_json_parse(sw_endpoints, sw_endpoints_len, "the table of endpoints", err);
}

/* The rest of a region's name behind its partition's prefix: one word, a dash, a number. */
static bool is_place(const char *rest)
{
    size_t word = 0, digits = 0;

    while (isalnum((unsigned char)rest[word]))
        word++;
    if (word == 0 || rest[word] != '-')
        return false;
    for (rest += word + 1; isdigit((unsigned char)rest[digits]); digits++)
        continue;
    return digits > 0 && rest[digits] == '\0';
}

static const json_t *find_partition(const json_t *root, const char *region)
{
    const json_t *partition, *prefix;
    size_t i, j;

    json_array_foreach (json_object_get(root, "partitions"), i, partition) {
        json_array_foreach (json_object_get(partition, "regions"), j, prefix) {
            size_t len = json_string_length(prefix);

            if (strncmp(region, json_string_value(prefix), len) == 0 && is_place(region + len))
                return partition;
        }
    }
    return NULL;
}

/* What the partition says of the service, else what holds everywhere; NULL when there is none. */
static const char *lookup(const json_t *root, const json_t *partition, const char *service, const char *key)
{
    const json_t *own = json_object_get(json_object_get(partition, "services"), service);
    const json_t *value = json_object_get(own, key);

    if (value == NULL)
        value = json_object_get(json_object_get(json_object_get(root, "services"), service), key);
    return json_string_value(value);
}

static int expand(const char *pattern, const json_t *partition, const char *region, const char *sign_region,
                  struct sw_buf *out, struct sw_err *err)
{
    const struct {
        const char *name;
        const char *value;
    } words[] = {{"{region}", region},
                 {"{signs-as}", sign_region},
                 {"{suffix}", sw_json_text(partition, "suffix")},
                 {"{dual}", sw_json_text(partition, "dual")}};

    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "{"), i = 0;

        if (sw_buf_append(out, pattern, plain, err) < 0)
            return -1;
        pattern += plain;
        if (*pattern == '\0')
            break;
        while (i < SW_ARRAY_LEN(words) && strncmp(pattern, words[i].name, strlen(words[i].name)) != 0)
            i++;
        if (i == SW_ARRAY_LEN(words))
            return sw_fail(err, SW_FAILED, "the table of endpoints has an unknown word at '%s'", pattern);
        if (sw_buf_puts(out, words[i].value, err) < 0)
            return -1;
        pattern += strlen(words[i].name);
    }
    return 0;
}

int partition_host(const json_t *table, const struct host_wish *wish, struct sw_buf *host,
                   char sign_region[REGION_TEXT], struct sw_err *err)
{
    static const char *const keys[2][2] = {{"plain", "dual"}, {"fips", "fips-dual"}};
    const json_t *partition = find_partition(table, wish->region);
    const char *pattern, *signs_as;

    if (partition == NULL)
        return sw_fail(err, SW_USAGE, "the partition of region '%s' is not known: pass --endpoint-url",
                       wish->region);
    pattern = lookup(table, partition, wish->service, keys[wish->fips][wish->dual_stack]);
    if (pattern == NULL)
        return sw_fail(err, SW_FAILED, "partition '%s' has no %s%s%sendpoint of %s",
                       sw_json_text(partition, "name"), wish->fips ? "FIPS " : "",
                       wish->fips && wish->dual_stack ? "and " : "", wish->dual_stack ? "dual-stack " : "",
                       wish->service);
    signs_as = lookup(table, partition, wish->service, "signs-as");
    snprintf(sign_region, REGION_TEXT, "%s", signs_as != NULL ? signs_as : wish->region);
    return expand(pattern, partition, wish->region, sign_region, host, err);
}

void partition_sign_region(const json_t *table, const char *service, const char *region,
                           char out[REGION_TEXT])
{
    const json_t *partition = find_partition(table, region);
    const char *signs_as = partition != NULL ? lookup(table, partition, service, "signs-as") : NULL;

    snprintf(out, REGION_TEXT, "%s", signs_as != NULL ? signs_as : region);
}

int sw_cloud_partition(const char *region, char out[SW_CLOUD_PARTITION], struct sw_err *err)
{
    SW_AUTO_JSON json_t *root = partition_table(err);
    const json_t *partition;

    if (root == NULL)
        return -1;
    partition = find_partition(root, region);
    if (partition == NULL)
        return sw_fail(err, SW_USAGE, "the partition of region '%.80s' is not known", region);
    snprintf(out, SW_CLOUD_PARTITION, "%s", sw_json_text(partition, "name"));
    return 0;
}
