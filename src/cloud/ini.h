/*
 * The AWS shared files, as the AWS CLI's parser takes them: sections ("profile 'my lab'" is "profile my lab"), keys (in small
 * letters, whatever they are written in) before "=" or ":", and keys nested one level by indentation.
 */
#ifndef SW_CLOUD_INI_H
#define SW_CLOUD_INI_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

enum { INI_MAX_BYTES = 1 << 20 };

struct ini;

/* A file that does not exist is an empty one. SW_FAILED with file and line for what is no such file. */
SW_MUST_CHECK struct ini *ini_read(const char *path, struct sw_err *err);
SW_MUST_CHECK struct ini *ini_parse(const char *text, size_t len, const char *name, struct sw_err *err);
void ini_free(struct ini *ini);
SW_DEFINE_AUTO(ini, struct ini, ini_free)
#define INI_AUTO SW_CLEANUP(ini_auto)

bool ini_has_section(const struct ini *ini, const char *section);
/* The last value given; NULL when there is none. "s3.endpoint_url" is endpoint_url indented beneath "s3 =". */
const char *ini_get(const struct ini *ini, const char *section, const char *key);

#endif
