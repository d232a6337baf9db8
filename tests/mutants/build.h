/*
 * Building mutants quickly: the solutions are built once, as the grader builds a
 * submission; a mutant takes over that tree and those objects, and only the files
 * that its patch changes are compiled anew, in the same sandbox.
 *
 * A mutant's build lies in WORK/NAME and stays there until the kit is closed, so
 * that a second look at the same mutant finds it.
 */
#ifndef TESTS_MUTANTS_BUILD_H
#define TESTS_MUTANTS_BUILD_H

#include "grader/builder/build.h"
#include "tests/mutants/mutant.h"

/* The solutions, built. */
struct mutants_kit {
    char *work; /* a folder that the sandbox's users may pass */
    char *build_folder;
    struct workplace workplace; /* in work */
    struct rubric *rubric;
    struct collection *collection;
    char *tree;
};

/* The solutions of an assignment, ready to be changed, and to run on a device: "cuda", "emulated", or NULL, the processor. False, and an error; it is to be closed then,
 * too. */
bool mutants_kit_open(struct mutants_kit *kit, const char *assignment, const char *build_folder,
                      const char *device, GString *error);
void mutants_kit_close(struct mutants_kit *kit);

/* The assignments that it uses whose files a mutant leaves as they are: of char *, the rubric's. What these are needed
 * for needs no look. To be unref'd. */
GPtrArray *mutant_leaves(const struct mutants_kit *kit, const struct collection *collection);

/* The mutant's build, made unless it is there. simulated: for the simulated cluster, too. NULL, and
 * surprises. */
struct build *mutant_build(const struct mutants_kit *kit, const char *folder,
                           const struct collection *collection, bool simulated, GString *surprises);

#endif
