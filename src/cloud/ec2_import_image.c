/* ImportImage, with all that it takes. */
#include "src/cloud/ec2_form.h"

#include <stdio.h>
#include <string.h>

int ec2_add_tags(struct sw_buf *form, unsigned specification, const char *type, const struct sw_ec2_tag *tags,
                 size_t n, struct sw_err *err)
{
    char prefix[EC2_MEMBER];

    if (n == 0)
        return 0;
    snprintf(prefix, sizeof(prefix), "TagSpecification.%u.ResourceType", specification);
    if (uri_add(form, prefix, type, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct ec2_member members[] = {{"Key", tags[i].key}, {"Value", tags[i].value}};

        snprintf(prefix, sizeof(prefix), "TagSpecification.%u.Tag.%zu.", specification, i + 1);
        if (ec2_add_members(form, prefix, members, SW_ARRAY_LEN(members), err) < 0)
            return -1;
    }
    return 0;
}

static int add_containers(struct sw_buf *form, const struct sw_ec2_import *request, struct sw_err *err)
{
    char prefix[EC2_MEMBER];

    for (size_t i = 0; i < request->nr_containers; i++) {
        const struct sw_ec2_container *container = &request->containers[i];
        const struct ec2_member members[] = {
            {"Description", container->description}, {"DeviceName", container->device},
            {"Format", container->format},           {"UserBucket.S3Bucket", container->bucket},
            {"UserBucket.S3Key", container->key},
        };

        snprintf(prefix, sizeof(prefix), "DiskContainer.%zu.", i + 1);
        if (ec2_add_members(form, prefix, members, SW_ARRAY_LEN(members), err) < 0)
            return -1;
    }
    return 0;
}

static int add_licences(struct sw_buf *form, const struct sw_ec2_import *request, struct sw_err *err)
{
    return ec2_add_list(form, "LicenseSpecifications", ".LicenseConfigurationArn",
                        request->license_specifications, request->nr_license_specifications, err);
}

static int import_form(const struct sw_ec2_import *request, struct sw_buf *form, struct sw_err *err)
{
    char size[32];
    const struct ec2_member members[] = {
        {"Architecture", request->architecture},
        {"BootMode", request->boot_mode},
        {"ClientData.Comment", request->comment},
        {"ClientData.UploadSize", request->upload_bytes > 0 ? size : NULL},
        {"ClientToken", request->client_token},
        {"Description", request->description},
        {"DryRun", request->dry_run ? "true" : NULL},
        {"Encrypted", request->encrypted ? "true" : NULL},
        {"KmsKeyId", request->kms_key},
        {"LicenseType", request->license_type},
        {"Platform", request->platform},
        {"RoleName", request->role_name},
        {"UsageOperation", request->usage_operation},
    };

    /* GiB, as the API has it. */
    snprintf(size, sizeof(size), "%.6f", (double)request->upload_bytes / (double)(1 << 30));
    if (ec2_begin(form, "ImportImage", err) < 0 ||
        ec2_add_members(form, "", members, SW_ARRAY_LEN(members), err) < 0 ||
        add_containers(form, request, err) < 0 || add_licences(form, request, err) < 0)
        return -1;
    return ec2_add_tags(form, 1, "import-image-task", request->tags, request->nr_tags, err);
}

int sw_ec2_import_image(struct sw_cloud *cloud, const struct sw_ec2_import *request, struct sw_ec2_task *out,
                        struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    memset(out, 0, sizeof(*out));
    if (import_form(request, &form, err) < 0)
        return -1;
    if (ec2_begin_task(cloud, &form, request->dry_run, &ec2_image_tasks, out, err) < 0)
        return sw_context(err, "asking EC2 to import 's3://%s/%s'", request->containers[0].bucket,
                          request->containers[0].key);
    return 0;
}
