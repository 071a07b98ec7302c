/* Passphrases and PINs, wherever they come from. */
#include "src/seal/phrase.h"

#include "src/base/number.h"
#include "src/seal/keyfile.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_CAP = SEAL_PHRASE_MAX + 2 }; /* an end of line, and a NUL */

static int ask_for(const struct seal_ask *ask, const char *again, char *line, size_t *len, struct sw_err *err)
{
    char prompt[256];

    snprintf(prompt, sizeof(prompt), "slipway: %s%s: ", ask->prompt != NULL ? ask->prompt : ask->what, again);
    return seal_prompt(prompt, line, LINE_CAP, len, err);
}

static int from_prompt(const struct seal_ask *ask, struct seal_phrase *out, struct sw_err *err)
{
    char *second;
    size_t len = 0;
    int rc;

    if (ask_for(ask, "", out->bytes, &out->len, err) < 0)
        return -1;
    if (!ask->twice || out->len == 0)
        return 0;
    second = seal_key_new(LINE_CAP);
    if (second == NULL)
        return sw_fail_errno(err, "cannot get memory for a %s", ask->what);
    rc = ask_for(ask, " (again)", second, &len, err);
    if (rc == 0 && (len != out->len || !seal_equal(second, out->bytes, len)))
        rc = sw_fail(err, SW_USAGE, "the two differ");
    seal_key_free(second, LINE_CAP);
    return rc;
}

/* Byte by byte: what follows the line is somebody else's. */
static int read_line(int fd, const char *what, struct seal_phrase *out, struct sw_err *err)
{
    for (;;) {
        ssize_t n = read(fd, out->bytes + out->len, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            sw_fail_errno(err, "cannot read the %s from descriptor %d", what, fd);
            err->code = SW_INTEGRITY;
            return -1;
        }
        if (n == 0 || out->bytes[out->len] == '\n')
            break;
        if (++out->len == LINE_CAP - 1)
            return sw_fail(err, SW_USAGE, "the %s has more than %d bytes", what, SEAL_PHRASE_MAX);
    }
    return 0;
}

static int from_fd(const char *number, const struct seal_ask *ask, struct seal_phrase *out,
                   struct sw_err *err)
{
    uint64_t fd;

    if (sw_parse_bytes(number, "", &fd) < 0 || fd > INT32_MAX)
        return sw_fail(err, SW_USAGE, "'fd:%.32s' is no descriptor", number);
    if (isatty((int)fd))
        return sw_fail(err, SW_USAGE, "descriptor %s is a terminal, which would show the %s: use 'prompt'",
                       number, ask->what);
    return read_line((int)fd, ask->what, out, err);
}

static int from_file(const char *path, const struct seal_ask *ask, struct seal_phrase *out,
                     struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    const uint8_t *end;

    if (seal_keyfile_read(path, true, &file, err) < 0)
        return -1;
    out->device = file.device;
    out->inode = file.inode;
    end = memchr(file.bytes, '\n', file.len);
    if (end != NULL && end + 1 != file.bytes + file.len)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds more than one line", path);
    out->len = end != NULL ? (size_t)(end - file.bytes) : file.len;
    if (out->len > SEAL_PHRASE_MAX)
        return sw_fail(err, SW_INTEGRITY, "the %s in '%s' has more than %d bytes", ask->what, path,
                       SEAL_PHRASE_MAX);
    memcpy(out->bytes, file.bytes, out->len);
    return 0;
}

static int get(const char *source, const struct seal_ask *ask, struct seal_phrase *out, struct sw_err *err)
{
    if (strcmp(source, "prompt") == 0)
        return from_prompt(ask, out, err);
    if (strncmp(source, "fd:", 3) == 0)
        return from_fd(source + 3, ask, out, err);
    if (strncmp(source, "file:", 5) == 0)
        return from_file(source + 5, ask, out, err);
    return sw_fail(err, SW_USAGE,
                   "a %s comes from 'prompt', 'fd:N' or 'file:PATH'; it is never a part of the command line",
                   ask->what);
}

static int check(const char *what, const struct seal_phrase *phrase, struct sw_err *err)
{
    if (phrase->len == 0)
        return sw_fail(err, SW_USAGE, "the %s is empty", what);
    if (phrase->len > SEAL_PHRASE_MAX)
        return sw_fail(err, SW_USAGE, "the %s has more than %d bytes", what, SEAL_PHRASE_MAX);
    if (strlen(phrase->bytes) != phrase->len)
        return sw_fail(err, SW_USAGE, "the %s holds a NUL byte", what);
    return 0;
}

int seal_phrase_get(const char *source, const struct seal_ask *ask, struct seal_phrase *out,
                    struct sw_err *err)
{
    *out = (struct seal_phrase){.bytes = seal_key_new(LINE_CAP)};
    if (out->bytes == NULL)
        return sw_fail_errno(err, "cannot get memory for a %s", ask->what);
    if (get(source, ask, out, err) < 0) {
        seal_phrase_free(out);
        return -1;
    }
    if (out->len > 0 && out->bytes[out->len - 1] == '\r')
        out->len--;
    out->bytes[out->len] = '\0';
    if (check(ask->what, out, err) == 0)
        return 0;
    seal_phrase_free(out);
    return -1;
}

void seal_phrase_free(struct seal_phrase *phrase)
{
    seal_key_free(phrase->bytes, LINE_CAP);
    *phrase = (struct seal_phrase){.bytes = NULL};
}
