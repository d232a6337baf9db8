/*
 * What build.c, build_tools.c and build_link.c share.
 */
#ifndef GRADER_BUILDER_H
#define GRADER_BUILDER_H

#include "grader/build.h"
#include "grader/build_tree.h"
#include "grader/sandbox.h"

struct builder {
    struct build *build;
    const char *assignment;
    struct build_flags flags;
    char *objects;  /* outside */
    GString *stubs; /* source of the functions that stand in for missing ones */
};

/* Runs a command in the tree; takes the array of words over, without a NULL at its end. */
struct sandbox_result builder_run(const struct builder *builder, GPtrArray *words);
void builder_add_words(GPtrArray *words, char *const *more); /* copies */

/* Compiles a source of the tree. messages: what the compiler said, a new string or NULL. */
bool builder_compile(const struct builder *builder, const char *source, char **messages);
/* The beginning of what a tool printed about a file, and why it ended if that was odd; or NULL. */
char *builder_messages(const struct sandbox_result *result, const char *file);

/* pipeline/train_step_afab.c becomes train_step_afab.o. A new string. */
char *builder_object_name(const char *source);
/* A path in the folder of objects, as the command sees it. A new string. */
char *builder_object_path(const struct builder *builder, const char *name);
bool builder_is_source(const struct collected_file *file);

/* Links the program: fills build->program, or build->trouble. */
void builder_link(struct builder *builder);

#endif
