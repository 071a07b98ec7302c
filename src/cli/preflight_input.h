/* The disks that preflight looks at: of one machine, opened as far as they can be. */
#ifndef SW_CLI_PREFLIGHT_INPUT_H
#define SW_CLI_PREFLIGHT_INPUT_H

#include "slipway/preflight.h"
#include "src/cli/image_arg.h"

enum { PREFLIGHT_DISKS_MAX = 64 };

struct preflight_input_opts {
    const char *format;            /* NULL: by magic */
    const char *spare_format;      /* the format of what carries no magic; NULL: such a file is an error */
    const struct sw_keyring *keys; /* NULL: plain files */
    const struct trust_opts *trust;
    const char *allow_parent;
};

/* The disks of one machine. Zero-initialise it; must not move. */
struct preflight_machine {
    size_t n;
    struct sw_preflight_disk disks[PREFLIGHT_DISKS_MAX];
    struct image_arg args[PREFLIGHT_DISKS_MAX];
    struct sw_err causes[PREFLIGHT_DISKS_MAX];
    char *names[PREFLIGHT_DISKS_MAX];
};

/*
 * Adds the disk, or the disks of a package, that path is. What is damaged, or is none of the formats that it calls itself, is
 * added all the same: the rules tell of it. What is missing, needs a key or has to be named (-f raw) fails.
 */
SW_MUST_CHECK int preflight_machine_add(struct preflight_machine *machine, const char *path,
                                        const struct preflight_input_opts *opts, struct sw_err *err);
void preflight_machine_close(struct preflight_machine *machine);

/* The images in a folder, by name: files that carry a magic, or whose name ends as that of an image. Free both. */
SW_MUST_CHECK int preflight_folder(const char *path, char ***out, size_t *n, struct sw_err *err);
void preflight_names_free(char **names, size_t n);

#endif
