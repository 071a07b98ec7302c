/* Packages that are written: order, headers, lengths, digests, and what is refused. */
#include "formats/ova/manifest.h"
#include "formats/ova/ovf.h"
#include "formats/ova/tar.h"
#include "tests/unit/formats/disk.h"

enum { SIZE = 5 * 65536 + 512 };

static const struct piece pieces[] = {{0, 100}, {70000, 5000}, {SIZE - 512, 512}};

static void make(struct mem_file *file, const struct sw_create_opts *more, uint8_t *disk)
{
    struct sw_create_opts opts = *more;

    opts.size_bytes = SIZE;
    write_disk(file, "ova", &opts, disk, true);
}

static const struct tar_header *header_at(const struct mem_file *file, const struct tar_member *member)
{
    return (const struct tar_header *)(file->bytes + member->at);
}

static void list(const struct mem_file *file, struct tar *tar)
{
    struct sw_in *in = mem_in(file->bytes, file->len);
    struct sw_err err = {0};

    assert_ok(tar_list(in, tar, &err), err);
    sw_in_close(in);
}

static void the_disk_comes_back_and_its_digests_are_right(void **state)
{
    static const char *const manifests[] = {NULL, "sha1", "SHA256", "sha512"};
    static const char *const names[] = {"SHA256", "SHA1", "SHA256", "SHA512"};
    uint8_t *disk = make_disk(SIZE, pieces, 3);

    (void)state;
    for (size_t i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
        const struct sw_create_opts opts = {.manifest = manifests[i]};
        const struct sw_open_opts alone = {.disk = SW_DISK_NONE};
        struct mem_file file = {0};
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        make(&file, &opts, disk);
        assert_disk_reads(&file, "ova", disk, SIZE);
        assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, &alone, &img, &err), err);
        assert_int_equal(img->nr_warnings, 0);
        assert_string_equal(img->package->digests, names[i]);
        assert_int_equal(img->package->disks[0].capacity_bytes, SIZE);
        assert_ok(sw_image_verify(img, NULL, NULL, &err), err);
        sw_image_close(img);
        free(file.bytes);
    }
    free(disk);
}

static void ovf_manifest_and_disk_stand_in_that_order_as_ustar(void **state)
{
    static const char *const names[] = {"web.ovf", "web.mf", "web-disk1.vmdk"};
    const struct sw_create_opts opts = {.name = "web", .epoch = 1700000000};
    uint8_t *disk = make_disk(SIZE, pieces, 3);
    struct mem_file file = {0};
    struct tar tar;

    (void)state;
    make(&file, &opts, disk);
    list(&file, &tar);
    assert_int_equal(tar.n, 3);
    assert_true(tar.ended);
    assert_int_equal(file.len % 10240, 0);
    assert_int_equal(tar.members[0].at, 0);
    for (size_t i = 0; i < 3; i++) {
        const struct tar_header *header = header_at(&file, &tar.members[i]);

        assert_string_equal(tar.members[i].name, names[i]);
        assert_memory_equal(header->magic, "ustar\00000", 8);
        assert_int_equal(header->type, '0');
        assert_string_equal(header->mode, "0000644");
        assert_string_equal(header->uid, "0000000");
        assert_string_equal(header->gid, "0000000");
        assert_string_equal(header->mtime, "14524770400");
        assert_string_equal(header->user, "");
    }
    tar_free(&tar);
    free(file.bytes);
    free(disk);
}

static void the_ovf_has_the_lengths_and_only_blanks_behind_its_end(void **state)
{
    const struct sw_create_opts opts = {.cpus = 2, .memory_mib = 512};
    uint8_t *disk = make_disk(SIZE, pieces, 3);
    struct mem_file file = {0};
    struct tar tar;
    struct ovf ovf;
    struct sw_err err = {0};
    const char *text, *behind;
    uint64_t size = 0;

    (void)state;
    make(&file, &opts, disk);
    list(&file, &tar);
    text = (const char *)file.bytes + tar.members[0].data;
    assert_ok(ovf_parse(text, (size_t)tar.members[0].size_bytes, "x", &ovf, &err), err);
    assert_int_equal(ovf_number(ovf.files[0].size, &size), 0);
    assert_int_equal(size, tar.members[2].size_bytes);
    assert_string_equal(ovf.files[0].href, tar.members[2].name);
    assert_non_null(strstr(text, "ovf:populatedSize=\"131584\"")); /* two grains and the short one */
    assert_non_null(strstr(text, ">2 virtual CPU(s)<"));
    assert_non_null(strstr(text, ">512 MiB of memory<"));
    behind = strstr(text, "</Envelope>") + strlen("</Envelope>");
    for (; behind < text + tar.members[0].size_bytes; behind++)
        assert_true(*behind == ' ' || *behind == '\n');
    ovf_free(&ovf);
    tar_free(&tar);
    free(file.bytes);
    free(disk);
}

static void a_manifest_line_has_no_blank_before_its_bracket(void **state)
{
    const struct sw_create_opts opts = {.name = "web"};
    uint8_t *disk = make_disk(SIZE, pieces, 3);
    struct mem_file file = {0};
    struct tar tar;
    const char *text;

    (void)state;
    make(&file, &opts, disk);
    list(&file, &tar);
    text = (const char *)file.bytes + tar.members[1].data;
    assert_memory_equal(text, "SHA256(web.ovf)= ", 17);
    assert_memory_equal(strchr(text, '\n') + 1, "SHA256(web-disk1.vmdk)= ", 24);
    assert_int_equal(text[tar.members[1].size_bytes - 1], '\n');
    assert_int_equal(text[tar.members[1].size_bytes], '\0');
    tar_free(&tar);
    free(file.bytes);
    free(disk);
}

static void any_name_becomes_one_that_every_program_takes(void **state)
{
    static const struct {
        const char *name, *member;
    } cases[] = {
        {NULL, "image.ovf"},
        {"", "image.ovf"},
        {"a<b>&\"c'", "a_b___c_.ovf"},
        {".hidden-1.0", "_hidden-1.0.ovf"},
        {"-rf", "_rf.ovf"},
        {"gr\xc3\xbc\xc3\x9f", "gr____.ovf"},
        {"a/../b", "b.ovf"},
        {"out/web-1.0.0.OVA", "web-1.0.0.ovf"},
        {".ova", "_ova.ovf"},
        {"out/", "image.ovf"},
        {"disk.img", "disk.img.ovf"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789",
         "012345678901234567890123456789012345678901234567890123456789012.ovf"},
    };
    uint8_t *disk = make_disk(SIZE, pieces, 3);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct sw_create_opts opts = {.name = cases[i].name};
        struct mem_file file = {0};
        struct tar tar;

        make(&file, &opts, disk);
        list(&file, &tar);
        assert_string_equal(tar.members[0].name, cases[i].member);
        assert_disk_reads(&file, "ova", disk, SIZE);
        tar_free(&tar);
        free(file.bytes);
    }
    free(disk);
}

static void assert_refuses(const char *format, const struct sw_create_opts *more, bool seekable,
                           const char *part)
{
    struct sw_create_opts opts = *more;

    if (opts.size_bytes == 0)
        opts.size_bytes = SIZE;
    assert_create_refused(format, &opts, seekable, part);
}

static void wrong_options_are_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        const char *part;
    } cases[] = {
        {{.manifest = "md5"}, "no manifest of 'md5'"},
        {{.cpus = 129}, "129 processors"},
        {{.memory_mib = 2}, "2 MiB of memory"},
        {{.memory_mib = 1026}, "1026 MiB of memory"},
        {{.memory_mib = (6 << 20) + 4}, "MiB of memory"},
        {{.level = 13}, "level 13"},
        {{.subformat = "thin"}, "no subformat 'thin'"},
        {{.unit_bytes = 65536}, "cluster size"},
        {{.size_bytes = 513}, "513 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refuses("ova", &cases[i].opts, true, cases[i].part);
    assert_refuses("vmdk", &(struct sw_create_opts){.cpus = 1}, true, "describes no machine");
    assert_refuses("qcow2", &(struct sw_create_opts){.manifest = "sha1"}, true, "describes no machine");
}

static void a_stream_is_refused_with_the_reason(void **state)
{
    (void)state;
    assert_refuses("ova", &(struct sw_create_opts){.cpus = 1}, false, "'memory' must be a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk_comes_back_and_its_digests_are_right),
        cmocka_unit_test(ovf_manifest_and_disk_stand_in_that_order_as_ustar),
        cmocka_unit_test(the_ovf_has_the_lengths_and_only_blanks_behind_its_end),
        cmocka_unit_test(a_manifest_line_has_no_blank_before_its_bracket),
        cmocka_unit_test(any_name_becomes_one_that_every_program_takes),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_stream_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
