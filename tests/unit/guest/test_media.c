/* Media with package repositories: what is found in them, what package managers are told, and apt that installs from them. */
#include "src/base/json.h"
#include "src/guest/media.h"
#include "tests/unit/guest/folder.h"

#include <fcntl.h>

static char place[64]; /* a folder of the tests' own */

static char *at(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    char *path = sw_path_join(place, name, &err);

    assert_non_null(path);
    return path;
}

static void run_tool(const char *tool, const char *const *words)
{
    SW_AUTO_BUF struct sw_buf said = {0};
    struct sw_err err = {.code = SW_OK};
    const char *argv[16] = {tool};
    int status = 0;

    for (size_t i = 0; words[i] != NULL; i++)
        argv[i + 1] = words[i];
    if (sw_run_program(argv, 60000, &said, &status, &err) < 0)
        fail_msg("%s", err.text);
    if (status == 77)
        skip();
    if (status != 0)
        fail_msg("%s: %s", tool, said.data != NULL ? said.data : "");
}

static void shell(const char *script)
{
    static const char lib[] = SLIPWAY_SOURCE "/tests/lib";
    const char *const words[] = {"-euc", script, place, lib, NULL};

    run_tool("bash", words);
}

static int media_setup(void **state)
{
    int rc = folder_setup(state);

    snprintf(place, sizeof(place), "/tmp/slipway-media.XXXXXX");
    return rc == 0 && mkdtemp(place) != NULL ? 0 : -1;
}

static int media_teardown(void **state)
{
    struct sw_err err = {.code = SW_OK};

    return sw_remove_tree(place, &err) < 0 ? -1 : folder_teardown(state);
}

static struct sw_media *open_media(const char *name)
{
    SW_AUTO_FREE char *path = at(name);
    SW_AUTO_FREE char *cache = at("cache");
    const char *const paths[] = {path};
    struct sw_err err = {.code = SW_OK};
    struct sw_media *media = NULL;

    if (sw_media_open(paths, 1, cache, &media, &err) < 0)
        fail_msg("%s", err.text);
    return media;
}

static void expect_refused(const char *name, enum sw_code code, const char *part)
{
    SW_AUTO_FREE char *path = at(name);
    SW_AUTO_FREE char *cache = at("cache");
    const char *const paths[] = {path};
    struct sw_err err = {.code = SW_OK};
    struct sw_media *media = NULL;

    assert_int_equal(sw_media_open(paths, 1, cache, &media, &err), -1);
    if (err.code != code || strstr(err.text, part) == NULL || strstr(err.text, name) == NULL)
        fail_msg("%d: %s", (int)err.code, err.text);
}

/* ---- Layouts ----------------------------------------------------------------------------------------------- */

static void expect_lists(const char *const *names, const char *apt, const char *yum)
{
    SW_AUTO_BUF struct sw_buf list = {0}, rpm = {0};
    struct sw_err err = {.code = SW_OK};
    struct sw_media media = {.n = 1};

    for (size_t i = 0; names[i] != NULL; i++)
        assert_int_equal(layout_add(&media.items[0].layout, names[i], &err), 0);
    layout_sort(&media.items[0].layout);
    assert_int_equal(repositories_apt_list(&media, &list, &err), 0);
    assert_int_equal(repositories_rpm_list(&media, false, &rpm, &err), 0);
    assert_string_equal(list.data != NULL ? list.data : "", apt);
    assert_string_equal(rpm.data != NULL ? rpm.data : "", yum);
    layout_free(&media.items[0].layout);
}

static void suites_and_components_are_found_by_their_indexes(void **state)
{
    static const char *const names[] = {"dists/bookworm/main/binary-amd64/Packages.gz",
                                        "dists/bookworm/main/binary-amd64/Packages",
                                        "dists/bookworm/contrib/binary-all/Packages.xz",
                                        "dists/bookworm/main/debian-installer/binary-amd64/Packages",
                                        "extra/dists/stable/updates/main/binary-amd64/Packages",
                                        "dists/bookworm/Release",
                                        "pool/main/a/a_1_all.deb",
                                        NULL};

    (void)state;
    expect_lists(names,
                 "deb [trusted=yes] file:/run/slipway/media/0/ bookworm main contrib\n"
                 "deb [trusted=yes] file:/run/slipway/media/0/extra stable/updates main\n",
                 "");
}

static void flat_and_rpm_repositories_are_found_anywhere(void **state)
{
    static const char *const names[] = {"Packages", "debs/Packages.gz", "BaseOS/repodata/repomd.xml",
                                        "repodata/repomd.xml", NULL};

    (void)state;
    expect_lists(names,
                 "deb [trusted=yes] file:/run/slipway/media/0/ ./\n"
                 "deb [trusted=yes] file:/run/slipway/media/0/debs ./\n",
                 "[slipway-0-1]\nname=slipway medium 0 \nbaseurl=file:///run/slipway/media/0/\nenabled=1\n"
                 "gpgcheck=0\n"
                 "[slipway-0-2]\nname=slipway medium 0 BaseOS\n"
                 "baseurl=file:///run/slipway/media/0/BaseOS\nenabled=1\ngpgcheck=0\n");
}

static void names_that_would_break_a_list_are_not_seen(void **state)
{
    static const char *const names[] = {"a b/Packages",
                                        "x\ndeb http:/evil/Packages",
                                        "[arch]/repodata/repomd.xml",
                                        "dists/su ite/main/binary-amd64/Packages",
                                        "dists//binary-amd64/Packages",
                                        "dists/main/binary-amd64/Packages",
                                        "dists/stable/main/binary-amd64",
                                        "myrepodata/repomd.xml",
                                        "Packages.txt",
                                        NULL};

    (void)state;
    expect_lists(names, "", "");
}

static void zypper_gets_its_own_words(void **state)
{
    SW_AUTO_BUF struct sw_buf list = {0};
    struct sw_err err = {.code = SW_OK};
    struct sw_media media = {.n = 1};

    (void)state;
    assert_int_equal(layout_add(&media.items[0].layout, "repodata/repomd.xml", &err), 0);
    assert_int_equal(repositories_rpm_list(&media, true, &list, &err), 0);
    assert_string_equal(list.data,
                        "[slipway-0-0]\nname=slipway medium 0 \nbaseurl=dir:///run/slipway/media/0/\n"
                        "enabled=1\ngpgcheck=0\nautorefresh=0\ntype=rpm-md\n");
    layout_free(&media.items[0].layout);
}

static void more_repositories_than_can_be_told_are_refused(void **state)
{
    struct layout layout = {.n = 0};
    struct sw_err err = {.code = SW_OK};
    int rc = 0;

    (void)state;
    for (int i = 0; i < 1000 && rc == 0; i++) {
        char name[64];

        snprintf(name, sizeof(name), "r%d/repodata/repomd.xml", i);
        rc = layout_add(&layout, name, &err);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, SW_RECIPE);
    layout_free(&layout);
}

/* ---- Looking into media ------------------------------------------------------------------------------------ */

static void what_holds_no_repository_is_refused_with_the_remedy(void **state)
{
    (void)state;
    shell("cd \"$0\"; mkdir -p empty debs rpms; touch debs/a.deb rpms/a.rpm; echo text >text; mkfifo pipe;"
          "mkdir -p odd; touch odd/Packages; mkfifo odd/pipe");
    expect_refused("missing", SW_OFFLINE, "No such file");
    expect_refused("empty", SW_RECIPE, "it holds no package repository");
    expect_refused("debs", SW_RECIPE, "apt-ftparchive");
    expect_refused("rpms", SW_RECIPE, "createrepo_c");
    expect_refused("text", SW_RECIPE, "cannot");
    expect_refused("pipe", SW_RECIPE, "neither a folder nor a file");
    expect_refused("odd", SW_RECIPE, "'pipe' is neither a file nor a folder nor a link");
}

static void tars_that_lead_out_are_refused(void **state)
{
    (void)state;
    shell(
        "cd \"$0\"; mkdir -p t; echo x >t/Packages; echo x >Packages; tar -C t -cf good.tar .; head -c 700 good.tar >cut.tar;"
        "tar -C t -P --transform 's,Packages,../Packages,' -cf up.tar Packages;"
        "tar -C t -P --transform 's,Packages,/etc/Packages,' -cf root.tar Packages");
    sw_media_free(open_media("good.tar"));
    expect_refused("up.tar", SW_RECIPE, "leads out of it");
    expect_refused("root.tar", SW_RECIPE, "leads out of it");
    expect_refused("cut.tar", SW_RECIPE, "cannot read it");
}

static void digest_of(const char *name, char out[SW_SHA256_HEX])
{
    struct sw_media *media = open_media(name);
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *list = sw_media_digests(media, &err);

    assert_int_equal(json_array_size(list), 1);
    snprintf(out, SW_SHA256_HEX, "%s", json_string_value(json_array_get(list, 0)));
    sw_media_free(media);
}

static void a_digest_speaks_of_names_and_bytes_alone(void **state)
{
    char one[SW_SHA256_HEX], other[SW_SHA256_HEX];
    static const char *const changes[] = {
        "echo y >\"$0/one/Packages\"", "touch \"$0/one/more\"",   "mv \"$0/one/more\" \"$0/one/moro\"",
        "chmod +x \"$0/one/moro\"",    "ln -s a \"$0/one/link\"", "ln -sfn b \"$0/one/link\"",
        "mkdir \"$0/one/d\""};

    (void)state;
    shell("cd \"$0\"; mkdir -p one two/; echo x >one/Packages; sleep 0.01; echo x >two/Packages");
    digest_of("one", one);
    digest_of("two", other);
    assert_string_equal(one, other);
    shell("touch -d 2001-01-01 \"$0/one/Packages\"");
    digest_of("one", other);
    assert_string_equal(one, other);
    for (size_t i = 0; i < SW_ARRAY_LEN(changes); i++) {
        shell(changes[i]);
        digest_of("one", other);
        if (strcmp(one, other) == 0)
            fail_msg("'%s' is not noticed", changes[i]);
        memcpy(one, other, sizeof(one));
    }
}

static void content_is_read_once_while_nothing_changes(void **state)
{
    char first[SW_SHA256_HEX], second[SW_SHA256_HEX];

    (void)state;
    shell("cd \"$0\"; rm -rf cache once; mkdir once; echo x >once/Packages");
    digest_of("once", first);
    /* What the cache says is believed as long as it is a digest. */
    shell("cd \"$0/cache\"; for f in *.known-*; do printf '%064d' 7 >\"$f\"; done");
    digest_of("once", second);
    assert_string_equal(second, "0000000000000000000000000000000000000000000000000000000000000007");
    shell("cd \"$0/cache\"; for f in *.known-*; do printf '%064s' x >\"$f\"; done");
    digest_of("once", second);
    assert_string_equal(first, second);
}

/* ---- Images ------------------------------------------------------------------------------------------------ */

static void expect_same_image(const char *name)
{
    struct sw_media *media = open_media(name);
    struct layout layout = {.n = 0};
    struct sw_err err = {.code = SW_OK};
    enum medium_kind kind;

    if (sw_media_make_images(media, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(archive_look(media_image(media, 0), &kind, &layout, &err), 0);
    assert_int_equal(kind, MEDIUM_ISO);
    layout_sort(&layout);
    assert_int_equal(layout.n, media->items[0].layout.n);
    for (size_t i = 0; i < layout.n; i++)
        assert_string_equal(layout.items[i].folder, media->items[0].layout.items[i].folder);
    layout_free(&layout);
    sw_media_free(media);
}

static void folders_and_tars_become_images_with_the_same_names(void **state)
{
    (void)state;
    shell(
        "cd \"$0\"; rm -rf cache big; mkdir -p big/dists/stable/main/binary-amd64 big/deep/1/2/3/4/5/6/7/8/9/10;"
        "touch big/dists/stable/main/binary-amd64/Packages big/deep/1/2/3/4/5/6/7/8/9/10/Packages;"
        "touch \"big/$(printf 'n%.0s' $(seq 1 200))_1.0-1+b1~x.deb\"; ln -s stable big/dists/bookworm;"
        "tar -C big -czf big.tar.gz .");
    expect_same_image("big");
    expect_same_image("big.tar.gz");
    /* A second call takes what is there; nothing half done is left beside it. */
    expect_same_image("big");
    shell(
        "cd \"$0/cache\"; [ \"$(ls *.iso-* | wc -l)\" = 2 ]; [ -z \"$(ls -A | grep '^\\.image' || true)\" ]");
}

static void an_iso_is_attached_as_it_is(void **state)
{
    (void)state;
    shell(
        "cd \"$0\"; rm -f ready.iso; cp cache/*.iso-* . 2>/dev/null; mv \"$(ls *.iso-* | head -n 1)\" ready.iso");
    struct sw_media *media = open_media("ready.iso");
    SW_AUTO_FREE char *path = at("ready.iso");
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(sw_media_make_images(media, &err), 0);
    assert_string_equal(media_image(media, 0), path);
    sw_media_free(media);
}

static void a_folder_that_shrinks_meanwhile_leaves_no_image(void **state)
{
    (void)state;
    shell("cd \"$0\"; rm -rf cache shrink; mkdir shrink; touch shrink/Packages; echo data >shrink/data");
    struct sw_media *media = open_media("shrink");
    struct sw_err err = {.code = SW_OK};

    shell("mkfifo \"$0/shrink/pipe\"");
    assert_int_equal(sw_media_make_images(media, &err), -1);
    assert_non_null(strstr(err.text, "repository '"));
    sw_media_free(media);
    shell("cd \"$0/cache\"; [ -z \"$(ls -A | grep -v known || true)\" ]");
}

/* ---- apt --------------------------------------------------------------------------------------------------- */

static void show(struct sw_media *media, const char *folder)
{
    const char *const folders[] = {folder};
    struct sw_err err = {.code = SW_OK};

    folder_reopen(folders, 1);
    if (sw_media_show(media, folder_guest, false, &err) < 0)
        fail_msg("%s", err.text);
}

static void run_ok(const char *script)
{
    struct ran ran = run_script(script);

    if (ran.end.kind != SW_EXIT_STATUS || ran.end.value != 0)
        fail_msg("'%s': kind %d, status %d\n%s\n%s", script, (int)ran.end.kind, ran.end.value,
                 ran.out.data != NULL ? ran.out.data : "", ran.err.data != NULL ? ran.err.data : "");
    ran_free(&ran);
}

/* Installs from a repository of that shape, and leaves nothing but the packages. */
static void install_from(const char *shape)
{
    const char *const root[] = {folder_path, NULL};
    SW_AUTO_FREE char *folder = at(shape);
    const char *const repository[] = {folder, shape, "inner=1.0", "outer=1.0=inner", NULL};

    run_tool(SLIPWAY_SOURCE "/tests/lib/apt-root", root);
    run_tool(SLIPWAY_SOURCE "/tests/lib/deb-repository", repository);
    struct sw_media *media = open_media(shape);
    show(media, folder);
    run_ok(
        "mkdir -p /etc/init.d /usr/sbin; printf '#!/bin/sh\\ntouch /srv/started\\n' >/usr/sbin/invoke-rc.d; "
        "chmod +x /usr/sbin/invoke-rc.d");
    run_ok("find /etc/apt /var/lib/apt /var/cache/apt -printf '%p %s\\n' | sort >/var/before");
    run_ok("apt-get install -y outer");
    expect_script("cat /opt/outer /opt/inner; ls /srv/started 2>/dev/null", 1, "1.0\n1.0\n");
    run_ok("find /etc/apt /var/lib/apt /var/cache/apt -printf '%p %s\\n' | grep -v extended_states | sort | "
           "diff /var/before -");
    expect_script("touch /run/slipway/media/0/x 2>/dev/null || echo no", 0, "no\n");
    run_ok(
        "env -i PATH=/bin:/usr/bin apt-get update && env -i apt-cache show outer | grep -q '^Version: 1.0'");
    sw_media_free(media);
    folder_reopen(NULL, 0);
    expect_script("ls -A /run; cat /etc/apt/sources.list; dpkg-query -W -f '${Package} ${Version}\\n'", 0,
                  ".no\n.yes\nlock\ndeb http://192.0.2.1/debian bookworm main\ninner 1.0\nouter 1.0\n");
    run_ok("dpkg --purge outer inner");
}

static void apt_installs_from_a_flat_repository_without_a_trace(void **state)
{
    (void)state;
    install_from("flat");
}

static void apt_installs_from_a_suite_whose_time_is_over(void **state)
{
    (void)state;
    install_from("suite");
}

static void with_a_network_the_guests_own_sources_count_too(void **state)
{
    struct sw_media *media = open_media("flat");
    SW_AUTO_FREE char *folder = at("flat");
    const char *const folders[] = {folder};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    folder_reopen(folders, 1);
    assert_int_equal(sw_media_show(media, folder_guest, true, &err), 0);
    run_ok("apt-get -o Acquire::http::Timeout=1 --print-uris update | grep -q 192.0.2.1");
    run_ok("apt-cache --version >/dev/null; grep -q slipway /run/slipway/apt/sources.list");
    sw_media_free(media);
}

/* As where its kernel has no driver for them. */
static void a_booted_guest_that_does_not_see_the_disks_says_so(void **state)
{
    struct sw_media *media = open_media("flat");
    struct sw_err err = {.code = SW_OK};

    (void)state;
    folder_reopen(NULL, 0);
    assert_int_equal(sw_media_show_booted(media, folder_guest, false, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
    assert_non_null(strstr(err.text, "cannot mount the recipe's repositories: its disk does not come up"));
    sw_media_free(media);
    folder_reopen(NULL, 0);
}

/* ---- Other package managers -------------------------------------------------------------------------------- */

static void dnf_yum_and_zypper_are_called_with_the_media(void **state)
{
    static const char say[] = "#!/bin/sh\necho \"$0 $*\"\n";
    static const char *const names[] = {"dnf", "yum", "zypper", "microdnf"};
    SW_AUTO_FREE char *folder = at("rpm");

    (void)state;
    shell("mkdir -p \"$0/rpm/repodata\"; touch \"$0/rpm/repodata/repomd.xml\"");
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_FREE char *path = sw_strf(&err, "%s/usr/bin/%s", folder_path, names[i]);

        assert_int_equal(sw_write_file(path, say, strlen(say), 0755, &err), 0);
    }
    struct sw_media *media = open_media("rpm");
    show(media, folder);
    expect_script("dnf -y install x; /bin/yum update; microdnf install y; zypper -n in z", 0,
                  "//usr/bin/dnf --setopt=reposdir=/run/slipway/yum.repos.d "
                  "--setopt=cachedir=/run/slipway/yum.cache -y install x\n"
                  "//usr/bin/yum --setopt=reposdir=/run/slipway/yum.repos.d "
                  "--setopt=cachedir=/run/slipway/yum.cache update\n"
                  "//usr/bin/microdnf --setopt=reposdir=/run/slipway/yum.repos.d "
                  "--setopt=cachedir=/run/slipway/yum.cache install y\n"
                  "//usr/bin/zypper --reposd-dir /run/slipway/zypp.repos.d --cache-dir "
                  "/run/slipway/zypp.cache -n in z\n");
    expect_script("dnf config-manager --add-repo x; zypper addrepo y z; env -i dnf info 'a b' | wc -w", 0,
                  "//usr/bin/dnf config-manager --add-repo x\n//usr/bin/zypper addrepo y z\n6\n");
    expect_script(
        "cat /run/slipway/yum.repos.d/slipway.repo | head -n 1; cat /run/slipway/media/0/repodata/*", 0,
        "[slipway-0-0]\n");
    sw_media_free(media);
    folder_reopen(NULL, 0);
    expect_script("dnf install x", 0, "/usr/bin/dnf install x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_and_components_are_found_by_their_indexes),
        cmocka_unit_test(flat_and_rpm_repositories_are_found_anywhere),
        cmocka_unit_test(names_that_would_break_a_list_are_not_seen),
        cmocka_unit_test(zypper_gets_its_own_words),
        cmocka_unit_test(more_repositories_than_can_be_told_are_refused),
        cmocka_unit_test(what_holds_no_repository_is_refused_with_the_remedy),
        cmocka_unit_test(tars_that_lead_out_are_refused),
        cmocka_unit_test(a_digest_speaks_of_names_and_bytes_alone),
        cmocka_unit_test(content_is_read_once_while_nothing_changes),
        cmocka_unit_test(folders_and_tars_become_images_with_the_same_names),
        cmocka_unit_test(an_iso_is_attached_as_it_is),
        cmocka_unit_test(a_folder_that_shrinks_meanwhile_leaves_no_image),
        cmocka_unit_test(apt_installs_from_a_flat_repository_without_a_trace),
        cmocka_unit_test(apt_installs_from_a_suite_whose_time_is_over),
        cmocka_unit_test(with_a_network_the_guests_own_sources_count_too),
        cmocka_unit_test(a_booted_guest_that_does_not_see_the_disks_says_so),
        cmocka_unit_test(dnf_yum_and_zypper_are_called_with_the_media),
    };

    return cmocka_run_group_tests(tests, media_setup, media_teardown);
}
