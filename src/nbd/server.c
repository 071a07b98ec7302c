/* The server: a socket in a private folder, a thread for each client. */
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/nbd/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BACKLOG = 8, REST_MS = 50 };

struct slot {
    struct sw_nbd *server;
    struct nbd_client client;
    pthread_t thread;
    bool taken; /* it has a thread to be joined */
    bool ended;
};

struct sw_nbd {
    struct sw_image *image;
    char *socket_path, *name;
    int listen_fd, stop_fd;
    pthread_t acceptor;
    bool has_acceptor, has_socket;
    pthread_mutex_t lock; /* of what follows */
    struct slot slots[SW_NBD_CLIENTS_MAX];
    struct sw_err first; /* error of the image */
};

static void note_error(void *arg, const struct sw_err *err)
{
    struct sw_nbd *server = arg;

    pthread_mutex_lock(&server->lock);
    if (server->first.code == SW_OK) {
        server->first = *err;
        sw_log(SW_LOG_WARNING, "the disk beneath the overlay cannot be read: %s", err->text);
    }
    pthread_mutex_unlock(&server->lock);
}

static void *client_thread(void *arg)
{
    struct slot *slot = arg;

    nbd_client_serve(&slot->client);
    close(slot->client.fd);
    pthread_mutex_lock(&slot->server->lock);
    slot->ended = true;
    pthread_mutex_unlock(&slot->server->lock);
    return NULL;
}

/* Joins those that ended; one that is free, or NULL. Only the acceptor takes slots. */
static struct slot *free_slot(struct sw_nbd *server)
{
    struct slot *found = NULL;

    for (size_t i = 0; i < SW_NBD_CLIENTS_MAX; i++) {
        struct slot *slot = &server->slots[i];
        bool ended;

        pthread_mutex_lock(&server->lock);
        ended = slot->ended;
        pthread_mutex_unlock(&server->lock);
        if (slot->taken && ended) {
            pthread_join(slot->thread, NULL);
            *slot = (struct slot){.taken = false};
        }
        if (!slot->taken)
            found = slot;
    }
    return found;
}

/* The folder keeps others out already; this says so once more, and of whoever was handed the socket. */
static bool is_own(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void welcome(struct sw_nbd *server, int fd)
{
    struct slot *slot = is_own(fd) ? free_slot(server) : NULL;

    if (slot != NULL) {
        *slot = (struct slot){.server = server,
                              .taken = true,
                              .client = {.image = server->image,
                                         .name = server->name,
                                         .fd = fd,
                                         .stop_fd = server->stop_fd,
                                         .failed = note_error,
                                         .arg = server}};
        if (pthread_create(&slot->thread, NULL, client_thread, slot) == 0)
            return;
        slot->taken = false;
    }
    close(fd);
}

static void *accept_clients(void *arg)
{
    struct sw_nbd *server = arg;
    struct pollfd fds[] = {{.fd = server->listen_fd, .events = POLLIN},
                           {.fd = server->stop_fd, .events = POLLIN}};

    for (;;) {
        int n = poll(fds, 2, -1), fd;

        if (n < 0 && errno != EINTR)
            return NULL;
        if (n > 0 && fds[1].revents != 0)
            return NULL;
        if (n <= 0 || fds[0].revents == 0)
            continue;
        fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            welcome(server, fd);
        else if (errno != EAGAIN && errno != EINTR)
            poll(&fds[1], 1,
                 REST_MS); /* whoever waits stays in the queue until there is a descriptor for him */
    }
}

static int check_folder(const char *socket_path, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(socket_path, err);
    struct stat st;

    if (dir == NULL)
        return -1;
    if (lstat(dir, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", dir);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
        return sw_fail(err, SW_REFUSED, "'%s' is not a folder that is this user's alone", dir);
    return 0;
}

static int open_socket(struct sw_nbd *server, struct sw_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(server->socket_path);

    if (len >= sizeof(address.sun_path))
        return sw_fail(err, SW_USAGE, "the name of the socket '%s' has more than %zu bytes",
                       server->socket_path, sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, server->socket_path, len + 1);
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (server->listen_fd < 0 || server->stop_fd < 0)
        return sw_fail_errno(err, "cannot make a socket");
    if (bind(server->listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return sw_fail_errno(err, "cannot make the socket '%s'", server->socket_path);
    server->has_socket = true;
    if (chmod(server->socket_path, 0600) < 0 || listen(server->listen_fd, BACKLOG) < 0)
        return sw_fail_errno(err, "cannot listen at '%s'", server->socket_path);
    return 0;
}

static int start(struct sw_nbd *server, const char *socket_path, const char *name, struct sw_err *err)
{
    if (strlen(name) >= SW_NBD_NAME_MAX)
        return sw_fail(err, SW_USAGE, "the export's name has more than %d bytes", SW_NBD_NAME_MAX - 1);
    server->socket_path = sw_strdup(socket_path, err);
    server->name = sw_strdup(name, err);
    if (server->socket_path == NULL || server->name == NULL || check_folder(socket_path, err) < 0 ||
        open_socket(server, err) < 0)
        return -1;
    errno = pthread_create(&server->acceptor, NULL, accept_clients, server);
    if (errno != 0)
        return sw_fail_errno(err, "cannot start a thread");
    server->has_acceptor = true;
    return 0;
}

int sw_nbd_start(struct sw_image *image, const char *socket_path, const char *name, struct sw_nbd **out,
                 struct sw_err *err)
{
    struct sw_nbd *server = sw_calloc(1, sizeof(*server), err);

    if (server == NULL)
        return -1;
    server->image = image;
    server->listen_fd = server->stop_fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    if (start(server, socket_path, name, err) < 0) {
        sw_nbd_stop(server);
        return -1;
    }
    *out = server;
    return 0;
}

void sw_nbd_stop(struct sw_nbd *server)
{
    const uint64_t one = 1;

    if (server == NULL)
        return;
    if (server->stop_fd >= 0)
        (void)!write(server->stop_fd, &one, sizeof(one));
    if (server->has_acceptor)
        pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < SW_NBD_CLIENTS_MAX; i++)
        if (server->slots[i].taken)
            pthread_join(server->slots[i].thread, NULL);
    if (server->has_socket)
        unlink(server->socket_path);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    if (server->stop_fd >= 0)
        close(server->stop_fd);
    pthread_mutex_destroy(&server->lock);
    free(server->socket_path);
    free(server->name);
    free(server);
}

int sw_nbd_check(struct sw_nbd *server, struct sw_err *err)
{
    int rc = 0;

    pthread_mutex_lock(&server->lock);
    if (server->first.code != SW_OK) {
        *err = server->first;
        rc = -1;
    }
    pthread_mutex_unlock(&server->lock);
    return rc;
}

char *sw_nbd_uri(const char *name, const char *socket_path, struct sw_err *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    SW_AUTO_BUF struct sw_buf uri = {0};
    const char *const parts[] = {"nbd+unix:///", name, "?socket=", socket_path};

    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++) {
        for (const char *at = parts[i]; *at != '\0'; at++)
            if (sw_buf_printf(&uri, err, i % 2 == 0 || strchr(plain, *at) != NULL ? "%c" : "%%%02X",
                              (unsigned char)*at) < 0)
                return NULL;
    }
    return sw_buf_steal(&uri);
}
