/* Catalogues: local files for what recipes name by ARN, by name and version, by ssm: name or by AMI id. */
#ifndef SW_RECIPE_CATALOGUE_H
#define SW_RECIPE_CATALOGUE_H

#include "src/recipe/doc.h"

/* An ARN of Image Builder, in parts. */
struct sw_arn {
    char region[64], owner[64], name[128];
    char version[48]; /* may end in x nodes */
    char build[16];   /* "" when there is none */
};
/* False when the text is no ARN of that kind ("component", "image"). */
bool sw_arn_parse(const char *text, const char *kind, struct sw_arn *arn);
/* "1.2.3", or x for the last one, two or three of the numbers. version.c, as those below. */
bool sw_version_pattern(const char *text);
/* Does the version fit the pattern? Is there a version that fits both patterns? */
bool sw_version_fits(const char *pattern, const char *version);
bool sw_version_overlaps(const char *a, const char *b);
bool sw_version_newer(const uint32_t a[3], const uint32_t b[3]);

struct sw_catalogue {
    const char *dir;                           /* of the documents: DIR/components/NAME/1.2.3.yml */
    const char *file_dir;                      /* what the files of its lists are relative to */
    const struct sw_node *components, *images; /* maps; NULL: none */
};

struct sw_recipe_reading;

/* Reads those of the command line and the one beside the recipe. */
SW_MUST_CHECK int sw_catalogues_load(struct sw_recipe_reading *r);

/* The document for it, allocated in the arena; *path is NULL when there is none. */
SW_MUST_CHECK int sw_catalogue_find(struct sw_recipe_reading *r, const struct sw_arn *arn, const char **path);
/* The newest document of a folder of versions that fits the pattern. */
SW_MUST_CHECK int sw_catalogue_newest(struct sw_recipe_reading *r, const char *folder, const char *pattern,
                                      const char **path);
/* The local image for an AMI, an ARN, an ssm: name or a product; *path is NULL when there is none. */
SW_MUST_CHECK int sw_catalogue_image(struct sw_recipe_reading *r, const char *name, const char **path,
                                     const char **format);

#endif
