/* Credentials: one source of them, how long they live, and who holds them while requests run. */
#include "src/cloud/keys.h"

#include "src/base/buf.h"
#include "src/base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void wipe_text(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void keys_free(struct cloud_keys *keys)
{
    free(keys->access);
    wipe_text(keys->secret);
    wipe_text(keys->token);
    memset(keys, 0, sizeof(*keys));
}

bool keys_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int keys_take(const struct keys_text *text, const char *where, struct cloud_keys *out, struct sw_err *err)
{
    KEYS_AUTO struct cloud_keys keys = {.access = NULL};
    const char *const parts[] = {text->access, text->secret, text->token};
    char **const copies[] = {&keys.access, &keys.secret, &keys.token};

    if (!given(text->access) && !given(text->secret))
        return sw_fail(err, SW_FAILED, "%s has no keys", where);
    if (!given(text->access) || !given(text->secret))
        return sw_fail(err, SW_FAILED, "%s has an access key without its secret, or the reverse", where);
    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++) {
        if (!given(parts[i]))
            continue;
        if (!keys_plain(parts[i]))
            return sw_fail(err, SW_FAILED, "%s has a key or token with white space or control bytes in it",
                           where);
        *copies[i] = sw_strdup(parts[i], err);
        if (*copies[i] == NULL)
            return -1;
    }
    if (given(text->expires) && keys_time(text->expires, &keys.expires_s) < 0)
        return sw_fail(err, SW_FAILED, "%s says that its keys end at '%.40s', which is no time", where,
                       text->expires);
    *out = keys;
    memset(&keys, 0, sizeof(keys));
    return 0;
}

/* "+hh:mm" or "-hh:mm" as seconds. */
static int read_offset(const char *text, int64_t *out)
{
    int hours, minutes, end = 0;

    if ((text[0] != '+' && text[0] != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 ||
        text[1 + end] != '\0' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return -1;
    *out = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return 0;
}

int keys_time(const char *text, int64_t *out)
{
    struct tm utc = {.tm_year = 0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    int64_t offset_s = 0;

    if (rest == NULL)
        return -1;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");

        if (digits == 0)
            return -1;
        rest += 1 + digits;
    }
    if (strcmp(rest, "Z") != 0 && strcmp(rest, "UTC") != 0 && read_offset(rest, &offset_s) < 0)
        return -1;
    *out = (int64_t)timegm(&utc) - offset_s;
    return 0;
}

void keys_wipe_json(json_t *value)
{
    const char *name;
    json_t *inner;
    size_t i;

    if (json_is_string(value))
        explicit_bzero((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    json_object_foreach (value, name, inner)
        keys_wipe_json(inner);
    json_array_foreach (value, i, inner)
        keys_wipe_json(inner);
}

void keys_cache_init(struct keys_cache *cache, struct keys_source *source)
{
    memset(cache, 0, sizeof(*cache));
    cache->source = source;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->changed, NULL);
}

void keys_release(struct keys_ref *ref)
{
    if (ref == NULL || atomic_fetch_sub(&ref->users, 1) > 1)
        return;
    keys_free(&ref->keys);
    free(ref);
}

void keys_cache_free(struct keys_cache *cache)
{
    keys_release(cache->current);
    if (cache->source != NULL)
        cache->source->close(cache->source);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->changed);
}

/* Works still, or came so lately that the server must judge: this machine's clock may be wrong. */
static bool usable(const struct keys_cache *cache, int64_t now_s)
{
    const struct keys_ref *ref = cache->current;

    return ref != NULL &&
           (ref->keys.expires_s == 0 || now_s < ref->keys.expires_s || now_s < cache->fresh_until_s);
}

static void install(struct keys_cache *cache, struct keys_ref *ref, int64_t now_s)
{
    int64_t life_s = ref->keys.expires_s - now_s;

    keys_release(cache->current);
    cache->current = ref;
    cache->pause_until_s = cache->fresh_until_s = now_s + KEYS_PAUSE_S;
    cache->due_s = INT64_MAX;
    if (ref->keys.expires_s != 0)
        cache->due_s = ref->keys.expires_s - (life_s < 2 * KEYS_EARLY_S ? life_s / 2 : KEYS_EARLY_S);
}

static bool same_keys(const struct cloud_keys *a, const struct cloud_keys *b)
{
    return strcmp(a->access, b->access) == 0 && strcmp(a->secret, b->secret) == 0 &&
           strcmp(a->token != NULL ? a->token : "", b->token != NULL ? b->token : "") == 0;
}

/* Asks the source. The lock is held at both ends, not between them; one thread at a time. */
static int refresh(struct keys_cache *cache, int64_t now_s, struct sw_err *err)
{
    struct keys_ref *ref = sw_calloc(1, sizeof(*ref), err);
    int rc = -1;

    cache->busy = true;
    pthread_mutex_unlock(&cache->lock);
    if (ref != NULL)
        rc = cache->source->fetch(cache->source, &ref->keys, err);
    pthread_mutex_lock(&cache->lock);
    cache->busy = false;
    pthread_cond_broadcast(&cache->changed);
    if (rc == 0) {
        atomic_init(&ref->users, 1);
        install(cache, ref, now_s);
        return 0;
    }
    free(ref);
    sw_context(err, "credentials from %s", cache->source->name);
    cache->failures++;
    cache->failure = *err;
    cache->pause_until_s = now_s + KEYS_PAUSE_S;
    return -1;
}

/* Waits for the thread that asks; -1 with its error when it failed. */
static int wait_for_other(struct keys_cache *cache, struct sw_err *err)
{
    unsigned failures = cache->failures;

    while (cache->busy)
        pthread_cond_wait(&cache->changed, &cache->lock);
    if (cache->failures == failures)
        return 0;
    *err = cache->failure;
    return -1;
}

/* Leaves keys in cache->current that may be used. */
static int make_current(struct keys_cache *cache, int64_t now_s, struct sw_err *err)
{
    struct sw_err why = {.code = SW_OK};

    for (;;) {
        if (usable(cache, now_s) && (now_s < cache->due_s || cache->busy || now_s < cache->pause_until_s))
            return 0;
        if (cache->busy) {
            if (wait_for_other(cache, err) < 0)
                return -1;
            continue;
        }
        if (refresh(cache, now_s, &why) == 0)
            return 0;
        if (cache->current == NULL || cache->current->keys.expires_s <= now_s) {
            *err = why;
            return -1;
        }
        sw_log(SW_LOG_WARNING, "%s; the present ones are used as long as they last", why.text);
    }
}

int keys_hold(struct keys_cache *cache, int64_t now_s, struct keys_ref **out, struct sw_err *err)
{
    int rc;

    *out = NULL;
    if (cache->source == NULL)
        return 0;
    pthread_mutex_lock(&cache->lock);
    rc = make_current(cache, now_s, err);
    if (rc == 0) {
        *out = cache->current;
        atomic_fetch_add(&(*out)->users, 1);
    }
    pthread_mutex_unlock(&cache->lock);
    return rc;
}

/* The same keys again are no others. */
static int renew_locked(struct keys_cache *cache, const struct keys_ref *ref, int64_t now_s, bool *others,
                        struct sw_err *err)
{
    if (cache->busy && wait_for_other(cache, err) < 0)
        return -1;
    *others = cache->current != ref;
    if (*others)
        return 0;
    if (refresh(cache, now_s, err) < 0)
        return -1;
    *others = !same_keys(&cache->current->keys, &ref->keys);
    return 0;
}

int keys_renew(struct keys_cache *cache, const struct keys_ref *ref, int64_t now_s, bool *others,
               struct sw_err *err)
{
    int rc;

    *others = false;
    if (cache->source == NULL || ref == NULL)
        return 0;
    pthread_mutex_lock(&cache->lock);
    rc = renew_locked(cache, ref, now_s, others, err);
    pthread_mutex_unlock(&cache->lock);
    return rc;
}
