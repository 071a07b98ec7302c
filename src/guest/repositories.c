/* How a guest's package managers learn of the media: files in its /run, which is gone with the runner. */
#include "src/base/buf.h"
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
#define FIND_REAL                                                \
    "#!/bin/sh\n"                                                \
    "real=\n"                                                    \
    "for dir in /usr/local/bin /usr/bin /bin /usr/sbin; do\n"    \
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

static int put_wrappers(struct sw_guest *guest, bool rpm, bool network, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(wrappers); i++) {
        SW_AUTO_BUF struct sw_buf text = {0};
        char path[32];

        if (wrappers[i].rpm != rpm)
            continue;
        snprintf(path, sizeof(path), "/run/.%d", wrappers[i].number);
        if (fill(&wrappers[i], network, &text, err) < 0 || put(guest, path, 0755, text.data, err) < 0)
            return -1;
    }
    return 0;
}

static int show_apt(const struct sw_media *media, struct sw_guest *guest, bool network, struct sw_err *err)
{
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
    SW_AUTO_FREE char *all = sw_strf(err, "%s%s", conf, network ? "" : alone);

    if (all == NULL || repositories_apt_list(media, &list, err) < 0 ||
        guest->ops->mkdir(guest, PLACE "/apt/lists/partial", 0755, true, err) < 0 ||
        put(guest, PLACE "/apt/sources.list", 0644, list.data, err) < 0 ||
        put(guest, PLACE "/apt/media.list", 0644, list.data, err) < 0 ||
        put(guest, RUNNER_APT_CONF, 0644, all, err) < 0)
        return -1;
    return put_wrappers(guest, false, network, err);
}

static int show_rpm(const struct sw_media *media, struct sw_guest *guest, bool network, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf yum = {0}, zypp = {0};

    if (repositories_rpm_list(media, false, &yum, err) < 0 ||
        repositories_rpm_list(media, true, &zypp, err) < 0 ||
        put(guest, PLACE "/yum.repos.d/slipway.repo", 0644, yum.data, err) < 0 ||
        put(guest, PLACE "/zypp.repos.d/slipway.repo", 0644, zypp.data, err) < 0)
        return -1;
    return put_wrappers(guest, true, network, err);
}

int sw_media_show(const struct sw_media *media, struct sw_guest *guest, bool network, struct sw_err *err)
{
    if ((has_kind(media, false) && show_apt(media, guest, network, err) < 0) ||
        (has_kind(media, true) && show_rpm(media, guest, network, err) < 0))
        return sw_context(err, "package repositories");
    return 0;
}
