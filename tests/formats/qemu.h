/* qemu-img and qemu-io as the opposite end. */
#ifndef TESTS_FORMATS_QEMU_H
#define TESTS_FORMATS_QEMU_H

#include "src/base/proc.h"
#include "tests/formats/disks.h"

/* Runs a program that must succeed. said: its standard output, or NULL. */
static inline void run(const char *const argv[], struct sw_buf *said)
{
    struct sw_err err = {0};
    int status = 0;

    assert_ok(sw_run_program(argv, 120000, said, &status, &err), err);
    if (status != 0)
        fail_msg("%s %s: exit status %d: %s", argv[0], argv[1], status,
                 said != NULL && said->len > 0 ? said->data : "");
}

/* A line for the shell, for what has options without end. */
static inline void run_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void run_line(const char *fmt, ...)
{
    static char line[64 << 10];
    const char *const argv[] = {"sh", "-ec", line, NULL};
    SW_AUTO_BUF struct sw_buf said = {0};
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < sizeof(line));
    run(argv, &said);
}

static inline bool no_qemu(void)
{
    static const char *const version[] = {"qemu-img", "--version", NULL};
    struct sw_err err = {0};
    int status = 1;

    if (sw_run_program(version, 10000, NULL, &status, &err) == 0 && status == 0)
        return false;
    print_message("skipped: no qemu-img here\n");
    return true;
}

#endif
