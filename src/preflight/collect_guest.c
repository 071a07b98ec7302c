/* One launch for the disks of any number of machines: what their guests' files say becomes part of their evidence. */
#include "slipway/guest.h"
#include "slipway/nbd.h"
#include "slipway/store.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/sockets.h"
#include "src/disk/partition.h"
#include "src/preflight/collect.h"
#include "src/preflight/guest.h"
#include "src/preflight/lvm.h"
#include "src/preflight/rules.h"

#include <stdio.h>
#include <string.h>

SW_DEFINE_AUTO(look, struct sw_look, sw_look_free)
#define AUTO_LOOK SW_CLEANUP(look_auto)

/* A disk as the appliance has it: an overlay over our own reader, on a socket. */
struct attached {
    struct sw_nbd *server;
    char *overlay;
};

struct attaching {
    size_t n;
    struct attached disks[SW_LOOK_DISKS_MAX];
    struct sw_sockets *sockets;
};

static void detach(struct attaching *all)
{
    for (size_t i = 0; i < all->n; i++) {
        sw_nbd_stop(all->disks[i].server);
        free(all->disks[i].overlay);
    }
    sw_sockets_close(all->sockets);
}
#define AUTO_ATTACHING SW_CLEANUP(detach)

static int make_overlay(const struct sw_image *img, const char *path, const char *backing, struct sw_err *err)
{
    const struct sw_create_opts create = {
        .size_bytes = img->size_bytes, .backing_name = backing, .backing_format = "raw"};

    return sw_overlay_create(path, &create, err);
}

static int attach(struct attaching *all, const char *scratch, struct sw_image *img, struct sw_err *err)
{
    struct attached *disk = &all->disks[all->n];
    SW_AUTO_FREE char *socket_path = sw_strf(err, "%s/d%zu.sock", sw_sockets_dir(all->sockets), all->n);
    SW_AUTO_FREE char *uri = NULL;

    if (all->n == SW_LOOK_DISKS_MAX)
        return sw_fail(err, SW_USAGE, "more than %d disks in one look", SW_LOOK_DISKS_MAX);
    if (socket_path == NULL || sw_nbd_start(img, socket_path, "disk", &disk->server, err) < 0)
        return -1;
    all->n++;
    uri = sw_nbd_uri("disk", socket_path, err);
    disk->overlay = sw_strf(err, "%s/d%zu.qcow2", scratch, all->n - 1);
    return uri == NULL || disk->overlay == NULL ? -1 : make_overlay(img, disk->overlay, uri, err);
}

/* ---- what one machine's guest says ---- */

static int tell_groups(const struct guest *guest, json_t *out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *groups = json_array();
    SW_AUTO_FREE struct lvm *all = sw_calloc(GUEST_DEVICES_MAX, sizeof(*all), err);
    size_t n = 0;

    if (all == NULL)
        return -1;
    for (size_t i = 0; i < guest->nr_disks; i++)
        if (guest->disks[i].image != NULL &&
            collect_volumes(&guest->disks[i], all, GUEST_DEVICES_MAX, &n, err) < 0)
            return -1;
    for (size_t i = 0; i < n; i++) {
        json_int_t missing = 0;
        bool first = all[i].group[0] != '\0';

        for (size_t k = 0; k < i; k++)
            first = first && strcmp(all[k].group, all[i].group) != 0;
        for (size_t v = 0; first && v < all[i].nr_volumes; v++) {
            bool there = false;

            for (size_t k = 0; k < n; k++)
                there = there || strcmp(all[k].id, all[i].volumes[v]) == 0;
            missing += !there;
        }
        if (first && sw_json_append(groups,
                                    json_pack("{s:o, s:I, s:b}", "name", untrusted(all[i].group), "missing",
                                              missing, "thin", all[i].thin),
                                    err) < 0)
            return -1;
    }
    return sw_json_set(out, "lvm", json_pack("{s:O}", "groups", groups), err);
}

static json_t *list_roots(const struct guest *guest)
{
    json_t *list = json_array();

    for (size_t i = 0; i < guest->nr_roots; i++)
        json_array_append_new(list, json_pack("{s:o, s:s}", "device",
                                              untrusted(guest->devices[guest->roots[i].device].shown),
                                              "folder", guest->roots[i].sub));
    return list;
}

int guest_evidence(const struct guest *guest, const struct sw_look *look, json_t *out, struct sw_err *err)
{
    struct finding finding = {.guest = guest, .tree = {.look = look}, .out = out};
    const struct sw_look_entry *crypttab = tree_find(&finding.tree, "/etc/crypttab");
    struct lines lines = lines_of(crypttab);

    if (sw_json_set(out, "platform", json_string("linux"), err) < 0 ||
        sw_json_set(out, "roots", list_roots(guest), err) < 0 ||
        sw_json_set(out, "ostree", json_boolean(guest->roots[0].ostree), err) < 0 ||
        sw_json_set(out, "encrypted", json_boolean(guest->encrypted || lines_next_setting(&lines)), err) < 0)
        return -1;
    if (guest->roots[0].ostree)
        return 0;
    collect_os(&finding);
    collect_files(&finding);
    collect_boot(&finding);
    collect_network(&finding);
    collect_services(&finding);
    collect_state(&finding);
    if (finding.failed)
        return sw_fail(err, SW_FAILED, "out of memory");
    return tell_groups(guest, out, err);
}

/* Mounts the first root with what its fstab shows in it, and asks for the files. */
static int order(const struct guest *guest, struct sw_buf *orders, struct sw_err *err)
{
    const struct guest_device *root = &guest->devices[guest->roots[0].device];

    if (sw_buf_printf(orders, err, "mount\t%s\t%s\n", root->name, root->type) < 0)
        return -1;
    for (size_t i = 0; i < guest->nr_binds; i++) {
        const struct guest_device *device = &guest->devices[guest->binds[i].device];

        if (device != root && sw_buf_printf(orders, err, "mount\t%s\t%s\n", device->name, device->type) < 0)
            return -1;
    }
    if (sw_buf_printf(orders, err, "root\t%s%s\t0\n", root->name, guest->roots[0].sub) < 0)
        return -1;
    for (size_t i = 0; i < guest->nr_binds; i++) {
        const struct guest_device *device = &guest->devices[guest->binds[i].device];

        if (device != root &&
            sw_buf_printf(orders, err, "bind\t%s\t%s\n", device->name, guest->binds[i].point) < 0)
            return -1;
    }
    if (guest_wants(orders, false, err) < 0)
        return -1;
    return sw_buf_puts(orders, "walk\n", err);
}

static int look_into(struct sw_session *session, const struct guest *guest, json_t *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf orders = {0};
    AUTO_LOOK struct sw_look *look = NULL;

    if (order(guest, &orders, err) < 0 || sw_session_look(session, orders.data, &look, err) < 0)
        return -1;
    return guest_evidence(guest, look, out, err);
}

static bool holds_any(const struct guest *guest, const char *const *kinds)
{
    for (size_t i = 0; i < guest->nr_devices; i++)
        for (const char *const *kind = kinds; *kind != NULL; kind++)
            if (strcmp(guest->devices[i].kind, *kind) == 0)
                return true;
    return false;
}

/* Where no root was found it may be on what nobody here can open; then nothing is said of the guest. */
static int tell_nothing(const struct guest *guest, json_t *evidence, struct sw_err *err)
{
    static const char *const closed[] = {"LUKS", "BitLocker", "ntfs",     "refs",
                                         "jfs",  "f2fs",      "reiserfs", NULL};
    static const char *const groups[] = {"LVM2", NULL};
    SW_AUTO_JSON json_t *out = json_pack("{s:s}", "platform", "linux");

    if (holds_any(guest, closed))
        return 0;
    /* A group that lacks a volume may hide the root. */
    if (holds_any(guest, groups))
        return tell_groups(guest, out, err) < 0 ? -1 : sw_json_set(evidence, "guest", json_incref(out), err);
    return sw_json_set(evidence, "guest", json_pack("{s:s, s:[]}", "platform", "none", "roots"), err);
}

static int tell_without_root(struct sw_session *session, const struct guest *guest, json_t *evidence,
                             struct sw_err *err)
{
    static const char *const drives[] = {"ntfs", NULL};

    if (holds_any(guest, drives) && guest_windows(session, guest, evidence, err) < 0)
        return -1;
    return json_object_get(evidence, "guest") != NULL ? 0 : tell_nothing(guest, evidence, err);
}

/* A guest that cannot be looked at does not keep the others from it. */
static int tell_machine(struct sw_session *session, struct sw_preflight_machine *machine, unsigned first,
                        const struct sw_look *survey, struct sw_err *err)
{
    SW_AUTO_FREE struct guest *guest = sw_calloc(1, sizeof(*guest), err);
    SW_AUTO_JSON json_t *out = json_object();
    struct sw_err cause = {.code = SW_OK};

    if (guest == NULL)
        return -1;
    guest->disks = machine->disks;
    guest->nr_disks = machine->nr_disks;
    guest->first = first;
    if (guest_find(guest, survey, err) < 0)
        return -1;
    if (guest->nr_roots == 0) {
        if (tell_without_root(session, guest, machine->evidence, &cause) == 0)
            return 0;
    } else if (look_into(session, guest, out, &cause) == 0) {
        return sw_json_set(machine->evidence, "guest", json_incref(out), err);
    }
    if (cause.code == SW_INTERRUPTED) {
        *err = cause;
        return -1;
    }
    return sw_json_set(machine->evidence, "guest_error", untrusted(cause.text), err);
}

/* ---- machines that share a launch ---- */

static int survey_all(struct sw_session *session, size_t disks, struct sw_look **out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf orders = {0};

    if (guest_wants(&orders, true, err) < 0 || sw_buf_printf(&orders, err, "devices\t%zu\n", disks) < 0)
        return -1;
    return sw_session_look(session, orders.data, out, err);
}

static int start(const struct attaching *all, const char *scratch, bool volumes, struct sw_session **out,
                 struct sw_err *err)
{
    const char *more[SW_LOOK_DISKS_MAX];
    struct sw_session_opts opts = {.overlay = all->disks[0].overlay,
                                   .disks = more,
                                   .nr_disks = all->n - 1,
                                   .volumes = volumes,
                                   .scratch_dir = scratch,
                                   .accel = SW_ACCEL_AUTO};

    for (size_t i = 1; i < all->n; i++)
        more[i - 1] = all->disks[i].overlay;
    return sw_session_start(&opts, out, err);
}

static int attach_all(struct attaching *all, const char *scratch, struct sw_preflight_machine *machines,
                      size_t n, struct sw_err *err)
{
    if (sw_sockets_open(scratch, sizeof("/d00.sock"), &all->sockets, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < machines[i].nr_disks; k++)
            if (attach(all, scratch, machines[i].disks[k].image, err) < 0)
                return -1;
    return 0;
}

/* In memory where there is room in memory: overlays are of what may have been sealed. */
static const char *scratch_place(void)
{
    const char *tmp = getenv("TMPDIR");

    if (access("/dev/shm", W_OK | X_OK) == 0)
        return "/dev/shm";
    return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

static bool hold_volumes(const struct sw_preflight_machine *machines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ev ev = {.root = machines[i].evidence,
                              .disks = json_object_get(machines[i].evidence, "disks")};

        if (ev_holds(&ev, "LVM2") || ev_holds(&ev, "md"))
            return true;
    }
    return false;
}

static int look_together(struct sw_preflight_machine *machines, size_t n, struct sw_err *err)
{
    SW_AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    AUTO_ATTACHING struct attaching all = {.n = 0};
    SW_AUTO_SESSION struct sw_session *session = NULL;
    AUTO_LOOK struct sw_look *survey = NULL;
    unsigned first = 0;

    if (sw_scratch_open_at(scratch_place(), &scratch, err) < 0 ||
        attach_all(&all, sw_scratch_dir(scratch), machines, n, err) < 0 ||
        start(&all, sw_scratch_dir(scratch), hold_volumes(machines, n), &session, err) < 0 ||
        survey_all(session, all.n, &survey, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (sw_check_interrupt(err) < 0 || tell_machine(session, &machines[i], first, survey, err) < 0)
            return -1;
        first += (unsigned)machines[i].nr_disks;
    }
    return sw_session_close(session, err);
}

static bool can_be_read(const struct sw_preflight_machine *machine)
{
    for (size_t i = 0; i < machine->nr_disks; i++)
        if (!ev_looked(json_array_get(json_object_get(machine->evidence, "disks"), i)))
            return false;
    return machine->nr_disks > 0 && machine->nr_disks <= SW_LOOK_DISKS_MAX;
}

/* Kinds that somebody may have put a system into. */
static bool may_hold_system(const struct sw_preflight_machine *machine)
{
    static const char *const kinds[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "LVM2", "md", "ntfs"};
    const struct ev ev = {.root = machine->evidence, .disks = json_object_get(machine->evidence, "disks")};

    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++)
        if (ev_holds(&ev, kinds[i]))
            return true;
    return false;
}

bool sw_preflight_may_look(const struct sw_preflight_machine *machine)
{
    return can_be_read(machine) && may_hold_system(machine);
}

/*
 * Copies of one machine have the same names for groups, arrays and btrfs' devices, and what is made of them would be made of
 * the wrong ones.
 */
static bool must_be_alone(const struct sw_preflight_machine *machine)
{
    const struct ev ev = {.root = machine->evidence, .disks = json_object_get(machine->evidence, "disks")};

    return ev_holds(&ev, "LVM2") || ev_holds(&ev, "md") || ev_holds(&ev, "btrfs");
}

static int look_and_tell(struct sw_preflight_machine *machines, size_t n, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    if (look_together(machines, n, &cause) == 0)
        return 0;
    if (cause.code == SW_INTERRUPTED) {
        *err = cause;
        return -1;
    }
    sw_log(SW_LOG_WARNING, "the guest's files are not looked at: %s", cause.text);
    for (size_t i = 0; i < n; i++)
        if (json_object_get(machines[i].evidence, "guest") == NULL &&
            sw_json_set(machines[i].evidence, "guest_error", untrusted(cause.text), err) < 0)
            return -1;
    return 0;
}

int sw_preflight_look(struct sw_preflight_machine *machines, size_t n, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_preflight_machine *batch = sw_calloc(n + 1, sizeof(*batch), err);
    size_t len = 0, disks = 0;

    if (batch == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (!sw_preflight_may_look(&machines[i]))
            continue;
        if (must_be_alone(&machines[i])) {
            if (look_and_tell(&machines[i], 1, err) < 0)
                return -1;
            continue;
        }
        if (disks + machines[i].nr_disks > SW_LOOK_DISKS_MAX) {
            if (look_and_tell(batch, len, err) < 0)
                return -1;
            len = disks = 0;
        }
        batch[len++] = machines[i];
        disks += machines[i].nr_disks;
    }
    return len > 0 ? look_and_tell(batch, len, err) : 0;
}
