/* slipway doctor: what a build needs of this machine, what was found, and the remedy. */
#include "slipway/appliance.h"
#include "slipway/boot.h"
#include "slipway/envelope.h"
#include "slipway/guest.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum verdict { GOOD, POOR, MISSING };

static const char *const verdict_names[] = {"ok", "warning", "missing"};

struct finding {
    enum verdict verdict;
    char detail[400];
    const char *remedy; /* NULL: none is needed */
};

struct check {
    const char *name;
    void (*look)(struct finding *out);
};

/* ---- What can be looked at --------------------------------------------------------------------------------- */

static void look_at_kvm(struct finding *out)
{
    struct sw_kvm kvm;
    int64_t began = sw_monotonic_ns();

    sw_kvm_probe(&kvm);
    out->verdict = kvm.state == SW_KVM_OK ? GOOD : POOR;
    out->remedy = kvm.remedy;
    snprintf(out->detail, sizeof(out->detail), "%s%s%s, found out in %d ms%s", sw_kvm_state_name(kvm.state),
             kvm.detail[0] != '\0' ? ": " : "", kvm.detail, (int)((sw_monotonic_ns() - began) / 1000000),
             kvm.state == SW_KVM_OK ? "" : "; TCG is used");
}

static bool has_fixed_appliance(void)
{
    const char *path = getenv("LIBGUESTFS_PATH");

    return path != NULL && path[0] != '\0';
}

static void look_at_kernel(struct finding *out)
{
    struct sw_host_kernel kernel;

    sw_host_kernel(&kernel);
    if (has_fixed_appliance()) {
        snprintf(out->detail, sizeof(out->detail), "of the fixed appliance in LIBGUESTFS_PATH");
    } else if (kernel.path[0] == '\0') {
        out->verdict = MISSING;
        snprintf(out->detail, sizeof(out->detail), "no kernel with its modules in /boot or /lib/modules");
        out->remedy = "apt-get install --no-install-recommends linux-image-cloud-amd64";
    } else {
        snprintf(out->detail, sizeof(out->detail), "%s%s", kernel.path,
                 kernel.readable ? "" : " cannot be read by this user");
        out->verdict = kernel.readable ? GOOD : MISSING;
        if (!kernel.readable)
            out->remedy =
                "as root: chmod 0644 /boot/vmlinuz-* (dpkg-statoverride keeps it so), or set SUPERMIN_KERNEL";
    }
}

/* Looks for a program where PATH says, and in the places of root. */
static bool find_program(const char *name, char *path, size_t len)
{
    const char *from_env = getenv("PATH");
    char places[4096];
    char *rest = places, *dir;

    snprintf(places, sizeof(places), "%s:/usr/sbin:/sbin", from_env != NULL ? from_env : "/usr/bin:/bin");
    while ((dir = strsep(&rest, ":")) != NULL) {
        snprintf(path, len, "%s/%s", dir, name);
        if (dir[0] != '\0' && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static void look_for(const char *program, enum verdict otherwise, const char *remedy, struct finding *out)
{
    if (find_program(program, out->detail, sizeof(out->detail)))
        return;
    snprintf(out->detail, sizeof(out->detail), "'%s' is not installed", program);
    out->verdict = otherwise;
    out->remedy = remedy;
}

static void look_at_qemu(struct finding *out)
{
    const char *named = getenv("LIBGUESTFS_HV");

    if (named != NULL && named[0] != '\0') {
        snprintf(out->detail, sizeof(out->detail), "%s (LIBGUESTFS_HV)", named);
        out->verdict = access(named, X_OK) == 0 ? GOOD : MISSING;
        out->remedy = out->verdict == GOOD ? NULL : "unset LIBGUESTFS_HV, or name a program that is there";
        return;
    }
    look_for("qemu-system-x86_64", MISSING, "apt-get install --no-install-recommends qemu-system-x86", out);
}

static void look_at_supermin(struct finding *out)
{
    if (has_fixed_appliance())
        snprintf(out->detail, sizeof(out->detail), "not needed with a fixed appliance");
    else
        look_for("supermin", MISSING, "apt-get install --no-install-recommends supermin libguestfs0", out);
}

static void look_at_qemu_img(struct finding *out)
{
    look_for("qemu-img", POOR, "only for looking at layers by hand: apt-get install qemu-utils", out);
}

/* The appliance holds what this machine has: programs that libguestfs names and that are installed go into it. */
static void look_at_ntfs(struct finding *out)
{
    if (has_fixed_appliance())
        snprintf(out->detail, sizeof(out->detail), "as the fixed appliance has it");
    else
        look_for("ntfs-3g", POOR, "only for Windows images: apt-get install ntfs-3g", out);
}

static void look_at_xfs(struct finding *out)
{
    SW_CLEANUP(globfree) glob_t found = {.gl_pathc = 0};

    if (has_fixed_appliance()) {
        snprintf(out->detail, sizeof(out->detail), "as the fixed appliance has it");
        return;
    }
    look_for("xfs_growfs", POOR, "only to let a disk with XFS grow: apt-get install libguestfs-xfs", out);
    if (out->verdict == GOOD && glob("/usr/lib/*/guestfs/supermin.d/*packages-xfs", 0, NULL, &found) != 0) {
        snprintf(out->detail, sizeof(out->detail), "'libguestfs-xfs' is not installed");
        out->verdict = POOR;
        out->remedy = "only to let a disk with XFS grow: apt-get install libguestfs-xfs";
    }
}

static void look_at_ovmf(struct finding *out)
{
    struct sw_ovmf ovmf;

    sw_ovmf_find(&ovmf);
    if (ovmf.code != NULL) {
        snprintf(out->detail, sizeof(out->detail), "%s", ovmf.code);
        return;
    }
    snprintf(out->detail, sizeof(out->detail), "OVMF is not installed");
    out->verdict = POOR;
    out->remedy = "only to boot images that start by UEFI alone: apt-get install ovmf";
}

static void look_at_space(const char *dir, uint64_t wanted, uint64_t needed, struct finding *out)
{
    struct sw_err err = {.code = SW_OK};
    char size[32];
    uint64_t bytes;

    if (sw_free_bytes(dir, &bytes, &err) < 0) {
        snprintf(out->detail, sizeof(out->detail), "%.300s", err.text);
        out->verdict = MISSING;
        out->remedy = "make the folder, or name another one";
        return;
    }
    out_size(bytes, size, sizeof(size));
    snprintf(out->detail, sizeof(out->detail), "%s free on %.300s", size, dir);
    if (bytes < wanted) {
        out->verdict = bytes < needed ? MISSING : POOR;
        out->remedy = "free some space, or choose a folder on another disk";
    }
}

static const char *or_else(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : fallback;
}

static void look_at_tmp(struct finding *out)
{
    look_at_space(or_else("TMPDIR", "/tmp"), UINT64_C(1) << 30, UINT64_C(64) << 20, out);
}

static void look_at_cache(struct finding *out)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *dir = sw_appliance_cache(&err);

    look_at_space(dir != NULL ? dir : "/var/tmp", UINT64_C(1) << 30, UINT64_C(64) << 20, out);
}

/* Which one a launch would take. */
static void look_at_appliance(struct finding *out)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *dir = sw_appliance_cache(&err);
    SW_AUTO_FREE char *home = dir != NULL && access(dir, F_OK) == 0 ? sw_appliance_home(dir, &err) : NULL;
    SW_AUTO_FREE char *pattern = sw_strf(&err, "%s/fast-*-*/README.fixed", home != NULL ? home : dir);
    SW_CLEANUP(globfree) glob_t found = {.gl_pathc = 0};

    if (has_fixed_appliance())
        snprintf(out->detail, sizeof(out->detail), "fixed: '%.300s' (LIBGUESTFS_PATH)",
                 getenv("LIBGUESTFS_PATH"));
    else if (err.code != SW_OK) {
        out->verdict = POOR;
        out->remedy = "name a folder of your own with LIBGUESTFS_CACHEDIR";
        snprintf(out->detail, sizeof(out->detail), "libguestfs's own, which starts slowly: %.300s", err.text);
    } else if (pattern != NULL && glob(pattern, 0, NULL, &found) == 0)
        snprintf(out->detail, sizeof(out->detail), "fast: '%.*s'",
                 (int)(strlen(found.gl_pathv[0]) - strlen("/README.fixed")), found.gl_pathv[0]);
    else
        snprintf(out->detail, sizeof(out->detail),
                 "the fast one is made at the first launch, in some seconds");
}

static void look_at_data(struct finding *out)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *dir = sw_xdg_path("XDG_DATA_HOME", ".local/share", "store", &err);

    if (dir != NULL) {
        look_at_space(dir, UINT64_C(4) << 30, UINT64_C(256) << 20, out);
        return;
    }
    snprintf(out->detail, sizeof(out->detail), "%.300s", err.text);
    out->verdict = POOR;
    out->remedy = "set HOME, or name a store with --store";
}

static const struct check checks[] = {
    {"KVM", look_at_kvm},
    {"appliance kernel", look_at_kernel},
    {"qemu-system-x86_64", look_at_qemu},
    {"supermin", look_at_supermin},
    {"qemu-img", look_at_qemu_img},
    {"Windows images", look_at_ntfs},
    {"growing XFS", look_at_xfs},
    {"UEFI firmware", look_at_ovmf},
    {"temporary files", look_at_tmp},
    {"appliance cache", look_at_cache},
    {"appliance", look_at_appliance},
    {"store", look_at_data},
};

/* ---- What is printed --------------------------------------------------------------------------------------- */

static void print_finding(const struct check *check, const struct finding *finding)
{
    printf("%-8s %-19s ", verdict_names[finding->verdict], check->name);
    out_safe(stdout, finding->detail);
    putchar('\n');
    if (finding->remedy != NULL)
        printf("%-28s -> %s\n", "", finding->remedy);
}

static json_t *describe(const struct check *check, const struct finding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:s?}", "name", check->name, "state", verdict_names[finding->verdict],
                     "detail", finding->detail, "remedy", finding->remedy);
}

/* ---- The self-test ----------------------------------------------------------------------------------------- */

struct doctor_opts {
    struct common_opts common;
    bool self_test;
};

static const struct opt doctor_rows[] = {
    {0, "self-test", NULL, OPT_FLAG, offsetof(struct doctor_opts, self_test),
     "compute a published answer with every cryptographic primitive instead"},
    OPT_END,
};

/* The list in JSON; NULL: lines of text. */
static void tell_answer(void *arg, const char *name, const char *source, bool right)
{
    json_t *list = arg;

    if (list == NULL)
        printf("%-8s %-26s %s\n", right ? "ok" : "WRONG", name, source);
    else
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b}", "name", name, "source", source, "right", right));
}

static int run_self_test(const struct common_opts *common, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = common->json ? json_array() : NULL;
    struct sw_err printing = {.code = SW_OK};
    int rc = sw_seal_self_test(tell_answer, list, err);

    if (list != NULL && out_json(json_pack("{s:b, s:O}", "right", rc == 0, "answers", list), &printing) < 0 &&
        rc == 0) {
        *err = printing;
        return -1;
    }
    return rc;
}

/* ---- The verb ---------------------------------------------------------------------------------------------- */

static int run_doctor(const void *opts, const struct args *args, struct sw_err *err)
{
    const struct doctor_opts *doctor = opts;
    const struct common_opts *common = &doctor->common;
    SW_AUTO_JSON json_t *list = json_array();
    bool ready = true;

    (void)args;
    if (doctor->self_test)
        return run_self_test(common, err);
    for (size_t i = 0; i < SW_ARRAY_LEN(checks); i++) {
        struct finding finding = {.verdict = GOOD};

        checks[i].look(&finding);
        ready = ready && finding.verdict != MISSING;
        if (!common->json)
            print_finding(&checks[i], &finding);
        else if (sw_json_append(list, describe(&checks[i], &finding), err) < 0)
            return -1;
    }
    if (common->json && out_json(json_pack("{s:b, s:O}", "ready", ready, "checks", list), err) < 0)
        return -1;
    if (!common->json)
        printf(ready ? "Builds can run here.\n" : "Builds cannot run here until what is missing is there.\n");
    return ready ? 0 : 1;
}

const struct cmd cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "show whether builds can run here, and what to do if not",
    .more =
        "Exit status 0: builds can run, maybe slowly; 1: something that they need is missing.\n"
        "With --self-test 0: every answer is the published one; 5: one is not, and nothing should be sealed here.\n",
    .opts = doctor_rows,
    .opts_size = sizeof(struct doctor_opts),
    .run = run_doctor,
};
