/* The files of a test: made by a shell, counted, and compared. */
#ifndef TESTS_UNIT_FILES_H
#define TESTS_UNIT_FILES_H

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/proc.h"
#include "tests/unit/testing.h"

#include <dirent.h>

/* Runs what bash is told; when any of it fails, so does the test, with what was said. */
static inline void run_shell(const char *script)
{
    const char *const argv[] = {"/bin/bash", "-euc", script, NULL};
    SW_AUTO_BUF struct sw_buf said = {0};
    struct sw_err err = {.code = SW_OK};
    int status = 0;

    assert_ok(sw_run_program(argv, 120000, &said, &status, &err), err);
    if (status != 0)
        fail_msg("%s: %s", script, said.data != NULL ? said.data : "");
}

/* Entries of a folder, but for "." and "..". */
static inline unsigned entries_of(const char *path)
{
    SW_AUTO_DIR DIR *dir = opendir(path);
    const struct dirent *entry;
    unsigned n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    return n;
}

/* Of at most 64 MiB each. */
static inline void assert_same_files(const char *a, const char *b)
{
    SW_AUTO_BUF struct sw_buf left = {0}, right = {0};
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_read_file(a, 64 << 20, &left, &err), err);
    assert_ok(sw_read_file(b, 64 << 20, &right, &err), err);
    assert_int_equal(left.len, right.len);
    assert_memory_equal(left.data, right.data, left.len);
}

#endif
