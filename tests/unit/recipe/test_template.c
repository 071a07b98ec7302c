/* Recipes in the forms in which AWS's own tools write them. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/fs.h"

#define PLAIN(name)                        \
    "name: " name "\nschemaVersion: 1.0\n" \
    "phases: [{name: build, steps: [{name: a, action: DeleteFile, inputs: [{path: /x}]}]}]\n"

static struct sw_recipe *load_as(const char *file, const char *text, const struct sw_overrides *overrides,
                                 struct sw_err *err)
{
    write_text(file, text);
    return sw_recipe_load(file, overrides, NULL, err);
}

static struct sw_recipe *good(const char *text, const struct sw_overrides *overrides)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load_as("recipe.yml", text, overrides, &err);

    if (recipe == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return recipe;
}

/* The first fault of the recipe holds this part. */
static void assert_fault(const char *text, const char *part)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load_as("recipe.yml", text, NULL, &err);

    assert_null(recipe);
    assert_failed(-1, err, SW_RECIPE, part);
}

/* What lint finds in the file, exactly. */
static void assert_lint(const char *text, const char *want)
{
    static const struct sw_lint lint;
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    char *got;

    write_text("t.yml", text);
    assert_ok(sw_lint_file(&lint, "t.yml", &diags, &err), err);
    got = faults_text(&diags, "t.yml");
    assert_string_equal(got, want);
    free(got);
    sw_diags_free(&diags);
}

static void what_the_service_prints_is_a_recipe(void **state)
{
    struct sw_recipe *r;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_mkdir_p("components/web", 0755, &err), err);
    write_text("components/web/1.2.3.yml", PLAIN("web"));
    r = good(
        "{\"requestId\": \"abc\", \"imageRecipe\": {\n"
        "  \"arn\": \"arn:aws:imagebuilder:eu-west-1:123456789012:image-recipe/web/1.0.4\",\n"
        "  \"type\": \"AMI\", \"name\": \"web\", \"description\": \"\", \"platform\": \"Linux\",\n"
        "  \"owner\": \"123456789012\", \"version\": \"1.0.4\", \"dateCreated\": \"2026-01-01T00:00:00Z\",\n"
        "  \"components\": [{\"componentArn\": "
        "\"arn:aws:imagebuilder:eu-west-1:123456789012:component/web/1.2.3/1\", \"parameters\": []}],\n"
        "  \"parentImage\": \"base.raw\", \"blockDeviceMappings\": [], \"tags\": {\"a\": \"b\"},\n"
        "  \"workingDirectory\": \"\"}}",
        NULL);
    assert_string_equal(r->name, "web");
    assert_string_equal(r->version, "1.0.4");
    assert_string_equal(r->working_directory, "/tmp");
    assert_int_equal(r->nr_uses, 1);
    assert_string_equal(sw_node_get(sw_node_get(r->root, "tags"), "a")->text, "b");
    assert_null(sw_node_get(r->root, "arn"));
    sw_recipe_free(r);
}

static void a_component_as_the_service_prints_it_is_a_document(void **state)
{
    struct sw_err err = {0};
    struct sw_component *c;

    (void)state;
    write_text("c.json",
               "{\"requestId\": \"a\", \"component\": {\"arn\": \"x\", \"name\": \"Hello\", \"version\": "
               "\"1.0.0\",\n\"data\": \"name: say\\nschemaVersion: 1.0\\nphases:\\n  - {name: test, steps: "
               "[]}\\n\"}}\n");
    c = sw_component_load("c.json", NULL, &err);
    if (c == NULL)
        fail_msg("%s", err.text);
    assert_string_equal(c->name, "say");
    assert_string_equal(c->file, "c.json#data");
    sw_component_free(c);
    assert_lint("{\"component\": {\"data\": \"schemaVersion: 1.0\\nphases: x\\n\"}}\n",
                "t.yml#data:2:9: 'phases' is a text here, and must be a list\n");
}

#define TEMPLATE                                                                             \
    "AWSTemplateFormatVersion: '2010-09-09'\n"                                               \
    "Parameters:\n"                                                                          \
    "  Word: {Type: String, Default: hello}\n"                                               \
    "  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /my/ami}\n" \
    "Conditions: {Big: !Equals [!Ref Word, hello]}\n"                                        \
    "Mappings: {Sizes: {all: {disk: 20}}}\n"                                                 \
    "Resources:\n"                                                                           \
    "  Bucket: {Type: 'AWS::S3::Bucket'}\n"                                                  \
    "  Hello:\n"                                                                             \
    "    Type: AWS::ImageBuilder::Component\n"                                               \
    "    Properties:\n"                                                                      \
    "      Name: !Sub '${AWS::StackName}-Say_Hello'\n"                                       \
    "      Platform: Linux\n"                                                                \
    "      Version: 1.0.0\n"                                                                 \
    "      Data: !Sub |\n"                                                                   \
    "        schemaVersion: 1.0\n"                                                           \
    "        phases:\n"                                                                      \
    "          - name: build\n"                                                              \
    "            steps:\n"                                                                   \
    "              - name: Say\n"                                                            \
    "                action: ExecuteBash\n"                                                  \
    "                inputs:\n"                                                              \
    "                  commands: ['echo ${Word} ${!HOME}']\n"

#define RECIPE_RESOURCE                                                                             \
    "  Recipe:\n"                                                                                   \
    "    Type: AWS::ImageBuilder::ImageRecipe\n"                                                    \
    "    Properties:\n"                                                                             \
    "      Name: !Join ['-', [web, !Ref Word]]\n"                                                   \
    "      Version: 1.0.0\n"                                                                        \
    "      ParentImage: !Ref Image\n"                                                               \
    "      Components: [{ComponentArn: !Ref Hello}]\n"                                              \
    "      BlockDeviceMappings:\n"                                                                  \
    "        - DeviceName: /dev/xvda\n"                                                             \
    "          Ebs: {VolumeSize: !FindInMap [Sizes, all, disk], VolumeType: !If [Big, gp3, gp2]}\n" \
    "      Description: !Ref AWS::NoValue\n"                                                        \
    "      Tags: {Owner: !Ref Word}\n"

static void a_template_is_a_recipe_with_its_own_components(void **state)
{
    struct sw_overrides base = {.base = "base.raw"};
    struct sw_recipe *r = good(TEMPLATE RECIPE_RESOURCE, &base);
    const struct sw_node *ebs;

    (void)state;
    assert_string_equal(r->name, "web-hello");
    assert_string_equal(r->parent_image, "ssm:/my/ami");
    assert_int_equal(r->nr_uses, 1);
    assert_true(r->uses[0].is_inline);
    assert_string_equal(r->uses[0].component->file, "recipe.yml");
    assert_int_equal(r->uses[0].component->phases[0].steps[0].line, 20);
    assert_int_equal(r->uses[0].component->phases[0].steps[0].column, 17);
    assert_string_equal(
        sw_node_get(r->uses[0].component->phases[0].steps[0].inputs, "commands")->items[0]->text,
        "echo hello ${HOME}");
    assert_int_equal(r->volume_bytes, (uint64_t)20 << 30);
    ebs = sw_node_get(sw_node_get(r->root, "blockDeviceMappings")->items[0], "ebs");
    assert_string_equal(sw_node_get(ebs, "volumeType")->text, "gp3");
    assert_string_equal(sw_node_get(sw_node_get(r->root, "tags"), "Owner")->text, "hello");
    assert_null(sw_node_get(r->root, "description"));
    sw_recipe_free(r);
}

static void parameters_of_a_template_come_from_the_command_line(void **state)
{
    static const char *const words[] = {"Word=there", "AWS::Region=eu-west-1"};
    struct sw_overrides overrides = {.base = "base.raw", .parameters = words, .nr_parameters = 2};
    struct sw_recipe *r = good(TEMPLATE RECIPE_RESOURCE, &overrides);

    (void)state;
    assert_string_equal(r->name, "web-there");
    sw_recipe_free(r);
}

#define SECRET_TEMPLATE(more)                                                                             \
    "Parameters:\n"                                                                                       \
    "  Word: {Type: String, NoEcho: true, AllowedValues: [hunter2-secret, other-secret]}\n"               \
    "  Open: {Type: String, NoEcho: 'false', Default: shown}\n"                                           \
    "Resources:\n"                                                                                        \
    "  Hello:\n"                                                                                          \
    "    Type: AWS::ImageBuilder::Component\n"                                                            \
    "    Properties:\n"                                                                                   \
    "      Name: hello\n"                                                                                 \
    "      Platform: Linux\n"                                                                             \
    "      Version: 1.0.0\n"                                                                              \
    "      Data: !Sub |\n"                                                                                \
    "        schemaVersion: 1.0\n"                                                                        \
    "        phases:\n"                                                                                   \
    "          - name: build\n"                                                                           \
    "            steps:\n"                                                                                \
    "              - {name: Say, action: ExecuteBash, inputs: {commands: ['${Word} ${Open}']}" more "}\n" \
    "  Recipe:\n"                                                                                         \
    "    Type: AWS::ImageBuilder::ImageRecipe\n"                                                          \
    "    Properties: {Name: web, Version: 1.0.0, ParentImage: ami-1, Components: [{ComponentArn: !Ref Hello}]}\n"

/* Neither in the faults nor in the error; the fault is there. */
static void assert_hidden(const struct sw_overrides *over, const char *part)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe = sw_recipe_load("recipe.yml", over, &diags, &err);
    SW_AUTO_FREE char *text = faults_text(&diags, "recipe.yml");

    assert_null(recipe);
    if (strstr(text, "hunter2") != NULL || strstr(err.text, "hunter2") != NULL || strstr(text, part) == NULL)
        fail_msg("%s%s", text, err.text);
    sw_diags_free(&diags);
}

static void a_templates_own_secrets_are_known_and_in_no_message(void **state)
{
    static const char *const plain[] = {"Word=hunter2-secret"}, *const wrong[] = {"Word=hunter2-wrong"};
    static const char *const brief[] = {"Word=abc"};
    static const char *const files[] = {"Word=word.txt", "Open=word.txt"};
    struct sw_overrides over = {.base = "base.raw", .parameters = plain, .nr_parameters = 1};
    struct sw_overrides from_files = {.base = "base.raw", .secrets = files, .nr_secrets = 2};
    struct sw_recipe *r = good(SECRET_TEMPLATE(""), &over);

    (void)state;
    assert_int_equal(r->nr_secrets, 1);
    assert_string_equal(r->secrets[0], "hunter2-secret");
    assert_string_equal(
        sw_node_get(r->uses[0].component->phases[0].steps[0].inputs, "commands")->items[0]->text,
        "hunter2-secret shown");
    sw_recipe_free(r);
    /* What a file gives is secret by that alone. */
    write_text("word.txt", "other-secret\n");
    r = good(SECRET_TEMPLATE(""), &from_files);
    assert_int_equal(r->nr_secrets, 1);
    assert_string_equal(
        sw_node_get(r->uses[0].component->phases[0].steps[0].inputs, "commands")->items[0]->text,
        "other-secret other-secret");
    sw_recipe_free(r);
    /* Faults quote what they are about. */
    write_text("recipe.yml", SECRET_TEMPLATE(", timeoutSeconds: ${Word}"));
    assert_hidden(&over, "timeoutSeconds is '***'");
    over.parameters = wrong;
    assert_hidden(&over, "does not allow the value '***'");
    over.parameters = brief;
    assert_hidden(&over, "warning: a secret parameter has fewer than 4 bytes: logs will show it");
}

/* Lint has no need of it: it is not even taken. */
static void a_templates_own_secrets_are_a_stand_in_for_lint(void **state)
{
    static const char *const plain[] = {"Word=hunter2-secret"};
    struct sw_overrides over = {.parameters = plain, .nr_parameters = 1};
    struct sw_lint lint = {.overrides = &over};
    struct sw_diags diags = {0};
    struct sw_err err = {0};

    (void)state;
    write_text("t.yml", SECRET_TEMPLATE(", timeoutSeconds: ${Word}"));
    assert_ok(sw_lint_file(&lint, "t.yml", &diags, &err), err);
    SW_AUTO_FREE char *text = faults_text(&diags, "t.yml");
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "timeoutSeconds is 'a-secret'"));
    sw_diags_free(&diags);
}

static void json_templates_use_the_long_forms(void **state)
{
    struct sw_overrides base = {.base = "base.raw"};
    struct sw_recipe *r = good(
        "{\"Resources\": {\"C\": {\"Type\": \"AWS::ImageBuilder::Component\", \"Properties\": {\n"
        "\"Name\": \"c\", \"Version\": \"1.0.0\", \"Platform\": \"Linux\", \"Data\": {\"Fn::Join\": [\"\\n\", [\n"
        "\"schemaVersion: 1.0\", \"phases: [{name: test, steps: []}]\"]]}}},\n"
        "\"R\": {\"Type\": \"AWS::ImageBuilder::ImageRecipe\", \"Properties\": {\"Name\": {\"Fn::Select\": [1, "
        "{\"Fn::Split\": [\",\", \"a,web,c\"]}]}, \"Version\": \"1.0.0\", \"ParentImage\": {\"Fn::Sub\": "
        "[\"arn:${AWS::Partition}:imagebuilder:${R}:aws:image/x/x.x.x\", {\"R\": \"eu\"}]}, \"Components\": [{"
        "\"ComponentArn\": {\"Fn::GetAtt\": [\"C\", \"Arn\"]}}]}}}}",
        &base);

    (void)state;
    assert_string_equal(r->name, "web");
    assert_string_equal(r->parent_image, "arn:aws:imagebuilder:eu:aws:image/x/x.x.x");
    assert_string_equal(r->uses[0].component->file, "recipe.yml#C");
    sw_recipe_free(r);
}

static void one_of_several_recipes_is_named_behind_the_file(void **state)
{
    struct sw_err err = {0};
    struct sw_overrides base = {.base = "base.raw"};
    struct sw_recipe *r;

    (void)state;
    assert_fault(TEMPLATE RECIPE_RESOURCE
                 "  Other:\n    Type: AWS::ImageBuilder::ImageRecipe\n"
                 "    Properties: {Name: other, Version: 1.0.0, ParentImage: b.raw}\n",
                 "several recipes: 'recipe.yml#Recipe' and 'recipe.yml#Other'");
    r = sw_recipe_load("recipe.yml#Other", &base, NULL, &err);
    if (r == NULL)
        fail_msg("%s", err.text);
    assert_string_equal(r->name, "other");
    sw_recipe_free(r);
    assert_null(sw_recipe_load("recipe.yml#Third", &base, NULL, &err));
    assert_failed(-1, err, SW_RECIPE, "named 'Third'");
}

#define SHORT(properties)                                                                 \
    "Parameters: {P: {Type: String}}\nResources:\n  S: {Type: 'AWS::S3::Bucket'}\n  R:\n" \
    "    Type: AWS::ImageBuilder::ImageRecipe\n    Properties:\n      Version: 1.0.0\n" properties

static void what_only_a_deployment_knows_is_one_clear_message(void **state)
{
    (void)state;
    assert_fault(
        SHORT("      Name: web\n      ParentImage: !Ref P\n"),
        "recipe.yml:9:20: the value of 'P' is not known here: the template's parameter has no default");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !GetAtt S.Arn\n"),
                 "recipe.yml:9:13: the value of 'S.Arn' is not known here");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !Ref Q\n"),
                 "recipe.yml:9:13: 'Q' is no parameter and no resource of this template");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !Sub 'a${Q}'\n"),
                 "'Q' is no parameter and no resource of this template");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !ImportValue x\n"), "is not known here");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !Select [3, [a]]\n"),
                 "beyond the end of its list");
    assert_fault(SHORT("      ParentImage: b.raw\n      Name: !FindInMap [a, b, c]\n"), "no such key");
}

static void lint_takes_what_it_cannot_know_for_good(void **state)
{
    (void)state;
    assert_lint(
        SHORT("      Name: !Ref P\n      ParentImage: !Ref P\n"
              "      Components: [{ComponentArn: !GetAtt S.Arn}, {ComponentArn: !ImportValue x},\n"
              "        {ComponentArn: 'arn:aws:imagebuilder:eu-west-1:aws:component/update-linux/x.x.x'}]\n"),
        "8:13: warning: the value of 'P' is not known here: the template's parameter has no default; "
        "-p NAME=VALUE gives one\n"
        "10:35: warning: the value of 'S.Arn' is not known here: a resource has it once it is deployed; "
        "-p NAME=VALUE gives it\n"
        "10:66: warning: the value of 'Fn::ImportValue' is not known here: such a function is for a "
        "deployment\n"
        "11:24: warning: no document for this ARN: there is no './components/update-linux/x.x.x.yml'\n");
}

static void faults_of_an_inline_document_are_where_it_says_so(void **state)
{
    (void)state;
    assert_lint("Resources:\n  C:\n    Type: AWS::ImageBuilder::Component\n    Properties:\n"
                "      Name: c\n      Version: 1.0.0\n      Platform: Linux\n      Data: |\n"
                "        schemaVersion: 1.0\n        phases:\n          - name: build\n            steps:\n"
                "              - {name: A, action: ExecuteBsh}\n",
                "13:35: there is no action 'ExecuteBsh' (did you mean 'ExecuteBash'?)\n");
    assert_lint(
        "Resources:\n  C:\n    Type: AWS::ImageBuilder::Component\n    Properties:\n"
        "      Name: c\n      Version: 1.0.0\n      Platform: Lunix\n      Uri: s3://b/k\n      Dta: x\n"
        "  D: {Type: 'AWS::ImageBuilder::Component', Properties: {Name: d}}\n",
        "7:17: the platform 'Lunix' is not known: Linux, Windows and macOS are\n"
        "9:7: an AWS::ImageBuilder::Component has no field 'Dta' (did you mean 'Data'?)\n"
        "10:6: the component needs 'Platform'\n"
        "10:6: the component needs 'Version'\n"
        "10:6: the component needs one of 'Data' and 'Uri'\n");
    assert_lint("Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n",
                "1:1: a CloudFormation template without an AWS::ImageBuilder::ImageRecipe or an "
                "AWS::ImageBuilder::Component\n");
}

static void functions_outside_of_templates_are_refused(void **state)
{
    (void)state;
    assert_faults("name: !Ref X\n" HEAD "      - {name: a, action: DeleteFile, inputs: [{path: /x}]}\n",
                  "1:7: the tag '!Ref' is refused: tags have no meaning here\n");
    assert_lint("Resources: {A: !python/object x}\n",
                "1:1: a CloudFormation template without an AWS::ImageBuilder::ImageRecipe or an "
                "AWS::ImageBuilder::Component\n"
                "1:16: the tag '!python/object' is refused: tags have no meaning here\n");
}

static void templates_that_never_end_are_given_up(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    assert_fault(
        "Resources:\n  C:\n    Type: AWS::ImageBuilder::Component\n    Properties: {Name: !Ref C, Version: 1.0.0}\n"
        "  R:\n    Type: AWS::ImageBuilder::ImageRecipe\n"
        "    Properties: {Name: !Ref C, Version: 1.0.0, ParentImage: b.raw}\n",
        "nested deeper than 32 levels, or in a circle");
    /* Each name holds the one before it ten times. */
    assert_ok(sw_buf_puts(&text, "Parameters: {P0: {Type: String, Default: aaaaaaaaaa}}\nResources:\n", &err),
              err);
    for (int i = 1; i < 12; i++)
        assert_ok(
            sw_buf_printf(
                &text, &err,
                "  P%d:\n    Type: AWS::ImageBuilder::Component\n    Properties: {Version: 1.0.0, Name: "
                "!Sub '${P%d%s}${P%d%s}${P%d%s}${P%d%s}${P%d%s}${P%d%s}'}\n",
                i, i - 1, i > 1 ? ".Name" : "", i - 1, i > 1 ? ".Name" : "", i - 1, i > 1 ? ".Name" : "",
                i - 1, i > 1 ? ".Name" : "", i - 1, i > 1 ? ".Name" : "", i - 1, i > 1 ? ".Name" : ""),
            err);
    assert_ok(sw_buf_puts(&text,
                          "  R:\n    Type: AWS::ImageBuilder::ImageRecipe\n"
                          "    Properties: {Name: !GetAtt P11.Name, Version: 1.0.0, ParentImage: b.raw}\n",
                          &err),
              err);
    assert_fault(text.data, "the template's functions");
    sw_buf_free(&text);
}

static void a_component_that_lies_elsewhere_comes_from_the_catalogue(void **state)
{
    static const char *const text =
        "Resources:\n  C:\n    Type: AWS::ImageBuilder::Component\n"
        "    Properties: {Name: Far_Away, Version: 1.0.0, Platform: Linux, Uri: 's3://b/k'}\n"
        "  R:\n    Type: AWS::ImageBuilder::ImageRecipe\n"
        "    Properties: {Name: web, Version: 1.0.0, ParentImage: b.raw, Components: [{ComponentArn: !Ref C}]}\n";
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    assert_fault(text,
                 "recipe.yml:7:93: no document for this ARN: there is no './components/far-away/1.0.0.yml'");
    assert_ok(sw_mkdir_p("components/far-away", 0755, &err), err);
    write_text("components/far-away/1.0.0.yml", PLAIN("far"));
    r = good(text, NULL);
    assert_string_equal(r->uses[0].component->file, "components/far-away/1.0.0.yml");
    sw_recipe_free(r);
}

static void an_inline_document_is_named_after_its_resource(void **state)
{
    static const char *const text =
        "Resources:\n  C:\n    Type: AWS::ImageBuilder::Component\n    Properties:\n      Name: Near\n"
        "      Version: 1.0.0\n      Platform: Linux\n      Data: |\n        schemaVersion: 1.0\n"
        "        phases: [{name: test, steps: []}]\n"
        "  R:\n    Type: AWS::ImageBuilder::ImageRecipe\n"
        "    Properties: {Name: web, Version: 1.0.0, ParentImage: b.raw, Components: [{ComponentArn: !Ref C}]}\n";
    struct sw_recipe *r = good(text, NULL);

    (void)state;
    assert_string_equal(r->uses[0].component->name, "Near");
    sw_recipe_free(r);
    assert_lint(
        "Type: AWS::ImageBuilder::Component\nProperties: {Name: c, Version: 1.0.0, Platform: Linux, Data: {a: b}}\n",
        "2:62: 'Data' is a map here, and must be a text: the document\n");
}

static void a_use_of_its_own_component_twice_is_a_duplicate(void **state)
{
    (void)state;
    assert_fault(TEMPLATE
                 "  R:\n    Type: AWS::ImageBuilder::ImageRecipe\n    Properties:\n      Name: web\n"
                 "      Version: 1.0.0\n      ParentImage: b.raw\n"
                 "      Components: [{ComponentArn: !Ref Hello}, {ComponentArn: !GetAtt Hello.Arn}]\n",
                 "is there twice: a recipe can use it once");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_service_prints_is_a_recipe),
        cmocka_unit_test(a_component_as_the_service_prints_it_is_a_document),
        cmocka_unit_test(a_template_is_a_recipe_with_its_own_components),
        cmocka_unit_test(parameters_of_a_template_come_from_the_command_line),
        cmocka_unit_test(a_templates_own_secrets_are_known_and_in_no_message),
        cmocka_unit_test(a_templates_own_secrets_are_a_stand_in_for_lint),
        cmocka_unit_test(json_templates_use_the_long_forms),
        cmocka_unit_test(one_of_several_recipes_is_named_behind_the_file),
        cmocka_unit_test(what_only_a_deployment_knows_is_one_clear_message),
        cmocka_unit_test(lint_takes_what_it_cannot_know_for_good),
        cmocka_unit_test(faults_of_an_inline_document_are_where_it_says_so),
        cmocka_unit_test(functions_outside_of_templates_are_refused),
        cmocka_unit_test(templates_that_never_end_are_given_up),
        cmocka_unit_test(a_component_that_lies_elsewhere_comes_from_the_catalogue),
        cmocka_unit_test(an_inline_document_is_named_after_its_resource),
        cmocka_unit_test(a_use_of_its_own_component_twice_is_a_duplicate),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
