/* slipway verify of a manifest: its signature, then the files that it lists. */
#include "src/cli/verify_manifest.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/number.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { EXTRA_LISTED_MAX = 100 };

static const char *const verdicts[] = {
    [SW_FILE_RIGHT] = "right",     [SW_FILE_MISSING] = "missing", [SW_FILE_SPECIAL] = "special",
    [SW_FILE_SHORT] = "short",     [SW_FILE_LONG] = "long",       [SW_FILE_CHANGED] = "changed",
    [SW_FILE_AT_ODDS] = "at odds",
};

static void manifest_auto(struct sw_manifest **manifest)
{
    sw_manifest_free(*manifest);
}
#define AUTO_MANIFEST __attribute__((cleanup(manifest_auto)))

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool verify_is_manifest(const char *path)
{
    const char *end = strrchr(path, '.');

    return (end != NULL && strcmp(end, ".json") == 0) || is_folder(path);
}

static bool is_right(const struct manifest_opts *opts, const struct sw_file_state *state)
{
    return state->verdict == SW_FILE_RIGHT || (opts->partial && state->verdict == SW_FILE_SHORT);
}

static void print_changed(const struct sw_manifest_file *file, const struct sw_file_state *state)
{
    uint64_t chunk = file->digests.chunk_bytes, end = file->digests.bytes;

    for (uint64_t i = 0; i < state->nr_changed && i < SW_CHANGED_LISTED_MAX; i++) {
        uint64_t off = state->changed[i] * chunk;

        printf("changed: %" PRIu64 " bytes at %" PRIu64 " (chunk %" PRIu64 " of %zu)\n",
               chunk < end - off ? chunk : end - off, off, state->changed[i] + 1, file->digests.nr_chunks);
    }
    if (state->nr_changed > SW_CHANGED_LISTED_MAX)
        printf("changed: and %" PRIu64 " more chunks\n", state->nr_changed - SW_CHANGED_LISTED_MAX);
}

static void print_verdict(const struct manifest_opts *opts, const struct sw_manifest_file *file,
                          const struct sw_file_state *state)
{
    char size[32];

    out_size(file->digests.bytes, size, sizeof(size));
    switch (state->verdict) {
    case SW_FILE_RIGHT:
        printf("right: %" PRIu64 " of %zu chunks looked at, %s\n", state->nr_checked, file->digests.nr_chunks,
               size);
        break;
    case SW_FILE_MISSING:
        printf("missing\n");
        break;
    case SW_FILE_SPECIAL:
        printf("not a regular file\n");
        break;
    case SW_FILE_SHORT:
    case SW_FILE_LONG:
        printf("%s: %" PRIu64 " bytes, the manifest says %" PRIu64 "\n",
               is_right(opts, state) ? "right so far" : verdicts[state->verdict], state->there_bytes,
               file->digests.bytes);
        break;
    case SW_FILE_CHANGED:
        printf("changed: %" PRIu64 " of %" PRIu64 " chunks looked at\n", state->nr_changed,
               state->nr_checked);
        break;
    case SW_FILE_AT_ODDS:
        printf("at odds: every chunk is right, and the digest of the whole is not\n");
        break;
    }
    if (opts->partial && state->right_bytes < file->digests.bytes && state->there_bytes > 0)
        printf("go on at: %" PRIu64 "\n", state->right_bytes);
}

static void print_file(const struct manifest_opts *opts, const struct sw_manifest_file *file,
                       const struct sw_file_state *state)
{
    print_changed(file, state);
    out_safe(stdout, file->name);
    printf(": ");
    print_verdict(opts, file, state);
}

static json_t *describe_file(const struct sw_manifest_file *file, const struct sw_file_state *state)
{
    json_t *changed = json_array();

    for (uint64_t i = 0; changed != NULL && i < state->nr_changed && i < SW_CHANGED_LISTED_MAX; i++)
        json_array_append_new(changed, json_integer((json_int_t)state->changed[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "file", file->name, "verdict",
                     verdicts[state->verdict], "bytes", (json_int_t)file->digests.bytes, "there_bytes",
                     (json_int_t)state->there_bytes, "right_bytes", (json_int_t)state->right_bytes,
                     "chunk_bytes", (json_int_t)file->digests.chunk_bytes, "checked_chunks",
                     (json_int_t)state->nr_checked, "changed_chunks", (json_int_t)state->nr_changed,
                     "changed", changed);
}

/* The manifest being verified, and what of it is shown. */
struct verifying {
    const struct manifest_opts *opts;
    struct sw_manifest *manifest;
    struct sw_file_check how;
    json_t *files, *notes; /* with --json */
    bool wrong;
};

static int verify_file(struct verifying *self, size_t i, struct sw_err *err)
{
    const struct sw_manifest_file *file = &self->manifest->files[i];
    struct out_progress progress;
    struct sw_file_check how = self->how;
    struct sw_file_state state;
    int rc;

    how.progress = &progress.base;
    out_progress_begin(&progress, "verify", self->opts->common);
    rc = sw_manifest_check(self->manifest, i, &how, &state, err);
    out_progress_end(&progress);
    if (rc < 0)
        return sw_context(err, "'%s'", file->name);
    self->wrong |= !is_right(self->opts, &state);
    if (self->opts->common->json)
        return sw_json_append(self->files, describe_file(file, &state), err);
    print_file(self->opts, file, &state);
    return 0;
}

/* What is no fault, but whoever looks for it wants to know: "extra" or "keys". */
static int note(struct verifying *self, const char *kind, const char *name, const char *text,
                struct sw_err *err)
{
    if (self->opts->common->json)
        return sw_json_append(self->notes,
                              json_pack("{s:s, s:o}", "kind", kind, "file", json_untrusted(name)), err);
    printf("%s: ", kind);
    out_safe(stdout, name);
    printf(": %s\n", text);
    return 0;
}

static int look_for_keys(struct verifying *self, const struct sw_manifest_file *file, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    if (file->keys == NULL)
        return 0;
    path = sw_path_join(self->manifest->dir, file->keys, err);
    if (path == NULL)
        return -1;
    return sw_path_exists(path)
               ? 0
               : note(self, "keys", file->keys, "not here; nobody opens the file without it", err);
}

static bool is_listed(const struct sw_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->nr_files; i++)
        if (strcmp(manifest->files[i].name, name) == 0 ||
            (manifest->files[i].keys != NULL && strcmp(manifest->files[i].keys, name) == 0))
            return true;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "log") == 0 ||
           strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.sig") == 0;
}

static int look_for_extras(struct verifying *self, const char *folder, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    const struct dirent *entry;
    unsigned n = 0;

    while (dir != NULL && n < EXTRA_LISTED_MAX && (entry = readdir(dir)) != NULL) {
        if (is_listed(self->manifest, entry->d_name))
            continue;
        n++;
        if (note(self, "extra", entry->d_name, "not in the manifest", err) < 0)
            return -1;
    }
    return 0;
}

static void print_head(const struct sw_manifest *manifest)
{
    out_safe(stdout, manifest->path);
    printf(": made %s by slipway %s", manifest->created, manifest->program);
    if (manifest->recipe != NULL && manifest->version != NULL)
        printf(", recipe %s %s", manifest->recipe, manifest->version);
    printf("\nsigned by: ");
    out_safe(stdout, manifest->signer != NULL ? manifest->signer : "nobody that was asked for");
    putchar('\n');
}

static json_t *describe(struct verifying *self)
{
    const struct sw_manifest *manifest = self->manifest;

    return json_pack("{s:o, s:o, s:s, s:s, s:s?, s:s?, s:b, s:O, s:O}", "manifest",
                     json_untrusted(manifest->path), "signed_by",
                     manifest->signer != NULL ? json_untrusted(manifest->signer) : json_null(), "created",
                     manifest->created, "slipway", manifest->program, "recipe", manifest->recipe, "version",
                     manifest->version, "right", !self->wrong, "files", self->files, "notes", self->notes);
}

static int verify_files(struct verifying *self, const char *path, struct sw_err *err)
{
    if (!self->opts->common->json)
        print_head(self->manifest);
    for (size_t i = 0; i < self->manifest->nr_files; i++)
        if (verify_file(self, i, err) < 0 || look_for_keys(self, &self->manifest->files[i], err) < 0)
            return -1;
    return is_folder(path) ? look_for_extras(self, path, err) : 0;
}

/* OFFSET[:LENGTH] */
static int parse_range(const char *text, struct sw_file_check *how, struct sw_err *err)
{
    static const char form[] = "OFFSET[:LENGTH]";

    if (text == NULL)
        return 0;
    if (opt_range(text, form, &how->off, &how->len, err) < 0)
        return -1;
    if (how->len == 0)
        return sw_fail(err, SW_USAGE, "--range: '%s' is not %s", text, form);
    if (how->len > UINT64_MAX - how->off)
        how->len = UINT64_MAX - how->off;
    return 0;
}

static int open_manifest(const struct manifest_opts *opts, const char *path, struct sw_manifest **manifest,
                         struct sw_err *err)
{
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};

    if (trust_args_open(opts->trust, false, &trust, err) < 0)
        return -1;
    if (trust.trust == NULL && !opts->trust->allow_unsigned)
        return sw_fail(
            err, SW_USAGE,
            "whose signature counts? say --trust DIR or FILE.pub, or --allow-unsigned to compare digests "
            "alone");
    return sw_manifest_open(path, trust.trust, manifest, err);
}

int verify_manifest(const struct manifest_opts *opts, const char *path, json_t *list, struct sw_err *err)
{
    AUTO_MANIFEST struct sw_manifest *manifest = NULL;
    SW_AUTO_JSON json_t *files = json_array();
    SW_AUTO_JSON json_t *notes = json_array();
    struct verifying self = {.opts = opts, .files = files, .notes = notes};

    if (parse_range(opts->range, &self.how, err) < 0 || open_manifest(opts, path, &manifest, err) < 0)
        return -1;
    self.manifest = manifest;
    self.how.jobs = opt_jobs(opts->common);
    self.how.partial = opts->partial;
    /* What somebody signed does not contradict itself. */
    self.how.whole = manifest->signer == NULL;
    if (verify_files(&self, path, err) < 0 ||
        (opts->common->json && sw_json_append(list, describe(&self), err) < 0))
        return -1;
    return self.wrong ? (int)SW_INTEGRITY : 0;
}
