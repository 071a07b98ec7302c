/* Where credentials come from, in the AWS CLI's order: what is sent, what is read, what is refused. */
#include "tests/unit/cloud/scripted.h"

#include "src/cloud/session.h"

#define JSON_HEAD "content-type: application/json\n"
#define STS_REPLY(action, access, until)                                                       \
    "<" action "Response><" action "Result><Credentials><AccessKeyId>" access "</AccessKeyId>" \
    "<SecretAccessKey>zecret</SecretAccessKey><SessionToken>tok+/=" access "</SessionToken>"   \
    "<Expiration>" until "</Expiration></Credentials></" action "Result></" action "Response>"
#define STS(action, access)                                                                           \
    {                                                                                                 \
        .status = 200, .headers = XML_HEAD, .body = STS_REPLY(action, access, "2026-11-22T07:40:36Z") \
    }
#define DOCUMENT(access)                                                                              \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" access "\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"," \
    "\"Expiration\":\"2026-11-22T12:00:00Z\"}"
#define DONE          \
    {                 \
        .status = 204 \
    }
#define EXPIRED                                                                   \
    {                                                                             \
        .status = 400, .headers = XML_HEAD,                                       \
        .body = "<Error><Code>ExpiredToken</Code><Message>over</Message></Error>" \
    }

static const struct sw_s3_upload object = {"lab", "k", "u"};

static struct sw_cloud *open_with(struct scripted *twin, const struct script_step *steps, size_t n,
                                  const struct sw_cloud_config *more)
{
    struct sw_cloud_config config = more != NULL ? *more : (struct sw_cloud_config){.profile = NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;

    config.region = "eu-central-1";
    start_script(twin, steps, n);
    assert_ok(sw_cloud_open(&config, &twin->base, &cloud, &err), err);
    return cloud;
}

static void abort_upload(struct sw_cloud *cloud)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
}

/* One call over the whole script. */
static void run(struct scripted *twin, const struct script_step *steps, size_t n,
                const struct sw_cloud_config *more)
{
    struct sw_cloud *cloud = open_with(twin, steps, n, more);

    /* Nothing is asked before it is needed. */
    assert_int_equal(twin->at, 0);
    abort_upload(cloud);
    assert_int_equal(twin->at, n);
    sw_cloud_close(cloud);
}

static void run_fails(struct scripted *twin, const struct script_step *steps, size_t n, const char *why)
{
    struct sw_cloud *cloud = open_with(twin, steps, n, NULL);
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(sw_s3_abort_upload(cloud, &object, &err), -1);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' is not in the error '%s'", why, err.text);
    assert_null(strstr(err.text, "zecret"));
    sw_cloud_close(cloud);
}

static void open_fails(const struct sw_cloud_config *more, const char *why)
{
    struct sw_cloud_config config = more != NULL ? *more : (struct sw_cloud_config){.profile = NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;
    struct scripted twin;

    config.region = "eu-central-1";
    start_script(&twin, NULL, 0);
    assert_int_equal(sw_cloud_open(&config, &twin.base, &cloud, &err), -1);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' is not in the error '%s'", why, err.text);
    assert_null(cloud);
}

#define N(steps) (sizeof(steps) / sizeof((steps)[0]))

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, text);
}

static void a_role_is_assumed_with_the_keys_of_its_source(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAROLE"), DONE};
    struct scripted twin;

    (void)state;
    use_files("[profile lab]\nrole_arn = arn:aws:iam::1:role/lab\nsource_profile = base\nexternal_id = e 1\n"
              "duration_seconds = 3600\nrole_session_name = me@here\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    setenv("AWS_PROFILE", "lab", 1);
    run(&twin, steps, N(steps), NULL);
    assert_string_equal(twin.sent[0].url, "https://sts.eu-central-1.amazonaws.com/");
    assert_has(twin.sent[0].body,
               "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&ExternalId=e%201&"
               "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Flab&RoleSessionName=me%40here");
    assert_has(twin.sent[0].headers, "Credential=AKIABASE/20261122/eu-central-1/sts/aws4_request");
    assert_has(twin.sent[1].headers, "Credential=ASIAROLE/");
    assert_has(twin.sent[1].headers, "X-Amz-Security-Token: tok+/=ASIAROLE\n");
}

static void a_chain_of_roles_is_walked_from_its_end(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAONE"), STS("AssumeRole", "ASIATWO"),
                                               DONE};
    struct scripted twin;

    (void)state;
    /* The middle one has no keys; the last one is its own source. */
    use_files(
        "[profile a]\nrole_arn = r:a\nsource_profile = b\n[profile b]\nrole_arn = r:b\nsource_profile = b\n",
        "[b]\naws_access_key_id = AKIAB\naws_secret_access_key = s\n");
    run(&twin, steps + 1, N(steps) - 1, &(struct sw_cloud_config){.profile = "b"});
    assert_has(twin.sent[0].headers, "Credential=AKIAB/");
    use_files(
        "[profile a]\nrole_arn = r:a\nsource_profile = b\n[profile b]\nrole_arn = r:b\nsource_profile = c\n",
        "[c]\naws_access_key_id = AKIAC\naws_secret_access_key = s\n");
    run(&twin, steps, N(steps), &(struct sw_cloud_config){.profile = "a"});
    assert_has(twin.sent[0].headers, "Credential=AKIAC/");
    assert_has(twin.sent[0].body, "RoleArn=r%3Ab");
    assert_has(twin.sent[1].headers, "Credential=ASIAONE/");
    assert_has(twin.sent[1].body, "RoleArn=r%3Aa");
    assert_has(twin.sent[2].headers, "Credential=ASIATWO/");
}

static void a_role_takes_its_keys_from_a_named_source(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAROLE"), DONE};
    struct scripted twin;

    (void)state;
    use_files("[profile e]\nrole_arn = r\ncredential_source = Environment\n", "");
    open_fails(&(struct sw_cloud_config){.profile = "e"}, "there are no AWS_ACCESS_KEY_ID");
    setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    run(&twin, steps, N(steps), &(struct sw_cloud_config){.profile = "e"});
    assert_has(twin.sent[0].headers, "Credential=AKIAENV/");
}

static void a_profile_that_cannot_be_followed_is_explained(void **state)
{
    static const struct {
        const char *profile;
        const char *why;
    } all[] = {
        {"mfa", "second factor (mfa_serial), which is not supported"},
        {"both", "both of source_profile and credential_source"},
        {"neither", "neither of source_profile and credential_source"},
        {"loop", "profile 'loop' leads back to itself"},
        {"self", "profile 'self' leads back to itself"},
        {"gone", "source_profile 'none', and there is no such profile"},
        {"empty", "profile 'bare' is a source_profile and has no credentials"},
        {"odd", "credential_source = 'Moon'"},
        {"short", "duration_seconds = '60'"},
        {"webless", "no role for it"},
    };

    (void)state;
    use_files("[profile mfa]\nrole_arn=r\nsource_profile=k\nmfa_serial=arn:mfa\n"
              "[profile both]\nrole_arn=r\nsource_profile=k\ncredential_source=Environment\n"
              "[profile neither]\nrole_arn=r\n"
              "[profile loop]\nrole_arn=r\nsource_profile=loop2\n"
              "[profile loop2]\nrole_arn=r\nsource_profile=loop\n"
              "[profile self]\nrole_arn=r\nsource_profile=self\n"
              "[profile gone]\nrole_arn=r\nsource_profile=none\n"
              "[profile empty]\nrole_arn=r\nsource_profile=bare\n[profile bare]\nregion=x\n"
              "[profile odd]\nrole_arn=r\ncredential_source=Moon\n"
              "[profile short]\nrole_arn=r\nsource_profile=k\nduration_seconds=60\n"
              "[profile webless]\nweb_identity_token_file=t\n",
              "[k]\naws_access_key_id = A\naws_secret_access_key = s\n");
    for (size_t i = 0; i < N(all); i++)
        open_fails(&(struct sw_cloud_config){.profile = all[i].profile}, all[i].why);
}

static void a_refusal_of_sts_is_told_with_the_role(void **state)
{
    static const struct script_step steps[] = {
        {.status = 403,
         .headers = XML_HEAD,
         .body =
             "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"}};
    static const struct script_step hollow[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"}};
    struct scripted twin;

    (void)state;
    use_files("[default]\nrole_arn = arn:r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = zecret\n");
    run_fails(&twin, steps, N(steps), "STS AssumeRole: assuming role 'arn:r': AccessDenied: not you");
    run_fails(&twin, hollow, N(hollow), "the reply of STS has no keys");
}

static void keys_are_fetched_anew_in_the_middle_of_the_work(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAONE"),   DONE, DONE,
                                               STS("AssumeRole", "ASIATWO"),   DONE, EXPIRED,
                                               STS("AssumeRole", "ASIATHREE"), DONE};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    use_files("[default]\nrole_arn = r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    cloud = open_with(&twin, steps, N(steps), NULL);
    abort_upload(cloud);
    twin.now_s += 2690;
    abort_upload(cloud);
    assert_has(twin.sent[2].headers, "Credential=ASIAONE/");
    twin.now_s += 10;
    abort_upload(cloud);
    assert_has(twin.sent[4].headers, "Credential=ASIATWO/");
    /* And whenever the server says that they are over. */
    abort_upload(cloud);
    assert_has(twin.sent[7].headers, "Credential=ASIATHREE/");
    assert_int_equal(twin.sleep_count, 0);
    sw_cloud_close(cloud);
}

static void keys_that_stay_expired_end_the_call(void **state)
{
    static const struct script_step role[] = {
        STS("AssumeRole", "ASIAONE"),   EXPIRED, STS("AssumeRole", "ASIATWO"),  EXPIRED,
        STS("AssumeRole", "ASIATHREE"), EXPIRED, STS("AssumeRole", "ASIAFOUR"), EXPIRED};
    static const struct script_step once[] = {EXPIRED};
    struct scripted twin;

    (void)state;
    use_files("[default]\nrole_arn = r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    run_fails(&twin, role, N(role),
              "credentials have expired; put new ones in their place and run the same again: "
              "ExpiredToken: over");
    assert_int_equal(twin.at, N(role));
    set_keys();
    run_fails(&twin, once, N(once), "run the same again: ExpiredToken");
    assert_int_equal(twin.at, 1);
}

/* As when other threads spent them before this call's turn came. */
static void keys_that_are_over_at_once_are_exchanged_again(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAONE"),   EXPIRED,
                                               STS("AssumeRole", "ASIATWO"),   EXPIRED,
                                               STS("AssumeRole", "ASIATHREE"), DONE};
    struct scripted twin;

    (void)state;
    use_files("[default]\nrole_arn = r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    run(&twin, steps, N(steps), NULL);
    assert_has(twin.sent[5].headers, "Credential=ASIATHREE/");
}

static void a_shared_file_that_was_rewritten_meanwhile_is_read_again(void **state)
{
    static const struct script_step steps[] = {EXPIRED, DONE};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    use_files("", "[default]\naws_access_key_id = OLD\naws_secret_access_key = s\naws_session_token = t\n");
    cloud = open_with(&twin, steps, N(steps), NULL);
    put_file("credentials",
             "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\naws_session_token = u\n");
    abort_upload(cloud);
    assert_has(twin.sent[0].headers, "Credential=OLD/");
    assert_has(twin.sent[1].headers, "Credential=NEW/");
    sw_cloud_close(cloud);
}

static void a_web_identity_is_not_signed(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRoleWithWebIdentity", "ASIAWEB"), DONE};
    struct scripted twin;

    (void)state;
    use_files("[profile w]\nrole_arn = r:profile\nweb_identity_token_file = token\n",
              "[default]\naws_access_key_id = A\naws_secret_access_key = s\n");
    put_file("token", "eyJ.a-b_c.d\n");
    run(&twin, steps, N(steps), &(struct sw_cloud_config){.profile = "w"});
    assert_has(twin.sent[0].body, "RoleArn=r%3Aprofile&RoleSessionName=slipway&WebIdentityToken=eyJ.a-b_c.d");
    assert_null(strstr(twin.sent[0].headers, "Authorization"));
    assert_null(strstr(twin.sent[0].headers, "X-Amz-Date"));
    assert_has(twin.sent[1].headers, "Credential=ASIAWEB/");
    /* In the environment it comes before the shared files' keys. */
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "token", 1);
    setenv("AWS_ROLE_ARN", "r:env", 1);
    setenv("AWS_ROLE_SESSION_NAME", "pod", 1);
    run(&twin, steps, N(steps), NULL);
    assert_has(twin.sent[0].body, "RoleArn=r%3Aenv&RoleSessionName=pod");
    put_file("token", "two words");
    run_fails(&twin, NULL, 0, "'token' holds no token");
    unlink("token");
    run_fails(&twin, NULL, 0, "token");
}

/* An endpoint that was meant for S3 gets no token that somebody else could use. */
static void the_endpoint_of_the_command_line_is_not_asked_for_credentials(void **state)
{
    static const struct script_step steps[] = {STS("AssumeRole", "ASIAROLE"), DONE};
    const struct sw_cloud_config config = {.endpoint_url = "http://127.0.0.1:9000"};
    struct scripted twin;

    (void)state;
    use_files("[default]\nrole_arn = r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n");
    run(&twin, steps, N(steps), &config);
    assert_string_equal(twin.sent[0].url, "https://sts.eu-central-1.amazonaws.com/");
    assert_has(twin.sent[1].url, "http://127.0.0.1:9000/lab/k");
    setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9001", 1);
    run(&twin, steps, N(steps), &config);
    assert_string_equal(twin.sent[0].url, "http://127.0.0.1:9001/");
}

#define SSO_FILES                                                                                 \
    "[profile new]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Builder\n" \
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n"    \
    "[profile old]\nsso_start_url = https://corp.example/start\nsso_region = us-west-2\n"         \
    "sso_account_id = 1\nsso_role_name = R\n[profile bad]\nsso_session = none\n[profile half]\n"  \
    "sso_session = corp\nsso_account_id = 1\n",                                                   \
        ""
#define TOKEN(until) "{\"accessToken\":\"sso-tok\",\"expiresAt\":\"" until "\",\"refreshToken\":\"r\"}"

static void put_token(const char *key, const char *text)
{
    char command[512], path[256] = "";
    FILE *pipe;

    snprintf(command, sizeof(command),
             "mkdir -p .aws/sso/cache && printf .aws/sso/cache/ && printf %%s '%s' | sha1sum | cut -c1-40",
             key);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(path, sizeof(path), pipe));
    pclose(pipe);
    path[strcspn(path, "\n")] = '\0';
    strcat(path, ".json");
    put_file(path, text);
}

static void a_login_of_sso_is_used_as_long_as_it_lasts(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = JSON_HEAD,
         .body =
             "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\","
             "\"expiration\":1795333236000}}"},
        DONE};
    static const struct script_step refused[] = {
        {.status = 401,
         .headers = JSON_HEAD "x-amzn-errortype: UnauthorizedException\n",
         .body = "{\"message\":\"no\"}"}};
    struct scripted twin;

    (void)state;
    use_files(SSO_FILES);
    setenv("AWS_PROFILE", "new", 1);
    run_fails(&twin, NULL, 0, "nobody has logged in: run `aws sso login --profile new`");
    put_token("corp", TOKEN("2026-11-22T06:40:37Z"));
    run(&twin, steps, N(steps), NULL);
    assert_string_equal(twin.sent[0].url, "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?"
                                          "account_id=111122223333&role_name=Builder");
    assert_has(twin.sent[0].headers, "x-amz-sso_bearer_token: sso-tok\n");
    assert_null(strstr(twin.sent[0].headers, "Authorization"));
    assert_has(twin.sent[1].headers, "Credential=ASIASSO/");
    run_fails(&twin, refused, N(refused),
              "does not take the login any more: run `aws sso login --profile new`");
    put_token("corp", TOKEN("2026-11-22T06:40:36Z"));
    run_fails(&twin, NULL, 0, "the login is over: run `aws sso login --profile new`");
    put_token("corp", "{\"accessToken\":");
    run_fails(&twin, NULL, 0, "the cached token cannot be read");
    /* The old form names the portal itself. */
    put_token("https://corp.example/start", TOKEN("2026-11-22T07:00:00UTC"));
    setenv("AWS_PROFILE", "old", 1);
    run(&twin, steps, N(steps), NULL);
    assert_has(twin.sent[0].url, "https://portal.sso.us-west-2.amazonaws.com/");
    open_fails(&(struct sw_cloud_config){.profile = "bad"}, "there is no [sso-session none]");
    open_fails(&(struct sw_cloud_config){.profile = "half"}, "has no sso_role_name");
}

static void use_process(const char *command)
{
    char config[512];

    snprintf(config, sizeof(config), "[default]\ncredential_process = %s\n", command);
    use_files(config, "");
}

static void a_program_gives_keys_without_a_shell(void **state)
{
    static const struct script_step steps[] = {DONE};
    static const struct {
        const char *command;
        const char *why;
    } bad[] = {
        {"/bin/sh -c 'exit 7'", "'/bin/sh' ended with exit status 7"},
        {"/bin/sh -c 'kill -9 $$'", "exit status 137"},
        {"/bin/echo hello", "no JSON object"},
        {"/bin/echo '{\"Version\": 2}'", "has no \"Version\": 1"},
        {"/bin/echo '{\"Version\": 1, \"AccessKeyId\": \"A\"}'", "an access key without its secret"},
        {"/bin/cat /dev/zero", "prints more than 65536 bytes"},
        {"/no/such/program", "cannot run '/no/such/program'"},
    };
    struct scripted twin;

    (void)state;
    /* $HOME, ; and * are words like any other. */
    put_file(
        "give",
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = '$HOME ; * a b\"c' ] || exit 1\n"
        "echo '{\"Version\":1,\"AccessKeyId\":\"ASIAPROC\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
        "\"Expiration\":\"2026-11-22T09:00:00Z\"}'\n");
    use_process("/bin/sh give $HOME ; * \"a b\\\"c\"");
    run(&twin, steps, N(steps), NULL);
    assert_has(twin.sent[0].headers, "Credential=ASIAPROC/");
    for (size_t i = 0; i < N(bad); i++) {
        use_process(bad[i].command);
        run_fails(&twin, NULL, 0, bad[i].why);
    }
    use_process("give 'open");
    open_fails(NULL, "a quote that does not end");
}

static void a_container_is_asked_at_its_own_address(void **state)
{
    static const struct script_step steps[] = {
        {.status = 503}, {.status = 200, .headers = JSON_HEAD, .body = DOCUMENT("ASIATASK")}, DONE};
    struct scripted twin;

    (void)state;
    use_files("", "");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1?x=y", 1);
    run(&twin, steps, N(steps), NULL);
    assert_string_equal(twin.sent[1].url, "http://169.254.170.2/v2/credentials/1?x=y");
    assert_true(twin.sent[1].direct);
    assert_int_equal(twin.sent[1].timeout_ms, 2000);
    assert_null(strstr(twin.sent[1].headers, "Authorization"));
    assert_has(twin.sent[2].headers, "Credential=ASIATASK/");
    assert_false(twin.sent[2].direct);
    unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/creds", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "from the variable", 1);
    run(&twin, steps + 1, N(steps) - 1, NULL);
    assert_has(twin.sent[0].headers, "Authorization: from the variable\n");
    put_file("auth", "Bearer file\n");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "auth", 1);
    run(&twin, steps + 1, N(steps) - 1, NULL);
    assert_has(twin.sent[0].headers, "Authorization: Bearer file\n");
    {
        static const struct script_step refused[] = {{.status = 403}};

        /* What the path and the query are worth is what they would open. */
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/zecret?zecret", 1);
        run_fails(&twin, refused, 1,
                  "container's endpoint: http://127.0.0.1:8080: the server answered HTTP 403");
    }
    put_file("auth", "Bearer\r\nX-Evil: 1");
    run_fails(&twin, NULL, 0, "auth has control bytes");
}

static void keys_come_without_tls_from_this_machine_only(void **state)
{
    static const struct {
        const char *url;
        bool fine;
    } all[] = {
        {"https://anywhere.example/creds", true},
        {"http://169.254.170.2/x", true},
        {"http://169.254.170.23/v1/creds", true},
        {"http://[fd00:ec2::23]/v1/creds", true},
        {"http://[::1]:8080/", true},
        {"http://localhost:80/a", true},
        {"http://127.9.9.9/", true},
        {"http://example.com/", false},
        {"http://127.0.0.1.example.com/", false},
        {"http://localhost.example.com/", false},
        {"http://169.254.170.22/", false},
        {"http://169.254.169.254/", false},
        {"http://169.254.170.2@evil.example", false},
        {"ftp://127.0.0.1/", false},
        {"http://127.0.0.1/a b", false},
        {"http://[fd00:ec2::24]/", false},
    };

    (void)state;
    for (size_t i = 0; i < N(all); i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_cloud *cloud = NULL;
        struct scripted twin;
        int rc;

        use_files("", "");
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", all[i].url, 1);
        start_script(&twin, NULL, 0);
        rc = sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1"}, &twin.base, &cloud, &err);
        if ((rc == 0) != all[i].fine)
            fail_msg("%s: %s", all[i].url, err.text);
        sw_cloud_close(cloud);
    }
}

static void the_instance_is_asked_when_it_is_wanted_and_not_before(void **state)
{
    static const struct script_step steps[] = {{.status = 200, .body = "IMDS-token"},
                                               {.status = 200, .body = "role one\n"},
                                               {.status = 200, .body = DOCUMENT("ASIAIMDS")},
                                               DONE};
    const struct script_step good[] = {steps[0], {.status = 200, .body = "a+b"}, steps[2], DONE};
    static const struct script_step none[] = {{.status = 404}};
    static const struct script_step failed[] = {
        {.status = 200, .body = "t"},
        {.status = 200, .body = "r"},
        {.status = 200, .body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}"}};
    const struct sw_cloud_config wanted = {.use_imds = true};
    struct scripted twin;

    (void)state;
    use_files("[profile i]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n", "");
    open_fails(NULL, "no AWS credentials: set AWS_ACCESS_KEY_ID");
    open_fails(NULL, "--use-imds");
    run(&twin, good, N(good), &wanted);
    assert_string_equal(twin.sent[0].method, "PUT");
    assert_string_equal(twin.sent[0].url, "http://169.254.169.254/latest/api/token");
    assert_has(twin.sent[0].headers, "X-aws-ec2-metadata-token-ttl-seconds: 21600");
    assert_true(twin.sent[0].direct);
    assert_int_equal(twin.sent[0].timeout_ms, 1000);
    assert_has(twin.sent[1].headers, "X-aws-ec2-metadata-token: IMDS-token");
    assert_string_equal(twin.sent[2].url,
                        "http://169.254.169.254/latest/meta-data/iam/security-credentials/a%2Bb");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338", 1);
    {
        struct sw_err err = {.code = SW_OK};
        struct sw_cloud *cloud = open_with(&twin, steps, 2, &wanted);

        assert_int_equal(sw_s3_abort_upload(cloud, &object, &err), -1);
        assert_has(err.text, "no usable role");
        assert_string_equal(twin.sent[0].url, "http://127.0.0.1:1338/latest/api/token");
        sw_cloud_close(cloud);
        cloud = open_with(&twin, none, 1, &wanted);
        assert_int_equal(sw_s3_abort_upload(cloud, &object, &err), -1);
        assert_has(err.text, "credentials from the instance's metadata service");
        sw_cloud_close(cloud);
        cloud = open_with(&twin, failed, 3, &wanted);
        assert_int_equal(sw_s3_abort_upload(cloud, &object, &err), -1);
        assert_has(err.text, "AssumeRoleUnauthorizedAccess");
        sw_cloud_close(cloud);
    }
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    open_fails(&wanted, "AWS_EC2_METADATA_DISABLED forbids it");
    open_fails(&(struct sw_cloud_config){.profile = "i"}, "AWS_EC2_METADATA_DISABLED forbids it");
}

static void sources_come_in_the_clis_order(void **state)
{
    static const struct script_step done[] = {DONE};
    static const struct script_step web[] = {STS("AssumeRoleWithWebIdentity", "ASIAWEB"), DONE};
    struct scripted twin;

    (void)state;
    use_files(
        "[default]\ncredential_process = /bin/false\naws_access_key_id = CONFIG\naws_secret_access_key = s\n",
        "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/", 1);
    /* The credentials file comes before the program, and both before the container. */
    run(&twin, done, 1, &(struct sw_cloud_config){.use_imds = true});
    assert_has(twin.sent[0].headers, "Credential=FILE/");
    put_file("credentials", "");
    run_fails(&twin, NULL, 0, "'/bin/false' ended with exit status 1");
    put_file("token", "t");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "token", 1);
    setenv("AWS_ROLE_ARN", "r", 1);
    run(&twin, web, N(web), NULL);
    /* A profile that is named leaves no room for the environment. */
    put_file("credentials", "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
    run(&twin, done, 1, &(struct sw_cloud_config){.profile = "default"});
    assert_has(twin.sent[0].headers, "Credential=FILE/");
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    run(&twin, done, 1, NULL);
    assert_has(twin.sent[0].headers, "Credential=ENV/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_assumed_with_the_keys_of_its_source),
        cmocka_unit_test(a_chain_of_roles_is_walked_from_its_end),
        cmocka_unit_test(a_role_takes_its_keys_from_a_named_source),
        cmocka_unit_test(a_profile_that_cannot_be_followed_is_explained),
        cmocka_unit_test(a_refusal_of_sts_is_told_with_the_role),
        cmocka_unit_test(keys_are_fetched_anew_in_the_middle_of_the_work),
        cmocka_unit_test(keys_that_stay_expired_end_the_call),
        cmocka_unit_test(keys_that_are_over_at_once_are_exchanged_again),
        cmocka_unit_test(a_shared_file_that_was_rewritten_meanwhile_is_read_again),
        cmocka_unit_test(a_web_identity_is_not_signed),
        cmocka_unit_test(the_endpoint_of_the_command_line_is_not_asked_for_credentials),
        cmocka_unit_test(a_login_of_sso_is_used_as_long_as_it_lasts),
        cmocka_unit_test(a_program_gives_keys_without_a_shell),
        cmocka_unit_test(a_container_is_asked_at_its_own_address),
        cmocka_unit_test(keys_come_without_tls_from_this_machine_only),
        cmocka_unit_test(the_instance_is_asked_when_it_is_wanted_and_not_before),
        cmocka_unit_test(sources_come_in_the_clis_order),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
