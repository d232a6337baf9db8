/*
 * Building mutants quickly: the solutions are built once, as the grader builds a
 * submission; a mutant takes over that tree and those objects, and only the files
 * that its patch changes are compiled anew, in the same sandbox.
 *
 * A mutant's build lies in WORK/NAME and stays there until the kit is closed, so
 * that a second look at the same mutant finds it.
 */
#ifndef GRADER_TESTS_MUTANTS_BUILD_H
#define GRADER_TESTS_MUTANTS_BUILD_H

#include "grader/build.h"
#include "grader/builder.h"
#include "grader/collect.h"
#include "grader/tests/mutants.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTANTS_RUBRIC "assignments/pipeline/rubric.cfg"

/* The solutions, built. */
struct mutants_kit {
    char *work; /* a folder that the sandbox's users may pass */
    char *build_folder;
    struct rubric *rubric;
    struct collection *collection;
    char *tree;
};

static inline void mutants_kit_close(struct mutants_kit *kit)
{
    GString *ignored = g_string_new(NULL);
    char *remove[] = {"rm", "-rf", "--", kit->work, NULL};
    if (kit->work)
        mutant_run(remove, NULL, ignored);
    g_free(kit->tree);
    collection_free(kit->collection);
    rubric_free(kit->rubric);
    g_free(kit->build_folder);
    g_free(kit->work);
    g_string_free(ignored, TRUE);
}

/* Builds for both machines, in a process of its own: the sandbox's users belong to a process, and
 * those that look at mutants at the same time must not share theirs. */
static inline _Noreturn void mutants_kit_build(const struct mutants_kit *kit)
{
    g_autoptr(GString) error = g_string_new(NULL);
    struct build *build =
        build_submission(kit->collection, kit->rubric, ".", kit->build_folder, kit->work, error);
    if (build) {
        build_simulated_start(build);
        while (!build_simulated_done(build))
            poll(NULL, 0, 50);
    }
    if (!build || !build->program)
        g_printerr("the solutions can't be built: %s\n", error->str);
    _exit(build && build->program ? 0 : 1);
}

/* The solutions, ready to be changed. False, and an error. */
static inline bool mutants_kit_open(struct mutants_kit *kit, const char *build_folder,
                                    GString *error)
{
    *kit = (struct mutants_kit){.work = g_dir_make_tmp("mutants-XXXXXX", NULL),
                                .build_folder = g_strdup(build_folder),
                                .rubric = rubric_load(MUTANTS_RUBRIC, error)};
    if (!kit->work || !kit->rubric || chmod(kit->work, 0711) != 0)
        return false;
    g_autofree char *files = g_build_filename(kit->work, "submission", NULL);
    kit->tree = g_build_filename(kit->work, "tree", NULL);
    kit->collection = collect("solutions", kit->rubric, files, error);
    if (!kit->collection)
        return false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        mutants_kit_build(kit);
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* ---- one mutant ------------------------------------------------------------------------ */

/* Is the file the one of the solutions? */
static inline bool mutant_leaves(const struct mutants_kit *kit, const struct collection *collection,
                                 const char *name)
{
    g_autofree char *one = g_build_filename(kit->collection->folder, name, NULL);
    g_autofree char *other = g_build_filename(collection->folder, name, NULL);
    g_autofree char *a = NULL, *b = NULL;
    return g_file_get_contents(one, &a, NULL, NULL) && g_file_get_contents(other, &b, NULL, NULL) &&
           strcmp(a, b) == 0;
}

/* What cp copies with the options into the folder `to`. */
static inline bool mutant_copy(const char *options, const char *from, const char *to,
                               GString *surprises)
{
    g_autofree char *inside = g_strconcat(from, "/.", NULL);
    char *words[] = {"cp", (char *)options, "--", inside, (char *)to, NULL};
    return mutant_run(words, NULL, surprises);
}

/* The tree of the solutions (links) with the mutant's own files. */
static inline bool mutant_make_tree(const struct mutants_kit *kit,
                                    const struct collection *collection, const char *tree,
                                    GString *surprises)
{
    if (g_mkdir(tree, 0755) != 0 || !mutant_copy("-al", kit->tree, tree, surprises))
        return false;
    for (guint i = 0; i < collection->files->len; i++) {
        const char *name = COLLECTED_FILES(collection, i)->file->name;
        g_autofree char *from = g_build_filename(collection->folder, name, NULL);
        g_autofree char *to = g_build_filename(tree, kit->rubric->assignment, name, NULL);
        if (!mutant_leaves(kit, collection, name) &&
            (g_unlink(to) != 0 || !copy_plain_file(from, to, surprises)))
            return false;
    }
    return true;
}

/* Compiles what is changed, into a folder that holds the rest already. */
static inline bool mutant_compile(const struct mutants_kit *kit, const struct builder *builder,
                                  const char *objects, const struct collection *collection,
                                  GString *surprises)
{
    g_autofree char *program = g_build_filename(builder->objects, "program", NULL);
    if (!sandbox_writable_folder(builder->objects, sandbox_user(builder->slot), surprises) ||
        !mutant_copy("-r", objects, builder->objects, surprises))
        return false;
    g_unlink(program);
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        g_autofree char *source = g_build_filename(kit->rubric->assignment, file->file->name, NULL);
        g_autofree char *name = builder_object_name(source);
        g_autofree char *object = g_build_filename(builder->objects, name, NULL);
        g_autofree char *messages = NULL;
        if (!builder_is_source(file) || mutant_leaves(kit, collection, file->file->name))
            continue;
        g_unlink(object);
        if (!builder_compile(builder, source, &messages)) {
            g_string_append_printf(surprises, "%s does not compile: %s\n", source,
                                   messages ? messages : "");
            return false;
        }
    }
    return true;
}

static inline bool mutant_link_simulated(struct build *build, GString *surprises)
{
    struct sandbox_result result = builder_link_once(build->builder);
    g_autofree char *program = g_build_filename(build->builder->objects, "program", NULL);
    bool linked =
        result.end == SANDBOX_EXITED && result.status == 0 && builder_seal(build->builder, program);
    if (!linked)
        g_string_append(surprises, "it can't be linked for the simulator\n");
    sandbox_result_clear(&result);
    return linked;
}

/* The mutant's build, made unless it is there. simulated: for the simulated cluster, too. NULL, and
 * surprises. */
static inline struct build *mutant_build(const struct mutants_kit *kit, const char *folder,
                                         const struct collection *collection, bool simulated,
                                         GString *surprises)
{
    struct build *build = g_new0(struct build, 1);
    struct builder builder = {.build = build,
                              .assignment = kit->rubric->assignment,
                              .library = "lib",
                              .objects = g_build_filename(folder, "objects", NULL),
                              .stubs = g_string_new(NULL)};
    struct build_flags flags;
    build->tree = g_build_filename(folder, "tree", NULL);
    build->files = g_array_new(FALSE, TRUE, sizeof(struct built_file));
    for (guint i = 0; i < collection->files->len; i++) {
        struct built_file file = {COLLECTED_FILES(collection, i), true, true, NULL};
        g_array_append_val(build->files, file);
    }
    g_autofree char *objects = g_build_filename(kit->work, "objects", NULL);
    g_autofree char *for_simulator = g_build_filename(kit->work, "simulator", NULL);
    g_autofree char *program = g_build_filename(builder.objects, "program", NULL);
    bool built = build_flags_read(&builder.flags, &flags, kit->build_folder, surprises) &&
                 (g_file_test(build->tree, G_FILE_TEST_EXISTS) ||
                  mutant_make_tree(kit, collection, build->tree, surprises));
    if (built && g_file_test(program, G_FILE_TEST_EXISTS)) {
        build->program = g_strdup(program);
    } else if (built && mutant_compile(kit, &builder, objects, collection, surprises)) {
        builder_link(&builder);
        built = build->program && builder_seal(&builder, build->program);
    } else {
        built = false;
    }
    builder_new_for_simulator(build, &builder, flags, folder);
    if (built && simulated && flags.compile) {
        g_autofree char *path = g_build_filename(build->builder->objects, "program", NULL);
        built = g_file_test(path, G_FILE_TEST_EXISTS) ||
                (mutant_compile(kit, build->builder, for_simulator, collection, surprises) &&
                 mutant_link_simulated(build, surprises));
        build->simulated_program = g_strdup(path);
    } else if (flags.compile) {
        build->simulated_trouble = g_strdup("not looked at in a hurry");
    }
    build_flags_clear(&builder.flags);
    g_free(builder.objects);
    if (built)
        return build;
    if (surprises->len == 0)
        g_string_append_printf(surprises, "it can't be built: %s\n",
                               build->trouble ? build->trouble : "no reason is known");
    build_free(build);
    return NULL;
}

#endif
