/* Components that ship and need nothing but a shell: run in a plain chroot, on traces as machines leave them. */
#include "slipway/recipe.h"
#include "tests/unit/guest/log_dir.h"

/* Builds and validates recipes/components/NAME.yml with these values, in the order of its parameters. */
static int run_phases(const char *name, struct sw_value *values, size_t n, unsigned phases,
                      struct sw_err *err)
{
    char path[256];
    struct sw_component *component;
    struct sw_use use = {.reference = name, .values = values, .nr_values = n};
    json_t *outputs = json_object();
    struct sw_err ignored = {.code = SW_OK};
    struct sw_runlog *log;
    int rc = 0;

    snprintf(path, sizeof(path), SLIPWAY_SOURCE "/recipes/components/%s.yml", name);
    component = sw_component_load(path, NULL, err);
    if (component == NULL)
        fail_msg("%s", err->text);
    use.component = component;
    assert_int_equal(n, component->nr_parameters);
    assert_int_equal(sw_runlog_open(log_dir, &log, &ignored), 0);
    struct sw_exec exec = {
        .guest = folder_guest, .log = log, .use = &use, .outputs = outputs, .working_dir = "/srv"};
    for (unsigned phase = SW_PHASE_BUILD; phase <= SW_PHASE_VALIDATE && rc == 0; phase++)
        if ((phases >> phase & 1) != 0)
            rc = sw_exec_phase(&exec, (enum sw_phase_kind)phase, NULL, err);
    assert_int_equal(sw_runlog_close(log, rc < 0 ? err->text : NULL, &ignored), 0);
    sw_component_free(component);
    json_decref(outputs);
    return rc;
}

enum { BUILD = 1 << SW_PHASE_BUILD, BOTH = BUILD | 1 << SW_PHASE_VALIDATE };

static void assert_runs(const char *name, struct sw_value *values, size_t n)
{
    struct sw_err err = {.code = SW_OK};

    if (run_phases(name, values, n, BOTH, &err) < 0) {
        SW_AUTO_FREE char *text = log_part("console.log");

        fail_msg("%s\n%s", err.text, text);
    }
}

static void assert_logged(const char *part)
{
    SW_AUTO_FREE char *text = log_part("console.log");

    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static const char traces[] =
    "cd /; mkdir -p etc/ssh etc/udev/rules.d var/lib/cloud/instance root/.ssh home/lab/.ssh var/log/journal/1 var/crash "
    "var/lib/apt/lists/partial var/cache/apt/archives var/lib/systemd var/mail srv/TOE_1 var/lib/dhcp\n"
    "echo tiny >etc/hostname; echo 0123 >etc/machine-id; echo key >etc/ssh/ssh_host_rsa_key; echo k >etc/ssh/ssh_host_dsa_key\n"
    "echo x >root/.ssh/authorized_keys; echo x >home/lab/.ssh/authorized_keys; ln -s /etc/passwd home/lab/.bash_history\n"
    "echo history >root/.bash_history; echo x >var/lib/cloud/instance/id; echo x >var/log/cloud-init.log\n"
    "echo x >var/log/journal/1/system; echo x >var/log/messages; echo x >var/log/messages.1; echo x >var/crash/core\n"
    "echo x >var/lib/apt/lists/list; echo x >var/cache/apt/archives/a.deb; echo x >var/lib/systemd/random-seed\n"
    "echo x >var/tmp/'a file'; mkdir var/tmp/.hidden; echo x >var/mail/lab; echo x >srv/TOE_1/log; echo x >etc/passwd-\n"
    "echo x >etc/udev/rules.d/70-persistent-net.rules; echo x >var/lib/dhcp/a.leases; ln -f etc/os-release var/tmp/hard\n";

/* Of these, what is there: a name each. */
static void assert_there(const char *names, const char *want)
{
    char script[1024];

    snprintf(script, sizeof(script),
             "cd /; for f in %s; do if [ -e \"$f\" ] || [ -L \"$f\" ]; then echo \"$f\"; fi; done", names);
    expect_script(script, 0, want);
}

static void the_services_cleaning_removes_what_the_service_removes(void **state)
{
    struct sw_value values[] = {{"Level", "service"}, {"Skip", ""}};

    (void)state;
    expect_script(traces, 0, "");
    assert_runs("cleanup", values, 2);
    assert_there(
        "etc/hostname etc/ssh/ssh_host_rsa_key root/.ssh/authorized_keys home/lab/.ssh/authorized_keys "
        "var/lib/cloud/instance var/log/cloud-init.log var/log/journal/1 var/lib/systemd/random-seed "
        "var/tmp/a* var/tmp/.hidden srv/TOE_1",
        "");
    assert_there(
        "etc/ssh/ssh_host_dsa_key root/.bash_history var/log/messages var/lib/apt/lists/list var/mail/lab",
        "etc/ssh/ssh_host_dsa_key\nroot/.bash_history\nvar/log/messages\nvar/lib/apt/lists/list\nvar/mail/lab\n");
    /* A file of two names keeps what it holds under the other. */
    expect_script("stat -c %s /etc/machine-id; cat /etc/os-release", 0, "0\nID=tiny\n");
    assert_logged("Stdout: removed: /var/tmp/a file\n");
    assert_logged("Stdout: removed: /var/lib/cloud/instance/id\n");
    assert_logged("Stdout: emptied: /etc/machine-id\n");
}

static void the_full_cleaning_removes_more_and_follows_no_link(void **state)
{
    struct sw_value values[] = {{"Level", "full"}, {"Skip", "mail_spools,tmp_files"}};

    (void)state;
    expect_script(traces, 0, "");
    expect_script("touch /srv/skip_cleanup_crash_data", 0, "");
    assert_runs("cleanup", values, 2);
    assert_there(
        "etc/ssh/ssh_host_dsa_key root/.bash_history home/lab/.bash_history var/log/messages.1 "
        "var/lib/apt/lists/list var/cache/apt/archives/a.deb etc/passwd- etc/udev/rules.d/* var/lib/dhcp/* "
        "srv/skip_cleanup_crash_data",
        "");
    assert_there("var/mail/lab var/crash/core", "var/mail/lab\nvar/crash/core\n");
    expect_script("head -c 5 /etc/passwd; stat -c ' %s' /var/log/messages", 0, "root: 0\n");
    assert_logged("Stderr: kept: crash_data (skip_cleanup_crash_data)\n");
    assert_logged("Stderr: kept: mail_spools\n");
}

static void tmp_of_the_image_is_cleaned_beneath_the_steps_own(void **state)
{
    struct sw_value values[] = {{"Level", "full"}, {"Skip", ""}};
    char path[128];

    (void)state;
    if (geteuid() != 0)
        skip();
    snprintf(path, sizeof(path), "%s/tmp/rubbish", folder_path);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_runs("cleanup", values, 2);
    assert_int_equal(access(path, F_OK), -1);
    assert_there("run/slipway-cleanup.*", "");
}

static void what_comes_back_fails_the_validate_phase(void **state)
{
    struct sw_value values[] = {{"Level", "service"}, {"Skip", ""}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    expect_script(
        "echo x >/etc/hostname; echo 1 >/etc/machine-id; mount --bind /etc/hostname /etc/hostname 2>/dev/null; true",
        0, "");
    /* A name that cannot be removed is a failure of the cleaning itself. */
    if (geteuid() == 0) {
        assert_int_equal(run_phases("cleanup", values, 2, BUILD, &err), -1);
        assert_int_equal(err.code, SW_GUEST);
        assert_logged("Stderr: cannot remove /etc/hostname\n");
        expect_script("umount /etc/hostname", 0, "");
    }
}

static void sysctl_settings_have_the_last_word(void **state)
{
    struct sw_value values[] = {{"IpForward", "1"}, {"Extra", "vm.swappiness = 10"}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    expect_script(
        "mkdir -p /etc/sysctl.d /usr/lib/sysctl.d; echo 'kernel.kptr_restrict = 0' >/usr/lib/sysctl.d/50-x.conf",
        0, "");
    assert_runs("sysctl-hardening", values, 2);
    expect_script("grep -c . /etc/sysctl.d/98-hardening.conf; grep swap /etc/sysctl.d/98-hardening.conf", 0,
                  "26\nvm.swappiness = 10\n");
    expect_script("echo '-kernel.kptr_restrict=1' >/usr/lib/sysctl.d/99-x.conf", 0, "");
    assert_int_equal(run_phases("sysctl-hardening", values, 2, BOTH, &err), -1);
    assert_logged("Stderr: another file has the last word on kernel.kptr_restrict=2\n");
    expect_script("rm /usr/lib/sysctl.d/99-x.conf", 0, "");
    values[1].value = "no setting";
    assert_int_equal(run_phases("sysctl-hardening", values, 2, BOTH, &err), -1);
}

static void a_machines_identity_is_reset(void **state)
{
    struct sw_value values[] = {{"Hostname", "lab-1"}, {"NewHostKeys", "true"}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    expect_script(traces, 0, "");
    assert_runs("machine-identity", values, 2);
    assert_there("etc/ssh/ssh_host_rsa_key var/lib/systemd/random-seed var/lib/dhcp/a.leases", "");
    expect_script("cat /etc/hostname; stat -c '%s %a' /etc/machine-id", 0, "lab-1\n0 444\n");
    values[0].value = "-x y";
    assert_int_equal(run_phases("machine-identity", values, 2, BUILD, &err), -1);
    assert_logged("Stderr: '-x y' is no host name\n");
}

static void what_an_image_lacks_is_said(void **state)
{
    struct sw_value ssh[] = {{"PasswordAuthentication", "no"},
                             {"PermitRootLogin", "no"},
                             {"AllowTcpForwarding", "no"},
                             {"MaxAuthTries", "4"}};
    struct sw_value cloud[] = {{"DatasourceList", "Ec2"}, {"GrowRoot", "true"}, {"DefaultUser", ""}};
    struct sw_value packages[] = {{"Packages", "nginx"}, {"Folder", ""}, {"Recommends", "false"}};
    struct sw_value user[] = {{"UserName", "root;reboot"}, {"PublicKey", ""}, {"Groups", ""},
                              {"LoginShell", "/bin/sh"},   {"Sudo", "none"},  {"PasswordHash", ""}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(run_phases("ssh-hardening", ssh, 4, BUILD, &err), -1);
    assert_logged("sshd is not installed in this image");
    assert_int_equal(run_phases("cloud-init-ec2", cloud, 3, BUILD, &err), -1);
    assert_logged("cloud-init is not installed in this image");
    assert_int_equal(run_phases("install-packages", packages, 3, BUILD, &err), -1);
    assert_logged("neither apt-get, dnf, yum nor zypper is in this image");
    packages[0].value = "nginx; reboot";
    assert_int_equal(run_phases("install-packages", packages, 3, BUILD, &err), -1);
    assert_logged("Packages holds what no name of a package has");
    assert_int_equal(run_phases("users-and-keys", user, 6, BUILD, &err), -1);
    assert_logged("'root;reboot' is no name for a user");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_services_cleaning_removes_what_the_service_removes),
        cmocka_unit_test(the_full_cleaning_removes_more_and_follows_no_link),
        cmocka_unit_test(tmp_of_the_image_is_cleaned_beneath_the_steps_own),
        cmocka_unit_test(what_comes_back_fails_the_validate_phase),
        cmocka_unit_test(sysctl_settings_have_the_last_word),
        cmocka_unit_test(a_machines_identity_is_reset),
        cmocka_unit_test(what_an_image_lacks_is_said),
    };

    return cmocka_run_group_tests(tests, log_and_folder_setup, log_and_folder_teardown);
}
