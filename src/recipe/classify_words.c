/* The programs whose use says what a step needs, as they are used in Image Builder components. */
#include "src/recipe/classify.h"

#include "src/base/cleanup.h"

#include <string.h>

#define PACKAGES   "a package manager takes its packages from repositories"
#define INSTALLER  "it installs from a server"
#define TRANSFER   "it transfers from or to a server"
#define AWS_API    "it calls AWS"
#define SERVICES   "no service runs in an image that is not booted"
#define KERNEL     "the running kernel is not the image's"
#define RESTARTS   "nothing is running that could restart"
#define SYSTEM_BUS "it asks a service of the running system"
#define DAEMON     "it asks a daemon"
#define INSTANCE   "it asks the instance that the image runs on"

static const struct sw_program programs[] = {
    {"apt", " install update upgrade dist-upgrade full-upgrade build-dep source download reinstall ",
     SW_NEED_MEDIA, PACKAGES},
    {"apt-get", " install update upgrade dist-upgrade full-upgrade build-dep source download reinstall ",
     SW_NEED_MEDIA, PACKAGES},
    {"aptitude", " install update upgrade full-upgrade safe-upgrade ", SW_NEED_MEDIA, PACKAGES},
    {"yum",
     " install update upgrade reinstall downgrade groupinstall localinstall localupdate makecache check-update "
     "distro-sync update-minimal upgrade-minimal swap ",
     SW_NEED_MEDIA, PACKAGES},
    {"dnf",
     " install update upgrade reinstall downgrade groupinstall localinstall makecache check-update check-upgrade "
     "distro-sync update-minimal upgrade-minimal swap builddep download ",
     SW_NEED_MEDIA, PACKAGES},
    {"microdnf", " install update upgrade reinstall ", SW_NEED_MEDIA, PACKAGES},
    {"tdnf", " install update upgrade ", SW_NEED_MEDIA, PACKAGES},
    {"zypper", " install in update up refresh ref patch dup dist-upgrade ", SW_NEED_MEDIA, PACKAGES},
    {"apk", " add update upgrade fetch ", SW_NEED_MEDIA, PACKAGES},
    {"pacman", " -S -Sy -Syu -Syyu ", SW_NEED_MEDIA, PACKAGES},
    {"amazon-linux-extras", " install ", SW_NEED_MEDIA, PACKAGES},
    {"yum-builddep", NULL, SW_NEED_MEDIA, PACKAGES},
    {"yumdownloader", NULL, SW_NEED_MEDIA, PACKAGES},
    {"add-apt-repository", NULL, SW_NEED_NETWORK, INSTALLER},
    {"apt-add-repository", NULL, SW_NEED_NETWORK, INSTALLER},
    {"apt-key", " adv ", SW_NEED_NETWORK, TRANSFER},
    {"gpg", " --recv-keys --recv-key --keyserver ", SW_NEED_NETWORK, TRANSFER},
    {"snap", " install refresh download ", SW_NEED_NETWORK, INSTALLER},
    {"flatpak", " install update ", SW_NEED_NETWORK, INSTALLER},
    {"pip", " install download wheel ", SW_NEED_NETWORK, INSTALLER},
    {"pipx", " install ", SW_NEED_NETWORK, INSTALLER},
    {"conda", " install create update ", SW_NEED_NETWORK, INSTALLER},
    {"npm", " install i ci add update ", SW_NEED_NETWORK, INSTALLER},
    {"pnpm", " install i add update ", SW_NEED_NETWORK, INSTALLER},
    {"yarn", " install add global ", SW_NEED_NETWORK, INSTALLER},
    {"npx", NULL, SW_NEED_NETWORK, INSTALLER},
    {"nvm", " install ", SW_NEED_NETWORK, INSTALLER},
    {"gem", " install update ", SW_NEED_NETWORK, INSTALLER},
    {"bundle", " install update ", SW_NEED_NETWORK, INSTALLER},
    {"cargo", " install fetch ", SW_NEED_NETWORK, INSTALLER},
    {"rustup", " install update toolchain ", SW_NEED_NETWORK, INSTALLER},
    {"go", " get install ", SW_NEED_NETWORK, INSTALLER},
    {"composer", " install require update ", SW_NEED_NETWORK, INSTALLER},
    {"ansible-galaxy", " install collection role ", SW_NEED_NETWORK, INSTALLER},
    {"ansible-pull", NULL, SW_NEED_NETWORK, TRANSFER},
    {"terraform", " init apply ", SW_NEED_NETWORK, INSTALLER},
    {"helm", " install repo pull upgrade ", SW_NEED_NETWORK, INSTALLER},
    {"curl", NULL, SW_NEED_NETWORK, TRANSFER},
    {"wget", NULL, SW_NEED_NETWORK, TRANSFER},
    {"aria2c", NULL, SW_NEED_NETWORK, TRANSFER},
    {"git", " clone pull fetch push ls-remote submodule ", SW_NEED_NETWORK, TRANSFER},
    {"svn", " checkout co export update ", SW_NEED_NETWORK, TRANSFER},
    {"scp", NULL, SW_NEED_NETWORK, TRANSFER},
    {"sftp", NULL, SW_NEED_NETWORK, TRANSFER},
    {"ping", NULL, SW_NEED_NETWORK, TRANSFER},
    {"nslookup", NULL, SW_NEED_NETWORK, TRANSFER},
    {"dig", NULL, SW_NEED_NETWORK, TRANSFER},
    {"ntpdate", NULL, SW_NEED_NETWORK, TRANSFER},
    {"aws", NULL, SW_NEED_NETWORK, AWS_API},
    {"cfn-init", NULL, SW_NEED_NETWORK, AWS_API},
    {"cfn-signal", NULL, SW_NEED_NETWORK, AWS_API},
    {"kubectl", NULL, SW_NEED_NETWORK, AWS_API},
    {"docker", " pull push login ", SW_NEED_NETWORK, TRANSFER},
    {"podman", " pull push login build run ", SW_NEED_NETWORK, TRANSFER},
    {"docker", " run build ps load exec start stop images info compose network volume ", SW_NEED_BOOT,
     DAEMON},
    {"docker-compose", " up build pull ", SW_NEED_BOOT, DAEMON},
    {"systemctl",
     " start restart reload try-restart reload-or-restart try-reload-or-restart status is-active is-failed "
     "is-system-running kill show isolate list-units list-timers reset-failed --now ",
     SW_NEED_BOOT, SERVICES},
    {"systemctl", " reboot poweroff halt kexec ", SW_NEED_BOOT, RESTARTS},
    {"service", " start restart reload status force-reload condrestart --status-all ", SW_NEED_BOOT,
     SERVICES},
    {"invoke-rc.d", " start restart reload ", SW_NEED_BOOT, SERVICES},
    {"initctl", " start restart reload status ", SW_NEED_BOOT, SERVICES},
    {"supervisorctl", NULL, SW_NEED_BOOT, SERVICES},
    {"systemd-run", NULL, SW_NEED_BOOT, SERVICES},
    {"hostnamectl", NULL, SW_NEED_BOOT, SYSTEM_BUS},
    {"timedatectl", NULL, SW_NEED_BOOT, SYSTEM_BUS},
    {"localectl", NULL, SW_NEED_BOOT, SYSTEM_BUS},
    {"loginctl", NULL, SW_NEED_BOOT, SYSTEM_BUS},
    {"firewall-cmd", NULL, SW_NEED_BOOT, SYSTEM_BUS},
    {"ufw", " enable reload status ", SW_NEED_BOOT, KERNEL},
    {"iptables", NULL, SW_NEED_BOOT, KERNEL},
    {"ip6tables", NULL, SW_NEED_BOOT, KERNEL},
    {"nft", NULL, SW_NEED_BOOT, KERNEL},
    {"modprobe", NULL, SW_NEED_BOOT, KERNEL},
    {"insmod", NULL, SW_NEED_BOOT, KERNEL},
    {"sysctl", " -w -p --system --load --write ", SW_NEED_BOOT, KERNEL},
    {"setenforce", NULL, SW_NEED_BOOT, KERNEL},
    {"swapon", NULL, SW_NEED_BOOT, KERNEL},
    {"reboot", NULL, SW_NEED_BOOT, RESTARTS},
    {"shutdown", NULL, SW_NEED_BOOT, RESTARTS},
    {"poweroff", NULL, SW_NEED_BOOT, RESTARTS},
    {"halt", NULL, SW_NEED_BOOT, RESTARTS},
    {"init", " 0 6 ", SW_NEED_BOOT, RESTARTS},
    {"telinit", " 0 6 ", SW_NEED_BOOT, RESTARTS},
    {"ec2-metadata", NULL, SW_NEED_BOOT, INSTANCE},
    {"ec2metadata", NULL, SW_NEED_BOOT, INSTANCE},
    {"uname", " -r -a -v --kernel-release --all --kernel-version ", SW_NEED_NOTHING,
     "the answer is the image's kernel"},
};

static bool has_verb(const struct sw_program *row, const char *verb)
{
    char padded[48];
    size_t len = verb != NULL ? strlen(verb) : 0;

    if (row->verbs == NULL)
        return verb == NULL;
    if (len == 0 || len > sizeof(padded) - 3)
        return false;
    padded[0] = ' ';
    memcpy(padded + 1, verb, len);
    memcpy(padded + 1 + len, " ", 2);
    return strstr(row->verbs, padded) != NULL;
}

const struct sw_program *sw_program_find(const char *name, const char *verb)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(programs); i++)
        if (strcmp(programs[i].name, name) == 0 && has_verb(&programs[i], verb))
            return &programs[i];
    return NULL;
}
