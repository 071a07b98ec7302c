/* How verbs show a disk's digest and what of it cannot be read. */
#include "src/cli/disk_out.h"

#include "src/base/digest.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <string.h>

static const char algorithm[] = "sha256:";
enum { ALGORITHM_LEN = sizeof(algorithm) - 1 };

void disk_digest_text(const uint8_t verity[SW_VERITY_BYTES], char text[DISK_DIGEST_CHARS])
{
    memcpy(text, algorithm, ALGORITHM_LEN);
    sw_hex(verity, SW_VERITY_BYTES, text + ALGORITHM_LEN);
}

int disk_digest_parse(const char *option, const char *text, uint8_t verity[SW_VERITY_BYTES],
                      struct sw_err *err)
{
    const char *hex = text + ALGORITHM_LEN;

    if (strncmp(text, algorithm, ALGORITHM_LEN) == 0 &&
        sw_unhex(hex, strlen(hex), verity, SW_VERITY_BYTES) == 0)
        return 0;
    return sw_fail(err, SW_USAGE, "--%s: '%s' is not sha256: and 64 hexadecimal digits", option, text);
}

void disk_digest_print(const uint8_t verity[SW_VERITY_BYTES])
{
    char text[DISK_DIGEST_CHARS];

    disk_digest_text(verity, text);
    printf("digest: fsverity %s\n", text);
}

void disk_damage_print(const struct sw_damage *damage)
{
    for (unsigned i = 0; i < damage->nr_listed; i++) {
        const struct sw_damaged *range = &damage->listed[i];

        printf("damaged: %llu bytes at %llu: ", (unsigned long long)range->len,
               (unsigned long long)range->off);
        out_safe(stdout, range->cause);
        putchar('\n');
    }
    if (damage->nr_ranges > damage->nr_listed)
        printf("damaged: and %llu more ranges\n",
               (unsigned long long)(damage->nr_ranges - damage->nr_listed));
}

static json_t *list_ranges(const struct sw_damage *damage)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < damage->nr_listed; i++) {
        const struct sw_damaged *range = &damage->listed[i];

        if (json_array_append_new(list, json_pack("{s:I, s:I, s:o}", "offset", (json_int_t)range->off,
                                                  "bytes", (json_int_t)range->len, "cause",
                                                  json_untrusted(range->cause))) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *disk_damage_json(json_t *object, const struct sw_damage *damage)
{
    json_t *more = json_pack("{s:I, s:I, s:o}", "damaged_bytes", (json_int_t)damage->bytes, "damaged_ranges",
                             (json_int_t)damage->nr_ranges, "damaged", list_ranges(damage));
    int rc = more != NULL && object != NULL ? json_object_update(object, more) : -1;

    json_decref(more);
    if (rc == 0)
        return object;
    json_decref(object);
    return NULL;
}
