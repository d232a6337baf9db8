/*
 * What the files of this folder share; tests/mutants builds with it, too.
 */
#ifndef GRADER_BUILDER_BUILDER_H
#define GRADER_BUILDER_BUILDER_H

#include "grader/builder/build.h"
#include "grader/builder/build_tree.h"
#include "grader/sandbox/sandbox.h"

struct builder {
    struct build *build;
    const struct rubric *rubric;
    /* Of char *: the assignments that it uses whose files the course's stand in for. */
    GPtrArray *course;
    const struct build *from;     /* of the same files: what it has compiled is taken; or NULL */
    struct workplace_flags flags; /* the workplace's */
    const char *library;          /* folder of the tree with the kit's archives: see build_tree.h */
    int slot;                     /* of the sandbox's user */
    char *objects;                /* outside */
    GString *stubs;               /* source of the functions that stand in for missing ones */
};

#define BUILDER_STUBS   "missing.c" /* in the tree */
#define BUILDER_OBJECTS "objects"   /* beside it: those for this computer */

/* Runs a command in the tree; takes the array of words over, without a NULL at its end. */
struct sandbox_result builder_run(const struct builder *builder, GPtrArray *words);
void builder_add_words(GPtrArray *words, char *const *more); /* copies */

/* Compiles a source of the tree: whose doing it is if that fails; nobody's: it compiles. messages: what
 * the compiler said, or the sentence on the machine; a new string or NULL. */
enum culprit builder_compile(const struct builder *builder, const char *source, char **messages);
/* Takes the object of a source from the build that this one is made from. False: there is none, and it is to be
 * compiled. */
bool builder_take_object(const struct builder *builder, const char *source);
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
 * NULL). Call it before linking. Where it could not look: whose doing that is, and a sentence. */
enum culprit builder_look_at_calls(const struct builder *builder, GString *unusual,
                                   GString *trouble);
/* What the kit's own objects ask others for: a set of names. with_library: those of common/, too. NULL, with
 * the culprit and the sentence: nm did not say. */
GHashTable *builder_asked_by_kit(const struct builder *builder, bool with_library,
                                 enum culprit *culprit, GString *trouble);

/* ---- whose fault? build_doubts.c ------------------------------------------------------------------- */

/* Was it stopped at a limit of the sandbox's, of which each submission has as much as it needs? */
bool builder_is_at_limit(const struct sandbox_result *result);

/* A tool that reads objects, which stand behind its words. */
struct builder_tool {
    const char *name;
    char *const *words;
    const char *finds; /* in the workplace's control */
};
/* One prints the names that they define and use, one the instructions that enter the system, and of
 * each object that it was looked at. */
extern const struct builder_tool builder_find_names, builder_find_instructions;

/* Does the tool itself, and no message about a line or a name, speak of what machines do? */
bool builder_speaks_of_machine(const struct sandbox_result *result);

enum builder_part { BUILDER_COMPILES, BUILDER_LINKS, BUILDER_READS_OBJECTS };
/* A tool has failed, and the reason may be the machine's: repeats the part of the control that fits. If
 * that fails: the machine, and its sentence. Else what is at a limit is the submission's fault, also what
 * the tool failed on without a word of what machines do, unless it is the linker; of the rest nobody knows;
 * then the sentence says what the tool did ("the linker failed", …). */
enum culprit builder_whose_fault(const struct builder *builder, enum builder_part part,
                                 const struct sandbox_result *result, const char *what,
                                 GString *trouble);

/* The file that a line of the linker speaks of: the one named first; NULL: none. */
struct built_file *builder_blamed_file(const struct builder *builder, const char *line);
/* The symbol of "undefined reference to `symbol'", a new string; NULL: the line says something else. */
char *builder_undefined_symbol(const char *line);
/* Fills `fault` of a file by a line of the linker that blames it. False if it says nothing known. */
bool builder_tell_fault(const struct builder *builder, struct built_file *file, const char *line);

/* Links the program: fills build->program, or build->trouble. */
void builder_link(struct builder *builder); /* after builder_look_at_calls */
/* One attempt at that, with the files that compile and link on the real machine and what stands in
 * for the others. */
struct sandbox_result builder_link_once(const struct builder *builder);

/* The same by one linker. by_usual: by the compiler's own, whatever the flags say. trial: what is not there is
 * not asked for, and what comes of it is no program. */
struct sandbox_result builder_link_by(const struct builder *builder, bool by_usual, bool trial);

/* The linker has failed with `result` and named no file: tries which files it can't link, one after the
 * other, beside the kit's own objects, and takes those out and blames them. Has one been found? None is
 * where the kit's objects can't be linked alone. */
bool builder_blame_by_trial(const struct builder *builder, const struct sandbox_result *result);

/* Keeps for the second build what it needs; takes over the flags, and the first one's stubs and
 * `course`. */
void builder_new_for_simulator(struct build *build, const struct builder *first,
                               struct workplace_flags flags, const char *work);
void builder_free_for_simulator(struct build *build);

#endif
