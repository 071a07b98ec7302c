/* What a guest's disk holds, as lines. */
#include "src/cli/guest_show.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <string.h>

enum { FOLDERS_SHOWN = 10 };

static const char *text(const json_t *object, const char *key)
{
    const char *value = sw_json_text(object, key);

    return value != NULL ? value : "";
}

static void begin(const char *what)
{
    printf("%-14s", what);
}

static void print_os(const json_t *os)
{
    const char *name = text(os, "pretty_name");

    begin("system:");
    if (name[0] != '\0') {
        out_safe(stdout, name);
    } else {
        out_safe(stdout, text(os, "id")[0] != '\0' ? text(os, "id") : "not known");
        putchar(' ');
        out_safe(stdout, text(os, "version_id"));
    }
    putchar('\n');
}

static void print_kernels(const json_t *kernels)
{
    const json_t *version;
    size_t i;

    json_array_foreach (kernels, i, version) {
        begin("kernel:");
        out_safe(stdout, json_string_value(version));
        putchar('\n');
    }
}

static void print_bootloader(const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach (list, i, one) {
        begin("boot loader:");
        printf("%s (%s)\n", text(one, "kind"), text(one, "path"));
    }
}

static void print_filesystems(const json_t *list)
{
    const json_t *fs;
    size_t i;

    json_array_foreach (list, i, fs) {
        begin("file system:");
        out_safe(stdout, text(fs, "place"));
        printf("  ");
        out_safe(stdout, text(fs, "type"));
        if (text(fs, "uuid")[0] != '\0') {
            printf(", UUID ");
            out_safe(stdout, text(fs, "uuid"));
        }
        if (text(fs, "label")[0] != '\0') {
            printf(", label ");
            out_safe(stdout, text(fs, "label"));
        }
        if (text(fs, "why")[0] != '\0') {
            printf(": ");
            out_safe(stdout, text(fs, "why"));
        }
        putchar('\n');
    }
}

/* How many there are, and with all what each is. */
static void print_map(const char *what, json_t *map, const char *member, bool all)
{
    const char *name;
    json_t *value;

    begin(what);
    printf("%zu\n", json_object_size(map));
    if (!all)
        return;
    json_object_foreach (map, name, value) {
        begin("");
        out_safe(stdout, name);
        printf("  ");
        out_safe(stdout, text(value, member));
        putchar('\n');
    }
}

static void print_folders(const json_t *folders, bool all)
{
    const json_t *folder;
    size_t i;

    json_array_foreach (folders, i, folder) {
        char size[32];

        if (!all && i == FOLDERS_SHOWN)
            break;
        out_size((uint64_t)json_integer_value(json_object_get(folder, "bytes")), size, sizeof(size));
        begin(i == 0 ? "folders:" : "");
        printf("%-11s", size);
        out_safe(stdout, text(folder, "path"));
        printf(", %lld files\n", (long long)json_integer_value(json_object_get(folder, "files")));
    }
}

void guest_show(json_t *guest, bool verbose)
{
    print_os(json_object_get(guest, "os"));
    print_kernels(json_object_get(guest, "kernels"));
    print_bootloader(json_object_get(guest, "bootloader"));
    print_filesystems(json_object_get(guest, "filesystems"));
    print_map("packages:", json_object_get(guest, "packages"), "version", verbose);
    print_map("users:", json_object_get(guest, "users"), "shell", true);
    print_map("groups:", json_object_get(guest, "groups"), "members", verbose);
    print_map("units:", json_object_get(guest, "units"), "state", true);
    print_folders(json_object_get(guest, "folders"), verbose);
}
