/* What comes after an image: its name, tags, who may launch it, and its copies in other regions. */
#ifndef SW_IMPORT_RELEASE_H
#define SW_IMPORT_RELEASE_H

#include "src/import/flow.h"

/*
 * IMPORT_FINISHING: all that the options say, harmless when it comes again. Every copy is asked for with a token and noted
 * before it is waited for.
 */
SW_MUST_CHECK int release_run(struct import_flow *flow, struct sw_err *err);
/* Fills result->images with what the journal has. */
SW_MUST_CHECK int release_result(struct import_flow *flow, struct sw_err *err);

/* Refuses names that EC2 would not take, a region twice, too many tags; before anything is sent. home: the own region. */
SW_MUST_CHECK int release_check(const struct sw_import_options *options, const char *home,
                                struct sw_err *err);

/* The name that the own region's image is to have, placeholders and all; NULL: any. */
const char *release_home_name(const struct import_flow *flow);
/*
 * With {{ imagebuilder:buildDate }} and its kin replaced; the date is that of the first time, whenever this comes again.
 * Without a flow it is any date, for a check.
 */
SW_MUST_CHECK int release_name(struct import_flow *flow, const char *template, char out[SW_EC2_IMAGE_NAME],
                               struct sw_err *err);

/* Sets a member of state.release and journals it; takes the reference of value, which may be NULL for lack of memory. */
SW_MUST_CHECK int release_note(struct import_flow *flow, const char *key, json_t *value, struct sw_err *err);

/* ---- release_dress.c ---- */

enum { RELEASE_MAX_TAGS = 50 };
/* The options' tags, and those of the region (may be NULL), which win. SW_USAGE for more than AWS takes. */
SW_MUST_CHECK int release_tags(const struct sw_import_tags *own, json_t *ami_tags,
                               struct sw_ec2_tag out[RELEASE_MAX_TAGS], size_t *n, struct sw_err *err);

/* Until the image can be used. SW_FAILED, with AWS's reason and *failed, when it never will. */
SW_MUST_CHECK int release_wait(struct import_flow *flow, struct sw_cloud *cloud, const char *image_id,
                               bool *failed, struct sw_err *err);
/* Tags and permissions of an image that can be used; config: its amiDistributionConfiguration, or NULL. */
SW_MUST_CHECK int release_dress(struct import_flow *flow, struct sw_cloud *cloud, const char *image_id,
                                const json_t *config, struct sw_err *err);

#endif
