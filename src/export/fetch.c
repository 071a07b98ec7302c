/* An S3 object as an input: what it is, and which of the two ways it goes. */
#include "src/export/fetch.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/log.h"

#include <string.h>

static int find_object(struct sw_fetch *fetch, struct sw_err *err)
{
    struct sw_fetch_opts *opts = &fetch->opts;
    struct sw_s3_facts *facts = &fetch->facts;

    if (sw_s3_facts(opts->cloud, &opts->object, facts, err) < 0)
        return -1;
    if (!facts->found)
        return sw_fail(err, SW_FAILED, "there is no '%s'", fetch->name);
    if (facts->size_bytes == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' is empty", fetch->name);
    if (opts->range_bytes > FETCH_MAX_RANGE_BYTES)
        return sw_fail(err, SW_USAGE, "a range of more than 512M is more than one request should be");
    fetch->range_bytes = opts->range_bytes != 0 ? opts->range_bytes : FETCH_RANGE_BYTES;
    fetch->range_bytes = sw_max_u64(fetch->range_bytes,
                                    sw_round_up(sw_div_up(facts->size_bytes, FETCH_MAX_RANGES), 64ULL << 10));
    if (fetch->range_bytes > FETCH_MAX_RANGE_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' has %llu bytes, more than any disk image", fetch->name,
                       (unsigned long long)facts->size_bytes);
    fetch->nr_ranges = sw_div_up(facts->size_bytes, fetch->range_bytes);
    fetch->stats.object_bytes = facts->size_bytes;
    return object_check_new(facts, &fetch->check, err);
}

static int fetch_new(const struct sw_fetch_opts *opts, struct sw_fetch **out, struct sw_err *err)
{
    struct sw_fetch *fetch = sw_calloc(1, sizeof(*fetch), err);

    if (fetch == NULL)
        return -1;
    fetch->opts = *opts;
    if (opts->connections == 0)
        fetch->opts.connections = SW_FETCH_CONNECTIONS;
    fetch->opts.connections = (unsigned)sw_min_u64(fetch->opts.connections, SW_FETCH_MAX_CONNECTIONS);
    fetch->name = sw_strf(err, "s3://%s/%s", opts->object.bucket, opts->object.key);
    if (fetch->name == NULL || find_object(fetch, err) < 0) {
        sw_fetch_close(fetch);
        return -1;
    }
    *out = fetch;
    return 0;
}

int sw_fetch_to_disk(const struct sw_fetch_opts *opts, const char *beside, struct sw_fetch **out,
                     struct sw_err *err)
{
    struct sw_fetch *fetch = NULL;

    *out = NULL;
    if (fetch_new(opts, &fetch, err) < 0)
        return -1;
    if (disk_open(fetch, beside, err) < 0) {
        sw_fetch_close(fetch);
        return -1;
    }
    *out = fetch;
    return 0;
}

int sw_fetch_in_place(const struct sw_fetch_opts *opts, struct sw_fetch **out, struct sw_err *err)
{
    struct sw_fetch *fetch = NULL;

    *out = NULL;
    if (fetch_new(opts, &fetch, err) < 0)
        return -1;
    if (place_open(fetch, err) < 0) {
        sw_fetch_close(fetch);
        return -1;
    }
    *out = fetch;
    return 0;
}

size_t fetch_range_len(const struct sw_fetch *fetch, uint64_t index)
{
    return (size_t)sw_min_u64(fetch->range_bytes, fetch->facts.size_bytes - index * fetch->range_bytes);
}

int fetch_range(const struct sw_fetch *fetch, uint64_t index, void *buf, struct sw_err *err)
{
    const struct sw_s3_range range = {index * fetch->range_bytes, fetch_range_len(fetch, index)};

    if (sw_check_interrupt(err) < 0)
        return -1;
    return sw_s3_get_range(fetch->opts.cloud, &fetch->opts.object, &fetch->facts, range, buf, err);
}

int sw_fetch_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err)
{
    return fetch->disk != NULL ? disk_in(fetch, out, err) : place_in(fetch, out, err);
}

int sw_fetch_read_ahead(struct sw_fetch *fetch, uint64_t span_bytes, struct sw_err *err)
{
    return fetch->place != NULL ? place_read_ahead(fetch, span_bytes, err) : 0;
}

int sw_fetch_check(struct sw_fetch *fetch, struct sw_err *err)
{
    if (fetch->stats.checked)
        return 0;
    if (fetch->check == NULL) {
        sw_log(SW_LOG_INFO,
               "S3 keeps no digest of '%s' that could be recomputed; its ranges were of one ETag",
               fetch->name);
        return 0;
    }
    if ((fetch->place != NULL && place_read_rest(fetch, err) < 0) || object_check_end(fetch->check, err) < 0)
        return sw_context(err, "'%s'", fetch->name);
    fetch->stats.checked = true;
    return 0;
}

void sw_fetch_stats(const struct sw_fetch *fetch, struct sw_fetch_stats *out)
{
    *out = fetch->stats;
}

void sw_fetch_keep(struct sw_fetch *fetch)
{
    if (fetch->disk != NULL)
        disk_keep(fetch);
}

void sw_fetch_close(struct sw_fetch *fetch)
{
    if (fetch == NULL)
        return;
    place_close(fetch);
    disk_close(fetch);
    object_check_free(fetch->check);
    free(fetch->name);
    free(fetch);
}
