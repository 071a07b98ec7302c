/* CloudFormation's functions, as far as they can be known without a deployment. */
#include "src/recipe/template.h"

#include "src/base/buf.h"

#include <stdlib.h>
#include <string.h>

static int text_out(struct sw_template *t, const struct sw_node *at, const char *text, size_t len,
                    const struct sw_node **out)
{
    *out = sw_template_text(t, at, text, len);
    return *out != NULL ? 0 : -1;
}

/* The function's argument is not what it takes. */
static int bad_argument(struct sw_template *t, const struct sw_node *at, const char *want,
                        const struct sw_node **out)
{
    struct sw_node *node = sw_template_text(t, at, "", 0);

    sw_doc_fault(t->doc, at, "%s", want);
    *out = node;
    return node != NULL ? sw_template_mark_unknown(node) : -1;
}

static int resolve_ref(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    if (arg->kind != SW_NODE_SCALAR)
        return bad_argument(t, arg, "Ref takes the name of a parameter or a resource", out);
    return sw_template_ref(t, arg, arg->text, out);
}

static int resolve_attribute(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    SW_AUTO_FREE char *name = NULL;

    if (arg->kind == SW_NODE_SCALAR)
        return sw_template_attribute(t, arg, arg->text, out);
    if (arg->kind != SW_NODE_LIST || arg->n != 2 || arg->items[0]->kind != SW_NODE_SCALAR ||
        arg->items[1]->kind != SW_NODE_SCALAR)
        return bad_argument(t, arg, "GetAtt takes a resource and its attribute", out);
    name = sw_strf(t->err, "%s.%s", arg->items[0]->text, arg->items[1]->text);
    return name != NULL ? sw_template_attribute(t, arg, name, out) : -1;
}

/* The value of ${name} within a text. */
static int placeholder(struct sw_template *t, const struct sw_node *at, const struct sw_node *names,
                       const char *name, const struct sw_node **out)
{
    const struct sw_node *own = sw_node_get(names, name);

    if (own != NULL)
        return sw_template_resolve(t, own, out);
    if (strchr(name, '.') != NULL)
        return sw_template_attribute(t, at, name, out);
    return sw_template_ref(t, at, name, out);
}

/* A text being put together. */
struct substitution {
    struct sw_template *t;
    const struct sw_node *at, *names;
    struct sw_buf text;
    bool unknown;
};

static void substitution_auto(struct substitution *s)
{
    sw_buf_free(&s->text);
}

/* Appends what stands at "${", which ends before end; an unknown value leaves the text as it is. */
static int substitute(struct substitution *s, const char *begin, const char *end)
{
    struct sw_err *err = s->t->err;
    const struct sw_node *value;
    SW_AUTO_FREE char *name = NULL;

    begin += 2;
    if (*begin == '!')
        return sw_buf_puts(&s->text, "${", err) < 0
                   ? -1
                   : sw_buf_append(&s->text, begin + 1, (size_t)(end - begin), err);
    while (*begin == ' ')
        begin++;
    name = strndup(begin, (size_t)(end - begin));
    if (name == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    for (size_t n = strlen(name); n > 0 && name[n - 1] == ' '; n--)
        name[n - 1] = '\0';
    if (placeholder(s->t, s->at, s->names, name, &value) < 0)
        return -1;
    if (value != NULL && value->kind == SW_NODE_SCALAR && !sw_node_is_unknown(value))
        return sw_buf_append(&s->text, value->text, value->len, err);
    s->unknown = s->unknown || sw_node_is_unknown(value);
    return sw_buf_printf(&s->text, err, "${%s}", name);
}

static int sub_text(struct sw_template *t, const struct sw_node *at, const struct sw_node *names,
                    const struct sw_node **out)
{
    SW_CLEANUP(substitution_auto) struct substitution s = {.t = t, .at = at, .names = names};
    const char *from = at->text, *open, *end;
    struct sw_node *node;

    for (; (open = strstr(from, "${")) != NULL && (end = strchr(open, '}')) != NULL; from = end + 1) {
        if (sw_buf_append(&s.text, from, (size_t)(open - from), t->err) < 0 || substitute(&s, open, end) < 0)
            return -1;
        if (s.text.len > SW_DOC_MAX_BYTES)
            return bad_argument(t, at, "Sub makes a text of more than 1 MiB", out);
    }
    if (sw_buf_puts(&s.text, from, t->err) < 0)
        return -1;
    node = sw_template_text(t, at, s.text.data, s.text.len);
    *out = node;
    if (node == NULL)
        return -1;
    node->style = at->style;
    node->indent = at->indent;
    return s.unknown ? sw_template_mark_unknown(node) : 0;
}

static int resolve_sub(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    if (arg->kind == SW_NODE_SCALAR)
        return sub_text(t, arg, NULL, out);
    if (arg->kind != SW_NODE_LIST || arg->n != 2 || arg->items[0]->kind != SW_NODE_SCALAR ||
        arg->items[1]->kind != SW_NODE_MAP)
        return bad_argument(t, arg, "Sub takes a text, or a text and a map of names", out);
    return sub_text(t, arg->items[0], arg->items[1], out);
}

static int resolve_join(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    const struct sw_node *list;

    if (arg->kind != SW_NODE_LIST || arg->n != 2 || arg->items[0]->kind != SW_NODE_SCALAR)
        return bad_argument(t, arg, "Join takes a delimiter and a list", out);
    if (sw_template_resolve(t, arg->items[1], &list) < 0 || sw_buf_puts(&text, "", t->err) < 0)
        return -1;
    if (list == NULL || sw_node_is_unknown(list)) {
        *out = list;
        return 0;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct sw_node *item = list->items[i];

        if (sw_node_is_unknown(item)) {
            *out = item;
            return 0;
        }
        if (item->kind != SW_NODE_SCALAR)
            return bad_argument(t, arg, "Join takes a list of texts", out);
        if ((i > 0 && sw_buf_puts(&text, arg->items[0]->text, t->err) < 0) ||
            sw_buf_append(&text, item->text, item->len, t->err) < 0)
            return -1;
        if (text.len > SW_DOC_MAX_BYTES)
            return bad_argument(t, arg, "Join makes a text of more than 1 MiB", out);
    }
    return text_out(t, arg, text.data, text.len, out);
}

static int resolve_select(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    const struct sw_node *index, *list;
    unsigned long at;
    char *end;

    if (arg->kind != SW_NODE_LIST || arg->n != 2)
        return bad_argument(t, arg, "Select takes a number and a list", out);
    if (sw_template_resolve(t, arg->items[0], &index) < 0 || sw_template_resolve(t, arg->items[1], &list) < 0)
        return -1;
    if (sw_node_is_unknown(index) || sw_node_is_unknown(list)) {
        *out = sw_node_is_unknown(index) ? index : list;
        return 0;
    }
    if (index == NULL || index->kind != SW_NODE_SCALAR || list == NULL || list->kind != SW_NODE_LIST)
        return bad_argument(t, arg, "Select takes a number and a list", out);
    at = strtoul(index->text, &end, 10);
    if (index->text[0] < '0' || index->text[0] > '9' || *end != '\0' || at >= list->n)
        return bad_argument(t, arg, "Select's number is beyond the end of its list", out);
    *out = list->items[at];
    return 0;
}

static int resolve_split(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    const struct sw_node *text;
    struct sw_node *list;
    const char *from, *next, *by;

    if (arg->kind != SW_NODE_LIST || arg->n != 2 || arg->items[0]->kind != SW_NODE_SCALAR ||
        arg->items[0]->len == 0)
        return bad_argument(t, arg, "Split takes a delimiter and a text", out);
    by = arg->items[0]->text;
    if (sw_template_resolve(t, arg->items[1], &text) < 0)
        return -1;
    if (text == NULL || sw_node_is_unknown(text) || text->kind != SW_NODE_SCALAR) {
        *out = text;
        return 0;
    }
    list = sw_template_text(t, arg, "", 0);
    if (list == NULL)
        return -1;
    list->kind = SW_NODE_LIST;
    for (from = text->text; from != NULL; from = next != NULL ? next + strlen(by) : NULL) {
        const struct sw_node *part;

        next = strstr(from, by);
        part = sw_template_text(t, arg, from, next != NULL ? (size_t)(next - from) : strlen(from));
        list->items = part != NULL
                          ? sw_arena_grow(t->doc->arena, list->items, list->n, sizeof(*list->items), t->err)
                          : NULL;
        if (list->items == NULL)
            return -1;
        list->items[list->n++] = part;
    }
    *out = list;
    return 0;
}

static int resolve_find(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    const struct sw_node *at = sw_node_get(t->root, "Mappings"), *key;

    if (arg->kind != SW_NODE_LIST || arg->n < 3)
        return bad_argument(t, arg, "FindInMap takes a mapping and two keys", out);
    for (size_t i = 0; i < 3; i++) {
        if (sw_template_resolve(t, arg->items[i], &key) < 0)
            return -1;
        if (sw_node_is_unknown(key)) {
            *out = key;
            return 0;
        }
        at = key != NULL && key->kind == SW_NODE_SCALAR ? sw_node_get(at, key->text) : NULL;
        if (at == NULL)
            return bad_argument(t, arg->items[i], "FindInMap: the template's Mappings have no such key", out);
    }
    *out = at;
    return 0;
}

static int resolve_if(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    const struct sw_node *condition;
    int truth;

    if (arg->kind != SW_NODE_LIST || arg->n != 3 || arg->items[0]->kind != SW_NODE_SCALAR)
        return bad_argument(t, arg, "If takes a condition and two values", out);
    condition = sw_node_get(sw_node_get(t->root, "Conditions"), arg->items[0]->text);
    if (condition == NULL)
        return bad_argument(t, arg->items[0], "If: the template has no such condition", out);
    truth = sw_template_condition(t, condition);
    if (truth < 0)
        return -1;
    if (truth > 1)
        return sw_template_unknown(t, arg, arg->items[0]->text, "the condition cannot be evaluated here",
                                   out);
    return sw_template_resolve(t, arg->items[truth == 1 ? 1 : 2], out);
}

static int resolve_base64(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    SW_AUTO_BUF struct sw_buf text = {0};
    const struct sw_node *from;

    if (sw_template_resolve(t, arg, &from) < 0 || sw_buf_puts(&text, "", t->err) < 0)
        return -1;
    if (from == NULL || sw_node_is_unknown(from) || from->kind != SW_NODE_SCALAR) {
        *out = from;
        return 0;
    }
    for (size_t i = 0; i < from->len; i += 3) {
        size_t left = from->len - i;
        const unsigned char *p = (const unsigned char *)from->text + i;
        unsigned bits = (unsigned)p[0] << 16 | (left > 1 ? (unsigned)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], left > 1 ? digits[bits >> 6 & 63] : '=',
                        left > 2 ? digits[bits & 63] : '='};

        if (sw_buf_append(&text, four, sizeof(four), t->err) < 0)
            return -1;
    }
    return text_out(t, arg, text.data, text.len, out);
}

static int resolve_elsewhere(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out)
{
    return sw_template_unknown(t, arg, "Fn::ImportValue", "such a function is for a deployment", out);
}

static const struct sw_function functions[] = {
    {"!Ref", "Ref", resolve_ref},
    {"!Sub", "Fn::Sub", resolve_sub},
    {"!GetAtt", "Fn::GetAtt", resolve_attribute},
    {"!Join", "Fn::Join", resolve_join},
    {"!Select", "Fn::Select", resolve_select},
    {"!Split", "Fn::Split", resolve_split},
    {"!FindInMap", "Fn::FindInMap", resolve_find},
    {"!If", "Fn::If", resolve_if},
    {"!Base64", "Fn::Base64", resolve_base64},
    {"!ImportValue", "Fn::ImportValue", resolve_elsewhere},
    {"!Cidr", "Fn::Cidr", resolve_elsewhere},
    {"!GetAZs", "Fn::GetAZs", resolve_elsewhere},
    {"!Length", "Fn::Length", resolve_elsewhere},
    {"!ToJsonString", "Fn::ToJsonString", resolve_elsewhere},
    {"!Transform", "Fn::Transform", resolve_elsewhere},
    {"!Equals", "Fn::Equals", resolve_elsewhere},
    {"!And", "Fn::And", resolve_elsewhere},
    {"!Or", "Fn::Or", resolve_elsewhere},
    {"!Not", "Fn::Not", resolve_elsewhere},
    {"!Condition", "Condition", resolve_elsewhere},
};

int sw_function_of(struct sw_template *t, const struct sw_node *node, const struct sw_function **fn,
                   const struct sw_node **arg)
{
    const char *name = node->tag;
    struct sw_node *bare;

    *fn = NULL;
    *arg = node;
    if (name == NULL && node->kind == SW_NODE_MAP && node->n == 1) {
        name = node->keys[0]->text;
        *arg = node->items[0];
    }
    for (size_t i = 0; name != NULL && i < SW_ARRAY_LEN(functions); i++)
        if (strcmp(name, node->tag != NULL ? functions[i].brief : functions[i].full) == 0)
            *fn = &functions[i];
    if (*fn == NULL || node->tag == NULL)
        return 0;
    bare = sw_node_copy(t->doc->arena, node, t->err);
    if (bare == NULL)
        return -1;
    bare->tag = NULL;
    *arg = bare;
    return 0;
}
