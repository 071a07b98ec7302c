/* What a step needs: offline, media, a network, a booted system. */
#include "src/recipe/classify.h"

#include "src/base/cleanup.h"

#include <stdio.h>
#include <string.h>

const char *sw_need_name(enum sw_need need)
{
    static const char *const names[] = {
        [SW_NEED_NOTHING] = "runs offline",
        [SW_NEED_MEDIA] = "needs media",
        [SW_NEED_NETWORK] = "needs network",
        [SW_NEED_BOOT] = "needs a booted system",
        [SW_NEED_FIRST_BOOT] = "deferred to first boot",
    };

    return names[need];
}

/* The line of the text that holds this byte, without the blanks around it. */
static void copy_line(const struct sw_node *node, size_t offset, char *out, size_t size)
{
    const char *begin = node->text + offset, *end;
    char line[200];

    while (begin > node->text && begin[-1] != '\n')
        begin--;
    begin += strspn(begin, " \t");
    end = begin + strcspn(begin, "\n");
    while (end > begin && (end[-1] == ' ' || end[-1] == '\r' || end[-1] == '\t'))
        end--;
    snprintf(line, sizeof(line), "%.*s", (int)(end - begin < 190 ? end - begin : 190), begin);
    snprintf(out, size, "%s", sw_show(line).text);
}

/* The same words again, such as every line of a long list of installs: once is enough. */
static bool is_known(const struct sw_step_class *out, enum sw_need need, const char *what)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->reasons[i].need == need && strcmp(out->reasons[i].words, what) == 0)
            return true;
    return false;
}

void sw_claim(struct sw_classifier *c, size_t offset, enum sw_need need, const char *what, const char *why)
{
    struct sw_step_class *out = c->out;
    struct sw_reason *reason;
    struct sw_place place = {0};

    if (need > out->need)
        out->need = need;
    if (out->n == SW_REASONS_MAX || is_known(out, need, what))
        return;
    if (c->nested)
        offset = c->offset;
    if (offset > c->node->len)
        offset = c->node->len;
    sw_place_move(&place, c->node, offset);
    reason = &out->reasons[out->n++];
    *reason = (struct sw_reason){.need = need, .line = place.line, .column = place.column, .why = why};
    snprintf(reason->words, sizeof(reason->words), "%.47s", what);
    copy_line(c->node, offset, reason->source, sizeof(reason->source));
}

/* A claim that the action itself makes. */
static void claim_action(struct sw_step_class *out, const struct sw_step *step, enum sw_need need,
                         const char *why)
{
    struct sw_reason *reason;

    if (need > out->need)
        out->need = need;
    if (out->n == SW_REASONS_MAX)
        return;
    reason = &out->reasons[out->n++];
    *reason = (struct sw_reason){.need = need, .line = step->line, .column = step->column, .why = why};
    snprintf(reason->words, sizeof(reason->words), "%.47s", step->action->name);
}

static void classify_scripts(const struct sw_step *step, struct sw_step_class *out,
                             void (*classify)(struct sw_classifier *c, const char *text, size_t len))
{
    const struct sw_node *commands = sw_node_get(step->inputs, "commands");

    for (size_t i = 0; commands != NULL && i < commands->n; i++) {
        struct sw_classifier c = {.out = out, .node = commands->items[i]};

        if (c.node->kind == SW_NODE_SCALAR)
            classify(&c, c.node->text, c.node->len);
    }
}

/* ExecuteBinary: its path and arguments are the words of one command. */
static void classify_binary(const struct sw_step *step, struct sw_step_class *out)
{
    const struct sw_node *path = sw_node_get(step->inputs, "path");
    const struct sw_node *arguments = sw_node_get(step->inputs, "arguments");
    struct sw_command command = {.n = 1};
    struct sw_classifier c = {.out = out, .node = path, .nested = true};

    if (path == NULL || path->kind != SW_NODE_SCALAR)
        return;
    command.words[0].text = path->text;
    for (size_t i = 0; arguments != NULL && i < arguments->n && command.n < SW_SHELL_WORDS_MAX; i++)
        if (arguments->items[i]->kind == SW_NODE_SCALAR)
            command.words[command.n++].text = arguments->items[i]->text;
    sw_classify_command(&c, &command);
}

/* What each action means by itself; scripts are looked at besides. */
static const struct {
    const char *action;
    enum sw_need need;
    const char *why;
} actions[] = {
    {"WebDownload", SW_NEED_MEDIA, "its sources are fetched ahead: from the inputs, a bundle or the network"},
    {"S3Download", SW_NEED_MEDIA, "its sources are fetched ahead: from the inputs, a bundle or the network"},
    {"ExecuteDocument", SW_NEED_NOTHING, "it needs what the steps of its document need"},
    {"S3Upload", SW_NEED_NETWORK, "it sends to a server"},
    {"UpdateOS", SW_NEED_MEDIA, "a package manager takes its packages from repositories"},
};

static void classify_action(const struct sw_step *step, struct sw_step_class *out)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].action, step->action->name) == 0)
            claim_action(out, step, actions[i].need, actions[i].why);
}

static bool is_named(const struct sw_step *step, const char *const *names)
{
    return sw_word_find(names, step->action->name) >= 0;
}

static bool on_windows_alone(const struct sw_component *component, const struct sw_step *step)
{
    unsigned platforms = sw_component_platforms(component);

    return step->action->platforms == SW_WINDOWS || (platforms != 0 && !(platforms & SW_LINUX));
}

/* In an image of Windows nothing runs before it is booted, and what stands behind keeps its place. */
static const char *why_deferred(const struct sw_component *component, const struct sw_phase *phase,
                                const struct sw_step *step)
{
    if (!on_windows_alone(component, step))
        return NULL;
    if (step->action->first_boot == SW_BOOT_WAITS)
        return "Windows runs it, and Windows is not running";
    if (step->action->first_boot == SW_BOOT_FOLLOWS && sw_step_stands_behind(phase, step))
        return "it stands behind a step that waits for the first boot";
    return NULL;
}

void sw_classify_step(const struct sw_component *component, const struct sw_phase *phase,
                      const struct sw_step *step, struct sw_step_class *out)
{
    static const char *const bash[] = {"ExecuteBash", NULL};
    static const char *const powershell[] = {"ExecutePowerShell", NULL};
    static const char *const binary[] = {"ExecuteBinary", NULL};
    const char *deferred;

    *out = (struct sw_step_class){.need = SW_NEED_NOTHING};
    if (step->action == NULL)
        return;
    deferred = why_deferred(component, phase, step);
    if (deferred != NULL)
        claim_action(out, step, SW_NEED_FIRST_BOOT, deferred);
    else if (phase->kind == SW_PHASE_TEST)
        claim_action(out, step, SW_NEED_BOOT, "the test phase runs in a booted copy of the image");
    classify_action(step, out);
    if (is_named(step, bash))
        classify_scripts(step, out, sw_classify_bash);
    else if (is_named(step, powershell))
        classify_scripts(step, out, sw_classify_powershell);
    else if (is_named(step, binary))
        classify_binary(step, out);
}
