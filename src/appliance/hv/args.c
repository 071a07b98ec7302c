/* The arguments that libguestfs gives to qemu: what of them is the same at each launch. */
#include "src/appliance/hv/hv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static bool add(struct hv_plan *plan, const char *text, size_t len)
{
    if (plan->key_len + len + 1 > HV_KEY_MAX)
        return false;
    memcpy(plan->key + plan->key_len, text, len);
    plan->key[plan->key_len + len] = '\0';
    plan->key_len += len + 1;
    return true;
}

static bool add_pair(struct hv_plan *plan, const char *option, const char *value)
{
    return add(plan, option, strlen(option)) && add(plan, value, strlen(value));
}

/* Has the options a=b,c=d this one? Commas in values are doubled. */
static bool has_option(const char *value, const char *wanted)
{
    size_t len = strlen(wanted);

    for (const char *at = value; (at = strstr(at, wanted)) != NULL; at++)
        if ((at == value || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* "…,id=hd12,…": the user's, in the order in which libguestfs counts them. */
static bool is_users(const char *value, unsigned number)
{
    char wanted[32];

    snprintf(wanted, sizeof(wanted), "id=hd%u", number);
    return has_option(value, wanted);
}

bool hv_without_path(const char *value, char *out, size_t len)
{
    const char *path = strstr(value, "path="), *end;

    if (path == NULL || (path != value && path[-1] != ','))
        return (size_t)snprintf(out, len, "%s", value) < len;
    for (end = path; *end != '\0' && !(end[0] == ',' && end[1] != ','); end++)
        end += end[0] == ',';
    end += *end == ',';
    return (size_t)snprintf(out, len, "%.*s%s", (int)(path - value), value, end) < len;
}

static bool take_drive(struct hv_plan *plan, const char *value, unsigned *drives)
{
    if (is_users(value, *drives)) {
        (*drives)++;
        return true;
    }
    plan->plain |= !has_option(value, "id=appliance");
    return add_pair(plan, "-drive", value);
}

static bool take_device(struct hv_plan *plan, const char *value)
{
    char with_target[HV_VALUE_MAX];

    if (strncmp(value, "scsi-hd,", 8) != 0) {
        plan->plain |= strncmp(value, "virtio-net", 10) == 0;
        return add_pair(plan, "-device", value);
    }
    if (has_option(value, "drive=appliance")) {
        snprintf(with_target, sizeof(with_target), "%.4000s,scsi-id=%d", value, HV_ROOT_TARGET);
        return add_pair(plan, "-device", with_target);
    }
    /* A disk that is more than that would be plugged in as less. */
    snprintf(with_target, sizeof(with_target), "scsi-hd,drive=hd%u", plan->nr_disks);
    if (plan->nr_disks == HV_DISKS_MAX || strcmp(value, with_target) != 0) {
        plan->plain = true;
        return true;
    }
    plan->disks[plan->nr_disks++] = value;
    return true;
}

/* The kernel's command line without the user's terminal, which is nothing to a machine that has none. */
static bool take_append(struct hv_plan *plan, const char *value)
{
    char rest[HV_VALUE_MAX];
    const char *at = strstr(value, " TERM="), *end;

    if (at == NULL)
        return add_pair(plan, "-append", value);
    end = at + 1 + strcspn(at + 1, " ");
    return (size_t)snprintf(rest, sizeof(rest), "%.*s%s", (int)(at - value), value, end) < sizeof(rest) &&
           add_pair(plan, "-append", rest);
}

static bool take(struct hv_plan *plan, const char *option, const char *value, unsigned *drives)
{
    char rest[HV_VALUE_MAX];

    if (strcmp(option, "-drive") == 0)
        return take_drive(plan, value, drives);
    if (strcmp(option, "-device") == 0)
        return take_device(plan, value);
    if (strcmp(option, "-append") == 0)
        return take_append(plan, value);
    if (strcmp(option, "-chardev") == 0)
        return hv_without_path(value, rest, sizeof(rest)) && add_pair(plan, option, rest);
    return add_pair(plan, option, value);
}

/* Options of qemu that libguestfs gives and that take no value. */
static bool stands_alone(const char *option)
{
    static const char *const alone[] = {"-no-user-config", "-nodefaults", "-no-reboot",
                                        "-no-hpet",        "-S",          "-nographic"};

    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
        if (strcmp(option, alone[i]) == 0)
            return true;
    return false;
}

static bool tells_processor(const char *line)
{
    static const char *const keys[] = {"vendor_id", "cpu family", "model", "stepping", "microcode", "flags"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/*
 * Under KVM the state holds what the processor can do, and with any accelerator how fast its clock is, which the guest is told to
 * rely on: it is good for this processor, and this kernel, alone.
 */
static bool add_host(struct hv_plan *plan)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    struct utsname kernel;
    char line[HV_VALUE_MAX];
    bool fits = file != NULL && uname(&kernel) == 0;

    if (fits) {
        snprintf(line, sizeof(line), "%ckernel %.64s %.64s", HV_NO_WORD, kernel.release, kernel.version);
        fits = add(plan, line, strlen(line));
    }
    while (fits && fgets(line + 1, sizeof(line) - 1, file) != NULL && line[1] != '\n') {
        line[0] = HV_NO_WORD;
        line[strcspn(line, "\n")] = '\0';
        if (tells_processor(line + 1))
            fits = add(plan, line, strlen(line));
    }
    if (file != NULL)
        fclose(file);
    return fits;
}

bool hv_plan(char *const *args, const char *folder, struct hv_plan *out)
{
    unsigned drives = 0;
    bool kernel = false, known = true;

    *out = (struct hv_plan){.key = malloc(HV_KEY_MAX)};
    if (out->key == NULL)
        return false;
    for (size_t i = 0; args[i] != NULL; i++) {
        bool alone = args[i][0] != '-' || stands_alone(args[i]);

        if (!alone && args[i + 1] == NULL) {
            known = false;
            break;
        }
        kernel |=
            !alone && strcmp(args[i], "-kernel") == 0 && strncmp(args[i + 1], folder, strlen(folder)) == 0;
        known &= strcmp(args[i], "-S") != 0 && strcmp(args[i], "-netdev") != 0;
        if (alone ? !add(out, args[i], strlen(args[i])) : !take(out, args[i], args[i + 1], &drives))
            return false;
        i += !alone;
    }
    out->plain |= !kernel || !known || drives != out->nr_disks;
    return add_host(out);
}

/* FNV-1a. Who finds a state by its name compares the whole key. */
void hv_name(const struct hv_plan *plan, char name[17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < plan->key_len; i++)
        hash = (hash ^ (unsigned char)plan->key[i]) * UINT64_C(0x100000001b3);
    snprintf(name, 17, "%016llx", (unsigned long long)hash);
}
