/* rpm's database in SQLite: the column blob of the table Packages. */
#include "src/base/cleanup.h"
#include "src/facts/rpm.h"

#include <sqlite3.h>
#include <string.h>

/* The two bytes of the head that say whether there is a log beside the file: 1 no, 2 yes. */
enum { HEAD_BYTES = 100, WRITE_VERSION = 18, READ_VERSION = 19 };
/* A step is an instruction of SQLite's machine; a package takes a few. */
enum { STEPS_AT_ONCE = 1000, STEPS_MAX = 20000, BLOB_MAX = 64 << 20 };

static void close_database(sqlite3 **database)
{
    sqlite3_close(*database);
}

static void end_statement(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

bool rpm_is_sqlite(const uint8_t *bytes, size_t len)
{
    return len >= HEAD_BYTES && memcmp(bytes, "SQLite format 3", 16) == 0;
}

/* SQLite is also out of memory when damaged bytes ask for gigabytes; neither is a reason to fail whoever asks. */
static int damaged(sqlite3 *database, struct sw_err *err)
{
    if (sqlite3_errcode(database) == SQLITE_INTERRUPT)
        return sw_fail(err, SW_INTEGRITY, "reading it takes more steps than any database of packages");
    return sw_fail(err, SW_INTEGRITY, "SQLite: %s", sqlite3_errmsg(database));
}

/* A view or a trigger could be there in the table's place. */
static int allow(void *arg, int action, const char *first, const char *second, const char *schema,
                 const char *trigger)
{
    (void)arg;
    (void)second;
    (void)schema;
    (void)trigger;
    if (action == SQLITE_SELECT)
        return SQLITE_OK;
    return action == SQLITE_READ && first != NULL && sqlite3_stricmp(first, "Packages") == 0 ? SQLITE_OK
                                                                                             : SQLITE_DENY;
}

static int count_steps(void *arg)
{
    unsigned *steps = arg;

    return ++*steps > STEPS_MAX;
}

/* SQLite reads a copy of the bytes, which becomes its own. */
static int attach(sqlite3 *database, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    unsigned char *copy = sqlite3_malloc64(len);

    if (copy == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    memcpy(copy, bytes, len);
    copy[WRITE_VERSION] = copy[READ_VERSION] = 1;
    if (sqlite3_deserialize(database, "main", copy, (sqlite3_int64)len, (sqlite3_int64)len,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        return damaged(database, err);
    return 0;
}

static int restrain(sqlite3 *database, unsigned *steps, struct sw_err *err)
{
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, BLOB_MAX);
    sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_progress_handler(database, STEPS_AT_ONCE, count_steps, steps);
    if (sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) != SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA cell_size_check=ON", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_set_authorizer(database, allow, NULL) != SQLITE_OK)
        return damaged(database, err);
    return 0;
}

static int read_rows(struct rpm_sink *sink, sqlite3 *database, struct sw_err *err)
{
    SW_CLEANUP(end_statement) sqlite3_stmt *statement = NULL;
    int code;

    if (sqlite3_prepare_v2(database, "SELECT blob FROM Packages", -1, &statement, NULL) != SQLITE_OK)
        return damaged(database, err);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *blob = sqlite3_column_blob(statement, 0);
        int len = sqlite3_column_bytes(statement, 0);

        if (blob == NULL || sqlite3_column_type(statement, 0) != SQLITE_BLOB)
            return sw_fail(err, SW_INTEGRITY, "row %zu of Packages has no header", sink->packages + 1);
        if (rpm_header(sink, blob, (size_t)len, err) < 0)
            return sw_context(err, "row %zu of Packages", sink->packages);
    }
    return code == SQLITE_DONE ? 0 : damaged(database, err);
}

int rpm_sqlite(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    SW_CLEANUP(close_database) sqlite3 *database = NULL;
    unsigned steps = 0;

    if (sqlite3_open_v2(":memory:", &database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sw_fail(err, SW_FAILED, "SQLite does not start: %s",
                       database != NULL ? sqlite3_errmsg(database) : "out of memory");
    if (attach(database, bytes, len, err) < 0 || restrain(database, &steps, err) < 0)
        return -1;
    return read_rows(sink, database, err);
}
