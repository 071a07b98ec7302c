/* Two trees that differ in one thing each: that is found, and nothing else. The guests are folders, no appliance is needed. */
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/facts.h"
#include "tests/unit/files.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Both begin as this. */
static const char tree[] =
    "umask 022; mkdir -p guest/{proc,tmp,run,dev} tree; cd tree\n"
    "mkdir -p etc/systemd/system/multi-user.target.wants usr/bin var/lib/dpkg boot dev\n"
    "printf 'ID=tiny\\n' >etc/os-release\n"
    "printf 'UUID=1 / ext4 defaults 0 1\\nUUID=2 /boot ext4 defaults 0 2\\n' >etc/fstab\n"
    "printf 'root:x:0:0:root:/root:/bin/sh\\nann:x:1000:1000:Ann:/home/ann:/bin/sh\\n' >etc/passwd\n"
    "printf 'root:*:1:0:99999:7:::\\nann:$6$salt$hash:1:0:99999:7:::\\n' >etc/shadow; chmod 600 etc/shadow\n"
    "printf 'root:x:0:\\nwheel:x:10:ann\\n' >etc/group\n"
    "printf 'Package: bash\\nStatus: install ok installed\\nArchitecture: amd64\\nVersion: 5.2-1\\n\\n"
    "Package: old\\nStatus: deinstall ok config-files\\nArchitecture: all\\nVersion: 1\\n\\n' >var/lib/dpkg/status\n"
    "ln -s /lib/systemd/system/ssh.service etc/systemd/system/multi-user.target.wants/ssh.service\n"
    "printf 'one\\ntwo\\nthree\\n' >etc/text; printf 'program' >usr/bin/tool; ln -s tool usr/bin/link\n"
    "mkfifo dev/pipe; touch -h -d @1000000000 $(find . | sort -r)\n";

static bool as_root;
static struct sw_guest *guest;

static struct sw_guest_fs one_fs(unsigned disk)
{
    static char device[] = "/dev/sda1", type[] = "ext4", uuid[] = "1", label[] = "", a[] = "/a", b[] = "/b";

    return (struct sw_guest_fs){.disk = disk,
                                .device = device,
                                .type = type,
                                .uuid = uuid,
                                .label = label,
                                .point = disk == 0 ? a : b};
}

static json_t *new_lists(void)
{
    return json_pack("{s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:{}}", "partitions", "files",
                     "packages", "units", "users", "groups", "registry", "not_compared", "counts");
}

/* What of the folders a and b differs. */
static json_t *compare_folders(const struct sw_diff *ask)
{
    struct sw_guest_fs fs[] = {one_fs(0), one_fs(1)};
    const struct sw_guest_filesystems list = {.items = fs, .n = 2};
    struct differing to = {.ask = ask,
                           .a = {.name = "a", .guest = guest},
                           .b = {.name = "b", .guest = guest},
                           .out = new_lists()};
    struct sw_err err = {.code = SW_OK};

    assert_ok(diff_side_read(&to.a, &list, 0, true, &err), err);
    assert_ok(diff_side_read(&to.b, &list, 1, true, &err), err);
    assert_ok(diff_compare(&to, &err), err);
    assert_ok(diff_conclude(to.out, &err), err);
    diff_side_clear(&to.a);
    diff_side_clear(&to.b);
    return to.out;
}

static const char *name_of(const json_t *row)
{
    static const char *const names[] = {"path", "package", "unit", "name", "key", "partition"};

    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (sw_json_text(row, names[i]) != NULL)
            return sw_json_text(row, names[i]);
    return "?";
}

/* Every row as "LIST CHANGE NAME WHAT FROM TO WHAT…;". */
static char *summary(json_t *out)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err err = {.code = SW_OK};
    const char *list, *what;
    json_t *rows, *row, *pair;
    size_t i;

    assert_ok(sw_buf_puts(&text, "", &err), err);
    json_object_foreach (out, list, rows) {
        json_array_foreach (rows, i, row) {
            if (strcmp(list, "not_compared") == 0) {
                assert_ok(sw_buf_printf(&text, &err, "%s %s;", list, sw_json_text(row, "where")), err);
                continue;
            }
            assert_ok(sw_buf_printf(&text, &err, "%s %s %s", list, sw_json_text(row, "change"), name_of(row)),
                      err);
            if (sw_json_text(row, "from") != NULL)
                assert_ok(sw_buf_printf(&text, &err, " from %s", sw_json_text(row, "from")), err);
            json_object_foreach (json_object_get(row, "changes"), what, pair) {
                SW_AUTO_FREE char *from = json_dumps(json_object_get(pair, "from"), JSON_ENCODE_ANY);
                SW_AUTO_FREE char *to = json_dumps(json_object_get(pair, "to"), JSON_ENCODE_ANY);

                assert_ok(strcmp(what, "content") == 0
                              ? sw_buf_printf(&text, &err, " content")
                              : sw_buf_printf(&text, &err, " %s %s %s", what, from, to),
                          err);
            }
            assert_ok(sw_buf_puts(&text, ";", &err), err);
        }
    }
    return sw_buf_steal(&text);
}

static void make_both(const char *change)
{
    SW_AUTO_BUF struct sw_buf script = {0};
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_buf_printf(&script, &err,
                            "rm -rf guest/a guest/b; cp -a tree guest/a; cp -a tree guest/b; cd guest/b\n%s",
                            change),
              err);
    run_shell(script.data);
}

static bool matches(const char *change, const struct sw_diff *ask, const char *want)
{
    SW_AUTO_FREE char *got = NULL;
    SW_AUTO_JSON json_t *out = NULL;

    make_both(change);
    out = compare_folders(ask);
    got = summary(out);
    if (strcmp(got, want) != 0)
        print_error("%s:\n  got  %s\n  want %s\n", change, got, want);
    return strcmp(got, want) == 0 && json_is_true(json_object_get(out, "same")) == (want[0] == '\0');
}

static void expect(const char *change, const struct sw_diff *ask, const char *want)
{
    assert_true(matches(change, ask, want));
}

/* ---- One difference each ---------------------------------------------------------------------------------- */

static const struct {
    const char *change, *want;
    bool root; /* needs it */
} rows[] = {
    {":", "", false},
    {"touch etc/text", "", false},
    {"chmod 640 etc/text", "files changed /etc/text mode \"0644\" \"0640\";", false},
    {"chmod 4755 usr/bin/tool", "files changed /usr/bin/tool mode \"0644\" \"4755\";", false},
    {"chown 5:6 etc/text", "files changed /etc/text owner \"0:0\" \"5:6\";", true},
    {"chown -h 5:6 usr/bin/link", "files changed /usr/bin/link owner \"0:0\" \"5:6\";", true},
    {"printf 'one\\nTWO\\nthree\\n' >etc/text; touch -d @1000000000 etc/text",
     "files changed /etc/text content;", false},
    {"printf 'four\\n' >>etc/text", "files changed /etc/text size 14 19;", false},
    {"echo new >etc/new", "files added /etc/new;", false},
    {"mkdir etc/new.d", "files added /etc/new.d;", false},
    {"rm etc/text", "files removed /etc/text;", false},
    {"mv etc/text etc/moved", "files renamed /etc/moved from /etc/text;", false},
    {"mv etc/text etc/moved; chmod 600 etc/moved",
     "files renamed /etc/moved from /etc/text mode \"0644\" \"0600\";", false},
    {"ln -sf other usr/bin/link", "files changed /usr/bin/link target \"tool\" \"other\";", false},
    {"rm etc/text; ln -s x etc/text", "files changed /etc/text type \"file\" \"link\";", false},
    {"rm etc/text; mkdir etc/text",
     "files changed /etc/text type \"file\" \"folder\" mode \"0644\" \"0755\";", false},
    {"ln etc/text usr/bin/hard", "files changed /etc/text hard links 1 2;files added /usr/bin/hard;", false},
    {"mknod dev/null c 1 3", "files added /dev/null;", true},
    {"chmod 700 .", "files changed / mode \"0755\" \"0700\";", false},
    {"sed -i 's/5.2-1/5.2-2/' var/lib/dpkg/status",
     "files changed /var/lib/dpkg/status content;packages changed bash:amd64 version \"5.2-1\" \"5.2-2\";",
     false},
    {"sed -i '1,5d' var/lib/dpkg/status",
     "files changed /var/lib/dpkg/status size 156 77;packages removed bash:amd64 version \"5.2-1\" null;",
     false},
    {"printf 'Package: new\\nStatus: install ok installed\\nVersion: 9\\n' >>var/lib/dpkg/status",
     "files changed /var/lib/dpkg/status size 156 209;packages added new version null \"9\";", false},
    {"ln -s /lib/systemd/system/nginx.service etc/systemd/system/multi-user.target.wants/nginx.service",
     "files added /etc/systemd/system/multi-user.target.wants/nginx.service;"
     "units changed nginx.service state \"not enabled\" \"enabled (multi-user.target.wants)\";",
     false},
    {"rm etc/systemd/system/multi-user.target.wants/ssh.service",
     "files removed /etc/systemd/system/multi-user.target.wants/ssh.service;"
     "units changed ssh.service state \"enabled (multi-user.target.wants)\" \"not enabled\";",
     false},
    {"ln -s /dev/null etc/systemd/system/apt.timer",
     "files added /etc/systemd/system/apt.timer;units changed apt.timer state \"not enabled\" \"masked\";",
     false},
    {"sed -i 's#ann:/bin/sh#ann:/bin/zz#' etc/passwd",
     "files changed /etc/passwd content;users changed ann shell \"/bin/sh\" \"/bin/zz\";", false},
    {"echo 'bob:x:1001:1001::/home/bob:/bin/sh' >>etc/passwd",
     "files changed /etc/passwd size 68 103;users added bob comment null \"\" gid null \"1001\" home null "
     "\"/home/bob\" shell null \"/bin/sh\" uid null \"1001\";",
     false},
    {"sed -i 's/hash/HASH/' etc/shadow",
     "files changed /etc/shadow content;users changed ann password \"set\" \"set anew\";", false},
    {"sed -i 's/ann:[^:]*/ann:!/' etc/shadow",
     "files changed /etc/shadow size 54 43;users changed ann password \"set\" \"locked\";", false},
    {"sed -i 's/10:ann/10:/' etc/group",
     "files changed /etc/group size 25 22;groups changed wheel members \"ann\" \"\";", false},
};

static void each_difference_is_found_and_nothing_else(void **state)
{
    const struct sw_diff ask = {.times = false};

    bool fine = true;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (!rows[i].root || as_root)
            fine = matches(rows[i].change, &ask, rows[i].want) && fine;
    assert_true(fine);
}

static void times_count_when_they_are_asked_for(void **state)
{
    const struct sw_diff ask = {.times = true};

    (void)state;
    expect("touch -d @1000000001 etc/text", &ask,
           "files changed /etc/text time \"1000000000.000000000\" \"1000000001.000000000\";");
}

static void times_from_a_moment_on_count_as_that_moment(void **state)
{
    const struct sw_diff from = {.times = true, .latest_s = 1000000000};
    const struct sw_diff later = {.times = true, .latest_s = 1000000001};

    (void)state;
    expect("touch -d @1000000001 etc/text", &from, "");
    expect("touch -d @1000000001 etc/text", &later,
           "files changed /etc/text time \"1000000000.000000000\" \"1000000001.000000000\";");
}

static void only_files_of_the_paths_that_are_named_are_compared(void **state)
{
    const char *const globs[] = {"/usr", "/etc/t*"};
    const struct sw_diff ask = {.globs = globs, .nr_globs = 2};

    (void)state;
    expect("rm etc/group etc/text usr/bin/tool; sed -i 's/5.2-1/5.2-2/' var/lib/dpkg/status", &ask,
           "files removed /etc/text;files removed /usr/bin/tool;");
}

static void the_differing_lines_of_a_text_are_shown(void **state)
{
    const struct sw_diff ask = {.unified = true};
    SW_AUTO_JSON json_t *out = NULL;

    (void)state;
    make_both("sed -i s/two/2/ etc/text; echo x >>etc/shadow");
    out = compare_folders(&ask);
    assert_int_equal(json_array_size(json_object_get(out, "files")), 2);
    /* What not everybody may read is not shown to everybody. */
    assert_null(sw_json_text(json_array_get(json_object_get(out, "files"), 0), "unified"));
    assert_string_equal(sw_json_text(json_array_get(json_object_get(out, "files"), 1), "unified"),
                        "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
}

static void attributes_are_compared_by_name_and_value(void **state)
{
    const struct sw_diff ask = {.times = false};
    SW_AUTO_FREE char *got = NULL;
    SW_AUTO_JSON json_t *out = NULL;

    (void)state;
    make_both(":");
    if (setxattr("guest/a/etc/text", "user.was", "1", 1, 0) < 0)
        skip();
    assert_int_equal(setxattr("guest/a/etc/text", "user.b", "same", 4, 0), 0);
    assert_int_equal(setxattr("guest/b/etc/text", "user.b", "same", 4, 0), 0);
    assert_int_equal(setxattr("guest/b/etc/text", "user.is", "\x1b[2J", 4, 0), 0);
    out = compare_folders(&ask);
    got = summary(out);
    assert_string_equal(
        got, "files changed /etc/text attribute user.is null \"\\u001B[2J\" attribute user.was \"1\" null;");
}

/* hive NAME: an empty one on both sides, and on b one with a key and a value. */
static const char hives[] =
    "command -v hivexsh >/dev/null && command -v python3 >/dev/null || exit 0\n"
    "hive() { mkdir -p ../{a,b}/Windows/System32/config; " SLIPWAY_SOURCE
    "/tests/lib/make-hive ../a/Windows/System32/config/$1; printf '%s\\n' 'add K' 'cd K' 'setval 2' '' string:text n dword:7 "
    "\"commit Windows/System32/config/$1\" | hivexsh -w ../a/Windows/System32/config/$1 >/dev/null; }\n";

static void keys_and_values_of_the_registry_are_told_and_secret_ones_are_not_shown(void **state)
{
    const struct sw_diff ask = {.times = false};
    SW_AUTO_BUF struct sw_buf script = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_buf_printf(&script, &err, "%shive SYSTEM; hive SAM", hives), err);
    make_both(script.data);
    if (!sw_path_exists("guest/b/Windows/System32/config/SAM"))
        skip();
    expect(script.data, &ask,
           "files changed /Windows/System32/config/SAM size 8192 12288;files changed "
           "/Windows/System32/config/SYSTEM size 8192 12288;"
           "registry added HKLM\\SAM\\K;registry added HKLM\\SAM\\K\\\\(default) value null \"(not shown)\";"
           "registry added HKLM\\SAM\\K\\\\n value null \"(not shown)\";registry added HKLM\\SYSTEM\\K;"
           "registry added HKLM\\SYSTEM\\K\\\\(default) value null \"sz:text\";"
           "registry added HKLM\\SYSTEM\\K\\\\n value null \"dword:00000007\";");
}

static void a_damaged_hive_is_told_of_and_no_key_of_it(void **state)
{
    const struct sw_diff ask = {.times = false};

    (void)state;
    expect(
        "mkdir -p ../{a,b}/Windows/System32/config; echo regf >../a/Windows/System32/config/SYSTEM; echo regF "
        ">Windows/System32/config/SYSTEM",
        &ask,
        "files changed /Windows/System32/config/SYSTEM content;not_compared /Windows/System32/config/SYSTEM;");
}

/* ---- The database of rpm ----------------------------------------------------------------------------------- */

/* Of the same name on both sides; the second has one package more, one less, and another kernel beside the first. */
static void make_rpm_databases(void)
{
    if (!sw_path_exists("rpm-b"))
        run_shell(
            SLIPWAY_SOURCE
            "/tests/lib/rpm-databases rpm-a 'bash - 5.1 6 noarch 9' 'kernel - 5.9 1 noarch 9' 'old - 1 1 noarch 9'; " SLIPWAY_SOURCE
            "/tests/lib/rpm-databases rpm-b 'bash 1 5.1 6 noarch 9' 'kernel - 5.9 1 noarch 9' "
            "'kernel - 5.14 2 noarch 9' 'new - 1 1 noarch 9'");
}

/* What is told of packages, and of what was not compared, when that script made the sides. */
static void expect_packages(const char *change, const char *want)
{
    const struct sw_diff ask = {.times = false};
    SW_AUTO_FREE char *got = NULL;
    SW_AUTO_JSON json_t *out = NULL;

    make_both(change);
    out = compare_folders(&ask);
    json_object_del(out, "files");
    got = summary(out);
    assert_string_equal(got, want);
}

static void packages_of_rpm_are_compared_in_each_form_of_its_database(void **state)
{
    static const char *const forms[] = {"sqlite/rpmdb.sqlite", "ndb/Packages.db", "hash/Packages"};
    static const char want[] = "packages changed bash:noarch version \"5.1-6\" \"1:5.1-6\";"
                               "packages changed kernel:noarch version \"5.9-1\" \"5.14-2, 5.9-1\";"
                               "packages added new:noarch version null \"1-1\";"
                               "packages removed old:noarch version \"1-1\" null;";

    (void)state;
    make_rpm_databases();
    for (size_t i = 0; i < SW_ARRAY_LEN(forms); i++) {
        SW_AUTO_BUF struct sw_buf script = {0};
        struct sw_err err = {.code = SW_OK};

        assert_ok(sw_buf_printf(&script, &err,
                                "for side in a b; do mkdir -p ../$side/var/lib/rpm; cp ../../rpm-$side/%s "
                                "../$side/var/lib/rpm; done",
                                forms[i]),
                  err);
        expect_packages(script.data, want);
    }
}

static void a_database_of_rpm_that_moves_to_another_form_and_place_is_still_the_same_packages(void **state)
{
    (void)state;
    make_rpm_databases();
    expect_packages(
        "mkdir -p ../a/var/lib/rpm usr/lib/sysimage/rpm; cp ../../rpm-a/hash/Packages ../a/var/lib/rpm; "
        "cp ../../rpm-a/ndb/Packages.db usr/lib/sysimage/rpm",
        "");
}

static void a_damaged_database_of_rpm_is_told_of_and_no_package_of_it(void **state)
{
    (void)state;
    make_rpm_databases();
    expect_packages("mkdir -p ../a/var/lib/rpm var/lib/rpm; cp ../../rpm-a/ndb/Packages.db ../a/var/lib/rpm; "
                    "head -c 6000 ../../rpm-a/ndb/Packages.db >var/lib/rpm/Packages.db",
                    "not_compared /var/lib/rpm/Packages.db;");
}

static void a_database_of_rpm_with_a_log_beside_it_is_told_of_and_no_package_of_it(void **state)
{
    (void)state;
    make_rpm_databases();
    expect_packages(
        "for side in a b; do mkdir -p ../$side/var/lib/rpm; cp ../../rpm-$side/sqlite/rpmdb.sqlite "
        "../$side/var/lib/rpm; done; echo more >var/lib/rpm/rpmdb.sqlite-wal",
        "not_compared /var/lib/rpm/rpmdb.sqlite;");
}

/* ---- Hostile trees ---------------------------------------------------------------------------------------- */

static void names_of_any_bytes_are_told_apart(void **state)
{
    const struct sw_diff ask = {.times = false};

    (void)state;
    expect("touch $'etc/\\xff\\e[2J' $'etc/\\xfe' $'etc/a\\nb'", &ask,
           "files added /etc/\\xfe;files added /etc/\\xff\\x1b[2J;files added /etc/a\nb;");
}

static void a_link_out_of_the_guest_is_not_followed(void **state)
{
    const struct sw_diff ask = {.unified = true};

    (void)state;
    expect(
        "rm etc/passwd etc/fstab; ln -s /proc/self/status etc/passwd; ln -s ../../../../../etc/passwd etc/fstab",
        &ask,
        "files changed /etc/fstab type \"file\" \"link\";files changed /etc/passwd type \"file\" \"link\";"
        "users removed ann comment \"Ann\" null gid \"1000\" null home \"/home/ann\" null shell \"/bin/sh\" null uid "
        "\"1000\" null;users removed root comment \"root\" null gid \"0\" null home \"/root\" null shell \"/bin/sh\" "
        "null uid \"0\" null;");
}

static void a_folder_as_deep_as_any_is_compared(void **state)
{
    const struct sw_diff ask = {.times = false};

    (void)state;
    make_both(
        "for i in {1..400}; do mkdir a-name-of-twenty-bytes; cd a-name-of-twenty-bytes; done; echo x >file");
    {
        SW_AUTO_JSON json_t *out = compare_folders(&ask);

        assert_int_equal(json_array_size(json_object_get(out, "files")), 401);
    }
}

static void databases_that_make_no_sense_are_read_to_their_ends(void **state)
{
    const struct sw_diff ask = {.times = false};

    (void)state;
    expect(
        "printf ':::::::\\n::\\nx\\n\\0\\n' >etc/passwd; printf 'Package:\\nVersion\\n\\n\\n:\\nPackage: \\e]x' "
        ">var/lib/dpkg/status; printf '\\n\\n:' >etc/group",
        &ask,
        "files changed /etc/group size 25 3;files changed /etc/passwd size 68 15;files changed /var/lib/dpkg/status size "
        "156 33;packages added \x1b]x version null \"\";packages removed bash:amd64 version \"5.2-1\" null;packages "
        "removed old:all status \"deinstall ok config-files\" null version \"1\" null;users added \\x00;users removed ann "
        "comment \"Ann\" null gid \"1000\" null home \"/home/ann\" null shell \"/bin/sh\" null uid \"1000\" null;users "
        "removed root comment \"root\" null gid \"0\" null home \"/root\" null shell \"/bin/sh\" null uid \"0\" "
        "null;users added x;groups removed root gid \"0\" null members \"\" null;groups removed wheel gid \"10\" null "
        "members \"ann\" null;");
}

/* ---- One guest alone -------------------------------------------------------------------------------------- */

static void what_one_guest_holds_is_told(void **state)
{
    struct sw_guest_fs fs[] = {one_fs(0)};
    const struct sw_guest_filesystems list = {.items = fs, .n = 1};
    struct diff_side side = {.name = "a", .guest = guest};
    SW_AUTO_JSON json_t *out = json_object();
    SW_AUTO_FREE char *got = NULL;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_both(
        "mkdir -p ../a/lib/modules/6.1.0-25-amd64 ../a/boot/grub; touch ../a/boot/grub/grub.cfg; printf "
        "'NAME=\"Tiny \e]0;x\"\n#c\n=\nA-B=c\n' >>../a/etc/os-release");
    assert_ok(diff_side_read(&side, &list, 0, false, &err), err);
    assert_ok(facts_all(&side, out, &err), err);
    diff_side_clear(&side);
    json_object_del(out, "users");
    json_object_del(out, "groups");
    got = json_dumps(out, JSON_COMPACT | JSON_ENSURE_ASCII);
    assert_string_equal(
        got,
        "{\"filesystems\":[{\"place\":\"/\",\"device\":\"/dev/sda1\",\"type\":\"ext4\",\"uuid\":\"1\",\"label\":\"\"}],"
        "\"os\":{\"id\":\"tiny\",\"name\":\"Tiny \\u001B]0;x\"},\"kernels\":[\"6.1.0-25-amd64\"],"
        "\"bootloader\":[{\"kind\":\"GRUB 2\",\"path\":\"/boot/grub/grub.cfg\"}],"
        "\"packages\":{\"bash:amd64\":{\"version\":\"5.2-1\"},\"old:all\":{\"version\":\"1\",\"status\":\"deinstall ok "
        "config-files\"}},\"units\":{\"ssh.service\":{\"state\":\"enabled (multi-user.target.wants)\"}},"
        "\"folders\":[{\"path\":\"/etc\",\"bytes\":256,\"files\":6},{\"path\":\"/var\",\"bytes\":156,\"files\":1},"
        "{\"path\":\"/var/lib\",\"bytes\":156,\"files\":1},{\"path\":\"/usr\",\"bytes\":7,\"files\":1},"
        "{\"path\":\"/usr/bin\",\"bytes\":7,\"files\":1},{\"path\":\"/boot\",\"bytes\":0,\"files\":1},"
        "{\"path\":\"/boot/grub\",\"bytes\":0,\"files\":1}]}");
}

static int setup(void **state)
{
    struct sw_err err = {.code = SW_OK};

    as_root = geteuid() == 0;
    if (enter_empty_folder(state) < 0)
        return -1;
    run_shell(tree);
    if (sw_folder_guest_open("guest", &guest, &err) == 0)
        return 0;
    if (err.sys == EPERM)
        exit(77);
    return -1;
}

static int teardown(void **state)
{
    sw_folder_guest_close(guest);
    return leave_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_difference_is_found_and_nothing_else),
        cmocka_unit_test(times_count_when_they_are_asked_for),
        cmocka_unit_test(times_from_a_moment_on_count_as_that_moment),
        cmocka_unit_test(only_files_of_the_paths_that_are_named_are_compared),
        cmocka_unit_test(the_differing_lines_of_a_text_are_shown),
        cmocka_unit_test(attributes_are_compared_by_name_and_value),
        cmocka_unit_test(keys_and_values_of_the_registry_are_told_and_secret_ones_are_not_shown),
        cmocka_unit_test(a_damaged_hive_is_told_of_and_no_key_of_it),
        cmocka_unit_test(packages_of_rpm_are_compared_in_each_form_of_its_database),
        cmocka_unit_test(a_database_of_rpm_that_moves_to_another_form_and_place_is_still_the_same_packages),
        cmocka_unit_test(a_damaged_database_of_rpm_is_told_of_and_no_package_of_it),
        cmocka_unit_test(a_database_of_rpm_with_a_log_beside_it_is_told_of_and_no_package_of_it),
        cmocka_unit_test(names_of_any_bytes_are_told_apart),
        cmocka_unit_test(a_link_out_of_the_guest_is_not_followed),
        cmocka_unit_test(a_folder_as_deep_as_any_is_compared),
        cmocka_unit_test(what_one_guest_holds_is_told),
        cmocka_unit_test(databases_that_make_no_sense_are_read_to_their_ends),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
