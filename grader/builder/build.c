/* Building a submission: compile file by file, replace what is missing, link. */
#include "grader/builder/builder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* ---- one file after the other ----------------------------------------------------- */

/* Copies the sources to the tree, the folder of each assignment made as it comes. */
static bool copy_sources(struct builder *builder, const struct collection *collection,
                         GString *error)
{
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *collected = COLLECTED_FILES(collection, i);
        g_autofree char *source = collection_source(collected);
        g_autofree char *from = g_build_filename(collection->folder, collected->file->name, NULL);
        g_autofree char *to = g_build_filename(builder->build->tree, source, NULL);
        g_autofree char *folder = g_path_get_dirname(to);
        if (g_mkdir(folder, 0755) != 0 && errno != EEXIST) {
            g_string_append_printf(error, "%s: %s", folder, strerror(errno));
            return false;
        }
        if (collected->state == COLLECTED && !workplace_copy_file(from, to, error))
            return false;
    }
    return true;
}

/* What can't be compiled here by no fault of its own leaves no program that could be judged. */
static void give_up(struct build *build, enum culprit culprit, char *trouble)
{
    if (build->trouble) {
        g_free(trouble);
        return;
    }
    build->trouble = trouble;
    build->culprit = culprit;
}

static void compile_files(struct builder *builder, const struct collection *collection)
{
    for (guint i = 0; i < collection->files->len && !builder->build->trouble; i++) {
        struct built_file file = {.collected = COLLECTED_FILES(collection, i), .links = true};
        g_autofree char *source = collection_source(file.collected);
        file.compiles = file.collected->state == COLLECTED;
        if (file.compiles && builder_is_source(file.collected) &&
            !builder_take_object(builder, source))
            file.culprit = builder_compile(builder, source, &file.messages);
        file.compiles = file.compiles && file.culprit == CULPRIT_NOBODY;
        if (file.culprit == CULPRIT_MACHINE || file.culprit == CULPRIT_UNKNOWN)
            give_up(builder->build, file.culprit, g_strdup(file.messages));
        g_array_append_val(builder->build->files, file);
    }
}

/* ---- the course's own files in place of the student's --------------------------------- */

/* Why a file of another assignment can't be used, a new string; NULL: it can. */
static char *lack_of(const struct built_file *file)
{
    const struct collected_file *collected = file->collected;
    if (collected->trouble)
        return g_strdup(collected->trouble);
    if (!file->compiles)
        return g_strdup_printf("%s does not compile", collected->file->name);
    if (file->refused)
        return g_strndup(file->refused, strcspn(file->refused, "\n"));
    if (collected->todo_line > 0)
        return g_strdup_printf("%s still has its TODO", collected->file->name);
    return NULL;
}

/* What a check needs that wants the assignment's own checks to pass, it gets another way (grade/needs.h). */
static bool is_needed(const struct rubric *rubric, const char *used, const char *file)
{
    for (guint i = 0; i < rubric->checks->len; i++)
        if (!rubric_check_needs_checks_of(RUBRIC_CHECKS(rubric, i), used) &&
            g_ptr_array_find_with_equal_func(RUBRIC_CHECKS(rubric, i)->files, file, g_str_equal,
                                             NULL))
            return true;
    return false;
}

bool build_has_course(const struct build *build, const char *used)
{
    g_autofree char *archive = build_tree_course(build->tree, "lib", used);
    return g_file_test(archive, G_FILE_TEST_IS_REGULAR);
}

/* Files of one assignment are made for each other. So where one that a check needs can't be used,
 * the course's stand in for all of them, if they are here. */
static void use_course_files(struct builder *builder, const struct rubric *rubric, const char *used,
                             bool is_wanted)
{
    struct build *build = builder->build;
    g_autofree char *lack = NULL;
    for (guint i = 0; i < build->files->len && !lack && !is_wanted; i++)
        if (strcmp(BUILT_FILES(build, i)->collected->assignment, used) == 0 &&
            is_needed(rubric, used, BUILT_FILES(build, i)->collected->file->name))
            lack = lack_of(BUILT_FILES(build, i));
    if ((!lack && !is_wanted) || !build_has_course(build, used))
        return;
    for (guint i = 0; i < build->files->len; i++)
        if (strcmp(BUILT_FILES(build, i)->collected->assignment, used) == 0)
            BUILT_FILES(build, i)->replaced = true;
    g_ptr_array_add(builder->course, (gpointer)used);
    if (lack)
        g_string_append_printf(
            build->replaced, "%sThe course's own files of `%s` stand in for the submission's: %s.",
            build->replaced->len > 0 ? " " : "", used, lack);
}

const char *build_device(const struct build *build)
{
    return build->workplace ? build->workplace->device.name : NULL;
}

const GPtrArray *build_course(const struct build *build)
{
    return build->builder->course;
}

static bool is_sanitized(const struct workplace_flags *flags)
{
    for (char **word = flags->compile; *word; word++)
        if (g_str_has_prefix(*word,
                             "-fsanitize=address")) /* students' files always have "bounds" */
            return true;
    return false;
}

/* ---- the whole ------------------------------------------------------------------------ */

static void look_at_calls(struct builder *builder)
{
    g_autoptr(GString) trouble = g_string_new(NULL);
    const enum culprit culprit = builder_look_at_calls(builder, builder->build->unusual, trouble);
    if (culprit != CULPRIT_NOBODY)
        give_up(builder->build, culprit, g_strdup(trouble->str));
}

static void build_program(struct builder *builder, const struct collection *collection,
                          const GPtrArray *course)
{
    const struct rubric *rubric = builder->rubric;
    compile_files(builder, collection);
    if (!builder->build->trouble)
        look_at_calls(builder);
    if (builder->build->trouble)
        return;
    for (guint i = 0; i < rubric->uses->len; i++)
        use_course_files(builder, rubric, rubric->uses->pdata[i],
                         course && g_ptr_array_find_with_equal_func((GPtrArray *)course,
                                                                    rubric->uses->pdata[i],
                                                                    g_str_equal, NULL));
    builder_link(builder);
}

struct build *build_submission_again(const struct collection *collection,
                                     const struct rubric *rubric, const struct workplace *workplace,
                                     const struct build_again *again, GString *error)
{
    const char *kit = workplace->kit, *build_folder = workplace->build_folder;
    struct build *build = g_new0(struct build, 1);
    struct builder builder = {.build = build,
                              .rubric = rubric,
                              .flags = workplace->real,
                              .course = g_ptr_array_new(),
                              .from = again->from,
                              .library = "lib",
                              .objects = g_build_filename(again->folder, BUILDER_OBJECTS, NULL),
                              .stubs = g_string_new(NULL)};
    gint64 began = g_get_monotonic_time();
    build->workplace = workplace;
    build->tree = g_build_filename(again->folder, "tree", NULL);
    build->files = g_array_new(FALSE, TRUE, sizeof(struct built_file));
    build->replaced = g_string_new(NULL);
    build->unusual = g_string_new(NULL);
    bool built = build_tree_new(build->tree, kit, build_folder, rubric, error) &&
                 (!workplace->simulated.compile ||
                  build_tree_add_simulator(build->tree, kit, build_folder, rubric, error)) &&
                 sandbox_writable_folder(builder.objects, sandbox_user(0), error) &&
                 copy_sources(&builder, collection, error);
    if (built) {
        build->sanitized = is_sanitized(&builder.flags);
        build_program(&builder, collection, again->course);
        built = workplace_seal(builder.objects, build->program);
        if (!built)
            g_string_append_printf(error, "%s: %s", builder.objects, strerror(errno));
    }
    builder_new_for_simulator(build, &builder, workplace->simulated, again->folder);
    build->seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
    g_free(builder.objects);
    if (built)
        return build;
    build_free(build);
    return NULL;
}

struct build *build_submission(const struct collection *collection, const struct rubric *rubric,
                               const struct workplace *workplace, GString *error)
{
    const struct build_again first = {.folder = workplace->work};
    return build_submission_again(collection, rubric, workplace, &first, error);
}

void build_free(struct build *build)
{
    if (!build)
        return;
    for (guint i = 0; i < build->files->len; i++) {
        g_free(BUILT_FILES(build, i)->messages);
        g_free(BUILT_FILES(build, i)->fault);
        g_free(BUILT_FILES(build, i)->refused);
        g_free(BUILT_FILES(build, i)->refused_simulated);
    }
    g_array_free(build->files, TRUE);
    builder_free_for_simulator(build);
    g_string_free(build->replaced, TRUE);
    g_string_free(build->unusual, TRUE);
    g_free(build->tree);
    g_free(build->program);
    g_free(build->trouble);
    g_free(build);
}

const struct built_file *build_find(const struct build *build, const char *name)
{
    for (guint i = 0; i < build->files->len; i++)
        if (strcmp(BUILT_FILES(build, i)->collected->file->name, name) == 0)
            return BUILT_FILES(build, i);
    return NULL;
}
