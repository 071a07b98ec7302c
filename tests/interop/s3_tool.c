/* Drives the S3 verbs by hand for the cases here: parts smaller than an import sends, and more of them. */
#include "slipway/cloud.h"
#include "src/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put(struct sw_cloud *cloud, const struct sw_s3_upload *upload, unsigned number, bool lie,
               struct sw_s3_part *part, struct sw_err *err)
{
    char text[16], hex[SW_SHA256_HEX];
    uint8_t digest[SW_SHA256_BYTES];
    size_t len = (size_t)snprintf(text, sizeof(text), "part %u", number);

    if (sw_sha256(text, len, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    if (lie)
        hex[0] = hex[0] == '0' ? '1' : '0';
    *part = (struct sw_s3_part){.number = number, .size_bytes = len};
    return sw_s3_put_part(cloud, upload, part, text, hex, err);
}

/* begin BUCKET KEY: prints the upload's id. */
static int begin(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    char *id;
    bool retried;

    (void)args;
    if (sw_s3_create_upload(cloud, upload, "tool", &id, &retried, err) < 0)
        return -1;
    printf("%s\n", id);
    free(id);
    return 0;
}

/* put BUCKET KEY ID FIRST LAST. */
static int put_range(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    unsigned last = (unsigned)strtoul(args[1], NULL, 10);
    struct sw_s3_part part;

    for (unsigned number = (unsigned)strtoul(args[0], NULL, 10); number <= last; number++)
        if (put(cloud, upload, number, false, &part, err) < 0)
            return -1;
    return 0;
}

/* lie BUCKET KEY ID: a part whose digest is another one's. */
static int put_lie(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    struct sw_s3_part part;

    (void)args;
    return put(cloud, upload, 1, true, &part, err);
}

/* list BUCKET KEY ID: prints "N parts, FIRST to LAST", or "gone". */
static int list(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    struct sw_s3_parts parts;

    (void)args;
    if (sw_s3_list_parts(cloud, upload, &parts, err) < 0)
        return -1;
    if (parts.gone || parts.n == 0)
        printf("%s\n", parts.gone ? "gone" : "0 parts");
    else
        printf("%zu parts, %u to %u\n", parts.n, parts.items[0].number, parts.items[parts.n - 1].number);
    free(parts.items);
    return 0;
}

/* complete BUCKET KEY ID. */
static int complete(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    struct sw_s3_parts parts;
    bool gone;
    int rc;

    (void)args;
    if (sw_s3_list_parts(cloud, upload, &parts, err) < 0)
        return -1;
    rc = sw_s3_complete_upload(cloud, upload, parts.items, parts.n, &gone, err);
    free(parts.items);
    return rc;
}

static int abort_one(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    (void)args;
    return sw_s3_abort_upload(cloud, upload, err);
}

/* sweep BUCKET KEY: prints how many uploads it aborted. */
static int sweep(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err)
{
    unsigned aborted;

    (void)args;
    if (sw_s3_abort_all(cloud, upload, &aborted, err) < 0)
        return -1;
    printf("%u\n", aborted);
    return 0;
}

static const struct {
    const char *name;
    int nr_args;
    int (*run)(struct sw_cloud *cloud, struct sw_s3_upload *upload, char **args, struct sw_err *err);
} verbs[] = {{"begin", 2, begin},       {"sweep", 2, sweep}, {"put", 5, put_range},  {"lie", 3, put_lie},
             {"complete", 3, complete}, {"list", 3, list},   {"abort", 3, abort_one}};

int main(int argc, char **argv)
{
    static const struct sw_cloud_config config = {.region = "us-east-1"};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;
    int rc;

    for (size_t i = 0; argc > 3 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        struct sw_s3_upload upload = {argv[2], argv[3], argc > 4 ? argv[4] : NULL};

        if (strcmp(argv[1], verbs[i].name) != 0 || argc - 2 != verbs[i].nr_args)
            continue;
        rc = sw_cloud_open(&config, NULL, &cloud, &err);
        if (rc == 0)
            rc = verbs[i].run(cloud, &upload, argv + 5, &err);
        sw_cloud_close(cloud);
        if (rc < 0)
            fprintf(stderr, "s3-tool: %s\n", err.text);
        return rc < 0 ? (int)err.code : 0;
    }
    fprintf(stderr, "usage: s3-tool begin|sweep|put|lie|complete|list|abort BUCKET KEY [ID [FIRST LAST]]\n");
    return 2;
}
