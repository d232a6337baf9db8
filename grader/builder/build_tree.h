/*
 * The pristine tree for build.c: copies of what a submission may see.
 */
#ifndef GRADER_BUILDER_BUILD_TREE_H
#define GRADER_BUILDER_BUILD_TREE_H

#include "grader/rubric/rubric.h"

#include <glib.h>
#include <stdbool.h>

/* Makes TREE with common/ and assignments/NAME (headers only), also of those that the rubric uses,
 * tools/launch, and in lib/ the kit's archives:
 *     libcommon.a      the library
 *     program.a        the assignment's program
 *     given-USED.a     what the student files of an assignment that it uses call
 *     course-USED.a    the course's own files of that; only where the kit has them
 * False, and an error. */
bool build_tree_new(const char *tree, const char *kit, const char *build_folder,
                    const struct rubric *rubric, GString *error);
/* Adds the same archives for the simulated cluster, in simulator/, the platforms in common/platforms
 * and tools/simulate. */
bool build_tree_add_simulator(const char *tree, const char *kit, const char *build_folder,
                              const struct rubric *rubric, GString *error);
/* Does a header that students of an assignment include hold what the regular expression says? */
bool build_tree_declares(const char *tree, const char *assignment, const char *expression);
/* LIBRARY/course-USED.a, below the tree if that is not NULL. A new string. */
char *build_tree_course(const char *tree, const char *library, const char *used);

#endif
