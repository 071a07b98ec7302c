/* What differs between two disks, as a table. */
#ifndef SW_CLI_DIFF_SHOW_H
#define SW_CLI_DIFF_SHOW_H

#include <jansson.h>
#include <stdbool.h>

enum diff_shape {
    DIFF_TABLE,
    DIFF_STAT,  /* counts alone */
    DIFF_NAMES, /* a change's letter and a file's path a line */
};

/* width: of the terminal, in characters; 0: nothing is cut. */
void diff_show(const json_t *result, enum diff_shape shape, unsigned width);

#endif
