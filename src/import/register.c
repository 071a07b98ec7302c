/* RegisterImage over snapshots that a lane made: the options checked, the name as the only token. */
#include "src/import/register.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/import/release.h"

#include <stdio.h>
#include <string.h>

bool register_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[] ./-'@_";
    size_t len = strlen(name);

    return len >= 3 && len < SW_EC2_IMAGE_NAME && strspn(name, allowed) == len;
}

static int one_of(const char *what, const char *value, const char *const *words, struct sw_err *err)
{
    if (value == NULL)
        return 0;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], value) == 0)
            return 0;
    return sw_fail(err, SW_USAGE, "the %s '%s' is none that an image is registered with", what, value);
}

int register_refuse(const struct sw_import_options *o, const char *lane, struct sw_err *err)
{
    const struct {
        const char *name;
        bool given;
    } own[] = {
        {"a root device", o->root_device != NULL},
        {"a volume's type or size",
         o->volume_type != NULL || o->volume_gib + o->volume_iops + o->volume_throughput > 0},
        {"a TPM", o->tpm_support != NULL},
        {"the metadata service's version", o->imds_support != NULL},
        {"UEFI data", o->uefi_data != NULL},
        {"leaving ENA out", o->no_ena},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(own); i++)
        if (own[i].given)
            return sw_fail(err, SW_USAGE, "%s is not for the lane %s, where AWS registers the image",
                           own[i].name, lane);
    return 0;
}

/* What AWS does to a disk in the other lane, and needs to be told for it. */
static int check_foreign(const struct sw_import_options *o, const char *lane, struct sw_err *err)
{
    const struct {
        const char *name;
        bool given;
    } foreign[] = {
        {"a licence type", o->license_type != NULL},
        {"a usage operation", o->usage_operation != NULL},
        {"a platform", o->platform != NULL},
        {"licence configurations", o->nr_license_specifications > 0},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(foreign); i++)
        if (foreign[i].given)
            return sw_fail(err, SW_USAGE, "%s is of the lane import-image only, not of %s", foreign[i].name,
                           lane);
    return 0;
}

static int check_volume(const struct sw_import_options *o, struct sw_err *err)
{
    static const char *const types[] = {"gp2", "gp3", "io1", "io2", "st1", "sc1", "standard", NULL};
    const char *type = o->volume_type != NULL ? o->volume_type : "gp3";

    if (one_of("volume type", type, types, err) < 0)
        return -1;
    if (o->volume_throughput != 0 && strcmp(type, "gp3") != 0)
        return sw_fail(err, SW_USAGE, "a throughput is for gp3 volumes only");
    if (o->volume_iops != 0 && strcmp(type, "gp3") != 0 && strncmp(type, "io", 2) != 0)
        return sw_fail(err, SW_USAGE, "IOPS are for gp3, io1 and io2 volumes only");
    if (o->volume_iops == 0 && strncmp(type, "io", 2) == 0)
        return sw_fail(err, SW_USAGE, "a volume of type %s needs its IOPS to be said", type);
    if (o->volume_gib > 65536)
        return sw_fail(err, SW_USAGE, "a volume has at most 65536 GiB");
    return 0;
}

int register_check(const struct sw_import_options *o, const char *lane, struct sw_err *err)
{
    static const char *const boot_modes[] = {"legacy-bios", "uefi", "uefi-preferred", NULL};
    static const char *const architectures[] = {"x86_64", "arm64", "i386", NULL};
    static const char *const v2[] = {"v2.0", NULL};

    if (one_of("boot mode", o->boot_mode, boot_modes, err) < 0 ||
        one_of("architecture", o->architecture, architectures, err) < 0 ||
        one_of("TPM support", o->tpm_support, v2, err) < 0 ||
        one_of("IMDS support", o->imds_support, v2, err) < 0 || check_volume(o, err) < 0 ||
        check_foreign(o, lane, err) < 0)
        return -1;
    if (o->tpm_support != NULL && (o->boot_mode == NULL || strcmp(o->boot_mode, "uefi") != 0))
        return sw_fail(err, SW_USAGE, "a TPM needs the boot mode uefi");
    if (o->architecture != NULL && strcmp(o->architecture, "arm64") == 0 && o->boot_mode != NULL &&
        strcmp(o->boot_mode, "uefi") != 0)
        return sw_fail(err, SW_USAGE, "arm64 boots by uefi only");
    if (o->kms_key != NULL && !o->encrypted)
        return sw_fail(err, SW_USAGE, "a KMS key is for what is encrypted: say so as well");
    return 0;
}

/* FILE-0123456789ab: of what was sent and how, so that the same import has the same name. */
static int default_name(const struct import_flow *flow, char out[SW_EC2_IMAGE_NAME], struct sw_err *err)
{
    const char *file = sw_path_base(flow->options->disks[0].source_path);
    char token[IMPORT_TOKEN];
    size_t n = 0;

    if (flow_token(flow, "image name", token, err) < 0)
        return -1;
    for (; *file != '\0' && n < SW_EC2_IMAGE_NAME - 14; file++)
        out[n++] = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *file) != NULL
                       ? *file
                       : '-';
    snprintf(out + n, SW_EC2_IMAGE_NAME - n, "-%.12s", token + strlen("slipway-"));
    return 0;
}

static int name_of(struct import_flow *flow, char out[SW_EC2_IMAGE_NAME], struct sw_err *err)
{
    const char *wished = release_home_name(flow);

    return wished != NULL ? release_name(flow, wished, out, err) : default_name(flow, out, err);
}

static const char *or_else(const char *given, const char *fallback)
{
    return given != NULL ? given : fallback;
}

/* The root is /dev/sda1, what comes after it /dev/sdf and on: the names that EC2 keeps for EBS volumes. */
static void fill_mappings(const struct import_flow *flow, const char (*snapshots)[SW_EC2_SNAPSHOT_ID],
                          char (*devices)[16], struct sw_ec2_mapping *out)
{
    const struct sw_import_options *o = flow->options;

    for (size_t i = 0; i < o->nr_disks; i++) {
        snprintf(devices[i], sizeof(devices[i]), "/dev/sd%c", (char)('f' + i - 1));
        out[i] = (struct sw_ec2_mapping){.device = or_else(o->disks[i].device, devices[i]),
                                         .snapshot_id = snapshots[i],
                                         .volume_type = or_else(o->volume_type, "gp3")};
    }
    out[0].device = or_else(o->root_device, or_else(o->disks[0].device, "/dev/sda1"));
    out[0].volume_gib = o->volume_gib;
    out[0].iops = o->volume_iops;
    out[0].throughput = o->volume_throughput;
}

static bool over_these(const struct sw_ec2_image *image, const char (*snapshots)[SW_EC2_SNAPSHOT_ID],
                       size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        for (unsigned j = 0; j < image->nr_snapshots; j++)
            found += strcmp(image->snapshots[j], snapshots[i]) == 0;
    return found == n && image->nr_snapshots == n;
}

/* The first thing in which the image is another than what would be registered; NULL when it is the same. */
static const char *differs(const struct sw_ec2_image *image, const struct sw_ec2_register *request)
{
    if (image->ena == request->no_ena)
        return "ENA support";
    if (strcmp(image->architecture, request->architecture) != 0)
        return "architecture";
    if (request->boot_mode != NULL && strcmp(image->boot_mode, request->boot_mode) != 0)
        return "boot mode";
    return strcmp(image->root_device, request->root_device) != 0 ? "root device" : NULL;
}

/* An image has the name: ours, when it is over these snapshots and as the options say, or another one. */
static int accept(const struct sw_ec2_image *image, const struct sw_ec2_register *request,
                  const char (*snapshots)[SW_EC2_SNAPSHOT_ID], char image_id[64], struct sw_err *err)
{
    const char *other;

    if (!over_these(image, snapshots, request->nr_mappings))
        return sw_fail(err, SW_REFUSED,
                       "the image name '%s' is taken by '%s', which is not of this import; "
                       "choose another --name",
                       request->name, image->id);
    other = differs(image, request);
    if (other != NULL)
        return sw_fail(
            err, SW_REFUSED,
            "the image '%s' is there as '%s', with another %s; deregister it, or choose another --name",
            request->name, image->id, other);
    memcpy(image_id, image->id, sizeof(image->id));
    return 0;
}

/* look_first: it was registered before, and is there unless somebody took it away. */
static int ask_ec2(struct import_flow *flow, const struct sw_ec2_register *request,
                   const char (*snapshots)[SW_EC2_SNAPSHOT_ID], bool look_first, char image_id[64],
                   struct sw_err *err)
{
    struct sw_ec2_image image = {.found = false};
    bool taken = false;

    if (look_first && sw_ec2_find_image(flow->cloud, request->name, &image, err) < 0)
        return -1;
    if (!image.found && sw_ec2_register_image(flow->cloud, request, image_id, &taken, err) < 0)
        return -1;
    if (taken && sw_ec2_find_image(flow->cloud, request->name, &image, err) < 0)
        return -1;
    if (taken && !image.found)
        return sw_fail(err, SW_REMOTE,
                       "EC2 says that the image name '%s' is taken, and does not show by which",
                       request->name);
    return image.found ? accept(&image, request, snapshots, image_id, err) : 0;
}

static int register_as(struct import_flow *flow, const char *name,
                       const char (*snapshots)[SW_EC2_SNAPSHOT_ID], bool look_first, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    struct sw_ec2_mapping mappings[SW_IMPORT_MAX_DISKS];
    char devices[SW_IMPORT_MAX_DISKS][16], image_id[64];
    struct sw_ec2_register request = {.name = name,
                                      .description = o->description,
                                      .architecture = or_else(o->architecture, "x86_64"),
                                      .boot_mode = o->boot_mode,
                                      .tpm = o->tpm_support,
                                      .imds = o->imds_support,
                                      .uefi_data = o->uefi_data,
                                      .mappings = mappings,
                                      .nr_mappings = o->nr_disks,
                                      .no_ena = o->no_ena};

    fill_mappings(flow, snapshots, devices, mappings);
    request.root_device = mappings[0].device;
    if (ask_ec2(flow, &request, snapshots, look_first, image_id, err) < 0)
        return -1;
    memcpy(flow->journal.state.image_id, image_id, sizeof(image_id));
    return 0;
}

int register_image(struct import_flow *flow, const char (*snapshots)[SW_EC2_SNAPSHOT_ID], struct sw_err *err)
{
    char name[SW_EC2_IMAGE_NAME];
    json_t *list = json_array();

    for (size_t i = 0; i < flow->options->nr_disks; i++)
        if (sw_json_append(list, json_string(snapshots[i]), err) < 0) {
            json_decref(list);
            return -1;
        }
    if (name_of(flow, name, err) < 0 || register_as(flow, name, snapshots, false, err) < 0) {
        json_decref(list);
        return -1;
    }
    if (release_note(flow, "registered",
                     json_pack("{s:s, s:s, s:o}", "name", name, "image_id", flow->journal.state.image_id,
                               "snapshots", list),
                     err) < 0)
        return -1;
    flow_tell(flow, "registered",
              json_pack("{s:s, s:s}", "image_id", flow->journal.state.image_id, "name", name));
    return 0;
}

int register_take_back(struct import_flow *flow, const char (*snapshots)[SW_EC2_SNAPSHOT_ID],
                       struct sw_err *err)
{
    char name[SW_EC2_IMAGE_NAME];
    struct sw_ec2_image image;

    if (name_of(flow, name, err) < 0 || sw_ec2_find_image(flow->cloud, name, &image, err) < 0)
        return -1;
    if (!image.found || !over_these(&image, snapshots, flow->options->nr_disks))
        return 0;
    return sw_ec2_deregister_image(flow->cloud, image.id, err);
}

static int recall_snapshots(const json_t *list, size_t n, char (*out)[SW_EC2_SNAPSHOT_ID], struct sw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *id = json_string_value(json_array_get(list, i));

        if (id == NULL || strlen(id) >= SW_EC2_SNAPSHOT_ID)
            return sw_fail(err, SW_INTEGRITY, "the journal's list of snapshots is damaged");
        memcpy(out[i], id, strlen(id) + 1);
    }
    return 0;
}

/* Registered under the new name first; the old name goes when the new one stands. */
int register_again(struct import_flow *flow, struct sw_err *err)
{
    const json_t *before = json_object_get(flow->journal.state.release, "registered");
    char snapshots[SW_IMPORT_MAX_DISKS][SW_EC2_SNAPSHOT_ID], name[SW_EC2_IMAGE_NAME], old[64];
    const char *old_name = sw_json_text(before, "name"), *old_id = sw_json_text(before, "image_id");

    if (before == NULL)
        return 0;
    if (old_name == NULL || old_id == NULL || strlen(old_id) >= sizeof(old))
        return sw_fail(err, SW_INTEGRITY, "the journal's registered image is damaged");
    if (name_of(flow, name, err) < 0 ||
        recall_snapshots(json_object_get(before, "snapshots"), flow->options->nr_disks, snapshots, err) < 0)
        return -1;
    memcpy(old, old_id, strlen(old_id) + 1);
    if (strcmp(name, old_name) == 0)
        return register_as(flow, name, (const char(*)[SW_EC2_SNAPSHOT_ID])snapshots, true, err);
    if (release_note(flow, "replaced", json_pack("{s:s}", "image_id", old), err) < 0)
        return -1;
    return register_image(flow, (const char(*)[SW_EC2_SNAPSHOT_ID])snapshots, err);
}
