/* Who asks AWS, where, and as whom: options of every verb that talks to it. */
#ifndef SW_CLI_CLOUD_ARGS_H
#define SW_CLI_CLOUD_ARGS_H

#include "slipway/cloud.h"
#include "src/base/cleanup.h"
#include "src/cli/opt.h"

SW_DEFINE_AUTO(cloud, struct sw_cloud, sw_cloud_close)

/* Rows for a struct sw_cloud_config that is the member "cloud" of type; it goes to sw_cloud_open as it is. */
#define CLOUD_ROWS(type)                                                                                      \
    {0, "region", "REGION", OPT_STRING, offsetof(type, cloud.region), "the AWS region"},                      \
        {0, "profile", "NAME", OPT_STRING, offsetof(type, cloud.profile), "profile of the AWS shared files"}, \
        {0,                                                                                                   \
         "endpoint-url",                                                                                      \
         "URL",                                                                                               \
         OPT_STRING,                                                                                          \
         offsetof(type, cloud.endpoint_url),                                                                  \
         "where S3, EC2 and their kin are reached"},                                                          \
    {                                                                                                         \
        0, "use-imds", NULL, OPT_FLAG, offsetof(type, cloud.use_imds),                                        \
            "on an EC2 instance: its role's credentials, when there are no others"                            \
    }

/* A paragraph for --help. */
#define CLOUD_HELP                                                                                                    \
    "Credentials, region, endpoints, proxies and retries come from AWS_*, HTTPS_PROXY and the shared files, as the\n" \
    "AWS CLI finds them: keys, roles (no second factor), web identities, `aws sso login`, credential_process,\n"      \
    "containers; an instance's role with --use-imds only. Keys that end are fetched anew in the middle of the work."

#endif
