/* Where documents can run, and what Windows asks of them. */
#include "src/recipe/actions.h"
#include "src/recipe/component.h"
#include "src/recipe/registry.h"

#include <string.h>
#include <strings.h>

const char *sw_platform_name(enum sw_platform platform)
{
    return platform == SW_WINDOWS ? "Windows" : platform == SW_MACOS ? "macOS" : "Linux";
}

/* An input that the step gives and that has no meaning on the platform; NULL when there is none. */
static const struct sw_input *unfit_input(const struct sw_step *step, unsigned platform,
                                          const struct sw_node **value)
{
    for (const struct sw_input *input = step->action->inputs; input != NULL && input->name != NULL; input++) {
        if (input->platforms == 0 || (input->platforms & platform) != 0)
            continue;
        for (size_t i = 0; i < step->nr_items; i++) {
            const struct sw_node *given = sw_node_get(step->items[i], input->name);

            if (sw_node_is_null(given))
                continue;
            *value = given;
            return input;
        }
    }
    return NULL;
}

/* By actions alone. */
static unsigned action_platforms(const struct sw_component *component)
{
    unsigned platforms = SW_LINUX | SW_WINDOWS | SW_MACOS;

    for (size_t i = 0; i < component->nr_phases; i++) {
        const struct sw_phase *phase = &component->phases[i];

        for (size_t j = 0; phase->kind != SW_PHASE_OTHER && j < phase->nr_steps; j++)
            if (phase->steps[j].action != NULL)
                platforms &= phase->steps[j].action->platforms;
    }
    return platforms;
}

static bool fits(const struct sw_step *step, unsigned platform)
{
    const struct sw_node *value;

    return (step->action->platforms & platform) != 0 && unfit_input(step, platform, &value) == NULL;
}

unsigned sw_component_platforms(const struct sw_component *component)
{
    unsigned platforms = action_platforms(component);

    for (unsigned bit = SW_LINUX; bit <= SW_MACOS; bit <<= 1)
        for (size_t i = 0; i < component->nr_phases; i++)
            for (size_t j = 0; j < component->phases[i].nr_steps; j++)
                if (component->phases[i].kind != SW_PHASE_OTHER &&
                    component->phases[i].steps[j].action != NULL &&
                    !fits(&component->phases[i].steps[j], bit))
                    platforms &= ~bit;
    return platforms;
}

bool sw_step_stands_behind(const struct sw_phase *phase, const struct sw_step *step)
{
    for (const struct sw_step *before = phase->steps; before < step; before++)
        if (before->action != NULL && before->action->first_boot == SW_BOOT_WAITS)
            return true;
    return false;
}

/* ---- Before a build ---------------------------------------------------------------------------------------- */

static int check_step(const struct sw_step *step, enum sw_platform platform, const struct sw_step **waiting,
                      struct sw_err *err)
{
    const struct sw_node *value = NULL;
    const struct sw_input *input = unfit_input(step, platform, &value);

    if ((step->action->platforms & platform) == 0)
        return sw_fail(err, SW_RECIPE, "%s does not run on %s, which the image holds", step->action->name,
                       sw_platform_name(platform));
    if (input != NULL)
        return sw_fail(err, SW_RECIPE, "'%s' has no meaning on %s, which the image holds", input->name,
                       sw_platform_name(platform));
    if (platform != SW_WINDOWS)
        return 0;
    if (*waiting != NULL && step->action->first_boot == SW_BOOT_OFFLINE)
        return sw_fail(err, SW_RECIPE,
                       "%s stands behind the step '%s', which waits for Windows' first boot, and cannot wait "
                       "itself: move it before",
                       step->action->name, (*waiting)->name);
    if (*waiting == NULL && step->action->first_boot == SW_BOOT_WAITS)
        *waiting = step;
    return 0;
}

static int check_phase(const struct sw_use *use, const struct sw_phase *phase, enum sw_platform platform,
                       const struct sw_step **waiting, struct sw_err *err)
{
    /* What a validate phase finds is thrown away: nothing waits because of it. */
    const struct sw_step *own = NULL;

    for (size_t i = 0; i < phase->nr_steps; i++)
        if (check_step(&phase->steps[i], platform, phase->kind == SW_PHASE_BUILD ? waiting : &own, err) < 0)
            return sw_context(err, "%s:%zu:%zu: component '%s': step '%s'", use->component->file,
                              phase->steps[i].line, phase->steps[i].column, use->component->name,
                              phase->steps[i].name);
    return 0;
}

int sw_uses_check_platform(const struct sw_use *uses, size_t n, enum sw_platform platform, struct sw_err *err)
{
    const struct sw_step *waiting = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct sw_component *component = uses[i].component;

        if (uses[i].cleaning && platform != SW_LINUX)
            return sw_fail(err, SW_RECIPE,
                           "cleanup is for Linux, and the image holds %s: take it out of the recipe",
                           sw_platform_name(platform));
        for (size_t j = 0; j < component->nr_phases; j++)
            if ((component->phases[j].kind == SW_PHASE_BUILD ||
                 component->phases[j].kind == SW_PHASE_VALIDATE) &&
                check_phase(&uses[i], &component->phases[j], platform, &waiting, err) < 0)
                return -1;
    }
    return 0;
}

/* ---- While a document is checked --------------------------------------------------------------------------- */

static bool is_fixed(const struct sw_node *node)
{
    if (node->kind == SW_NODE_SCALAR)
        return strstr(node->text, "{{") == NULL;
    for (size_t i = 0; i < node->n; i++)
        if (node->items[i]->kind != SW_NODE_SCALAR || strstr(node->items[i]->text, "{{") != NULL)
            return false;
    return node->kind == SW_NODE_LIST;
}

static int check_value(struct sw_reading *r, const struct sw_node *value, const char *type)
{
    bool list = value->kind == SW_NODE_LIST;
    SW_AUTO_FREE char **texts = sw_calloc((list ? value->n : 1) + 1, sizeof(*texts), r->err);
    struct sw_registry_value encoded = {.type = 0};
    struct sw_err problem = {.code = SW_OK};

    if (texts == NULL)
        return -1;
    for (size_t i = 0; i < (list ? value->n : 1); i++)
        texts[i] = (char *)(uintptr_t)(list ? value->items[i]->text : value->text);
    if (sw_registry_encode(type, texts, list, &encoded, &problem) < 0)
        sw_doc_fault(r->doc, value, "%s", problem.text);
    else if (encoded.cut)
        sw_doc_warn(r->doc, value, "'%s' is not whole: what stands behind the dot is dropped",
                    sw_show(value->text).text);
    sw_buf_free(&encoded.data);
    return 0;
}

static int check_registry(struct sw_reading *r, const struct sw_node *item)
{
    const struct sw_node *path = sw_node_get(item, "path"), *value = sw_node_get(item, "value");
    const struct sw_node *type = sw_node_get(item, "type");
    enum sw_registry_root root;
    const char *key, *problem;

    if (path != NULL && path->kind == SW_NODE_SCALAR && is_fixed(path)) {
        problem = sw_registry_path(path->text, &root, &key);
        if (problem != NULL)
            sw_doc_fault(r->doc, path, "the registry path '%s' %s", sw_show(path->text).text, problem);
        else if (root == SW_HKCU)
            sw_doc_warn(r->doc, path,
                        "HKEY_CURRENT_USER is that of SYSTEM, which runs the steps: people who log on do not "
                        "see what is set there");
    }
    if (value == NULL || type == NULL || type->kind != SW_NODE_SCALAR || !is_fixed(type) || !is_fixed(value))
        return 0;
    return check_value(r, value, type->text);
}

static void check_powershell(struct sw_reading *r, const struct sw_node *item)
{
    const struct sw_node *file = sw_node_get(item, "file"), *commands = sw_node_get(item, "commands");
    bool has_file = !sw_node_is_null(file), has_commands = !sw_node_is_null(commands);

    if (has_file == has_commands)
        sw_doc_fault(r->doc, item, "ExecutePowerShell needs %s of 'commands' and 'file'",
                     has_file ? "one, not both," : "one");
    else if (has_file && file->kind == SW_NODE_SCALAR && is_fixed(file) &&
             (file->len < 4 || strcasecmp(file->text + file->len - 4, ".ps1") != 0))
        sw_doc_fault(r->doc, file, "'file' is '%s': it must be a .ps1", sw_show(file->text).text);
}

static int check_inputs(struct sw_reading *r, const struct sw_step *step)
{
    for (size_t i = 0; i < step->nr_items; i++) {
        if (step->items[i]->kind != SW_NODE_MAP)
            continue;
        if (strcmp(step->action->name, "SetRegistry") == 0 && check_registry(r, step->items[i]) < 0)
            return -1;
        if (strcmp(step->action->name, "ExecutePowerShell") == 0)
            check_powershell(r, step->items[i]);
    }
    return 0;
}

int sw_check_platform(struct sw_reading *r)
{
    const struct sw_component *c = r->component;
    unsigned platforms = action_platforms(c);

    if (platforms == 0)
        sw_doc_warn(r->doc, c->root, "steps of this document run on Linux only, and others on Windows only");
    for (size_t i = 0; i < c->nr_phases; i++) {
        for (size_t j = 0; j < c->phases[i].nr_steps; j++) {
            const struct sw_step *step = &c->phases[i].steps[j];
            const struct sw_node *value = NULL;
            const struct sw_input *input;

            if (step->action == NULL)
                continue;
            input = platforms == SW_WINDOWS ? unfit_input(step, SW_WINDOWS, &value) : NULL;
            if (input != NULL)
                sw_doc_fault(r->doc, value, "'%s' has no meaning on Windows, where alone this document runs",
                             input->name);
            if (check_inputs(r, step) < 0)
                return -1;
        }
    }
    return 0;
}
