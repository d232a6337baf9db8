/*
 * The workplace: what a grade needs of the machine, made ready and proven.
 *
 * A failure that is the machine's must never be blamed on a submission. So, before the first file:
 *   - the process sets itself what could come wrong from whoever started it: umask, signals, standard
 *     streams, limits (workplace_process.c, workplace_limits.c);
 *   - a folder to work in is found that the sandbox's users can use, with room enough (workplace_folder.c);
 *   - a control, grader/workplace/control/control.c of the kit, is compiled, linked and run in the
 *     sandbox, just as a submission will be (workplace_control.c).
 * And before a submission is blamed for something that could be the machine's fault, the part of the
 * control that fits is repeated.
 *
 * All functions that return false say why in `error`: one sentence with what was found, what is needed
 * and what to change.
 */
#ifndef GRADER_WORKPLACE_WORKPLACE_H
#define GRADER_WORKPLACE_WORKPLACE_H

#include "grader/sandbox/sandbox.h"

#include <glib.h>
#include <stdbool.h>

/* How to compile and link, from the file program.flags in the build folder, which make writes: line 1
 * the compiler with its flags, line 2 the linker (the compiler again) with the flags before the objects,
 * line 3 the libraries. Lines 4 to 6 say the same for the simulated cluster; they are not there where
 * the simulator is not installed. */
struct workplace_flags {
    char **compile; /* NULL: not for this machine */
    char **link;
    char **libraries;
};

/* The GPU that programs compute on (common/base/device.h). */
struct workplace_device {
    const char *name; /* "cuda" or "emulated"; NULL: none, the processor */
    char *gpu;        /* what it calls itself, when that was proven; else NULL */
    char *folder;     /* where its library is, for all sandboxes to read */
    GArray *see;      /* of struct sandbox_bind: that folder, and what the library is linked with */
    GPtrArray *files; /* of char *: those of /dev by which it is reached; ends with NULL */
    GPtrArray *
        variables; /* of char *, "NAME=VALUE": which GPUs, as whoever grades chose them; ends with NULL */
};

struct workplace {
    const char *kit;
    const char *build_folder; /* where make built the kit */
    char *work;               /* the grader's own folder, which the sandbox's users may pass */
    char *elsewhere;          /* NULL, or why it is not in the folder that TMPDIR names */
    struct workplace_flags real, simulated;
    char *tree;                     /* the control's own, to be bound at WORKPLACE_TREE */
    char *program;                  /* the control, when it has been built; NULL before */
    struct workplace_device device; /* its name is the caller's to set, before workplace_prepare */
};

/* ---- this process ---------------------------------------------------------------------------- */

/* To be called first of all: standard streams that were closed become /dev/null, files are made with
 * umask 022, no signal is blocked or ignored but SIGPIPE and SIGXFSZ (so that a broken pipe and a file
 * that is too large are errors, which are told) and those that whoever started it had ignored on purpose
 * (SIGHUP by nohup, SIGINT and SIGQUIT by a shell for a command in the background). */
void workplace_set_up_process(void);

/* Raises the limits on resources as far as this process may, and looks whether they are enough. */
bool workplace_raise_limits(GString *error);
/* The same for those on memory, for a program to call before its libraries are set up: with too little
 * OpenBLAS waits for ever. Ends the program with a message. */
void workplace_raise_memory(void);

/* ---- the folder -------------------------------------------------------------------------------- */

/* Makes a new folder in the one that TMPDIR names, else in /tmp or /var/tmp: work, and elsewhere if it
 * is not in TMPDIR's although there is one. */
bool workplace_make_folder(struct workplace *workplace, GString *error);

/* The begin of the folder's name. */
#define WORKPLACE_NAME "grade-"
/* Folders that graders of this user left here when they were killed are removed; one that is claimed stays as long
 * as who claimed it lives, and one that is kept stays. Not being able to is no error. */
void workplace_claim_folder(const char *work);
void workplace_keep_folder(const char *work);
void workplace_sweep(const char *folder);

/* Is there still room for what one run may write? */
bool workplace_has_room(const char *folder, GString *error);
/* Lowers what a command may write to this folder to what the disk has room for, so that it is stopped before
 * the disk is full; what one run needs is left to it. */
void workplace_limit_to_room(const char *folder, struct sandbox_limits *limits);

/* ---- tools and programs in the sandbox ---------------------------------------------------------- */

/* Where things lie inside the sandbox. */
#define WORKPLACE_TREE     "/kit"
#define WORKPLACE_OBJECTS  "/objects"
#define WORKPLACE_PROGRAM  "/program"
#define WORKPLACE_EVIDENCE "/evidence"

/* Copies one plain file, for all to read. False, and an error. */
bool workplace_copy_file(const char *from, const char *to, GString *error);

/* Adds words of a command, which stay the caller's, up to their NULL; more may be NULL. */
void workplace_add_words(GPtrArray *words, char *const *more);

/* Runs the compiler or another tool in a tree (words end with NULL); it may write to the folder of
 * objects, which the slot's user owns. */
struct sandbox_result workplace_run_tool(const char *tree, const char *objects, char *const *words,
                                         int slot);
/* Bytes that a tool may take. */
size_t workplace_tool_memory(void);
/* From now on nobody but the grader writes to the folder of objects, and every sandbox may read it and
 * the program (may be NULL). False, and errno. */
bool workplace_seal(const char *objects, const char *program);

/* A program to run, on this computer or on the simulated cluster. */
struct workplace_run {
    const char *tree;     /* outside */
    const char *program;  /* outside */
    const char *evidence; /* outside: the folder that it may write to, the slot's user's */
    int ranks;
    const struct workplace_device *device; /* NULL, or without a name: the processor */
    bool simulated, synchronous;
    const char *platform;            /* of the simulated cluster, else NULL */
    char *const *arguments;          /* what stands behind the program's name; ends with NULL */
    const struct sandbox_bind *data; /* ends with from NULL; may be NULL */
    char *const *environment;        /* more of it; ends with NULL; may be NULL */
    double seconds;
    int slot;
    /* Of struct sandbox_command; may be NULL. */
    bool (*is_stuck)(void *context, double seconds);
    void (*before_end)(void *context, const GArray *pids);
    void *context;
};
void workplace_run(const struct workplace_run *run, struct sandbox_result *result);

/* ---- the control --------------------------------------------------------------------------------- */

/* Reads the flags, and makes the control's tree in work. */
bool workplace_prepare(struct workplace *workplace, GString *error);
/* The whole control: builds it, runs it on two ranks, and reads what it wrote; on the device, if there is one. */
bool workplace_prove(struct workplace *workplace, GString *error);
void workplace_clear(struct workplace *workplace);

/* The parts of it, to be repeated: does a tool or a run of this slot's user still do what it should? */
bool workplace_compiles(const struct workplace *workplace, bool simulated, int slot,
                        GString *error);
bool workplace_links(const struct workplace *workplace, bool simulated, int slot, GString *error);
/* Does a tool of this name (words, to which the control's object is added) find this in it? */
bool workplace_reads_objects(const struct workplace *workplace, const char *name,
                             char *const *words, const char *finds, int slot, GString *error);
/* Does the control run like this: with the same tree, data, ranks, machine, device and slot? */
bool workplace_runs(const struct workplace *workplace, const struct workplace_run *like,
                    GString *error);

/* ---- the device ---------------------------------------------------------------------------------- */

/* How many times as long as on the processor a run on it may take. */
double workplace_device_patience(const struct workplace_device *device);
/* For workplace_prepare: copies the library of the device, if there is one, to where programs find it, and looks what
 * else they need to see. */
bool workplace_place_device(struct workplace *workplace, GString *error);
void workplace_clear_device(struct workplace_device *device);
/* For workplace_run: shows the command all that, and lets it have what a GPU takes of the host. device may be NULL. */
void workplace_let_use(const struct workplace_device *device, int ranks, GArray *see,
                       GPtrArray *environment, struct sandbox_command *command);
/* For workplace_prove: does the built control get at it, on so many ranks? Fills `gpu`; else why not, and what to do. */
bool workplace_prove_device(struct workplace *workplace, int ranks, GString *error);
/* Its library as programs see it; a new string, or NULL: there is no device. */
char *workplace_device_library(const struct workplace_device *device);
/* Has a run of the control ended because the device can't be used? Then why, and what to do, is appended. */
bool workplace_device_refused(const struct workplace_device *device,
                              const struct sandbox_result *result, GString *error);

/* ---- words ----------------------------------------------------------------------------------------- */

/* Does what a tool or a program printed speak of something that machines do: no space, no memory, no
 * permission, an error of input or output? */
bool workplace_is_suspicious(const char *said);
/* "WHAT: what was said that tells most; what to change", appended to error. otherwise: what to change where
 * nothing that was said tells. */
void workplace_complain(GString *error, const char *what, const struct sandbox_result *result,
                        const char *otherwise);
#define WORKPLACE_REPAIR "repair that, and grade again"

#endif
