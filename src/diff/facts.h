/* What a guest's files say, of one side: objects of objects by name. New references. */
#ifndef SW_DIFF_FACTS_H
#define SW_DIFF_FACTS_H

#include "src/diff/side.h"

/* {NAME:ARCHITECTURE: {version, status (when it is not installed as it should be)}} of dpkg's and apk's databases. */
SW_MUST_CHECK json_t *facts_packages(const struct diff_side *side, struct sw_err *err);
/* {UNIT: {state}} of what is enabled, masked or an alias in /etc/systemd/system. */
SW_MUST_CHECK json_t *facts_units(const struct diff_side *side, struct sw_err *err);
/* {USER: {uid, gid, comment, home, shell}} and {GROUP: {gid, members}}. */
SW_MUST_CHECK json_t *facts_users(const struct diff_side *side, struct sw_err *err);
SW_MUST_CHECK json_t *facts_groups(const struct diff_side *side, struct sw_err *err);
/* These and the rest of what sw_describe_disk tells of files, into out. */
SW_MUST_CHECK int facts_all(const struct diff_side *side, json_t *out, struct sw_err *err);

#endif
