/* Recipes and component documents: what was read, what it means, how its references resolve. */
#ifndef SLIPWAY_RECIPE_H
#define SLIPWAY_RECIPE_H

#include "slipway/error.h"
#include "slipway/io.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything that can be wrong with a file, found in one go. Zero-initialise the list. */
struct sw_diag {
    char *file;
    size_t line, column; /* from 1; 0: the file as a whole */
    bool warning;
    const char *rule; /* which check it is, such as "unknown-field"; static text */
    char *message;    /* may quote the file: print it with out_safe() */
};

struct sw_diags {
    struct sw_diag *items;
    size_t n, cap;
    size_t nr_errors; /* the others are warnings */
    bool full;        /* there were more than SW_DIAGS_MAX */
};

enum { SW_DIAGS_MAX = 1000 };

/* Sorts by file, line and column. */
void sw_diags_sort(struct sw_diags *diags);
void sw_diags_free(struct sw_diags *diags);
/* Hides secrets in the messages: a struct sw_mask of src/base/mask.h. */
struct sw_mask;
void sw_diags_mask(struct sw_diags *diags, const struct sw_mask *mask);

/*
 * A parsed YAML or JSON value. Nodes live as long as the document that they came from; a node that an alias
 * repeats is the same node twice. Scalars are never resolved: `0777` is four characters.
 */
enum sw_node_kind { SW_NODE_SCALAR, SW_NODE_LIST, SW_NODE_MAP };
enum sw_node_style { SW_STYLE_PLAIN, SW_STYLE_QUOTED, SW_STYLE_LITERAL /* | */, SW_STYLE_FOLDED /* > */ };

struct sw_node {
    enum sw_node_kind kind;
    enum sw_node_style style; /* of a scalar */
    uint32_t line, column;    /* from 1, in characters */
    uint32_t indent;          /* characters before each line's text in the source; UINT32_MAX: not known */
    uint32_t weight, bytes;   /* nodes and text bytes of this tree with aliases written out */
    const char *tag;          /* "!Ref" and its kin, in CloudFormation's templates only; else NULL */
    const char *text;         /* SCALAR: UTF-8 without NUL bytes, terminated; else NULL */
    size_t len;               /* of text */
    size_t n;                 /* LIST, MAP: entries */
    const struct sw_node **items; /* LIST: the items; MAP: the values */
    const struct sw_node **keys;  /* MAP: scalars, all different */
};

/* The map's value for key, or NULL (also when node is NULL or no map). */
const struct sw_node *sw_node_get(const struct sw_node *node, const char *key);
/* Plain and empty, "~" or "null": nothing was said. A NULL node is one too. */
bool sw_node_is_null(const struct sw_node *node);
/* true/false in the spellings of YAML 1.1; -1 when it is neither. */
SW_MUST_CHECK int sw_text_bool(const char *text, bool *out);

/* Action modules: one row each, in src/recipe/actions.c. */
enum sw_platform { SW_LINUX = 1, SW_WINDOWS = 2, SW_MACOS = 4 };

enum sw_input_kind {
    SW_INPUT_TEXT,
    SW_INPUT_PATH,  /* not empty */
    SW_INPUT_TEXTS, /* a list of texts */
    SW_INPUT_BOOL,
    SW_INPUT_OCTAL,    /* permissions: 1 to 4 octal digits, maybe behind "0o" */
    SW_INPUT_ENCODING, /* utf8, utf-16-LE, … */
    SW_INPUT_NUMBER,   /* of decimal digits, up to INT32_MAX */
    SW_INPUT_WORD,     /* one of words, in any case */
    SW_INPUT_TEXT_MAP, /* names with texts */
    SW_INPUT_PAIRS,    /* a list of maps of name and value */
    SW_INPUT_TEXT_OR_TEXTS,
    SW_INPUT_WEB, /* http://… or https://… */
    SW_INPUT_S3,  /* s3://BUCKET… */
};

/* Is it such a URI? */
bool sw_is_web_uri(const char *text);
bool sw_is_s3_uri(const char *text);

struct sw_input {
    const char *name; /* NULL ends the table */
    enum sw_input_kind kind;
    bool required;
    bool may_be_empty;        /* though required: it has to be given */
    const char *const *words; /* of SW_INPUT_WORD, NULL-terminated */
    const char *fallback;     /* text when left out; NULL: none */
    unsigned platforms;       /* where it may be given; 0: wherever the action may */
    bool ignored; /* not in AWS's table, yet in documents that AWS ships: no effect, a warning at lint */
};

/* What becomes of a step in a Windows image, where nothing can be run before it is booted. */
enum sw_first_boot {
    SW_BOOT_OFFLINE,   /* done now, and only where no step before it waits */
    SW_BOOT_FOLLOWS,   /* done now; behind a step that waits it waits too */
    SW_BOOT_AHEAD,     /* done now, also behind a step that waits: what it brings does no harm before */
    SW_BOOT_WAITS,     /* waits for the first boot, in a queue in the image */
    SW_BOOT_ITS_STEPS, /* runs other steps, which are asked one by one */
};

struct sw_action {
    const char *name;
    enum sw_first_boot first_boot; /* on Windows */
    bool list;                     /* inputs is a list of maps; else one map */
    bool bare;                     /* inputs may be left out */
    bool absent;                   /* a module of the language that this version does not have */
    bool condition;                /* its inputs are a condition; `inputs` is NULL */
    bool runs_once;                /* maxAttempts is 1 and there is no time-out, whatever a step says */
    unsigned platforms;            /* enum sw_platform, or-ed */
    const struct sw_input *inputs;
    const char *const *outputs; /* NULL-terminated; NULL: none */
};

/* NULL when no module has that name (names are case-sensitive). */
const struct sw_action *sw_action_find(const char *name);
/* "Linux", "Windows", "macOS". */
const char *sw_platform_name(enum sw_platform platform);

/* True for the actions whose `source` lies elsewhere: WebDownload and S3Download. */
bool sw_action_downloads(const struct sw_action *action);

/* Component documents, schemaVersion 1.0. */
enum sw_on_failure { SW_ON_FAILURE_ABORT, SW_ON_FAILURE_CONTINUE, SW_ON_FAILURE_IGNORE };

enum sw_phase_kind {
    SW_PHASE_BUILD,
    SW_PHASE_VALIDATE,
    SW_PHASE_TEST,
    SW_PHASE_OTHER, /* a name that is never selected: skipped, with a warning at lint */
};

enum { SW_TIMEOUT_DEFAULT_S = 7200, SW_TIMEOUT_NONE = -1 };

/* Operators of conditions. They all mean: value OP operand. */
enum sw_operator {
    SW_OP_AND,
    SW_OP_OR,
    SW_OP_NOT,
    SW_OP_STRING_IS_EMPTY,
    SW_OP_STRING_IS_WHITESPACE,
    SW_OP_STRING_EQUALS,
    SW_OP_STRING_LESS_THAN,
    SW_OP_STRING_LESS_THAN_EQUALS,
    SW_OP_STRING_GREATER_THAN,
    SW_OP_STRING_GREATER_THAN_EQUALS,
    SW_OP_PATTERN_MATCHES,
    SW_OP_NUMBER_EQUALS,
    SW_OP_NUMBER_LESS_THAN,
    SW_OP_NUMBER_LESS_THAN_EQUALS,
    SW_OP_NUMBER_GREATER_THAN,
    SW_OP_NUMBER_GREATER_THAN_EQUALS,
    SW_OP_BINARY_EXISTS,
    SW_OP_FILE_EXISTS,
    SW_OP_FOLDER_EXISTS,
    SW_OP_FILE_MD5_EQUALS,
    SW_OP_FILE_SHA1_EQUALS,
    SW_OP_FILE_SHA256_EQUALS,
    SW_OP_FILE_SHA512_EQUALS,
};

/* "stringEquals". */
const char *sw_operator_name(enum sw_operator op);

/* A condition: what `if` and Assert hold. */
struct sw_condition {
    enum sw_operator op;
    const struct sw_node *operand;    /* of a comparison: the text beside its operator */
    const struct sw_node *second;     /* `value` or `path`; NULL for operators of one text */
    const struct sw_condition *parts; /* and, or: at least two; not: one */
    size_t nr_parts;
};

/* What `if` makes of a step. */
enum sw_branch { SW_BRANCH_EXECUTE, SW_BRANCH_SKIP, SW_BRANCH_ABORT };

enum sw_loop_kind { SW_LOOP_FOR, SW_LOOP_LIST, SW_LOOP_DELIMITED };

struct sw_loop {
    enum sw_loop_kind kind;
    const char *name;              /* unique within the phase; NULL: it has none */
    int64_t start, end, update_by; /* FOR: both ends are included */
    const struct sw_node *list;    /* LIST: a list of texts; DELIMITED: one text */
    char delimiter;                /* DELIMITED */
};

enum { SW_LOOP_MAX_TURNS = 100000 };

struct sw_step {
    const char *name; /* unique within the phase */
    const struct sw_action *action;
    const struct sw_node *inputs;       /* as written; NULL when left out */
    const struct sw_node *const *items; /* the input maps: nr_items of them, 1 for an action without list */
    size_t nr_items;
    int64_t timeout_s; /* of each attempt; SW_TIMEOUT_NONE */
    enum sw_on_failure on_failure;
    unsigned max_attempts; /* from 1 */
    bool disable_logging;
    const struct sw_condition *condition; /* `if`; NULL: none */
    enum sw_branch then, otherwise;
    const struct sw_loop *loop;           /* NULL: none */
    const struct sw_condition *assertion; /* of Assert, its inputs; else NULL */
    size_t line, column;
};

struct sw_phase {
    const char *name; /* unique within the document */
    enum sw_phase_kind kind;
    struct sw_step *steps;
    size_t nr_steps;
    size_t line, column;
};

struct sw_parameter {
    const char *name;
    const char *fallback; /* the default; NULL: a value must be given */
    const char *description;
    const struct sw_node *allowed; /* list of scalars, or NULL: any value */
    bool secret;                   /* noEcho: its value is never shown */
    size_t line, column;
};

struct sw_constant {
    const char *name, *value;
    size_t line, column;
};

struct sw_component {
    const char *file;        /* as it was opened */
    const char *name;        /* the document's, else the file's name without its suffix */
    const char *description; /* "" when there is none */
    const char *text;        /* the document itself, terminated; it may hold NUL bytes */
    size_t text_len;
    const char
        *sealed; /* NAME/VERSION of one that was opened in memory: no word of it is shown; NULL: plain */
    struct sw_parameter *parameters;
    size_t nr_parameters;
    struct sw_constant *constants;
    size_t nr_constants;
    struct sw_phase *phases; /* in document order, which is the order of running */
    size_t nr_phases;
    const struct sw_node *root;
    char digest[65]; /* SHA-256, hex, of the document's canonical JSON (sw_node_json) */
    struct sw_arena *arena;
};

/*
 * Reads and checks one document. Faults and warnings are added to diags. NULL when there is an error: err then is
 * SW_RECIPE with the first fault, or what kept the file from being read. Free it.
 */
SW_MUST_CHECK struct sw_component *sw_component_load(const char *path, struct sw_diags *diags,
                                                     struct sw_err *err);
/* The same from memory; file is for the messages. */
SW_MUST_CHECK struct sw_component *sw_component_parse(const char *text, size_t len, const char *file,
                                                      struct sw_diags *diags, struct sw_err *err);
void sw_component_free(struct sw_component *component);

/*
 * Who a component is, in the encryption context of its sealed form: NAME/VERSION, and the name of its file without
 * ".sealed". A recipe's reference demands NAME and VERSION where it says them (an ARN, NAME/1.2.3.yml, NAME-1.2.3.yml),
 * else the file's name (a message without one: NAME).
 */
#define SW_COMPONENT_KEY      "slipway:component"
#define SW_COMPONENT_FILE_KEY "slipway:component-file"

/* What a path says of the component in it; a ".sealed" at the end does not count. */
struct sw_component_id {
    char name[128];
    char version[48]; /* "" when it is not said */
    char file[256];
};
void sw_component_id_of(const char *path, struct sw_component_id *id);
/* Three numbers with dots between. */
bool sw_is_version(const char *text);

/* A component as a recipe uses it. */
struct sw_value {
    const char *name, *value;
};

/* A document that an ExecuteDocument step names and that lies on this machine: it is known before anything runs. */
struct sw_document {
    const char *from;               /* the file of the document that names it */
    char *name;                     /* what the step's `document` resolves to */
    struct sw_component *component; /* owned */
};

/* A value of a recipe's ssmParameters, for {{ aws:ssm:NAME }}. */
struct sw_ssm_parameter {
    const char *name, *value;
    bool secret; /* a SecureString: it is never shown */
};

struct sw_use {
    struct sw_component *component; /* owned */
    const char *reference;          /* as the recipe names it: a path or an ARN */
    bool is_inline;                 /* its document lies in the recipe's own file */
    struct sw_value *values;        /* one for each parameter of the document, in its order */
    size_t nr_values;
    struct sw_document *documents; /* that it executes, and those that they execute */
    size_t nr_documents;
    const bool *secret;                 /* one for each value: it is never shown; NULL: none is */
    bool booted;                        /* engine: boot; its build phase runs in the booted image */
    bool cleaning;                      /* the recipe's own last component, of `cleanup:` */
    const struct sw_ssm_parameter *ssm; /* the recipe's */
    size_t nr_ssm;
};

/* The document that is meant by name in the document of the file from; NULL: it does not lie on this machine. */
const struct sw_component *sw_use_document(const struct sw_use *use, const char *from, const char *name);

/* Documents may execute documents so deep: the first is at 0. */
enum { SW_DOCUMENT_MAX_DEPTH = 3 };

/*
 * A value for each parameter of a document that is executed, in its order: of pairs (an array of {"name", "value"}), else
 * the default. A null value is one that is not known yet: it gets none. *values (free it) refers to both. Names in pairs
 * that the document has not are nobody's; *unknown is the first of them, or NULL.
 */
SW_MUST_CHECK int sw_document_values(const struct sw_component *component, const json_t *pairs,
                                     struct sw_value **values, size_t *n, const char **unknown,
                                     struct sw_err *err);
/*
 * Is the phase in a comma-separated list? An empty list has all but those that are never run. sw_phases_check: is there
 * every phase that the list names?
 */
bool sw_phases_have(const char *list, const struct sw_phase *phase);
SW_MUST_CHECK int sw_phases_check(const char *list, const struct sw_component *component, struct sw_err *err);

/*
 * What a plan key is made of: {"digest", "document", "parameters"}, and "documents" when it executes others; every scalar
 * is its source text. Equal for documents that differ in comments, quoting or the order of keys only. A secret is there as
 * {"secret": HEX}, which is slow to guess it from; all of a sealed component likewise as {"sealed": HEX}. decref it.
 */
SW_MUST_CHECK json_t *sw_use_canonical(const struct sw_use *use, struct sw_err *err);
/* True when the component, or a document that it executes, is sealed. */
bool sw_use_holds_sealed(const struct sw_use *use);
/* A node as JSON: maps, lists, and strings of source text. */
SW_MUST_CHECK json_t *sw_node_json(const struct sw_node *node, struct sw_err *err);

/* Where all steps of all phases that are ever run can run: enum sw_platform, or-ed; 0: nowhere. */
unsigned sw_component_platforms(const struct sw_component *component);
/* True when a step before this one in its phase waits for Windows' first boot. */
bool sw_step_stands_behind(const struct sw_phase *phase, const struct sw_step *step);
/*
 * Whether a recipe's components can build an image of this platform: SW_RECIPE names the first step that cannot run there,
 * or that would have to wait for Windows' first boot and cannot. The use's own phases only where they are build or validate.
 */
SW_MUST_CHECK int sw_uses_check_platform(const struct sw_use *uses, size_t n, enum sw_platform platform,
                                         struct sw_err *err);

/*
 * References: {{ name }}, {{ phase.step.inputs[n].key }}, {{ phase.step.outputs.key }}, {{ loop.index }},
 * {{ loop.value }}, {{ aws:ssm:NAME }}; {{ .X }} is somebody else's.
 */
enum sw_ref_kind {
    SW_REF_NAME,
    SW_REF_INPUT,
    SW_REF_OUTPUT,
    SW_REF_LOOP_INDEX,
    SW_REF_LOOP_VALUE,
    SW_REF_SSM,    /* {{ aws:ssm:NAME }}: name is looked up, and the value again, index times in all */
    SW_REF_SSM_OF, /* {{ aws:ssm:resolve(PARAMETER) }}: the same with a parameter's or a constant's value */
};

struct sw_ref {
    enum sw_ref_kind kind;
    const char *name; /* the parameter's, the constant's, the input's, the output's; "loop" or the loop's */
    const char *phase, *step; /* of SW_REF_INPUT and SW_REF_OUTPUT */
    size_t index;             /* [n]; 0 when there is none */
    bool indexed;
};

/* The longest text that an expression may become. */
#define SW_EXPAND_MAX_BYTES ((size_t)4 << 20)

/*
 * Gives the reference's text, valid until the next call; -1 with err when there is none. A NULL text leaves the
 * reference as it is.
 */
typedef int sw_lookup_fn(void *arg, const struct sw_ref *ref, const char **text, struct sw_err *err);

/* The text with every reference replaced, in one pass (what comes in is not read again). Free it. */
SW_MUST_CHECK char *sw_expand(const char *text, sw_lookup_fn *lookup, void *arg, struct sw_err *err);

/*
 * A run of a component: names are taken from use, inputs of earlier steps are resolved again, and output() gives
 * an output that a step left (index: of the input item; NULL: it left none, which is an error here).
 */
struct sw_scope {
    const struct sw_use *use;
    const char *(*output)(void *arg, const char *phase, const char *step, const char *name, size_t index);
    void *arg;
    const struct sw_turn *turn; /* of the step's loop; NULL: {{ loop.value }} and its kin stay as they are */
};

/* One turn of a loop. */
struct sw_turn {
    const char *loop; /* its name; NULL: it has none */
    size_t index;     /* from 0 */
    const char *value;
};

/* The values of all turns, resolved: *values gets n texts, NULL-terminated; sw_texts_free() it. */
SW_MUST_CHECK int sw_loop_values(const struct sw_scope *scope, const struct sw_loop *loop, char ***values,
                                 size_t *n, struct sw_err *err);

/* What a condition asks of the machine that its step is for. */
struct sw_condition_host {
    /* binaryExists, fileExists, folderExists: text is the name; file…Equals: the hash in hex, and path the file. */
    int (*ask)(void *arg, enum sw_operator op, const char *text, const char *path, bool *holds,
               struct sw_err *err);
    /* The outcome of this comparison is another one if letters' case counts otherwise. May be NULL. */
    void (*doubt)(void *arg, enum sw_operator op);
    void *arg;
};

/* `and` and `or` stop as soon as their outcome is known. */
SW_MUST_CHECK int sw_condition_holds(const struct sw_scope *scope, const struct sw_condition *condition,
                                     const struct sw_condition_host *host, bool *holds, struct sw_err *err);
/* A comparison with its texts resolved, for a message: "stringEquals 'a', value 'b'". Free it. */
SW_MUST_CHECK char *sw_condition_text(const struct sw_scope *scope, const struct sw_condition *condition,
                                      struct sw_err *err);

/* The parameters of an ExecuteDocument step, as pairs for sw_document_values(); those that are not known yet are null. decref it. */
SW_MUST_CHECK json_t *sw_step_known_pairs(const struct sw_scope *scope, const struct sw_step *step,
                                          struct sw_err *err);

/*
 * Input `name` of item `item`, resolved; the row's fallback when it is left out; *out is NULL when there is
 * neither. Free *out. SW_INPUT_TEXTS is not for this one.
 */
SW_MUST_CHECK int sw_step_text(const struct sw_scope *scope, const struct sw_step *step, size_t item,
                               const char *name, char **out, struct sw_err *err);
/* A list input (commands, arguments): *out gets n texts, NULL-terminated; sw_texts_free() it. Left out: n is 0. */
SW_MUST_CHECK int sw_step_texts(const struct sw_scope *scope, const struct sw_step *step, size_t item,
                                const char *name, char ***out, struct sw_err *err);
void sw_texts_free(char **texts);
SW_MUST_CHECK int sw_step_bool(const struct sw_scope *scope, const struct sw_step *step, size_t item,
                               const char *name, bool *out, struct sw_err *err);
/* Permissions; neither a value nor a fallback is an error. */
SW_MUST_CHECK int sw_step_octal(const struct sw_scope *scope, const struct sw_step *step, size_t item,
                                const char *name, unsigned *out, struct sw_err *err);
/* All of a step's inputs, resolved, as an array of objects: awstoe's `inputs` of detailedoutput.json. decref it. */
SW_MUST_CHECK json_t *sw_step_inputs_json(const struct sw_scope *scope, const struct sw_step *step,
                                          struct sw_err *err);

/* What a step needs, from the least to the most. */
enum sw_need {
    SW_NEED_NOTHING,    /* it runs offline */
    SW_NEED_MEDIA,      /* package repositories, or files that are fetched ahead */
    SW_NEED_NETWORK,    /* while it runs */
    SW_NEED_BOOT,       /* a booted system: its services, its kernel, its instance */
    SW_NEED_FIRST_BOOT, /* deferred: it runs when the image is booted for the first time */
};
/* "runs offline", "needs media", "needs network", "needs a booted system", "deferred to first boot". */
const char *sw_need_name(enum sw_need need);

/* What says so. The texts come from the document: print them with out_safe(). */
struct sw_reason {
    enum sw_need need;
    size_t line, column;
    const char *why; /* static text */
    char words[48];  /* "apt-get install" */
    char source[96]; /* the line that has them, cut */
};

enum { SW_REASONS_MAX = 16 };

struct sw_step_class {
    enum sw_need need;
    struct sw_reason reasons[SW_REASONS_MAX]; /* in document order, each need and words once */
    size_t n;
};

/* By the action and the words of its scripts, which are read and not run: a script may hide what it needs. */
void sw_classify_step(const struct sw_component *component, const struct sw_phase *phase,
                      const struct sw_step *step, struct sw_step_class *out);

/*
 * The same of every step of a document, appended to the array: {"file", "line", "column", "component", "phase", "step",
 * "action", "need", "reasons": [{"need", "line", "column", "words", "why", "source"}]}.
 */
SW_MUST_CHECK int sw_explain(const struct sw_component *component, json_t *list, struct sw_err *err);
/* The same of a component as a recipe uses it, with the documents that it executes. */
SW_MUST_CHECK int sw_explain_use(const struct sw_use *use, json_t *list, struct sw_err *err);

/* Recipes. */
struct sw_output_spec {
    const char *format;    /* vmdk, vhd, raw, qcow2, ova */
    const char *subformat; /* NULL: the format's own default */
    const char **seal;     /* recipients; file names in them are made relative to the recipe's folder */
    size_t nr_seal;
    size_t line, column;
};

/* inputs: what stands for a source that lies elsewhere. */
struct sw_recipe_input {
    const char *source; /* http(s)://… or s3://…; one that ends with '/' stands for all beneath */
    const char *path;   /* a file, or for all beneath a folder; NULL: only the digest is said */
    const char *sha256; /* in lower-case hex; NULL: not said */
    size_t line, column;
};

struct sw_recipe;
/* The entry of exactly this source, or NULL. */
const struct sw_recipe_input *sw_recipe_find_input(const struct sw_recipe *recipe, const char *source);

/* uploads: where the objects of a bucket, or those beneath a prefix of it, are kept. */
struct sw_recipe_upload {
    const char *destination; /* s3://BUCKET/ or s3://BUCKET/PREFIX/ */
    const char *folder;
};

struct sw_recipe {
    const char *file; /* as it was opened */
    const char *dir;  /* its folder */
    const char *name, *version, *description;
    const char *parent_image; /* as written */
    const char
        *base_path; /* the local image, or NULL: parentImage names something at AWS and no base was given */
    const char *base_format; /* NULL when it is not said */
    uint64_t volume_bytes;   /* what blockDeviceMappings say of the root disk; 0: nothing */
    size_t volume_line, volume_column;
    struct sw_use *uses; /* in order */
    size_t nr_uses;
    struct sw_output_spec *outputs;
    size_t nr_outputs;
    struct sw_recipe_input *inputs; /* the longest source first */
    size_t nr_inputs;
    struct sw_recipe_upload *uploads; /* the longest destination first */
    size_t nr_uploads;
    const char **secrets; /* of a template's parameters and of ssmParameters: values that are never shown */
    size_t nr_secrets;
    struct sw_ssm_parameter *ssm; /* ssmParameters */
    size_t nr_ssm;
    const char **repositories; /* package repositories: folders, ISO images, tars */
    size_t nr_repositories;
    bool network;       /* network: allow */
    bool booted;        /* engine: boot; of all components that say nothing else */
    bool skip_starts;   /* serviceStarts: skip; a script's start of a service is left out, not refused */
    unsigned platforms; /* where its components can run: enum sw_platform, or-ed */
    const char *working_directory; /* default /tmp */
    const struct sw_node *root;    /* everything else: blockDeviceMappings, tags, … */
    struct sw_arena *arena;
};

struct sw_keyring; /* slipway/envelope.h */

/* From the command line; a zeroed one changes nothing. */
struct sw_overrides {
    const char *const *components; /* more documents, after the recipe's */
    size_t nr_components;
    const char *const *parameters; /* NAME=VALUE for whoever has NAME, or COMPONENT.NAME=VALUE */
    size_t nr_parameters;
    const char *const *secrets; /* the same with a FILE for the VALUE: what it holds is never shown */
    size_t nr_secrets;
    const char *service_starts;     /* instead of the recipe's serviceStarts; NULL: as that says */
    const char *base, *base_format; /* instead of parentImage; relative to the current folder */
    const char *const *catalogues;  /* files and folders that say what ARNs and names at AWS are here */
    size_t nr_catalogues;
    const struct sw_keyring *keys;  /* that open sealed components, for SW_KEY_OPEN; NULL: none */
    const struct sw_opener *opener; /* of sealed bases and components; NULL: nothing is demanded of them */
};

/* Reads a recipe and all its components, checks them, resolves parameters. Errors as in sw_component_load(). Free it. */
SW_MUST_CHECK struct sw_recipe *sw_recipe_load(const char *path, const struct sw_overrides *overrides,
                                               struct sw_diags *diags, struct sw_err *err);
void sw_recipe_free(struct sw_recipe *recipe);

/*
 * Where an image goes and who gets it: the `distribution:` of a recipe (nothing else of that is looked at), or Image Builder's
 * distribution configuration. A list of {region, amiDistributionConfiguration: {name, description, amiTags, kmsKeyId,
 * targetAccountIds, launchPermission}} by Image Builder's own names; every scalar is a text. Errors as in
 * sw_component_load(). A new reference.
 */
SW_MUST_CHECK json_t *sw_distribution_load(const char *path, struct sw_diags *diags, struct sw_err *err);

/* How files are checked; a zeroed one is fine. */
struct sw_lint {
    const struct sw_overrides *overrides; /* parameters and catalogues for recipes; NULL: none */
    /* Called for each component without a fault; use is NULL when no recipe uses it. -1 with err ends the check. */
    int (*seen)(void *ctx, const struct sw_component *component, const struct sw_use *use,
                struct sw_err *err);
    void *ctx;
};

/*
 * Checks a file, told apart by its fields: a component document, a recipe, a CloudFormation template. What only this
 * machine lacks (a document for an ARN, a value that a deployment knows) is a warning. 0 when it could be read: the
 * verdict is in diags.
 */
SW_MUST_CHECK int sw_lint_file(const struct sw_lint *lint, const char *path, struct sw_diags *diags,
                               struct sw_err *err);

#endif
