/* What the lane ebs-direct remembers, as JSON and back, also when somebody wrote into it. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/import/ebs_state.h"

static struct ebs_disk disks[SW_IMPORT_MAX_DISKS];

static const char *const sound =
    "{\"disks\":[{\"stage\":\"writing\",\"token\":\"slipway-00\",\"request\":\"ab\","
    "\"snapshot\":\"snap-0a\",\"linear\":\"\",\"started_s\":1795732327,"
    "\"volume_gib\":8,\"blocks\":0}]}";

static int load(const char *text, struct sw_err *err)
{
    SW_AUTO_JSON json_t *lane = json_loads(text, 0, NULL);

    assert_non_null(lane);
    *err = (struct sw_err){.code = SW_OK};
    return ebs_state_load(lane, disks, err);
}

static void what_is_stored_comes_back(void **state)
{
    struct ebs_disk some[2] = {{.stage = EBS_COMPLETED,
                                .token = "slipway-00",
                                .request = "00",
                                .snapshot = "snap-0123456789abcdef0",
                                .started_s = 1795732327,
                                .volume_gib = SW_EBS_GIB_MAX,
                                .blocks = SW_EBS_GIB_MAX * SW_EBS_BLOCKS_PER_GIB,
                                .linear = "ff"},
                               {.stage = EBS_NEW}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *lane = ebs_state_store(some, 2, &err);

    (void)state;
    assert_non_null(lane);
    assert_ok(ebs_state_load(lane, disks, &err), err);
    assert_memory_equal(disks, some, sizeof(some));
    assert_int_equal(disks[2].stage, EBS_NEW);
}

static void a_lane_without_a_state_has_new_disks(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    disks[0].stage = EBS_WRITING;
    assert_ok(ebs_state_load(NULL, disks, &err), err);
    assert_int_equal(disks[0].stage, EBS_NEW);
}

static void each_damaged_member_is_named(void **state)
{
    static const struct {
        const char *from, *to, *named;
    } cases[] = {
        {"\"writing\"", "\"baking\"", "'stage'"},
        {"\"slipway-00\"", "\"\"", "'token'"},
        {"\"snap-0a\"", "\"snap-../0\"", "'snapshot'"},
        {"\"snap-0a\"", "\"\"", "'snapshot'"},
        {"\"snap-0a\"", "7", "'snapshot'"},
        {"1795732327", "-1", "'started_s'"},
        {"\"volume_gib\":8", "\"volume_gib\":65537", "'volume_gib'"},
        {"\"blocks\":0", "\"blocks\":134217729", "'blocks'"},
        {"\"linear\":\"\"", "\"nothing\":\"\"", "'linear'"},
    };
    struct sw_err err;

    (void)state;
    assert_ok(load(sound, &err), err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = strstr(sound, cases[i].from);
        char text[512];

        assert_non_null(at);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sound), sound, cases[i].to,
                 at + strlen(cases[i].from));
        assert_failed(load(text, &err), err, SW_INTEGRITY, cases[i].named);
    }
    assert_failed(load("{\"disks\":{}}", &err), err, SW_INTEGRITY, "'disks'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_comes_back),
        cmocka_unit_test(a_lane_without_a_state_has_new_disks),
        cmocka_unit_test(each_damaged_member_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
