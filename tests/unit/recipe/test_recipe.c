/* Recipes: fields, components found, parameters resolved, overrides. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/fs.h"
#include "src/base/json.h"

#define RECIPE_HEAD "name: web\nsemanticVersion: 1.2.3\nparentImage: base.raw\n"
#define DOCUMENT                                                              \
    "name: first\nschemaVersion: 1.0\nparameters:\n"                          \
    "  - Port: {type: string, default: '80', allowedValues: ['80', '443']}\n" \
    "  - Site: {type: string}\n"                                              \
    "phases: [{name: build, steps: [{name: a, action: DeleteFile, inputs: [{path: '/{{ Site }}'}]}]}]\n"
#define PLAIN(name)                        \
    "name: " name "\nschemaVersion: 1.0\n" \
    "phases: [{name: build, steps: [{name: a, action: DeleteFile, inputs: [{path: /x}]}]}]\n"

static struct sw_recipe *load_with(const char *text, const struct sw_overrides *overrides, struct sw_err *err)
{
    write_text("recipe.yml", text);
    return sw_recipe_load("recipe.yml", overrides, NULL, err);
}

static struct sw_recipe *good_recipe(const char *text, const struct sw_overrides *overrides)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load_with(text, overrides, &err);

    if (recipe == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return recipe;
}

/* The faults of a recipe, exactly these. */
static void assert_recipe_faults(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe;
    char *got;

    write_text("recipe.yml", text);
    recipe = sw_recipe_load("recipe.yml", NULL, &diags, &err);
    got = faults_text(&diags, "recipe.yml");
    assert_string_equal(got, want);
    assert_int_equal(recipe == NULL, diags.nr_errors > 0);
    if (recipe == NULL)
        assert_int_equal(err.code, SW_RECIPE);
    free(got);
    sw_recipe_free(recipe);
    sw_diags_free(&diags);
}

static void a_full_recipe_is_read(void **state)
{
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml", DOCUMENT);
    r = good_recipe(RECIPE_HEAD
                    "description: d\nparentImageFormat: raw\nworkingDirectory: /var/tmp\nnetwork: allow\n"
                    "tags: {a: b}\n"
                    "components:\n  - component: first.yml\n    parameters:\n"
                    "      - {name: Site, value: [lab]}\n"
                    "outputs:\n  - {format: vmdk, subformat: streamOptimized, seal: ['pem:lab.pem,name=x', "
                    "'aes:/etc/k', 'kms:arn:aws:kms:x']}\n  - format: raw\n",
                    NULL);
    assert_string_equal(r->name, "web");
    assert_string_equal(r->version, "1.2.3");
    assert_string_equal(r->base_path, "base.raw");
    assert_string_equal(r->base_format, "raw");
    assert_string_equal(r->working_directory, "/var/tmp");
    assert_true(r->network);
    assert_int_equal(r->nr_outputs, 2);
    assert_string_equal(r->outputs[0].subformat, "streamOptimized");
    assert_int_equal(r->outputs[0].nr_seal, 3);
    assert_string_equal(r->outputs[0].seal[0], "pem:lab.pem,name=x");
    assert_null(r->outputs[1].subformat);
    assert_int_equal(r->nr_uses, 1);
    assert_string_equal(r->uses[0].reference, "first.yml");
    assert_string_equal(r->uses[0].values[0].value, "80");
    assert_string_equal(r->uses[0].values[1].value, "lab");
    assert_string_equal(sw_node_get(sw_node_get(r->root, "tags"), "a")->text, "b");
    sw_recipe_free(r);
}

static void repositories_are_local_paths_beside_the_recipe(void **state)
{
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml", PLAIN("first"));
    r = good_recipe(RECIPE_HEAD "components: [{component: first.yml}]\nrepositories: [debs, /media/x.iso]\n",
                    NULL);
    assert_int_equal(r->nr_repositories, 2);
    assert_string_equal(r->repositories[0], "debs");
    assert_string_equal(r->repositories[1], "/media/x.iso");
    sw_recipe_free(r);
    assert_recipe_faults(
        RECIPE_HEAD "components: [{component: first.yml}]\n"
                    "repositories: ['', {path: x}, ~, 'http://deb.debian.org/debian']\n",
        "5:16: a repository is the path of a folder, an ISO image or a tar\n"
        "5:20: a repository is the path of a folder, an ISO image or a tar\n"
        "5:31: a repository is the path of a folder, an ISO image or a tar\n"
        "5:34: the repository 'http://deb.debian.org/debian' is not local: name a folder, an ISO "
        "image or a tar\n");
    assert_recipe_faults(RECIPE_HEAD "components: [{component: first.yml}]\nrepositories: debs\n",
                         "5:15: 'repositories' is a text here, and must be a list\n");
    assert_recipe_faults(RECIPE_HEAD "components: [{component: first.yml}]\n"
                                     "repositories: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\n",
                         "5:15: there are 17 repositories, and 16 are the most\n");
}

static void defaults_are_no_network_and_tmp(void **state)
{
    struct sw_recipe *r = good_recipe(RECIPE_HEAD, NULL);

    (void)state;
    assert_false(r->network);
    assert_false(r->skip_starts);
    assert_string_equal(r->working_directory, "/tmp");
    assert_null(r->base_format);
    assert_int_equal(r->nr_outputs, 0);
    assert_int_equal(r->nr_uses, 0);
    sw_recipe_free(r);
}

static void starts_of_services_are_refused_or_left_out(void **state)
{
    struct sw_overrides over = {.service_starts = "fail"};
    struct sw_err err = {0};
    struct sw_recipe *r = good_recipe(RECIPE_HEAD "serviceStarts: skip\n", NULL);

    (void)state;
    assert_true(r->skip_starts);
    sw_recipe_free(r);
    r = good_recipe(RECIPE_HEAD "serviceStarts: skip\n", &over);
    assert_false(r->skip_starts);
    sw_recipe_free(r);
    over.service_starts = "skip";
    r = good_recipe(RECIPE_HEAD, &over);
    assert_true(r->skip_starts);
    sw_recipe_free(r);
    assert_recipe_faults(RECIPE_HEAD "serviceStarts: ignore\n",
                         "4:16: serviceStarts is 'ignore': it must be fail or skip\n");
    over.service_starts = "yes";
    assert_null(load_with(RECIPE_HEAD, &over, &err));
    assert_int_equal(err.code, SW_USAGE);
    assert_string_equal(err.text, "--service-starts is 'yes': it must be fail or skip");
}

static void files_are_relative_to_the_recipe(void **state)
{
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    assert_ok(sw_mkdir_p("sub/parts", 0755, &err), err);
    write_text("sub/parts/one.yml", PLAIN("one"));
    write_text("sub/r.json",
               "{\"name\": \"web\", \"semanticVersion\": \"1.0.0\", \"parentImage\": \"file:../b.vmdk\",\n"
               "\"components\": [{\"component\": \"parts/one.yml\"}],\n"
               "\"outputs\": [{\"format\": \"vhd\", \"seal\": [\"aes:k\"]}]}");
    r = sw_recipe_load("sub/r.json", NULL, NULL, &err);
    if (r == NULL)
        fail_msg("%s", err.text);
    assert_string_equal(r->base_path, "sub/../b.vmdk");
    assert_string_equal(r->uses[0].component->file, "sub/parts/one.yml");
    assert_string_equal(r->outputs[0].seal[0], "aes:sub/k");
    sw_recipe_free(r);
}

static void an_image_at_aws_needs_a_base(void **state)
{
    static const char *const images[] = {
        "ami-0123456789abcdef0", "arn:aws:imagebuilder:eu-west-1:aws:image/x/x.x.x", "ssm:/aws/service/x",
        "prod-abc", "01234567-89ab-cdef-0123-456789abcdef"};
    struct sw_overrides base = {.base = "here/x.raw", .base_format = "raw"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct sw_recipe *r;

        snprintf(text, sizeof(text), "name: web\nsemanticVersion: 1.0.0\nparentImage: %s\n", images[i]);
        r = good_recipe(text, NULL);
        assert_null(r->base_path);
        assert_string_equal(r->parent_image, images[i]);
        sw_recipe_free(r);
        r = good_recipe(text, &base);
        assert_string_equal(r->base_path, "here/x.raw");
        assert_string_equal(r->base_format, "raw");
        sw_recipe_free(r);
    }
}

static void the_recipes_format_holds_for_a_base_named_alike_only(void **state)
{
    struct sw_overrides alike = {.base = "/x/other.raw"}, else_ = {.base = "/x/other.vmdk"};
    struct sw_recipe *r = good_recipe(RECIPE_HEAD "parentImageFormat: raw\n", &alike);

    (void)state;
    assert_string_equal(r->base_format, "raw");
    sw_recipe_free(r);
    r = good_recipe(RECIPE_HEAD "parentImageFormat: raw\n", &else_);
    assert_null(r->base_format);
    sw_recipe_free(r);
}

static void unknown_and_malformed_fields_are_faults(void **state)
{
    (void)state;
    assert_recipe_faults(
        "name: a b \nsemanticVersion: 1.0\nparentImages: x\nnetwork: maybe\nworkingDirectory: tmp\n"
        "parentImageFormat: vdi\ntags: {a: [b]}\nextra: 1\n",
        "1:1: 'parentImage' is missing\n"
        "2:18: semanticVersion is '1.0': it must be three numbers, such as 1.0.0\n"
        "3:1: a recipe has no field 'parentImages' (did you mean 'parentImage'?)\n"
        "4:10: network is 'maybe': it must be deny or allow\n"
        "5:19: workingDirectory is 'tmp': it must be an absolute path\n"
        "6:20: parentImageFormat is 'vdi': it must be raw, vmdk, vhd, qcow2 or ova\n"
        "7:11: the tag 'a' is a list here, and must be a text\n"
        "8:1: a recipe has no field 'extra'\n");
    assert_recipe_faults(
        "name: a/../b\nsemanticVersion: 1.0.1073741824\nparentImage: 'file:'\n",
        "1:7: the name 'a/../b' must be 3 to 128 letters, digits, '-', '_' and inner blanks\n"
        "2:18: semanticVersion is '1.0.1073741824': it must be three numbers, such as 1.0.0\n"
        "3:14: parentImage is 'file:', without a path\n");
}

static void the_root_volume_has_a_size_and_others_are_kept(void **state)
{
    struct sw_recipe *r = good_recipe(
        RECIPE_HEAD "blockDeviceMappings:\n"
                    "  - {deviceName: /dev/sda1, ebs: {volumeSize: 20, encrypted: true, iops: 3000}}\n",
        NULL);

    (void)state;
    assert_int_equal(r->volume_bytes, (uint64_t)20 << 30);
    assert_int_equal(r->volume_line, 5);
    assert_int_equal(r->volume_column, 47);
    assert_string_equal(
        sw_node_get(sw_node_get(sw_node_get(r->root, "blockDeviceMappings")->items[0], "ebs"), "iops")->text,
        "3000");
    sw_recipe_free(r);
    assert_recipe_faults(RECIPE_HEAD
                         "blockDeviceMappings: [{deviceName: /dev/xvdb, ebs: {volumeSize: 20}}]\n",
                         "4:65: warning: a volume beside the root disk (/dev/xvda, /dev/sda1): kept for the "
                         "import, a build makes none\n");
}

static void bad_volumes_are_faults(void **state)
{
    (void)state;
    assert_recipe_faults(
        RECIPE_HEAD "blockDeviceMappings:\n"
                    "  - {deviceName: /dev/xvda, ebs: {volumeSize: 16001, iops: 99, throughput: 1e3}}\n"
                    "  - {deviceName: /dev/xvda, ebs: {volumeSize: 020, volumeType: gp4, encrypted: maybe}}\n"
                    "  - {deviceName: '', ebs: {volumeSize: -1, size: 3}}\n  - /dev/xvda\n"
                    "  - {virtualName: ephemeral0, noDevice: '', name: x}\n",
        "5:47: volumeSize is '16001': it must be a number from 1 to 16000\n"
        "5:60: iops is '99': it must be a number from 100 to 64000\n"
        "5:76: throughput is '1e3': it must be a number from 125 to 1000\n"
        "6:18: the device '/dev/xvda' is there twice\n"
        "6:64: volumeType is 'gp4': it must be standard, io1, io2, gp2, gp3, sc1 or st1\n"
        "6:80: encrypted is 'maybe': it must be true or false\n"
        "7:18: deviceName must have 1 to 1024 characters\n"
        "7:40: volumeSize is '-1': it must be a number from 1 to 16000\n"
        "7:44: 'ebs' has no field 'size'\n"
        "8:5: a mapping is a text here, and must be a map ('- deviceName: /dev/xvda')\n"
        "9:45: a mapping has no field 'name'\n");
}

static void instance_configuration_and_tags_are_checked(void **state)
{
    (void)state;
    assert_recipe_faults(
        RECIPE_HEAD
        "additionalInstanceConfiguration:\n  systemsManagerAgent: {uninstallAfterBuild: perhaps}\n"
        "  userDataOverride: 'no base64'\ntags: {'aws:x': y, '': z}\namiTags: {a: [b]}\n"
        "amiWatermarks: [a, b, c, d, e, f]\n",
        "5:46: uninstallAfterBuild is 'perhaps': it must be true or false\n"
        "6:21: userDataOverride must be 1 to 21847 characters of base64\n"
        "7:8: the tag 'aws:x' begins with 'aws:', which is AWS's own\n"
        "7:20: a tag's name must have 1 to 128 characters\n"
        "8:14: the tag 'a' is a list here, and must be a text\n"
        "9:16: more than 5 watermarks\n");
    /* What only the service's own instance has is told, not passed over. */
    assert_recipe_faults(
        RECIPE_HEAD "additionalInstanceConfiguration:\n  systemsManagerAgent: {uninstallAfterBuild: true}\n"
                    "  userDataOverride: aGk=\n",
        "5:46: warning: a local build installs no Systems Manager agent and removes none: where the base image "
        "has one, a component has to remove it (apt-get purge amazon-ssm-agent)\n"
        "6:21: warning: userDataOverride is for the instance that the service builds on: it is kept for the "
        "import and not run here\n");
    assert_recipe_faults(
        RECIPE_HEAD "additionalInstanceConfiguration:\n  systemsManagerAgent: {uninstallAfterBuild: false}\n",
        "");
}

static void a_version_that_the_service_counts_up_is_zero_here(void **state)
{
    struct sw_recipe *r = good_recipe("name: web\nsemanticVersion: 1.2.x\nparentImage: base.raw\n", NULL);

    (void)state;
    assert_string_equal(r->version, "1.2.0");
    sw_recipe_free(r);
    assert_recipe_faults("name: web\nsemanticVersion: 1.x.x\nparentImage: base.raw\n",
                         "2:18: semanticVersion is '1.x.x': it must be three numbers, such as 1.0.0\n");
}

static void outputs_are_checked(void **state)
{
    (void)state;
    assert_recipe_faults(RECIPE_HEAD
                         "outputs:\n  - vmdk\n  - {format: vdi}\n  - {format: vhd, subformat: dynamik}\n"
                         "  - {format: raw, seal: []}\n  - {format: raw, seal: [lab.pem]}\n",
                         "5:5: an output is a text here, and must be a map ('- format: vmdk')\n"
                         "6:14: the format 'vdi' is not known: raw, vmdk, vhd, qcow2 and ova are\n"
                         "7:30: the format vhd has no subformat 'dynamik' (did you mean 'dynamic'?)\n"
                         "8:25: 'seal' is empty: name a recipient, or leave it out\n"
                         "9:5: the output 'raw' is there twice\n"
                         "9:26: a recipient is a text such as pem:FILE or aes:FILE\n");
}

static void every_subformat_of_qcow2_is_an_output(void **state)
{
    struct sw_recipe *r;

    (void)state;
    r = good_recipe(RECIPE_HEAD
                    "outputs:\n  - {format: qcow2}\n  - {format: qcow2, subformat: zstd}\n"
                    "  - {format: qcow2, subformat: zlib}\n  - {format: qcow2, subformat: plain}\n",
                    NULL);
    assert_int_equal(r->nr_outputs, 4);
    assert_string_equal(r->outputs[2].subformat, "zlib");
    sw_recipe_free(r);
    assert_recipe_faults(RECIPE_HEAD "outputs:\n  - {format: qcow2, subformat: zlip}\n",
                         "5:32: the format qcow2 has no subformat 'zlip' (did you mean 'zlib'?)\n");
}

static void components_are_checked_together_with_the_recipe(void **state)
{
    (void)state;
    write_text("bad.yml", "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: a, action: Bash}]}]\n");
    write_text("one.yml", PLAIN("one"));
    assert_recipe_faults(
        RECIPE_HEAD "components:\n  - component: bad.yml\n  - component: one.yml\n"
                    "  - component: ./one.yml\n  - component: none.yml\n  - {}\n  - componentArn: x\n",
        "bad.yml:2:50: there is no action 'Bash'\n"
        "7:16: the component './one.yml' is there twice: a recipe can use it once\n"
        "8:16: cannot use the component 'none.yml': cannot open 'none.yml': No such file or directory\n"
        "9:5: a component needs one of 'component: FILE' and 'componentArn: ARN'\n"
        "10:19: 'x' is no component ARN (arn:aws:imagebuilder:\xe2\x80\xa6:component/NAME/1.0.0)\n");
}

static void parameters_are_checked_against_the_component(void **state)
{
    (void)state;
    write_text("first.yml", DOCUMENT);
    assert_recipe_faults(
        RECIPE_HEAD "components:\n  - component: first.yml\n    parameters:\n"
                    "      - {name: port, value: ['80']}\n      - {name: Port, value: ['81']}\n",
        "5:16: the parameter 'Site' of component 'first' has no default: give it a value\n"
        "7:16: The following parameters are not defined in the provided component: port (component "
        "'first')\n"
        "8:30: the parameter 'Port' of component 'first' does not allow the value '81'\n");
    assert_recipe_faults(RECIPE_HEAD
                         "components:\n  - component: first.yml\n    parameters:\n"
                         "      - {name: Site, value: lab}\n      - {name: Site, value: [a, b]}\n      - x\n",
                         "7:29: 'value' is a text here, and must be a list\n"
                         "8:16: the parameter 'Site' is there twice\n"
                         "9:9: a parameter is a map of 'name' and 'value', and this is a text\n");
}

static void the_command_lines_parameters_come_first(void **state)
{
    static const char *const good[] = {"Site=a=b", "first.Port=443"};
    struct sw_overrides overrides = {.parameters = good, .nr_parameters = 2};
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml", DOCUMENT);
    r = good_recipe(RECIPE_HEAD
                    "components: [{component: first.yml, parameters: [{name: Site, value: [x]}]}]\n",
                    &overrides);
    assert_string_equal(r->uses[0].values[0].value, "443");
    assert_string_equal(r->uses[0].values[1].value, "a=b");
    sw_recipe_free(r);
}

static void parameters_for_nobody_are_a_usage_error(void **state)
{
    static const char *const bad[] = {"Sight=1", "second.Site=1", "Site", "=x", "Site="};
    static const char *const text =
        RECIPE_HEAD "components: [{component: first.yml, parameters: [{name: Site, "
                    "value: [x]}]}]\n";

    (void)state;
    write_text("first.yml", DOCUMENT);
    for (size_t i = 0; i < 5; i++) {
        struct sw_overrides overrides = {.parameters = &bad[i], .nr_parameters = 1};
        struct sw_err err = {0};

        assert_null(load_with(text, &overrides, &err));
        assert_int_equal(err.code, SW_USAGE);
    }
}

static void components_of_the_command_line_come_last(void **state)
{
    static const char *const more[] = {"two.yml"};
    struct sw_overrides overrides = {.components = more, .nr_components = 1};
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    write_text("one.yml", PLAIN("one"));
    write_text("two.yml", PLAIN("two"));
    r = good_recipe(RECIPE_HEAD "components: [{component: one.yml}]\n", &overrides);
    assert_int_equal(r->nr_uses, 2);
    assert_string_equal(r->uses[1].component->name, "two");
    sw_recipe_free(r);
    assert_null(load_with(RECIPE_HEAD "components: [{component: two.yml}]\n", &overrides, &err));
    assert_int_equal(err.code, SW_RECIPE);
}

static void twenty_components_are_the_limit(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    assert_ok(sw_buf_puts(&text, RECIPE_HEAD "components:\n", &err), err);
    for (int i = 0; i < 21; i++) {
        char name[32];

        snprintf(name, sizeof(name), "c%d.yml", i);
        write_text(name, PLAIN("c"));
        if (i == 20) {
            r = good_recipe(text.data, NULL);
            assert_int_equal(r->nr_uses, 20);
            sw_recipe_free(r);
        }
        assert_ok(sw_buf_printf(&text, &err, "  - component: %s\n", name), err);
    }
    assert_null(load_with(text.data, NULL, &err));
    assert_non_null(strstr(err.text, "21 components: a recipe has at most 20"));
    sw_buf_free(&text);
}

#define ARN "arn:aws:imagebuilder:eu-west-1:123456789012:component/"

static const char *found(const char *arn, char *out, size_t size)
{
    char text[512];
    struct sw_err err = {0};
    struct sw_recipe *r;

    snprintf(text, sizeof(text), RECIPE_HEAD "components: [{componentArn: '%s'}]\n", arn);
    r = load_with(text, NULL, &err);
    snprintf(out, size, "%s", r != NULL ? r->uses[0].component->file : err.text);
    sw_recipe_free(r);
    return out;
}

static void arns_are_looked_up_beside_the_recipe(void **state)
{
    static const char *const files[] = {"components/web/1.2.3.yml", "components/web/1.10.0.yaml",
                                        "components/web/1.9.9.json", "components/web/2.0.0.yml",
                                        "components/loose.yml"};
    struct sw_err err = {0};
    char out[1024];

    (void)state;
    assert_ok(sw_mkdir_p("components/web", 0755, &err), err);
    for (size_t i = 0; i < 5; i++)
        write_text(files[i],
                   i == 2 ? "{\"schemaVersion\": 1.0, \"phases\": [{\"name\": \"test\", \"steps\": []}]}"
                          : PLAIN("web"));
    write_text("components/web/9.9.9.txt", "no document");
    assert_string_equal(found(ARN "web/1.2.3", out, sizeof(out)), "components/web/1.2.3.yml");
    assert_string_equal(found(ARN "web/1.2.3/7", out, sizeof(out)), "components/web/1.2.3.yml");
    assert_string_equal(found(ARN "web/1.x.x", out, sizeof(out)), "components/web/1.10.0.yaml");
    assert_string_equal(found(ARN "web/1.9.x", out, sizeof(out)), "components/web/1.9.9.json");
    assert_string_equal(found(ARN "web/x.x.x", out, sizeof(out)), "components/web/2.0.0.yml");
    assert_string_equal(found("arn:aws-cn:imagebuilder:x:aws:component/loose/x.x.x", out, sizeof(out)),
                        "components/loose.yml");
    assert_non_null(strstr(found(ARN "web/3.x.x", out, sizeof(out)), "no document for this ARN"));
    assert_non_null(strstr(found(ARN "loose/1.0.0", out, sizeof(out)), "no document for this ARN"));
}

static void arns_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {ARN "../x/1.0.0",   ARN "web/x.1.x",  ARN "web/1.0",
                                      ARN "web",          ARN "Web/1.0.0",  ARN "web/1.0.0/x",
                                      "arn:aws:s3:::b/k", ARN "web/1.2.3.4"};
    char out[1024];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        if (strstr(found(bad[i], out, sizeof(out)), "is no component ARN") == NULL)
            fail_msg("%s: %s", bad[i], out);
}

static void a_name_and_a_version_find_a_document(void **state)
{
    static const char *const names[] = {"web/1.x.x", "web/1.2.3", "lib/web/1.x.x", "web", "lib/web"};
    static const char *const files[] = {"components/web/1.10.0.yaml", "components/web/1.2.3.yml",
                                        "lib/web/1.5.0.yml", "components/web/2.0.0.yml", "lib/web/1.5.0.yml"};
    struct sw_err err = {0};
    char text[256];

    (void)state;
    assert_ok(sw_mkdir_p("components/web", 0755, &err), err);
    assert_ok(sw_mkdir_p("lib/web", 0755, &err), err);
    write_text("components/web/1.2.3.yml", PLAIN("web"));
    write_text("components/web/1.10.0.yaml", PLAIN("web"));
    write_text("components/web/2.0.0.yml", PLAIN("web"));
    write_text("lib/web/1.5.0.yml", PLAIN("web"));
    for (size_t i = 0; i < 5; i++) {
        struct sw_recipe *r;

        snprintf(text, sizeof(text), RECIPE_HEAD "components: [{component: %s}]\n", names[i]);
        r = good_recipe(text, NULL);
        assert_string_equal(r->uses[0].component->file, files[i]);
        sw_recipe_free(r);
    }
    assert_recipe_faults(
        RECIPE_HEAD "components: [{component: web/9.x.x}]\n",
        "4:26: cannot use the component 'web/9.x.x': cannot open 'web/9.x.x': No such file or "
        "directory\n");
}

static void a_catalogue_says_what_names_at_aws_are_here(void **state)
{
    static const char *const lists[] = {"lab/list.yml", "shelf"};
    struct sw_overrides overrides = {.catalogues = lists, .nr_catalogues = 2};
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    assert_ok(sw_mkdir_p("lab", 0755, &err), err);
    assert_ok(sw_mkdir_p("shelf/components/tool", 0755, &err), err);
    write_text("lab/agent-1.yml", PLAIN("one"));
    write_text("lab/agent-2.yml", PLAIN("two"));
    write_text("shelf/components/tool/3.1.4.yml", PLAIN("tool"));
    write_text("lab/list.yml",
               "components:\n"
               "  arn:aws:imagebuilder:*:aws:component/agent/1.0.1/1: agent-1.yml\n"
               "  arn:aws:imagebuilder:*:aws:component/agent/1.2.0: {file: agent-2.yml}\n"
               "images:\n"
               "  ssm:/aws/service/debian: debian.raw\n"
               "  arn:aws:imagebuilder:*:aws:image/debian-12/2026.1.1: {file: d12.img, format: raw}\n");
    r = good_recipe("name: web\nsemanticVersion: 1.0.0\n"
                    "parentImage: arn:aws:imagebuilder:eu-west-1:aws:image/debian-12/x.x.x\ncomponents:\n"
                    "  - componentArn: arn:aws:imagebuilder:eu-west-1:aws:component/agent/1.x.x\n"
                    "  - componentArn: arn:aws:imagebuilder:eu-west-1:123456789012:component/tool/3.1.x\n",
                    &overrides);
    assert_string_equal(r->base_path, "lab/d12.img");
    assert_string_equal(r->base_format, "raw");
    assert_string_equal(r->uses[0].component->file, "lab/agent-2.yml");
    assert_string_equal(r->uses[1].component->file, "shelf/components/tool/3.1.4.yml");
    sw_recipe_free(r);
    r = good_recipe(
        "name: web\nsemanticVersion: 1.0.0\nparentImage: '{{resolve:ssm:/aws/service/debian:3}}'\n"
        "components: [{componentArn: 'arn:aws:imagebuilder:x:aws:component/agent/1.0.1/1'}]\n",
        &overrides);
    assert_string_equal(r->base_path, "lab/debian.raw");
    assert_string_equal(r->uses[0].component->file, "lab/agent-1.yml");
    sw_recipe_free(r);
    assert_null(load_with(RECIPE_HEAD
                          "components: [{componentArn: 'arn:aws:imagebuilder:x:999999999999:component/"
                          "agent/1.x.x'}]\n",
                          &overrides, &err));
    assert_non_null(strstr(err.text, "no document for this ARN"));
}

static void faults_of_a_catalogue_are_the_recipes_too(void **state)
{
    (void)state;
    write_text("catalogue.yml",
               "components: {agent: x.yml}\nimages: {ami-1: [x], ami-2: {file: x, format: vdi}}\nmore: 1\n");
    assert_recipe_faults(
        RECIPE_HEAD, "catalogue.yml:1:14: 'agent' is no ARN of a component\n"
                     "catalogue.yml:2:17: an entry of a catalogue is a file, or a map of file and format\n"
                     "catalogue.yml:2:47: the format 'vdi' is not known: raw, vmdk, vhd, qcow2 and ova are\n"
                     "catalogue.yml:3:1: a catalogue has no field 'more'\n");
    assert_int_equal(unlink("catalogue.yml"), 0);
}

static void a_component_in_two_versions_is_there_twice(void **state)
{
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_mkdir_p("components/web", 0755, &err), err);
    write_text("components/web/1.2.3.yml", PLAIN("web"));
    write_text("components/web/2.0.0.yml", PLAIN("web"));
    assert_recipe_faults(
        RECIPE_HEAD "components:\n  - componentArn: " ARN "web/1.2.3\n  - componentArn: " ARN "web/2.x.x\n",
        "6:19: the component 'arn:aws:imagebuilder:eu-west-1:123456789012:component/web/2.x.x' is "
        "there twice: a recipe can use it once\n");
}

static void a_recipe_has_one_platform(void **state)
{
    (void)state;
    write_text("linux.yml",
               "name: one\n" HEAD "      - {name: a, action: ExecuteBash, inputs: {commands: [ls]}}\n");
    write_text("both.yml", PLAIN("both"));
    assert_recipe_faults(
        "{\"arn\": \"x\", \"version\": \"1.0.0\", \"name\": \"web\", \"platform\": \"Windows\",\n"
        "\"parentImage\": \"b.raw\", \"components\": [{\"component\": \"both.yml\"},\n"
        "{\"component\": \"linux.yml\"}]}\n",
        "3:15: the component 'one' is for Linux, and the recipe for Windows: a recipe has one "
        "platform\n");
}

static char *canonical(const char *document, const char *recipe)
{
    struct sw_err err = {0};
    struct sw_recipe *r;
    json_t *json;
    char *text;

    write_text("first.yml", document);
    r = good_recipe(recipe, NULL);
    json = sw_use_canonical(&r->uses[0], &err);
    text = sw_json_canonical(json, &err);
    json_decref(json);
    sw_recipe_free(r);
    return text;
}

static void a_plan_key_depends_on_document_and_values_only(void **state)
{
    static const char *const recipe =
        RECIPE_HEAD "components: [{component: first.yml, parameters: [{name: Site, value: [x]}]}]\n";
    static const char *const other =
        RECIPE_HEAD "components: [{component: first.yml, parameters: [{name: Site, value: [y]}]}]\n";
    char *a = canonical(DOCUMENT, recipe), *b = canonical("# comment\n" DOCUMENT, recipe);
    char *c = canonical(DOCUMENT, other), *d = canonical(DOCUMENT "description: x\n", recipe);

    (void)state;
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_string_not_equal(a, d);
    assert_non_null(strstr(a, "\"parameters\":{\"Port\":\"80\",\"Site\":\"x\"}"));
    free(a);
    free(b);
    free(c);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_recipe_is_read),
        cmocka_unit_test(repositories_are_local_paths_beside_the_recipe),
        cmocka_unit_test(defaults_are_no_network_and_tmp),
        cmocka_unit_test(starts_of_services_are_refused_or_left_out),
        cmocka_unit_test(files_are_relative_to_the_recipe),
        cmocka_unit_test(an_image_at_aws_needs_a_base),
        cmocka_unit_test(the_recipes_format_holds_for_a_base_named_alike_only),
        cmocka_unit_test(unknown_and_malformed_fields_are_faults),
        cmocka_unit_test(the_root_volume_has_a_size_and_others_are_kept),
        cmocka_unit_test(bad_volumes_are_faults),
        cmocka_unit_test(instance_configuration_and_tags_are_checked),
        cmocka_unit_test(a_version_that_the_service_counts_up_is_zero_here),
        cmocka_unit_test(outputs_are_checked),
        cmocka_unit_test(every_subformat_of_qcow2_is_an_output),
        cmocka_unit_test(components_are_checked_together_with_the_recipe),
        cmocka_unit_test(parameters_are_checked_against_the_component),
        cmocka_unit_test(the_command_lines_parameters_come_first),
        cmocka_unit_test(parameters_for_nobody_are_a_usage_error),
        cmocka_unit_test(components_of_the_command_line_come_last),
        cmocka_unit_test(twenty_components_are_the_limit),
        cmocka_unit_test(arns_are_looked_up_beside_the_recipe),
        cmocka_unit_test(arns_that_are_none_are_refused),
        cmocka_unit_test(a_name_and_a_version_find_a_document),
        cmocka_unit_test(a_catalogue_says_what_names_at_aws_are_here),
        cmocka_unit_test(faults_of_a_catalogue_are_the_recipes_too),
        cmocka_unit_test(a_component_in_two_versions_is_there_twice),
        cmocka_unit_test(a_recipe_has_one_platform),
        cmocka_unit_test(a_plan_key_depends_on_document_and_values_only),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
