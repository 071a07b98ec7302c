/* How a guest's package managers learn of the media: files in its /run, which is gone with the runner. */
#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/guest/media.h"
#include "src/runner/protocol.h"

#include <string.h>

#define PLACE "/run/slipway"

static bool is_rpm(const struct repository *item)
{
    return item->kind == REPOSITORY_RPM;
}

static bool has_kind(const struct sw_media *media, bool rpm)
{
    for (size_t i = 0; i < media->n; i++)
        for (size_t k = 0; k < media->items[i].layout.n; k++)
            if (is_rpm(&media->items[i].layout.items[k]) == rpm)
                return true;
    return false;
}

/* ---- Lists ------------------------------------------------------------------------------------------------- */

int repositories_apt_list(const struct sw_media *media, struct sw_buf *out, struct sw_err *err)
{
    for (size_t i = 0; i < media->n; i++) {
        const struct layout *layout = &media->items[i].layout;

        for (size_t k = 0; k < layout->n; k++) {
            const struct repository *item = &layout->items[k];
            bool flat = item->kind == REPOSITORY_APT_FLAT;

            if (!is_rpm(item) &&
                sw_buf_printf(out, err, "deb [trusted=yes] file:" RUNNER_MEDIA "/%zu/%s %s%s%s\n", i,
                              item->folder, flat ? "./" : item->suite, flat ? "" : " ", item->components) < 0)
                return -1;
        }
    }
    return 0;
}

int repositories_rpm_list(const struct sw_media *media, bool zypp, struct sw_buf *out, struct sw_err *err)
{
    for (size_t i = 0; i < media->n; i++) {
        const struct layout *layout = &media->items[i].layout;

        for (size_t k = 0; k < layout->n; k++) {
            if (!is_rpm(&layout->items[k]))
                continue;
            if (sw_buf_printf(out, err,
                              "[slipway-%zu-%zu]\nname=slipway medium %zu %s\nbaseurl=%s" RUNNER_MEDIA
                              "/%zu/%s\nenabled=1\ngpgcheck=0\n%s",
                              i, k, i, layout->items[k].folder, zypp ? "dir://" : "file://", i,
                              layout->items[k].folder, zypp ? "autorefresh=0\ntype=rpm-md\n" : "") < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- Putting them there ------------------------------------------------------------------------------------ */

static int put(struct sw_guest *guest, const char *path, unsigned mode, const char *text, struct sw_err *err)
{
    if (text == NULL)
        text = "";
    return guest->ops->put(guest, path, text, strlen(text), mode | SW_PUT_OVERWRITE | SW_PUT_PARENTS, err);
}

/*
 * Each wrapper begins so: it finds the program that it stands before. Two slashes are what the runner lets through. In these
 * texts %n becomes the program's name, and %w what depends on the network.
 */
#define FOLDERS "/usr/local/bin /usr/bin /bin /usr/sbin"
#define FIND_REAL                                                \
    "#!/bin/sh\n"                                                \
    "real=\n"                                                    \
    "for dir in " FOLDERS "; do\n"                               \
    "    if [ -x \"$dir/%n\" ]; then real=/$dir/%n; break; fi\n" \
    "done\n"                                                     \
    "[ -n \"$real\" ] || { echo '%n: not found' >&2; exit 127; }\n"

/* apt reads the lists once per boundary; what it keeps of them is not the image's. */
static const char apt_wrapper[] =
    FIND_REAL "export APT_CONFIG=" RUNNER_APT_CONF "\n"
              "%w"
              "case \" $* \" in\n"
              "*' update '*) : >" PLACE "/apt/updated ;;\n"
              "*' install '*|*upgrade*|*' download '*|*' build-dep '*|*' source '*)\n"
              "    [ -e " PLACE "/apt/updated ] || { : >" PLACE "/apt/updated; "
              "//usr/bin/apt-get -qq update >&2; } ;;\n"
              "esac\n"
              "exec \"$real\" \"$@\"\n";
/* With a network the guest's own list is read too, as it is at that time. */
static const char apt_network[] =
    "cat /etc/apt/sources.list " PLACE "/apt/media.list >" PLACE "/apt/sources.list 2>/dev/null\n";

/* Commands about the guest's own repositories see those. */
static const char rpm_wrapper[] = FIND_REAL
    "case \" $* \" in *' config-manager '*) exec \"$real\" \"$@\" ;; esac\n"
    "exec \"$real\" --setopt=reposdir=" PLACE "/yum.repos.d%w --setopt=cachedir=" PLACE "/yum.cache \"$@\"\n";
static const char rpm_network[] = ",/etc/yum.repos.d";

static const char zypper_wrapper[] =
    FIND_REAL "for word in \"$@\"; do\n"
              "    case $word in\n"
              "    ar|addrepo|rr|removerepo|mr|modifyrepo|nr|renamerepo|lr|repos|as|addservice|ms|rs)\n"
              "        exec \"$real\" \"$@\" ;;\n"
              "    esac\n"
              "done\n"
              "%w"
              "exec \"$real\" --reposd-dir " PLACE "/zypp.repos.d --cache-dir " PLACE "/zypp.cache \"$@\"\n";
static const char zypper_network[] = "cp /etc/zypp/repos.d/*.repo " PLACE "/zypp.repos.d/ 2>/dev/null\n";

/* The numbers are those of the runner's table of package managers. */
struct wrapper {
    int number;
    const char *name, *text, *network; /* network: what %w becomes when the guest has one */
    bool rpm;
};

static const struct wrapper wrappers[] = {
    {0, "apt-get", apt_wrapper, apt_network, false},     {1, "apt", apt_wrapper, apt_network, false},
    {2, "yum", rpm_wrapper, rpm_network, true},          {3, "dnf", rpm_wrapper, rpm_network, true},
    {4, "dnf5", rpm_wrapper, rpm_network, true},         {5, "microdnf", rpm_wrapper, rpm_network, true},
    {6, "zypper", zypper_wrapper, zypper_network, true}, {7, "apt-cache", apt_wrapper, apt_network, false},
    {8, "aptitude", apt_wrapper, apt_network, false},
};

static int fill(const struct wrapper *wrapper, bool network, struct sw_buf *out, struct sw_err *err)
{
    for (const char *at = wrapper->text, *mark; *at != '\0'; at = mark + 2) {
        mark = strchr(at, '%');
        if (mark == NULL)
            return sw_buf_puts(out, at, err);
        if (sw_buf_append(out, at, (size_t)(mark - at), err) < 0)
            return -1;
        if (mark[1] == 'n' ? sw_buf_puts(out, wrapper->name, err) < 0
                           : network && sw_buf_puts(out, wrapper->network, err) < 0)
            return -1;
    }
    return 0;
}

/* To whom the media are shown. */
struct viewer {
    struct sw_guest *guest;
    bool network, booted;
};

/* Whether one of those that FIND_REAL looks for is there. 1, 0; -1 on error. */
static int has_program(struct sw_guest *guest, const char *name, struct sw_err *err)
{
    size_t len;

    for (const char *folder = FOLDERS; *folder != '\0'; folder += len + strspn(folder + len, " ")) {
        struct sw_guest_stat st;
        char path[64];

        len = strcspn(folder, " ");
        snprintf(path, sizeof(path), "%.*s/%s", (int)len, folder, name);
        if (guest->ops->stat(guest, path, true, &st, err) < 0)
            return -1;
        if (st.kind == SW_FILE_REGULAR)
            return 1;
    }
    return 0;
}

/* In PATH a manager would be there for all who ask for one, so only those that the guest has are put there. */
static int put_wrappers(const struct viewer *viewer, bool rpm, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(wrappers); i++) {
        SW_AUTO_BUF struct sw_buf text = {0};
        char path[64];
        int has = wrappers[i].rpm != rpm ? 0
                  : viewer->booted       ? has_program(viewer->guest, wrappers[i].name, err)
                                         : 1;

        if (has < 0)
            return -1;
        if (has == 0)
            continue;
        if (viewer->booted)
            snprintf(path, sizeof(path), RUNNER_WRAPPERS "/%s", wrappers[i].name);
        else
            snprintf(path, sizeof(path), "/run/.%d", wrappers[i].number);
        if (fill(&wrappers[i], viewer->network, &text, err) < 0 ||
            put(viewer->guest, path, 0755, text.data, err) < 0)
            return -1;
    }
    return 0;
}

static int show_apt(const struct sw_media *media, const struct viewer *viewer, struct sw_err *err)
{
    struct sw_guest *guest = viewer->guest;
    /* Lists and caches lie here, so that those of the image stay as they are. */
    static const char conf[] = "Dir::Etc::SourceList \"" PLACE "/apt/sources.list\";\n"
                               "Dir::State::Lists \"" PLACE "/apt/lists\";\n"
                               "Dir::Cache::pkgcache \"\";\n"
                               "Dir::Cache::srcpkgcache \"\";\n"
                               "Acquire::Check-Valid-Until \"false\";\n"
                               "Acquire::Languages \"none\";\n"
                               "APT::Sandbox::User \"root\";\n";
    static const char alone[] = "Dir::Etc::SourceParts \"" PLACE "/apt/none\";\n";
    SW_AUTO_BUF struct sw_buf list = {0};
    SW_AUTO_FREE char *all = sw_strf(err, "%s%s", conf, viewer->network ? "" : alone);

    if (all == NULL || repositories_apt_list(media, &list, err) < 0 ||
        guest->ops->mkdir(guest, PLACE "/apt/lists/partial", 0755, true, err) < 0 ||
        put(guest, PLACE "/apt/sources.list", 0644, list.data, err) < 0 ||
        put(guest, PLACE "/apt/media.list", 0644, list.data, err) < 0 ||
        put(guest, RUNNER_APT_CONF, 0644, all, err) < 0)
        return -1;
    return put_wrappers(viewer, false, err);
}

static int show_rpm(const struct sw_media *media, const struct viewer *viewer, struct sw_err *err)
{
    struct sw_guest *guest = viewer->guest;
    SW_AUTO_BUF struct sw_buf yum = {0}, zypp = {0};

    if (repositories_rpm_list(media, false, &yum, err) < 0 ||
        repositories_rpm_list(media, true, &zypp, err) < 0 ||
        put(guest, PLACE "/yum.repos.d/slipway.repo", 0644, yum.data, err) < 0 ||
        put(guest, PLACE "/zypp.repos.d/slipway.repo", 0644, zypp.data, err) < 0)
        return -1;
    return put_wrappers(viewer, true, err);
}

static int show(const struct sw_media *media, const struct viewer *viewer, struct sw_err *err)
{
    if ((has_kind(media, false) && show_apt(media, viewer, err) < 0) ||
        (has_kind(media, true) && show_rpm(media, viewer, err) < 0))
        return sw_context(err, "package repositories");
    return 0;
}

int sw_media_show(const struct sw_media *media, struct sw_guest *guest, bool network, struct sw_err *err)
{
    const struct viewer viewer = {.guest = guest, .network = network};

    return show(media, &viewer, err);
}

/* ---- In a guest that is booted ----------------------------------------------------------------------------- */

/* Debian lets no program run in /run. A disk may come up late, and without udev its driver is loaded by nobody. */
static const char mount_media[] =
    "set -eu\n"
    "mkdir -p " PLACE "\n"
    "mount -t tmpfs -o mode=0755,nosuid,nodev slipway " PLACE "\n"
    "find_disk() {\n"
    "    for block in /sys/block/*; do\n"
    "        [ \"$(cat \"$block/serial\" 2>/dev/null)\" = \"" MEDIUM_SERIAL "$1\" ] || continue\n"
    "        disk=/dev/${block##*/}\n"
    "        [ ! -b \"$disk\" ] || return 0\n"
    "    done\n"
    "    return 1\n"
    "}\n"
    "i=0\n"
    "while [ $i -lt \"$1\" ]; do\n"
    "    tries=0\n"
    "    until find_disk $i; do\n"
    "        [ $tries -gt 0 ] || modprobe -q virtio_blk 2>/dev/null || :\n"
    "        tries=$((tries + 1))\n"
    "        [ $tries -lt 50 ] || { echo 'its disk does not come up: is there a virtio_blk for this kernel?' >&2; exit 1; }\n"
    "        sleep 0.2 2>/dev/null || sleep 1\n"
    "    done\n"
    "    mkdir -p " RUNNER_MEDIA "/$i\n"
    "    mount -t iso9660 -o ro,nosuid,nodev \"$disk\" " RUNNER_MEDIA "/$i 2>/dev/null ||\n"
    "        mount -o ro,nosuid,nodev \"$disk\" " RUNNER_MEDIA "/$i\n"
    "    i=$((i + 1))\n"
    "done\n";

struct words {
    char text[200];
    size_t len;
};

/* The end of what it says, as a line. */
static void listen(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    struct words *words = ctx;

    (void)stream;
    for (size_t i = 0; i < len; i++) {
        if (words->len == sizeof(words->text) - 1)
            memmove(words->text, words->text + 1, --words->len);
        words->text[words->len++] = ((const char *)bytes)[i] == '\n' ? ' ' : ((const char *)bytes)[i];
    }
    words->text[words->len] = '\0';
}

static const char *reason(const struct sw_guest_exit *end, const struct words *words)
{
    if (end->kind == SW_EXIT_NOEXEC)
        return "it has no /bin/sh that can be run";
    if (end->kind == SW_EXIT_TIMEOUT)
        return "that took longer than two minutes";
    return words->len > 0 ? words->text : "no reason is given";
}

int sw_media_show_booted(const struct sw_media *media, struct sw_guest *guest, bool network,
                         struct sw_err *err)
{
    const struct viewer viewer = {.guest = guest, .network = network, .booted = true};
    struct words words = {.len = 0};
    char number[24];
    const char *const argv[] = {"/bin/sh", "-c", mount_media, "sh", number, NULL};
    const struct sw_guest_run run = {.argv = argv, .timeout_ms = 120000, .output = listen, .ctx = &words};
    struct sw_guest_exit end;

    snprintf(number, sizeof(number), "%zu", media->n);
    if (guest->ops->run(guest, &run, &end, err) < 0)
        return sw_context(err, "package repositories");
    if (end.kind != SW_EXIT_STATUS || end.value != 0)
        return sw_fail(err, SW_GUEST, "the booted system cannot mount the recipe's repositories: %s",
                       reason(&end, &words));
    return show(media, &viewer, err);
}

void sw_media_hide_booted(struct sw_guest *guest)
{
    static const char *const argv[] = {"/bin/sh", "-c", "umount " RUNNER_MEDIA "/* " PLACE "; rmdir " PLACE,
                                       NULL};
    const struct sw_guest_run run = {.argv = argv, .timeout_ms = 60000};
    struct sw_guest_exit end;
    struct sw_err ignored = {.code = SW_OK};

    if (guest->ops->run(guest, &run, &end, &ignored) < 0)
        sw_log(SW_LOG_DEBUG, "the recipe's repositories: %s", ignored.text);
}
