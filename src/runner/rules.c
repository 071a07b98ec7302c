/* Which programs ask for what only a booted system has, and which are shown the recipe's package repositories. */
#include "src/runner/rules.h"

#include <stddef.h>
#include <string.h>

/* Verbs that start services or change what they do; stopping is fine where nothing runs. */
static const char *const starts[] = {"start", "restart", "reload", "reload-or-restart", "force-reload", NULL};
/* Verbs that ask about services, or that change the system as a whole. */
static const char *const systemctl_verbs[] = {"isolate", "status",    "is-active", "is-failed",
                                              "reboot",  "poweroff",  "halt",      "kexec",
                                              "rescue",  "emergency", NULL};
static const char *const service_verbs[] = {"status", NULL};

/* Options of systemctl whose value is the next word; those that name another system are none of ours. */
static const char *const valued[] = {
    "-t",     "-p",      "-P",         "-s",         "-n",          "-o",
    "--type", "--state", "--signal",   "--lines",    "--output",    "--property",
    "--what", "--when",  "--job-mode", "--kill-who", "--kill-whom", "--preset-mode",
    NULL};
static const char *const elsewhere[] = {"-H", "-M", "--host", "--machine", "--root", "--image", NULL};

/* Package managers: the order is the number of the wrapper. */
static const char *const wrapped[] = {"apt-get",  "apt",    "yum",       "dnf",      "dnf5",
                                      "microdnf", "zypper", "apt-cache", "aptitude", NULL};

/* Programs that do nothing but such things. */
static const char *const ends[] = {"reboot", "shutdown", "poweroff", "halt", "telinit", NULL};
/* They say themselves what they miss. */
static const char *const talkers[] = {"hostnamectl", "timedatectl", "localectl", "loginctl", NULL};

static int find(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

const char *rules_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* "--root=/x" and "-Hbox" as well as the option alone. */
static bool names_elsewhere(const char *word)
{
    for (size_t i = 0; elsewhere[i] != NULL; i++) {
        size_t len = strlen(elsewhere[i]);

        if (strncmp(word, elsewhere[i], len) == 0 && (len == 2 || word[len] == '=' || word[len] == '\0'))
            return true;
    }
    return false;
}

static bool has_now(char *const *argv)
{
    for (size_t i = 1; argv[i] != NULL; i++)
        if (strcmp(argv[i], "--now") == 0)
            return true;
    return false;
}

static enum rule judge_verb(const char *verb, char *const *argv)
{
    if (find(starts, verb) >= 0)
        return RULE_SYSTEMCTL_START;
    if (find(systemctl_verbs, verb) >= 0)
        return RULE_SYSTEMCTL;
    if (!has_now(argv))
        return RULE_NONE;
    if (strcmp(verb, "enable") == 0 || strcmp(verb, "reenable") == 0)
        return RULE_NOW;
    return strcmp(verb, "disable") == 0 || strcmp(verb, "mask") == 0 ? RULE_NOT_NOW : RULE_NONE;
}

static enum rule judge_systemctl(char *const *argv)
{
    for (size_t i = 1; argv[i] != NULL; i++) {
        if (argv[i][0] != '-')
            return judge_verb(argv[i], argv);
        if (names_elsewhere(argv[i]) || strcmp(argv[i], "--help") == 0)
            return RULE_NONE;
        if (find(valued, argv[i]) >= 0 && argv[++i] == NULL)
            return RULE_NONE;
    }
    return RULE_NONE;
}

/* The verb is the so-manieth word that is no option, from 0. */
static enum rule judge_service(char *const *argv, unsigned place)
{
    for (size_t i = 1; argv[i] != NULL; i++) {
        if (argv[i][0] == '-' || place-- > 0)
            continue;
        if (find(starts, argv[i]) >= 0)
            return RULE_SERVICE_START;
        return find(service_verbs, argv[i]) >= 0 ? RULE_SERVICE : RULE_NONE;
    }
    return RULE_NONE;
}

static bool is_init_script(const char *path)
{
    static const char *const folders[] = {"/etc/init.d/", "/etc/rc.d/init.d/", NULL};

    for (size_t i = 0; folders[i] != NULL; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

enum rule rules_find(const char *path, char *const *argv, int *wrapper)
{
    const char *base = rules_base(path);

    /* The wrappers themselves write it so. */
    if (path[0] == '/' && path[1] == '/')
        return RULE_NONE;
    *wrapper = find(wrapped, base);
    if (*wrapper >= 0)
        return RULE_WRAP;
    if (strcmp(base, "systemctl") == 0)
        return judge_systemctl(argv);
    if (strcmp(base, "service") == 0 || strcmp(base, "invoke-rc.d") == 0 || strcmp(base, "rc-service") == 0)
        return judge_service(argv, 1);
    if (strcmp(base, "initctl") == 0 || is_init_script(path))
        return judge_service(argv, 0);
    if (find(talkers, base) >= 0)
        return RULE_TALKER;
    return find(ends, base) >= 0 ? RULE_SERVICE : RULE_NONE;
}

bool rules_interesting(const char *path)
{
    static const char *const programs[] = {"systemctl",  "service", "invoke-rc.d",
                                           "rc-service", "initctl", NULL};
    const char *base = rules_base(path);

    return find(wrapped, base) >= 0 || find(programs, base) >= 0 || find(talkers, base) >= 0 ||
           find(ends, base) >= 0 || is_init_script(path);
}

bool rules_is_packager(const char *comm)
{
    static const char *const names[] = {"dpkg", "rpm",    "apt-get", "apt",  "aptitude", "dnf",      "dnf5",
                                        "yum",  "zypper", "apk",     "tdnf", "pacman",   "microdnf", NULL};

    return find(names, comm) >= 0;
}
