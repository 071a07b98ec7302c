/* What the recipe tests share: faults as text, documents from memory. */
#ifndef TESTS_UNIT_RECIPE_CASE_H
#define TESTS_UNIT_RECIPE_CASE_H

#include "tests/unit/testing.h"

#include "slipway/recipe.h"
#include "src/base/buf.h"

/* One line a fault, in order: "LINE:COLUMN: message"; with the file's name before it for a place in another file. */
static inline char *faults_text(struct sw_diags *diags, const char *file)
{
    struct sw_buf out = {0};
    struct sw_err err = {0};

    sw_diags_sort(diags);
    assert_ok(sw_buf_puts(&out, "", &err), err);
    for (size_t i = 0; i < diags->n; i++) {
        const struct sw_diag *diag = &diags->items[i];

        if (strcmp(diag->file, file) != 0)
            assert_ok(sw_buf_printf(&out, &err, "%s:", diag->file), err);
        assert_ok(sw_buf_printf(&out, &err, "%zu:%zu: %s%s\n", diag->line, diag->column,
                                diag->warning ? "warning: " : "", diag->message),
                  err);
    }
    return sw_buf_steal(&out);
}

/* The faults of a component document, exactly these. */
static inline void assert_faults(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_component *component = sw_component_parse(text, strlen(text), "doc.yml", &diags, &err);
    char *got = faults_text(&diags, "doc.yml");

    assert_string_equal(got, want);
    assert_int_equal(component == NULL, diags.nr_errors > 0);
    if (component == NULL)
        assert_int_equal(err.code, SW_RECIPE);
    free(got);
    sw_component_free(component);
    sw_diags_free(&diags);
}

/* A document without faults (warnings are fine). */
static inline struct sw_component *good_component(const char *text)
{
    struct sw_err err = {0};
    struct sw_component *component = sw_component_parse(text, strlen(text), "doc.yml", NULL, &err);

    if (component == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return component;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

#define HEAD "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"

#endif
