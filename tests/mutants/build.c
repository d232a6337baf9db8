/* Building mutants; see build.h. */
#include "tests/mutants/build.h"

#include "grader/builder/builder.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void mutants_kit_close(struct mutants_kit *kit)
{
    GString *ignored = g_string_new(NULL);
    char *remove[] = {"rm", "-rf", "--", kit->work, NULL};
    if (kit->work)
        mutant_run(remove, NULL, ignored);
    g_free(kit->tree);
    collection_free(kit->collection);
    rubric_free(kit->rubric);
    workplace_clear(&kit->workplace);
    g_free(kit->build_folder);
    g_free(kit->work);
    g_string_free(ignored, TRUE);
}

/* Builds for both machines, in a process of its own: the sandbox's users belong to a process, and
 * those that look at mutants at the same time must not share theirs. */
static _Noreturn void build_kit(const struct mutants_kit *kit)
{
    g_autoptr(GString) error = g_string_new(NULL);
    struct build *build = build_submission(kit->collection, kit->rubric, &kit->workplace, error);
    if (build) {
        build_simulated_start(build);
        while (!build_simulated_done(build))
            poll(NULL, 0, 50);
    }
    if (!build || !build->program)
        g_printerr("the solutions can't be built: %s\n", error->str);
    _exit(build && build->program ? 0 : 1);
}

bool mutants_kit_open(struct mutants_kit *kit, const char *assignment, const char *build_folder,
                      const char *device, GString *error)
{
    g_autofree char *rubric = g_build_filename("assignments", assignment, "rubric.cfg", NULL);
    *kit = (struct mutants_kit){.work = g_dir_make_tmp("mutants-XXXXXX", NULL),
                                .build_folder = g_strdup(build_folder),
                                .rubric = rubric_load(rubric, error)};
    kit->workplace = (struct workplace){.kit = ".",
                                        .build_folder = kit->build_folder,
                                        .work = g_strdup(kit->work),
                                        .device = {.name = device}};
    if (!kit->work || !kit->rubric || chmod(kit->work, 0711) != 0 ||
        !workplace_prepare(&kit->workplace, error))
        return false;
    g_autofree char *files = g_build_filename(kit->work, "submission", NULL);
    kit->tree = g_build_filename(kit->work, "tree", NULL);
    kit->collection = collection_new("solutions", kit->rubric, files, error);
    if (!kit->collection)
        return false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        build_kit(kit);
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* ---- one mutant ------------------------------------------------------------------------ */

/* Is the file the one of the solutions? */
static bool leaves(const struct mutants_kit *kit, const struct collection *collection,
                   const char *name)
{
    g_autofree char *one = g_build_filename(kit->collection->folder, name, NULL);
    g_autofree char *other = g_build_filename(collection->folder, name, NULL);
    g_autofree char *a = NULL, *b = NULL;
    return g_file_get_contents(one, &a, NULL, NULL) && g_file_get_contents(other, &b, NULL, NULL) &&
           strcmp(a, b) == 0;
}

GPtrArray *mutant_leaves(const struct mutants_kit *kit, const struct collection *collection)
{
    GPtrArray *left = g_ptr_array_new();
    for (guint u = 0; u < kit->rubric->uses->len; u++) {
        const char *used = kit->rubric->uses->pdata[u];
        bool same = true;
        for (guint i = 0; i < collection->files->len; i++) {
            const struct collected_file *file = COLLECTED_FILES(collection, i);
            same = same && (strcmp(file->assignment, used) != 0 ||
                            leaves(kit, collection, file->file->name));
        }
        if (same)
            g_ptr_array_add(left, (gpointer)used);
    }
    return left;
}

/* What cp copies with the options into the folder `to`. */
static bool copy_files(const char *options, const char *from, const char *to, GString *surprises)
{
    g_autofree char *inside = g_strconcat(from, "/.", NULL);
    char *words[] = {"cp", (char *)options, "--", inside, (char *)to, NULL};
    return mutant_run(words, NULL, surprises);
}

/* The tree of the solutions (links) with the mutant's own files. */
static bool make_tree(const struct mutants_kit *kit, const struct collection *collection,
                      const char *tree, GString *surprises)
{
    if (g_mkdir(tree, 0755) != 0 || !copy_files("-al", kit->tree, tree, surprises))
        return false;
    for (guint i = 0; i < collection->files->len; i++) {
        const char *name = COLLECTED_FILES(collection, i)->file->name;
        g_autofree char *from = g_build_filename(collection->folder, name, NULL);
        g_autofree char *source = collection_source(COLLECTED_FILES(collection, i));
        g_autofree char *to = g_build_filename(tree, source, NULL);
        if (!leaves(kit, collection, name) &&
            (g_unlink(to) != 0 || !workplace_copy_file(from, to, surprises)))
            return false;
    }
    return true;
}

/* Compiles what is changed, into a folder that holds the rest already. */
static bool compile(const struct mutants_kit *kit, const struct builder *builder,
                    const char *objects, const struct collection *collection, GString *surprises)
{
    g_autofree char *program = g_build_filename(builder->objects, "program", NULL);
    if (!sandbox_writable_folder(builder->objects, sandbox_user(builder->slot), surprises) ||
        !copy_files("-r", objects, builder->objects, surprises))
        return false;
    g_unlink(program);
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        g_autofree char *source = collection_source(file);
        g_autofree char *name = builder_object_name(builder, source);
        g_autofree char *object = g_build_filename(builder->objects, name, NULL);
        g_autofree char *messages = NULL;
        if (!builder_is_source(file) || leaves(kit, collection, file->file->name))
            continue;
        g_unlink(object);
        if (builder_compile(builder, source, &messages) != CULPRIT_NOBODY) {
            g_string_append_printf(surprises, "%s does not compile: %s\n", source,
                                   messages ? messages : "");
            return false;
        }
    }
    return true;
}

static bool link_simulated(struct build *build, GString *surprises)
{
    g_autofree char *messages = NULL;
    if (build->builder->stubs->len > 0 &&
        builder_compile(build->builder, BUILDER_STUBS, &messages) != CULPRIT_NOBODY)
        g_string_append(surprises, "what stands in for a file does not compile\n");
    struct sandbox_result result = builder_link_once(build->builder);
    g_autofree char *program = g_build_filename(build->builder->objects, "program", NULL);
    bool linked = sandbox_did(&result) && workplace_seal(build->builder->objects, program);
    if (!linked)
        g_string_append(surprises, "it can't be linked for the simulator\n");
    sandbox_result_clear(&result);
    return linked;
}

/* A builder of the mutant in a folder, and its build, in which every file compiles. */
static struct builder new_builder(const struct mutants_kit *kit, const char *folder,
                                  const struct collection *collection)
{
    struct build *build = g_new0(struct build, 1);
    build->workplace = &kit->workplace;
    build->tree = g_build_filename(folder, "tree", NULL);
    build->replaced = g_string_new(NULL);
    build->unusual = g_string_new(NULL);
    build->files = g_array_new(FALSE, TRUE, sizeof(struct built_file));
    for (guint i = 0; i < collection->files->len; i++) {
        struct built_file file = {
            .collected = COLLECTED_FILES(collection, i), .compiles = true, .links = true};
        g_array_append_val(build->files, file);
    }
    return (struct builder){.build = build,
                            .rubric = kit->rubric,
                            .flags = kit->workplace.real,
                            .course = g_ptr_array_new(),
                            .library = "lib",
                            .objects = g_build_filename(folder, "objects", NULL),
                            .stubs = g_string_new(NULL)};
}

/* What a round before has built stays. */
static bool build_real(const struct mutants_kit *kit, struct builder *builder,
                       const struct collection *collection, GString *surprises)
{
    struct build *build = builder->build;
    g_autofree char *objects = g_build_filename(kit->work, "objects", NULL);
    g_autofree char *program = g_build_filename(builder->objects, "program", NULL);
    if (!g_file_test(build->tree, G_FILE_TEST_EXISTS) &&
        !make_tree(kit, collection, build->tree, surprises))
        return false;
    if (g_file_test(program, G_FILE_TEST_EXISTS)) {
        build->program = g_strdup(program);
        return true;
    }
    if (!compile(kit, builder, objects, collection, surprises))
        return false;
    if (builder_look_at_calls(builder, build->unusual, surprises) != CULPRIT_NOBODY)
        return false;
    builder_link(builder);
    return build->program && workplace_seal(builder->objects, build->program);
}

static bool build_simulated(const struct mutants_kit *kit, struct build *build,
                            const struct collection *collection, GString *surprises)
{
    g_autofree char *objects = g_build_filename(kit->work, "simulator", NULL);
    build->simulated_program = g_build_filename(build->builder->objects, "program", NULL);
    return g_file_test(build->simulated_program, G_FILE_TEST_EXISTS) ||
           (compile(kit, build->builder, objects, collection, surprises) &&
            link_simulated(build, surprises));
}

struct build *mutant_build(const struct mutants_kit *kit, const char *folder,
                           const struct collection *collection, bool simulated, GString *surprises)
{
    struct builder builder = new_builder(kit, folder, collection);
    struct build *build = builder.build;
    const bool has_simulator = kit->workplace.simulated.compile;
    bool built = build_real(kit, &builder, collection, surprises);
    builder_new_for_simulator(build, &builder, kit->workplace.simulated, folder);
    if (built && simulated && has_simulator)
        built = build_simulated(kit, build, collection, surprises);
    else if (has_simulator)
        build->simulated_trouble = g_strdup("not looked at in a hurry");
    g_free(builder.objects);
    if (built)
        return build;
    if (surprises->len == 0)
        g_string_append_printf(surprises, "it can't be built: %s\n",
                               build->trouble ? build->trouble : "no reason is known");
    build_free(build);
    return NULL;
}
