/* How long a session goes on trying: the quota, patience with a lost line, and the user's own word. */
#include "tests/unit/cloud/scripted.h"

#include "src/cloud/retries.h"

static const struct sw_s3_upload object = {"lab", "k", "u"};

/* A lost line is waited for when it worked before: longer than eight attempts, up to three minutes. */
static void a_line_that_worked_is_waited_for(void **state)
{
    struct script_step steps[14] = {{.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    for (size_t i = 1; i < 13; i++)
        steps[i] = (struct script_step){.broken = SW_REMOTE};
    steps[13] = (struct script_step){.status = 204};
    cloud = open_scripted(&twin, steps, 14);
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    assert_int_equal(twin.at, 14);
    sw_cloud_close(cloud);
}

/* A line that worked once and is then lost for good; each pause takes 20 s, and meanwhile that happens. */
static void lose_the_line(void (*meanwhile)(struct scripted *twin), const char *said)
{
    static struct script_step steps[32] = {{.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    set_keys();
    for (size_t i = 1; i < 32; i++)
        steps[i] = (struct script_step){.broken = SW_REMOTE};
    cloud = open_scripted(&twin, steps, 32);
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    twin.seconds_a_sleep = 20;
    twin.meanwhile = meanwhile;
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_REMOTE, said);
    sw_cloud_close(cloud);
}

static void a_line_that_stays_lost_ends_after_three_minutes(void **state)
{
    (void)state;
    lose_the_line(NULL, "after 10 attempts: connection reset");
}

static void set_clock_back(struct scripted *twin)
{
    twin->now_s -= 86400;
}

static void patience_does_not_depend_on_who_sets_the_clock(void **state)
{
    (void)state;
    lose_the_line(set_clock_back, "after 10 attempts");
}

static void a_line_that_never_worked_is_not(void **state)
{
    struct script_step steps[8];
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    for (size_t i = 0; i < 8; i++)
        steps[i] = (struct script_step){.broken = SW_REMOTE};
    cloud = open_scripted(&twin, steps, 8);
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_REMOTE, "after 8 attempts");
    sw_cloud_close(cloud);
}

static void what_the_user_says_of_attempts_holds(void **state)
{
    static const struct script_step steps[] = {
        {.status = 204}, {.broken = SW_REMOTE}, {.broken = SW_REMOTE}, {.status = 500}, {.status = 500}};
    static const char *const bad[] = {"0", "101", "many", "3x", "-1"};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    setenv("AWS_MAX_ATTEMPTS", "2", 1);
    setenv("AWS_RETRY_MODE", "Adaptive", 1);
    cloud = open_scripted(&twin, steps, 5);
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_REMOTE, "after 2 attempts");
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_REMOTE, "after 2 attempts");
    sw_cloud_close(cloud);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv("AWS_MAX_ATTEMPTS", bad[i], 1);
        cloud = NULL;
        assert_failed(
            sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1"}, &twin.base, &cloud, &err), err,
            SW_USAGE, "AWS_MAX_ATTEMPTS");
    }
    set_keys();
    setenv("AWS_RETRY_MODE", "patient", 1);
    assert_failed(sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1"}, &twin.base, &cloud, &err),
                  err, SW_USAGE, "AWS_RETRY_MODE (retry_mode) is 'patient'");
    set_keys();
}

static void a_service_in_trouble_is_left_alone(void **state)
{
    static const struct script_step steps[] = {
        {.status = 503}, {.status = 503}, {.status = 204}, {.status = 500}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;
    int full;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 4);
    full = cloud->retry_quota;
    atomic_store(&cloud->retry_quota, 12);
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    /* Two tries cost 10, and that it went well gives one of them back. */
    assert_int_equal(cloud->retry_quota, 7);
    atomic_store(&cloud->retry_quota, 4);
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_REMOTE,
                  "after 1 attempts: too many requests fail: the server answered HTTP 500");
    assert_int_equal(twin.at, 4);
    atomic_store(&cloud->retry_quota, full);
    retries_give_back(cloud, &(struct retries){.failures = 0});
    assert_int_equal(cloud->retry_quota, full);
    sw_cloud_close(cloud);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_worked_is_waited_for),
        cmocka_unit_test(a_line_that_stays_lost_ends_after_three_minutes),
        cmocka_unit_test(patience_does_not_depend_on_who_sets_the_clock),
        cmocka_unit_test(a_line_that_never_worked_is_not),
        cmocka_unit_test(what_the_user_says_of_attempts_holds),
        cmocka_unit_test(a_service_in_trouble_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
