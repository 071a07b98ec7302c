/* Steps of documents on a Windows drive: done now, or in the queue of the first boot. */
#include "slipway/recipe.h"
#include "src/base/json.h"
#include "src/guest/firstboot/firstboot.h"
#include "tests/unit/guest/windows_disk.h"

/* What came of a document. */
static struct sw_err failure;
static json_t *outputs;
static struct sw_runlog *run_log; /* NULL: none */

static bool beside_queue;

static int run_phase(const char *document, enum sw_phase_kind phase)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_diags diags = {.n = 0};
    struct sw_use use = {.component = sw_component_parse(document, strlen(document), "win.yml", &diags, &err),
                         .reference = "win.yml"};
    int rc;

    if (use.component == NULL)
        fail_msg("%s", err.text);
    struct sw_exec exec = {
        .guest = guest, .log = run_log, .use = &use, .outputs = outputs, .beside_queue = beside_queue};
    failure = (struct sw_err){.code = SW_OK};
    rc = sw_exec_phase(&exec, phase, NULL, &failure);
    sw_component_free(use.component);
    sw_diags_free(&diags);
    return rc;
}

static void expect_done(const char *document)
{
    if (run_phase(document, SW_PHASE_BUILD) < 0)
        fail_msg("%s", failure.text);
}

static void expect_failure(const char *document, const char *part)
{
    assert_int_equal(run_phase(document, SW_PHASE_BUILD), -1);
    assert_int_equal(failure.code, SW_GUEST);
    if (strstr(failure.text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, failure.text);
}

static int each(void **state)
{
    json_decref(outputs);
    outputs = json_object();
    beside_queue = false;
    return disk_each(state);
}

#define HEAD       "name: win\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
#define STEP(n, a) "      - name: " n "\n        action: " a "\n        inputs:\n"
#define REGISTRY   STEP("Set", "SetRegistry")
#define VALUE(path, name, value, type)                                                      \
    "          - path: '" path "'\n            name: '" name "'\n            value: " value \
    "\n            type: " type "\n"

/* ---- SetRegistry ------------------------------------------------------------------------------------------- */

static void each_root_has_its_hive(void **state)
{
    (void)state;
    expect_done(HEAD REGISTRY VALUE("HKLM:\\SOFTWARE\\Acme\\App", "Size", "7", "DWORD")
                    VALUE("HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\x", "Start", "4", "DWORD")
                        VALUE("HKLM:\\SYSTEM\\Other", "n", "5", "DWORD")
                            VALUE("HKCR:\\.acme", "(Default)", "acme.file", "SZ")
                                VALUE("HKCC:\\Software\\Fonts", "LogPixels", "96", "DWORD")
                                    VALUE("HKCU:\\Acme", "Mine", "'%USERNAME%'", "EXPAND_SZ")
                                        VALUE("HKU:\\.DEFAULT\\Acme", "All", "1", "DWORD")
                                            VALUE("HKU:\\S-1-5-19\\Acme", "Local", "2", "DWORD"));
    expect_number(CONFIG "SOFTWARE", "Acme\\App", "Size", 7);
    expect_number(CONFIG "SYSTEM", "ControlSet002\\Services\\x", "Start", 4);
    expect_number(CONFIG "SYSTEM", "Other", "n", 5);
    expect_text(CONFIG "SOFTWARE", "Classes\\.acme", "", "acme.file");
    expect_number(CONFIG "SYSTEM", "ControlSet002\\Hardware Profiles\\0001\\Software\\Fonts", "LogPixels",
                  96);
    expect_text(CONFIG "DEFAULT", "Acme", "Mine", "%USERNAME%");
    expect_number(CONFIG "DEFAULT", "Acme", "All", 1);
    expect_number("C:/Windows/ServiceProfiles/LocalService/NTUSER.DAT", "Acme", "Local", 2);
}

static void a_value_that_is_there_is_replaced_in_any_case(void **state)
{
    (void)state;
    disk_value(CONFIG "SOFTWARE", "Acme", "Size", "SZ", "old");
    disk_value(CONFIG "SOFTWARE", "Acme", "Kept", "DWORD", "3");
    expect_done(HEAD REGISTRY VALUE("HKLM:\\software\\ACME", "SIZE", "0x10", "DWORD"));
    expect_number(CONFIG "SOFTWARE", "Acme", "size", 16);
    expect_number(CONFIG "SOFTWARE", "acme", "Kept", 3);
}

static void a_users_hive_is_found_by_the_profile_list(void **state)
{
    static const char make_hive[] = SLIPWAY_SOURCE "/tests/lib/make-hive";
    static const char list[] = "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-1-2-3-500";

    (void)state;
    disk_run((const char *const[]){"/bin/sh", "-c", "\"$0\" \"$1/C:/Users/Admin/NTUSER.DAT\"", make_hive,
                                   folder_path, NULL});
    disk_value(CONFIG "SOFTWARE", list, "ProfileImagePath", "EXPAND_SZ", "%SystemDrive%\\Users\\Admin");
    expect_done(HEAD REGISTRY VALUE("HKU:\\S-1-5-21-1-2-3-500\\Acme", "A", "1", "DWORD"));
    expect_number("C:/Users/Admin/NTUSER.DAT", "Acme", "A", 1);
    expect_failure(HEAD REGISTRY VALUE("HKU:\\S-1-5-21-1-2-3-501\\Acme", "A", "1", "DWORD"), "no profile");
    disk_value(CONFIG "SOFTWARE", list, "ProfileImagePath", "EXPAND_SZ", "\\\\evil\\share");
    expect_failure(HEAD REGISTRY VALUE("HKU:\\S-1-5-21-1-2-3-500\\Acme", "A", "1", "DWORD"), "names a share");
    disk_value(CONFIG "SOFTWARE", list, "ProfileImagePath", "EXPAND_SZ", "%SystemDrive%\\..\\..\\etc");
    expect_failure(HEAD REGISTRY VALUE("HKU:\\S-1-5-21-1-2-3-500\\Acme", "A", "1", "DWORD"), "leads out");
}

static void keys_that_lie_in_no_hive_are_refused(void **state)
{
    (void)state;
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\HARDWARE\\x", "A", "1", "DWORD"), "in none of the hives");
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\SYSTEMX\\x", "A", "1", "DWORD"), "in none of the hives");
    expect_failure(HEAD REGISTRY VALUE("HKU:\\Admin\\x", "A", "1", "DWORD"), "no user whose hive");
    expect_failure(HEAD REGISTRY VALUE("HKU:\\S-1-5-21-1_Classes\\x", "A", "1", "DWORD"),
                   "no user whose hive");
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\SAM\\x", "A", "1", "DWORD"), "SAM");
}

/* The list of texts as it lies in a hive, of whatever writer. */
static void lay_texts(const char *bytes, size_t len)
{
    AUTO_HIVE struct hive *hive = NULL;
    struct sw_registry_value value = {.type = 7};
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(sw_buf_append(&value.data, bytes, len, &err), 0);
    assert_int_equal(hive_open(guest, CONFIG "SOFTWARE", &hive, &err), 0);
    assert_int_equal(hive_set(hive, "Acme", "List", &value, &err), 0);
    assert_int_equal(hive_write_back(hive, &err), 0);
    sw_buf_free(&value.data);
}

static void expect_told(const char *member, const char *wanted)
{
    const json_t *set = json_array_get(json_object_get(json_object_get(outputs, "build"), "Set"), 0);
    const char *told = sw_json_text(set, member);

    assert_non_null(told);
    assert_string_equal(told, wanted);
}

static void a_list_of_texts_is_told_without_the_empty_one_that_ends_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *told;
    } rows[] = {
        {"a\0\0\0\0\0", 6, "MULTI_SZ: a"},
        {"a\0\0\0b\0\0\0\0\0", 10, "MULTI_SZ: a, b"},
        {"\0\0", 2, "MULTI_SZ: "},
        {"\0\0\0\0", 4, "MULTI_SZ: "},
        {"a\0\0\0", 4, "MULTI_SZ: a"},
        {"a\0", 2, "MULTI_SZ: a"},
        {"a\0\0\0\0\0\0\0\0\0", 10, "MULTI_SZ: a"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        lay_texts(rows[i].bytes, rows[i].len);
        json_object_clear(outputs);
        expect_done(HEAD REGISTRY VALUE("HKLM:\\SOFTWARE\\Acme", "List", "['C:\\p.sys 1 1', x]", "MULTI_SZ"));
        expect_told("before", rows[i].told);
        expect_told("after", "MULTI_SZ: C:\\p.sys 1 1, x");
    }
}

static void what_stands_before_a_value_that_fails_is_set(void **state)
{
    (void)state;
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\SOFTWARE\\Acme", "A", "1", "DWORD")
                       VALUE("HKLM:\\HARDWARE\\x", "A", "1", "DWORD"),
                   "inputs[1]");
    expect_number(CONFIG "SOFTWARE", "Acme", "A", 1);
}

/* Changes bytes of the SOFTWARE hive. */
static void damage(long at, const void *bytes, size_t len)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof(path), "%s/C:/Windows/System32/config/SOFTWARE", folder_path);
    file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

#define ANY_VALUE HEAD REGISTRY VALUE("HKLM:\\SOFTWARE\\Acme", "A", "1", "DWORD")

static void damaged_hives_are_named_and_left_alone(void **state)
{
    static const unsigned char huge[4] = {0xff, 0xff, 0xff, 0x7f};

    (void)state;
    damage(4096 + 0x20 + 8 + 16, huge, 4); /* how many subkeys the root says that it has */
    expect_failure(ANY_VALUE, "config/SOFTWARE");
    disk_make();
    damage(36, huge, 4);
    expect_failure(ANY_VALUE, "C:/Windows/System32/config/SOFTWARE");
    disk_make();
    damage(0, "fger", 4);
    expect_failure(ANY_VALUE, "is no registry hive");
    disk_make();
    damage(4096, "nibh", 4);
    expect_failure(ANY_VALUE, "config/SOFTWARE");
}

static void a_hive_that_windows_was_writing_is_refused(void **state)
{
    static const unsigned char two[4] = {2, 0, 0, 0};

    (void)state;
    damage(4, two, 4);
    assert_int_equal(run_phase(ANY_VALUE, SW_PHASE_BUILD), -1);
    assert_int_equal(failure.code, SW_REFUSED);
    assert_non_null(strstr(failure.text, "shut it down cleanly"));
}

static void without_a_current_control_set_nothing_is_guessed(void **state)
{
    (void)state;
    disk_value(CONFIG "SYSTEM", "Select", "Current", "DWORD", "0");
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\SYSTEM\\CurrentControlSet\\x", "A", "1", "DWORD"),
                   "which control set");
    disk_value(CONFIG "SYSTEM", "Select", "Current", "DWORD", "4000");
    expect_failure(HEAD REGISTRY VALUE("HKLM:\\SYSTEM\\CurrentControlSet\\x", "A", "1", "DWORD"),
                   "which control set");
}

/* ---- The queue --------------------------------------------------------------------------------------------- */

static struct sw_buf read_queue(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf text = {0};
    char path[200];

    snprintf(path, sizeof(path), "%s/C:/Windows/Slipway/FirstBoot/queue/%s", folder_path, name);
    if (sw_read_file(path, 1 << 20, &text, &err) < 0)
        fail_msg("%s", err.text);
    return text;
}

static json_t *read_entry(const char *name)
{
    SW_AUTO_BUF struct sw_buf text = read_queue(name);
    struct sw_err err = {.code = SW_OK};
    json_t *json = sw_json_parse(text.data, text.len, name, &err);

    assert_non_null(json);
    return json;
}

static const json_t *first_item(const json_t *entry)
{
    return json_array_get(json_object_get(entry, "items"), 0);
}

static void expect_waiting(unsigned wanted)
{
    struct sw_err err = {.code = SW_OK};
    unsigned n;

    assert_int_equal(firstboot_waiting(guest, &n, &err), 0);
    assert_int_equal(n, wanted);
}

#define POWERSHELL                                       \
    STEP("Install", "ExecutePowerShell")                 \
    "          commands:\n            - Write-Host hi\n" \
    "            - '$x = \"ü\"'\n"

static void powershell_waits_and_the_service_is_there(void **state)
{
    SW_AUTO_BUF struct sw_buf script = {0};
    SW_AUTO_JSON json_t *entry = NULL;

    (void)state;
    expect_done(HEAD POWERSHELL);
    entry = read_entry("00001.json");
    script = read_queue("00001-0.ps1");
    assert_string_equal(script.data, "Write-Host hi\r\n$x = \"ü\"\r\n");
    assert_string_equal(sw_json_text(entry, "action"), "ExecutePowerShell");
    assert_string_equal(sw_json_text(entry, "component"), "win");
    assert_string_equal(sw_json_text(entry, "onFailure"), "Abort");
    assert_string_equal(sw_json_text(entry, "workingDirectory"), "C:\\");
    assert_int_equal(json_integer_value(json_object_get(entry, "timeoutSeconds")), 7200);
    assert_string_equal(sw_json_text(first_item(entry), "script"), "00001-0.ps1");
    expect_number(CONFIG "SYSTEM", "ControlSet002\\Services\\SlipwayFirstBoot", "Start", 2);
    expect_number(CONFIG "SYSTEM", "ControlSet002\\Services\\SlipwayFirstBoot", "Type", 16);
    expect_text(CONFIG "SYSTEM", "ControlSet002\\Services\\SlipwayFirstBoot", "ObjectName", "LocalSystem");
    expect_text(CONFIG "SYSTEM", "ControlSet002\\Services\\SlipwayFirstBoot", "ImagePath",
                "%SystemRoot%\\System32\\cmd.exe /d /c start \"\" /b "
                "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -NoProfile -NonInteractive "
                "-ExecutionPolicy Bypass -File %SystemRoot%\\Slipway\\FirstBoot\\firstboot.ps1");
    assert_string_equal(
        sw_json_text(json_array_get(json_object_get(json_object_get(outputs, "build"), "Install"), 0),
                     "firstBoot"),
        "00001");
}

static void the_log_calls_it_deferred(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(log_dir_make(), 0);
    assert_int_equal(sw_runlog_open(log_dir, &run_log, &err), 0);
    expect_done(HEAD POWERSHELL);
    assert_int_equal(sw_runlog_close(run_log, NULL, &err), 0);
    run_log = NULL;
    SW_AUTO_FREE char *text = log_part("detailedoutput.json");
    assert_non_null(strstr(text, "\"status\": \"deferred\""));
    check_schemas();
    assert_int_equal(log_dir_remove(), 0);
}

static void what_stands_behind_a_step_that_waits_waits_in_order(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_stat st;
    SW_AUTO_BUF struct sw_buf content = {0};
    SW_AUTO_JSON json_t *create = NULL, *set = NULL, *delete = NULL;

    (void)state;
    expect_done(HEAD STEP("Before", "CreateFile") "          - path: C:\\before.txt\n" POWERSHELL STEP(
        "Behind", "CreateFile") "          - path: C:/x/behind.txt\n            content: 'a \"b\"'\n"
                                "            encoding: utf-16\n            overwrite: false\n" REGISTRY VALUE(
                                    "HKCU:\\Acme", "A", "258", "DWORD")
                                    STEP("Remove", "DeleteFile") "          - path: .\\*.tmp\n");
    expect_waiting(4);
    assert_int_equal(guest->ops->stat(guest, "C:/before.txt", true, &st, &err), 0);
    assert_int_equal(st.kind, SW_FILE_REGULAR);
    assert_int_equal(guest->ops->stat(guest, "C:/x", true, &st, &err), 0);
    assert_int_equal(st.kind, SW_FILE_NONE);
    create = read_entry("00002.json");
    content = read_queue("00002-0.txt");
    assert_string_equal(content.data, "a \"b\"");
    assert_string_equal(sw_json_text(first_item(create), "path"), "C:\\x\\behind.txt");
    assert_string_equal(sw_json_text(first_item(create), "encoding"), "utf-16");
    assert_true(json_is_false(json_object_get(first_item(create), "overwrite")));
    set = read_entry("00003.json");
    assert_string_equal(sw_json_text(first_item(set), "key"), "HKEY_CURRENT_USER\\Acme");
    assert_string_equal(sw_json_text(first_item(set), "data"), "02010000");
    delete = read_entry("00004.json");
    assert_string_equal(sw_json_text(first_item(delete), "path"), "C:\\*.tmp");
    /* The next component too, whoever runs it. */
    expect_done(HEAD STEP("Next", "CreateFolder") "          - path: C:\\next\n");
    expect_waiting(5);
}

static void beside_the_queue_what_can_be_done_is_done_and_what_waits_waits_once(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    expect_done(HEAD POWERSHELL);
    expect_waiting(1);
    beside_queue = true;
    expect_done(HEAD REGISTRY VALUE("HKLM:\\SOFTWARE\\Acme", "Size", "7", "DWORD") POWERSHELL);
    expect_number(CONFIG "SOFTWARE", "Acme", "Size", 7);
    expect_waiting(1);
    /* Another step is put behind it; what no build has written there is none. */
    assert_int_equal(guest->ops->put(guest, FIRSTBOOT_QUEUE "/00002.json", "[\"build\", {", 11, 0666, &err),
                     0);
    expect_done(HEAD STEP("Other", "ExecutePowerShell") "          commands: [exit 0]\n");
    expect_waiting(3);
    expect_done(HEAD STEP("Other", "ExecutePowerShell") "          commands: [exit 0]\n");
    expect_waiting(3);
    beside_queue = false;
    expect_done(HEAD POWERSHELL);
    expect_waiting(4);
}

static void an_output_that_is_not_there_yet_is_put_in_at_first_boot(void **state)
{
    SW_AUTO_JSON json_t *binary = NULL;

    (void)state;
    expect_done(HEAD POWERSHELL STEP(
        "Use", "ExecuteBinary") "          path: C:\\tools\\x.exe\n          arguments: ['--id={{ "
                                "build.Install.outputs.stdout }}', 'a b']\n");
    binary = read_entry("00002.json");
    assert_string_equal(sw_json_text(first_item(binary), "path"), "C:\\tools\\x.exe");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(first_item(binary), "arguments"), 0)),
        "--id={{slipway-output:00001:stdout}}");
    expect_failure(
        HEAD POWERSHELL REGISTRY VALUE("HKCU:\\Acme", "A", "'{{ build.Install.outputs.stdout }}'", "DWORD"),
        "no number");
}

static void each_turn_of_a_loop_waits_by_itself(void **state)
{
    SW_AUTO_JSON json_t *entry = NULL;

    (void)state;
    expect_done(
        HEAD
        "      - name: Each\n        action: ExecutePowerShell\n        loop: {forEach: [a, b]}\n"
        "        inputs: {commands: ['echo {{ loop.value }}']}\n" STEP(
            "Use",
            "ExecuteBinary") "          path: x.exe\n          arguments: ['{{ build.Each.outputs.stdout }}']\n");
    expect_waiting(3);
    entry = read_entry("00003.json");
    assert_string_equal(json_string_value(json_array_get(json_object_get(first_item(entry), "arguments"), 0)),
                        "{{slipway-output:00001:stdout}}\n{{slipway-output:00002:stdout}}");
    assert_string_equal(sw_json_text(first_item(entry), "path"), "x.exe");
}

static void conditions_that_only_the_first_boot_could_answer_are_refused(void **state)
{
    (void)state;
    expect_failure(HEAD POWERSHELL "      - name: If\n        action: DeleteFile\n"
                                   "        if: {fileExists: 'C:\\x'}\n        inputs: [{path: 'C:\\x'}]\n",
                   "its condition stands behind a step that waits");
    expect_failure(HEAD POWERSHELL
                   "      - name: If\n        action: DeleteFile\n"
                   "        if: {stringEquals: x, value: '{{ build.Install.outputs.stdout }}'}\n"
                   "        inputs: [{path: 'C:\\x'}]\n",
                   "its condition stands behind a step that waits");
    expect_failure(HEAD POWERSHELL STEP("Assert", "Assert") "          folderExists: 'C:\\Users'\n",
                   "Assert stands behind a step that waits");
    disk_make();
    expect_done(HEAD
                "      - name: If\n        action: CreateFile\n        if: {folderExists: 'c:\\USERS'}\n"
                "        inputs: [{path: 'C:\\x'}]\n" POWERSHELL
                "      - name: Known\n        action: DeleteFile\n        if: {stringEquals: a, value: a}\n"
                "        inputs: [{path: 'C:\\x'}]\n");
    expect_waiting(2);
}

static void installers_are_checked_before_they_wait(void **state)
{
    SW_AUTO_JSON json_t *msi = NULL, *reboot = NULL;
    static const char msi_head[] = HEAD STEP("Msi", "InstallMSI");
    char document[1024];

    (void)state;
    expect_done(HEAD STEP(
        "Msi",
        "InstallMSI") "          path: C:\\a b.msi\n          reboot: Force\n          properties: {INSTALLDIR: "
                      "'C:\\x'}\n      - name: Boot\n        action: Reboot\n        inputs: {delaySeconds: 60}\n");
    msi = read_entry("00001.json");
    assert_string_equal(sw_json_text(first_item(msi), "path"), "C:\\a b.msi");
    assert_string_equal(sw_json_text(first_item(msi), "logOptions"), "*VX");
    assert_string_equal(sw_json_text(first_item(msi), "logFile"), "C:\\Windows\\Temp\\slipway-00001.log");
    assert_true(json_is_false(json_object_get(first_item(msi), "allowUnsignedInstaller")));
    assert_string_equal(sw_json_text(json_object_get(first_item(msi), "properties"), "INSTALLDIR"), "C:\\x");
    reboot = read_entry("00002.json");
    assert_int_equal(json_integer_value(json_object_get(reboot, "delaySeconds")), 60);
    static const char *const bad[][2] = {
        {"          path: https://x/y.msi\n", "must lie in the image"},
        {"          path: C:\\x.msi\n          properties: {reboot: Force}\n", "cannot be set"},
        {"          path: C:\\x.msi\n          properties: {'A B': x}\n", "no name of a property"},
        {"          path: C:\\x.msi\n          properties: {A: \"x\\ny\"}\n", "more than one line"},
        {"          path: C:\\x.msi\n          logOptions: '*V \"x\"'\n", "no logOptions"},
        {"          path: '{not a code}'\n", "no product code"},
        {"          path: D:\\x.msi\n", "another drive"},
    };
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++) {
        snprintf(document, sizeof(document), "%s%s", msi_head, bad[i][0]);
        expect_failure(document, bad[i][1]);
    }
    expect_waiting(2);
}

static void update_os_without_inputs_has_one_empty_item(void **state)
{
    SW_AUTO_JSON json_t *entry = NULL;

    (void)state;
    expect_done(HEAD "      - name: Up\n        action: UpdateOS\n");
    entry = read_entry("00001.json");
    assert_int_equal(json_array_size(json_object_get(entry, "items")), 1);
}

static void an_image_without_powershell_cannot_wait(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(guest->ops->remove(guest, "C:/Windows/System32/WindowsPowerShell", SW_REMOVE_TREE, &err),
                     0);
    expect_failure(HEAD POWERSHELL, "no Windows PowerShell");
    expect_waiting(0);
}

static void a_validate_phase_puts_nothing_into_the_queue(void **state)
{
    (void)state;
    expect_done(HEAD POWERSHELL);
    assert_int_equal(run_phase("name: win\nschemaVersion: 1.0\nphases:\n  - name: validate\n    steps:\n"
                               "      - name: Look\n        action: ExecutePowerShell\n"
                               "        inputs: {commands: [exit 1]}\n",
                               SW_PHASE_VALIDATE),
                     0);
    expect_waiting(1);
}

static void linux_actions_are_refused_before_anything_runs(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_diags diags = {.n = 0};
    static const char document[] = HEAD STEP("A", "CreateFile") "          - path: C:\\a\n" STEP(
        "B", "ExecuteBash") "          commands: [x]\n";
    struct sw_use use = {.component =
                             sw_component_parse(document, strlen(document), "win.yml", &diags, &err)};

    (void)state;
    assert_non_null(use.component);
    assert_int_equal(sw_uses_check_platform(&use, 1, SW_WINDOWS, &err), -1);
    assert_string_equal(err.text,
                        "win.yml:10:9: component 'win': step 'B': ExecuteBash does not run on Windows, "
                        "which the image holds");
    assert_int_equal(sw_uses_check_platform(&use, 1, SW_LINUX, &err), 0);
    sw_component_free(use.component);
    sw_diags_free(&diags);
}

static int teardown(void **state)
{
    json_decref(outputs);
    return folder_teardown(state);
}

#define CASE(name) cmocka_unit_test_setup(name, each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_root_has_its_hive),
        CASE(a_value_that_is_there_is_replaced_in_any_case),
        CASE(a_users_hive_is_found_by_the_profile_list),
        CASE(keys_that_lie_in_no_hive_are_refused),
        CASE(a_list_of_texts_is_told_without_the_empty_one_that_ends_it),
        CASE(what_stands_before_a_value_that_fails_is_set),
        CASE(damaged_hives_are_named_and_left_alone),
        CASE(a_hive_that_windows_was_writing_is_refused),
        CASE(without_a_current_control_set_nothing_is_guessed),
        CASE(powershell_waits_and_the_service_is_there),
        CASE(the_log_calls_it_deferred),
        CASE(what_stands_behind_a_step_that_waits_waits_in_order),
        CASE(beside_the_queue_what_can_be_done_is_done_and_what_waits_waits_once),
        CASE(an_output_that_is_not_there_yet_is_put_in_at_first_boot),
        CASE(each_turn_of_a_loop_waits_by_itself),
        CASE(conditions_that_only_the_first_boot_could_answer_are_refused),
        CASE(installers_are_checked_before_they_wait),
        CASE(update_os_without_inputs_has_one_empty_item),
        CASE(an_image_without_powershell_cannot_wait),
        CASE(a_validate_phase_puts_nothing_into_the_queue),
        CASE(linux_actions_are_refused_before_anything_runs),
    };

    return cmocka_run_group_tests(tests, folder_setup, teardown);
}
