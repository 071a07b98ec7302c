/* What a hostile guest may say to slipway's end of the runner's protocol. The first byte chooses the request. */
#include "src/guest/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 100 << 10 };

static int ask_shell(struct sw_guest *guest, struct sw_guest_exit *end, struct sw_err *err)
{
    int null = open("/dev/null", O_RDWR);
    const struct sw_guest_shell shell = {.in = null, .out = null, .err = null};
    int rc = guest->ops->shell(guest, &shell, end, err);

    close(null);
    return rc;
}

static void ask(struct sw_guest *guest, unsigned which)
{
    const struct sw_guest_ops *ops = guest->ops;
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_run run = {.script = "true", .script_len = 4, .timeout_ms = 1000};
    struct sw_guest_exit end;
    struct sw_guest_stat st;
    const uint8_t nonce[RUNNER_NONCE_BYTES] = {0};
    struct sw_guest_names names = {.text = NULL};
    const char *const carried[] = {"a", "b"};
    const struct sw_guest_carry carry = {.from = "/x", .to = "/y", .names = carried, .n = 2};
    char *bytes = NULL;
    size_t len;
    int rc = -1;

    switch (which % 8) {
    case 0:
        rc = ops->run(guest, &run, &end, &err);
        break;
    case 1:
        rc = ops->stat(guest, "/x", true, &st, &err);
        break;
    case 2:
        rc = ops->get(guest, "/x", 1000, &bytes, &len, &err);
        break;
    case 3:
        rc = ops->list(guest, "/x", "*", SW_LIST_FILES, &names, &err);
        bytes = names.text;
        len = names.len;
        break;
    case 6:
        rc = ops->carry(guest, &carry, &len, &err);
        if (rc < 0 && len >= carry.n)
            abort();
        break;
    case 7:
        rc = ask_shell(guest, &end, &err);
        break;
    case 4:
        rc = client_hello((struct client *)guest, nonce, &err);
        break;
    default:
        rc = ops->put(guest, "/x", "abc", 3, 0644, &err);
        break;
    }
    if (rc == 0 && bytes != NULL && bytes[len] != '\0')
        abort();
    if (rc < 0 && err.text[0] == '\0')
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client *client;
    int pair[2];

    if (size < 1 || size > INPUT_MAX || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 0;
    client = malloc(sizeof(*client));
    if (client != NULL && send(pair[1], data + 1, size - 1, MSG_DONTWAIT) == (ssize_t)(size - 1)) {
        shutdown(pair[1], SHUT_WR);
        client_init(client, pair[0]);
        for (unsigned i = 0; i < 4; i++)
            ask(&client->base, data[0] + i);
    }
    free(client);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
