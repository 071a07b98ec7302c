/* A folder for the run log, for the tests of one program. */
#ifndef TESTS_UNIT_GUEST_LOG_DIR_H
#define TESTS_UNIT_GUEST_LOG_DIR_H

#include "src/base/json.h"
#include "tests/unit/guest/folder.h"

static char log_dir[80];

static inline int log_dir_make(void)
{
    snprintf(log_dir, sizeof(log_dir), "/tmp/slipway-log.XXXXXX");
    return mkdtemp(log_dir) != NULL ? 0 : -1;
}

static inline int log_dir_remove(void)
{
    struct sw_err err = {.code = SW_OK};

    return sw_remove_tree(log_dir, &err);
}

/* The same with a guest beside it: a program's setup and teardown. */
static inline int log_and_folder_setup(void **state)
{
    return log_dir_make() < 0 ? -1 : folder_setup(state);
}

static inline int log_and_folder_teardown(void **state)
{
    return log_dir_remove() < 0 ? -1 : folder_teardown(state);
}

/* A file of the log, whole. Free it. */
static inline char *log_part(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf text = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", log_dir, name);
    if (sw_read_file(path, 1 << 26, &text, &err) < 0)
        fail_msg("%s", err.text);
    return sw_buf_steal(&text);
}

/* Skips the test where the checker cannot run. */
static inline void check_schema(const char *schema, const char *part)
{
    static const char checker[] = SLIPWAY_SOURCE "/tests/lib/check-schema";
    SW_AUTO_BUF struct sw_buf said = {0};
    struct sw_err err = {.code = SW_OK};
    char schema_path[256], path[128];
    int status = -1;

    snprintf(schema_path, sizeof(schema_path), SLIPWAY_SOURCE "/docs/%s", schema);
    snprintf(path, sizeof(path), "%s/%s", log_dir, part);
    const char *const argv[] = {"python3", checker, schema_path, path, NULL};
    assert_int_equal(sw_run_program(argv, 60000, &said, &status, &err), 0);
    if (status == 77)
        skip();
    if (status != 0)
        fail_msg("%s: %s", part, said.data);
}

static inline void check_schemas(void)
{
    check_schema("detailedoutput.schema.json", "detailedoutput.json");
    check_schema("chaining.schema.json", "chaining.json");
    check_schema("events.schema.json", "events.jsonl");
}

#endif
