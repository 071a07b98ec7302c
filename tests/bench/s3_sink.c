/*
 * What plays S3 and EC2 for measuring: it takes whatever comes, checks and keeps nothing, and costs as little as it can.
 * usage: s3-sink PORT-FILE: listens on a loopback port, writes its number there, and serves until it is killed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 64 << 10, BODY_BYTES = 256 << 10, KEPT_BYTES = 4096 };

#define S3_NS  " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define EC2_NS " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""
#define TASK                                                                            \
    "<requestId>1</requestId><importTaskId>import-ami-0123456789abcdef0</importTaskId>" \
    "<status>%s</status><imageId>ami-0123456789abcdef0</imageId>"

/* What is read ahead of a connection, and the start of a request's body. */
struct peer {
    int fd;
    char head[HEAD_MAX + 1];
    size_t len;
    char body[KEPT_BYTES + 1];
    char scratch[BODY_BYTES];
};

static bool send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool reply(int fd, const char *status, const char *header, const char *body)
{
    char text[4096];
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %s\r\n%sContent-Type: application/xml\r\nContent-Length: %zu\r\n\r\n%s",
                       status, header, strlen(body), body);

    return send_all(fd, text, (size_t)len);
}

static bool reply_object(int fd, const char *method, const char *target)
{
    bool part = strstr(target, "uploadId=") != NULL, uploads = strstr(target, "uploads") != NULL;

    if (strcmp(method, "PUT") == 0)
        return reply(fd, "200 OK", "ETag: \"0123456789abcdef0123456789abcdef\"\r\n", "");
    if (strcmp(method, "POST") == 0 && part)
        return reply(fd, "200 OK", "",
                     "<CompleteMultipartUploadResult" S3_NS
                     "><ETag>\"0-1\"</ETag></CompleteMultipartUploadResult>");
    if (strcmp(method, "POST") == 0)
        return reply(fd, "200 OK", "",
                     "<InitiateMultipartUploadResult" S3_NS
                     "><UploadId>1</UploadId></InitiateMultipartUploadResult>");
    if (strcmp(method, "GET") == 0 && uploads && !part)
        return reply(fd, "200 OK", "", "<ListMultipartUploadsResult" S3_NS "/>");
    if (strcmp(method, "GET") == 0 && part)
        return reply(fd, "200 OK", "", "<ListPartsResult" S3_NS "/>");
    if (strcmp(method, "DELETE") == 0)
        return reply(fd, "204 No Content", "", "");
    return reply(fd, "404 Not Found", "", "");
}

static bool reply_ec2(int fd, const char *body)
{
    char text[1024];

    if (strstr(body, "Action=ImportImage") != NULL)
        snprintf(text, sizeof(text), "<ImportImageResponse" EC2_NS ">" TASK "</ImportImageResponse>",
                 "active");
    else
        snprintf(text, sizeof(text),
                 "<DescribeImportImageTasksResponse" EC2_NS "><importImageTaskSet><item>" TASK
                 "</item></importImageTaskSet></DescribeImportImageTasksResponse>",
                 "completed");
    return reply(fd, "200 OK", "", text);
}

/* Up to the empty line; false at the end of the connection. */
static char *read_head(struct peer *peer)
{
    for (;;) {
        char *end;
        ssize_t n;

        peer->head[peer->len] = '\0';
        end = strstr(peer->head, "\r\n\r\n");
        if (end != NULL)
            return end + 4;
        if (peer->len == HEAD_MAX)
            return NULL;
        n = recv(peer->fd, peer->head + peer->len, HEAD_MAX - peer->len, 0);
        if (n <= 0)
            return NULL;
        peer->len += (size_t)n;
    }
}

static const char *header(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);

    return at != NULL ? at + strlen(name) : "";
}

/* Drops the body but for its start; what was read ahead of the next request stays. */
static bool take_body(struct peer *peer, const char *begin, unsigned long long len)
{
    size_t have = peer->len - (size_t)(begin - peer->head), some = have < len ? have : (size_t)len;
    size_t kept = some < KEPT_BYTES ? some : KEPT_BYTES;

    memcpy(peer->body, begin, kept);
    memmove(peer->head, begin + some, have - some);
    peer->len = have - some;
    for (len -= some; len > 0;) {
        ssize_t n = recv(peer->fd, peer->scratch, len < BODY_BYTES ? (size_t)len : BODY_BYTES, 0);

        if (n <= 0)
            return false;
        if (kept < KEPT_BYTES) {
            size_t more = (size_t)n < KEPT_BYTES - kept ? (size_t)n : KEPT_BYTES - kept;

            memcpy(peer->body + kept, peer->scratch, more);
            kept += more;
        }
        len -= (unsigned long long)n;
    }
    peer->body[kept] = '\0';
    return true;
}

static bool serve_one(struct peer *peer)
{
    char method[16] = "", target[4096] = "";
    char *begin = read_head(peer);
    unsigned long long len;
    bool waits;

    if (begin == NULL || sscanf(peer->head, "%15s %4095s", method, target) != 2)
        return false;
    begin[-1] = '\0';
    len = strtoull(header(peer->head, "\r\ncontent-length:"), NULL, 10);
    waits = header(peer->head, "\r\nexpect: 100-continue")[0] != '\0';
    if ((waits && !send_all(peer->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) || !take_body(peer, begin, len))
        return false;
    return strcmp(target, "/") == 0 ? reply_ec2(peer->fd, peer->body)
                                    : reply_object(peer->fd, method, target);
}

static void *serve(void *arg)
{
    struct peer *peer = arg;

    while (serve_one(peer))
        continue;
    close(peer->fd);
    free(peer);
    return NULL;
}

static bool write_port(int listener, const char *path)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    FILE *file = fopen(path, "w");
    bool good = file != NULL && getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
                fprintf(file, "%d\n", ntohs(address.sin_port)) > 0;

    return file != NULL && fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    signal(SIGPIPE, SIG_IGN);
    if (argc != 2 || listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 64) < 0 || !write_port(listener, argv[1])) {
        perror("s3-sink");
        return 1;
    }
    for (;;) {
        struct peer *peer = calloc(1, sizeof(*peer));
        pthread_t thread;

        if (peer == NULL)
            return 1;
        peer->fd = accept(listener, NULL, NULL);
        setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (pthread_create(&thread, NULL, serve, peer) != 0)
            return 1;
        pthread_detach(thread);
    }
}
