/* Keys of any kind behind one table: which one opens, and whose reason is told when none does. */
#include "message.h"
#include "src/seal/scheme.h"

/* A key that may be away, such as one on a token. */
struct absent_key {
    bool here;
    struct seal_secret kept; /* the data key that it "wrapped" */
    unsigned unwraps;
    uint64_t work; /* that each unwrapping costs */
};

static int absent_wrap(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                       struct sw_buf *wrapped, struct sw_err *err)
{
    struct absent_key *self = key->priv;

    self->kept = *how->data_key;
    return sw_buf_puts(info, key->name, err) < 0 ? -1 : sw_buf_puts(wrapped, "on the token", err);
}

static int absent_unwrap(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                         struct seal_secret *data_key, struct sw_err *err)
{
    struct absent_key *self = key->priv;

    (void)edk;
    self->unwraps++;
    if (self->work > how->work_left)
        return sw_fail(err, SW_INTEGRITY, "too much work");
    how->work_left -= self->work;
    *data_key = self->kept;
    return self->here ? 0 : sw_fail(err, SW_REMOTE, "the token is not there");
}

static void absent_free(void *priv)
{
    (void)priv;
}

static const struct seal_key_ops absent_ops = {
    .wrap = absent_wrap, .unwrap = absent_unwrap, .free = absent_free};

static void add_absent(struct sw_keyring *ring, struct absent_key *self)
{
    struct sw_err err = {.code = SW_OK};
    struct seal_key *key = &ring->keys[ring->n++];

    key->ops = &absent_ops;
    key->priv = self;
    assert_ok(seal_key_set_names(key, "token", "one", &err), err);
}

static int open_with(const struct message *message, const struct sw_keyring *ring, struct sw_err *err)
{
    return open_to(message, ring, "content", err);
}

static void the_next_key_opens_what_an_absent_one_does_not(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 5), *with = aes_ring(SW_KEY_OPEN, 5);
    struct absent_key token = {.here = true};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    add_absent(to, &token);
    seal_bytes(&(struct sealing){.to = to, .jobs = 1, .direct = true}, "content", 7, &message);
    add_absent(with, &token);
    assert_ok(open_with(&message, with, &err), err);
    assert_int_equal(token.unwraps, 0); /* the AES key's entry came first */
    token.here = false;
    assert_ok(open_with(&message, with, &err), err);
}

static void the_reason_of_the_first_key_that_matched_is_told(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = NULL, *with = NULL;
    struct absent_key token = {.here = false};
    struct sw_err err = {.code = SW_OK};
    uint8_t first[32] = {8}, other[32] = {9};

    (void)state;
    to = sw_keyring_new(SW_KEY_SEAL, &err);
    with = sw_keyring_new(SW_KEY_OPEN, &err);
    assert_true(to != NULL && with != NULL);
    add_absent(to, &token);
    (void)key_file("first.key", first, sizeof(first), 0600);
    assert_ok(sw_keyring_add(to, "aes:first.key,name=second", &err), err);
    seal_bytes(&(struct sealing){.to = to, .jobs = 1, .direct = true}, "content", 7, &message);

    (void)key_file("other.key", other, sizeof(other), 0600);
    assert_ok(sw_keyring_add(with, "aes:other.key,name=second", &err), err);
    add_absent(with, &token);
    assert_failed(open_with(&message, with, &err), err, SW_REMOTE,
                  "the key 'token/one': the token is not there");
    assert_int_equal(token.unwraps, 1);
}

/* What one passphrase costs is not taken from the next one, but it is from its own next entry. */
static void each_key_has_its_own_limit_of_work(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = NULL, *with = NULL;
    struct absent_key wrong = {.work = SEAL_PASS_WORK_MAX},
                      right = {.here = true, .work = SEAL_PASS_WORK_MAX};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    to = sw_keyring_new(SW_KEY_SEAL, &err);
    with = sw_keyring_new(SW_KEY_OPEN, &err);
    assert_true(to != NULL && with != NULL);
    add_absent(to, &right);
    add_absent(to, &right);
    seal_bytes(&(struct sealing){.to = to, .jobs = 1, .direct = true}, "content", 7, &message);
    add_absent(with, &wrong);
    assert_failed(open_with(&message, with, &err), err, SW_REMOTE, "the token is not there");
    assert_int_equal(wrong.unwraps, 2);
    add_absent(with, &right);
    assert_ok(open_with(&message, with, &err), err);
    wrong.work = right.work = SEAL_PASS_WORK_MAX + 1;
    assert_failed(open_with(&message, with, &err), err, SW_INTEGRITY, "too much work");
}

static void a_data_key_of_another_length_is_none(void **state)
{
    AUTO_MESSAGE struct message message = {.body = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *to = NULL;
    struct absent_key token = {.here = true};
    struct sw_err err = {.code = SW_OK};
    static const size_t lengths[] = {0, 16, 31, 33, SEAL_SECRET_MAX};

    (void)state;
    to = sw_keyring_new(SW_KEY_SEAL, &err);
    assert_non_null(to);
    add_absent(to, &token);
    seal_bytes(&(struct sealing){.to = to, .jobs = 1, .direct = true}, "content", 7, &message);
    assert_ok(open_with(&message, to, &err), err);
    for (size_t i = 0; i < SW_ARRAY_LEN(lengths); i++) {
        token.kept.len = lengths[i];
        err = (struct sw_err){.code = SW_OK};
        assert_failed(open_with(&message, to, &err), err, SW_INTEGRITY, "does not open the message");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_key_opens_what_an_absent_one_does_not),
        cmocka_unit_test(the_reason_of_the_first_key_that_matched_is_told),
        cmocka_unit_test(each_key_has_its_own_limit_of_work),
        cmocka_unit_test(a_data_key_of_another_length_is_none),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
