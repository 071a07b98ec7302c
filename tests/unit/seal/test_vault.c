/* Many objects under one key: names, objects that are written anywhere, and files in each other's place. */
#include "message.h"

#include "src/base/digest.h"

#include <fcntl.h>

enum { FRAME = SW_SEAL_FRAME_BYTES };

static struct sw_vault *new_vault(void)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1), *with;
    struct sw_vault *vault = NULL;

    unlink("v.sealed");
    unlink("v.keys");
    assert_ok(sw_vault_create("v.sealed", to, &err), err);
    with = ring_of(SW_KEY_OPEN, "aes:aes.key");
    assert_ok(sw_vault_open("v.sealed", &(struct sw_unseal_opts){.keys = with}, &vault, &err), err);
    sw_keyring_free(to);
    sw_keyring_free(with);
    return vault;
}

/* Writes pieces of plain at these places, in this order, under the name of "x". */
struct piece {
    size_t off, len;
};

static int write_object(const struct sw_vault *vault, const uint8_t *plain, size_t size,
                        const struct piece *pieces, size_t n, struct sw_err *err)
{
    struct sw_out *file = NULL, *out;
    uint8_t got[32], want[32];
    char name[SW_VAULT_NAME];
    uint64_t bytes = 0;
    int rc = 0;

    assert_ok(sw_out_create_file("object", 0600, &file, err), *err);
    out = sw_vault_out(vault, file, err);
    assert_non_null(out);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = sw_out_pwrite(out, plain + pieces[i].off, pieces[i].len, pieces[i].off, err);
    if (rc == 0)
        rc = sw_out_truncate(out, size, err);
    if (rc == 0)
        rc = sw_vault_out_finish(out, got, &bytes, err);
    if (rc == 0) {
        assert_int_equal(bytes, size);
        assert_ok(sw_sha256(plain, size, want, err), *err);
        assert_memory_equal(got, want, sizeof(want));
        assert_ok(sw_vault_name(vault, "blob", "x", name, err), *err);
        assert_ok(sw_vault_out_name(out, name, err), *err);
        assert_int_equal(sw_vault_out_name(out, name, &(struct sw_err){.code = SW_OK}), -1);
        assert_ok(sw_out_commit(file, err), *err);
    }
    sw_out_close(out);
    return rc;
}

static struct sw_in *open_as(const struct sw_vault *vault, const char *path, const char *what,
                             struct sw_err *err)
{
    struct sw_in *sealed = NULL;
    char name[SW_VAULT_NAME];

    assert_ok(sw_vault_name(vault, "blob", what, name, err), *err);
    assert_ok(sw_in_open_file(path, &sealed, err), *err);
    return sw_vault_in(vault, name, sealed, err);
}

static void assert_holds(const struct sw_vault *vault, const uint8_t *plain, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = open_as(vault, "object", "x", &err), *sealed = NULL;
    uint8_t *got = malloc(size + 1);
    uint64_t told = 0;

    if (in == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(in->size_bytes, size);
    assert_ok(sw_in_read(in, got, size, 0, &err), err);
    assert_memory_equal(got, plain, size);
    free(got);
    sw_in_close(in);
    assert_ok(sw_in_open_file("object", &sealed, &err), err);
    assert_ok(sw_vault_plain_bytes(sealed, &told, &err), err);
    assert_int_equal(told, size);
    sw_in_close(sealed);
}

static void an_object_is_written_in_any_order(void **state)
{
    enum { SIZE = 5 * FRAME + 777 };
    const struct piece orders[][6] = {
        {{0, SIZE}},
        {{100, SIZE - 100}, {0, 100}},
        {{3 * FRAME - 5, 2 * FRAME}, {5 * FRAME - 5, 782}, {0, FRAME + 1}, {FRAME + 1, 2 * FRAME - 6}},
        {{FRAME, FRAME}, {0, FRAME}, {4 * FRAME, FRAME + 777}, {2 * FRAME, FRAME}, {3 * FRAME, FRAME}},
        /* Twice within a frame that is not whole yet. */
        {{10, 20}, {15, 30}, {0, SIZE}},
    };
    const size_t counts[] = {1, 2, 4, 5, 3};
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = pattern(SIZE);

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(orders); i++) {
        assert_ok(write_object(vault, plain, SIZE, orders[i], counts[i], &err), err);
        assert_holds(vault, plain, SIZE);
    }
    free(plain);
    sw_vault_close(vault);
}

static void sizes_around_a_frame_come_back(void **state)
{
    const size_t sizes[] = {0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME};
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = pattern(2 * FRAME);

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(sizes); i++) {
        const struct piece all = {0, sizes[i]};

        assert_ok(write_object(vault, plain, sizes[i], &all, 1, &err), err);
        assert_holds(vault, plain, sizes[i]);
    }
    free(plain);
    sw_vault_close(vault);
}

static void what_was_never_written_is_zeros(void **state)
{
    enum { SIZE = 4 * FRAME };
    const struct piece some[] = {{2 * FRAME + 3, 5}};
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = calloc(1, SIZE);

    (void)state;
    memset(plain + some[0].off, 7, some[0].len);
    assert_ok(write_object(vault, plain, SIZE, some, 1, &err), err);
    assert_holds(vault, plain, SIZE);
    free(plain);
    sw_vault_close(vault);
}

/* One nonce, one plaintext. */
static void a_sealed_frame_is_never_written_again(void **state)
{
    enum { SIZE = 2 * FRAME };
    const struct piece twice[] = {{0, FRAME}, {5, 1}};
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = pattern(SIZE);

    (void)state;
    assert_failed(write_object(vault, plain, SIZE, twice, 2, &err), err, SW_FAILED, "was sealed already");
    free(plain);
    sw_vault_close(vault);
}

/* A frame with a gap waits; too many of them, and the oldest is sealed, gap and all. The first stays. */
static void frames_with_gaps_do_not_fill_the_memory(void **state)
{
    const size_t nr = SW_VAULT_WAITING + 50;
    struct piece *pieces = calloc(nr + 2, sizeof(*pieces));
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = calloc(nr, FRAME);

    (void)state;
    for (size_t i = 0; i < nr; i++) {
        pieces[i] = (struct piece){i * FRAME + 8, 16};
        memset(plain + pieces[i].off, (int)i, 16);
    }
    pieces[nr] = (struct piece){0, 8};
    memset(plain, 9, 8);
    assert_ok(write_object(vault, plain, nr * FRAME, pieces, nr + 1, &err), err);
    assert_holds(vault, plain, nr * FRAME);
    pieces[nr + 1] = (struct piece){2 * FRAME, 1};
    assert_failed(write_object(vault, plain, nr * FRAME, pieces, nr + 2, &err), err, SW_FAILED,
                  "was sealed already");
    free(plain);
    free(pieces);
    sw_vault_close(vault);
}

static void an_object_without_a_name_cannot_be_committed(void **state)
{
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    struct sw_out *file = NULL, *out;
    char name[SW_VAULT_NAME];

    (void)state;
    assert_ok(sw_out_create_file("object", 0600, &file, &err), err);
    out = sw_vault_out(vault, file, &err);
    assert_failed(sw_out_commit(out, &err), err, SW_FAILED, "has no name");
    assert_ok(sw_vault_name(vault, "blob", "x", name, &err), err);
    assert_failed(sw_vault_out_name(out, name, &err), err, SW_FAILED, "has not ended");
    assert_failed(sw_out_truncate(out, 0, &err) == 0 && sw_out_pwrite(out, "x", 1, 0, &err) == 0
                      ? sw_out_truncate(out, 0, &err)
                      : -2,
                  err, SW_FAILED, "cannot be cut");
    sw_out_close(out);
    sw_vault_close(vault);
}

static void another_objects_file_is_refused(void **state)
{
    const struct piece all = {0, 100};
    struct sw_vault *vault = new_vault(), *other;
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = pattern(100);

    (void)state;
    assert_ok(write_object(vault, plain, 100, &all, 1, &err), err);
    assert_failed(open_as(vault, "object", "y", &err) != NULL ? 0 : -1, err, SW_INTEGRITY, "slipway:object");
    other = new_vault();
    assert_failed(open_as(other, "object", "x", &err) != NULL ? 0 : -1, err, SW_INTEGRITY, "");
    sw_vault_close(other);
    sw_vault_close(vault);
    free(plain);
}

static void small_objects_go_in_one_piece(void **state)
{
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    struct sw_out *out = NULL;
    struct sw_in *in;
    char name[SW_VAULT_NAME], got[6] = "";

    (void)state;
    assert_ok(sw_vault_name(vault, "blob", "x", name, &err), err);
    assert_ok(sw_out_create_file("small", 0600, &out, &err), err);
    assert_ok(sw_vault_put(vault, name, "hello", 5, out, &err), err);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    in = open_as(vault, "small", "x", &err);
    assert_non_null(in);
    assert_ok(sw_in_read(in, got, 5, 0, &err), err);
    assert_string_equal(got, "hello");
    sw_in_close(in);
    sw_vault_close(vault);
}

static void names_differ_by_kind_text_and_vault(void **state)
{
    struct sw_vault *one = new_vault(), *two = new_vault();
    struct sw_err err = {.code = SW_OK};
    char names[4][SW_VAULT_NAME];

    (void)state;
    assert_ok(sw_vault_name(one, "blob", "x", names[0], &err), err);
    assert_ok(sw_vault_name(one, "json", "x", names[1], &err), err);
    assert_ok(sw_vault_name(one, "blob", "y", names[2], &err), err);
    assert_ok(sw_vault_name(two, "blob", "x", names[3], &err), err);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = i + 1; k < 4; k++)
            assert_string_not_equal(names[i], names[k]);
    assert_ok(sw_vault_name(one, "blob", "x", names[1], &err), err);
    assert_string_equal(names[0], names[1]);
    sw_vault_close(one);
    sw_vault_close(two);
}

static void a_vault_opens_for_its_recipients_only(void **state)
{
    struct sw_vault *vault = new_vault(), *none = NULL;
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *wrong = aes_ring(SW_KEY_OPEN, 2);

    (void)state;
    assert_failed(sw_vault_open("v.sealed", &(struct sw_unseal_opts){.keys = wrong}, &none, &err), err,
                  SW_INTEGRITY, "no key was given");
    assert_null(none);
    sw_keyring_free(wrong);
    sw_vault_close(vault);
}

static void any_flipped_byte_is_noticed(void **state)
{
    const struct piece all = {0, 3000};
    struct sw_vault *vault = new_vault();
    struct sw_err err = {.code = SW_OK};
    uint8_t *plain = pattern(3000), byte;
    off_t size;
    int fd;

    (void)state;
    assert_ok(write_object(vault, plain, 3000, &all, 1, &err), err);
    fd = open("object", O_RDWR | O_CLOEXEC);
    size = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at < size; at += at < 400 ? 1 : 97) {
        struct sw_in *in;

        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        err.code = SW_OK;
        in = open_as(vault, "object", "x", &err);
        if (in != NULL || err.code != SW_INTEGRITY)
            fail_msg("byte %lld: %s", (long long)at, err.text);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
    free(plain);
    sw_vault_close(vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_written_in_any_order),
        cmocka_unit_test(sizes_around_a_frame_come_back),
        cmocka_unit_test(what_was_never_written_is_zeros),
        cmocka_unit_test(a_sealed_frame_is_never_written_again),
        cmocka_unit_test(frames_with_gaps_do_not_fill_the_memory),
        cmocka_unit_test(an_object_without_a_name_cannot_be_committed),
        cmocka_unit_test(another_objects_file_is_refused),
        cmocka_unit_test(small_objects_go_in_one_piece),
        cmocka_unit_test(names_differ_by_kind_text_and_vault),
        cmocka_unit_test(a_vault_opens_for_its_recipients_only),
        cmocka_unit_test(any_flipped_byte_is_noticed),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
