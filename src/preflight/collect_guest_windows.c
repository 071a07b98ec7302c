/* The guest of a machine on which there is no Linux and some NTFS: what the launch adds to what the hives say. */
#include "slipway/guest.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect_windows.h"
#include "src/preflight/guest.h"

#include <stdio.h>
#include <string.h>

/* As libguestfs names it: by the place in which its disk was added, whatever the kernel of the appliance calls it. */
static void name_of(const struct guest *guest, const struct guest_device *device, char out[GUEST_NAME])
{
    unsigned disk = guest->first + guest_disk(device) - 1;
    char first[2] = "", part[16] = "";

    if (disk >= 26)
        first[0] = (char)('a' + disk / 26 - 1);
    if (device->part > 0)
        snprintf(part, sizeof(part), "%u", device->part);
    snprintf(out, GUEST_NAME, "/dev/sd%s%c%s", first, 'a' + (int)(disk % 26), part);
}

/* A drive, or where a boot configuration may lie. */
static bool is_wanted(const struct guest_device *device)
{
    return device->disks != 0 && (strcmp(device->kind, "ntfs") == 0 || strcmp(device->kind, "vfat") == 0);
}

static json_t *list_roots(const struct guest *guest, const size_t *places, const struct sw_windows_look *look)
{
    json_t *list = json_array();

    for (size_t i = 0; i < look->nr_roots; i++) {
        const char *shown = guest->devices[places[look->roots[i]]].shown;

        json_array_append_new(list, json_pack("{s:o}", "device", sw_json_bytes(shown, strlen(shown))));
    }
    return list;
}

static int tell(const struct guest *guest, const size_t *places, const struct sw_windows_look *look,
                json_t *evidence, struct sw_err *err)
{
    const struct windows_hives hives = {.system = {look->system.bytes, look->system.len},
                                        .software = {look->software.bytes, look->software.len},
                                        .sam = {look->sam.bytes, look->sam.len},
                                        .bcd = {look->bcd.bytes, look->bcd.len}};
    json_t *out =
        json_pack("{s:s, s:o, s:{s:I, s:b}}", "platform", "windows", "roots", list_roots(guest, places, look),
                  "windows", "free_bytes", (json_int_t)look->free_bytes, "hibernated", look->hibernated);

    if (sw_json_set(evidence, "guest", out, err) < 0)
        return -1;
    return collect_windows(&hives, out, err);
}

int guest_windows(struct sw_session *session, const struct guest *guest, json_t *evidence, struct sw_err *err)
{
    const char *devices[GUEST_DEVICES_MAX];
    char names[GUEST_DEVICES_MAX][GUEST_NAME];
    size_t places[GUEST_DEVICES_MAX], n = 0;
    struct sw_windows_look look;
    int rc;

    for (size_t i = 0; i < guest->nr_devices; i++) {
        if (!is_wanted(&guest->devices[i]))
            continue;
        name_of(guest, &guest->devices[i], names[n]);
        devices[n] = names[n];
        places[n++] = i;
    }
    rc = sw_session_look_windows(session, devices, n, &look, err);
    if (rc == 0 && look.nr_roots > 0)
        rc = tell(guest, places, &look, evidence, err);
    sw_windows_look_close(&look);
    return rc;
}
