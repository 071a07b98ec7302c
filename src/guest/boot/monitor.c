/* QEMU's monitor: commands, answers and events, a line of JSON each. */
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/guest/boot/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE_BYTES_MAX = 1 << 20, ANSWER_S = 60, RESETS_MAX = 8 };

unsigned monitor_send(struct sw_machine *machine, const char *command, const char *arguments)
{
    char text[8192];
    int len =
        snprintf(text, sizeof(text), "{\"execute\":\"%s\",\"id\":%u%s%s}\n", command, machine->sent_id + 1,
                 arguments != NULL ? ",\"arguments\":" : "", arguments != NULL ? arguments : "");

    machine->sent_id++;
    /* When it does not arrive QEMU is gone, which is noticed by its end. */
    if (len < (int)sizeof(text) && send(machine->monitor_fd, text, (size_t)len, MSG_NOSIGNAL) < 0)
        sw_log(SW_LOG_DEBUG, "the monitor of QEMU does not listen: %s", strerror(errno));
    return machine->sent_id;
}

/* ---- Events ------------------------------------------------------------------------------------------------ */

static void on_reset(struct sw_machine *machine)
{
    bool wanted = machine->expected == EXPECT_RESET;

    if (!wanted && machine->stage == STAGE_UP)
        machine_blame(machine, SW_BOOT_RESTART,
                      "the system restarted by itself (a step asks for it by exit status 194)");
    else if (!wanted && ++machine->resets > RESETS_MAX)
        machine_blame(machine, SW_BOOT_RESTART, "the system restarts again and again");
    machine->expected = EXPECT_NOTHING;
    machine->reset_seen = true;
    machine->again = AGAIN_NOT;
    machine->stage = STAGE_FIRMWARE;
    machine->login = false;
    machine->heard_ns = sw_monotonic_ns();
    if (wanted)
        machine_tell(machine);
}

static void on_event(struct sw_machine *machine, const char *name, const json_t *message)
{
    sw_log(SW_LOG_DEBUG, "the machine: %s", name);
    if (strcmp(name, "RESET") == 0)
        on_reset(machine);
    else if (strcmp(name, "SHUTDOWN") == 0 && machine->expected != EXPECT_END &&
             json_is_true(json_object_get(json_object_get(message, "data"), "guest")))
        machine_blame(machine, SW_BOOT_ENDED, "the system powered itself off");
    else if (strcmp(name, "BLOCK_IO_ERROR") == 0)
        machine_blame(machine, SW_BOOT_ENDED, "QEMU could not read or write the disk");
}

/* ---- Answers ----------------------------------------------------------------------------------------------- */

static void on_registers(struct sw_machine *machine, const char *text)
{
    const char *last = NULL, *line;

    if (machine->stage != STAGE_FIRMWARE || text == NULL)
        return;
    if (registers_show_system(text)) {
        sw_log(SW_LOG_INFO, "a system runs that says nothing on the serial console");
        machine->stage = STAGE_SYSTEM;
        return;
    }
    for (unsigned i = 0; (line = console_line(&machine->console, i)) != NULL; i++)
        last = line;
    machine_blame(machine, SW_BOOT_LOADER,
                  "it hangs in the firmware or the boot loader: nothing for %d s behind '%s'",
                  (int)((sw_monotonic_ns() - machine->heard_ns) / 1000000000), last != NULL ? last : "");
}

static void on_answer(struct sw_machine *machine, unsigned id, const json_t *message)
{
    const char *refusal = sw_json_text(json_object_get(message, "error"), "desc");

    if (id == machine->registers_id)
        on_registers(machine, sw_json_text(message, "return"));
    snprintf(machine->refusal, sizeof(machine->refusal), "%s", refusal != NULL ? refusal : "");
    machine->done_id = id;
    pthread_cond_broadcast(&machine->changed);
}

static void on_line(struct sw_machine *machine, const char *text, size_t len)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_JSON json_t *message = sw_json_parse(text, len, "QEMU's monitor", &ignored);
    const json_t *id = json_object_get(message, "id");
    const char *event = sw_json_text(message, "event");

    if (event != NULL)
        on_event(machine, event, message);
    else if (json_is_integer(id))
        on_answer(machine, (unsigned)json_integer_value(id), message);
}

bool monitor_read(struct sw_machine *machine)
{
    struct sw_err err = {.code = SW_OK};
    char chunk[4096], *end;
    ssize_t n = recv(machine->monitor_fd, chunk, sizeof(chunk), MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0 || machine->heard.len > LINE_BYTES_MAX ||
        sw_buf_append(&machine->heard, chunk, (size_t)n, &err) < 0)
        return false;
    while ((end = memchr(machine->heard.data, '\n', machine->heard.len)) != NULL) {
        size_t len = (size_t)(end - machine->heard.data);

        on_line(machine, machine->heard.data, len);
        machine->heard.len -= len + 1;
        memmove(machine->heard.data, end + 1, machine->heard.len);
    }
    return true;
}

int monitor_ask(struct sw_machine *machine, const char *command, const char *arguments, struct sw_err *err)
{
    struct timespec until;
    unsigned id;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ANSWER_S;
    pthread_mutex_lock(&machine->lock);
    id = monitor_send(machine, command, arguments);
    while (machine->done_id < id && !machine->ended && rc == 0)
        rc = pthread_cond_clockwait(&machine->changed, &machine->lock, CLOCK_MONOTONIC, &until);
    if (machine->done_id < id)
        rc = sw_fail(err, SW_FAILED, "QEMU's monitor did not answer '%s'", command);
    else if (machine->refusal[0] != '\0')
        rc = sw_fail(err, SW_FAILED, "QEMU's monitor, asked for '%s': %s", command, machine->refusal);
    else
        rc = 0;
    pthread_mutex_unlock(&machine->lock);
    return rc;
}
