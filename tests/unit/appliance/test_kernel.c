/* Kernels: their version, and the program in them. */
#include "src/appliance/kernel.h"
#include "src/base/endian.h"
#include "src/base/fs.h"
#include "tests/unit/testing.h"

#include <elf.h>
#include <glob.h>

enum { IMAGE_BYTES = 4096, PAYLOAD_AT = 1024, VERSION_AT = 0x300 };

/* An ELF program of one segment, a note of this type. */
struct program {
    Elf64_Ehdr elf;
    Elf64_Phdr segment;
    Elf64_Nhdr note;
    char name[4];
    uint32_t entry;
};

static struct program make_program(uint32_t note_type)
{
    struct program p = {.elf = {.e_machine = EM_X86_64,
                                .e_phoff = offsetof(struct program, segment),
                                .e_phentsize = sizeof(Elf64_Phdr),
                                .e_phnum = 1},
                        .segment = {.p_type = PT_NOTE,
                                    .p_offset = offsetof(struct program, note),
                                    .p_filesz = sizeof(Elf64_Nhdr) + 8},
                        .note = {.n_namesz = 4, .n_descsz = 4, .n_type = note_type},
                        .name = "Xen"};

    memcpy(p.elf.e_ident, ELFMAG, SELFMAG);
    p.elf.e_ident[EI_CLASS] = ELFCLASS64;
    return p;
}

/* A bzImage around it, not compressed. */
static void make_image(uint8_t image[IMAGE_BYTES], const struct program *program)
{
    memset(image, 0, IMAGE_BYTES);
    image[0x1f1] = 1;
    memcpy(image + 0x202, "HdrS", 4);
    le16_put(image + 0x206, 0x20f);
    le16_put(image + 0x20e, VERSION_AT - 0x200);
    memcpy(image + VERSION_AT, "6.1.0-1-amd64 (builder@host) #1", 32);
    le32_put(image + 0x248, PAYLOAD_AT - 1024);
    le32_put(image + 0x24c, sizeof(*program) + 4);
    memcpy(image + PAYLOAD_AT, program, sizeof(*program));
}

static int take(const uint8_t *image, size_t len, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    *err = (struct sw_err){.code = SW_OK};
    return bzimage_program(image, len, &out, err);
}

static void the_version_is_the_headers_first_word(void **state)
{
    struct program program = make_program(18);
    uint8_t image[IMAGE_BYTES];
    char version[KERNEL_VERSION_BYTES];
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_image(image, &program);
    assert_int_equal(bzimage_version(image, sizeof(image), version, &err), 0);
    assert_string_equal(version, "6.1.0-1-amd64");
}

static void a_version_that_is_no_name_is_refused(void **state)
{
    static const char *const bad[] = {"", "../../etc", ".", " 6.1"};
    struct program program = make_program(18);
    uint8_t image[IMAGE_BYTES];
    char version[KERNEL_VERSION_BYTES];

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++) {
        struct sw_err err = {.code = SW_OK};

        make_image(image, &program);
        memcpy(image + VERSION_AT, bad[i], strlen(bad[i]) + 1);
        assert_int_equal(bzimage_version(image, sizeof(image), version, &err), -1);
    }
    /* Without an end, and outside the file. */
    struct sw_err err = {.code = SW_OK};
    make_image(image, &program);
    memset(image + VERSION_AT, 'x', IMAGE_BYTES - VERSION_AT);
    assert_int_equal(bzimage_version(image, sizeof(image), version, &err), -1);
    le16_put(image + 0x20e, 0xffff);
    assert_int_equal(bzimage_version(image, sizeof(image), version, &err), -1);
    for (size_t len = 0; len < 0x250; len += 7)
        assert_int_equal(bzimage_version(image, len, version, &err), -1);
}

static void the_program_is_taken_out(void **state)
{
    struct program program = make_program(18);
    uint8_t image[IMAGE_BYTES];
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_image(image, &program);
    assert_int_equal(bzimage_program(image, sizeof(image), &out, &err), 0);
    assert_int_equal(out.len, sizeof(program));
    assert_memory_equal(out.data, &program, sizeof(program));
}

static void a_program_that_qemu_could_not_start_is_refused(void **state)
{
    struct program program = make_program(17); /* no entry of PVH's */
    uint8_t image[IMAGE_BYTES];
    struct sw_err err;

    (void)state;
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    program = make_program(18);
    program.elf.e_machine = EM_AARCH64;
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    program = make_program(18);
    memcpy(program.elf.e_ident,
           "\x7f"
           "BAD",
           4);
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
}

static void fields_that_lead_out_of_the_file_are_refused(void **state)
{
    struct program program = make_program(18);
    uint8_t image[IMAGE_BYTES];
    struct sw_err err;

    (void)state;
    make_image(image, &program);
    le32_put(image + 0x248, 0xfffffff0);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    make_image(image, &program);
    le32_put(image + 0x24c, 0xffffffff);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    le32_put(image + 0x24c, 3);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    program.segment.p_filesz = UINT64_MAX;
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    program = make_program(18);
    program.elf.e_phoff = UINT64_MAX - 8;
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
    program = make_program(18);
    program.note.n_descsz = UINT32_MAX;
    make_image(image, &program);
    assert_int_equal(take(image, sizeof(image), &err), -1);
}

static void this_machines_kernels_are_read(void **state)
{
    SW_CLEANUP(globfree) glob_t found = {.gl_pathc = 0};
    struct sw_err err = {.code = SW_OK};
    char version[KERNEL_VERSION_BYTES];

    (void)state;
    if (glob("/boot/vmlinuz-*", 0, NULL, &found) != 0)
        skip();
    for (size_t i = 0; i < found.gl_pathc; i++) {
        SW_AUTO_BUF struct sw_buf bytes = {0}, program = {0};

        if (sw_read_file(found.gl_pathv[i], 128 << 20, &bytes, &err) < 0)
            skip();
        assert_int_equal(bzimage_version(bytes.data, bytes.len, version, &err), 0);
        assert_string_equal(version, strchr(found.gl_pathv[i], '-') + 1);
        assert_int_equal(bzimage_program(bytes.data, bytes.len, &program, &err), 0);
        assert_true(program.len > bytes.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_is_the_headers_first_word),
        cmocka_unit_test(a_version_that_is_no_name_is_refused),
        cmocka_unit_test(the_program_is_taken_out),
        cmocka_unit_test(a_program_that_qemu_could_not_start_is_refused),
        cmocka_unit_test(fields_that_lead_out_of_the_file_are_refused),
        cmocka_unit_test(this_machines_kernels_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
