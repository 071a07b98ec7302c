/* Finding sources: the recipe's inputs, bundles, what was fetched before, and the net. */
#include "src/build/fetch_private.h"

#include "src/base/buf.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/mask.h"
#include "src/recipe/doc.h"

#include <string.h>
#include <strings.h>

/* ---- Sets -------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct fetch_set *fetch_set_of(struct fetch *fetch, const struct sw_remote *source, struct sw_err *err)
{
    struct fetch_set **grown, *set;

    for (size_t i = 0; i < fetch->nr_sets; i++) {
        set = fetch->sets[i];
        if (strcmp(set->uri, source->uri) == 0 && same_text(set->owner, source->owner) &&
            set->insecure == source->insecure) {
            set->sealed = set->sealed && source->sealed;
            return set;
        }
    }
    grown = reallocarray(fetch->sets, fetch->nr_sets + 1, sizeof(struct fetch_set *));
    set = sw_calloc(1, sizeof(*set), err);
    if (grown != NULL)
        fetch->sets = grown;
    if (grown == NULL || set == NULL) {
        free(set);
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    fetch->sets[fetch->nr_sets++] = set;
    set->insecure = source->insecure;
    set->sealed = source->sealed;
    set->uri = sw_strdup(source->uri, err);
    set->owner = source->owner != NULL ? sw_strdup(source->owner, err) : NULL;
    set->shown = sw_is_web_uri(source->uri) ? sw_url_shown(source->uri, err) : sw_strdup(source->uri, err);
    return set->uri != NULL && set->shown != NULL && (source->owner == NULL || set->owner != NULL) ? set
                                                                                                   : NULL;
}

/* ---- Places ------------------------------------------------------------------------------------------------------ */

/* 1 when the bundle has the source. */
static int from_bundle(struct fetch_set *set, const struct sw_bundle *bundle, struct sw_err *err)
{
    bool many = fetch_is_prefix(set->uri);
    SW_AUTO_FREE char *base = NULL;
    size_t n;
    const struct sw_bundle_file *files = sw_bundle_files(bundle, &n);

    if (!many && fetch_base_name(set->uri, &base, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct sw_remote_file file = {
            .name = many ? files[i].name : base, .path = files[i].path, .size_bytes = files[i].size_bytes};

        if (strcmp(files[i].source, set->uri) != 0 || (files[i].name != NULL) != many ||
            (files[i].insecure && !set->insecure) || (!many && set->n == 1))
            continue;
        if (file.path != NULL && !fetch_cache_has(file.path, file.size_bytes))
            return sw_fail(err, SW_INTEGRITY, "its bundle has no '%s' of %llu bytes", file.path,
                           (unsigned long long)file.size_bytes);
        memcpy(file.sha256, files[i].sha256, sizeof(file.sha256));
        if (fetch_set_add(set, &file, err) < 0)
            return -1;
    }
    if (set->n == 0)
        return 0;
    fetch_set_sort(set);
    set->origin = FETCH_BUNDLE;
    return 1;
}

/* True unless the recipe says another digest for the source. */
static bool fits_pin(const struct fetch *fetch, const struct fetch_set *set)
{
    const struct sw_recipe_input *pin = sw_recipe_find_input(fetch->recipe, set->uri);

    return pin == NULL || pin->sha256 == NULL || set->n != 1 ||
           strcmp(pin->sha256, set->files[0].sha256) == 0;
}

static int pin_broken(const struct fetch *fetch, const struct fetch_set *set, struct sw_err *err)
{
    const struct sw_recipe_input *pin = sw_recipe_find_input(fetch->recipe, set->uri);

    return sw_fail(err, SW_INTEGRITY, "its SHA-256 is %s, and %s:%zu:%zu wants %s", set->files[0].sha256,
                   fetch->recipe->file, pin->line, pin->column, pin->sha256);
}

int fetch_seek(struct fetch *fetch, struct fetch_set *set, bool net, struct sw_err *err)
{
    int rc = fetch_from_inputs(fetch->recipe, set, err);

    for (size_t i = 0; rc == 0 && i < fetch->nr_bundles; i++)
        rc = from_bundle(set, fetch->bundles[i], err);
    if (rc > 0 && !fits_pin(fetch, set))
        return pin_broken(fetch, set, err);
    if (rc == 0 && !(net && fetch->opts.refetch)) {
        rc = fetch_from_cache(&fetch->cache, set, err);
        if (rc > 0 && !fits_pin(fetch, set)) {
            fetch_set_empty(set);
            rc = 0;
        }
    }
    if (rc != 0 || !net)
        return rc < 0 ? -1 : 0;
    if (fetch_from_net(&fetch->net, &fetch->cache, set, err) < 0)
        return -1;
    return fits_pin(fetch, set) ? 0 : pin_broken(fetch, set, err);
}

/* ---- Checksums --------------------------------------------------------------------------------------------------- */

int fetch_check(const struct fetch_set *set, const char *checksum, const char *algorithm, struct sw_err *err)
{
    char hex[2 * SW_HASH_BYTES_MAX + 1];
    enum sw_hash hash;

    if (checksum == NULL || algorithm == NULL || set->n != 1)
        return 0;
    if (!sw_hash_find(algorithm, strlen(algorithm), &hash))
        return sw_fail(err, SW_RECIPE, "the algorithm '%.40s' is none of MD5, SHA1, SHA256 and SHA512",
                       algorithm);
    if (hash == SW_HASH_SHA256)
        memcpy(hex, set->files[0].sha256, sizeof(set->files[0].sha256));
    else if (set->files[0].path == NULL)
        return 0;
    else if (fetch_hash_file(set->files[0].path, hash, hex, NULL, err) < 0)
        return -1;
    if (strcasecmp(hex, checksum) != 0)
        return sw_fail(err, SW_INTEGRITY, "its %s is %s, and the step wants %.130s", sw_hash_name(hash), hex,
                       checksum);
    return 0;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

/* What came of a search; the first failure's code is the search's. */
struct verdict {
    struct fetch *fetch;
    struct sw_diags *diags;
    struct sw_buf list; /* of sources that are missing */
    size_t nr_missing, nr_failed;
    enum sw_code code;
};

const char *fetch_shown(const struct fetch_set *set)
{
    return set->sealed ? "(sealed)" : set->shown;
}

const char *fetch_plain_reason(enum sw_code code)
{
    switch (code) {
    case SW_INTEGRITY:
        return "its digest is not the one that is wanted";
    case SW_REMOTE:
        return "the server or the network refused it";
    case SW_OFFLINE:
        return "it is not here";
    default:
        return "it cannot be had";
    }
}

static void report_at(const struct verdict *v, const struct fetch_want *want, const struct sw_err *why)
{
    struct sw_doc doc = {.file = want->file, .diags = v->diags};

    sw_doc_fault_at(&doc, want->line, want->column, "'%.300s': %s%s",
                    want->sealed ? "(sealed)" : want->set->shown,
                    want->sealed ? fetch_plain_reason(why->code) : why->text,
                    want->test ? " (build --no-test leaves this phase out)" : "");
}

/* At every place that asks for the source. */
static void report(const struct verdict *v, const struct fetch_set *set, const struct sw_err *why)
{
    for (size_t i = 0; i < v->fetch->nr_wants; i++)
        if (v->fetch->wants[i].set == set)
            report_at(v, &v->fetch->wants[i], why);
}

static int report_missing(struct verdict *v, const struct fetch_set *set, struct sw_err *err)
{
    const char *places =
        v->fetch->nr_bundles > 0
            ? "it is neither in the recipe's inputs nor in a bundle, nor was it fetched before"
            : "it is not in the recipe's inputs, nor was it fetched before; no bundle was named";

    struct sw_err why = {.code = SW_OK};

    sw_fail(&why, SW_OFFLINE, "%s", set->why != NULL ? set->why : places);
    v->nr_missing++;
    report(v, set, &why);
    return sw_buf_printf(&v->list, err, "%s'%s'", v->list.len > 0 ? ", " : "", fetch_shown(set));
}

static void count_failure(struct verdict *v, enum sw_code code)
{
    v->nr_failed++;
    if (v->code == SW_OK)
        v->code = code;
}

static int seek_all(struct verdict *v, bool net, struct sw_err *err)
{
    for (size_t i = 0; i < v->fetch->nr_sets; i++) {
        struct fetch_set *set = v->fetch->sets[i];
        struct sw_err own = {.code = SW_OK};

        if (fetch_seek(v->fetch, set, net, &own) < 0) {
            if (own.code == SW_INTERRUPTED) {
                *err = own;
                return -1;
            }
            count_failure(v, own.code);
            report(v, set, &own);
        } else if (set->origin == FETCH_NOWHERE && !v->fetch->opts.network &&
                   report_missing(v, set, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Only what lies in a tar has no path; each file comes out of the first bundle that has it. */
static int unpack(struct fetch *fetch, struct sw_err *err)
{
    for (size_t i = 0; i < fetch->nr_bundles; i++) {
        SW_AUTO_FREE struct fetch_set **sets = sw_calloc(fetch->nr_sets + 1, sizeof(struct fetch_set *), err);
        size_t n = 0, files;
        const struct sw_bundle_file *listed = sw_bundle_files(fetch->bundles[i], &files);

        if (sets == NULL)
            return -1;
        for (size_t k = 0; k < fetch->nr_sets; k++)
            for (size_t f = 0; fetch->sets[k]->origin == FETCH_BUNDLE && f < files; f++)
                if (listed[f].path == NULL && strcmp(listed[f].source, fetch->sets[k]->uri) == 0) {
                    sets[n++] = fetch->sets[k];
                    break;
                }
        if (n > 0 && fetch_cache_unpack(&fetch->cache, fetch->bundles[i], sets, n, err) < 0)
            return sw_context(err, "bundle '%s'", fetch->opts.bundles[i]);
    }
    return 0;
}

/* A file of an earlier fetch that has another checksum is as good as none, where a new one may be had. */
static int check_want(struct fetch *fetch, const struct fetch_want *want, bool net, struct sw_err *err)
{
    struct fetch_set *set = want->set;

    if (set->n == 0 || fetch_check(set, want->checksum, want->algorithm, err) == 0)
        return 0;
    if (err->code != SW_INTEGRITY || set->origin != FETCH_CACHE || !fetch->opts.network)
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    if (!net) {
        fetch_set_empty(set);
        return 0;
    }
    if (fetch_from_net(&fetch->net, &fetch->cache, set, err) < 0)
        return -1;
    return fetch_check(set, want->checksum, want->algorithm, err);
}

static void check_all(struct verdict *v, bool net)
{
    for (size_t i = 0; i < v->fetch->nr_wants; i++) {
        const struct fetch_want *want = &v->fetch->wants[i];
        struct sw_err own = {.code = SW_OK};

        if (check_want(v->fetch, want, net, &own) < 0) {
            count_failure(v, own.code);
            report_at(v, want, &own);
        }
    }
}

static int judge(const struct verdict *v, struct sw_err *err)
{
    if (v->nr_missing > 0)
        return sw_fail(err, SW_OFFLINE, "%zu source%s missing: %s", v->nr_missing,
                       v->nr_missing == 1 ? " is" : "s are", v->list.data);
    if (v->nr_failed > 0)
        return sw_fail(err, v->code, "%zu download%s cannot be done", v->nr_failed,
                       v->nr_failed == 1 ? "" : "s");
    return 0;
}

static int find_all(struct fetch *fetch, bool whole, struct sw_diags *diags, struct sw_err *err)
{
    struct verdict v = {.fetch = fetch, .diags = diags};
    bool net = whole && fetch->opts.network;
    int rc = seek_all(&v, net, err);

    if (rc == 0 && whole && v.nr_failed == 0)
        rc = unpack(fetch, err);
    if (rc == 0) {
        check_all(&v, net);
        rc = judge(&v, err);
    }
    sw_buf_free(&v.list);
    return rc;
}

int fetch_find(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err)
{
    return find_all(fetch, true, diags, err);
}

int fetch_look(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err)
{
    return find_all(fetch, false, diags, err);
}

/* ---- Open and closed --------------------------------------------------------------------------------------------- */

static int open_bundles(struct fetch *fetch, struct sw_err *err)
{
    fetch->bundles = sw_calloc(fetch->opts.nr_bundles + 1, sizeof(struct sw_bundle *), err);
    if (fetch->bundles == NULL)
        return -1;
    for (; fetch->nr_bundles < fetch->opts.nr_bundles; fetch->nr_bundles++)
        if (sw_bundle_open(fetch->opts.bundles[fetch->nr_bundles], &fetch->bundles[fetch->nr_bundles], err) <
            0)
            return -1;
    return 0;
}

int fetch_new(const struct sw_recipe *recipe, const struct fetch_opts *opts, struct sw_diags *diags,
              struct fetch **out, struct sw_err *err)
{
    AUTO_FETCH struct fetch *fetch = sw_calloc(1, sizeof(*fetch), err);

    if (fetch == NULL)
        return -1;
    fetch->recipe = recipe;
    fetch->opts = *opts;
    fetch_transfers_init(fetch);
    if (fetch_collect(fetch, diags, err) < 0 || open_bundles(fetch, err) < 0)
        return -1;
    if (fetch->nr_sets > 0 || opts->network) {
        if (fetch_cache_open(&fetch->cache, err) < 0 || fetch_net_open(&fetch->net, opts->progress, err) < 0)
            return -1;
    }
    *out = SW_STEAL_PTR(fetch);
    return 0;
}

void fetch_free(struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->nr_wants; i++) {
        free(fetch->wants[i].checksum);
        free(fetch->wants[i].algorithm);
    }
    for (size_t i = 0; i < fetch->nr_sets; i++) {
        fetch_set_clear(fetch->sets[i]);
        free(fetch->sets[i]);
    }
    for (size_t i = 0; i < fetch->nr_bundles; i++)
        sw_bundle_close(fetch->bundles[i]);
    free(fetch->wants);
    free(fetch->sets);
    free(fetch->bundles);
    fetch_cache_close(&fetch->cache);
    fetch_net_close(&fetch->net);
    free(fetch);
}
