/* The online check: would AWS let this import or export through? Every answer is a line. */
#include "src/import/online.h"

#include <stdio.h>
#include <string.h>

static char *copy(const char *text, struct sw_err *err)
{
    return text != NULL ? sw_strdup(text, err) : NULL;
}

static int grow(struct sw_online_report *out, struct sw_err *err)
{
    struct sw_online_line *grown = realloc(out->lines, (out->n + 1) * sizeof(*grown));

    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    out->lines = grown;
    memset(&grown[out->n], 0, sizeof(*grown));
    return 0;
}

int online_say(struct online *online, const struct online_words *words, struct sw_err *err, const char *fmt,
               ...)
{
    struct sw_online_report *out = online->out;
    struct sw_online_line *line;
    char text[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (grow(out, err) < 0)
        return -1;
    line = &out->lines[out->n++];
    line->name = words->name;
    line->status = words->status;
    line->detail = sw_strdup(text, err);
    line->permission = copy(words->permission, err);
    line->remedy = copy(words->remedy, err);
    if (words->status == SW_ONLINE_REFUSED)
        out->refused++;
    if (words->status == SW_ONLINE_UNKNOWN)
        out->unknown++;
    return line->detail != NULL && (words->permission == NULL || line->permission != NULL) &&
                   (words->remedy == NULL || line->remedy != NULL)
               ? 0
               : -1;
}

int online_failed(struct online *online, const struct online_words *words, const struct sw_refusal *why,
                  struct sw_err *err)
{
    struct online_words said = *words;
    struct sw_err cause = *err;

    if (cause.code == SW_INTERRUPTED || (why->status == 0 && cause.code != SW_REMOTE))
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    said.status = SW_ONLINE_REFUSED;
    if (sw_refusal_is_denial(why)) {
        said.status = SW_ONLINE_UNKNOWN;
        said.remedy = NULL;
    } else if (cause.code == SW_REMOTE || why->status == 0) {
        said = (struct online_words){.name = words->name, .status = SW_ONLINE_UNKNOWN};
    } else {
        said.permission = NULL;
    }
    return online_say(online, &said, err, "%s", cause.text);
}

int online_refused(struct online *online, const struct online_words *words, struct sw_err *err)
{
    struct online_words said = *words;
    struct sw_err cause = *err;

    if (cause.code == SW_INTERRUPTED)
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    said.status = SW_ONLINE_REFUSED;
    return online_say(online, &said, err, "%s", cause.text);
}

void online_gaps_free(struct online_gaps *gaps)
{
    sw_buf_free(&gaps->missing);
    sw_buf_free(&gaps->unsure);
}

int online_gap(struct sw_buf *list, const char *action, const char *resource, const char *because,
               struct sw_err *err)
{
    SW_AUTO_FREE char *tail = sw_strf(err, " on %s%s%s%s", resource, because != NULL ? " (" : "",
                                      because != NULL ? because : "", because != NULL ? ")" : "");
    size_t len = tail != NULL ? strlen(tail) : 0;

    if (tail == NULL)
        return -1;
    /* The next action on the same thing goes beside the last one. */
    if (list->len > len && strcmp(list->data + list->len - len, tail) == 0) {
        list->len -= len;
        return sw_buf_printf(list, err, ", %s%s", action, tail);
    }
    return sw_buf_printf(list, err, "%s%s%s", list->len > 0 ? "; " : "", action, tail);
}

int online_judge(struct online *online, const char *name, const struct online_gaps *gaps, const char *detail,
                 const char *remedy, struct sw_err *err)
{
    if (gaps->missing.len > 0)
        return online_say(online, &(struct online_words){name, SW_ONLINE_REFUSED, gaps->missing.data, remedy},
                          err, "the policies do not allow what the lane needs");
    if (gaps->unsure.len > 0)
        return online_say(online, &(struct online_words){name, SW_ONLINE_UNKNOWN, gaps->unsure.data, NULL},
                          err, "it hangs on what is not known here");
    return online_say(online, &(struct online_words){.name = name}, err, "%s", detail);
}

/* All actions of a statement without their wildcards; the texts are the table's. */
static size_t expand(const struct need *need, const char *out[NEED_ACTIONS * 2])
{
    size_t n = 0;

    for (size_t i = 0; need->actions[i] != NULL; i++)
        for (size_t j = 0; needs_expand(need->actions[i], j) != NULL && n < (size_t)NEED_ACTIONS * 2; j++)
            out[n++] = needs_expand(need->actions[i], j);
    return n;
}

static int note_answers(const struct sw_iam_answers *answers, struct online_gaps *gaps, struct sw_err *err)
{
    for (size_t i = 0; i < answers->n; i++) {
        const struct sw_iam_answer *answer = &answers->items[i];
        bool unsure = answer->decision == SW_IAM_UNSURE;

        if (answer->decision == SW_IAM_ALLOWED)
            continue;
        if (online_gap(unsure ? &gaps->unsure : &gaps->missing, answer->action, answer->resource,
                       unsure                                     ? answer->missing
                       : answer->decision == SW_IAM_EXPLICIT_DENY ? "an explicit denial"
                                                                  : NULL,
                       err) < 0)
            return -1;
    }
    return 0;
}

int online_simulate(struct online *online, const char *principal, const struct need *need,
                    struct online_gaps *gaps, struct sw_refusal *why, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = needs_resources(need, &online->plan, true, err);
    SW_CLEANUP(sw_iam_answers_free) struct sw_iam_answers answers = {.items = NULL};
    const char *actions[NEED_ACTIONS * 2], *resources[64];
    const struct sw_iam_fact fact = {need->condition, need->values[0]};
    struct sw_iam_question question = {.principal = principal,
                                       .actions = actions,
                                       .nr_actions = expand(need, actions),
                                       .resources = resources,
                                       .facts = &fact,
                                       .nr_facts = need->condition != NULL ? 1 : 0};

    memset(why, 0, sizeof(*why));
    if (list == NULL)
        return -1;
    for (size_t i = 0; i < json_array_size(list) && i < SW_ARRAY_LEN(resources); i++)
        resources[question.nr_resources++] = json_string_value(json_array_get(list, i));
    if (sw_iam_simulate(online->cloud, &question, &answers, why, err) < 0)
        return -1;
    if (answers.n < question.nr_actions * question.nr_resources)
        return sw_fail(err, SW_REMOTE, "IAM answered %zu of %zu questions", answers.n,
                       question.nr_actions * question.nr_resources);
    return note_answers(&answers, gaps, err);
}

const char *online_what(const struct online *online)
{
    return (online->lane & NEED_EXPORTS) != 0 ? "export" : "import";
}

const char *online_role_name(const struct online *online)
{
    return online->plan.role_name != NULL ? online->plan.role_name : NEEDS_ROLE;
}

static void online_free(struct online *online)
{
    free(online->partition);
    free(online->principal);
    free(online->bucket_key);
    free(online->volume_key);
    sw_iam_role_free(&online->role);
}

static int ask_all(struct online *online, struct sw_err *err)
{
    bool go_on = false;

    if (online_caller(online, &go_on, err) < 0)
        return -1;
    if (!go_on)
        return 0;
    if ((online->lane & NEED_VMIE) != 0 && online_bucket(online, err) < 0)
        return -1;
    /* What encrypts volumes to be, and an upload, does not matter to what is read. */
    if ((online->lane & NEED_EXPORTS) == 0 && online_keys(online, err) < 0)
        return -1;
    if ((online->lane & NEED_VMIE) != 0 && online_role(online, err) < 0)
        return -1;
    return online_rights(online, err);
}

int sw_online_check(struct sw_cloud *cloud, const struct sw_online_check *check, struct sw_online_report *out,
                    struct sw_err *err)
{
    SW_CLEANUP(online_free)
    struct online online = {.cloud = cloud, .check = check, .out = out, .plan = check->plan};
    int rc;

    memset(out, 0, sizeof(*out));
    online.plan.region = sw_cloud_region(cloud);
    if (needs_lane(check->plan.lane, &online.lane, err) < 0)
        return -1;
    if ((online.lane & NEED_EXPORTS) != 0 && check->plan.source == NULL)
        return sw_fail(err, SW_USAGE, "--check is of the export of one AMI or SNAPSHOT, and none is named");
    if ((online.lane & NEED_VMIE) != 0 && check->plan.bucket == NULL)
        return sw_fail(err, SW_USAGE, "--bucket is needed: the S3 bucket that the image goes through");
    rc = ask_all(&online, err);
    if (rc < 0)
        sw_online_report_free(out);
    return rc;
}

void sw_online_report_free(struct sw_online_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        free(report->lines[i].detail);
        free(report->lines[i].permission);
        free(report->lines[i].remedy);
    }
    free(report->lines);
    free(report->caller);
    memset(report, 0, sizeof(*report));
}
