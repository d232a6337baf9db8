/* Files that can't be linked although the linker names none: which they are is tried. */
#include "grader/builder/builder.h"

enum trial { LINKS, FAILS, UNKNOWN };

static enum trial try_once(const struct builder *builder)
{
    struct sandbox_result result = builder_link_by(builder, true, true);
    const bool is_about_files = builder_is_at_limit(&result) || !builder_speaks_of_machine(&result);
    const enum trial trial = sandbox_did(&result) ? LINKS : is_about_files ? FAILS : UNKNOWN;
    sandbox_result_clear(&result);
    return trial;
}

/* A failure has to come again before a file is blamed for it. */
static enum trial try(const struct builder *builder)
{
    const enum trial trial = try_once(builder);
    return trial == FAILS ? try_once(builder) : trial;
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
    enum trial trial = try(builder); /* of the kit alone */
    bool known = trial == LINKS;
    for (guint i = 0; i < files->len; i++) {
        struct built_file *file = BUILT_FILES(builder->build, i);
        if (!taken[i])
            continue;
        file->compiles = true;
        trial = known ? try(builder) : UNKNOWN;
        known = trial != UNKNOWN;
        if (trial != FAILS)
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
