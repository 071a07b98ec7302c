/* Fields of the protocol that do not fit are never read. */
#include "src/runner/embed.h"
#include "src/runner/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_number_that_is_cut_reads_as_bad(void **state)
{
    const unsigned char bytes[] = {1, 2, 3};
    struct wire_in in = {.at = bytes, .end = bytes + sizeof(bytes)};

    (void)state;
    assert_int_equal(wire_u32(&in), 0);
    assert_true(in.bad);
}

static void a_text_longer_than_the_payload_is_empty(void **state)
{
    const unsigned char bytes[] = {0xff, 0xff, 0xff, 0xff, 'a', 'b'};
    struct wire_in in = {.at = bytes, .end = bytes + sizeof(bytes)};
    struct wire_text text = wire_text(&in);

    (void)state;
    assert_int_equal(text.len, 0);
    assert_true(in.bad);
    assert_int_equal(wire_u64(&in), 0);
    assert_true(in.bad);
}

static void numbers_are_little_endian(void **state)
{
    unsigned char bytes[12];
    struct wire_in in = {.at = bytes, .end = bytes + sizeof(bytes)};

    (void)state;
    wire_put_u32(bytes, 0x01020304);
    wire_put_u64(bytes + 4, UINT64_C(0x05060708090a0b0c));
    assert_int_equal(bytes[0], 4);
    assert_int_equal(bytes[4], 0x0c);
    assert_int_equal(wire_u32(&in), 0x01020304);
    assert_true(wire_u64(&in) == UINT64_C(0x05060708090a0b0c));
    assert_false(in.bad);
    assert_ptr_equal(in.at, in.end);
}

/* An ELF file without an interpreter: it must run in a root that has no libraries at all. */
static void the_embedded_program_is_static(void **state)
{
    size_t len;
    const unsigned char *program = sw_runner_program(&len);
    uint64_t headers;
    uint16_t count, size;

    (void)state;
    assert_true(len > 4096);
    assert_memory_equal(program, "\177ELF\2\1", 6);
    memcpy(&headers, program + 32, sizeof(headers));
    memcpy(&size, program + 54, sizeof(size));
    memcpy(&count, program + 56, sizeof(count));
    for (uint16_t i = 0; i < count; i++) {
        uint32_t type;

        memcpy(&type, program + headers + (size_t)i * size, sizeof(type));
        assert_int_not_equal(type, 3); /* PT_INTERP */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_is_cut_reads_as_bad),
        cmocka_unit_test(a_text_longer_than_the_payload_is_empty),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(the_embedded_program_is_static),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
