/* A Windows drive in the tiny root folder: the folders and hives that a fresh installation has, and the guest over it. */
#ifndef TESTS_UNIT_GUEST_WINDOWS_DISK_H
#define TESTS_UNIT_GUEST_WINDOWS_DISK_H

#include "src/guest/hive.h"
#include "src/guest/windows.h"
#include "tests/unit/guest/log_dir.h"

#define CONFIG "C:/Windows/System32/config/"

static struct windows_guest windows;
static struct sw_guest *guest; /* = &windows.base */

static inline void disk_run(const char *const *argv)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf said = {0};
    int status = 0;

    assert_int_equal(sw_run_program(argv, 60000, &said, &status, &err), 0);
    if (status != 0)
        fail_msg("%s: %s", argv[0], said.data != NULL ? said.data : "");
}

static inline void disk_value(const char *file, const char *key, const char *name, const char *type,
                              const char *text)
{
    AUTO_HIVE struct hive *hive = NULL;
    struct sw_registry_value value = {.type = 0};
    struct sw_err err = {.code = SW_OK};
    char *const texts[] = {(char *)(uintptr_t)text, NULL};

    assert_int_equal(sw_registry_encode(type, texts, false, &value, &err), 0);
    assert_int_equal(hive_open(guest, file, &hive, &err), 0);
    assert_int_equal(hive_set(hive, key, name, &value, &err), 0);
    assert_int_equal(hive_write_back(hive, &err), 0);
    sw_buf_free(&value.data);
}

/* A fresh drive; the old one is gone. The first is kept, and the others are copies of it. */
static inline void disk_make(void)
{
    static const char script[] =
        "cd \"$0\"; rm -rf C:; [ -d first ] && exec cp -a first C:; mkdir -p first/Users/Admin "
        "first/Windows/System32/config first/Windows/System32/WindowsPowerShell/v1.0 "
        "first/Windows/ServiceProfiles/LocalService; cd first/Windows; \"$1\" System32/config/SYSTEM || exit 1; "
        "for hive in System32/config/SOFTWARE System32/config/DEFAULT ServiceProfiles/LocalService/NTUSER.DAT; do "
        "cp System32/config/SYSTEM $hive; done; echo MZ >System32/WindowsPowerShell/v1.0/powershell.exe; "
        "cd ../..; exec cp -a first C:";

    disk_run((const char *const[]){"/bin/sh", "-c", script, folder_path,
                                   SLIPWAY_SOURCE "/tests/lib/make-hive", NULL});
    windows_guest_init(&windows, folder_guest);
    guest = &windows.base;
    disk_value(CONFIG "SYSTEM", "Select", "Current", "DWORD", "2");
}

static inline int disk_each(void **state)
{
    (void)state;
    disk_make();
    return 0;
}

static inline void expect_number(const char *file, const char *key, const char *name, uint32_t wanted)
{
    AUTO_HIVE struct hive *hive = NULL;
    struct sw_err err = {.code = SW_OK};
    uint32_t number = 0;

    assert_int_equal(hive_open(guest, file, &hive, &err), 0);
    if (hive_number(hive, key, name, &number, &err) != 1)
        fail_msg("%s: %s has no number %s", file, key, name);
    assert_int_equal(number, wanted);
}

static inline void expect_text(const char *file, const char *key, const char *name, const char *wanted)
{
    AUTO_HIVE struct hive *hive = NULL;
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *text = NULL;

    assert_int_equal(hive_open(guest, file, &hive, &err), 0);
    if (hive_text(hive, key, name, &text, &err) != 1)
        fail_msg("%s: %s has no text %s", file, key, name);
    assert_string_equal(text, wanted);
}

#endif
