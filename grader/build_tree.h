/*
 * The pristine tree for build.c: copies of what a submission may see.
 */
#ifndef GRADER_BUILD_TREE_H
#define GRADER_BUILD_TREE_H

#include <glib.h>
#include <stdbool.h>

/* Makes TREE with common/ and assignments/NAME (headers only), lib/libcommon.a and lib/NAME/
 * (the assignment's objects). False, and an error. */
bool build_tree_new(const char *tree, const char *kit, const char *build_folder,
                    const char *assignment, GString *error);
/* Adds the same for the simulated cluster, in simulator/, the platforms in common/platforms and
 * tools/simulate. */
bool build_tree_add_simulator(const char *tree, const char *kit, const char *build_folder,
                              const char *assignment, GString *error);

/* How to compile and link. */
struct build_flags {
    char **compile; /* NULL: not for this machine */
    char **link;
    char **libraries;
};
/* Reads BUILD_FOLDER/program.flags; simulated stays empty where the simulator is not installed. */
bool build_flags_read(struct build_flags *real, struct build_flags *simulated,
                      const char *build_folder, GString *error);
void build_flags_clear(struct build_flags *flags);

/* Copies one plain file. False, and an error. */
bool copy_plain_file(const char *from, const char *to, GString *error);

#endif
