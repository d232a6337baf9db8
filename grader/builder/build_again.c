/* Objects that were made already: a submission is built again, for another program or with other files beside. */
#include "grader/builder/builder.h"

#include <string.h>

/* The file of a build by its source; NULL if there is none that compiles, or it does not link there. */
static const struct built_file *find_built(const struct build *build, const char *source)
{
    for (guint i = 0; i < build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(build, i);
        g_autofree char *its = collection_source(file->collected);
        if (file->compiles && file->links && strcmp(its, source) == 0)
            return file;
    }
    return NULL;
}

bool builder_take_object(const struct builder *builder, const char *source)
{
    const struct build *from = builder->from;
    const bool simulated = builder->flags.compile == builder->build->workplace->simulated.compile;
    if (!from || (simulated && !from->simulated_program) || !find_built(from, source))
        return false;
    g_autofree char *folder = g_path_get_dirname(from->tree);
    g_autofree char *its = builder_object_name(from->builder, source);
    g_autofree char *own = builder_object_name(builder, source);
    g_autofree char *object = simulated ? g_build_filename(from->builder->objects, its, NULL)
                                        : g_build_filename(folder, BUILDER_OBJECTS, its, NULL);
    g_autofree char *to = g_build_filename(builder->objects, own, NULL);
    g_autoptr(GString) ignored = g_string_new(NULL); /* then it is compiled */
    return workplace_copy_file(object, to, ignored);
}
