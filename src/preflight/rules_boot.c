/* Rules about what starts from the first disk: which firmware finds what there. */
#include "src/preflight/rules.h"

#include "src/base/cleanup.h"

#include <stdio.h>
#include <strings.h>

#define TIB (UINT64_C(1) << 40)

static const json_t *boot_disk(const struct ev *ev)
{
    return json_array_get(ev->disks, 0);
}

static bool has_active(const json_t *disk)
{
    const json_t *part;
    size_t i;

    json_array_foreach (ev_get(disk, "partitions"), i, part) {
        if (ev_true(part, "active"))
            return true;
    }
    return false;
}

static bool has_role(const json_t *disk, const char *role)
{
    const json_t *part;
    size_t i;

    json_array_foreach (ev_get(disk, "partitions"), i, part) {
        if (ev_is(part, "role", role))
            return true;
    }
    return false;
}

/* A file of the disk's EFI system partitions whose path is that, in any case, and that is a program of that machine. */
static bool has_loader(const json_t *disk, const char *path, const char *machine)
{
    const json_t *esp, *file;
    size_t i, j;

    json_array_foreach (ev_get(disk, "esp"), i, esp) {
        json_array_foreach (ev_get(esp, "files"), j, file) {
            if (strcasecmp(ev_text(file, "path"), path) == 0 && ev_is(file, "machine", machine))
                return true;
        }
    }
    return false;
}

static bool esp_told(const json_t *disk)
{
    const json_t *esp;
    size_t i;

    json_array_foreach (ev_get(disk, "esp"), i, esp) {
        if (ev_get(esp, "fault") != NULL)
            return false;
    }
    return true;
}

struct boot_ways ev_boot(const struct ev *ev)
{
    const json_t *disk = boot_disk(ev);
    struct boot_ways ways = {.told = ev_looked(disk)};
    bool gpt = ev_is(disk, "table.kind", "gpt"), code = ev_true(disk, "table.boot_code");

    ways.esp = has_role(disk, "esp");
    ways.esp_told = esp_told(disk);
    ways.loader = has_loader(disk, "/EFI/BOOT/BOOTX64.EFI", "x86_64");
    ways.loader_arm64 = has_loader(disk, "/EFI/BOOT/BOOTAA64.EFI", "arm64");
    ways.uefi = ways.esp;
    /* What boots from a GPT by BIOS is GRUB's image in its own partition, or a loader of a legacy-bootable one. */
    ways.bios = code && (gpt ? has_role(disk, "bios-boot") || has_active(disk) : has_active(disk));
    return ways;
}

static bool begin(const struct boot_ways *ways, const json_t *disk, struct ruling *ruling)
{
    if (!ways->told) {
        unknown(ruling, "the disk cannot be read");
        return false;
    }
    if (json_array_size(ev_get(disk, "partitions")) == 0) {
        not_applicable(ruling, "no partitions");
        return false;
    }
    return true;
}

/* BIOS loaders of MBR disks work without the flag, but what looks at the disk does not. */
static void partition(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk = boot_disk(ev);
    bool gpt = ev_is(disk, "table.kind", "gpt");

    if (!begin(&ways, disk, ruling) || ways.esp || has_active(disk) || (gpt && has_role(disk, "bios-boot")))
        return;
    found(ruling, ALL_LANES, ev_disk_name(disk), "%s",
          gpt ? "neither a BIOS boot partition nor an EFI system partition"
              : "no partition is active, and there is no EFI system partition");
}

/* Without any code in the first sector a BIOS has nothing to start, whatever the flags say. */
static void code(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk = boot_disk(ev);

    if (!begin(&ways, disk, ruling) || ev_true(disk, "table.boot_code"))
        return;
    if (has_active(disk) || has_role(disk, "bios-boot")) {
        if (ways.esp)
            found_note(
                ruling, ALL_LANES, ev_disk_name(disk),
                "it is laid out to boot by BIOS as well, but has no code in its first sector: say --boot-mode uefi");
        else
            found(ruling, ALL_LANES, ev_disk_name(disk), "no boot code in its first sector (bytes 0 to 439)");
    } else if (!ways.esp) {
        found(ruling, ALL_LANES, ev_disk_name(disk),
              "nothing starts from it: no boot code in its first sector, and no EFI system partition");
    }
}

static void firmware(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk = boot_disk(ev);

    /* Where the code alone is missing, boot.code says so. */
    if (begin(&ways, disk, ruling) && ways.uefi && !has_active(disk) && !has_role(disk, "bios-boot"))
        found(ruling, ALL_LANES, ev_disk_name(disk), "it boots by UEFI only");
}

static void loader(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk = boot_disk(ev), *esp;
    size_t i;

    if (!begin(&ways, disk, ruling))
        return;
    if (!ways.esp) {
        not_applicable(ruling, "no EFI system partition");
        return;
    }
    if (ways.loader || ways.loader_arm64)
        return;
    json_array_foreach (ev_get(disk, "esp"), i, esp) {
        char where[300];
        const char *fault = ev_text(esp, "fault");

        snprintf(where, sizeof(where), "%s, partition %llu", ev_disk_name(disk),
                 (unsigned long long)ev_number(esp, "partition"));
        if (ways.bios)
            found_note(ruling, ALL_LANES, where, "%s; it boots by BIOS",
                       fault[0] != '\0' ? fault : "no /EFI/BOOT/BOOTX64.EFI of x86-64");
        else
            found(ruling, ALL_LANES, where, "%s",
                  fault[0] != '\0' ? fault : "no /EFI/BOOT/BOOTX64.EFI of x86-64");
    }
}

static void mbr_size(const struct ev *ev, struct ruling *ruling)
{
    struct boot_ways ways = ev_boot(ev);
    const json_t *disk = boot_disk(ev);
    uint64_t bytes = ev_number(disk, "container.virtual_bytes");

    if (begin(&ways, disk, ruling) && ev_is(disk, "table.kind", "mbr") && bytes > 2 * TIB)
        found(ruling, ALL_LANES, ev_disk_name(disk), "an MBR on a boot disk of %llu bytes: it reaches 2 TiB",
              (unsigned long long)bytes);
}

const struct rule rules_boot[] = {
    {"boot.partition", partition}, {"boot.code", code},         {"boot.firmware", firmware},
    {"boot.uefi.loader", loader},  {"boot.mbr.size", mbr_size}, {.id = NULL},
};
