/* slipway seal: encrypt a file for its recipients. */
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/key_opts.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/seal_component.h"
#include "src/cli/sign_args.h"
#include "src/cli/std_out.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAME_BYTES_MIN = 1 << 10 };

struct seal_opts {
    struct common_opts common;
    struct key_opts key;
    const char *output;
    struct opt_list to;
    struct opt_list context;
    const char *component_version;
    const char *resume_key;
    uint64_t frame_bytes;
    const char *suite;
    bool sync;
    bool direct;
    const char *sign;
};

static const struct opt seal_rows[] = {
    {'o', "output", "FILE", OPT_STRING, offsetof(struct seal_opts, output),
     "the sealed file; its sidecar X.keys appears beside X.sealed"},
    {'t', "to", "RECIPIENT", OPT_LIST, offsetof(struct seal_opts, to),
     "aes:FILE, pem:FILE, pass:prompt, pkcs11:URI, kms:ARN …; any one of several opens it"},
    {0, "context", "K=V", OPT_LIST, offsetof(struct seal_opts, context),
     "authenticated with the file and readable by all"},
    {0, "component-version", "VERSION", OPT_STRING, offsetof(struct seal_opts, component_version),
     "of a component document (default: what its name says, else 1.0.0)"},
    {0, "direct", NULL, OPT_FLAG, offsetof(struct seal_opts, direct),
     "one file: recipients in its header, no sidecar"},
    {0, "sync", NULL, OPT_FLAG, offsetof(struct seal_opts, sync),
     "wait until the disk has the sealed file, so that a power cut cannot take it away"},
    {0, "resume-key", "KEY", OPT_STRING, offsetof(struct seal_opts, resume_key),
     "keeps the file's keys beside it meanwhile, so that the same command goes on after a kill"},
    {0, "frame-size", "BYTES", OPT_SIZE, offsetof(struct seal_opts, frame_bytes),
     "1K to 64M (default 64K; larger for more than 256 TiB)"},
    {0, "suite", "SUITE", OPT_STRING, offsetof(struct seal_opts, suite),
     "0478 (default), or 0578, which signs the message as well (slower)"},
    KEY_OPTS_ROWS(struct seal_opts),
    SIGN_ROW(struct seal_opts),
    OPT_END,
};

struct sealed {
    const char *path;
    char *sidecar; /* NULL: direct */
    char artifact[SW_SEAL_ARTIFACT_CHARS];
    uint16_t suite;
    uint64_t plain_bytes, sealed_bytes;
    struct sign_args sign;
};

static void sealed_clear(struct sealed *sealed)
{
    free(sealed->sidecar);
    sign_args_close(&sealed->sign);
}

static int print_json(const struct sealed *sealed, const struct sw_keyring *ring, struct sw_err *err)
{
    return out_json(json_pack("{s:s, s:s?, s:s, s:s, s:I, s:I, s:o}", "sealed", sealed->path, "keys",
                              sealed->sidecar, "artifact", sealed->artifact, "suite",
                              sw_seal_suite_name(sealed->suite), "plaintext_bytes",
                              (json_int_t)sealed->plain_bytes, "sealed_bytes",
                              (json_int_t)sealed->sealed_bytes, "recipients", seal_args_names(ring)),
                    err);
}

static void say(const struct sealed *sealed, const struct sw_keyring *ring)
{
    char size[32];

    out_size(sealed->plain_bytes, size, sizeof(size));
    sw_log(SW_LOG_INFO, "'%s': %s sealed, artifact %s", sealed->path, size, sealed->artifact);
    if (sealed->sidecar != NULL)
        sw_log(SW_LOG_INFO, "'%s': its key for %zu recipient%s; without it nobody opens the file",
               sealed->sidecar, sw_keyring_count(ring), sw_keyring_count(ring) == 1 ? "" : "s");
}

/* A message that ends too early opens nowhere, so it may go where it cannot be taken back; two files cannot. */
static int check_stdout(const struct seal_opts *opts, struct sw_err *err)
{
    if (!opts->direct)
        return sw_fail(err, SW_USAGE, "-o -: standard output takes one file: say --direct, or name a file");
    if (opts->common.json || opts->sign != NULL || opts->resume_key != NULL)
        return sw_fail(err, SW_USAGE, "-o - excludes --json, --sign and --resume-key: name a file");
    return isatty(STDOUT_FILENO) == 0 ? 0 : sw_fail(err, SW_USAGE, "-o -: a terminal shows no sealed file");
}

/* Both names are looked at before anything is written. */
static int check_names(const struct seal_opts *opts, const char *input, struct sealed *sealed,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *sidecar = NULL;

    sealed->path = opts->output;
    if (std_out_named(opts->output))
        return check_stdout(opts, err);
    if (seal_args_check_output(input, opts->output, err) < 0)
        return -1;
    sidecar = sw_seal_sidecar_path(opts->output, err);
    if (sidecar == NULL)
        return -1;
    if (opts->direct) {
        if (sw_path_exists(sidecar))
            sw_log(SW_LOG_WARNING, "'%s' is there and does not belong to what is sealed now", sidecar);
        return 0;
    }
    sealed->sidecar = SW_STEAL_PTR(sidecar);
    return seal_args_check_output(input, sealed->sidecar, err);
}

static int check_frame(uint64_t frame_bytes, struct sw_err *err)
{
    if (frame_bytes != 0 && (frame_bytes < FRAME_BYTES_MIN || frame_bytes > SW_SEAL_FRAME_BYTES_MAX))
        return sw_fail(err, SW_USAGE, "--frame-size: %" PRIu64 " is not from %d to %d", frame_bytes,
                       FRAME_BYTES_MIN, SW_SEAL_FRAME_BYTES_MAX);
    return 0;
}

static int check_suite(const struct seal_opts *opts, struct sealed *sealed, struct sw_err *err)
{
    sealed->suite = SW_SEAL_SUITE;
    if (opts->suite == NULL || sw_seal_suite_parse(opts->suite, &sealed->suite, err) == 0)
        return 0;
    return sw_context(err, "--suite");
}

/* The resume key for both uses. Zero-initialise it. */
struct resume_rings {
    struct sw_keyring *seal, *open;
};

static void resume_rings_free(struct resume_rings *rings)
{
    sw_keyring_free(rings->seal);
    sw_keyring_free(rings->open);
}

/* It is read for both uses. What only the first one gets is not asked for twice. */
static int check_resume_key(const char *text, struct sw_err *err)
{
    if (strncmp(text, "pass:fd:", 8) == 0 || strncmp(text, "pass:prompt", 11) == 0)
        return sw_fail(
            err, SW_USAGE,
            "--resume-key: a passphrase that is kept for another run comes from a file: pass:file:FILE");
    return 0;
}

static int resume_rings_read(const char *text, struct resume_rings *rings, struct sw_err *err)
{
    const struct opt_list list = {.items = {text}, .n = 1};

    rings->seal = seal_args_ring(SW_KEY_SEAL, &list, err);
    rings->open = rings->seal != NULL ? seal_args_ring(SW_KEY_OPEN, &list, err) : NULL;
    return rings->open != NULL ? 0 : sw_context(err, "--resume-key");
}

static int seal_it(const struct seal_opts *opts, const struct sw_seal_file *what, struct sealed *sealed,
                   struct sw_err *err)
{
    SW_CLEANUP(resume_rings_free) struct resume_rings rings = {.seal = NULL};
    struct sw_seal_file ask = *what;
    struct sw_seal_resume resume;
    struct out_progress progress;
    int rc;

    if (opts->resume_key != NULL) {
        if (resume_rings_read(opts->resume_key, &rings, err) < 0 ||
            sw_keyring_spare_file(rings.seal, sealed->path, err) < 0)
            return -1;
        resume = (struct sw_seal_resume){.seal = rings.seal, .open = rings.open};
        ask.resume = &resume;
    }
    ask.progress = &progress.base;
    out_progress_begin(&progress, "seal", &opts->common);
    rc = sw_seal_file(&ask, sealed->artifact, err);
    out_progress_end(&progress);
    return rc;
}

static int seal_file(const struct seal_opts *opts, const char *input, struct sealed *sealed,
                     const struct sw_keyring *ring, struct sw_err *err)
{
    AUTO_PAIRS struct pair_args context = {.n = 0};
    struct sw_seal_file ask = {.path = sealed->path,
                               .opts = {.suite = sealed->suite,
                                        .recipients = ring,
                                        .context = context.pairs,
                                        .direct = opts->direct,
                                        .lazy = !opts->sync,
                                        .frame_bytes = (uint32_t)opts->frame_bytes,
                                        .jobs = opt_jobs(&opts->common)}};
    struct sw_out standard = std_out();
    struct stat st;
    int rc;

    if (pair_args_parse(&opts->context, &context, err) < 0 ||
        seal_component_pairs(input, opts->output, opts->component_version, &context, err) < 0 ||
        sw_in_open_file(input, &ask.from, err) < 0)
        return -1;
    ask.opts.nr_context = context.n;
    ask.opts.digests = sealed->sign.signer != NULL ? &sealed->sign.digests : NULL;
    sealed->plain_bytes = ask.from->size_bytes;
    if (std_out_named(opts->output))
        ask.to = &standard;
    rc = seal_it(opts, &ask, sealed, err);
    sw_in_close(ask.from);
    if (rc == 0 && stat(sealed->path, &st) == 0)
        sealed->sealed_bytes = (uint64_t)st.st_size;
    return rc;
}

static int run_seal(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct seal_opts *opts = raw_opts;
    SW_CLEANUP(sealed_clear) struct sealed sealed = {.path = NULL};
    AUTO_RING struct sw_keyring *ring = NULL;

    if (opts->to.n == 0)
        return sw_fail(err, SW_USAGE, "--to RECIPIENT is missing");
    if (opts->resume_key != NULL && check_resume_key(opts->resume_key, err) < 0)
        return -1;
    if (check_names(opts, args->items[0], &sealed, err) < 0 || check_frame(opts->frame_bytes, err) < 0 ||
        check_suite(opts, &sealed, err) < 0 || sw_seal_harden(err) < 0)
        return -1;
    ring = key_opts_ring(&opts->key, SW_KEY_SEAL, &opts->to, err);
    if (ring == NULL || sign_args_open(opts->sign, opts->output, &sealed.sign, err) < 0 ||
        seal_file(opts, args->items[0], &sealed, ring, err) < 0 ||
        sign_args_write(&sealed.sign, sealed.path, sealed.sidecar, NULL, err) < 0)
        return -1;
    if (opts->common.json)
        return print_json(&sealed, ring, err);
    if (!std_out_named(opts->output))
        say(&sealed, ring);
    return 0;
}

const struct cmd cmd_seal = {
    .name = "seal",
    .args = "FILE",
    .summary = "encrypt a file for its recipients",
    .more =
        "Writes an AWS Encryption SDK message (version 2) that any of the SDKs opens. X.sealed\n"
        "is encrypted under a key of its own; the small message X.keys carries that key to the recipients.\n"
        "Like cp it leaves it to the kernel when a new X.sealed goes to the disk: --sync waits for that, and is to be\n"
        "said before FILE is removed. Both are replaced together; an X.keys that does not belong to what X.sealed is now never is.\n\n"
        "RECIPIENT: aes:FILE (32 bytes or 64 hex digits) or pem:FILE (an RSA or EC public key; slipway keygen).\n"
        "aes: and RSA keys take ,ns=NAMESPACE and ,name=KEYNAME for SDKs that use other names, RSA keys also\n"
        ",padding=oaep-sha256 (or -sha1, -sha384, -sha512). A comma in FILE is doubled.\n"
        "pass:prompt asks for a passphrase, pass:fd:N and pass:file:FILE take a line; scrypt makes an AES key of it,\n"
        "with ,cost=15 to 20 (default 17: N is 2^17, which takes 128 MiB and half a second).\n" KEY_OPTS_HELP
        "\n"
        "-o - with --direct writes the message to standard output; of one that ends too early nothing opens.\n\n"
        "Suite 0578 adds a signature by a key that is made for the message and stored in it: it proves that the\n"
        "message is whole, not who made it, and is what some readers insist on.\n"
        "The context is stored in clear. slipway adds slipway-format, artifact and plaintext-bytes.\n\n"
        "A component document gets slipway:component=NAME/VERSION besides, and the name of its file: a recipe that\n"
        "says component: FILE.yml.sealed takes no other in its place. NAME and VERSION are those of its path, as\n"
        "in NAME/1.2.3.yml or NAME-1.2.3.yml, else the document's own name and --component-version.\n\n"
        "Whoever has a public key of RECIPIENT can seal to it; --sign says that it was you. Anybody checks that with\n"
        "slipway verify X.manifest.json --trust KEY.pub, or with openssl dgst -sha256 -verify KEY.pub -signature\n"
        "X.manifest.sig X.manifest.json and sha256sum.\n\n"
        "A run that was interrupted or killed leaves nothing, and the same command begins anew with new keys: that\n"
        "of the file is in memory only. --resume-key KEY (one that seals and opens: aes:FILE, pass:file:FILE …) keeps it in\n"
        ".FILE.journal, wrapped for KEY; the same command then goes on. It first reads again all that may have been\n"
        "sealed: when a byte has changed, it begins anew with another key, as two plaintexts under one would give\n"
        "each other away; so it does when with --direct a recipient's name is another key's now.",
    .opts = seal_rows,
    .opts_size = sizeof(struct seal_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_seal,
};
