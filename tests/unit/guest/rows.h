/* One step of a component executed in a plain chroot, as a row of a table. */
#ifndef TESTS_UNIT_GUEST_ROWS_H
#define TESTS_UNIT_GUEST_ROWS_H

#include "slipway/recipe.h"
#include "src/base/json.h"
#include "tests/unit/guest/folder.h"

/* One step over a fresh folder /t. */
struct row {
    const char *sentence, *action;
    const char *before;  /* script; NULL: none */
    const char *inputs;  /* YAML */
    const char *refused; /* part of the fault found before anything runs */
    const char *fails;   /* part of the step's error */
    const char *after;   /* script … */
    const char *says;    /* … and its output */
    const char *output;  /* the first item's output, as "name=text" */
    bool root;           /* other owners are needed */
};

static json_t *outputs;
static char message[1024];

static inline void expect_part(const struct row *row, const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("%s: %s: '%s' is not in '%s'", row->action, row->sentence, part, text);
}

/* The component, or NULL with the first fault in message. */
static inline struct sw_component *parse(const struct row *row)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_diags diags = {.n = 0};
    SW_AUTO_FREE char *document = sw_strf(&err,
                                          "name: table\nschemaVersion: 1.0\nphases:\n  - name: build\n"
                                          "    steps:\n      - name: A\n        action: %s\n"
                                          "        inputs: %s\n",
                                          row->action, row->inputs);
    struct sw_component *component;

    assert_non_null(document);
    component = sw_component_parse(document, strlen(document), "table.yml", &diags, &err);
    snprintf(message, sizeof(message), "%s", err.text);
    sw_diags_free(&diags);
    return component;
}

/* 0; -1 with message. */
static inline int execute(struct sw_component *component)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_use use = {.component = component, .reference = "table.yml"};
    struct sw_exec exec = {.guest = folder_guest, .use = &use, .outputs = outputs};
    int rc = sw_exec_phase(&exec, SW_PHASE_BUILD, NULL, &err);

    snprintf(message, sizeof(message), "%s", err.text);
    if (rc < 0)
        assert_int_equal(err.code, SW_GUEST);
    return rc;
}

static inline void check_output(const struct row *row)
{
    const json_t *item = json_array_get(json_object_get(json_object_get(outputs, "build"), "A"), 0);
    SW_AUTO_FREE char *name = strndup(row->output, strcspn(row->output, "="));
    const char *text = sw_json_text(item, name);

    if (text == NULL || strcmp(text, row->output + strlen(name) + 1) != 0)
        fail_msg("%s: %s: the output %s is '%s'", row->action, row->sentence, name,
                 text != NULL ? text : "(none)");
}

static inline void script_says(const struct row *row, const char *first, const char *script, const char *says)
{
    SW_AUTO_FREE char *full = NULL;
    struct sw_err err = {.code = SW_OK};
    struct ran ran;

    full = sw_strf(&err, "%s; { %s\n} 2>&1", first, script);
    assert_non_null(full);
    ran = run_script(full);
    if (says != NULL && strcmp(ran.out.data != NULL ? ran.out.data : "", says) != 0)
        fail_msg("%s: %s: '%s' says '%s', not '%s'", row->action, row->sentence, script,
                 ran.out.data != NULL ? ran.out.data : "", says);
    ran_free(&ran);
}

static inline void try_row(const struct row *row)
{
    struct sw_component *component = parse(row);
    int rc;

    if (row->refused != NULL) {
        assert_null(component);
        expect_part(row, message, row->refused);
        return;
    }
    if (component == NULL)
        fail_msg("%s: %s: %s", row->action, row->sentence, message);
    outputs = json_object();
    script_says(row, "rm -rf /t /tmp/t; mkdir /t /tmp/t; cd /t", row->before != NULL ? row->before : "true",
                "");
    rc = execute(component);
    if (row->fails != NULL && rc == 0)
        fail_msg("%s: %s: it did not fail", row->action, row->sentence);
    if (row->fails == NULL && rc < 0)
        fail_msg("%s: %s: %s", row->action, row->sentence, message);
    if (row->fails != NULL)
        expect_part(row, message, row->fails);
    if (row->after != NULL)
        script_says(row, "cd /t", row->after, row->says);
    if (row->output != NULL)
        check_output(row);
    json_decref(outputs);
    sw_component_free(component);
}

static inline void try_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!rows[i].root || geteuid() == 0)
            try_row(&rows[i]);
}

#endif
