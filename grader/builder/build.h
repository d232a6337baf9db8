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
 * those can't be used, and the kit has the course's own (make builds them from
 * solutions/), they stand in for them.
 *
 * How to compile and link comes from the file program.flags in the build folder,
 * which make writes: line 1 the compiler with its flags, line 2 the linker (the
 * compiler again) with the flags before the objects, line 3 the libraries. Lines
 * 4 to 6 say the same for the simulated cluster; they are not there where the
 * simulator is not installed.
 *
 * For the simulated cluster a submission is built a second time, while the first
 * checks already run: build_simulator.c.
 */
#ifndef GRADER_BUILDER_BUILD_H
#define GRADER_BUILDER_BUILD_H

#include "grader/submission/collect.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct built_file {
    const struct collected_file *collected;
    bool compiles; /* false, too, if it is missing or refused; true for what is no C file */
    bool links;    /* false if it compiles, but does not go with the rest */
    char
        *refused; /* NULL, or what it calls and may not, a line each (grader/rubric/rubric_calls.h):
                     * then it is no part of the program */
    char *refused_simulated; /* the same where it does so on the simulated cluster only */
    bool replaced;           /* of another assignment: the course's own file stands in for it */
    char *messages;          /* the compiler's and linker's, clean and bounded; NULL: none */
};

/* A process that builds; pid 0: none. */
struct build_child {
    pid_t pid;
    int pipe; /* closed on its side when it has ended */
};

struct build {
    char *tree;        /* the pristine tree, to be bound read-only at BUILD_TREE */
    char *program;     /* the program as the grader sees it; NULL if it could not be built */
    GArray *files;     /* of struct built_file, in the order of the collection */
    char *trouble;     /* NULL, or why there is no program: the grader's own fault */
    GString *replaced; /* Markdown: which assignments' files the course's stand in for; or empty */
    bool sanitized;    /* is it compiled with sanitizers? */
    GString *unusual;  /* Markdown: calls for the instructor to look at; or empty */
    double seconds;
    struct builder *builder;  /* for the second build */
    char *simulated_program;  /* the same for the simulated cluster; NULL: not built (yet) */
    char *simulated_trouble;  /* NULL, or why there is none and will be none */
    struct build_child child; /* that makes it */
};

#define BUILT_FILES(build, i) (&g_array_index((build)->files, struct built_file, i))

/* Where the tree lies inside the sandbox. */
#define BUILD_TREE "/kit"

/* kit: the kit's folder; build_folder: where make built libcommon.a and the assignment's
 * program.a; work: a folder of the grader's own. NULL, with an error, if something of the kit is
 * missing or can't be copied. */
struct build *build_submission(const struct collection *collection, const struct rubric *rubric,
                               const char *kit, const char *build_folder, const char *work,
                               GString *error);
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

const struct built_file *build_find(const struct build *build, const char *name);

#endif
