/* The runner's own parts. It is a program of its own: no other room is linked into it. */
#ifndef SW_RUNNER_RUNNER_H
#define SW_RUNNER_RUNNER_H

#include "src/runner/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The stream to slipway; everything ends when it does. */
struct channel {
    int fd;
};

/* A payload being read, with room for texts as C strings. */
struct request {
    struct wire_in in;
    uint32_t type;
    unsigned char payload[RUNNER_PAYLOAD_MAX];
};

/* Reads the next frame. The stream's end or a frame that breaks the rules ends the runner. */
void channel_read(const struct channel *channel, struct request *request);
/* Sends one frame; the stream's end ends the runner. */
void channel_send(const struct channel *channel, uint32_t type, const void *payload, size_t len);
/* Says that the runner is there when it has said nothing for long; how many ms until that is due again. */
int64_t channel_alive(const struct channel *channel);
int64_t now_ms(void);
void channel_ok(const struct channel *channel);
/* what may be NULL; error may be 0. */
void channel_fail(const struct channel *channel, int error, const char *what);
/* The same with the place beneath the request's own path, which may be empty. */
void channel_fail_at(const struct channel *channel, int error, const char *what, const char *place);

/* A text as a C string in fresh memory; NULL when it holds a NUL, is longer than max, or memory is gone. */
char *request_text(struct request *request, size_t max);

/* Going away from the guest's root and back: /proc/1/root is then not the root that steps have, which is
 * how systemctl and others know that they are in a chroot. -1 with errno. */
int runner_leave_root(void);
int runner_enter_root(void);

/* Begins to watch what steps call, where the kernel can; watch_fd() is readable when a call waits, -1: none ever will. */
struct guest_kernel;
void watch_begin(const struct guest_kernel *kernel);
int watch_fd(void);
/* For the step that comes: whether what starts a service is left out, or refused. */
void watch_skip_starts(bool skip);
/* Answers the one that waits; the stream may get NOTICE, NO_START, LEFT_OUT and STDERR frames. */
void watch_answer(const struct channel *channel);

/* Each answers the request that was read. */
void run_step(const struct channel *channel, struct request *request);
void run_shell(const struct channel *channel, struct request *request);
void file_request(const struct channel *channel, struct request *request);

/* Kills every process but this one, which is the first of its namespace, and collects them; in a booted system, those that
 * steps started. */
void kill_all(void);

/* From here on the runner is a service of a system that was booted. -1 with errno. */
int booted_begin(void);
bool is_booted(void);
/* Kills what descends from this process, and collects it. What other services were asked to start stays. */
void booted_kill_all(void);

/* A number, or a name of /etc/passwd (with its group in *gid) or /etc/group. -1 when there is no such name. */
int find_user(const char *name, uid_t *uid, gid_t *gid);
int find_group(const char *name, gid_t *gid);

/* mkdir -p of everything before the last component of path. -1 with errno. */
int make_parents(const char *path);

/* What the answer to a request that failed says beside errno: where beneath its path, and why in words. */
void fault_at(const char *dir, const char *name);
void fault_because(const char *why);
/* What was noted lies beneath this name. */
void fault_beneath(const char *name);
/* To be called from whatever may take long: something is said to slipway now and then. -1 with ETIMEDOUT when the request
 * has taken as long as it may. */
int still_there(void);
/* A LIMIT for the request that comes. */
void file_limit(struct request *request);

/* The rest of a file into another; one that changes meanwhile is a fault. */
int copy_rest(int from, int to);
int write_all(int fd, const void *bytes, size_t len);
/* Opens a regular file and nothing that could block or be a device. */
int open_regular(int dir, const char *path, int flags, mode_t mode, struct stat *st);
/* The file of a PUT or a COPY, not yet truncated; flags: RUNNER_PUT_…. */
int open_target(const char *path, mode_t mode, uint32_t flags, struct stat *st);
/* Leaves errno alone. */
void close_quietly(int fd);

/* Each of these is -1 with errno. flags: RUNNER_PUT_…, how: RUNNER_REMOVE_…. */
int copy_path(const char *from, const char *to, uint32_t flags);
int move_path(const char *from, const char *to, uint32_t flags);
int carry_names(const char *from, const char *to, uint32_t flags, struct request *request);
int remove_path(const char *path, uint32_t how);
int change_mode(const char *path, mode_t mode, bool tree);
int change_owner(const char *path, uid_t uid, gid_t gid, bool tree);
/* Sends the names as DATA; what: RUNNER_LIST_…. */
int list_names(const struct channel *channel, const char *dir, const char *pattern, uint32_t what);

/* Sends the records of a SURVEY as DATA. */
int survey_tree(const struct channel *channel, const char *dir, bool extents);

/* A folder that is gone with the namespace, for scripts; NULL when the guest has none. */
const char *script_dir(void);

#endif
