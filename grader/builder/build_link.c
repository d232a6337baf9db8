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

struct sandbox_result builder_link_by(const struct builder *builder, bool by_usual, bool trial)
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
    if (builder->stubs->len > 0 && !trial)
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
    if (trial) /* behind the libraries' own words on this (-z defs) */
        g_ptr_array_add(words, g_strdup("-Wl,--unresolved-symbols=ignore-all"));
    g_ptr_array_add(words, g_strdup("-o"));
    g_ptr_array_add(words, builder_object_path(builder, "program"));
    return builder_run(builder, words);
}

/* What a fast linker refuses is linked again by the usual one: its messages are those that are read. */
struct sandbox_result builder_link_once(const struct builder *builder)
{
    struct sandbox_result result = builder_link_by(builder, false, false);
    bool chosen = false;
    for (char **word = builder->flags.libraries; *word; word++)
        chosen = chosen || g_str_has_prefix(*word, CHOOSES_LINKER);
    if (!chosen || sandbox_did(&result))
        return result;
    sandbox_result_clear(&result);
    return builder_link_by(builder, true, false);
}

static struct sandbox_result ask_archives(const struct builder *builder, bool with_library)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    char *nm[] = {"nm", "-u", "--format=posix", NULL};
    builder_add_words(words, nm);
    g_autoptr(GPtrArray) archives = kit_archives(builder);
    for (guint i = 0; i < archives->len; i++)
        g_ptr_array_add(words, g_strdup(archives->pdata[i]));
    if (with_library)
        g_ptr_array_add(words, g_build_filename(builder->library, "libcommon.a", NULL));
    return builder_run(builder, words);
}

GHashTable *builder_asked_by_kit(const struct builder *builder, bool with_library,
                                 enum culprit *culprit, GString *trouble)
{
    struct sandbox_result result = ask_archives(builder, with_library);
    if (!sandbox_did(&result)) {
        sandbox_result_clear(&result);
        result = ask_archives(builder, with_library);
    }
    GHashTable *symbols = NULL;
    if (sandbox_did(&result)) {
        symbols = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        /* It prints "symbol U". */
        g_auto(GStrv) lines = g_strsplit(result.output->str, "\n", -1);
        for (char **line = lines; *line; line++)
            if (strstr(*line, " U"))
                g_hash_table_add(symbols, g_strndup(*line, strcspn(*line, " ")));
    } else {
        *culprit = builder_whose_fault(builder, BUILDER_READS_OBJECTS, &result,
                                       "nm failed on the kit's own archives", trouble);
        if (*culprit == CULPRIT_SUBMISSION) { /* it is not: these are the kit's */
            g_string_assign(trouble, "nm was stopped on the kit's own archives");
            *culprit = CULPRIT_MACHINE;
        }
    }
    sandbox_result_clear(&result);
    return symbols;
}

static bool has_stub(const struct builder *builder, const char *symbol)
{
    g_autofree char *begin = g_strdup_printf("\nvoid %s(void)\n{", symbol);
    return strstr(builder->stubs->str, begin);
}

/* Is there a file of the function's name in the program, which should have brought it? */
static bool has_file_for(const struct builder *builder, const char *symbol)
{
    g_autofree char *name = g_strconcat(symbol, ".c", NULL);
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *own = g_path_get_basename(file->collected->file->name);
        if (strcmp(own, name) == 0)
            return builder_takes(file);
    }
    return false;
}

/* Is it declared by an assignment that is used, of which a file is not in the program? Then the student's own code
 * calls it by right. */
static bool is_of_another(const struct builder *builder, const char *symbol)
{
    g_autofree char *declared = g_strdup_printf("\\b%s *\\(", symbol);
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        const char *assignment = file->collected->assignment;
        if (builder_takes(file) || file->replaced || !builder_is_source(file->collected) ||
            strcmp(assignment, builder->rubric->assignment) == 0)
            continue;
        if (build_tree_declares(builder->build->tree, assignment, declared))
            return true;
    }
    return false;
}

/* Writes functions that end the program for those that a missing file should have brought. */
static bool add_stub(struct builder *builder, GHashTable *asked, const char *symbol)
{
    if (!g_hash_table_remove(asked, symbol) &&
        (has_stub(builder, symbol) || !is_of_another(builder, symbol)))
        return false;
    if (builder->stubs->len == 0)
        g_string_append(builder->stubs, "/* Written by the grader. */\n_Noreturn void fatal_at("
                                        "const char *function, const char *format, ...);\n");
    g_string_append_printf(
        builder->stubs,
        "void %s(void);\nvoid %s(void)\n{\n    fatal_at(\"%s\", \"this function "
        "is not there: %s\");\n}\n",
        symbol, symbol, symbol,
        has_file_for(builder, symbol)
            ? "its file compiles, but defines no function of this name: is it spelled as "
              "in the header, and not static?"
            : "its file is missing or does not compile");
    return true;
}

/* The file can't be linked, for what a line of the messages says. */
static void take_out(struct builder *builder, struct built_file *file, const char *line,
                     const struct sandbox_result *result)
{
    builder_tell_fault(builder, file, line);
    file->compiles = file->links = false;
    file->culprit = CULPRIT_SUBMISSION;
    g_autofree char *linker = builder_messages(result, file->collected->file->name);
    char *messages = g_strconcat(file->messages ? file->messages : "", linker, NULL);
    g_free(file->messages);
    file->messages = messages;
}

/* Reads the linker's messages: adds stubs, or takes out a file that can't be linked. Returns
 * whether linking again may help. */
static bool mend(struct builder *builder, GHashTable *asked, const struct sandbox_result *result)
{
    g_auto(GStrv) lines = g_strsplit(result->output->str, "\n", -1);
    bool mended = false;
    for (char **line = lines; *line; line++) {
        g_autofree char *symbol = builder_undefined_symbol(*line);
        if (symbol && (add_stub(builder, asked, symbol) || has_stub(builder, symbol))) {
            mended = true;
            continue;
        }
        if (!symbol && !strstr(*line, "multiple definition of") &&
            !strstr(*line, "relocation truncated to fit"))
            continue;
        struct built_file *file = builder_blamed_file(builder, *line);
        if (!file && line > lines)
            file = builder_blamed_file(builder, line[-1]);
        if (file) {
            take_out(builder, file, *line, result);
            return true; /* the other messages may be gone without it */
        }
    }
    return mended;
}

/* What stands in for missing files is the grader's own: whoever's fault it is that it does not compile. */
static bool compile_stubs(struct builder *builder)
{
    struct build *build = builder->build;
    g_autofree char *path = g_build_filename(build->tree, BUILDER_STUBS, NULL);
    char *messages = NULL;
    GError *problem = NULL;
    if (!g_file_set_contents_full(path, builder->stubs->str, (gssize)builder->stubs->len,
                                  G_FILE_SET_CONTENTS_NONE, 0644, &problem)) {
        build->trouble = g_strdup(problem->message);
        build->culprit = CULPRIT_MACHINE;
        g_error_free(problem);
        return false;
    }
    const enum culprit culprit = builder_compile(builder, BUILDER_STUBS, &messages);
    if (culprit == CULPRIT_NOBODY) {
        g_free(messages);
        return true;
    }
    build->trouble = messages ? messages : g_strdup("what stands in for files does not compile");
    build->culprit = culprit == CULPRIT_SUBMISSION ? CULPRIT_KIT : culprit;
    return false;
}

/* The linker has named nothing that could be mended. */
static void give_up(struct builder *builder, const struct sandbox_result *result)
{
    struct build *build = builder->build;
    g_autoptr(GString) trouble = g_string_new(NULL);
    build->culprit =
        builder_whose_fault(builder, BUILDER_LINKS, result, "the linker failed", trouble);
    build->trouble = build->culprit == CULPRIT_SUBMISSION ? builder_messages(result, "the program")
                                                          : g_strdup(trouble->str);
}

/* What the kit asks for, once; false: nm did not say. */
static bool ask_kit(struct builder *builder, GHashTable **asked)
{
    g_autoptr(GString) trouble = g_string_new(NULL);
    if (!*asked)
        *asked = builder_asked_by_kit(builder, false, &builder->build->culprit, trouble);
    if (!*asked)
        builder->build->trouble = g_strdup(trouble->str);
    return *asked;
}

/* After a failure: has something been mended, so that linking again may help? */
static bool mend_all(struct builder *builder, GHashTable **asked,
                     const struct sandbox_result *result)
{
    const bool has_spoken = result->end == SANDBOX_EXITED || result->end == SANDBOX_OUTPUT;
    return has_spoken && ask_kit(builder, asked) && mend(builder, *asked, result) &&
           (builder->stubs->len == 0 || compile_stubs(builder));
}

void builder_link(struct builder *builder)
{
    g_autoptr(GHashTable) asked = NULL;
    struct build *build = builder->build;
    bool once_more = true;
    for (guint attempts = build->files->len + 4; attempts > 0 && !build->program && !build->trouble;
         attempts--) {
        struct sandbox_result result = builder_link_once(builder);
        if (sandbox_did(&result))
            build->program = g_build_filename(builder->objects, "program", NULL);
        else if (!mend_all(builder, &asked, &result) && !build->trouble) {
            const bool at_limit = builder_is_at_limit(&result);
            const bool is_about_files =
                at_limit || (result.output->len > 0 && !builder_speaks_of_machine(&result));
            const bool again = once_more && !at_limit;
            if (!again && !(is_about_files && builder_blame_by_trial(builder, &result)))
                give_up(builder, &result);
            once_more = false;
        }
        sandbox_result_clear(&result);
    }
    if (build->program || build->trouble)
        return;
    build->trouble = g_strdup("the program can't be linked");
    build->culprit = CULPRIT_UNKNOWN;
}
