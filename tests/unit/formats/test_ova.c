/* Packages: which disk is read, and everything that OVF, manifest and tar may hold against each other. */
#include "tests/unit/formats/disk.h"
#include "tests/unit/formats/ova_make.h"

enum { SIZE = 300 * 512 };

#define CAPACITY "ovf:capacity='153600'"
#define VMDK_URI "ovf:format='http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized'"

static const struct piece pieces[] = {{0, 100}, {70000, 5000}, {SIZE - 512, 512}};
static struct archive a;
static struct mem_file vmdk;
static uint8_t *disk;

static int make_vmdk(void **state)
{
    struct sw_create_opts opts = {.size_bytes = SIZE};

    (void)state;
    disk = make_disk(SIZE, pieces, 3);
    write_disk(&vmdk, "vmdk", &opts, disk, false);
    return 0;
}

static int free_vmdk(void **state)
{
    (void)state;
    free(vmdk.bytes);
    free(disk);
    return 0;
}

static void one_disk(const char *ovf)
{
    a.len = 0;
    add_text(&a, "x.ovf", ovf);
    add(&a, "x.vmdk", vmdk.bytes, vmdk.len);
    end(&a);
}

static struct sw_image *open_disk(unsigned number)
{
    const struct sw_open_opts opts = {.disk = number};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(sw_image_open(mem_in(a.bytes, a.len), NULL, &opts, &img, &err), err);
    assert_string_equal(img->format->name, "ova");
    return img;
}

static void assert_disk_refused(unsigned number, enum sw_code code, const char *part)
{
    const struct sw_open_opts opts = {.disk = number};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_failed(sw_image_open(mem_in(a.bytes, a.len), NULL, &opts, &img, &err), err, code, part);
}

static void assert_warns(const struct sw_image *img, const char *part)
{
    for (unsigned i = 0; i < img->nr_warnings; i++)
        if (strstr(img->warnings[i], part) != NULL)
            return;
    fail_msg("no warning has '%s'; there are %u, the first is '%s'", part, img->nr_warnings,
             img->warnings[0]);
}

static void the_only_disk_is_read_in_place(void **state)
{
    struct sw_image *img;

    (void)state;
    one_disk(OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY " " VMDK_URI));
    img = open_disk(0);
    assert_reads(img, disk, SIZE);
    assert_int_equal(img->nr_warnings, 0);
    assert_string_equal(img->subformat, "vmdk");
    assert_int_equal(img->package->nr_disks, 1);
    assert_int_equal(img->package->chosen, 1);
    assert_string_equal(img->package->disks[0].name, "x.vmdk");
    assert_int_equal(img->package->disks[0].capacity_bytes, SIZE);
    assert_int_equal(img->package->disks[0].file_bytes, vmdk.len);
    assert_null(img->package->digests);
    sw_image_close(img);
    sw_image_close(open_disk(1));
    assert_disk_refused(2, SW_USAGE, "has 1 disk: there is no disk 2");
}

#define THREE_DISKS                                                                                          \
    OVF_HEAD "<References><File ovf:id='f1' ovf:href='b.raw'/><File ovf:id='f2' ovf:href='a.vmdk'/>"         \
             "</References><DiskSection>"                                                                    \
             "<Disk ovf:fileRef='f2' ovf:capacity='153600'/>"                                                \
             "<Disk ovf:capacity='5' ovf:capacityAllocationUnits='byte * 2^30'/>"                            \
             "<Disk ovf:fileRef='f1' ovf:capacity='1' ovf:capacityAllocationUnits='KB' ovf:format='x#raw'/>" \
             "</DiskSection>" OVF_TAIL

static void add_three_disks(void)
{
    a.len = 0;
    add_text(&a, "x.ovf", THREE_DISKS);
    add(&a, "a.vmdk", vmdk.bytes, vmdk.len);
    add(&a, "b.raw", disk, 1024);
    end(&a);
}

static void of_several_disks_one_is_chosen(void **state)
{
    struct sw_image *img;
    uint8_t *zeros = calloc(1, 4096), got[4096];
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    add_three_disks();
    assert_disk_refused(
        0, SW_USAGE,
        "has 3 disks: choose one with --disk N (1 'a.vmdk' 150 KiB, 2 empty 5 GiB, 3 'b.raw' 1 KiB)");
    assert_disk_refused(4, SW_USAGE, "has 3 disks: there is no disk 4");
    img = open_disk(1);
    assert_reads(img, disk, SIZE);
    sw_image_close(img);
    img = open_disk(3);
    assert_reads(img, disk, 1024);
    sw_image_close(img);
    img = open_disk(2);
    assert_int_equal(img->size_bytes, UINT64_C(5) << 30);
    assert_ok(sw_image_next_extent(img, 512, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    assert_int_equal(extent.len, (UINT64_C(5) << 30) - 512);
    assert_ok(sw_image_pread(img, got, sizeof(got), 1 << 20, &err), err);
    assert_memory_equal(got, zeros, sizeof(got));
    sw_image_close(img);
    free(zeros);
}

static void a_package_alone_lists_its_disks(void **state)
{
    struct sw_image *img;

    (void)state;
    add_three_disks();
    img = open_disk(SW_DISK_NONE);
    assert_int_equal(img->size_bytes, 0);
    assert_int_equal(img->package->chosen, 0);
    assert_int_equal(img->package->nr_disks, 3);
    assert_string_equal(img->package->disks[2].name, "b.raw");
    assert_string_equal(img->package->disks[2].stated_format, "x#raw");
    assert_int_equal(img->package->disks[2].capacity_bytes, 1024);
    assert_null(img->package->disks[1].name);
    sw_image_close(img);
}

static void other_formats_have_disk_1_only(void **state)
{
    struct sw_open_opts opts = {.disk = 1};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_image_open(mem_in(vmdk.bytes, vmdk.len), NULL, &opts, &img, &err), err);
    sw_image_close(img);
    opts.disk = SW_DISK_NONE;
    assert_ok(sw_image_open(mem_in(vmdk.bytes, vmdk.len), NULL, &opts, &img, &err), err);
    assert_int_equal(img->size_bytes, SIZE);
    sw_image_close(img);
    opts.disk = 2;
    assert_failed(sw_image_open(mem_in(vmdk.bytes, vmdk.len), NULL, &opts, &img, &err), err, SW_USAGE,
                  "there is no disk 2");
}

static void a_href_may_be_relative_or_encoded(void **state)
{
    (void)state;
    a.len = 0;
    add_text(&a, "x.ovf", OVF_ONE_DISK("ovf:href='./my%20disk%zz.vmdk'", "ovf:fileRef='f1' " CAPACITY));
    add(&a, "my disk%zz.vmdk", vmdk.bytes, vmdk.len);
    end(&a);
    sw_image_close(open_disk(0));
}

static void what_differs_but_does_no_harm_is_warned_of(void **state)
{
    struct sw_image *img;

    (void)state;
    one_disk(OVF_ONE_DISK("ovf:href='x.vmdk' ovf:size='7'", "ovf:fileRef='f1' ovf:capacity='8192'"));
    img = open_disk(0);
    assert_warns(img, "'x.vmdk' has '7' bytes");
    assert_warns(img, "'x.vmdk' is a disk of 8192 bytes; it is one of 153600");
    assert_reads(img, disk, SIZE);
    sw_image_close(img);
    a.len = 0;
    add(&a, "x.vmdk", vmdk.bytes, vmdk.len);
    add_text(&a, "x.OVF", OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1'"));
    add_text(&a, "x.cert", "-----BEGIN CERTIFICATE-----");
    img = open_disk(0);
    assert_warns(img, "not the first member");
    assert_warns(img, "is signed");
    assert_warns(img, "the tar has no end");
    sw_image_close(img);
}

static void a_tar_without_an_ovf_or_with_two_is_refused(void **state)
{
    (void)state;
    a.len = 0;
    add(&a, "x.vmdk", vmdk.bytes, vmdk.len);
    end(&a);
    assert_disk_refused(0, SW_REFUSED, "is a tar of 1 files, none of them an .ovf");
    a.len = 0;
    add_text(&a, "x.ovf", "1");
    add_text(&a, "y.ovf", "2");
    assert_disk_refused(0, SW_INTEGRITY, "two .ovf members, 'x.ovf' and 'y.ovf'");
    a.len = 0;
    end(&a);
    assert_disk_refused(0, SW_USAGE, "is not known"); /* nothing but zeros */
    a.len = 0;
    add_text(&a, "x.ovf", OVF_HEAD OVF_TAIL);
    end(&a);
    assert_disk_refused(0, SW_REFUSED, "its OVF has no disk");
}

static void files_that_are_elsewhere_packed_or_missing_are_refused(void **state)
{
    static const struct {
        const char *ovf, *part;
        enum sw_code code;
    } cases[] = {
        {OVF_ONE_DISK("ovf:href='y.vmdk'", "ovf:fileRef='f1' " CAPACITY), "file 'y.vmdk', which is not in it",
         SW_INTEGRITY},
        {OVF_ONE_DISK("ovf:href='../x.vmdk'", "ovf:fileRef='f1' " CAPACITY),
         "'../x.vmdk', which is not in it", SW_INTEGRITY},
        {OVF_ONE_DISK("ovf:href='http://127.0.0.1:1/x.vmdk'", "ovf:fileRef='f1' " CAPACITY),
         "lies elsewhere, which is not followed", SW_REFUSED},
        {OVF_ONE_DISK("ovf:href='x.vmdk' ovf:compression='gzip'", "ovf:fileRef='f1' " CAPACITY),
         "has the compression 'gzip'", SW_REFUSED},
        {OVF_ONE_DISK("ovf:href='x.vmdk' ovf:chunkSize='2147483648'", "ovf:fileRef='f1' " CAPACITY),
         "has a chunkSize (2147483648)", SW_REFUSED},
        {OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' ovf:parentRef='d0' " CAPACITY),
         "a delta over the disk 'd0' (parentRef)", SW_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        one_disk(cases[i].ovf);
        assert_disk_refused(0, cases[i].code, cases[i].part);
    }
}

static void capacities_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *ovf, *part;
    } cases[] = {
        {OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' ovf:capacity='${size}'"),
         "capacity '${size}' of the OVF's disk 1 is no number"},
        {OVF_ONE_DISK("ovf:href='x.vmdk'",
                      "ovf:fileRef='f1' ovf:capacity='8' ovf:capacityAllocationUnits='byte * 3^'"),
         "unit 'byte * 3^' of the OVF's disk 1 is not known"},
        {OVF_ONE_DISK("ovf:href='x.vmdk'",
                      "ovf:fileRef='f1' ovf:capacity='16' ovf:capacityAllocationUnits='byte * 2^60'"),
         "16 * 'byte * 2^60' of the OVF's disk 1 is too large"},
        {OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:capacity='0'"), "disk 1 is empty and has a capacity of 0"},
        {OVF_ONE_DISK("ovf:href='x.vmdk'", ""), "disk 1 has neither a capacity nor a file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        one_disk(cases[i].ovf);
        assert_disk_refused(0, SW_INTEGRITY, cases[i].part);
    }
    one_disk(OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:capacity='8192' ovf:capacityAllocationUnits='TB'"));
    assert_disk_refused(0, SW_REFUSED, "claims a disk of 9007199254740992 bytes");
}

static void a_disk_of_no_known_format_is_refused_and_not_guessed(void **state)
{
    struct tar_header *header;

    (void)state;
    a.len = 0;
    add_text(&a, "x.ovf", OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY " " VMDK_URI));
    add_text(&a, "x.vmdk", "ABCD");
    end(&a);
    assert_disk_refused(0, SW_REFUSED,
                        "disk 1, 'x.vmdk', is of no format that is known here; the OVF states 'http");
    one_disk(OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY));
    header = (struct tar_header *)(a.bytes + a.len - 1024 - (vmdk.len + 511) / 512 * 512 - 512);
    snprintf(header->size, sizeof(header->size), "%011o", (unsigned)vmdk.len - 512); /* its end is cut off */
    sum_header(header);
    assert_disk_refused(0, SW_INTEGRITY, "'memory:x.vmdk' is truncated");
}

static void a_tar_in_a_tar_is_refused(void **state)
{
    static struct archive inner;

    (void)state;
    one_disk(OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY));
    inner = a;
    a.len = 0;
    add_text(&a, "x.ovf", OVF_ONE_DISK("ovf:href='x.ova'", "ovf:fileRef='f1' " CAPACITY));
    add(&a, "x.ova", inner.bytes, inner.len);
    end(&a);
    assert_disk_refused(0, SW_REFUSED, "'x.ova', is a tar itself");
}

/* x.ovf, x.mf with these lines, x.vmdk. */
static void with_manifest(const char *lines)
{
    a.len = 0;
    add_text(&a, "x.ovf", OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY));
    add_text(&a, "x.mf", lines);
    add(&a, "x.vmdk", vmdk.bytes, vmdk.len);
    end(&a);
}

static void right_lines(char *lines, size_t cap)
{
    static const char ovf[] = OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1' " CAPACITY);

    lines[0] = '\0';
    add_line(lines, cap, "x.ovf", ovf, strlen(ovf));
    add_line(lines, cap, "x.vmdk", vmdk.bytes, vmdk.len);
}

static void a_manifest_is_checked_with_the_file_and_its_digests_on_demand(void **state)
{
    char lines[400];
    struct sw_image *img;
    struct sw_err err = {0};
    atomic_bool stop = true;

    (void)state;
    right_lines(lines, sizeof(lines));
    with_manifest(lines);
    img = open_disk(0);
    assert_string_equal(img->package->digests, "SHA256");
    assert_ok(sw_image_verify(img, NULL, NULL, &err), err);
    assert_failed(sw_image_verify(img, NULL, &stop, &err), err, SW_INTERRUPTED, "stopped");
    a.bytes[a.len - 2048] ^= 1; /* in the disk's end */
    assert_failed(sw_image_verify(img, NULL, NULL, &err), err, SW_INTEGRITY,
                  "'x.vmdk' at 2560 is not what the manifest has: its SHA256 is ");
    sw_image_close(img);
    img = open_disk(SW_DISK_NONE);
    assert_failed(sw_image_verify(img, NULL, NULL, &err), err, SW_INTEGRITY, "'x.vmdk' at 2560");
    a.bytes[a.len - 2048] ^= 1;
    assert_ok(sw_image_verify(img, NULL, NULL, &err), err);
    sw_image_close(img);
    a.bytes[512 + 20] ^= 'x' ^ 'y';
    assert_disk_refused(0, SW_INTEGRITY, "'x.ovf' at 512 is not what the manifest has");
}

static void a_manifest_that_leaves_out_or_adds_files_is_refused(void **state)
{
    char lines[600], more[700];

    (void)state;
    right_lines(lines, sizeof(lines));
    snprintf(more, sizeof(more), "%sSHA1(z)= da39a3ee5e6b4b0d3255bfef95601890afd80709\n", lines);
    with_manifest(more);
    assert_disk_refused(0, SW_INTEGRITY, "the manifest names 'z', which is not in it");
    *(strchr(lines, '\n') + 1) = '\0';
    with_manifest(lines);
    assert_disk_refused(0, SW_INTEGRITY, "the manifest has no digest of 'x.vmdk'");
    with_manifest("");
    assert_disk_refused(0, SW_INTEGRITY, "the manifest has no digest of 'x.ovf'");
    with_manifest("what?");
    assert_disk_refused(0, SW_INTEGRITY, "'memory:x.mf', line 1");
    with_manifest("");
    add_text(&a, "y.mf", "");
    a.len -= 512; /* behind the end: not there */
    assert_disk_refused(0, SW_INTEGRITY, "no digest of");
    a.len = 0;
    add_text(&a, "x.ovf", OVF_ONE_DISK("ovf:href='x.vmdk'", "ovf:fileRef='f1'"));
    add_text(&a, "x.mf", "");
    add_text(&a, "y.mf", "");
    assert_disk_refused(0, SW_INTEGRITY, "two .mf members");
}

static void a_large_text_is_refused_before_memory_is_taken(void **state)
{
    size_t len = (4 << 20) + 512 + 1536;
    uint8_t *bytes = calloc(1, len);
    struct tar_header *header;

    (void)state;
    a.len = 0;
    header = add(&a, "x.ovf", NULL, 0);
    snprintf(header->size, sizeof(header->size), "%011o", (4 << 20) + 1);
    sum_header(header);
    memcpy(bytes, header, 512);
    assert_refused(bytes, len, NULL, SW_REFUSED,
                   "'x.ovf' at 512 has 4194305 bytes; at most 4194304 are taken");
    free(bytes);
}

static void a_packed_ova_is_refused_with_the_remedy(void **state)
{
    static const uint8_t packed[600] = {0x1f, 0x8b, 8};

    (void)state;
    assert_refused(packed, sizeof(packed), NULL, SW_REFUSED, "gunzip");
    assert_refused("<?xml version='1.0'?>", 21, NULL, SW_REFUSED, "XML");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_disk_is_read_in_place),
        cmocka_unit_test(of_several_disks_one_is_chosen),
        cmocka_unit_test(a_package_alone_lists_its_disks),
        cmocka_unit_test(other_formats_have_disk_1_only),
        cmocka_unit_test(a_href_may_be_relative_or_encoded),
        cmocka_unit_test(what_differs_but_does_no_harm_is_warned_of),
        cmocka_unit_test(a_tar_without_an_ovf_or_with_two_is_refused),
        cmocka_unit_test(files_that_are_elsewhere_packed_or_missing_are_refused),
        cmocka_unit_test(capacities_that_are_none_are_refused),
        cmocka_unit_test(a_disk_of_no_known_format_is_refused_and_not_guessed),
        cmocka_unit_test(a_tar_in_a_tar_is_refused),
        cmocka_unit_test(a_manifest_is_checked_with_the_file_and_its_digests_on_demand),
        cmocka_unit_test(a_manifest_that_leaves_out_or_adds_files_is_refused),
        cmocka_unit_test(a_large_text_is_refused_before_memory_is_taken),
        cmocka_unit_test(a_packed_ova_is_refused_with_the_remedy),
    };

    return cmocka_run_group_tests(tests, make_vmdk, free_vmdk);
}
