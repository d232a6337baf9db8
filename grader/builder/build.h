/*
 * Building a submission in the sandbox.
 *
 * The tree that the compiler sees holds the headers of common/ and of the
 * assignment, the collected files, and the kit's own objects: no solutions, no
 * grader. Each file is compiled by itself, so that one that does not compile, or
 * is missing, takes nothing else with it: its functions are replaced by ones
 * that say so and end the program.
 *
 * An assignment that uses others gets the student's files of these as well. Where
 * those can't be used, or the caller says so, and the kit has the course's own (make
 * builds them from solutions/), they stand in for them.
 *
 * A file is blamed where the compiler or the linker names a line or a name of it,
 * or where it takes them past the sandbox's limits. What else goes wrong is tried
 * once more, then the workplace's control is asked (build_doubts.c). If that fails,
 * too, it is the machine's fault. Else it is the file's: of the linker's failures
 * where the kit can be linked without it and not with it (build_trial.c). Where a
 * tool speaks of what machines do, or no such file is found, nobody knows. In neither
 * of these cases is there a program, and nothing that would need it costs points.
 *
 * For the simulated cluster a submission is built a second time, while the first
 * checks already run: build_simulator.c.
 */
#ifndef GRADER_BUILDER_BUILD_H
#define GRADER_BUILDER_BUILD_H

#include "grader/submission/collect.h"
#include "grader/verdict/judge.h"
#include "grader/workplace/workplace.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct built_file {
    const struct collected_file *collected;
    bool compiles; /* false, too, if it is missing or refused; true for what is no C file */
    bool links;    /* false if it compiles, but does not go with the rest */
    /* Why it does not, "it defines x (line 3), and so does b.c (line 5)", or NULL: see `messages`; and
     * what to look at. */
    char *fault;
    const char *fault_look;
    /* NULL, or what it calls and may not, a line each (grader/rubric/rubric_calls.h): then it is no part
     * of the program. */
    char *refused;
    char *refused_simulated; /* the same where it does so on the simulated cluster only */
    bool replaced;           /* of another assignment: the course's own file stands in for it */
    enum culprit culprit;    /* where it does not compile or link */
    char *messages;          /* the compiler's and linker's, clean and bounded; NULL: none */
};

/* A process that builds; pid 0: none. */
struct build_child {
    pid_t pid;
    int pipe; /* closed on its side when it has ended */
};

struct build {
    const struct workplace *workplace;
    char *tree;           /* the pristine tree, to be bound read-only at BUILD_TREE */
    char *program;        /* the program as the grader sees it; NULL if it could not be built */
    GArray *files;        /* of struct built_file, in the order of the collection */
    char *trouble;        /* NULL, or why there is no program … */
    enum culprit culprit; /* … and whose doing that is */
    GString *replaced;  /* Markdown: which assignments' files the course's stand in for; or empty */
    bool sanitized;     /* is it compiled with sanitizers? */
    bool sends_signals; /* may it send one, itself included? Else one comes from outside */
    GString *unusual;   /* Markdown: calls for the instructor to look at; or empty */
    double seconds;
    struct builder *builder;        /* for the second build */
    char *simulated_program;        /* the same for the simulated cluster; NULL: not built (yet) */
    char *simulated_trouble;        /* NULL, or why there is none and will be none … */
    enum culprit simulated_culprit; /* … and whose doing that is */
    struct build_child child;       /* that makes it */
};

#define BUILT_FILES(build, i) (&g_array_index((build)->files, struct built_file, i))

/* Where the tree lies inside the sandbox. */
#define BUILD_TREE WORKPLACE_TREE

/* workplace: prepared; it must outlive the build. Its build folder is where make built libcommon.a and
 * the assignment's program.a. NULL, with an error, if something of the kit is missing or can't be
 * copied. */
struct build *build_submission(const struct collection *collection, const struct rubric *rubric,
                               const struct workplace *workplace, GString *error);
/* The same once more, for another program or with other files beside. */
struct build_again {
    const char *folder; /* its own, which is there and the sandbox's users may pass */
    /* Of char *, some of the rubric's `uses`, of which build_has_course is true: of these the course's files are
     * taken, whatever the submission has; NULL: of none. */
    const GPtrArray *course;
    const struct build *
        from; /* of the same files: what it has compiled is not compiled again; must outlive this */
};
struct build *build_submission_again(const struct collection *collection,
                                     const struct rubric *rubric, const struct workplace *workplace,
                                     const struct build_again *again, GString *error);
void build_free(struct build *build);

/* simulated_trouble where the simulator is not installed. */
#define BUILD_NO_SIMULATOR                                                                         \
    "the simulator is not installed; install libsimgrid-dev (tools/setup does)"

/* Starts the second build in a process of its own, if that has not been done and can be. */
void build_simulated_start(struct build *build);
/* Has it ended? Then simulated_program or simulated_trouble is filled. True as well if it was never
 * started. build->child.pipe becomes readable (end of file) when it ends. */
bool build_simulated_done(struct build *build);

/* The assignments that it uses whose files the course's stand in for: of char *, the build's. */
const GPtrArray *build_course(const struct build *build);
/* What its programs compute on: "cuda" or "emulated"; NULL: the processor. */
const char *build_device(const struct build *build);
/* Does the kit have the course's files of an assignment that it uses? A student's has not. */
bool build_has_course(const struct build *build, const char *used);

const struct built_file *build_find(const struct build *build, const char *name);

#endif
