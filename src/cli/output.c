/* What a verb prints. */
#include "src/cli/output.h"

#include "slipway/envelope.h"

#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sw_log_level log_level = SW_LOG_INFO;

int out_json(json_t *value, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = value;
    SW_AUTO_FREE char *text = NULL;

    if (owned == NULL)
        return sw_fail(err, SW_FAILED, "cannot make the JSON result");
    text = sw_json_pretty(owned, err);
    if (text == NULL)
        return -1;
    if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
        return sw_fail_errno(err, "cannot write the result");
    return 0;
}

void out_safe(FILE *to, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
        size_t n = sw_obeyed_by_terminals(p);

        if (n == 0)
            fputc(*p++, to);
        for (; n > 0; n--)
            fprintf(to, "\\x%02x", *p++);
    }
}

void out_task_state(FILE *to, const char *status, const char *progress, const char *message)
{
    out_safe(to, status);
    if (progress[0] != '\0') {
        fputs(" ", to);
        out_safe(to, progress);
        fputs("%", to);
    }
    if (message[0] != '\0') {
        fputs(" ", to);
        out_safe(to, message);
    }
}

void out_size(uint64_t bytes, char *buf, size_t buf_len)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < SW_ARRAY_LEN(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(buf, buf_len, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static void print_progress(struct out_progress *progress, uint64_t done, uint64_t total, int64_t now)
{
    double seconds = (double)(now - progress->began_ns) / 1e9;
    double rate = seconds > 0 ? (double)(done - progress->first_done) / seconds : 0;
    char done_text[32], rate_text[32];

    out_size(done, done_text, sizeof(done_text));
    out_size((uint64_t)rate, rate_text, sizeof(rate_text));
    fprintf(stderr, "%s%s: %s, %s/s", progress->terminal ? "\r\033[K" : "", progress->what, done_text,
            rate_text);
    if (total > 0 && rate > 0 && done <= total)
        fprintf(stderr, ", %.0f %%, %.0f s left", 100.0 * (double)done / (double)total,
                (double)(total - done) / rate);
    if (!progress->terminal)
        fputc('\n', stderr);
    fflush(stderr);
}

static void tick(struct sw_progress *self, uint64_t done, uint64_t total)
{
    struct out_progress *progress = (struct out_progress *)self;
    int64_t now = sw_monotonic_ns();
    int64_t pause = progress->terminal ? INT64_C(200000000) : INT64_C(10000000000);

    /* One verb may do several copies, each with a count of its own. */
    if (!progress->begun || done == 0 || done < progress->last_done) {
        progress->began_ns = progress->last_ns = now;
        progress->first_done = done;
        progress->begun = true;
    }
    progress->last_done = done;
    if (progress->quiet || now - progress->last_ns < pause)
        return;
    progress->last_ns = now;
    print_progress(progress, done, total, now);
}

void out_progress_begin(struct out_progress *progress, const char *what, const struct common_opts *common)
{
    const char *term = getenv("TERM");
    int64_t now = sw_monotonic_ns();

    *progress = (struct out_progress){
        .base = {.tick = tick},
        .what = what,
        .quiet = common->quiet,
        .terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0,
        .began_ns = now,
        .last_ns = now,
    };
}

void out_progress_end(struct out_progress *progress)
{
    if (progress->terminal && !progress->quiet)
        fputs("\r\033[K", stderr);
}

static void print_log(enum sw_log_level level, const char *text)
{
    if (level > log_level)
        return;
    flockfile(stderr);
    fputs(level == SW_LOG_WARNING ? "slipway: warning: " : "slipway: ", stderr);
    out_safe(stderr, text);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void out_log_setup(const struct common_opts *common)
{
    log_level = common->verbose ? SW_LOG_DEBUG : common->quiet ? SW_LOG_WARNING : SW_LOG_INFO;
    sw_log_to(print_log);
}

int out_check_replaced(const char *path, struct sw_err *err)
{
    return out_refuse_special(path, err) < 0 ? -1 : sw_seal_spare_sidecar(path, err);
}

int out_refuse_special(const char *path, struct sw_err *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return sw_fail(err, SW_USAGE, "'-': this does not go down a pipe; './-' is a file of that name");
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return sw_fail(err, SW_USAGE, "'%s' is there and is not a regular file", path);
    return 0;
}
