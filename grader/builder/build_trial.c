/* Files that can't be linked although the linker names none: which they are is tried. */
#include "grader/builder/builder.h"

static bool links(const struct builder *builder)
{
    struct sandbox_result result = builder_link_by(builder, true, true);
    const bool did = sandbox_did(&result);
    sandbox_result_clear(&result);
    return did;
}

bool builder_blame_by_trial(const struct builder *builder, const struct sandbox_result *result)
{
    GArray *files = builder->build->files;
    g_autofree bool *taken = g_new0(bool, files->len);
    bool found = false;
    for (guint i = 0; i < files->len; i++) {
        taken[i] = builder_takes(BUILT_FILES(builder->build, i));
        if (taken[i])
            BUILT_FILES(builder->build, i)->compiles = false;
    }
    const bool kit_links = links(builder);
    for (guint i = 0; i < files->len; i++) {
        struct built_file *file = BUILT_FILES(builder->build, i);
        if (!taken[i])
            continue;
        file->compiles = true;
        if (!kit_links || links(builder))
            continue;
        file->compiles = file->links = false;
        file->culprit = CULPRIT_SUBMISSION;
        g_free(file->messages);
        g_autofree char *said = builder_messages(result, file->collected->file->name);
        file->messages = g_strconcat(
            "The program can be linked without this file, and not with it.\n", said, NULL);
        found = true;
    }
    return found;
}
