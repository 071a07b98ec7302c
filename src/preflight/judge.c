/* Every rule held against the evidence: what was found, and what each lane makes of it. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/policy.h"
#include "src/preflight/rules.h"

#include <stdio.h>
#include <string.h>

static const char *const states[] = {[RULING_PASSED] = "passed",
                                     [RULING_FOUND] = "found",
                                     [RULING_UNKNOWN] = "unknown",
                                     [RULING_NOT_APPLICABLE] = "not applicable"};

/* What the lanes count up to. */
struct tally {
    unsigned counts[4]; /* by weight; 0: unknown */
};

struct judging {
    const struct sw_preflight_policy *policy;
    struct ev ev;
    unsigned lanes; /* that are chosen */
    struct tally tallies[SW_PREFLIGHT_LANES];
};

/* The severity of one finding in one lane; NULL when that lane does not mind. */
static const char *severity_of(const json_t *rule, const json_t *finding, unsigned lane)
{
    const char *severity = policy_severity(rule, lane), *most = sw_json_text(finding, "most");

    if ((json_integer_value(json_object_get(finding, "lanes")) >> lane & 1) == 0)
        return NULL;
    return severity != NULL && policy_weight(most) > 0 && policy_weight(most) < policy_weight(severity)
               ? most
               : severity;
}

/* The worst of a rule's findings in a lane. */
static const char *worst(const json_t *rule, const json_t *findings, unsigned lane)
{
    const char *most = NULL;
    const json_t *finding;
    size_t i;

    json_array_foreach (findings, i, finding) {
        const char *severity = severity_of(rule, finding, lane);

        if (policy_weight(severity) > policy_weight(most))
            most = severity;
    }
    return most;
}

/* Findings as they are shown: {where, what, lanes: {LANE: severity}}; those that no chosen lane minds are left out. */
static json_t *show_findings(const struct judging *j, const json_t *rule, const json_t *findings)
{
    json_t *out = json_array();
    const json_t *finding;
    size_t i;

    json_array_foreach (findings, i, finding) {
        json_t *lanes = json_object();

        for (unsigned lane = 0; lane < SW_PREFLIGHT_LANES; lane++) {
            const char *severity = severity_of(rule, finding, lane);

            if (severity != NULL && (j->lanes >> lane & 1) != 0)
                json_object_set_new(lanes, sw_preflight_lanes[lane], json_string(severity));
        }
        if (json_object_size(lanes) == 0) {
            json_decref(lanes);
            continue;
        }
        json_array_append_new(out, json_pack("{s:O, s:O, s:o}", "where", json_object_get(finding, "where"),
                                             "what", json_object_get(finding, "what"), "lanes", lanes));
    }
    return out;
}

/* The chosen lanes that the rule is for. */
static unsigned lanes_of(const struct judging *j, const json_t *rule)
{
    unsigned lanes = 0;

    for (unsigned lane = 0; lane < SW_PREFLIGHT_LANES; lane++)
        if (policy_severity(rule, lane) != NULL)
            lanes |= 1U << lane;
    return lanes & j->lanes;
}

/* Counts, and fills {LANE: severity} with what was found. */
static json_t *count_lanes(struct judging *j, const json_t *rule, const struct ruling *ruling)
{
    unsigned lanes = lanes_of(j, rule);
    json_t *out = json_object();

    for (unsigned lane = 0; lane < SW_PREFLIGHT_LANES; lane++) {
        const char *severity = ruling->state == RULING_FOUND ? worst(rule, ruling->found, lane) : NULL;

        if ((lanes >> lane & 1) == 0)
            continue;
        if (severity != NULL) {
            j->tallies[lane].counts[policy_weight(severity)]++;
            json_object_set_new(out, sw_preflight_lanes[lane], json_string(severity));
        } else if (ruling->state == RULING_UNKNOWN) {
            j->tallies[lane].counts[0]++;
        }
    }
    return out;
}

static int copy_texts(json_t *out, const json_t *rule, struct sw_err *err)
{
    static const char *const members[] = {"aws", "remedy", "fix", "looks_at", "source", "date"};

    for (size_t i = 0; i < SW_ARRAY_LEN(members); i++) {
        json_t *value = json_object_get(rule, members[i]);

        if (value != NULL && !json_is_null(value) &&
            sw_json_set(out, members[i], json_incref(value), err) < 0)
            return -1;
    }
    return 0;
}

/* A rule whose findings no chosen lane minds has passed for them. */
static int show(struct judging *j, const json_t *rule, struct ruling *ruling, json_t *list,
                struct sw_err *err)
{
    SW_AUTO_JSON json_t *lanes = count_lanes(j, rule, ruling);
    SW_AUTO_JSON json_t *findings = show_findings(j, rule, ruling->found);
    SW_AUTO_JSON json_t *out = NULL;

    if (ruling->state == RULING_FOUND && json_object_size(lanes) == 0)
        ruling->state = RULING_PASSED;
    out = json_pack("{s:O, s:O, s:s, s:O, s:O, s:s*}", "id", json_object_get(rule, "id"), "title",
                    json_object_get(rule, "title"), "state", states[ruling->state], "lanes", lanes, "found",
                    findings, "why",
                    ruling->state == RULING_UNKNOWN || ruling->state == RULING_NOT_APPLICABLE ? ruling->why
                                                                                              : NULL);
    if (out == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (copy_texts(out, rule, err) < 0)
        return -1;
    return sw_json_append(list, json_incref(out), err);
}

static int judge_rule(struct judging *j, const json_t *rule, json_t *list, struct sw_err *err)
{
    const char *id = sw_json_text(rule, "id");
    rule_fn *look = rule_find(id);
    struct ruling ruling = {.state = RULING_PASSED};
    int rc;

    if (look == NULL)
        return sw_fail(err, SW_FAILED, "the rule '%s' has no function", id);
    if (lanes_of(j, rule) == 0)
        return 0;
    look(&j->ev, &ruling);
    rc = ruling.failed ? sw_fail(err, SW_FAILED, "out of memory") : show(j, rule, &ruling, list, err);
    json_decref(ruling.found);
    return rc;
}

static json_t *show_lanes(const struct judging *j)
{
    json_t *out = json_object();

    for (unsigned lane = 0; lane < SW_PREFLIGHT_LANES; lane++) {
        const unsigned *n = j->tallies[lane].counts;

        if ((j->lanes >> lane & 1) == 0)
            continue;
        json_object_set_new(out, sw_preflight_lanes[lane],
                            json_pack("{s:s, s:i, s:i, s:i, s:i}", "verdict",
                                      n[3] > 0   ? "refused"
                                      : n[0] > 0 ? "unknown"
                                                 : "passed",
                                      "refused", (int)n[3], "warnings", (int)n[2], "notes", (int)n[1],
                                      "unknown", (int)n[0]));
    }
    return out;
}

static json_t *show_boot(const struct ev *ev)
{
    struct boot_ways ways = ev_boot(ev);
    json_t *out = json_array();

    if (ways.bios)
        json_array_append_new(out, json_string("legacy-bios"));
    if (ways.uefi && (ways.loader || ways.loader_arm64))
        json_array_append_new(out, json_string("uefi"));
    return out;
}

/* What goes up of a disk: its file as it is, or about as much when it is encoded on the way; of raw all of it. */
static uint64_t upload_bytes(const struct ev *ev)
{
    const json_t *disk;
    uint64_t sum = 0;
    size_t i;

    json_array_foreach (ev->disks, i, disk)
        sum += ev_number(disk, "container.file_bytes");
    return sum;
}

/* In short: {image, format, subformat, virtual_bytes, table, partitions: [{number, bytes, role, content}]}. */
static json_t *show_disks(const struct ev *ev)
{
    static const char *const members[] = {"format", "subformat", "virtual_bytes", "file_bytes", "sealed"};
    json_t *out = json_array();
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        json_t *row =
            json_pack("{s:O*, s:O*, s:O*, s:O*, s:O*}", "image", json_object_get(disk, "image"), "table",
                      ev_get(disk, "table.kind"), "partitions", json_object_get(disk, "partitions"),
                      "content", json_object_get(disk, "content"), "esp", json_object_get(disk, "esp"));

        for (size_t k = 0; k < SW_ARRAY_LEN(members); k++) {
            json_t *value = json_object_get(json_object_get(disk, "container"), members[k]);

            if (value != NULL && !json_is_null(value))
                json_object_set(row, members[k], value);
        }
        json_array_append_new(out, row);
    }
    return out;
}

static json_t *verdict_of(const struct judging *j, const char *name, json_t *rules)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:{s:O*, s:O*}, s:s*, s:O}", "name",
                     sw_json_bytes(name, strlen(name)), "disks", show_disks(&j->ev), "boot_modes",
                     show_boot(&j->ev), "upload_bytes", (json_int_t)upload_bytes(&j->ev), "lanes",
                     show_lanes(j), "dates", "rules", json_object_get(j->policy->rules, "date"), "kernels",
                     json_object_get(j->policy->systems, "date"), "policy", j->policy->path, "rules", rules);
}

json_t *sw_preflight_judge(const struct sw_preflight_policy *policy, const json_t *evidence, const char *name,
                           unsigned lanes, struct sw_err *err)
{
    const json_t *guest = json_object_get(evidence, "guest");
    struct judging j = {.policy = policy,
                        .ev = {.root = evidence,
                               .disks = json_object_get(evidence, "disks"),
                               .guest = json_is_object(guest) ? guest : NULL,
                               .systems = policy->systems},
                        .lanes = lanes};
    SW_AUTO_JSON json_t *list = json_array();
    const json_t *rule;
    json_t *verdict;
    size_t i;

    if (!json_is_array(j.ev.disks) || json_array_size(j.ev.disks) == 0) {
        sw_fail(err, SW_INTEGRITY, "the evidence is of no disk");
        return NULL;
    }
    json_array_foreach (sw_preflight_policy_rules(policy), i, rule) {
        if (judge_rule(&j, rule, list, err) < 0)
            return NULL;
    }
    verdict = verdict_of(&j, name, list);
    if (verdict == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return verdict;
}

bool sw_preflight_refused(const json_t *verdict)
{
    const char *lane;
    const json_t *state;

    json_object_foreach (json_object_get(verdict, "lanes"), lane, state) {
        if (strcmp(sw_json_text(state, "verdict") != NULL ? sw_json_text(state, "verdict") : "", "refused") ==
            0)
            return true;
    }
    return false;
}
