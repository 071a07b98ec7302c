/* Guests as folders: phony trees with one fault each, looked at by the program that looks at guests in an appliance. */
#include "tests/unit/testing.h"

#include "slipway/preflight.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/guest.h"
#include "src/preflight/rules.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALL = (1 << SW_PREFLIGHT_LANES) - 1 };

static struct sw_preflight_policy *policy;
static json_t *good_disk;

/* The devices that the trees' fstab speak of. */
static struct guest *phony_guest(void)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    static struct sw_preflight_disk disk = {.path = "phony.raw"};

    assert_non_null(guest);
    guest->disks = &disk;
    guest->nr_disks = 1;
    guest->nr_devices = 2;
    guest->nr_roots = 1;
    guest->devices[0] = (struct guest_device){.name = "sda1",
                                              .shown = "disk 1, partition 1",
                                              .type = "ext4",
                                              .kind = "ext4",
                                              .disks = 1,
                                              .part = 1,
                                              .uuid = "7195ca57-0000-4000-8000-000000000003"};
    guest->devices[1] = (struct guest_device){.name = "sda15",
                                              .shown = "disk 1, partition 15",
                                              .type = "vfat",
                                              .kind = "vfat",
                                              .disks = 1,
                                              .part = 15,
                                              .uuid = "7195-CA57"};
    guest->roots[0] = (struct guest_root){.device = 0, .sub = ""};
    return guest;
}

static json_t *guest_of(const char *folder)
{
    SW_AUTO_BUF struct sw_buf orders = {0};
    SW_AUTO_FREE struct guest *guest = phony_guest();
    SW_AUTO_FREE char *path = realpath(folder, NULL);
    struct sw_err err = {.code = SW_OK};
    struct sw_look *look = NULL;
    json_t *out = json_object();

    assert_non_null(path);
    assert_ok(sw_buf_printf(&orders, &err, "root\t%s\t0\n", path), err);
    assert_ok(guest_wants(&orders, false, &err), err);
    assert_ok(sw_buf_puts(&orders, "walk\n", &err), err);
    assert_ok(sw_look_here(orders.data, &look, &err), err);
    assert_ok(guest_evidence(guest, look, out, &err), err);
    sw_look_free(look);
    return out;
}

static char *found_in(const json_t *guest, json_t **verdict)
{
    SW_AUTO_JSON json_t *evidence =
        json_pack("{s:i, s:[O], s:O}", "version", 1, "disks", good_disk, "guest", guest);
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_err err = {.code = SW_OK};
    const json_t *rule;
    size_t i;

    *verdict = sw_preflight_judge(policy, evidence, "phony", ALL, &err);
    if (*verdict == NULL)
        fail_msg("%s", err.text);
    assert_ok(sw_buf_puts(&out, "", &err), err);
    json_array_foreach (json_object_get(*verdict, "rules"), i, rule) {
        if (strcmp(sw_json_text(rule, "state"), "found") == 0)
            assert_ok(sw_buf_printf(&out, &err, "%s ", sw_json_text(rule, "id")), err);
    }
    return out.data != NULL ? sw_buf_steal(&out) : strdup("");
}

/* Both as words: the order is the rules' own. */
static bool same_words(const char *got, const char *want)
{
    SW_AUTO_FREE char *list = strdup(want);
    char *rest = list, *word;
    size_t words = 0, spaces = 0;

    while ((word = strsep(&rest, " \n")) != NULL) {
        if (word[0] == '\0')
            continue;
        words++;
        if (strstr(got, word) == NULL)
            return false;
    }
    for (; *got != '\0'; got++)
        spaces += *got == ' ';
    return words == spaces;
}

static int make_trees(void **state)
{
    struct sw_err err = {.code = SW_OK};
    json_t *cases;

    if (geteuid() != 0) {
        print_message("a chroot wants root\n");
        exit(77);
    }
    cases = sw_json_read(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json", 1 << 20, &err);
    policy = sw_preflight_policy_open(NULL, &err);
    if (cases == NULL || policy == NULL || enter_empty_folder(state) != 0)
        return -1;
    good_disk = json_incref(json_object_get(cases, "disk"));
    json_decref(cases);
    if (system("python3 " SLIPWAY_SOURCE "/tests/lib/broken-tree .") != 0) {
        print_message("python3, zstd or lz4 is missing\n");
        exit(77);
    }
    return 0;
}

static int remove_trees(void **state)
{
    json_decref(good_disk);
    sw_preflight_policy_free(policy);
    return leave_folder(state);
}

static void each_rule_fires_on_its_own_tree_and_on_no_other(void **state)
{
    char line[512];
    FILE *list = fopen("list", "re");
    unsigned kinds = 0, wrong = 0;

    (void)state;
    assert_non_null(list);
    while (fgets(line, sizeof(line), list) != NULL) {
        char *rules = strchr(line, ' ');
        SW_AUTO_FREE char *got = NULL;
        json_t *guest, *verdict;

        assert_non_null(rules);
        *rules++ = '\0';
        guest = guest_of(line);
        got = found_in(guest, &verdict);
        if (!same_words(got, rules)) {
            SW_AUTO_FREE char *text = json_dumps(guest, JSON_COMPACT);

            print_message("%s: found %s, not %s%s\n", line, got, rules, text);
            wrong++;
        }
        json_decref(verdict);
        json_decref(guest);
        kinds++;
    }
    fclose(list);
    assert_true(kinds > 70);
    assert_int_equal(wrong, 0);
}

static void nothing_is_left_open_of_a_good_tree(void **state)
{
    static const char *const kinds[] = {"debian", "ubuntu", "rhel", "rhel7", "suse"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        SW_AUTO_JSON json_t *guest = guest_of(kinds[i]);
        SW_AUTO_JSON json_t *verdict = NULL;
        SW_AUTO_FREE char *got = found_in(guest, &verdict);

        assert_string_equal(got, "");
        assert_string_equal(ev_text(verdict, "lanes.import-image.verdict"), "passed");
        assert_string_equal(ev_text(verdict, "lanes.ebs-direct.verdict"), "passed");
    }
}

static void what_a_tree_says_is_told_as_it_is(void **state)
{
    SW_AUTO_JSON json_t *debian = guest_of("debian");
    SW_AUTO_JSON json_t *rhel = guest_of("rhel");
    const json_t *kernel = json_array_get(ev_get(debian, "kernels"), 0);

    (void)state;
    assert_string_equal(ev_text(debian, "os.id"), "debian");
    assert_string_equal(ev_text(debian, "os.version"), "12.7");
    assert_string_equal(ev_text(kernel, "version"), "6.1.0-25-amd64");
    assert_true(ev_true(kernel, "default"));
    assert_string_equal(ev_text(kernel, "initramfs.compression"), "zstd");
    assert_string_equal(ev_text(kernel, "initramfs.generator"), "initramfs-tools");
    assert_int_equal(json_array_size(ev_get(debian, "packages.list")), 2);
    assert_string_equal(ev_text(json_array_get(ev_get(debian, "packages.list"), 0), "name"), "bash");
    assert_true(ev_true(rhel, "bootloader.bls"));
    assert_non_null(strstr(ev_text(rhel, "bootloader.default"), "(Plow)"));
    assert_non_null(strstr(ev_text(rhel, "cmdline"), "console=ttyS0"));
    assert_int_equal(json_array_size(ev_get(rhel, "kernels")), 1);
    assert_string_equal(ev_text(json_array_get(ev_get(rhel, "network.interfaces"), 0), "name"), "eth0");
}

/* Debian's own rpm made it; the tree is one of those that nothing fires on. */
static void tools_of_a_hypervisor_are_found_in_the_database_of_rpm(void **state)
{
    SW_AUTO_JSON json_t *guest = NULL;
    SW_AUTO_JSON json_t *verdict = NULL;
    SW_AUTO_FREE char *got = NULL;

    (void)state;
    assert_int_equal(system("set -e; " SLIPWAY_SOURCE "/tests/lib/rpm-databases rpm; cp -a rhel rhel-tools; "
                            "cp rpm/sqlite/rpmdb.sqlite rhel-tools/var/lib/rpm"),
                     0);
    guest = guest_of("rhel-tools");
    got = found_in(guest, &verdict);
    assert_string_equal(got, "linux.hypervisor-tools ");
    assert_string_equal(ev_text(guest, "packages.manager"), "rpm");
    assert_int_equal(json_array_size(ev_get(guest, "packages.list")), 5);
    assert_string_equal(json_string_value(json_array_get(ev_get(guest, "hypervisor_tools"), 0)),
                        "open-vm-tools 0:12.2.5-3.el9");
}

static void a_database_of_packages_that_cannot_be_read_is_told_of_with_the_cause(void **state)
{
    SW_AUTO_JSON json_t *guest = guest_of("suse");

    (void)state;
    assert_string_equal(ev_text(guest, "packages.manager"), "rpm");
    assert_non_null(strstr(ev_text(guest, "packages.unread"), "no database of rpm"));
    assert_null(ev_get(guest, "packages.list"));
}

/* /etc/os-release of the tree leads out of it as far as it goes: what lies there on this machine is not read. */
static void links_lead_nowhere_out_of_the_root(void **state)
{
    FILE *host = fopen("/tmp/broken-tree-host", "we");
    SW_AUTO_JSON json_t *guest = NULL;

    (void)state;
    assert_non_null(host);
    fputs("ID=host\nVERSION_ID=1\n", host);
    fclose(host);
    guest = guest_of("links-to-the-host");
    unlink("/tmp/broken-tree-host");
    assert_string_equal(ev_text(guest, "os.id"), "");
    assert_true(ev_false(guest, "fstab.readable"));
}

static void a_pipe_a_device_and_a_loop_hold_nobody_up(void **state)
{
    SW_AUTO_JSON json_t *guest = NULL;

    (void)state;
    assert_int_equal(mkdir("odd", 0755), 0);
    assert_int_equal(mkdir("odd/etc", 0755), 0);
    assert_int_equal(mkdir("odd/boot", 0755), 0);
    assert_int_equal(mkfifo("odd/etc/os-release", 0644), 0);
    assert_int_equal(mkfifo("odd/boot/vmlinuz-1", 0644), 0);
    assert_int_equal(symlink("fstab", "odd/etc/fstab"), 0);
    assert_int_equal(symlink("/etc", "odd/etc/network"), 0);
    assert_int_equal(symlink("..", "odd/lib"), 0);
    guest = guest_of("odd");
    assert_string_equal(ev_text(guest, "os.id"), "");
    assert_string_equal(ev_text(guest, "fstab.why"), "there is none");
}

/* The program mounts in a namespace of its own, as in an appliance; a chroot's root may be no mount that could be private. */
static bool can_look(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_fires_on_its_own_tree_and_on_no_other),
        cmocka_unit_test(nothing_is_left_open_of_a_good_tree),
        cmocka_unit_test(what_a_tree_says_is_told_as_it_is),
        cmocka_unit_test(tools_of_a_hypervisor_are_found_in_the_database_of_rpm),
        cmocka_unit_test(a_database_of_packages_that_cannot_be_read_is_told_of_with_the_cause),
        cmocka_unit_test(links_lead_nowhere_out_of_the_root),
        cmocka_unit_test(a_pipe_a_device_and_a_loop_hold_nobody_up),
    };

    if (!can_look()) {
        puts("skipped: no namespace of mounts is to be had here");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_trees, remove_trees);
}
