/*
 * What a submission's objects call and define, held against the rules (grader/rubric/rubric_calls.h).
 *
 * The objects are asked, not the sources: a macro, a pointer to a function or a declaration of one's
 * own hides nothing there. nm says the names and where each is used first, objdump which machine
 * instructions enter the system. What one of the files brings, all may call.
 */
#include "grader/builder/builder.h"

#include "grader/rubric/rubric_calls.h"
#include "grader/text/text.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAME 60 /* letters of a name that are shown */

/* A name that an object uses or brings. */
struct symbol {
    struct built_file *file;
    char *name;
    int line; /* 0: not known */
    bool brought;
    bool weak; /* what is brought gives way to another of the same name */
};

static void clear_symbol(void *pointer)
{
    g_free(((struct symbol *)pointer)->name);
}

/* ---- asking the objects ----------------------------------------------------------------------- */

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
static int line_in(const struct built_file *file, const char *place)
{
    g_autofree char *name = g_path_get_basename(file->collected->file->name);
    const char *slash = strrchr(place, '/');
    const char *here = slash ? slash + 1 : place;
    const size_t length = strlen(name);
    return strncmp(here, name, length) == 0 && here[length] == ':' ? atoi(here + length + 1) : 0;
}

/* Adds what one line says: of nm "/objects/file.o: name U …<tab>/kit/…/file.c:12", of the command for
 * instructions "/objects/file.o: instruction name<tab>/kit/…/file.c:12". */
static void add_symbol(const struct builder *builder, const char *line, GArray *symbols)
{
    g_auto(GStrv) parts = g_strsplit(line, "\t", 2);
    char *colon = parts[0] ? strstr(parts[0], ".o: ") : NULL;
    if (!colon)
        return;
    g_autofree char *object = g_strndup(parts[0], (gsize)(colon - parts[0]) + 2);
    struct built_file *file = file_of_object(builder, object);
    const bool is_instruction = g_str_has_prefix(colon + 4, "instruction ");
    g_auto(GStrv) word = g_strsplit(colon + 4, " ", 3);
    if (!file || g_strv_length(word) < 2)
        return;
    const struct symbol symbol = {
        .file = file,
        /* A version behind @ does not make another function of it. */
        .name = is_instruction ? g_strdup(colon + 4) : g_strndup(word[0], strcspn(word[0], "@")),
        .line = line_in(file, parts[1] ? parts[1] : ""),
        .brought = !is_instruction && !strchr("Uwv", word[1][0]),
        .weak = strchr("VW", word[1][0]),
    };
    g_array_append_val(symbols, symbol);
}

/* In the tree's folder, "$@" are objects: instructions that enter the system, with their lines. */
static const char find_instructions[] =
    "objdump -d -l --no-show-raw-insn \"$@\" | awk '\n"
    "/file format/ { object = $1 }\n"
    "/^[^ \\t].*:[0-9]+( |$)/ { place = $0 }\n"
    "/\\t(syscall|sysenter|int +\\$0x80|svc)( |\\t|$)/ {\n"
    "  sub(/^.*:\\t/, \"\"); print object \" instruction \" $1 \"\\t\" place }'";

/* Adds the symbols of objects, as a tool says them: words, then the objects. False if it could not
 * say all. */
static bool ask(const struct builder *builder, char *const *tool, const GPtrArray *objects,
                GArray *symbols)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    builder_add_words(words, tool);
    for (guint i = 0; i < objects->len; i++)
        g_ptr_array_add(words, g_strdup(objects->pdata[i]));
    struct sandbox_result result = builder_run(builder, words);
    const bool all = result.end == SANDBOX_EXITED && result.status == 0;
    g_auto(GStrv) lines = g_strsplit(result.output->str, "\n", -1);
    for (char **line = lines; all && *line; line++)
        add_symbol(builder, *line, symbols);
    sandbox_result_clear(&result);
    return all;
}

static bool ask_both(const struct builder *builder, const GPtrArray *objects, GArray *symbols)
{
    static char *const nm[] = {"nm", "-A", "-g", "-l", "-p", "--format=posix", NULL};
    static char *const instructions[] = {"sh", "-c", (char *)find_instructions, "sh", NULL};
    return ask(builder, nm, objects, symbols) && ask(builder, instructions, objects, symbols);
}

/* One object may have so many names that the answer about all is too long. */
static void ask_one_by_one(const struct builder *builder, const GPtrArray *objects, GArray *symbols)
{
    for (guint i = 0; i < objects->len; i++) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, objects->pdata[i]);
        struct built_file *file = file_of_object(builder, objects->pdata[i]);
        if (!ask_both(builder, one, symbols) && file)
            file->refused = g_strdup_printf("%s has too many functions to look through",
                                            file->collected->file->name);
    }
}

static GArray *symbols_of(const struct builder *builder)
{
    GArray *symbols = g_array_new(FALSE, FALSE, sizeof(struct symbol));
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
    if (objects->len == 0 || ask_both(builder, objects, symbols))
        return symbols;
    g_array_set_size(symbols, 0);
    ask_one_by_one(builder, objects, symbols);
    return symbols;
}

/* ---- judging ---------------------------------------------------------------------------------- */

/* What is known while the symbols are looked at. */
struct look {
    const struct builder *builder;
    GHashTable *own;               /* names that the submission's files bring */
    GHashTable *asked;             /* what the kit asks others for; NULL: not needed yet */
    GString *unusual;              /* Markdown, or NULL */
    const struct built_file *told; /* the last file that is told of there */
};

/* "file.c:12", or "file.c". */
static char *place_of(const struct symbol *symbol)
{
    const char *name = symbol->file->collected->file->name;
    return symbol->line > 0 ? g_strdup_printf("%s:%d", name, symbol->line) : g_strdup(name);
}

static void refuse(const struct symbol *symbol, const char *verb, const char *why)
{
    struct built_file *file = symbol->file;
    g_autofree char *place = place_of(symbol);
    g_autofree char *line =
        g_strdup_printf("%s %s %.*s, %s", place, verb, MOST_NAME, symbol->name, why);
    char *lines = file->refused ? g_strjoin("\n", file->refused, line, NULL) : g_strdup(line);
    g_free(file->refused);
    file->refused = lines;
}

static void tell(struct look *look, const struct symbol *symbol, const char *verb, const char *why)
{
    if (!look->unusual)
        return;
    g_autofree char *place = place_of(symbol);
    g_autofree char *name = g_strndup(symbol->name, MOST_NAME);
    if (look->told != symbol->file) {
        g_string_append(look->unusual, look->told ? "; " : "");
        text_append_code(look->unusual, place);
        g_string_append_printf(look->unusual, " %s ", verb);
    } else {
        g_string_append(look->unusual, ", ");
        if (symbol->line > 0)
            g_string_append_printf(look->unusual, "in line %d ", symbol->line);
    }
    text_append_code(look->unusual, name);
    if (why)
        g_string_append_printf(look->unusual, " (%s)", why);
    look->told = symbol->file;
}

static void judge_use(struct look *look, const struct symbol *symbol)
{
    g_autofree char *why = NULL;
    if (g_hash_table_contains(look->own, symbol->name))
        return;
    switch (rubric_calls_look_up(look->builder->rubric, symbol->name, &why)) {
    case RUBRIC_CALL_USUAL:
        break;
    case RUBRIC_CALL_REFUSED:
        refuse(symbol, g_str_has_prefix(symbol->name, "instruction ") ? "holds the" : "calls", why);
        break;
    default:
        tell(look, symbol, "calls", why);
    }
}

/* The grader is linked with the libraries that a program is. */
static bool is_in_a_library(const char *name)
{
    return g_str_has_prefix(name, "MPI_") || g_str_has_prefix(name, "PMPI_") ||
           dlsym(RTLD_DEFAULT, name);
}

/* A function with the name of one in a library takes its place, for the kit as well. (Two of the same
 * name that are both linked are the linker's to find.) */
static void judge_brought(struct look *look, const struct symbol *symbol)
{
    if (!is_in_a_library(symbol->name))
        return;
    if (!look->asked)
        look->asked = builder_asked_by_kit(look->builder, true);
    if (g_hash_table_contains(look->asked, symbol->name))
        refuse(symbol, "defines", "which the kit calls: give it another name, or make it static");
    else
        tell(look, symbol, "calls its own", "a library has one, too");
}

void builder_look_at_calls(const struct builder *builder, GString *unusual)
{
    struct look look = {
        .builder = builder, .own = g_hash_table_new(g_str_hash, g_str_equal), .unusual = unusual};
    g_autoptr(GArray) symbols = symbols_of(builder);
    for (guint i = 0; i < symbols->len; i++) {
        const struct symbol *symbol = &g_array_index(symbols, struct symbol, i);
        if (symbol->brought && !symbol->weak)
            g_hash_table_add(look.own, symbol->name);
    }
    for (guint i = 0; i < symbols->len; i++) {
        const struct symbol *symbol = &g_array_index(symbols, struct symbol, i);
        if (symbol->brought)
            judge_brought(&look, symbol);
        else
            judge_use(&look, symbol);
    }
    g_hash_table_unref(look.own);
    g_clear_pointer(&look.asked, g_hash_table_unref);
}
