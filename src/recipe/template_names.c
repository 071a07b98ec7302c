/* What the names of a CloudFormation template stand for: its parameters, AWS's own, its resources. */
#include "src/recipe/template.h"

#include "src/base/fs.h"
#include "src/base/mask.h"

#include <ctype.h>
#include <string.h>

/* AWS's own names and what stands in for them, unless -p NAME=VALUE says what they are. */
static const struct {
    const char *name, *value;
} pseudo[] = {
    {"AWS::AccountId", SW_TEMPLATE_ACCOUNT},
    {"AWS::Partition", "aws"},
    {"AWS::Region", "us-east-1"},
    {"AWS::URLSuffix", "amazonaws.com"},
};

/* What stands behind NAME= in the last text of the list that has it, and its place. NULL: in none. */
static const char *find_given(const char *const *list, size_t n, const char *name, size_t *at)
{
    size_t len = strlen(name);

    for (*at = n; (*at)-- > 0;)
        if (strncmp(list[*at], name, len) == 0 && list[*at][len] == '=' && list[*at][len + 1] != '\0')
            return list[*at] + len + 1;
    return NULL;
}

/* The command line's value: a secret's file, else NAME=VALUE. NULL when there is none. */
static const char *given_or_secret(const struct sw_template *t, const char *name, bool *secret)
{
    const struct sw_overrides *over = t->overrides;
    size_t at;

    *secret =
        over != NULL && t->given != NULL && find_given(over->secrets, over->nr_secrets, name, &at) != NULL;
    if (*secret)
        return t->given[at];
    return over != NULL ? find_given(over->parameters, over->nr_parameters, name, &at) : NULL;
}

static const char *given(const struct sw_template *t, const char *name)
{
    bool secret;

    return given_or_secret(t, name, &secret);
}

/* Whoever shows anything of the recipe has to hide it. */
static int remember_secret(struct sw_template *t, const struct sw_node *at, const char *value)
{
    for (size_t i = 0; i < t->nr_secrets; i++)
        if (strcmp(t->secrets[i], value) == 0)
            return 0;
    if (t->nr_secrets == SW_TEMPLATE_MAX_SECRETS) {
        sw_doc_fault(t->doc, at, "the template has more than %d secret parameters",
                     (int)SW_TEMPLATE_MAX_SECRETS);
        return 0;
    }
    if (strlen(value) < SW_MASK_MIN_BYTES)
        sw_doc_warn(t->doc, at, "a secret parameter has fewer than %d bytes: logs will show it",
                    (int)SW_MASK_MIN_BYTES);
    if (strlen(value) > SW_MASK_MAX_BYTES) {
        sw_doc_fault(t->doc, at, "a secret parameter has more than %d bytes", (int)SW_MASK_MAX_BYTES);
        return 0;
    }
    t->secrets[t->nr_secrets] = sw_arena_copy(t->doc->arena, value, strlen(value), t->err);
    return t->secrets[t->nr_secrets++] != NULL ? 0 : -1;
}

static const struct sw_node *parameter(const struct sw_template *t, const char *name)
{
    return sw_node_get(sw_node_get(t->root, "Parameters"), name);
}

bool sw_template_takes(const struct sw_template *t, const char *name, size_t len)
{
    const struct sw_node *maps[] = {sw_node_get(t->root, "Parameters"), sw_node_get(t->root, "Resources")};

    for (size_t i = 0; i < SW_ARRAY_LEN(pseudo); i++)
        if (strlen(pseudo[i].name) == len && strncmp(pseudo[i].name, name, len) == 0)
            return true;
    for (size_t m = 0; m < SW_ARRAY_LEN(maps); m++) {
        for (size_t i = 0; maps[m] != NULL && maps[m]->kind == SW_NODE_MAP && i < maps[m]->n; i++) {
            const char *key = maps[m]->keys[i]->text;
            size_t key_len = strlen(key);

            /* A resource's attribute may be given too: Bucket.Arn=… */
            if (strncmp(key, name, key_len) == 0 && (key_len == len || (m == 1 && name[key_len] == '.')))
                return true;
        }
    }
    return false;
}

static int text_out(struct sw_template *t, const struct sw_node *at, const char *text,
                    const struct sw_node **out)
{
    *out = sw_template_text(t, at, text, strlen(text));
    return *out != NULL ? 0 : -1;
}

/* A parameter of a list's type holds texts between commas. */
static int split_list(struct sw_template *t, const struct sw_node *at, const char *text,
                      const struct sw_node **out)
{
    struct sw_node *list = sw_template_text(t, at, "", 0);
    size_t n = 1;

    for (const char *p = text; *p != '\0'; p++)
        n += *p == ',';
    if (list == NULL)
        return -1;
    list->kind = SW_NODE_LIST;
    list->items = sw_arena_alloc(t->doc->arena, n, sizeof(*list->items), t->err);
    if (list->items == NULL)
        return -1;
    for (; list->n < n; text += strcspn(text, ",") + 1) {
        list->items[list->n] = sw_template_text(t, at, text, strcspn(text, ","));
        if (list->items[list->n++] == NULL)
            return -1;
    }
    *out = list;
    return 0;
}

static void check_allowed(struct sw_template *t, const struct sw_node *at, const struct sw_node *body,
                          const char *name, const char *value, bool secret)
{
    const struct sw_node *allowed = sw_node_get(body, "AllowedValues");

    if (allowed == NULL || allowed->kind != SW_NODE_LIST)
        return;
    for (size_t i = 0; i < allowed->n; i++)
        if (allowed->items[i]->kind == SW_NODE_SCALAR && strcmp(allowed->items[i]->text, value) == 0)
            return;
    sw_doc_fault(t->doc, at, "the template's parameter '%s' does not allow the value '%.60s'",
                 sw_show(name).text, secret ? SW_MASK_TEXT : sw_show(value).text);
}

static bool is_no_echo(const struct sw_node *body)
{
    const struct sw_node *flag = sw_node_get(body, "NoEcho");
    bool on = false;

    return flag != NULL && flag->kind == SW_NODE_SCALAR && sw_text_bool(flag->text, &on) == 0 && on;
}

static int parameter_value(struct sw_template *t, const struct sw_node *at, const char *name,
                           const struct sw_node **out)
{
    static const char image_type[] = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>";
    const struct sw_node *body = parameter(t, name), *type = sw_node_get(body, "Type");
    const struct sw_node *fallback = sw_node_get(body, "Default");
    bool secret;
    const char *value = given_or_secret(t, name, &secret), *kind = "String";

    if (type != NULL && type->kind == SW_NODE_SCALAR)
        kind = type->text;
    if (value == NULL && fallback != NULL && fallback->kind == SW_NODE_SCALAR)
        value = fallback->text;
    if (value == NULL)
        return sw_template_unknown(t, at, name,
                                   "the template's parameter has no default; -p NAME=VALUE gives one", out);
    secret = secret || is_no_echo(body);
    check_allowed(t, at, body, name, value, secret);
    if (secret && value[0] != '\0' && remember_secret(t, at, value) < 0)
        return -1;
    if (secret && t->lenient && value[0] != '\0')
        value = "a-secret"; /* plain in YAML too */
    /* What the recipe's own language calls ssm:NAME. */
    if (strcmp(kind, image_type) == 0 && value[0] == '/') {
        SW_AUTO_FREE char *text = sw_strf(t->err, "ssm:%s", value);

        return text != NULL ? text_out(t, at, text, out) : -1;
    }
    if (strncmp(kind, "AWS::SSM::Parameter::Value<", 27) == 0 && given(t, name) == NULL)
        return sw_template_unknown(t, at, name, "it lies in the parameter store; -p NAME=VALUE gives it",
                                   out);
    if (strncmp(kind, "List<", 5) == 0 || strcmp(kind, "CommaDelimitedList") == 0)
        return split_list(t, at, value, out);
    return text_out(t, at, value, out);
}

/* A stack is named after its template here: the file's name as far as a stack may have it. */
static int stack_name(struct sw_template *t, const struct sw_node *at, const struct sw_node **out)
{
    const char *base = sw_path_base(t->doc->file);
    char name[64];
    size_t n = 0;

    for (; *base != '\0' && *base != '.' && n + 1 < sizeof(name); base++)
        name[n++] = isalnum((unsigned char)*base) ? *base : '-';
    name[n] = '\0';
    return text_out(t, at, name, out);
}

/* One of AWS's own names. */
static int pseudo_value(struct sw_template *t, const struct sw_node *at, const char *name,
                        const struct sw_node **out)
{
    const char *value = given(t, name);

    *out = NULL;
    if (strcmp(name, "AWS::NoValue") == 0)
        return 0;
    for (size_t i = 0; value == NULL && i < SW_ARRAY_LEN(pseudo); i++)
        if (strcmp(pseudo[i].name, name) == 0)
            value = pseudo[i].value;
    if (value != NULL)
        return text_out(t, at, value, out);
    if (strcmp(name, "AWS::StackName") == 0)
        return stack_name(t, at, out);
    return sw_template_unknown(t, at, name, "only a deployment has it; -p NAME=VALUE gives it", out);
}

/* After a fault of its own. */
static int unknown_quietly(struct sw_template *t, const struct sw_node *at, const struct sw_node **out)
{
    struct sw_node *node = sw_template_text(t, at, "", 0);

    *out = node;
    return node != NULL ? sw_template_mark_unknown(node) : -1;
}

static bool is_resource(const struct sw_template *t, const char *id, struct sw_resource *out)
{
    static const char *const types[] = {SW_TEMPLATE_COMPONENT, SW_TEMPLATE_RECIPE};

    for (size_t k = 0; k < SW_ARRAY_LEN(types); k++)
        for (size_t i = 0; sw_template_resource(t, types[k], i, out); i++)
            if (out->id != NULL && strcmp(out->id, id) == 0)
                return true;
    return false;
}

int sw_template_ref(struct sw_template *t, const struct sw_node *at, const char *name,
                    const struct sw_node **out)
{
    struct sw_resource resource;
    const char *arn;

    if (strncmp(name, "AWS::", 5) == 0)
        return pseudo_value(t, at, name, out);
    if (parameter(t, name) != NULL)
        return parameter_value(t, at, name, out);
    if (given(t, name) != NULL)
        return text_out(t, at, given(t, name), out);
    if (is_resource(t, name, &resource))
        return sw_template_arn(t, &resource, &arn) < 0 ? -1 : text_out(t, at, arn, out);
    if (sw_template_find(t, name) != NULL)
        return sw_template_unknown(t, at, name,
                                   "a resource has it once it is deployed; -p NAME=VALUE gives it", out);
    sw_doc_fault(t->doc, at, "'%s' is no parameter and no resource of this template", sw_show(name).text);
    return unknown_quietly(t, at, out);
}

int sw_template_attribute(struct sw_template *t, const struct sw_node *at, const char *name,
                          const struct sw_node **out)
{
    const char *dot = strchr(name, '.');
    size_t len = dot != NULL ? (size_t)(dot - name) : 0;
    struct sw_resource resource;
    SW_AUTO_FREE char *id = NULL;

    if (len == 0) {
        sw_doc_fault(t->doc, at, "'%s' is no attribute of a resource ('Resource.Attribute')",
                     sw_show(name).text);
        return unknown_quietly(t, at, out);
    }
    if (given(t, name) != NULL)
        return text_out(t, at, given(t, name), out);
    id = strndup(name, len);
    if (id == NULL)
        return sw_fail(t->err, SW_FAILED, "out of memory");
    if (is_resource(t, id, &resource) && strcmp(dot, ".Arn") == 0)
        return sw_template_ref(t, at, id, out);
    if (is_resource(t, id, &resource) && strcmp(dot, ".Name") == 0 &&
        sw_node_get(resource.properties, "Name") != NULL)
        return sw_template_property(t, &resource, "Name", out);
    if (sw_template_find(t, id) == NULL) {
        sw_doc_fault(t->doc, at, "'%s' is no resource of this template", sw_show(id).text);
        return unknown_quietly(t, at, out);
    }
    return sw_template_unknown(t, at, name, "a resource has it once it is deployed; -p NAME=VALUE gives it",
                               out);
}
