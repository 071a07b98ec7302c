/* Nothing of a secret stays in memory that is given back: free() and realloc() look at it first. */
#include "tests/unit/cloud/scripted.h"

#include <malloc.h>

#define SECRET_OF_FILE  "sEkRiT/of+the/file"
#define SECRET_OF_ROLE  "sEkRiT/of+the/role"
#define TEN(x)          x x x x x x x x x x
#define TOKEN           "sEkRiT/tOkEn" TEN(TEN("t0ken"))
#define MOST_FOUND_TEXT 64

void __real_free(void *pointer);
void __wrap_free(void *pointer);
void *__wrap_realloc(void *pointer, size_t size);

/* The compiler believes that free() looks at nothing. */
static volatile bool looking;
static volatile unsigned found;
static char found_text[MOST_FOUND_TEXT];

static void look(const char *bytes, size_t len)
{
    static const char *const needles[] = {SECRET_OF_FILE, SECRET_OF_ROLE, "sEkRiT/tOkEn"};

    for (size_t i = 0; i < sizeof(needles) / sizeof(needles[0]); i++) {
        const char *at = memmem(bytes, len, needles[i], strlen(needles[i]));

        if (at == NULL)
            continue;
        found++;
        snprintf(found_text, sizeof(found_text), "%.*s", (int)(len < 60 ? len : 60), bytes);
    }
}

void __wrap_free(void *pointer)
{
    if (pointer != NULL && looking)
        look(pointer, malloc_usable_size(pointer));
    __real_free(pointer);
}

/* Memory that grows always moves: what it leaves behind is looked at, too. */
void *__wrap_realloc(void *pointer, size_t size)
{
    size_t had = pointer != NULL ? malloc_usable_size(pointer) : 0;
    void *moved = malloc(size);

    if (moved != NULL && had > 0)
        memcpy(moved, pointer, had < size ? had : size);
    if (moved != NULL)
        __wrap_free(pointer);
    return moved;
}

static void keys_of_files_and_roles_are_wiped(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"
                 "<SecretAccessKey>" SECRET_OF_ROLE "</SecretAccessKey><SessionToken>" TOKEN
                 "</SessionToken><Expiration>2026-11-22T07:40:36Z</Expiration></Credentials>"
                 "</AssumeRoleResult></AssumeRoleResponse>"},
        {.status = 204}};
    static struct scripted twin;
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud;

    (void)state;
    use_files("[default]\nrole_arn = r\nsource_profile = base\n",
              "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = " SECRET_OF_FILE "\n");
    found = 0;
    looking = true;
    cloud = open_scripted(&twin, steps, 2);
    assert_ok(sw_s3_abort_upload(cloud, &(struct sw_s3_upload){"lab", "k", "u"}, &err), err);
    sw_cloud_close(cloud);
    looking = false;
    assert_int_equal(twin.at, 2);
    if (found > 0)
        fail_msg("%u pieces with a secret, the last one begins '%s'", found, found_text);
}

/* The eye sees. */
static void what_is_not_wiped_is_found(void **state)
{
    struct sw_err err = {.code = SW_OK};
    char *text = sw_strdup("a " SECRET_OF_FILE, &err);

    (void)state;
    assert_non_null(text);
    found = 0;
    looking = true;
    free(text);
    looking = false;
    assert_int_equal(found, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_files_and_roles_are_wiped),
        cmocka_unit_test(what_is_not_wiped_is_found),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
