/* Drives the store by hand for the cases here: ingest, commit and tag without a recipe or a guest. */
#include "slipway/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ingest(struct sw_store *store, char **args, struct sw_err *err)
{
    const struct sw_store_ingest ask = {
        .path = args[0], .format = args[1], .jobs = (unsigned)strtoul(args[2], NULL, 10)};
    struct sw_store_made made;

    if (sw_store_ingest(store, &ask, &made, err) < 0)
        return -1;
    printf("%s%s\n", made.layer.digest, made.known ? " known" : "");
    return 0;
}

static int commit(struct sw_store *store, char **args, struct sw_err *err)
{
    const struct sw_store_commit ask = {.parent = args[0],
                                        .beneath = args[0],
                                        .overlay_path = args[1],
                                        .jobs = (unsigned)strtoul(args[2], NULL, 10)};
    struct sw_store_made made;

    if (sw_store_commit_layer(store, &ask, &made, err) < 0)
        return -1;
    printf("%s\n", made.layer.digest);
    return 0;
}

static int tag(struct sw_store *store, char **args, struct sw_err *err)
{
    const struct sw_store_state state = {
        .ref = args[0], .name = args[1], .version = args[2], .layer = args[3], .epoch = 0};
    char manifest[SW_STORE_HEX];

    if (sw_store_tag(store, &state, manifest, err) < 0)
        return -1;
    printf("%s\n", manifest);
    return 0;
}

static const struct {
    const char *name, *args;
    int nr_args;
    int (*run)(struct sw_store *store, char **args, struct sw_err *err);
} verbs[] = {
    {"ingest", "PATH FORMAT JOBS", 3, ingest},
    {"commit", "PARENT OVERLAY JOBS", 3, commit},
    {"tag", "REF NAME VERSION LAYER", 4, tag},
};

int main(int argc, char **argv)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_store *store = NULL;
    int rc;

    for (size_t i = 0; argc > 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(argv[1], verbs[i].name) != 0 || argc != 3 + verbs[i].nr_args)
            continue;
        rc = sw_store_open(argv[2], true, &store, &err);
        if (rc == 0)
            rc = verbs[i].run(store, argv + 3, &err);
        sw_store_close(store);
        if (rc < 0)
            fprintf(stderr, "store-tool %s: %s\n", argv[1], err.text);
        return rc < 0 ? (int)err.code : 0;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        fprintf(stderr, "usage: store-tool %s STORE %s\n", verbs[i].name, verbs[i].args);
    return SW_USAGE;
}
