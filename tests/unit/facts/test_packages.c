/* The same packages in every form that a database of rpm has had, as Debian's own rpm made them, and the texts of dpkg and apk. */
#include "slipway/packages.h"
#include "src/base/endian.h"
#include "tests/unit/files.h"

#include <time.h>

static const char *const forms[] = {"sqlite/rpmdb.sqlite",  "ndb/Packages.db",      "hash/Packages",
                                    "small-pages/Packages", "large-pages/Packages", "big-endian/Packages"};
enum { FORMS = SW_ARRAY_LEN(forms), DAMAGES = 350 };

static struct sw_buf databases[FORMS], list;

static void read_whole(const char *path, struct sw_buf *out)
{
    FILE *file = fopen(path, "rb");
    struct sw_err err = {.code = SW_OK};
    char piece[4096];
    size_t n;

    if (file == NULL)
        fail_msg("'%s' is not there", path);
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        assert_ok(sw_buf_append(out, piece, n, &err), err);
    fclose(file);
}

static int make_databases(void **state)
{
    if (enter_empty_folder(state) < 0)
        return -1;
    run_shell(SLIPWAY_SOURCE "/tests/lib/rpm-databases rpm");
    run_shell("test $(wc -l <rpm/list) = 5");
    for (size_t i = 0; i < FORMS; i++) {
        char path[64];

        snprintf(path, sizeof(path), "rpm/%s", forms[i]);
        read_whole(path, &databases[i]);
    }
    read_whole("rpm/list", &list);
    return 0;
}

static int drop_databases(void **state)
{
    for (size_t i = 0; i < FORMS; i++)
        sw_buf_free(&databases[i]);
    sw_buf_free(&list);
    return leave_folder(state);
}

/* ---- What is told ----------------------------------------------------------------------------------------- */

static const struct sw_package_database *database_of(const char *manager)
{
    for (size_t i = 0; i < sw_nr_package_databases; i++)
        if (strcmp(sw_package_databases[i].manager, manager) == 0)
            return &sw_package_databases[i];
    fail_msg("no database of %s", manager);
    return NULL;
}

/* "NAME VERSION ARCHITECTURE\n" */
static int take(void *arg, const struct sw_installed *package, struct sw_err *err)
{
    struct sw_buf *out = arg;

    if (!package->installed)
        return 0;
    return sw_buf_printf(out, err, "%.*s %.*s %.*s\n", (int)package->name.len, package->name.at,
                         (int)package->version.len, package->version.at, (int)package->architecture.len,
                         package->architecture.len > 0 ? package->architecture.at : "");
}

static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct sw_buf *text)
{
    SW_AUTO_BUF struct sw_buf sorted = {0};
    struct sw_err err = {.code = SW_OK};
    char *lines[64] = {NULL}, *rest = text->data;
    size_t n = 0;

    for (char *line; n < SW_ARRAY_LEN(lines) && (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
        lines[n++] = line;
    qsort(lines, n, sizeof(lines[0]), by_line);
    for (size_t i = 0; i < n; i++)
        assert_ok(sw_buf_printf(&sorted, &err, "%s\n", lines[i]), err);
    sw_buf_free(text);
    text->data = sw_buf_steal(&sorted);
}

static void every_form_of_rpm_tells_what_rpm_itself_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        SW_AUTO_BUF struct sw_buf told = {0};
        struct sw_err err = {.code = SW_OK};

        assert_ok(
            sw_packages_read(database_of("rpm"), databases[i].data, databases[i].len, take, &told, &err),
            err);
        sort_lines(&told);
        if (strncmp(told.data, list.data, list.len) != 0 || strlen(told.data) != list.len)
            fail_msg("%s:\n%s", forms[i], told.data);
    }
}

static int newest(void *arg, const struct sw_installed *package, struct sw_err *err)
{
    int64_t *out = arg;

    (void)err;
    if (package->installed_s > *out)
        *out = package->installed_s;
    return 0;
}

static void it_is_told_when_a_package_was_installed(void **state)
{
    int64_t now = time(NULL);

    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct sw_err err = {.code = SW_OK};
        int64_t got = 0;

        assert_ok(
            sw_packages_read(database_of("rpm"), databases[i].data, databases[i].len, newest, &got, &err),
            err);
        assert_in_range(got, now - 300, now);
    }
}

static void expect_text(const char *manager, const char *text, const char *want)
{
    SW_AUTO_BUF struct sw_buf told = {0};
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_buf_puts(&told, "", &err), err);
    assert_ok(sw_packages_read(database_of(manager), text, strlen(text), take, &told, &err), err);
    assert_string_equal(told.data, want);
}

static void only_what_is_installed_counts_in_the_text_of_dpkg(void **state)
{
    (void)state;
    expect_text(
        "dpkg",
        "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\nDescription: it\n"
        " Package: inner\n\nPackage: held\nStatus: hold ok installed\nVersion: 1:2\n\n\n"
        "Package: old\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: none\nStatus: purge ok not-installed\nVersion: 1\n\nVersion: 7\n\n"
        "Package: last\nVersion: 9",
        "bash 5.2-1 amd64\nheld 1:2 \nlast 9 \n");
    expect_text("dpkg", "", "");
}

static void the_text_of_apk_is_read(void **state)
{
    (void)state;
    expect_text("apk", "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:zlib\nV:1\nA:noarch\n\n",
                "musl 1.2.4-r2 x86_64\nzlib 1 noarch\n");
}

/* ---- Damaged and hostile ones ------------------------------------------------------------------------------ */

static void expect_refused(const void *bytes, size_t len, const char *part)
{
    SW_AUTO_BUF struct sw_buf told = {0};
    /* In memory of its very size, so that a byte too far is seen. */
    SW_AUTO_FREE char *copy = malloc(len + (len == 0));
    struct sw_err err = {.code = SW_OK};

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes, len);
    assert_failed(sw_packages_read(database_of("rpm"), copy, len, take, &told, &err), err, SW_INTEGRITY,
                  part);
}

static void what_is_no_database_of_rpm_is_said_to_be_none(void **state)
{
    static const char zeros[4096];

    (void)state;
    expect_refused("", 0, "no database of rpm");
    expect_refused(zeros, sizeof(zeros), "no database of rpm");
    expect_refused("SQLite format 3", 16, "no database of rpm");
    expect_refused("RpmP", 4, "no database of rpm");
}

static void a_database_that_is_cut_short_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++)
        for (unsigned part = 0; part < 16; part++)
            expect_refused(databases[i].data, databases[i].len * part / 16 / 512 * 512, "");
}

/* The bytes of the first form of that kind, changed at one place. */
static void expect_changed(size_t form, size_t at, uint32_t value, const char *part)
{
    SW_AUTO_BUF struct sw_buf copy = {0};
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_buf_append(&copy, databases[form].data, databases[form].len, &err), err);
    le32_put(copy.data + at, value);
    expect_refused(copy.data, copy.len, part);
}

static void numbers_that_lead_out_of_an_ndb_are_refused(void **state)
{
    enum { NDB = 1, SLOT = 48 };

    (void)state;
    expect_changed(NDB, 4, 1, "version 1 of ndb");
    expect_changed(NDB, 12, 0, "pages of slots");
    expect_changed(NDB, 12, UINT32_MAX, "pages of slots");
    expect_changed(NDB, 12, 2, "is damaged");
    expect_changed(NDB, SLOT + 8, UINT32_MAX, "names blocks");
    expect_changed(NDB, SLOT + 8, 1, "is not where its slot says");
    expect_changed(NDB, SLOT + 12, UINT32_MAX, "names blocks");
    expect_changed(NDB, SLOT + 12, 1, "is not where its slot says");
    expect_changed(NDB, 4096 + 12, UINT32_MAX, "is to have");
    expect_changed(NDB, 4096 + 16, 0x00ffff00, "tags");
}

static void a_package_that_two_slots_name_is_not_told_for_ever(void **state)
{
    enum { NDB = 1, SLOT_BYTES = 16, FIRST = 48 };
    SW_AUTO_BUF struct sw_buf copy = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_buf_append(&copy, databases[NDB].data, databases[NDB].len, &err), err);
    for (size_t at = FIRST; at < 4096; at += SLOT_BYTES)
        memcpy(copy.data + at, databases[NDB].data + FIRST, SLOT_BYTES);
    expect_refused(copy.data, copy.len, "larger than the database");
}

/* The first page of the hash that is of that type, and not the first of the file. */
static size_t find_page(size_t form, size_t page_bytes, uint8_t type)
{
    for (size_t at = page_bytes; at + page_bytes <= databases[form].len; at += page_bytes)
        if ((uint8_t)databases[form].data[at + 25] == type && le32_get(databases[form].data + at + 16) != 0)
            return at;
    fail_msg("no page of type %u", type);
    return 0;
}

static void chains_that_lead_astray_or_in_a_circle_are_refused(void **state)
{
    enum { SMALL = 3, PAGE = 512, OVERFLOW = 7 };
    size_t link = find_page(SMALL, PAGE, OVERFLOW);

    (void)state;
    expect_changed(SMALL, link + 16, (uint32_t)(link / PAGE), "");
    expect_changed(SMALL, link + 16, UINT32_MAX, "goes on in page");
    expect_changed(SMALL, link + 16, 0, "goes on in page 0");
    expect_changed(SMALL, link + 8, 1, "is none of a chain");
    expect_changed(SMALL, 20, 0, "pages are to have");
    expect_changed(SMALL, 20, 513, "pages are to have");
    expect_changed(SMALL, 32, UINT32_MAX, "cut short");
    expect_changed(SMALL, 16, 4, "version 4");
    expect_changed(SMALL, 24, 0x01000801, "encrypted");
}

static void sql_in_the_place_of_the_table_is_not_run(void **state)
{
    static const char *const schemas[] = {
        "CREATE VIEW Packages AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT n AS blob FROM c",
        "CREATE VIEW Packages AS SELECT randomblob(1000000000) AS blob",
        "CREATE TABLE other (blob)",
        "CREATE TABLE Packages (hnum, blob); INSERT INTO Packages VALUES (1, 7)",
        "CREATE TABLE Packages (hnum, blob); INSERT INTO Packages VALUES (1, NULL)",
        "CREATE TABLE Packages (hnum, blob); INSERT INTO Packages VALUES (1, zeroblob(3))",
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(schemas); i++) {
        SW_AUTO_BUF struct sw_buf script = {0}, bytes = {0};
        struct sw_err err = {.code = SW_OK};

        assert_ok(sw_buf_printf(&script, &err,
                                "rm -f forged; python3 -c 'import sqlite3, sys; "
                                "sqlite3.connect(\"forged\").executescript(sys.argv[1])' '%s'",
                                schemas[i]),
                  err);
        run_shell(script.data);
        read_whole("forged", &bytes);
        expect_refused(bytes.data, bytes.len, "");
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* What is told of it does not matter; that nothing is read beside it does, and that it ends. */
static void no_change_of_bytes_leads_out_of_a_database(void **state)
{
    uint32_t seed = 7;
    unsigned refused = 0;

    (void)state;
    for (size_t i = 0; i < FORMS; i++)
        for (unsigned n = 0; n < DAMAGES; n++) {
            SW_AUTO_BUF struct sw_buf told = {0};
            SW_AUTO_FREE char *copy = malloc(databases[i].len);
            struct sw_err err = {.code = SW_OK};

            assert_non_null(copy);
            memcpy(copy, databases[i].data, databases[i].len);
            for (unsigned k = 0; k < 1 + n % 8; k++) {
                /* Heads and offsets lie at the begin of a page more often than not. */
                size_t at = next_random(&seed) % databases[i].len;

                if (n % 2 == 0)
                    at = at / 512 * 512 + at % 48;
                if (at < databases[i].len)
                    copy[at] = (char)next_random(&seed);
            }
            if (sw_packages_read(database_of("rpm"), copy, databases[i].len, take, &told, &err) == 0)
                continue;
            assert_int_equal(err.code, SW_INTEGRITY);
            assert_string_not_equal(err.text, "");
            refused++;
        }
    assert_in_range(refused, DAMAGES / 4, FORMS * DAMAGES - DAMAGES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_rpm_tells_what_rpm_itself_tells),
        cmocka_unit_test(it_is_told_when_a_package_was_installed),
        cmocka_unit_test(only_what_is_installed_counts_in_the_text_of_dpkg),
        cmocka_unit_test(the_text_of_apk_is_read),
        cmocka_unit_test(what_is_no_database_of_rpm_is_said_to_be_none),
        cmocka_unit_test(a_database_that_is_cut_short_is_refused_wherever_it_is_cut),
        cmocka_unit_test(numbers_that_lead_out_of_an_ndb_are_refused),
        cmocka_unit_test(a_package_that_two_slots_name_is_not_told_for_ever),
        cmocka_unit_test(chains_that_lead_astray_or_in_a_circle_are_refused),
        cmocka_unit_test(sql_in_the_place_of_the_table_is_not_run),
        cmocka_unit_test(no_change_of_bytes_leads_out_of_a_database),
    };

    return cmocka_run_group_tests(tests, make_databases, drop_databases);
}
