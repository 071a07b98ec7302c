/* A guest whose files have any bytes: the collectors read them, and what they say is a tree that can be written. */
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/preflight/guest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every file that has a reader, with the same bytes. */
static const char *const paths[] = {"/etc/os-release",
                                    "/etc/redhat-release",
                                    "/etc/fstab",
                                    "/etc/crypttab",
                                    "/sbin/init",
                                    "/boot/grub2/grub.cfg",
                                    "/boot/grub/menu.lst",
                                    "/boot/grub2/grubenv",
                                    "/boot/loader/entries/a.conf",
                                    "/boot/vmlinuz-1",
                                    "/boot/initrd.img-1",
                                    "/lib/modules/1/modules.dep",
                                    "/lib/modules/1/modules.builtin",
                                    "/etc/network/interfaces",
                                    "/etc/sysconfig/network/ifcfg-eth0",
                                    "/etc/NetworkManager/system-connections/a",
                                    "/etc/netplan/a.yaml",
                                    "/etc/systemd/network/a.network",
                                    "/etc/cloud/cloud.cfg",
                                    "/var/lib/dpkg/status",
                                    "/etc/machine-id"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_look_entry entries[SW_ARRAY_LEN(paths)];
    struct sw_look look = {.entries = entries, .n = SW_ARRAY_LEN(paths)};
    struct guest *guest = calloc(1, sizeof(*guest));
    struct sw_err err = {0};
    json_t *out = json_object();
    char *text;

    if (guest == NULL || size > 1 << 16) {
        free(guest);
        json_decref(out);
        return 0;
    }
    for (size_t i = 0; i < look.n; i++)
        entries[i] = (struct sw_look_entry){.kind = SW_LOOK_FILE,
                                            .mode = 0100644,
                                            .path = paths[i],
                                            .link = "",
                                            .data = data,
                                            .len = size,
                                            .size_bytes = size};
    guest->nr_devices = guest->nr_roots = 1;
    guest->devices[0].kind = "ext4";
    guest->devices[0].disks = 1;
    guest->roots[0].sub = "";
    if (guest_evidence(guest, &look, out, &err) < 0)
        abort();
    text = json_dumps(out, 0);
    if (text == NULL)
        abort();
    free(text);
    json_decref(out);
    free(guest);
    return 0;
}
