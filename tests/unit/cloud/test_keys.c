/* Credentials that end: who fetches them, when, and what the others do meanwhile. */
#include "tests/unit/testing.h"

#include "src/base/pool.h"
#include "src/cloud/keys.h"

enum { NOW = 1000000, THREADS = 16 };

/* Gives "KEY1", "KEY2", …; fails as often as it is told to. */
struct fake_source {
    struct keys_source base;
    atomic_int fetches;
    int fail;
    int64_t life_s; /* 0: for ever */
    bool same;      /* always KEY1 */
    pthread_barrier_t *gate;
};

static int fake_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    struct fake_source *self = (struct fake_source *)source;
    int n = atomic_fetch_add(&self->fetches, 1) + 1;
    char access[16];

    if (self->gate != NULL)
        pthread_barrier_wait(self->gate);
    if (self->fail > 0) {
        self->fail--;
        return sw_fail(err, SW_REMOTE, "no answer");
    }
    snprintf(access, sizeof(access), "KEY%d", self->same ? 1 : n);
    assert_ok(keys_take(&(struct keys_text){access, "s", "t", NULL}, "it", out, err), *err);
    out->expires_s = self->life_s != 0 ? NOW + self->life_s : 0;
    return 0;
}

static void fake_close(struct keys_source *source)
{
    (void)source;
}

static void start(struct keys_cache *cache, struct fake_source *source, int64_t life_s)
{
    *source = (struct fake_source){.base = {"a test", false, fake_fetch, fake_close}, .life_s = life_s};
    keys_cache_init(cache, &source->base);
}

static void expect(struct keys_cache *cache, int64_t now_s, const char *access)
{
    struct sw_err err = {.code = SW_OK};
    struct keys_ref *ref;

    assert_ok(keys_hold(cache, now_s, &ref, &err), err);
    assert_string_equal(ref->keys.access, access);
    keys_release(ref);
}

static void are_fetched_once_and_again_fifteen_minutes_before_they_end(void **state)
{
    struct fake_source source;
    struct keys_cache cache;

    (void)state;
    start(&cache, &source, 3600);
    expect(&cache, NOW, "KEY1");
    expect(&cache, NOW + 3600 - KEYS_EARLY_S - 1, "KEY1");
    source.life_s = 7200;
    expect(&cache, NOW + 3600 - KEYS_EARLY_S, "KEY2");
    expect(&cache, NOW + 3600, "KEY2");
    assert_int_equal(source.fetches, 2);
    keys_cache_free(&cache);
}

static void that_live_shortly_are_not_fetched_for_every_request(void **state)
{
    struct fake_source source;
    struct keys_cache cache;

    (void)state;
    start(&cache, &source, 900);
    expect(&cache, NOW, "KEY1");
    expect(&cache, NOW + 449, "KEY1");
    expect(&cache, NOW + 450, "KEY2");
    /* The source has only the same end to offer: it is not asked again at once. */
    expect(&cache, NOW + 450 + KEYS_PAUSE_S - 1, "KEY2");
    assert_int_equal(source.fetches, 2);
    keys_cache_free(&cache);
}

static void without_an_end_are_fetched_once(void **state)
{
    struct fake_source source;
    struct keys_cache cache;

    (void)state;
    start(&cache, &source, 0);
    expect(&cache, NOW, "KEY1");
    expect(&cache, NOW + 1000000, "KEY1");
    assert_int_equal(source.fetches, 1);
    keys_cache_free(&cache);
}

static void that_cannot_be_fetched_yet_are_used_as_long_as_they_last(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct fake_source source;
    struct keys_cache cache;
    struct keys_ref *ref;

    (void)state;
    start(&cache, &source, 3600);
    expect(&cache, NOW, "KEY1");
    source.fail = 2;
    expect(&cache, NOW + 3000, "KEY1");
    expect(&cache, NOW + 3000 + KEYS_PAUSE_S - 1, "KEY1");
    assert_int_equal(source.fetches, 2);
    assert_failed(keys_hold(&cache, NOW + 3601, &ref, &err), err, SW_REMOTE,
                  "credentials from a test: no answer");
    assert_null(ref);
    source.life_s = 7200;
    expect(&cache, NOW + 3602, "KEY4");
    keys_cache_free(&cache);
}

static void of_a_clock_that_is_wrong_are_left_to_the_server_to_judge(void **state)
{
    struct fake_source source;
    struct keys_cache cache;

    (void)state;
    start(&cache, &source, 3600);
    expect(&cache, NOW + 5000, "KEY1");
    expect(&cache, NOW + 5001, "KEY1");
    assert_int_equal(source.fetches, 1);
    keys_cache_free(&cache);
}

static void that_the_server_refuses_are_exchanged_once(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct fake_source source;
    struct keys_cache cache;
    struct keys_ref *old, *late;
    bool others;

    (void)state;
    start(&cache, &source, 3600);
    assert_ok(keys_hold(&cache, NOW, &old, &err), err);
    assert_ok(keys_hold(&cache, NOW, &late, &err), err);
    assert_ok(keys_renew(&cache, old, NOW, &others, &err), err);
    assert_true(others);
    /* Another thread whose request was refused too finds that it was done. */
    assert_ok(keys_renew(&cache, late, NOW, &others, &err), err);
    assert_true(others);
    assert_int_equal(source.fetches, 2);
    assert_string_equal(old->keys.access, "KEY1");
    keys_release(old);
    keys_release(late);
    source.same = true;
    expect(&cache, NOW, "KEY2");
    keys_cache_free(&cache);
}

static void that_are_the_same_again_are_no_others(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct fake_source source;
    struct keys_cache cache;
    struct keys_ref *ref;
    bool others = true;

    (void)state;
    start(&cache, &source, 3600);
    source.same = true;
    assert_ok(keys_hold(&cache, NOW, &ref, &err), err);
    assert_ok(keys_renew(&cache, ref, NOW, &others, &err), err);
    assert_false(others);
    keys_release(ref);
    source.fail = 1;
    assert_failed(keys_renew(&cache, cache.current, NOW, &others, &err), err, SW_REMOTE, "no answer");
    keys_cache_free(&cache);
}

struct crowd {
    struct keys_cache cache;
    struct fake_source source;
    pthread_barrier_t gate;
    atomic_int good, bad;
};

static void ask(void *arg, unsigned index)
{
    struct crowd *crowd = arg;
    struct sw_err err = {.code = SW_OK};
    struct keys_ref *ref;

    /* The first of them is in the source: the others come while it is busy, and it is let out by the last. */
    if (index == 0)
        pthread_barrier_wait(&crowd->gate);
    if (index != 0 && keys_hold(&crowd->cache, NOW, &ref, &err) == 0) {
        atomic_fetch_add(&crowd->good, 1);
        keys_release(ref);
    } else if (index != 0) {
        atomic_fetch_add(&crowd->bad, 1);
    }
}

static void many_threads_ask_the_source_once(void **state)
{
    struct crowd crowd = {.good = 0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    start(&crowd.cache, &crowd.source, 3600);
    pthread_barrier_init(&crowd.gate, NULL, 2);
    crowd.source.gate = &crowd.gate;
    assert_ok(sw_threads_run(THREADS, ask, &crowd, &err), err);
    assert_int_equal(crowd.source.fetches, 1);
    assert_int_equal(crowd.good, THREADS - 1);
    pthread_barrier_destroy(&crowd.gate);
    keys_cache_free(&crowd.cache);
}

static void times_are_read_in_every_form_that_sources_use(void **state)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } all[] = {
        {"2026-11-22T06:40:36Z", 1795329636},
        {"2026-11-22T06:40:36.123Z", 1795329636},
        {"2026-11-22T06:40:36UTC", 1795329636},
        {"2026-11-22T07:40:36+01:00", 1795329636},
        {"2026-11-22T01:10:36-05:30", 1795329636},
        {"2026-11-22T06:40:36", -1},
        {"2026-11-22T06:40:36.Z", -1},
        {"2026-11-22T06:40:36+25:00", -1},
        {"2026-11-22T06:40:36Zx", -1},
        {"22.11.2026", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int64_t got = -1;

        assert_int_equal(keys_time(all[i].text, &got), all[i].want < 0 ? -1 : 0);
        assert_int_equal(got, all[i].want);
    }
}

static void what_cannot_stand_in_a_header_is_no_key(void **state)
{
    static const struct keys_text bad[] = {{"A", "s", "t\r\nX-Evil: 1", NULL},
                                           {"A B", "s", NULL, NULL},
                                           {"A", "s\xc3\xbc", NULL, NULL},
                                           {"A", "", NULL, NULL},
                                           {NULL, "s", NULL, NULL},
                                           {"A", "s", NULL, "soon"}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sw_err err = {.code = SW_OK};
        struct cloud_keys keys = {.access = NULL};

        assert_failed(keys_take(&bad[i], "it", &keys, &err), err, SW_FAILED, "it ");
        assert_null(keys.access);
        /* What is wrong with a secret is said without it. */
        assert_null(strstr(err.text, "Evil"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_fetched_once_and_again_fifteen_minutes_before_they_end),
        cmocka_unit_test(that_live_shortly_are_not_fetched_for_every_request),
        cmocka_unit_test(without_an_end_are_fetched_once),
        cmocka_unit_test(that_cannot_be_fetched_yet_are_used_as_long_as_they_last),
        cmocka_unit_test(of_a_clock_that_is_wrong_are_left_to_the_server_to_judge),
        cmocka_unit_test(that_the_server_refuses_are_exchanged_once),
        cmocka_unit_test(that_are_the_same_again_are_no_others),
        cmocka_unit_test(many_threads_ask_the_source_once),
        cmocka_unit_test(times_are_read_in_every_form_that_sources_use),
        cmocka_unit_test(what_cannot_stand_in_a_header_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
