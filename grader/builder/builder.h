/*
 * What build.c, build_calls.c, build_simulator.c, build_tools.c and build_link.c share; tests/mutants builds with it,
 * too.
 */
#ifndef GRADER_BUILDER_BUILDER_H
#define GRADER_BUILDER_BUILDER_H

#include "grader/builder/build.h"
#include "grader/builder/build_tree.h"
#include "grader/sandbox/sandbox.h"

struct builder {
    struct build *build;
    const struct rubric *rubric;
    GPtrArray
        *course; /* of char *: the assignments that it uses whose files the course's stand in for */
    struct build_flags flags;
    const char *library; /* folder of the tree with the kit's archives: see build_tree.h */
    int slot;            /* of the sandbox's user */
    char *objects;       /* outside */
    GString *stubs;      /* source of the functions that stand in for missing ones */
};

#define BUILDER_STUBS "missing.c" /* in the tree */

/* Runs a command in the tree; takes the array of words over, without a NULL at its end. */
struct sandbox_result builder_run(const struct builder *builder, GPtrArray *words);
void builder_add_words(GPtrArray *words, char *const *more); /* copies */

/* Compiles a source of the tree. messages: what the compiler said, a new string or NULL. */
bool builder_compile(const struct builder *builder, const char *source, char **messages);
/* The beginning of what a tool printed about a file, and why it ended if that was odd; or NULL. */
char *builder_messages(const struct sandbox_result *result, const char *file);

/* For ASSIGNMENT/file.c, or another/file.c: "file.o", "another-file.o". A new string. */
char *builder_object_name(const struct builder *builder, const char *source);
/* A path in the folder of objects, as the command sees it. A new string. */
char *builder_object_path(const struct builder *builder, const char *name);
bool builder_is_source(const struct collected_file *file);
/* Is it a source that compiles, may be linked, and is not replaced? */
bool builder_takes(const struct built_file *file);

/* Looks at what the objects call and define: fills `refused` of each file, and adds to `unusual` (may be
 * NULL). Call it before linking. */
void builder_look_at_calls(const struct builder *builder, GString *unusual);
/* What the kit's own objects ask others for: a set of names. with_library: those of common/, too. */
GHashTable *builder_asked_by_kit(const struct builder *builder, bool with_library);

/* Links the program: fills build->program, or build->trouble. */
void builder_link(struct builder *builder); /* after builder_look_at_calls */
/* One attempt at that, with the files that compile and link on the real machine and what stands in
 * for the others. */
struct sandbox_result builder_link_once(const struct builder *builder);

/* Keeps for the second build what it needs; takes over the flags, and the first one's stubs and
 * `course`. */
void builder_new_for_simulator(struct build *build, const struct builder *first,
                               struct build_flags flags, const char *work);
void builder_free_for_simulator(struct build *build);

/* From now on nobody but the grader writes to the objects, and every sandbox may read them and the
 * program (may be NULL). False, and errno. */
bool builder_seal(const struct builder *builder, const char *program);

#endif
