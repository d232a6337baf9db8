/*
 * The sandbox: runs one command that nobody trusts.
 *
 * Inside there are /usr, /etc and /sys (read-only), a private /proc, /dev and
 * /tmp, the folders that the caller binds, a clean environment, no network and
 * no other process (bubblewrap). As root the command runs as a user of its own,
 * because process limits don't bind root. Limits hold on the time, the
 * processor time, memory, the number of processes, the size of files and what
 * is printed, and the kernel refuses system calls that reach what is not the
 * command's. Where name spaces are refused, as in some containers, the limits
 * stay and sandbox_isolates() is false. docs/sandbox.md says what bounds what.
 *
 * sandbox_run() makes the calling process the keeper of everything that the
 * command starts (PR_SET_CHILD_SUBREAPER) and ends it all before it returns, so a
 * process runs one command at a time; the grader forks a worker per check.
 */
#ifndef GRADER_SANDBOX_SANDBOX_H
#define GRADER_SANDBOX_SANDBOX_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

enum sandbox_end {
    SANDBOX_EXITED,    /* status: the exit status */
    SANDBOX_SIGNALLED, /* status: the signal */
    SANDBOX_TIME,
    SANDBOX_STUCK, /* the caller's is_stuck said so */
    SANDBOX_MEMORY,
    SANDBOX_PROCESSES,
    SANDBOX_OUTPUT,  /* printed too much */
    SANDBOX_FILES,   /* wrote too much */
    SANDBOX_MACHINE, /* within its limits, but the machine ran short of memory */
    SANDBOX_NOT_STARTED
};

struct sandbox_limits {
    double seconds;     /* of an idle machine: the clock slows down while others compete */
    double cpu_seconds; /* per process; 0: twice `seconds` */
    size_t memory;      /* bytes of everything together, mapped or not */
    int processes;
    size_t output;       /* bytes printed */
    size_t kept;         /* bytes of that, the last ones, that are kept */
    size_t file_bytes;   /* one file */
    size_t folder_bytes; /* everything in the writable folder */
    int entries;         /* files and folders in it */
    size_t spare_memory; /* bytes; with less left on the machine, the command is ended */
};

/* 2 GiB, 64 processes, 1 MiB of output of which 64 KiB are kept, files of 64 MiB, 512 MiB and 10,000 files in all, 10 seconds;
 * 128 MiB stay for the machine. */
struct sandbox_limits sandbox_limits_default(void);

struct sandbox_bind {
    const char *from; /* outside; NULL ends the list */
    const char *to;   /* inside */
};

struct sandbox_command {
    char *const *words;             /* the command, ends with NULL */
    char *const *environment;       /* extra "NAME=VALUE", ends with NULL; may be NULL */
    const struct sandbox_bind *see; /* bound read-only */
    char *const *
        devices; /* of /dev, to read and write, beside the usual ones; ends with NULL; may be NULL */
    struct sandbox_bind write; /* the one writable folder; from NULL: none */
    const char *folder;        /* current folder, inside */
    struct sandbox_limits limits;
    uid_t user; /* who to be when the grader is root: sandbox_user() */
    /* Asked about every 0.1 s; may be NULL. `seconds` is the idle machine's clock. */
    bool (*is_stuck)(void *context, double seconds);
    /* Called before a command that is stuck, or whose time is over, is ended; may be NULL. pids: of
     * everything that it started (pid_t). */
    void (*before_end)(void *context, const GArray *pids);
    void *context;
};

struct sandbox_result {
    enum sandbox_end end;
    int status;
    char *trouble;   /* one line for people, or NULL when it exited by itself */
    GString *output; /* the end of what was printed: valid UTF-8, no control characters */
    double seconds;
};

void sandbox_run(const struct sandbox_command *command, struct sandbox_result *result);
/* Did the command come to its end by itself, with exit status 0? */
bool sandbox_did(const struct sandbox_result *result);
void sandbox_result_clear(struct sandbox_result *result);

/* Are the system calls of commands filtered (docs/sandbox.md)? */
bool sandbox_filters(void);

/* Do name spaces work here? Tried once; reason (may be NULL) says why not. */
bool sandbox_isolates(const char **reason);
/* What holds the memory of commands on this machine, and what keeps them from the system calls that
 * reach others: three lines for people, a new string. */
char *sandbox_describe(void);

/* How many commands of one grader can run at the same time, each as another user. */
#define SANDBOX_SLOTS 8
/* A user that nobody else is, one per slot (0 … SANDBOX_SLOTS - 1), when the grader is root; else the
 * grader's own. */
uid_t sandbox_user(int slot);

/* Of `numbers` numbers the first from `wish` on that no other grader on this machine has; this process and those that
 * it forks have it until they end. */
unsigned sandbox_claim(unsigned wish, unsigned numbers);
/* Can root become these users? Not in a container that knows no user but root. True for everybody else. */
bool sandbox_has_users(void);
/* For a child of root's: becomes this user, in no other group; nothing to do for others. False, and errno. */
bool sandbox_become(uid_t user);
/* Creates a folder that this user may write to. */
bool sandbox_writable_folder(const char *path, uid_t user, GString *error);

/* Where a path lies for the command: `inside` where there are name spaces, else `outside`. */
const char *sandbox_path(const char *outside, const char *inside);

#endif
