/*
 * Linking what compiles: functions of files that are missing are replaced, and a
 * file that can't be linked is taken out and blamed.
 */
#include "grader/builder/builder.h"

#include <string.h>

/* The archives of the kit that go into the program as a whole, so that a file that brings its own
 * MPI_Send or log is noticed. */
static GPtrArray *kit_archives(const struct builder *builder)
{
    GPtrArray *archives = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(archives, g_build_filename(builder->library, "program.a", NULL));
    for (guint i = 0; i < builder->rubric->uses->len; i++) {
        g_autofree char *given =
            g_strdup_printf("given-%s.a", (char *)builder->rubric->uses->pdata[i]);
        g_ptr_array_add(archives, g_build_filename(builder->library, given, NULL));
    }
    for (guint i = 0; i < builder->course->len; i++)
        g_ptr_array_add(archives,
                        build_tree_course(NULL, builder->library, builder->course->pdata[i]));
    return archives;
}

#define CHOOSES_LINKER "-fuse-ld="

/* by_usual: by the compiler's own linker, whatever the flags say. */
static struct sandbox_result link_by(const struct builder *builder, bool by_usual)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    builder_add_words(words, builder->flags.link);
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        if (!builder_takes(file))
            continue;
        g_autofree char *source = collection_source(file->collected);
        g_autofree char *name = builder_object_name(builder, source);
        g_ptr_array_add(words, builder_object_path(builder, name));
    }
    if (builder->stubs->len > 0)
        g_ptr_array_add(words, builder_object_path(builder, "missing.o"));
    g_autoptr(GPtrArray) archives = kit_archives(builder);
    g_ptr_array_add(words, g_strdup("-Wl,--whole-archive"));
    for (guint i = 0; i < archives->len; i++)
        g_ptr_array_add(words, g_strdup(archives->pdata[i]));
    g_ptr_array_add(words, g_build_filename(builder->library, "libcommon.a", NULL));
    g_ptr_array_add(words, g_strdup("-Wl,--no-whole-archive"));
    for (char **word = builder->flags.libraries; *word; word++)
        if (!by_usual || !g_str_has_prefix(*word, CHOOSES_LINKER))
            g_ptr_array_add(words, g_strdup(*word));
    g_ptr_array_add(words, g_strdup("-o"));
    g_ptr_array_add(words, builder_object_path(builder, "program"));
    return builder_run(builder, words);
}

/* What a fast linker refuses is linked again by the usual one: its messages are those that are read. */
struct sandbox_result builder_link_once(const struct builder *builder)
{
    struct sandbox_result result = link_by(builder, false);
    bool chosen = false;
    for (char **word = builder->flags.libraries; *word; word++)
        chosen = chosen || g_str_has_prefix(*word, CHOOSES_LINKER);
    if (!chosen || (result.end == SANDBOX_EXITED && result.status == 0))
        return result;
    sandbox_result_clear(&result);
    return link_by(builder, true);
}

/* The symbol of "undefined reference to `symbol'", or NULL. */
static char *undefined_symbol(const char *line)
{
    static const char before[] = "undefined reference to `";
    const char *found = strstr(line, before);
    if (!found)
        return NULL;
    const char *symbol = found + strlen(before);
    return g_strndup(symbol, strcspn(symbol, "'"));
}

GHashTable *builder_asked_by_kit(const struct builder *builder, bool with_library)
{
    GHashTable *symbols = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    char *nm[] = {"nm", "-u", "--format=posix", NULL};
    builder_add_words(words, nm);
    g_autoptr(GPtrArray) archives = kit_archives(builder);
    for (guint i = 0; i < archives->len; i++)
        g_ptr_array_add(words, g_strdup(archives->pdata[i]));
    if (with_library)
        g_ptr_array_add(words, g_build_filename(builder->library, "libcommon.a", NULL));
    struct sandbox_result result = builder_run(builder, words);
    /* It prints "symbol U". */
    g_auto(GStrv) lines = g_strsplit(result.output->str, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_suffix(*line, " U ") || strstr(*line, " U"))
            g_hash_table_add(symbols, g_strndup(*line, strcspn(*line, " ")));
    sandbox_result_clear(&result);
    return symbols;
}

/* The file that a line of the linker speaks of: the one named first. */
static struct built_file *blamed_file(const struct builder *builder, const char *line)
{
    struct built_file *blamed = NULL;
    const char *first = NULL;
    for (guint i = 0; i < builder->build->files->len; i++) {
        struct built_file *file = BUILT_FILES(builder->build, i);
        if (!builder_takes(file))
            continue;
        g_autofree char *source = collection_source(file->collected);
        g_autofree char *place = g_strconcat(source, ":", NULL);
        g_autofree char *name = builder_object_name(builder, source);
        g_autofree char *object = g_strdup_printf("/%s:", name);
        const char *found[] = {strstr(line, place), strstr(line, object)};
        for (int k = 0; k < 2; k++)
            if (found[k] && (!first || found[k] < first)) {
                first = found[k];
                blamed = file;
            }
    }
    return blamed;
}

/* Writes functions that end the program for those that a missing file should have brought. */
static bool add_stub(struct builder *builder, GHashTable *asked, const char *symbol)
{
    if (!g_hash_table_remove(asked, symbol))
        return false;
    if (builder->stubs->len == 0)
        g_string_append(builder->stubs, "/* Written by the grader. */\n_Noreturn void fatal_at("
                                        "const char *function, const char *format, ...);\n");
    g_string_append_printf(builder->stubs,
                           "void %s(void);\nvoid %s(void)\n{\n    fatal_at(\"%s\", \"this function "
                           "is not there: its file is missing or does not compile\");\n}\n",
                           symbol, symbol, symbol);
    return true;
}

/* Reads the linker's messages: adds stubs, or takes out a file that can't be linked. Returns
 * whether linking again may help. */
static bool mend(struct builder *builder, GHashTable *asked, const struct sandbox_result *result)
{
    g_auto(GStrv) lines = g_strsplit(result->output->str, "\n", -1);
    bool mended = false;
    for (char **line = lines; *line; line++) {
        g_autofree char *symbol = undefined_symbol(*line);
        if (symbol && (add_stub(builder, asked, symbol) || strstr(builder->stubs->str, symbol))) {
            mended = true;
            continue;
        }
        if (!symbol && !strstr(*line, "multiple definition of"))
            continue;
        struct built_file *file = blamed_file(builder, *line);
        if (!file && line > lines)
            file = blamed_file(builder, line[-1]);
        if (file) {
            file->compiles = file->links = false;
            g_autofree char *linker = builder_messages(result, file->collected->file->name);
            char *messages = g_strconcat(file->messages ? file->messages : "", linker, NULL);
            g_free(file->messages);
            file->messages = messages;
            return true; /* the other messages may be gone without it */
        }
    }
    return mended;
}

static bool compile_stubs(struct builder *builder)
{
    g_autofree char *path = g_build_filename(builder->build->tree, BUILDER_STUBS, NULL);
    char *messages = NULL;
    bool compiled = g_file_set_contents_full(path, builder->stubs->str, (gssize)builder->stubs->len,
                                             G_FILE_SET_CONTENTS_NONE, 0644, NULL) &&
                    builder_compile(builder, BUILDER_STUBS, &messages);
    g_free(messages);
    return compiled;
}

void builder_link(struct builder *builder)
{
    g_autoptr(GHashTable) asked = NULL;
    struct build *build = builder->build;
    guint attempts = build->files->len + 3;
    for (guint attempt = 0; attempt < attempts; attempt++) {
        struct sandbox_result result = builder_link_once(builder);
        bool linked = result.end == SANDBOX_EXITED && result.status == 0;
        if (linked)
            build->program = g_build_filename(builder->objects, "program", NULL);
        else if (!asked)
            asked = builder_asked_by_kit(builder, false);
        bool again = !linked && mend(builder, asked, &result) &&
                     (builder->stubs->len == 0 || compile_stubs(builder));
        if (!linked && !again)
            build->trouble = builder_messages(&result, "the program");
        sandbox_result_clear(&result);
        if (!again)
            break;
    }
    if (!build->program && !build->trouble)
        build->trouble = g_strdup("the program can't be linked");
}
