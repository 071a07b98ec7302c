/* Which firmware starts a disk, by what preflight's evidence says of its layout. */
#include "slipway/boot.h"

#include "src/base/json.h"

#include <string.h>
#include <strings.h>

static bool has_loader(const json_t *disk)
{
    const json_t *esp, *file;
    size_t i, k;

    json_array_foreach (json_object_get(disk, "esp"), i, esp) {
        json_array_foreach (json_object_get(esp, "files"), k, file) {
            const char *path = sw_json_text(file, "path"), *machine = sw_json_text(file, "machine");

            if (path != NULL && strcasecmp(path, "/EFI/BOOT/BOOTX64.EFI") == 0 && machine != NULL &&
                strcmp(machine, "x86_64") == 0)
                return true;
        }
    }
    return false;
}

/* A partition that code in the first sector starts from. */
static bool has_place(const json_t *disk)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(disk, "partitions"), i, partition) {
        const char *role = sw_json_text(partition, "role");

        if ((role != NULL && strcmp(role, "bios-boot") == 0) ||
            json_is_true(json_object_get(partition, "active")))
            return true;
    }
    return false;
}

enum sw_firmware sw_firmware_choose(const json_t *disk)
{
    bool code = json_is_true(json_object_get(json_object_get(disk, "table"), "boot_code"));

    return has_loader(disk) && !(code && has_place(disk)) ? SW_FIRMWARE_UEFI : SW_FIRMWARE_BIOS;
}
