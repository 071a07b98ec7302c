/* Rules about a Linux guest's network interfaces. */
#include "src/preflight/rules.h"

#include <string.h>

static void names(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = ev_need(ev_linux(ev, ruling), "network.interfaces", ruling), *interface;
    /* Of a command line that nobody could tell nothing is said. */
    bool kernel_names = ev_get(ev->guest, "cmdline") == NULL ||
                        strstr(ev_text(ev->guest, "cmdline"), "net.ifnames=0") != NULL;
    size_t i;

    json_array_foreach (list, i, interface) {
        const char *name = ev_text(interface, "name");

        if (name[0] != '\0' && strcmp(name, "*") != 0 && strncmp(name, "eth", 3) != 0)
            found(ruling, ALL_LANES, ev_text(interface, "file"), "%s: the interface has another name on EC2",
                  name);
        else if (strncmp(name, "eth", 3) == 0 && !kernel_names)
            found(ruling, ALL_LANES, ev_text(interface, "file"),
                  "%s, and no net.ifnames=0 on the kernel command line", name);
    }
}

static void persistent(const struct ev *ev, struct ruling *ruling)
{
    const json_t *guest = ev_linux(ev, ruling), *list = ev_need(guest, "network.persistent", ruling), *item;
    size_t i;

    json_array_foreach (list, i, item)
        found(ruling, ALL_LANES, json_string_value(item) != NULL ? json_string_value(item) : "udev",
              "it names interfaces by their MAC address");
    json_array_foreach (ev_get(guest, "network.interfaces"), i, item) {
        if (ev_text(item, "mac")[0] != '\0')
            found(ruling, ALL_LANES, ev_text(item, "file"), "%s is for the MAC address %s alone",
                  ev_text(item, "name"), ev_text(item, "mac"));
    }
}

static void single(const struct ev *ev, struct ruling *ruling)
{
    const json_t *list = ev_need(ev_linux(ev, ruling), "network.interfaces", ruling);

    if (json_array_size(list) > 1)
        found(ruling, ALL_LANES, "the guest", "%zu interfaces are configured; VM Import makes one",
              json_array_size(list));
}

const struct rule rules_linux_network[] = {
    {"linux.network.names", names},
    {"linux.network.persistent", persistent},
    {"linux.network.single", single},
    {.id = NULL},
};
