/* The queue of the first boot: its entries, and the service that runs it. */
#include "src/guest/firstboot/firstboot.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/guest/hive.h"
#include "src/guest/windows.h"

#include <stdio.h>
#include <string.h>

/* FIRSTBOOT_SCRIPT comes from the build. */
__asm__(".section .rodata\n"
        ".globl sw_firstboot_begin\n"
        "sw_firstboot_begin:\n"
        ".incbin \"" FIRSTBOOT_SCRIPT "\"\n"
        ".globl sw_firstboot_end\n"
        "sw_firstboot_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char sw_firstboot_begin[], sw_firstboot_end[];

#define POWERSHELL "C:/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
#define SYSTEM     "C:/Windows/System32/config/SYSTEM"
#define SERVICE    "CurrentControlSet\\Services\\SlipwayFirstBoot"

const char *firstboot_script(size_t *len)
{
    *len = (size_t)(sw_firstboot_end - sw_firstboot_begin);
    return sw_firstboot_begin;
}

int firstboot_waiting(struct sw_guest *guest, unsigned *n, struct sw_err *err)
{
    struct sw_guest_names names = {.text = NULL};
    struct sw_guest_stat st;

    *n = 0;
    if (guest->platform != SW_WINDOWS)
        return 0;
    if (guest->ops->stat(guest, FIRSTBOOT_QUEUE, false, &st, err) < 0)
        return -1;
    if (st.kind != SW_FILE_DIR)
        return 0;
    if (guest->ops->list(guest, FIRSTBOOT_QUEUE, "*.json", SW_LIST_FILES, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.len; i++)
        *n += names.text[i] == '\0';
    free(names.text);
    return 0;
}

/* ---- The service ------------------------------------------------------------------------------------------- */

static int set_value(struct hive *hive, const char *key, const char *const row[3], struct sw_err *err)
{
    char *const texts[] = {(char *)(uintptr_t)row[2], NULL};
    struct sw_registry_value value = {.type = 0};
    int rc = sw_registry_encode(row[1], texts, false, &value, err);

    if (rc == 0)
        rc = hive_set(hive, key, row[0], &value, err);
    sw_buf_free(&value.data);
    return rc;
}

/*
 * A service's program has to be one that talks to Windows' service manager, and no such program is ours to bring. cmd starts
 * PowerShell and ends; the manager then notes that the service stopped at once, and leaves alone what was started.
 */
static int add_service(struct sw_guest *guest, struct sw_err *err)
{
    static const char *const rows[][3] = {
        {"Type", "DWORD", "0x10"},
        {"Start", "DWORD", "2"},
        {"ErrorControl", "DWORD", "0"},
        {"ObjectName", "SZ", "LocalSystem"},
        {"DisplayName", "SZ", "First boot of an assembled image"},
        {"Description", "SZ", "Runs the steps of the image's build that need a booted Windows, and goes."},
        {"ImagePath", "EXPAND_SZ",
         "%SystemRoot%\\System32\\cmd.exe /d /c start \"\" /b "
         "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -NoProfile -NonInteractive "
         "-ExecutionPolicy Bypass -File %SystemRoot%\\Slipway\\FirstBoot\\firstboot.ps1"},
    };
    AUTO_HIVE struct hive *hive = NULL;
    SW_AUTO_FREE char *key = NULL;

    if (hive_open(guest, SYSTEM, &hive, err) < 0)
        return -1;
    key = hive_control_set(hive, SERVICE, err);
    if (key == NULL)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (set_value(hive, key, rows[i], err) < 0)
            return -1;
    return hive_write_back(hive, err);
}

static int install(struct sw_guest *guest, struct sw_err *err)
{
    struct sw_guest_stat shell;
    size_t len;
    const char *script = firstboot_script(&len);

    if (guest->ops->stat(guest, POWERSHELL, true, &shell, err) < 0)
        return -1;
    if (shell.kind != SW_FILE_REGULAR)
        return sw_fail(err, SW_GUEST, "the image has no Windows PowerShell, which the first boot needs");
    if (guest->ops->put(guest, FIRSTBOOT_DIR "/firstboot.ps1", script, len,
                        0666 | SW_PUT_PARENTS | SW_PUT_OVERWRITE, err) < 0 ||
        add_service(guest, err) < 0)
        return sw_context(err, "the service of the first boot");
    return 0;
}

/* ---- Entries ----------------------------------------------------------------------------------------------- */

static json_t *describe(const struct step_ctx *ctx, json_t *items, struct sw_err *err)
{
    static const char *const on_failure[] = {"Abort", "Continue", "Ignore"};
    SW_AUTO_FREE char *dir = windows_native(step_working_dir(ctx), err);
    const json_t *delay = json_object_get(json_array_get(items, 0), "delaySeconds");
    json_t *entry;

    if (dir == NULL)
        return NULL;
    entry = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:b, s:I, s:O}", "component",
                      ctx->exec->use->component->name, "phase", ctx->phase->name, "step", ctx->step->name,
                      "action", ctx->step->action->name, "timeoutSeconds", (json_int_t)ctx->step->timeout_s,
                      "maxAttempts", (json_int_t)ctx->step->max_attempts, "onFailure",
                      on_failure[ctx->step->on_failure], "workingDirectory", dir, "log",
                      !ctx->step->disable_logging, "delaySeconds", json_integer_value(delay), "items", items);
    if (entry == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return entry;
}

static int put_file(struct sw_guest *guest, const char *name, const char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_strf(err, FIRSTBOOT_QUEUE "/%s", name);

    if (path == NULL)
        return -1;
    return guest->ops->put(guest, path, text, strlen(text), 0666 | SW_PUT_PARENTS | SW_PUT_OVERWRITE, err);
}

static int put_entry(struct sw_guest *guest, const char *number, const json_t *entry, const json_t *files,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *text = json_dumps(entry, JSON_ENSURE_ASCII | JSON_INDENT(1) | JSON_SORT_KEYS);
    SW_AUTO_FREE char *name = sw_strf(err, "%s.json", number);
    const char *file;
    json_t *content;

    if (text == NULL || name == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    json_object_foreach ((json_t *)(uintptr_t)files, file, content) {
        if (put_file(guest, file, json_string_value(content), err) < 0)
            return -1;
    }
    return put_file(guest, name, text, err);
}

/* What a later step that waits gets for an output: the queue puts the output itself in that place. */
static json_t *promise(const struct step_ctx *ctx, const char *number, const json_t *items,
                       struct sw_err *err)
{
    SW_AUTO_JSON json_t *outputs = json_object();
    const char *const *names = ctx->step->action->outputs;
    json_t *list;

    if (outputs == NULL || sw_json_set(outputs, "firstBoot", json_string(number), err) < 0)
        return NULL;
    for (; names != NULL && *names != NULL; names++) {
        const char *known = json_string_value(json_object_get(json_array_get(items, 0), *names));
        bool code = strcmp(*names, "msiExitCode") == 0;
        SW_AUTO_FREE char *mark = sw_strf(err, "{{slipway-output:%s:%s}}", number, code ? "exit" : "stdout");

        if (mark == NULL || sw_json_set(outputs, *names, json_string(known != NULL ? known : mark), err) < 0)
            return NULL;
    }
    list = json_pack("[O]", outputs);
    if (list == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return list;
}

static int put_into_queue(struct step_ctx *ctx, unsigned waiting, struct sw_err *err)
{
    SW_AUTO_JSON json_t *files = json_object(), *items = NULL, *entry = NULL;
    char number[16];

    if (waiting >= FIRSTBOOT_STEPS_MAX)
        return sw_fail(err, SW_GUEST, "more than %d steps wait for the first boot", (int)FIRSTBOOT_STEPS_MAX);
    snprintf(number, sizeof(number), "%05u", waiting + 1);
    items = files != NULL ? firstboot_items(ctx, number, files, err) : NULL;
    entry = items != NULL ? describe(ctx, items, err) : NULL;
    if (entry == NULL || (waiting == 0 && install(ctx->guest, err) < 0) ||
        put_entry(ctx->guest, number, entry, files, err) < 0)
        return -1;
    json_decref(ctx->outputs);
    ctx->outputs = promise(ctx, number, items, err);
    if (ctx->outputs == NULL)
        return -1;
    ctx->deferred = true;
    sw_runlog_line(ctx->exec->log, "%s: waits for the first boot as step %s of its queue",
                   ctx->step->action->name, number);
    return 0;
}

enum { ENTRY_MAX_BYTES = 1 << 20 };

static bool is_same(const json_t *entry, const struct step_ctx *ctx)
{
    const char *const own[][2] = {{"component", ctx->exec->use->component->name},
                                  {"phase", ctx->phase->name},
                                  {"step", ctx->step->name}};

    for (size_t i = 0; i < SW_ARRAY_LEN(own); i++) {
        const char *text = sw_json_text(entry, own[i][0]);

        if (text == NULL || strcmp(text, own[i][1]) != 0)
            return false;
    }
    return true;
}

/* 1 when an entry of the queue is of the same step. What the image has there that is no entry is none. */
static int waits_already(const struct step_ctx *ctx, unsigned waiting, struct sw_err *err)
{
    for (unsigned i = 1; i <= waiting; i++) {
        SW_AUTO_FREE char *path = sw_strf(err, FIRSTBOOT_QUEUE "/%05u.json", i);
        SW_AUTO_FREE char *text = NULL;
        SW_AUTO_JSON json_t *entry = NULL;
        struct sw_err unread = {.code = SW_OK};
        size_t len = 0;

        if (path == NULL)
            return -1;
        if (ctx->guest->ops->get(ctx->guest, path, ENTRY_MAX_BYTES, &text, &len, &unread) == 0) {
            entry = sw_json_parse(text, len, path, &unread);
        } else if (unread.code != SW_GUEST) {
            *err = unread;
            return -1;
        }
        if (entry != NULL && is_same(entry, ctx)) {
            sw_runlog_line(ctx->exec->log, "%s: waits for the first boot already, as step %05u of its queue",
                           ctx->step->action->name, i);
            return 1;
        }
    }
    return 0;
}

int firstboot_queue(struct step_ctx *ctx, unsigned waiting, struct sw_err *err)
{
    int known = ctx->exec->beside_queue ? waits_already(ctx, waiting, err) : 0;

    if (known != 0) {
        ctx->deferred = known > 0;
        return known > 0 ? 0 : -1;
    }
    return put_into_queue(ctx, waiting, err);
}
