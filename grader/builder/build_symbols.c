/* Asking objects for their names; see build_symbols.h. */
#include "grader/builder/build_symbols.h"

#include <stdlib.h>
#include <string.h>

static void clear_symbol(void *pointer)
{
    g_free(((struct builder_symbol *)pointer)->name);
}

/* The file that was compiled to an object: its path ends with the object's name. */
static struct built_file *file_of_object(const struct builder *builder, const char *path)
{
    g_autofree char *wanted = g_path_get_basename(path);
    for (guint i = 0; i < builder->build->files->len; i++) {
        struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *source = collection_source(file->collected);
        if (!builder_takes(file))
            continue;
        g_autofree char *name = builder_object_name(builder, source);
        if (strcmp(name, wanted) == 0)
            return file;
    }
    return NULL;
}

/* The line of "/kit/NAME/file.c:12 …" if that is a place in this file, else 0. */
static int line_of_place(const struct built_file *file, const char *place)
{
    g_autofree char *name = g_path_get_basename(file->collected->file->name);
    const char *slash = strrchr(place, '/');
    const char *here = slash ? slash + 1 : place;
    const size_t length = strlen(name);
    return strncmp(here, name, length) == 0 && here[length] == ':' ? atoi(here + length + 1) : 0;
}

/* Adds what one line says: of nm "/objects/file.o: name U …<tab>/kit/…/file.c:12", of the command for
 * instructions "/objects/file.o: instruction name<tab>/kit/…/file.c:12". */
static void add_symbol(const struct builder *builder, const char *line, bool is_instruction,
                       GArray *symbols)
{
    g_auto(GStrv) parts = g_strsplit(line, "\t", 2);
    char *colon = parts[0] ? strstr(parts[0], ".o: ") : NULL;
    if (!colon)
        return;
    g_autofree char *object = g_strndup(parts[0], (gsize)(colon - parts[0]) + 2);
    struct built_file *file = file_of_object(builder, object);
    g_auto(GStrv) word = g_strsplit(colon + 4, " ", 3);
    if (!file || g_strv_length(word) < 2 || (is_instruction && strcmp(word[0], "instruction") != 0))
        return;
    const struct builder_symbol symbol = {
        .file = file,
        /* A version behind @ does not make another function of it. */
        .name = is_instruction ? g_strdup(colon + 4) : g_strndup(word[0], strcspn(word[0], "@")),
        .line = line_of_place(file, parts[1] ? parts[1] : ""),
        .brought = !is_instruction && !strchr("Uwv", word[1][0]),
        .weak = strchr("VW", word[1][0]),
    };
    g_array_append_val(symbols, symbol);
}

/* In the tree's folder, "$@" are objects: instructions that enter the system, with their lines. */
static char find_instructions[] =
    "set -o pipefail; objdump -d -l --no-show-raw-insn \"$@\" | awk '\n"
    "/file format/ { object = $1; print object \" looked at\" }\n"
    "/^[^ \\t].*:[0-9]+( |$)/ { place = $0 }\n"
    "/\\t(syscall|sysenter|int +\\$0x80|svc)( |\\t|$)/ {\n"
    "  sub(/^.*:\\t/, \"\"); print object \" instruction \" $1 \"\\t\" place }'";

static char *const nm[] = {"nm", "-A", "-g", "-l", "-p", "--format=posix", NULL};
static char *const objdump[] = {"bash", "-c", find_instructions, "bash", NULL};
const struct builder_tool builder_find_names = {"nm", nm, "MPI_Sendrecv"};
const struct builder_tool builder_find_instructions = {"objdump", objdump, "looked at"};

static struct sandbox_result run_on(const struct builder *builder, const struct builder_tool *tool,
                                    const GPtrArray *objects)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    builder_add_words(words, tool->words);
    for (guint i = 0; i < objects->len; i++)
        g_ptr_array_add(words, g_strdup(objects->pdata[i]));
    return builder_run(builder, words);
}

/* Adds the symbols of objects, as a tool says them: words, then the objects. It may be that there is
 * too much to say. What else goes wrong is no fault of the objects', or not known to be. */
static void ask(const struct builder *builder, const struct builder_tool *tool,
                const GPtrArray *objects, GArray *symbols, struct builder_asking *asking)
{
    if (asking->culprit != CULPRIT_NOBODY)
        return;
    struct sandbox_result result = run_on(builder, tool, objects);
    if (!sandbox_did(&result) && !builder_is_at_limit(&result)) {
        sandbox_result_clear(&result);
        result = run_on(builder, tool, objects);
    }
    const bool all = sandbox_did(&result);
    asking->too_much = builder_is_at_limit(&result);
    g_autofree char *what = g_strdup_printf("%s failed on the submission's objects", tool->name);
    if (!all)
        asking->culprit =
            builder_whose_fault(builder, BUILDER_READS_OBJECTS, &result, what, asking->trouble);
    g_auto(GStrv) lines = g_strsplit(result.output->str, "\n", -1);
    for (char **line = lines; all && *line; line++)
        add_symbol(builder, *line, tool == &builder_find_instructions, symbols);
    sandbox_result_clear(&result);
}

static void ask_both(const struct builder *builder, const GPtrArray *objects, GArray *symbols,
                     struct builder_asking *asking)
{
    ask(builder, &builder_find_names, objects, symbols, asking);
    ask(builder, &builder_find_instructions, objects, symbols, asking);
}

/* One object may have so many names that the answer about all is too long. */
static void ask_one_by_one(const struct builder *builder, const GPtrArray *objects, GArray *symbols,
                           struct builder_asking *asking)
{
    asking->culprit = CULPRIT_NOBODY;
    for (guint i = 0; i < objects->len && asking->culprit == CULPRIT_NOBODY; i++) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, objects->pdata[i]);
        struct built_file *file = file_of_object(builder, objects->pdata[i]);
        ask_both(builder, one, symbols, asking);
        if (asking->culprit != CULPRIT_SUBMISSION || !file)
            continue;
        file->refused =
            g_strdup_printf(asking->too_much ? "%s has too many functions to look through"
                                             : "%s has sections that nm or objdump can't read",
                            file->collected->file->name);
        asking->culprit = CULPRIT_NOBODY;
    }
}

GArray *builder_symbols(const struct builder *builder, struct builder_asking *asking)
{
    GArray *symbols = g_array_new(FALSE, FALSE, sizeof(struct builder_symbol));
    g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(g_free);
    g_array_set_clear_func(symbols, clear_symbol);
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *source = collection_source(file->collected);
        if (!builder_takes(file))
            continue;
        g_autofree char *name = builder_object_name(builder, source);
        g_ptr_array_add(objects, builder_object_path(builder, name));
    }
    if (objects->len > 0)
        ask_both(builder, objects, symbols, asking);
    if (asking->culprit == CULPRIT_SUBMISSION) {
        g_array_set_size(symbols, 0);
        ask_one_by_one(builder, objects, symbols, asking);
    }
    return symbols;
}
