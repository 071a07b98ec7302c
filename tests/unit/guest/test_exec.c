/* Component documents executed in a plain chroot. */
#include "tests/unit/guest/exec_case.h"

static void commands_share_one_shell(void **state)
{
    struct done done =
        execute(HEAD "      - name: One\n        action: ExecuteBash\n        inputs:\n"
                     "          commands:\n            - cd /srv\n            - X=5\n            - false\n"
                     "            - echo \"$PWD $X $WORKING_DIRECTORY\"\n");

    (void)state;
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(json_object_get(done.outputs, "build"), "One"), 0), "stdout")),
        "/srv 5 /tmp");
    assert_done(&done);
}

static void a_failing_step_says_where_and_stops(void **state)
{
    struct done done = execute(
        HEAD "      - name: Install\n        action: ExecuteBash\n        inputs:\n          commands:\n"
             "            - echo no such package >&2\n            - exit 100\n"
             "      - name: After\n        action: ExecuteBash\n        inputs: {commands: [echo after]}\n");
    char where[256];

    (void)state;
    assert_int_equal(done.rc, -1);
    assert_int_equal(done.err.code, SW_GUEST);
    assert_int_equal(done.result, SW_RESULT_FAILED);
    snprintf(where, sizeof(where),
             "component 'web': phase 'build': step 'Install': exit status 100 (see %s/console.log:4)",
             log_dir);
    assert_string_equal(done.err.text, where);
    assert_has(done.console, "Stderr: no such package\n");
    assert_has(done.console, "CmdExecution: ExitCode 100\n");
    assert_has_not(done.console, "after");
    assert_string_equal(sw_json_text(done.detailed, "status"), "failed");
    done_free(&done);
}

static void continue_runs_on_and_fails_at_the_end(void **state)
{
    struct done done = execute(
        HEAD "      - name: A\n        action: ExecuteBash\n        onFailure: Continue\n"
             "        inputs: {commands: [exit 3]}\n"
             "      - name: B\n        action: ExecuteBash\n        inputs: {commands: [echo after]}\n");

    (void)state;
    assert_int_equal(done.rc, -1);
    assert_has(done.err.text, "step 'A': exit status 3");
    assert_has(done.console, "Stdout: after");
    done_free(&done);
}

static void ignore_counts_as_success(void **state)
{
    struct done done =
        execute(HEAD "      - name: A\n        action: ExecuteBash\n        onFailure: Ignore\n"
                     "        inputs: {commands: [exit 3]}\n");
    const json_t *document, *phase, *step;

    (void)state;
    assert_int_equal(done.rc, 0);
    assert_int_equal(done.result, SW_RESULT_IGNORED);
    document = json_array_get(json_object_get(done.detailed, "documents"), 0);
    phase = json_array_get(json_object_get(document, "phases"), 0);
    step = json_array_get(json_object_get(phase, "steps"), 0);
    assert_string_equal(sw_json_text(document, "status"), "successWithIgnoredFailure");
    assert_string_equal(sw_json_text(phase, "status"), "successWithIgnoredFailure");
    assert_string_equal(sw_json_text(step, "status"), "ignoredFailure");
    assert_string_equal(sw_json_text(step, "failureMessage"), "exit status 3");
    done_free(&done);
}

static void attempts_are_made_until_one_succeeds(void **state)
{
    struct done done =
        execute(HEAD "      - name: A\n        action: ExecuteBash\n        maxAttempts: 3\n        inputs:\n"
                     "          commands:\n            - echo x >>/tmp/tries\n"
                     "            - test $(wc -l </tmp/tries) = 3\n");

    (void)state;
    assert_has(done.console, "attempt 3 of 3");
    assert_done(&done);
}

static void a_time_out_stops_the_step(void **state)
{
    (void)state;
    expect_failure(HEAD "      - name: A\n        action: ExecuteBash\n        timeoutSeconds: 1\n"
                        "        inputs: {commands: [setsid sleep 1000 & sleep 1000]}\n",
                   "step 'A': did not end within 1 s");
    expect_script("grep -al 's[l]eep' /proc/[0-9]*/cmdline | wc -l", 0, "0\n");
}

static void a_signal_has_a_name(void **state)
{
    (void)state;
    expect_failure(HEAD
                   "      - name: A\n        action: ExecuteBash\n        inputs: {commands: [kill -9 $$]}\n",
                   "killed by signal 9 (Killed)");
}

static void make_program(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(folder_guest->ops->put(folder_guest, path, text, strlen(text),
                                            0755 | SW_PUT_OVERWRITE | SW_PUT_PARENTS, &err),
                     0);
}

static void what_needs_a_booted_system_is_named_with_its_line(void **state)
{
    struct done done;

    (void)state;
    make_program("/usr/bin/systemctl", "#!/bin/sh\nexit 0\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: ExecuteBash\n        inputs:\n          commands:\n"
        "            - systemctl enable nginx && echo restart\n            - '# systemctl start nginx later'\n"
        "            - \"unit=nginx\\nsystemctl start $unit\"\n",
        "step 'A': exit status 1 (line 4: 'systemctl start nginx' needs a booted system)");
    done = execute(HEAD "      - name: A\n        action: ExecuteBash\n        inputs:\n"
                        "          commands: [systemctl restart x, 'true']\n");
    assert_int_equal(done.rc, 0);
    assert_has(done.console, "ExecuteBash: line 1: 'systemctl restart x' needs a booted system\n");
    assert_has(done.events, "\"needs-booted-system\"");
    done_free(&done);
    done = execute(HEAD "      - name: A\n        action: ExecuteBash\n        disableLogging: true\n"
                        "        inputs:\n          commands: [systemctl restart hid''den]\n");
    assert_int_equal(done.rc, -1);
    assert_has(done.err.text, "exit status 1 (a command needs a booted system)");
    assert_has_not(done.console, "hidden");
    done_free(&done);
}

static void a_start_that_is_left_out_is_told_and_no_failure(void **state)
{
    struct done done;

    (void)state;
    make_program("/usr/bin/systemctl", "#!/bin/sh\nexit 9\n");
    case_skip_starts = true;
    done = execute(HEAD "      - name: A\n        action: ExecuteBash\n        inputs:\n          commands:\n"
                        "            - set -e\n            - systemctl start nginx\n            - echo on\n");
    case_skip_starts = false;
    assert_has(done.console,
               "ExecuteBash: line 2: 'systemctl start nginx' is left out: the image is not running\n");
    assert_has(done.console, "Stdout: on\n");
    assert_has(done.events, "\"service-start-left-out\"");
    assert_has_not(done.events, "needs-booted-system");
    assert_done(&done);
}

static void an_update_takes_what_is_listed_and_not_excluded(void **state)
{
    static const char apt[] =
        "#!/bin/bash\ncase \"$*\" in\n"
        "*dist-upgrade*) printf 'Inst %s [1.0] (2.0 x [all])\\n' bash nginx nginx-core libc6\n"
        "    echo 'Inst new (1.0 x [all])'; echo 'Conf bash (2.0)' ;;\n"
        "*) echo \"apt-get $*\" ;;\nesac\n";

    (void)state;
    make_program("/usr/bin/apt-get", apt);
    struct done done = execute(HEAD "      - name: A\n        action: UpdateOS\n        inputs:\n"
                                    "          include: ['nginx*', bash]\n          exclude: [nginx-core]\n");
    assert_has(done.console, "Stdout: apt-get -q update\n");
    assert_has(done.console, "--only-upgrade bash nginx\n");
    assert_done(&done);
    done = execute(HEAD "      - name: A\n        action: UpdateOS\n");
    assert_has(done.console, "--only-upgrade bash nginx nginx-core libc6\n");
    assert_done(&done);
    done = execute(HEAD "      - name: A\n        action: UpdateOS\n        inputs: {exclude: ['*']}\n");
    assert_has(done.console, "Stdout: there is nothing to update\n");
    assert_done(&done);
    make_program("/usr/bin/apt-get",
                 "#!/bin/bash\n[[ $* != *dist-upgrade* ]] || { echo 'E: Unmet dependencies.' >&2; "
                 "exit 100; }\n");
    expect_failure(HEAD "      - {name: A, action: UpdateOS}\n", "step 'A': exit status 100");
    make_program("/usr/bin/apt-get", apt);
    expect_failure(HEAD
                   "      - name: A\n        action: UpdateOS\n        inputs: {include: [\"x'; reboot\"]}\n",
                   "include[0]: 'x'; reboot' is no name of a package");
    expect_failure(HEAD "      - name: A\n        action: UpdateOS\n        inputs: {exclude: ['-y']}\n",
                   "exclude[0]: '-y' is no name of a package");
}

static void an_update_uses_the_package_manager_that_is_there(void **state)
{
    (void)state;
    expect_script("rm -f /usr/bin/apt-get", 0, "");
    expect_failure(HEAD "      - {name: A, action: UpdateOS}\n", "step 'A': exit status 1");
    make_program("/usr/bin/zypper", "#!/bin/sh\necho \"zypper $*\"\n");
    struct done done = execute(HEAD "      - name: A\n        action: UpdateOS\n"
                                    "        inputs: {include: [a], exclude: [b, c]}\n");
    assert_has(done.console, "Stdout: zypper --non-interactive addlock b c\n");
    assert_has(done.console, "Stdout: zypper --non-interactive update a\n");
    assert_has(done.console, "Stdout: zypper --non-interactive removelock b c\n");
    assert_done(&done);
    make_program("/usr/bin/yum", "#!/bin/sh\necho \"yum $*\"\n");
    done = execute(HEAD "      - name: A\n        action: UpdateOS\n"
                        "        inputs: {include: [a], exclude: [b, c]}\n");
    assert_has(done.console, "Stdout: yum -y --exclude=b --exclude=c update a\n");
    assert_done(&done);
    make_program("/usr/bin/dnf", "#!/bin/sh\necho \"dnf $*\"; exit 7\n");
    expect_failure(HEAD "      - {name: A, action: UpdateOS}\n", "step 'A': exit status 7");
    expect_script("rm -f /usr/bin/dnf /usr/bin/yum /usr/bin/zypper /usr/bin/systemctl", 0, "");
}

static void values_and_outputs_are_put_in(void **state)
{
    struct sw_value value = {.name = "greeting", .value = "good day"};
    struct done done = execute_with(
        "schemaVersion: 1.0\nparameters:\n  - greeting: {type: string}\nconstants:\n  - place: {type: string, value: /srv}\n"
        "phases:\n  - name: build\n    steps:\n"
        "      - name: Say\n        action: ExecuteBash\n        inputs: {commands: ['echo \"{{ greeting }}\"']}\n"
        "      - name: Keep\n        action: CreateFile\n        inputs:\n"
        "          - path: '{{ place }}/said'\n            content: '{{ build.Say.outputs.stdout }} {{ .Foreign }}'\n"
        "      - name: Read\n        action: ExecuteBinary\n        inputs:\n          path: /usr/bin/cat\n"
        "          arguments: ['{{ build.Keep.inputs[0].path }}']\n",
        &value, 1, SW_PHASE_BUILD, NULL);

    (void)state;
    assert_has(done.console, "Stdout: good day {{ .Foreign }}\n");
    assert_has(done.console, "ExecuteBinary: STARTED EXECUTION");
    assert_done(&done);
}

static void validate_sees_what_build_left(void **state)
{
    static const char document[] =
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - name: Say\n        action: ExecuteBash\n        inputs: {commands: [echo 42]}\n"
        "  - name: validate\n    steps:\n"
        "      - name: Check\n        action: ExecuteBash\n        inputs: {commands: ['test {{ build.Say.outputs.stdout }} = 42']}\n";
    struct done build = execute(document);
    struct done validate = execute_with(document, NULL, 0, SW_PHASE_VALIDATE, json_incref(build.outputs));

    (void)state;
    assert_done(&build);
    assert_done(&validate);
}

static void a_phase_that_is_not_there_is_a_success(void **state)
{
    struct done done =
        execute_with(HEAD "      - {name: A, action: ExecuteBash, inputs: {commands: [exit 1]}}\n", NULL, 0,
                     SW_PHASE_TEST, NULL);

    (void)state;
    assert_int_equal(done.result, SW_RESULT_SUCCESS);
    assert_done(&done);
}

static void silent_steps_leave_nothing_in_the_log(void **state)
{
    struct done done =
        execute(HEAD "      - name: A\n        action: ExecuteBash\n        disableLogging: true\n"
                     "        onFailure: Ignore\n"
                     "        inputs: {commands: [echo sec''ret-1, echo sec''ret-2 >&2, exit 1]}\n");
    SW_AUTO_FREE char *detailed = json_dumps(done.detailed, 0);

    (void)state;
    assert_has_not(done.console, "ret-");
    assert_has_not(done.events, "ret-");
    assert_has_not(detailed, "ret-");
    assert_done(&done);
}

/* Inputs too are what a step that is silent leaves out, in its failures as well. */
static void silent_steps_that_fail_do_not_quote_their_inputs(void **state)
{
    static const char *const steps[] = {
        "action: ExecuteBinary\n        inputs: {path: /no/sec''ret-1}\n",
        "action: CopyFile\n        inputs: [{source: /no/sec''ret-1, destination: /x}]\n",
        "action: SetFileOwner\n        inputs: [{path: /etc/passwd, owner: sec''ret-1}]\n",
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(steps); i++) {
        char text[1024];

        snprintf(text, sizeof(text), HEAD "      - name: A\n        disableLogging: true\n        %s",
                 steps[i]);
        struct done done = execute(text);
        SW_AUTO_FREE char *detailed = json_dumps(done.detailed, 0);

        assert_int_equal(done.rc, -1);
        assert_has(done.err.text, "it failed (disableLogging: its words are not shown)");
        assert_has_not(done.console, "ret-1");
        assert_has_not(done.events, "ret-1");
        assert_has_not(detailed, "ret-1");
        done_free(&done);
    }
}

/* What is too much to be chained is no output: not of a turn, and then not of the loop. */
static void a_loop_of_which_a_turn_prints_too_much_has_no_output(void **state)
{
    struct done done = execute(
        HEAD
        "      - name: L\n        action: ExecuteBash\n        disableLogging: true\n"
        "        loop: {name: i, forEach: [a, b, c]}\n        inputs:\n          commands:\n"
        "            - 'if [ {{ i.value }} = b ]; then head -c 5000000 /dev/zero | tr \"\\0\" x; fi; echo {{ i.value }}'\n"
        "      - name: A\n        action: ExecuteBash\n"
        "        inputs: {commands: ['echo got {{ build.L.outputs.stdout }}']}\n");

    (void)state;
    assert_int_equal(done.rc, -1);
    assert_has(done.err.text, "step 'L' of phase 'build' left no output 'stdout', or more of it than 4 MiB");
    assert_has_not(done.console, "got");
    done_free(&done);
}

static void strange_output_is_kept_safely(void **state)
{
    struct done done =
        execute(HEAD "      - name: A\n        action: ExecuteBash\n        inputs:\n          commands:\n"
                     "            - printf 'a\\033[31mb\\000c\\377d\\r\\n\\303\\251'\n");

    (void)state;
    assert_has(done.console, "Stdout: a\\x1b[31mb\\x00c\\xffd\n");
    assert_has(done.console, "Stdout: \xc3\xa9\n");
    assert_has(done.events, "a\\u001B[31mb\xef\xbf\xbd"
                            "c\xef\xbf\xbd"
                            "d");
    assert_done(&done);
}

static void detailed_output_has_awstoes_shape(void **state)
{
    struct done done = execute(
        HEAD
        "      - name: A\n        action: ExecuteBash\n        inputs: {commands: [echo Hello World!]}\n");
    const json_t *document = json_array_get(json_object_get(done.detailed, "documents"), 0);
    const json_t *phase = json_array_get(json_object_get(document, "phases"), 0);
    const json_t *step = json_array_get(json_object_get(phase, "steps"), 0);

    (void)state;
    assert_string_equal(sw_json_text(done.detailed, "status"), "success");
    assert_string_equal(sw_json_text(document, "name"), "web");
    assert_string_equal(sw_json_text(document, "filePath"), "test.yml");
    assert_string_equal(sw_json_text(phase, "name"), "build");
    assert_string_equal(sw_json_text(step, "outputs"), "[{\"stdout\":\"Hello World!\"}]");
    assert_has(sw_json_text(step, "inputs"), "echo Hello World!");
    assert_int_equal(json_integer_value(json_object_get(step, "timeoutSeconds")), 7200);
    assert_true(json_is_null(json_object_get(step, "loop")));
    assert_true(json_is_null(json_object_get(step, "detailedOutput")));
    assert_done(&done);
}

/* ---- File actions ---- */

static void files_are_created_with_parents_and_modes(void **state)
{
    struct done done = execute(
        HEAD
        "      - name: A\n        action: CreateFile\n        inputs:\n"
        "          - {path: /opt/a/b/one, content: hello}\n"
        "          - {path: /opt/a/two, content: x, permissions: 0777}\n"
        "          - {path: /opt/a/three, permissions: '600'}\n"
        "          - {path: /opt/a/wide, content: \"h\xc3\xa9\", encoding: UTF-16-BE}\n"
        "      - name: B\n        action: AppendFile\n        inputs:\n          - {path: /opt/a/b/one, content: ' you'}\n");

    (void)state;
    assert_done(&done);
    expect_script(
        "cat /opt/a/b/one; stat -c ' %a' /opt/a/b/one /opt/a/two /opt/a/three /opt/a; od -An -tx1 /opt/a/wide",
        0, "hello you 644\n 755\n 600\n 755\n 00 68 00 e9\n");
}

static void owners_are_looked_up_in_the_image(void **state)
{
    struct done done;

    (void)state;
    if (geteuid() != 0)
        skip();
    done = execute(
        HEAD
        "      - name: A\n        action: CreateFile\n        inputs:\n"
        "          - {path: /opt/own/a, owner: web}\n          - {path: /opt/own/b, owner: web, group: staff}\n"
        "          - {path: /opt/own/c, group: staff}\n"
        "      - name: B\n        action: SetFileOwner\n        inputs:\n          - {path: /opt/own/a, owner: '77', group: '78'}\n");
    assert_done(&done);
    expect_script("stat -c '%u:%g' /opt/own/a /opt/own/b /opt/own/c", 0, "77:78\n1001:50\n0:50\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: SetFileOwner\n        inputs: [{path: /opt/own/a, owner: nobody-here}]\n",
        "the image has no such user");
}

static void overwrite_false_keeps_what_is_there(void **state)
{
    struct done done = execute(
        HEAD "      - name: A\n        action: CreateFile\n        inputs: [{path: /srv/f, content: old}]\n");

    (void)state;
    assert_done(&done);
    expect_failure(
        HEAD
        "      - name: A\n        action: CreateFile\n        inputs:\n          - {path: /srv/g, content: x}\n"
        "          - {path: /srv/f, content: new, overwrite: false}\n",
        "inputs[1]: '/srv/f' is there already");
    expect_script("cat /srv/f", 0, "old");
    expect_failure(
        HEAD "      - name: A\n        action: AppendFile\n        inputs: [{path: /srv/none, content: x}]\n",
        "'/srv/none' does not exist");
}

static void links_never_lead_out_of_the_guest(void **state)
{
    struct done done;

    (void)state;
    expect_script("ln -s / /srv/up; ln -s ../../../../../../etc/escaped /srv/out", 0, "");
    done = execute(
        HEAD
        "      - name: A\n        action: CreateFile\n        inputs:\n"
        "          - {path: /srv/out, content: inside}\n          - {path: /srv/up/etc/escaped2, content: x}\n"
        "          - {path: ../../../etc/escaped3, content: y}\n");
    assert_done(&done);
    expect_script("cat /etc/escaped /etc/escaped2 /etc/escaped3", 0, "insidexy");
    assert_int_equal(access("/etc/escaped", F_OK), -1);
    assert_int_equal(access("/etc/escaped3", F_OK), -1);
}

static void stars_match_files_behind_the_last_slash(void **state)
{
    struct done done;

    (void)state;
    expect_script("mkdir -p /srv/many/sub; cd /srv/many; touch b.conf a.conf .c.conf other; mkdir y.conf", 0,
                  "");
    done = execute(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs: [{source: /srv/many/*.conf, destination: /srv/copy/}]\n"
        "      - name: B\n        action: DeleteFile\n        inputs: [{path: '/srv/many/*.conf'}]\n");
    assert_done(&done);
    expect_script("ls -A /srv/copy /srv/many", 0,
                  "/srv/copy:\n.c.conf\na.conf\nb.conf\n\n/srv/many:\nother\nsub\ny.conf\n");
    expect_failure(
        HEAD "      - name: A\n        action: DeleteFile\n        inputs: [{path: '/srv/many/*.none'}]\n",
        "no file matches");
    expect_failure(HEAD
                   "      - name: A\n        action: DeleteFile\n        inputs: [{path: '/srv/*/other'}]\n",
                   "behind the last '/'");
    expect_failure(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs: [{source: /srv/copy/*, destination: /srv/new}]\n",
        "files match");
    expect_failure(HEAD
                   "      - name: A\n        action: DeleteFile\n        inputs: [{path: /srv/many/sub}]\n",
                   "/srv/many/sub");
}

static void copies_keep_bytes_and_mode(void **state)
{
    struct done done;

    (void)state;
    expect_script("dd if=/dev/urandom of=/srv/big bs=65536 count=20 2>/dev/null; chmod 750 /srv/big", 0, "");
    done = execute(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs:\n          - {source: /srv/big, destination: /opt/x/y/big}\n"
        "          - {source: /srv/big, destination: /opt/x}\n");
    assert_done(&done);
    expect_script("cmp /srv/big /opt/x/y/big && cmp /srv/big /opt/x/big && stat -c %a /opt/x/big", 0,
                  "750\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs: [{source: /srv/big, destination: /opt/x/big, overwrite: false}]\n",
        "'/opt/x/big' is there already, and overwrite is false");
    expect_failure(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs: [{source: /srv/big, destination: /srv/big}]\n",
        "/srv/big");
    expect_script("stat -c %s /srv/big", 0, "1310720\n");
}

static void folders_come_and_go(void **state)
{
    struct done done = execute(
        HEAD "      - name: A\n        action: CreateFolder\n        inputs:\n          - {path: /opt/f/g}\n"
             "          - {path: /opt/f/h, permissions: 0700}\n          - {path: /opt/f}\n");

    (void)state;
    assert_done(&done);
    expect_script("stat -c %a /opt/f /opt/f/g /opt/f/h; touch /opt/f/g/file; ln -s /etc /opt/f/g/link", 0,
                  "755\n755\n700\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: CreateFolder\n        inputs: [{path: /opt/f, overwrite: false}]\n",
        "overwrite is false");
    expect_failure(HEAD
                   "      - name: A\n        action: CreateFolder\n        inputs: [{path: /opt/f/g/file}]\n",
                   "Not a directory");
    expect_failure(HEAD "      - name: A\n        action: DeleteFolder\n        inputs: [{path: /opt/f/g}]\n",
                   "not empty");
    expect_failure(
        HEAD
        "      - name: A\n        action: DeleteFolder\n        inputs: [{path: /opt/nothing, force: true}]\n",
        "No such file");
    done = execute(
        HEAD
        "      - name: A\n        action: DeleteFolder\n        inputs: [{path: /opt/f, force: true}]\n");
    assert_done(&done);
    expect_script("test -e /opt/f; echo $?; test -e /etc/passwd; echo $?", 0, "1\n0\n");
}

static void links_are_made_to_what_exists(void **state)
{
    struct done done = execute(HEAD "      - name: A\n        action: CreateSymlink\n        inputs:\n"
                                    "          - {path: /opt/l/to-etc, target: /etc}\n");

    (void)state;
    assert_done(&done);
    expect_script("readlink /opt/l/to-etc", 0, "/etc\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: CreateSymlink\n        inputs: [{path: /opt/l/x, target: /nowhere}]\n",
        "does not exist");
    expect_failure(
        HEAD
        "      - name: A\n        action: CreateSymlink\n        inputs: [{path: /opt/l/to-etc, target: /srv}]\n",
        "force is false");
    expect_failure(
        HEAD
        "      - name: A\n        action: CreateSymlink\n        inputs: [{path: /etc/passwd, target: /srv, force: true}]\n",
        "is no link");
    done = execute(
        HEAD
        "      - name: A\n        action: CreateSymlink\n        inputs: [{path: /opt/l/to-etc, target: /srv, force: true}]\n");
    assert_done(&done);
    expect_script("readlink /opt/l/to-etc", 0, "/srv\n");
}

static void permissions_are_octal_text(void **state)
{
    struct done done;

    (void)state;
    expect_script("touch /srv/p; ln -s p /srv/plink", 0, "");
    done = execute(
        HEAD
        "      - name: A\n        action: SetFilePermissions\n        inputs: [{path: /srv/plink, permissions: 4755}]\n");
    assert_done(&done);
    expect_script("stat -c %a /srv/p", 0, "4755\n");
    expect_failure(
        HEAD
        "      - name: A\n        action: SetFilePermissions\n        inputs: [{path: /srv, permissions: '700'}]\n",
        "is a folder");
    expect_failure(
        HEAD
        "      - name: A\n        action: SetFilePermissions\n        inputs: [{path: /srv/gone, permissions: '700'}]\n",
        "does not exist");
}

static void a_device_or_a_pipe_is_no_file(void **state)
{
    (void)state;
    expect_script("mkfifo /srv/pipe", 0, "");
    expect_failure(
        HEAD "      - name: A\n        action: CreateFile\n        inputs: [{path: /srv/pipe, content: x}]\n",
        "/srv/pipe");
    expect_failure(
        HEAD
        "      - name: A\n        action: CopyFile\n        inputs: [{source: /dev/zero, destination: /srv/z}]\n",
        "/dev/zero");
}

static void contents_are_printed_when_asked_for(void **state)
{
    struct done done;

    (void)state;
    expect_script("echo lo''ud >/srv/loud; echo sil''ent >/srv/silent", 0, "");
    done = execute(HEAD "      - name: A\n        action: ReadFile\n        inputs:\n"
                        "          - {path: /srv/silent}\n"
                        "          - {path: /srv/loud, printFileContent: true}\n");
    assert_has(done.console, "Stdout: loud\n");
    assert_has_not(done.console, "Stdout: silent");
    assert_done(&done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_share_one_shell),
        cmocka_unit_test(a_failing_step_says_where_and_stops),
        cmocka_unit_test(continue_runs_on_and_fails_at_the_end),
        cmocka_unit_test(ignore_counts_as_success),
        cmocka_unit_test(attempts_are_made_until_one_succeeds),
        cmocka_unit_test(a_time_out_stops_the_step),
        cmocka_unit_test(a_signal_has_a_name),
        cmocka_unit_test(what_needs_a_booted_system_is_named_with_its_line),
        cmocka_unit_test(a_start_that_is_left_out_is_told_and_no_failure),
        cmocka_unit_test(an_update_takes_what_is_listed_and_not_excluded),
        cmocka_unit_test(an_update_uses_the_package_manager_that_is_there),
        cmocka_unit_test(values_and_outputs_are_put_in),
        cmocka_unit_test(validate_sees_what_build_left),
        cmocka_unit_test(a_phase_that_is_not_there_is_a_success),
        cmocka_unit_test(silent_steps_leave_nothing_in_the_log),
        cmocka_unit_test(silent_steps_that_fail_do_not_quote_their_inputs),
        cmocka_unit_test(a_loop_of_which_a_turn_prints_too_much_has_no_output),
        cmocka_unit_test(strange_output_is_kept_safely),
        cmocka_unit_test(detailed_output_has_awstoes_shape),
        cmocka_unit_test(files_are_created_with_parents_and_modes),
        cmocka_unit_test(owners_are_looked_up_in_the_image),
        cmocka_unit_test(overwrite_false_keeps_what_is_there),
        cmocka_unit_test(links_never_lead_out_of_the_guest),
        cmocka_unit_test(stars_match_files_behind_the_last_slash),
        cmocka_unit_test(copies_keep_bytes_and_mode),
        cmocka_unit_test(folders_come_and_go),
        cmocka_unit_test(links_are_made_to_what_exists),
        cmocka_unit_test(permissions_are_octal_text),
        cmocka_unit_test(a_device_or_a_pipe_is_no_file),
        cmocka_unit_test(contents_are_printed_when_asked_for),
    };

    return cmocka_run_group_tests(tests, log_and_folder_setup, log_and_folder_teardown);
}
