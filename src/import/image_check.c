/* What ImportImage does not take, refused before anything is read or sent. */
#include "src/import/image_check.h"

#include "src/base/cleanup.h"
#include "src/import/register.h"

#include <stdbool.h>
#include <string.h>

#define MAX_DISK_BYTES (UINT64_C(8) << 40)

enum { MAX_ROLE_NAME = 64, MAX_TAGS = 50, MAX_TAG_KEY = 128, MAX_TAG_VALUE = 256 };

/* As the guide has them; another of the same form is let through, for AWS adds to them. */
static const struct {
    const char *operation;
    const char *platform;
} operations[] = {
    {"RunInstances:0002", "Windows"}, {"RunInstances:0006", "Windows"}, {"RunInstances:0102", "Windows"},
    {"RunInstances:0202", "Windows"}, {"RunInstances:0800", "Windows"}, {"RunInstances", "Linux"},
    {"RunInstances:0100", "Linux"},   {"RunInstances:0004", "Linux"},   {"RunInstances:0200", "Linux"},
};

static bool is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static int check_word(const char *what, const char *text, const char *one, const char *other,
                      struct sw_err *err)
{
    if (text == NULL || is(text, one) || is(text, other))
        return 0;
    return sw_fail(err, SW_USAGE, "%s '%s' is neither %s nor %s", what, text, one, other);
}

static int check_machine(const struct sw_import_options *o, struct sw_err *err)
{
    if (is(o->architecture, "arm64"))
        return sw_fail(err, SW_USAGE,
                       "ImportImage takes no arm64 disk; the lanes import-snapshot and ebs-direct do");
    if (is(o->boot_mode, "uefi-preferred"))
        return sw_fail(err, SW_USAGE,
                       "ImportImage does not take the boot mode uefi-preferred; say uefi or legacy-bios");
    if (check_word("the architecture", o->architecture, "x86_64", "i386", err) < 0 ||
        check_word("the boot mode", o->boot_mode, "legacy-bios", "uefi", err) < 0)
        return -1;
    return check_word("the platform", o->platform, "Windows", "Linux", err);
}

static bool operation_has_form(const char *text)
{
    static const char stem[] = "RunInstances";

    if (strncmp(text, stem, sizeof(stem) - 1) != 0)
        return false;
    text += sizeof(stem) - 1;
    return *text == '\0' ||
           (*text == ':' && strlen(text + 1) == 4 && strspn(text + 1, "0123456789abcdefg") == 4);
}

static int check_operation(const struct sw_import_options *o, struct sw_err *err)
{
    if (o->usage_operation == NULL)
        return 0;
    if (!operation_has_form(o->usage_operation))
        return sw_fail(err, SW_USAGE, "the usage operation '%s' is not of the form RunInstances:0000",
                       o->usage_operation);
    for (size_t i = 0; o->platform != NULL && i < SW_ARRAY_LEN(operations); i++)
        if (is(o->usage_operation, operations[i].operation) && !is(o->platform, operations[i].platform))
            return sw_fail(err, SW_USAGE, "the usage operation %s is one of %s, and the platform is %s",
                           o->usage_operation, operations[i].platform, o->platform);
    return 0;
}

static int check_licence(const struct sw_import_options *o, struct sw_err *err)
{
    if (check_word("the licence type", o->license_type, "AWS", "BYOL", err) < 0)
        return -1;
    if (o->license_type != NULL && o->usage_operation != NULL)
        return sw_fail(err, SW_USAGE,
                       "ImportImage takes a licence type or a usage operation, not both of them");
    if (is(o->platform, "Linux") && is(o->license_type, "AWS"))
        return sw_fail(err, SW_USAGE, "of a Linux disk the licence type can be BYOL only");
    for (size_t i = 0; i < o->nr_license_specifications; i++)
        if (strncmp(o->license_specifications[i], "arn:", 4) != 0)
            return sw_fail(err, SW_USAGE, "the licence configuration '%s' is no ARN",
                           o->license_specifications[i]);
    return check_operation(o, err);
}

int check_tags(const char *whose, const struct sw_import_tags *tags, struct sw_err *err)
{
    if (tags->n > MAX_TAGS)
        return sw_fail(err, SW_USAGE, "%zu tags of %s; AWS takes %d", tags->n, whose, MAX_TAGS);
    for (size_t i = 0; i < tags->n; i++) {
        const char *key = tags->items[i].key;

        if (key[0] == '\0' || strlen(key) > MAX_TAG_KEY || strlen(tags->items[i].value) > MAX_TAG_VALUE)
            return sw_fail(err, SW_USAGE, "the tag '%s' of %s: a key has 1 to %d bytes, a value up to %d",
                           key, whose, MAX_TAG_KEY, MAX_TAG_VALUE);
        if (strncmp(key, "aws:", 4) == 0)
            return sw_fail(err, SW_USAGE, "the tag '%s' of %s: keys that begin with aws: are AWS's own", key,
                           whose);
        for (size_t j = 0; j < i; j++)
            if (strcmp(key, tags->items[j].key) == 0)
                return sw_fail(err, SW_USAGE, "the tag '%s' of %s is given twice", key, whose);
    }
    return 0;
}

static int check_disk(const struct sw_import_options *o, size_t i, struct sw_err *err)
{
    const struct sw_import_disk *disk = &o->disks[i];
    uint64_t size = disk->image != NULL ? disk->image->size_bytes
                    : disk->in != NULL  ? disk->in->size_bytes
                                        : 0;

    if (is(disk->format, "OVA") && o->nr_disks > 1)
        return sw_fail(err, SW_REFUSED, "'%s' is an OVA, which is a whole machine: it is imported alone",
                       disk->source_path);
    if ((disk->image != NULL || is(disk->format, "RAW")) && size >= MAX_DISK_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s' has %llu bytes; ImportImage takes disks below 8 TiB",
                       disk->source_path, (unsigned long long)size);
    for (size_t j = 0; disk->device != NULL && j < i; j++)
        if (is(o->disks[j].device, disk->device))
            return sw_fail(err, SW_USAGE, "'%s' and '%s' would both be %s", o->disks[j].source_path,
                           disk->source_path, disk->device);
    return 0;
}

int image_check(const struct sw_import_options *o, struct sw_err *err)
{
    if (o->bucket == NULL)
        return sw_fail(err, SW_USAGE, "the lane import-image needs a bucket that the image goes through");
    if (o->kms_key != NULL && !o->encrypted)
        return sw_fail(err, SW_USAGE, "a KMS key needs an encrypted image: say so, too");
    if (o->role_name != NULL && (o->role_name[0] == '\0' || strlen(o->role_name) > MAX_ROLE_NAME))
        return sw_fail(err, SW_USAGE, "a role's name has 1 to %d bytes (it is no ARN)", MAX_ROLE_NAME);
    if (register_refuse(o, "import-image", err) < 0 || check_machine(o, err) < 0 ||
        check_licence(o, err) < 0 || check_tags("the task", &o->task_tags, err) < 0)
        return -1;
    for (size_t i = 0; i < o->nr_disks; i++)
        if (check_disk(o, i, err) < 0)
            return -1;
    return 0;
}
