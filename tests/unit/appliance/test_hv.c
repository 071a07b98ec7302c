/* What libguestfs asks qemu for, and what of it is the same each time. */
#include "src/appliance/hv/hv.h"
#include "tests/unit/testing.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOLDER "/cache/fast-1"
#define HEAD \
    "-nodefaults", "-machine", "accel=tcg,graphics=off", "-m", "1280", "-kernel", "/cache/fast-1/kernel"
#define ROOT \
    "-drive", "file=/cache/fast-1/root,snapshot=on,id=appliance,if=none", "-device", "scsi-hd,drive=appliance"

static char *const *args_of(const char *const *words)
{
    return (char *const *)(uintptr_t)words;
}

static void plan_of(const char *const *words, struct hv_plan *plan, char name[17])
{
    assert_true(hv_plan(args_of(words), FOLDER, plan));
    hv_name(plan, name);
}

static void disks_and_sockets_do_not_count(void **state)
{
    static const char *const one[] = {
        HEAD, "-drive",   "file=/tmp/a,,b.qcow2,id=hd0,if=none",          "-device", "scsi-hd,drive=hd0",
        ROOT, "-chardev", "socket,path=/tmp/a/guestfsd.sock,id=channel0", "-append", "panic=1 quiet",
        NULL};
    static const char *const two[] = {HEAD,
                                      "-drive",
                                      "file=/x.qcow2,id=hd0,if=none",
                                      "-device",
                                      "scsi-hd,drive=hd0",
                                      "-drive",
                                      "file=/y,id=hd1,if=none",
                                      "-device",
                                      "scsi-hd,drive=hd1",
                                      ROOT,
                                      "-chardev",
                                      "socket,path=/tmp/b,,c/guestfsd.sock,id=channel0",
                                      "-append",
                                      "panic=1 quiet",
                                      NULL};
    struct hv_plan a, b;
    char name_a[17], name_b[17];

    (void)state;
    plan_of(one, &a, name_a);
    plan_of(two, &b, name_b);
    assert_false(a.plain || b.plain);
    assert_int_equal(a.nr_disks, 1);
    assert_int_equal(b.nr_disks, 2);
    assert_string_equal(name_a, name_b);
    assert_int_equal(a.key_len, b.key_len);
    assert_memory_equal(a.key, b.key, a.key_len);
    free(a.key);
    free(b.key);
}

static void everything_else_counts(void **state)
{
    static const char *const base[] = {HEAD, ROOT, "-append", "panic=1", NULL};
    static const char *const others[][20] = {
        {HEAD, ROOT, "-append", "panic=1 quiet", NULL},
        {HEAD, ROOT, "-append", "panic=1", "-device", "virtserialport,chardev=c,name=n", NULL},
        {HEAD, "-cpu", "max", ROOT, "-append", "panic=1", NULL},
    };
    struct hv_plan plan;
    char name[17], other[17];

    (void)state;
    plan_of(base, &plan, name);
    free(plan.key);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        plan_of(others[i], &plan, other);
        assert_false(plan.plain);
        assert_string_not_equal(name, other);
        free(plan.key);
    }
}

static void what_cannot_be_gone_on_with_is_plain(void **state)
{
    static const char *const lists[][24] = {
        {NULL},
        {"-help", NULL},
        {"-machine", "accel=kvm:tcg", "-device", "?", NULL},
        {"-nodefaults", "-kernel", "/boot/vmlinuz", ROOT, NULL}, /* another appliance */
        {HEAD, ROOT, "-netdev", "user,id=usernet", "-device", "virtio-net-pci,netdev=usernet", NULL},
        {HEAD, ROOT, "-S", NULL},
        {HEAD, "-drive", "file=/a,id=hd0,if=none", ROOT, NULL}, /* a drive without a device */
        {HEAD, "-device", "scsi-hd,drive=hd0", ROOT, NULL},     /* and the reverse */
        {HEAD, "-drive", "file=/a,id=hd1,if=none", "-device", "scsi-hd,drive=hd1", ROOT, NULL},
        {HEAD, "-drive", "file=/a,if=virtio", ROOT, NULL},
        /* A disk that has more to it, as newer versions of libguestfs give one of large sectors. */
        {HEAD, "-drive", "file=/a,id=hd0,if=none", "-device", "scsi-hd,drive=hd0,logical_block_size=4096",
         ROOT, NULL},
        {HEAD, "-drive", "file=/a,id=hd0,if=none", "-device", "scsi-hd,drive=hd01", ROOT, NULL},
        {HEAD, ROOT, "-device", NULL}, /* an option without its value */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct hv_plan plan;

        assert_true(hv_plan(args_of(lists[i]), FOLDER, &plan));
        if (!plan.plain)
            fail_msg("list %zu is taken for one that can be saved", i);
        free(plan.key);
    }
}

static void the_processor_and_the_kernel_count(void **state)
{
    static const char *const accels[] = {"accel=kvm", "accel=tcg"};
    static const char *const wanted[] = {"#kernel ", "#model\t", "#model name", "#stepping", "#flags"};

    (void)state;
#if !defined(__x86_64__)
    skip();
#endif
    for (size_t k = 0; k < sizeof(accels) / sizeof(accels[0]); k++) {
        const char *const words[] = {"-nodefaults",          "-machine", accels[k], "-kernel",
                                     "/cache/fast-1/kernel", ROOT,       NULL};
        struct hv_plan plan;

        assert_true(hv_plan(args_of(words), FOLDER, &plan));
        assert_false(plan.plain);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
            if (memmem(plan.key, plan.key_len, wanted[i], strlen(wanted[i])) == NULL)
                fail_msg("'%s' is not in the key of %s", wanted[i], accels[k]);
        free(plan.key);
    }
}

static void the_users_terminal_does_not_count(void **state)
{
    static const char *const lines[] = {"panic=1 quiet norandmaps", "panic=1 quiet TERM=xterm norandmaps",
                                        "panic=1 quiet TERM= norandmaps",
                                        "panic=1 quiet norandmaps TERM=screen-256color"};
    char names[4][17], other[17];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *const words[] = {HEAD, ROOT, "-append", lines[i], NULL};
        struct hv_plan plan;

        plan_of(words, &plan, names[i]);
        assert_false(plan.plain);
        assert_string_equal(names[i], names[0]);
        free(plan.key);
    }
    const char *const words[] = {HEAD, ROOT, "-append", "panic=1 quiet norandmaps XTERM=a", NULL};
    struct hv_plan plan;

    plan_of(words, &plan, other);
    assert_string_not_equal(other, names[0]);
    free(plan.key);
}

static void what_is_too_long_is_left_to_qemu(void **state)
{
    char *long_word = malloc(HV_KEY_MAX + 2);
    const char *words[] = {"-append", long_word, NULL};
    struct hv_plan plan;

    (void)state;
    memset(long_word, 'x', HV_KEY_MAX + 1);
    long_word[HV_KEY_MAX + 1] = '\0';
    assert_false(hv_plan(args_of(words), FOLDER, &plan));
    free(plan.key);
    free(long_word);
}

static void a_path_is_taken_out_of_a_value(void **state)
{
    static const char *const pairs[][2] = {
        {"socket,path=/a/b,id=c", "socket,id=c"},
        {"socket,id=c,path=/a,,b", "socket,id=c,"},
        {"path=/a,id=c", "id=c"},
        {"socket,id=c", "socket,id=c"},
        {"socket,mypath=/a,id=c", "socket,mypath=/a,id=c"},
        {"", ""},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_true(hv_without_path(pairs[i][0], out, sizeof(out)));
        assert_string_equal(out, pairs[i][1]);
    }
    assert_false(hv_without_path("socket,path=/a,id=a-name-that-does-not-fit", out, 8));
}

static int file_of(const unsigned char *bytes, size_t len)
{
    int fd = memfd_create("slipway-state", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, 0), (ssize_t)len);
    return fd;
}

static void check_each_bit_counts(int fd, size_t at, const char *name)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        unsigned char byte, flipped;

        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        flipped = (unsigned char)(byte ^ 1U << bit);
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        assert_false(hv_is_whole(fd, name));
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
}

/* Lengths about those of the lanes and of what is read at once. */
static void a_state_is_whole_as_it_was_sealed_and_no_other_way(void **state)
{
    static const size_t lengths[] = {0, 1, 31, 32, 33, (1 << 20) - 1, 1 << 20, (1 << 20) + 40};
    static const char name[] = "0123456789abcdef", other[] = "0123456789abcdee";
    unsigned char *bytes = calloc(1, 2 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];
        int fd = file_of(bytes, len);

        assert_false(hv_is_whole(fd, name));
        assert_true(hv_seal(fd, name));
        assert_true(hv_is_whole(fd, name));
        assert_false(hv_is_whole(fd, other));
        for (size_t at = 0; at < len + 8; at += len < 64 ? 1 : len / 7)
            check_each_bit_counts(fd, at, name);
        assert_true(hv_is_whole(fd, name));
        assert_int_equal(ftruncate(fd, (off_t)len + 9), 0);
        assert_false(hv_is_whole(fd, name));
        assert_int_equal(ftruncate(fd, (off_t)(len + 8) / 2), 0);
        assert_false(hv_is_whole(fd, name));
        close(fd);
    }
    free(bytes);
}

/* The same bit of two words that are added beside each other. */
static void two_changes_do_not_undo_each_other(void **state)
{
    static const char name[] = "0123456789abcdef";
    unsigned char *bytes = calloc(1, 4096);

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        unsigned char flipped = (unsigned char)(1U << bit % 8);
        int fd = file_of(bytes, 4096);

        assert_true(hv_seal(fd, name));
        assert_int_equal(pwrite(fd, &flipped, 1, bit / 8), 1);
        assert_int_equal(pwrite(fd, &flipped, 1, 32 + bit / 8), 1);
        assert_false(hv_is_whole(fd, name));
        close(fd);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_and_sockets_do_not_count),
        cmocka_unit_test(everything_else_counts),
        cmocka_unit_test(what_cannot_be_gone_on_with_is_plain),
        cmocka_unit_test(the_processor_and_the_kernel_count),
        cmocka_unit_test(the_users_terminal_does_not_count),
        cmocka_unit_test(what_is_too_long_is_left_to_qemu),
        cmocka_unit_test(a_path_is_taken_out_of_a_value),
        cmocka_unit_test(a_state_is_whole_as_it_was_sealed_and_no_other_way),
        cmocka_unit_test(two_changes_do_not_undo_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
