/* Which source of credentials a session has, in the AWS CLI's order. */
#ifndef SW_CLOUD_KEYS_FIND_H
#define SW_CLOUD_KEYS_FIND_H

#include "src/cloud/session.h"

/* What sources are made from; it need not outlive the call. */
struct keys_place {
    const struct cloud_settings *settings;
    struct sw_transport *transport; /* outlives the source */
    const char *region;
};

/* NULL and err (what to set) when there is none. Nothing is sent. */
SW_MUST_CHECK struct keys_source *keys_find(const struct keys_place *place, struct sw_err *err);

/* ---- the sources; each copies what it needs ---- */

/* keys_role.c. source: the keys that may assume the role, taken also on failure. */
SW_MUST_CHECK struct keys_source *keys_from_role(const struct keys_place *place, const char *profile,
                                                 struct keys_source *source, struct sw_err *err);

struct web_identity {
    const char *role_arn, *token_file, *session_name;
};
SW_MUST_CHECK struct keys_source *keys_from_web_identity(const struct keys_place *place,
                                                         const struct web_identity *identity,
                                                         struct sw_err *err);
/* keys_sso.c: the profile names a portal or a session. */
SW_MUST_CHECK struct keys_source *keys_from_sso(const struct keys_place *place, const char *profile,
                                                struct sw_err *err);
/* keys_process.c: command is taken apart as a shell would, and run without one. */
SW_MUST_CHECK struct keys_source *keys_from_process(const char *command, struct sw_err *err);
/* keys_meta.c */
bool keys_container_named(void);
SW_MUST_CHECK struct keys_source *keys_from_container(const struct keys_place *place, struct sw_err *err);
SW_MUST_CHECK struct keys_source *keys_from_imds(const struct keys_place *place, struct sw_err *err);

#endif
