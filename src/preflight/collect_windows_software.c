/* The hive SOFTWARE: which Windows it is, what is installed, what waits for a restart. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect_windows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_BUILD_OF_11 = 22000 };

#define CURRENT "Microsoft\\Windows\\CurrentVersion"
#define NT      "Microsoft\\Windows NT\\CurrentVersion"

static int set_text(json_t *windows, const char *key, const char *text, struct sw_err *err)
{
    return text != NULL ? sw_json_set(windows, key, sw_json_bytes(text, strlen(text)), err) : 0;
}

/* Windows 11 still calls itself 10 there. */
static int add_product(struct registry *registry, json_t *windows, struct sw_err *err)
{
    static const char ten[] = "Windows 10";
    SW_AUTO_FREE char *product = registry_text(registry, "ProductName", NT);
    SW_AUTO_FREE char *build = registry_text(registry, "CurrentBuild", NT);
    SW_AUTO_FREE char *kind = registry_text(registry, "InstallationType", NT);

    if (product != NULL && build != NULL && strncmp(product, ten, sizeof(ten) - 1) == 0 &&
        strtoul(build, NULL, 10) >= FIRST_BUILD_OF_11)
        product[sizeof(ten) - 2] = '1';
    if (set_text(windows, "product", product, err) < 0 || set_text(windows, "build", build, err) < 0)
        return -1;
    return set_text(windows, "installation", kind, err);
}

static int add_logon(struct registry *registry, json_t *windows, struct sw_err *err)
{
    SW_AUTO_FREE char *text = registry_text(registry, "AutoAdminLogon", NT "\\Winlogon");
    uint32_t number = 0, release = 0;

    (void)registry_number(registry, &number, "AutoAdminLogon", NT "\\Winlogon");
    (void)registry_number(registry, &release, "Release", "Microsoft\\NET Framework Setup\\NDP\\v4\\Full");
    if (sw_json_set(windows, "autologon",
                    json_boolean(number == 1 || (text != NULL && strcmp(text, "1") == 0)), err) < 0)
        return -1;
    return sw_json_set(windows, "dotnet_release", json_integer((json_int_t)release), err);
}

/* By the beginnings of their names in the list of installed programs. */
static bool hinders(const char *name)
{
    static const char *const known[] = {"VMware Tools",
                                        "Oracle VM VirtualBox Guest Additions",
                                        "Oracle VirtualBox Guest Additions",
                                        "Parallels Tools",
                                        "Citrix Tools",
                                        "XenServer VM Tools",
                                        "QEMU guest agent",
                                        "Avast",
                                        "AVG ",
                                        "Avira",
                                        "Bitdefender",
                                        "CrowdStrike",
                                        "Cylance",
                                        "ESET",
                                        "F-Secure",
                                        "Kaspersky",
                                        "Malwarebytes",
                                        "McAfee",
                                        "Norton",
                                        "Panda",
                                        "Sentinel Agent",
                                        "Sophos",
                                        "Symantec Endpoint",
                                        "Trellix",
                                        "Trend Micro",
                                        "Webroot",
                                        "WithSecure"};

    for (size_t i = 0; i < SW_ARRAY_LEN(known); i++)
        if (strncasecmp(name, known[i], strlen(known[i])) == 0)
            return true;
    return false;
}

static int add_programs(struct registry *registry, const char *where, json_t *windows, struct sw_err *err)
{
    AUTO_HIVE_NAMES struct hive_names programs = registry_keys(registry, "%s", where);

    for (size_t i = 0; i < programs.n; i++) {
        SW_AUTO_FREE char *name = registry_text(registry, "DisplayName", "%s\\%s", where, programs.names[i]);

        if (name != NULL && hinders(name) && windows_note(windows, "hindering_software", name, err) < 0)
            return -1;
    }
    return 0;
}

static int add_pending(struct registry *registry, json_t *windows, struct sw_err *err)
{
    static const char *const keys[][2] = {
        {CURRENT "\\Component Based Servicing\\RebootPending", "RebootPending"},
        {CURRENT "\\WindowsUpdate\\Auto Update\\RebootRequired", "RebootRequired"}};
    SW_AUTO_FREE char *state = registry_text(registry, "ImageState", CURRENT "\\Setup\\State");
    SW_AUTO_FREE char *text = NULL;

    for (size_t i = 0; i < SW_ARRAY_LEN(keys); i++)
        if (registry_has(registry, "%s", keys[i][0]) && windows_note(windows, "pending", keys[i][1], err) < 0)
            return -1;
    if (state == NULL || strcmp(state, "IMAGE_STATE_COMPLETE") == 0)
        return 0;
    text = sw_strf(err, "ImageState is %s", state);
    return text != NULL ? windows_note(windows, "pending", text, err) : -1;
}

int windows_software(struct registry *registry, json_t *windows, json_t *guest, struct sw_err *err)
{
    (void)guest;
    if ((json_object_get(windows, "pending") == NULL &&
         sw_json_set(windows, "pending", json_array(), err) < 0) ||
        (json_object_get(windows, "hindering_software") == NULL &&
         sw_json_set(windows, "hindering_software", json_array(), err) < 0))
        return -1;
    if (add_product(registry, windows, err) < 0 || add_logon(registry, windows, err) < 0 ||
        add_programs(registry, CURRENT "\\Uninstall", windows, err) < 0 ||
        add_programs(registry, "Wow6432Node\\" CURRENT "\\Uninstall", windows, err) < 0)
        return -1;
    return add_pending(registry, windows, err);
}
