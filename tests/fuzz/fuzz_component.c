/* Component documents: any text is refused, or its every input resolves. The fields of recipes come along. */
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *output(void *arg, const char *phase, const char *step, const char *name, size_t index)
{
    (void)phase;
    (void)step;
    (void)name;
    return index == 0 ? arg : NULL;
}

static int ask(void *arg, enum sw_operator op, const char *text, const char *path, bool *holds,
               struct sw_err *err)
{
    (void)arg;
    (void)op;
    (void)err;
    *holds = path == NULL || strcmp(text, path) != 0;
    return 0;
}

static void decide(const struct sw_scope *scope, const struct sw_condition *condition)
{
    static const struct sw_condition_host host = {.ask = ask};
    struct sw_err err = {0};
    bool holds;

    if (condition == NULL)
        return;
    if (sw_condition_holds(scope, condition, &host, &holds, &err) < 0 && err.code != SW_RECIPE)
        abort();
    free(sw_condition_text(scope, condition, &err));
}

/* A few turns of the step's loop; the step itself when it has none. */
static void run_turns(struct sw_scope *scope, const struct sw_step *step)
{
    char **values = NULL;
    struct sw_err err = {0};
    struct sw_turn turn = {0};
    size_t n = 0;

    decide(scope, step->condition);
    if (step->loop != NULL && sw_loop_values(scope, step->loop, &values, &n, &err) < 0 &&
        err.code != SW_RECIPE)
        abort();
    for (size_t i = 0; i < (step->loop == NULL ? 1 : n < 3 ? n : 3); i++) {
        if (step->loop != NULL) {
            turn = (struct sw_turn){step->loop->name, i, values[i]};
            scope->turn = &turn;
        }
        decide(scope, step->assertion);
        json_decref(sw_step_inputs_json(scope, step, &err));
    }
    scope->turn = NULL;
    sw_texts_free(values);
}

static void explain(const struct sw_component *component)
{
    json_t *steps = json_array();
    struct sw_err err = {0};

    if (sw_explain(component, steps, &err) < 0)
        abort();
    json_decref(steps);
}

static void resolve(const struct sw_component *component)
{
    struct sw_value values[8];
    struct sw_use use = {.values = values};
    static char text[] = "{{ build.a.outputs.stdout }}";
    struct sw_scope scope = {.use = &use, .output = output, .arg = text};
    struct sw_err err = {0};

    if (component->nr_parameters > 8)
        return;
    memcpy(&use.component, &component, sizeof(component));
    for (size_t i = 0; i < component->nr_parameters; i++)
        use.values[use.nr_values++] = (struct sw_value){component->parameters[i].name, "{{ value }}"};
    json_decref(sw_use_canonical(&use, &err));
    explain(component);
    for (size_t i = 0; i < component->nr_phases; i++) {
        for (size_t k = 0; k < component->phases[i].nr_steps; k++) {
            const struct sw_step *step = &component->phases[i].steps[k];

            if (step->name == NULL || step->action == NULL || step->action->absent || step->max_attempts == 0)
                abort();
            if (step->action->condition != (step->assertion != NULL))
                abort();
            run_turns(&scope, step);
        }
    }
}

static void read_recipe_fields(const char *text, size_t len)
{
    static const struct sw_overrides none = {0};
    struct sw_diags diags = {0};
    struct sw_doc doc = {.file = "fuzz", .diags = &diags};
    struct sw_recipe recipe = {.dir = "dir"};
    struct sw_err err = {0};
    struct sw_recipe_reading r = {.doc = &doc, .recipe = &recipe, .overrides = &none, .err = &err};
    const struct sw_node *root = NULL;

    if (sw_doc_parse(&doc, text, len, &root, &err) < 0)
        abort();
    if (root != NULL && root->kind == SW_NODE_MAP)
        if (sw_recipe_fields(&r, root) < 0 || sw_recipe_outputs(&r, root) < 0)
            abort();
    sw_arena_free(doc.arena);
    sw_diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_component *component = sw_component_parse((const char *)data, size, "fuzz", &diags, &err);

    if ((component != NULL) != (diags.nr_errors == 0) || (component == NULL && err.code != SW_RECIPE))
        abort();
    if (component != NULL)
        resolve(component);
    sw_diags_sort(&diags);
    sw_component_free(component);
    sw_diags_free(&diags);
    read_recipe_fields((const char *)data, size);
    return 0;
}
