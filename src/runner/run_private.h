/* What run.c and shell.c share: a step, and the program that runs of it. */
#ifndef SW_RUNNER_RUN_PRIVATE_H
#define SW_RUNNER_RUN_PRIVATE_H

#include "src/runner/runner.h"

/* What becomes the program's standard streams; -1: none, and once it has them. */
struct step_ends {
    int in, out, err;
    bool terminal; /* in is one, and to be the program's own */
};

struct step {
    uint32_t flags;
    uint64_t timeout_ms;
    char *cwd;
    struct wire_text script;
    char **argv, **env; /* env: over the fixed set */
    char script_path[64];
    struct step_ends ends;
};

/* Input on its way to a program. */
struct run_input {
    unsigned char bytes[RUNNER_INPUT_BYTES];
    size_t len;
    bool ended;
};

/* A running step. */
struct run {
    const struct channel *channel;
    pid_t pid;
    int in, out, err, signals; /* in: non-blocking; in, out, err: -1 once at their end */
    bool terminal;             /* in and out are a terminal's */
    struct run_input *input;   /* NULL: the program has none, and no size either */
    int64_t deadline_ms;       /* 0: none */
    bool ended, timed_out;
    int status;
};

/* An array that ends in NULL; NULL when it makes no sense or memory is gone. */
char **read_words(struct request *request);
void free_words(char **words);
void free_step(struct step *step);
/* NULL: the image has none. */
const char *find_bash(void);

/* Pipes for what the program says. -1 with errno; run_close closes what is open. */
int open_outputs(struct run *run, struct step *step);
void send_exit(const struct channel *channel, enum runner_exit kind, int value, const char *text);
/* Starts the program, follows it until its end and reports that. run and step have their ends of all streams. */
void run_prepared(struct run *run, struct request *request, struct step *step);
/* Closes what is open of the streams. */
void run_close(struct run *run, struct step *step);

/* Where input can be written to; -1: there is none now. */
int shell_wants_to_write(const struct run *run);
void shell_write(struct run *run);
/* A frame that came while the program runs. Input beyond the bound ends the runner. */
void shell_take(struct run *run, struct request *request);

#endif
