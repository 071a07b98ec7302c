/* The thread that reads a machine's console and monitor, and knows early when a boot has failed. */
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/mask.h"
#include "src/guest/boot/machine.h"
#include "src/guest/qemu.h"
#include "src/guest/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum {
    SILENT_TCG_S = 90,
    SILENT_KVM_S = 30,
    LOOK_MS = 500,
    LAST_WORDS_MS = 2000, /* what follows the line that tells of a fault belongs to it */
    LOST_TIME_MAX = 3,
};

void machine_tell(struct sw_machine *machine)
{
    const uint64_t one = 1;

    if (write(machine->happened_fd, &one, sizeof(one)) < 0)
        sw_log(SW_LOG_DEBUG, "nobody could be told: %s", strerror(errno));
    pthread_cond_broadcast(&machine->changed);
}

void machine_blame(struct sw_machine *machine, enum sw_boot_fault fault, const char *fmt, ...)
{
    va_list args;

    if (machine->fault != SW_BOOT_FINE)
        return;
    va_start(args, fmt);
    vsnprintf(machine->why, sizeof(machine->why), fmt, args);
    va_end(args);
    machine->fault = fault;
    machine->fault_ns = sw_monotonic_ns();
}

/* ---- Lines ------------------------------------------------------------------------------------------------- */

/* What GRUB said before it gave up; NULL when it is not among the last lines. */
static const char *loader_error(const struct sw_machine *machine)
{
    const char *found = NULL, *line;

    for (unsigned i = 0; (line = console_line(&machine->console, i)) != NULL; i++)
        if (strncmp(line, "error: ", 7) == 0)
            found = line;
    return found;
}

/* The reason that stands before an emergency shell: the first of the words that say most. */
static const char *emergency_cause(const struct sw_machine *machine)
{
    static const char *const causes[] = {"ALERT!",          "does not exist",
                                         "Failed to mount", "Dependency failed for",
                                         "Gave up waiting", "dracut-initqueue timeout"};
    const char *line;

    for (size_t k = 0; k < SW_ARRAY_LEN(causes); k++)
        for (unsigned i = 0; (line = console_line(&machine->console, i)) != NULL; i++)
            if (strstr(line, causes[k]) != NULL)
                return line;
    return NULL;
}

static void on_panic(struct sw_machine *machine, enum boot_word word)
{
    if (machine->again != AGAIN_NOT)
        return;
    if (word == WORD_PANIC_TIMER && machine->tcg && machine->resets < LOST_TIME_MAX) {
        machine->again = AGAIN_DUE;
        sw_log(SW_LOG_INFO,
               "this machine is so busy that the kernel missed its timer: the boot begins again");
        return;
    }
    machine_blame(machine, SW_BOOT_PANIC, "the kernel panicked: '%.200s'", machine->line);
}

static void on_word(struct sw_machine *machine, enum boot_word word)
{
    const char *cause;

    switch (word) {
    case WORD_KERNEL:
        if (machine->stage == STAGE_FIRMWARE)
            machine->stage = STAGE_SYSTEM;
        break;
    case WORD_PANIC:
    case WORD_PANIC_TIMER:
        on_panic(machine, word);
        break;
    case WORD_NO_DEVICE:
    case WORD_LOADER:
        if (machine->stage != STAGE_FIRMWARE)
            break;
        cause = loader_error(machine);
        machine_blame(machine, word == WORD_LOADER ? SW_BOOT_LOADER : SW_BOOT_NO_DEVICE, "%s: '%.200s'",
                      word == WORD_LOADER ? "the boot loader gave up" : "the firmware found nothing to start",
                      cause != NULL ? cause : machine->line);
        break;
    case WORD_EMERGENCY:
        if (machine->stage == STAGE_UP)
            break;
        cause = emergency_cause(machine);
        machine_blame(machine, SW_BOOT_EMERGENCY, "it stopped in an emergency shell: '%.200s'",
                      cause != NULL ? cause : machine->line);
        break;
    case WORD_LOGIN:
        machine->login = true;
        pthread_cond_broadcast(&machine->changed);
        break;
    default:
        break;
    }
}

static void log_line(struct sw_machine *machine)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf masked = {0};
    SW_AUTO_BUF struct sw_buf safe = {0};

    if (machine->log_fd < 0)
        return;
    if (sw_mask_text(machine->mask, machine->line, machine->line_len, &masked, &err) < 0 ||
        text_to_line(&safe, masked.data, masked.len, &err) < 0 || sw_buf_puts(&safe, "\n", &err) < 0 ||
        sw_write_full(machine->log_fd, safe.data, safe.len, "the console's log", &err) < 0) {
        sw_log(SW_LOG_WARNING, "%s", err.text);
        close(SW_STEAL_FD(machine->log_fd));
    }
}

static void end_line(struct sw_machine *machine)
{
    if (machine->line_len == 0)
        return;
    log_line(machine);
    machine->line_len = 0;
    machine->line[0] = '\0';
}

static void on_text(struct sw_machine *machine, const char *text, size_t len)
{
    enum boot_word unfinished;

    for (size_t i = 0; i < len; i++) {
        bool ends = text[i] == '\n' || text[i] == '\r';

        if (ends || machine->line_len + 1 == sizeof(machine->line)) {
            on_word(machine, boot_word(machine->line));
            end_line(machine);
        }
        if (ends)
            continue;
        machine->line[machine->line_len++] = text[i];
        machine->line[machine->line_len] = '\0';
    }
    /* A prompt's line has no end. A kernel's has, and what it died of stands there. */
    unfinished = boot_word(machine->line);
    if (unfinished != WORD_PANIC && unfinished != WORD_PANIC_TIMER)
        on_word(machine, unfinished);
}

static void hear(struct sw_machine *machine)
{
    machine->heard_ns = sw_monotonic_ns();
    machine->heard_cpu_ns = qemu_cpu_ns(machine->pid);
    machine->asked = false;
}

static bool read_console(struct sw_machine *machine)
{
    char chunk[4096], text[sizeof(chunk)];
    ssize_t n = recv(machine->console_fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    size_t len;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    hear(machine);
    len = plain_text(&machine->plain, chunk, (size_t)n, text);
    console_add(&machine->console, text, len);
    on_text(machine, text, len);
    return true;
}

/* ---- What does not happen ---------------------------------------------------------------------------------- */

static void look_at_silence(struct sw_machine *machine, int64_t now)
{
    int64_t limit = (int64_t)(machine->tcg ? SILENT_TCG_S : SILENT_KVM_S) * 1000000000;
    int64_t silent = now - machine->heard_ns;

    if (machine->stage != STAGE_FIRMWARE || machine->asked ||
        !qemu_hangs(silent, qemu_cpu_ns(machine->pid) - machine->heard_cpu_ns, limit))
        return;
    machine->asked = true;
    machine->registers_id =
        monitor_send(machine, "human-monitor-command", "{\"command-line\":\"info registers -a\"}");
}

static void look_at_time(struct sw_machine *machine, int64_t now)
{
    bool waits = machine->stage != STAGE_UP || machine->expected != EXPECT_NOTHING;

    if (waits && now - machine->began_ns >= (int64_t)machine->timeout_s * 1000000000)
        machine_blame(machine, SW_BOOT_TIMEOUT, "the system is not up after %u s", machine->timeout_s);
}

/* All that is done between two looks. The lock is held. */
static void look(struct sw_machine *machine)
{
    int64_t now = sw_monotonic_ns();

    if (machine->again == AGAIN_DUE) {
        machine->again = AGAIN_ASKED;
        (void)monitor_send(machine, "system_reset", NULL);
    }
    look_at_silence(machine, now);
    look_at_time(machine, now);
    if (machine->fault != SW_BOOT_FINE && machine->fault_ns > 0 &&
        now - machine->fault_ns >= (int64_t)LAST_WORDS_MS * 1000000) {
        machine->fault_ns = 0;
        machine_tell(machine);
    }
}

static void on_end(struct sw_machine *machine)
{
    on_word(machine, boot_word(machine->line));
    end_line(machine);
    machine->ended = true;
    if (machine->expected != EXPECT_END)
        machine_blame(machine, SW_BOOT_ENDED, "QEMU ended");
    machine->fault_ns = 0;
    machine_tell(machine);
}

void *machine_watch(void *arg)
{
    struct sw_machine *machine = arg;
    bool there = true;

    while (there) {
        struct pollfd wait[] = {{.fd = machine->console_fd, .events = POLLIN},
                                {.fd = machine->monitor_fd, .events = POLLIN}};

        (void)poll(wait, 2, LOOK_MS);
        pthread_mutex_lock(&machine->lock);
        if (wait[0].revents != 0)
            there = read_console(machine);
        if (wait[1].revents != 0)
            there = monitor_read(machine) && there;
        look(machine);
        if (!there)
            on_end(machine);
        pthread_mutex_unlock(&machine->lock);
    }
    return NULL;
}
