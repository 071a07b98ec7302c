/* The runner as a service of a clone: what is put into it, and how it is taken away. */
#include "slipway/boot.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/runner/embed.h"
#include "src/runner/protocol.h"

#include <assert.h>
#include <string.h>

#define SEED_DIR    "/etc/slipway-runner"
#define SEED_RUNNER SEED_DIR "/runner"
#define UNIT_NAME   "slipway-runner.service"
#define UNIT_DIR    "/etc/systemd/system"
#define UNIT_PATH   UNIT_DIR "/" UNIT_NAME
#define WANTS_DIR   UNIT_DIR "/basic.target.wants"
#define WANTS_PATH  WANTS_DIR "/" UNIT_NAME
#define INITTAB     "/etc/inittab"

enum { INITTAB_BYTES_MAX = 64 << 10 };

static_assert(sizeof(((struct sw_seed *)0)->nonce) == RUNNER_NONCE_BYTES, "the nonce is the runner's");

static int kind_of(struct sw_guest *guest, const char *path, bool follow, enum sw_file_kind *out,
                   struct sw_err *err)
{
    struct sw_guest_stat st;

    if (guest->ops->stat(guest, path, follow, &st, err) < 0)
        return -1;
    *out = st.kind;
    return 0;
}

/* Where both are installed, /sbin/init says which one it is: systemd's and busybox's are links. */
static int find_init(struct sw_guest *guest, struct sw_seed *out, bool *busybox, struct sw_err *err)
{
    static const char *const places[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
    enum sw_file_kind systemd = SW_FILE_NONE, inittab, init;

    for (size_t i = 0; i < SW_ARRAY_LEN(places) && systemd != SW_FILE_REGULAR; i++)
        if (kind_of(guest, places[i], true, &systemd, err) < 0)
            return -1;
    if (kind_of(guest, INITTAB, true, &inittab, err) < 0 ||
        kind_of(guest, "/sbin/init", false, &init, err) < 0)
        return -1;
    *busybox = init == SW_FILE_LINK;
    if (systemd == SW_FILE_REGULAR && !(inittab == SW_FILE_REGULAR && init == SW_FILE_REGULAR))
        out->init = SW_INIT_SYSTEMD;
    else
        out->init = inittab == SW_FILE_REGULAR ? SW_INIT_INITTAB : SW_INIT_OTHER;
    return 0;
}

/*
 * After basic.target a system has its file systems and sockets, and what is tested begins. Whoever isolates a target does not
 * mean the runner.
 */
static char *unit_text(const char *nonce, struct sw_err *err)
{
    return sw_strf(err,
                   "[Unit]\n"
                   "Description=The runner of slipway, in this copy only\n"
                   "IgnoreOnIsolate=yes\n"
                   "[Service]\n"
                   "ExecStart=" SEED_RUNNER " --booted " RUNNER_PORT " %s\n"
                   "StandardOutput=null\n"
                   "StandardError=null\n"
                   "TasksMax=infinity\n"
                   "OOMPolicy=continue\n"
                   "TimeoutStopSec=10\n",
                   nonce);
}

static int plant_unit(struct sw_guest *guest, const char *nonce, struct sw_err *err)
{
    SW_AUTO_FREE char *text = unit_text(nonce, err);

    if (text == NULL ||
        guest->ops->put(guest, UNIT_PATH, text, strlen(text), 0644 | SW_PUT_OVERWRITE | SW_PUT_PARENTS, err) <
            0 ||
        guest->ops->mkdir(guest, WANTS_DIR, 0755, true, err) < 0)
        return -1;
    return guest->ops->symlink(guest, "../" UNIT_NAME, WANTS_PATH, err);
}

/* Busybox takes the first field for a terminal. */
static char *inittab_line(bool busybox, const char *nonce, struct sw_err *err)
{
    return sw_strf(err, "%s" SEED_RUNNER " --booted " RUNNER_PORT " %s\n",
                   busybox ? "::once:" : "slpw:12345:once:", nonce);
}

static int plant_line(struct sw_guest *guest, bool busybox, const char *nonce, struct sw_err *err)
{
    SW_AUTO_FREE char *line = inittab_line(busybox, nonce, err);
    SW_AUTO_FREE char *both = NULL;
    SW_AUTO_FREE char *text = NULL;
    size_t len;

    if (line == NULL || guest->ops->get(guest, INITTAB, INITTAB_BYTES_MAX, &text, &len, err) < 0)
        return -1;
    both = sw_strf(err, "%.*s%s%s", (int)len, text, len > 0 && text[len - 1] != '\n' ? "\n" : "", line);
    return both == NULL ? -1
                        : guest->ops->put(guest, INITTAB, both, strlen(both), 0644 | SW_PUT_OVERWRITE, err);
}

static void say_nothing(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    (void)ctx, (void)stream, (void)bytes, (void)len;
}

/* Where SELinux rules, init starts nothing that has no label. The labels are those that such programs have. */
static void label(struct sw_guest *guest, const char *type, const char *path)
{
    SW_AUTO_FREE char *context = NULL;
    struct sw_err ignored = {.code = SW_OK};
    struct sw_guest_exit end;

    context = sw_strf(&ignored, "system_u:object_r:%s:s0", type);
    const char *const argv[] = {"setfattr", "-n", "security.selinux", "-v", context, path, NULL};
    const char *const other[] = {"chcon", context, path, NULL};
    struct sw_guest_run run = {.argv = other, .timeout_ms = 30000, .output = say_nothing};

    if (context == NULL)
        return;
    if (guest->ops->run(guest, &run, &end, &ignored) == 0 && end.kind == SW_EXIT_STATUS && end.value == 0)
        return;
    run.argv = argv;
    if (guest->ops->run(guest, &run, &end, &ignored) < 0 || end.kind != SW_EXIT_STATUS || end.value != 0)
        sw_log(SW_LOG_WARNING, "'%s' got no SELinux label in the clone: its runner may not be started", path);
}

static int label_all(struct sw_guest *guest, const struct sw_seed *seed, struct sw_err *err)
{
    enum sw_file_kind kind;

    if (kind_of(guest, "/etc/selinux/config", true, &kind, err) < 0)
        return -1;
    if (kind != SW_FILE_REGULAR)
        return 0;
    label(guest, "etc_t", SEED_DIR);
    label(guest, "bin_t", SEED_RUNNER);
    if (seed->init == SW_INIT_SYSTEMD)
        label(guest, "systemd_unit_file_t", UNIT_PATH);
    return 0;
}

int sw_seed_plant(struct sw_guest *guest, struct sw_seed *out, struct sw_err *err)
{
    char hex[2 * RUNNER_NONCE_BYTES + 1];
    size_t len;
    const unsigned char *program = sw_runner_program(&len);
    bool busybox = false;

    *out = (struct sw_seed){.init = SW_INIT_OTHER};
    if (guest->platform == SW_WINDOWS)
        return sw_fail(err, SW_REFUSED, "it is a Windows, and only Linux is booted here");
    if (sw_random(out->nonce, sizeof(out->nonce), err) < 0 || find_init(guest, out, &busybox, err) < 0)
        return -1;
    if (out->init == SW_INIT_OTHER)
        return 0;
    sw_hex(out->nonce, sizeof(out->nonce), hex);
    if (guest->ops->put(guest, SEED_RUNNER, program, len,
                        0700 | SW_PUT_OVERWRITE | SW_PUT_PARENTS | SW_PUT_MODE, err) < 0 ||
        (out->init == SW_INIT_SYSTEMD ? plant_unit(guest, hex, err) : plant_line(guest, busybox, hex, err)) <
            0 ||
        label_all(guest, out, err) < 0)
        return sw_context(err, "the runner in the clone");
    return 0;
}

/* ---- Away again -------------------------------------------------------------------------------------------- */

/* The file without the line that is ours. */
static int remove_line(struct sw_guest *guest, struct sw_err *err)
{
    SW_AUTO_FREE char *text = NULL;
    size_t len, rest;
    char *ours, *end;

    if (guest->ops->get(guest, INITTAB, INITTAB_BYTES_MAX, &text, &len, err) < 0)
        return -1;
    ours = strstr(text, SEED_RUNNER);
    if (ours == NULL)
        return 0;
    end = ours + strcspn(ours, "\n");
    end += *end == '\n';
    while (ours > text && ours[-1] != '\n')
        ours--;
    rest = len - (size_t)(end - text);
    memmove(ours, end, rest);
    return guest->ops->put(guest, INITTAB, text, (size_t)(ours - text) + rest, 0644 | SW_PUT_OVERWRITE, err);
}

/* A system that went down halfway may have lost some of it already. */
static int remove_part(struct sw_guest *guest, const char *path, unsigned how, struct sw_err *err)
{
    enum sw_file_kind kind;

    if (kind_of(guest, path, false, &kind, err) < 0)
        return -1;
    return kind == SW_FILE_NONE ? 0 : guest->ops->remove(guest, path, how, err);
}

/* The folder of links stays where others are in it. */
static int remove_unit(struct sw_guest *guest, struct sw_err *err)
{
    struct sw_err ignored = {.code = SW_OK};

    if (remove_part(guest, WANTS_PATH, SW_REMOVE_FILE, err) < 0 ||
        remove_part(guest, UNIT_PATH, SW_REMOVE_FILE, err) < 0)
        return -1;
    (void)!guest->ops->remove(guest, WANTS_DIR, SW_REMOVE_DIR, &ignored);
    return 0;
}

int sw_seed_remove(struct sw_guest *guest, const struct sw_seed *seed, struct sw_err *err)
{
    if (seed->init == SW_INIT_OTHER)
        return 0;
    if ((seed->init == SW_INIT_SYSTEMD ? remove_unit(guest, err) : remove_line(guest, err)) < 0 ||
        remove_part(guest, SEED_DIR, SW_REMOVE_TREE, err) < 0)
        return sw_context(err, "the runner in the clone");
    return 0;
}
