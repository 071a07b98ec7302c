/* Images: registered, found, copied, shared, tagged. */
#include "src/cloud/ec2_form.h"

#include <stdio.h>
#include <string.h>

static int add_mapping(struct sw_buf *form, size_t i, const struct sw_ec2_mapping *mapping,
                       struct sw_err *err)
{
    char prefix[EC2_MEMBER], size[EC2_NUMBER], iops[EC2_NUMBER], throughput[EC2_NUMBER];
    const struct ec2_member members[] = {
        {"DeviceName", mapping->device},
        {"Ebs.SnapshotId", mapping->snapshot_id},
        {"Ebs.VolumeType", mapping->volume_type},
        {"Ebs.VolumeSize", ec2_number(mapping->volume_gib, size)},
        {"Ebs.Iops", ec2_number(mapping->iops, iops)},
        {"Ebs.Throughput", ec2_number(mapping->throughput, throughput)},
        {"Ebs.DeleteOnTermination", mapping->keep ? "false" : "true"},
    };

    snprintf(prefix, sizeof(prefix), "BlockDeviceMapping.%zu.", i + 1);
    return ec2_add_members(form, prefix, members, SW_ARRAY_LEN(members), err);
}

/* EC2's own defaults are paravirtual and i386, and ENA is on only when it is said. */
static int register_form(const struct sw_ec2_register *request, struct sw_buf *form, struct sw_err *err)
{
    const struct ec2_member members[] = {
        {"Name", request->name},
        {"Description", request->description},
        {"Architecture", request->architecture},
        {"VirtualizationType", "hvm"},
        {"RootDeviceName", request->root_device},
        {"EnaSupport", request->no_ena ? "false" : "true"},
        {"BootMode", request->boot_mode},
        {"TpmSupport", request->tpm},
        {"ImdsSupport", request->imds},
        {"UefiData", request->uefi_data},
    };

    if (ec2_begin(form, "RegisterImage", err) < 0 ||
        ec2_add_members(form, "", members, SW_ARRAY_LEN(members), err) < 0)
        return -1;
    for (size_t i = 0; i < request->nr_mappings; i++)
        if (add_mapping(form, i, &request->mappings[i], err) < 0)
            return -1;
    return 0;
}

/* The id of a reply that is about one image. */
static int take_image_id(const struct xml_node *document, char image_id[64], struct sw_err *err)
{
    cloud_copy_text(image_id, 64, xml_text(document, "imageId"));
    return image_id[0] != '\0' ? 0 : sw_fail(err, SW_REMOTE, "the reply has no imageId");
}

int sw_ec2_register_image(struct sw_cloud *cloud, const struct sw_ec2_register *request, char image_id[64],
                          bool *taken, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;
    struct cloud_fault fault = {.status = 0};

    image_id[0] = '\0';
    *taken = false;
    if (register_form(request, &form, err) < 0)
        return -1;
    document = ec2_send(cloud, &form, &fault, err);
    if (document == NULL && strcmp(fault.code, "InvalidAMIName.Duplicate") == 0) {
        *err = (struct sw_err){.code = SW_OK};
        *taken = true;
        return 0;
    }
    if (document == NULL || take_image_id(document, image_id, err) < 0)
        return sw_context(err, "registering the image '%s'", request->name);
    return 0;
}

static void read_image(const struct xml_node *item, struct sw_ec2_image *out)
{
    const struct xml_node *mappings = xml_child(item, "blockDeviceMapping");

    out->found = true;
    cloud_copy_text(out->id, sizeof(out->id), xml_text(item, "imageId"));
    cloud_copy_text(out->name, sizeof(out->name), xml_text(item, "name"));
    cloud_copy_text(out->state, sizeof(out->state), xml_text(item, "imageState"));
    cloud_copy_text(out->reason, sizeof(out->reason), xml_text(xml_child(item, "stateReason"), "message"));
    cloud_copy_text(out->owner, sizeof(out->owner), xml_text(item, "imageOwnerId"));
    cloud_copy_text(out->architecture, sizeof(out->architecture), xml_text(item, "architecture"));
    cloud_copy_text(out->boot_mode, sizeof(out->boot_mode), xml_text(item, "bootMode"));
    cloud_copy_text(out->root_device, sizeof(out->root_device), xml_text(item, "rootDeviceName"));
    out->ena = strcmp(xml_text(item, "enaSupport"), "true") == 0;
    for (const struct xml_node *at = mappings != NULL ? mappings->first : NULL; at != NULL; at = at->next) {
        const char *id = xml_text(xml_child(at, "ebs"), "snapshotId");

        if (id[0] != '\0' && out->nr_snapshots < SW_EC2_MAX_SNAPSHOTS)
            cloud_copy_text(out->snapshots[out->nr_snapshots++], SW_EC2_SNAPSHOT_ID, id);
    }
}

static int find_one(struct sw_cloud *cloud, const struct sw_buf *form, struct sw_ec2_image *out,
                    struct sw_err *err)
{
    static const struct ec2_set set = {"imagesSet", "InvalidAMIID."};
    EC2_AUTO_ANSWER struct ec2_answer answer = {.document = NULL};

    if (ec2_describe_one(cloud, form, &set, &answer, err) < 0)
        return -1;
    if (answer.item != NULL)
        read_image(answer.item, out);
    return 0;
}

int sw_ec2_describe_image(struct sw_cloud *cloud, const char *image_id, struct sw_ec2_image *out,
                          struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    memset(out, 0, sizeof(*out));
    if (ec2_begin(&form, "DescribeImages", err) < 0 || uri_add(&form, "ImageId.1", image_id, err) < 0)
        return -1;
    if (find_one(cloud, &form, out, err) < 0)
        return sw_context(err, "asking EC2 about image '%s'", image_id);
    return 0;
}

int sw_ec2_find_image(struct sw_cloud *cloud, const char *name, struct sw_ec2_image *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    memset(out, 0, sizeof(*out));
    if (ec2_begin(&form, "DescribeImages", err) < 0 || uri_add(&form, "Owner.1", "self", err) < 0 ||
        uri_add(&form, "Filter.1.Name", "name", err) < 0 || uri_add(&form, "Filter.1.Value.1", name, err) < 0)
        return -1;
    if (find_one(cloud, &form, out, err) < 0)
        return sw_context(err, "asking EC2 for an image of the name '%s'", name);
    /* The filter knows wildcards; a name is meant. */
    if (out->found && strcmp(out->name, name) != 0)
        memset(out, 0, sizeof(*out));
    return 0;
}

int sw_ec2_deregister_image(struct sw_cloud *cloud, const char *image_id, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    if (ec2_begin(&form, "DeregisterImage", err) < 0 || uri_add(&form, "ImageId", image_id, err) < 0)
        return -1;
    if (ec2_do(cloud, &form, "InvalidAMIID.", err) < 0)
        return sw_context(err, "deregistering image '%s'", image_id);
    return 0;
}

int sw_ec2_copy_image(struct sw_cloud *cloud, const struct sw_ec2_copy *request, char image_id[64],
                      struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;
    const struct ec2_member members[] = {
        {"ClientToken", request->client_token},
        {"SourceRegion", request->source_region},
        {"SourceImageId", request->source_image},
        {"Name", request->name},
        {"Description", request->description},
        {"Encrypted", request->encrypted || request->kms_key != NULL ? "true" : NULL},
        {"KmsKeyId", request->kms_key},
    };

    if (ec2_begin(&form, "CopyImage", err) < 0 ||
        ec2_add_members(&form, "", members, SW_ARRAY_LEN(members), err) < 0)
        return -1;
    document = ec2_send(cloud, &form, NULL, err);
    if (document == NULL || take_image_id(document, image_id, err) < 0)
        return sw_context(err, "copying image '%s' from '%s' to '%s'", request->source_image,
                          request->source_region, sw_cloud_region(cloud));
    return 0;
}

/* The list of permissions is one, whatever each item names. */
static int add_permissions(struct sw_buf *form, const struct sw_ec2_permission *permission,
                           struct sw_err *err)
{
    const struct {
        const char *member;
        const char *const *items;
        size_t n;
    } kinds[] = {
        {"UserId", permission->accounts, permission->nr_accounts},
        {"OrganizationArn", permission->organizations, permission->nr_organizations},
        {"OrganizationalUnitArn", permission->units, permission->nr_units},
    };
    char name[EC2_MEMBER];
    size_t number = 0;

    for (size_t kind = 0; kind < SW_ARRAY_LEN(kinds); kind++)
        for (size_t i = 0; i < kinds[kind].n; i++) {
            snprintf(name, sizeof(name), "LaunchPermission.Add.%zu.%s", ++number, kinds[kind].member);
            if (uri_add(form, name, kinds[kind].items[i], err) < 0)
                return -1;
        }
    snprintf(name, sizeof(name), "LaunchPermission.Add.%zu.Group", number + 1);
    return uri_add(form, name, permission->all ? "all" : NULL, err);
}

int sw_ec2_share_image(struct sw_cloud *cloud, const char *image_id,
                       const struct sw_ec2_permission *permission, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    if (ec2_begin(&form, "ModifyImageAttribute", err) < 0 || uri_add(&form, "ImageId", image_id, err) < 0 ||
        add_permissions(&form, permission, err) < 0)
        return -1;
    if (ec2_do(cloud, &form, NULL, err) < 0)
        return sw_context(err, "sharing image '%s'", image_id);
    return 0;
}

int sw_ec2_create_tags(struct sw_cloud *cloud, const char *const *resources, size_t n,
                       const struct sw_ec2_tag *tags, size_t nr_tags, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    char prefix[EC2_MEMBER];

    if (n == 0 || nr_tags == 0)
        return 0;
    if (ec2_begin(&form, "CreateTags", err) < 0 ||
        ec2_add_list(&form, "ResourceId", "", resources, n, err) < 0)
        return -1;
    for (size_t i = 0; i < nr_tags; i++) {
        const struct ec2_member members[] = {{"Key", tags[i].key}, {"Value", tags[i].value}};

        snprintf(prefix, sizeof(prefix), "Tag.%zu.", i + 1);
        if (ec2_add_members(&form, prefix, members, SW_ARRAY_LEN(members), err) < 0)
            return -1;
    }
    if (ec2_do(cloud, &form, NULL, err) < 0)
        return sw_context(err, "tagging '%s'", resources[0]);
    return 0;
}
