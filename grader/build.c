/* Building a submission: compile file by file, replace what is missing, link. */
#include "grader/builder.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one file after the other ----------------------------------------------------- */

static bool compile_files(struct builder *builder, const struct collection *collection,
                          GString *error)
{
    g_autofree char *folder = g_build_filename(builder->build->tree, builder->assignment, NULL);
    if (g_mkdir(folder, 0755) != 0) {
        g_string_append_printf(error, "%s: %s", folder, strerror(errno));
        return false;
    }
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *collected = COLLECTED_FILES(collection, i);
        g_autofree char *from = g_build_filename(collection->folder, collected->file->name, NULL);
        g_autofree char *to = g_build_filename(folder, collected->file->name, NULL);
        if (collected->state == COLLECTED && !copy_plain_file(from, to, error))
            return false;
    }
    for (guint i = 0; i < collection->files->len; i++) {
        struct built_file file = {.collected = COLLECTED_FILES(collection, i), .links = true};
        g_autofree char *source =
            g_build_filename(builder->assignment, file.collected->file->name, NULL);
        file.compiles = file.collected->state == COLLECTED;
        if (file.compiles && builder_is_source(file.collected))
            file.compiles = builder_compile(builder, source, &file.messages);
        g_array_append_val(builder->build->files, file);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------ */

bool builder_seal(const struct builder *builder, const char *program)
{
    const char *folder = builder->objects;
    struct stat status;
    if (geteuid() == 0 && chown(folder, 0, 0) != 0)
        return false;
    return chmod(folder, 0755) == 0 &&
           (!program ||
            (lstat(program, &status) == 0 && S_ISREG(status.st_mode) &&
             (geteuid() != 0 || lchown(program, 0, 0) == 0) && chmod(program, 0755) == 0));
}

struct build *build_submission(const struct collection *collection, const struct rubric *rubric,
                               const char *kit, const char *build_folder, const char *work,
                               GString *error)
{
    struct build *build = g_new0(struct build, 1);
    struct builder builder = {.build = build,
                              .assignment = rubric->assignment,
                              .library = "lib",
                              .objects = g_build_filename(work, "objects", NULL),
                              .stubs = g_string_new(NULL)};
    struct build_flags simulated;
    gint64 began = g_get_monotonic_time();
    build->tree = g_build_filename(work, "tree", NULL);
    build->files = g_array_new(FALSE, TRUE, sizeof(struct built_file));
    bool built = build_flags_read(&builder.flags, &simulated, build_folder, error) &&
                 build_tree_new(build->tree, kit, build_folder, rubric->assignment, error) &&
                 (!simulated.compile || build_tree_add_simulator(build->tree, kit, build_folder,
                                                                 rubric->assignment, error)) &&
                 sandbox_writable_folder(builder.objects, sandbox_user(0), error) &&
                 compile_files(&builder, collection, error);
    if (built) {
        builder_link(&builder);
        built = builder_seal(&builder, build->program);
        if (!built)
            g_string_append_printf(error, "%s: %s", builder.objects, strerror(errno));
    }
    builder_new_for_simulator(build, &builder, simulated, work);
    build->seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
    build_flags_clear(&builder.flags);
    g_free(builder.objects);
    if (built)
        return build;
    build_free(build);
    return NULL;
}

void build_free(struct build *build)
{
    if (!build)
        return;
    for (guint i = 0; i < build->files->len; i++)
        g_free(BUILT_FILES(build, i)->messages);
    g_array_free(build->files, TRUE);
    builder_free_for_simulator(build);
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
