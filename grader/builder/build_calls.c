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

/* What became of a question: nobody has a fault: the answer is there. */
struct asking {
    enum culprit culprit;
    bool too_much;    /* the submission's fault: the answer is too long, or takes too long */
    GString *trouble; /* the sentence, where it is not the submission's fault */
};

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
                const GPtrArray *objects, GArray *symbols, struct asking *asking)
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
        add_symbol(builder, *line, symbols);
    sandbox_result_clear(&result);
}

static void ask_both(const struct builder *builder, const GPtrArray *objects, GArray *symbols,
                     struct asking *asking)
{
    ask(builder, &builder_find_names, objects, symbols, asking);
    ask(builder, &builder_find_instructions, objects, symbols, asking);
}

/* One object may have so many names that the answer about all is too long. */
static void ask_one_by_one(const struct builder *builder, const GPtrArray *objects, GArray *symbols,
                           struct asking *asking)
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

static GArray *symbols_of(const struct builder *builder, struct asking *asking)
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
    if (objects->len > 0)
        ask_both(builder, objects, symbols, asking);
    if (asking->culprit == CULPRIT_SUBMISSION) {
        g_array_set_size(symbols, 0);
        ask_one_by_one(builder, objects, symbols, asking);
    }
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
    struct asking asking;
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

static bool sends_signals(const char *name)
{
    static const char *const senders[] = {"raise",        "kill",    "killpg",
                                          "tgkill",       "tkill",   "sigqueue",
                                          "pthread_kill", "syscall", "pthread_sigqueue"};
    for (guint i = 0; i < G_N_ELEMENTS(senders); i++)
        if (strcmp(name, senders[i]) == 0)
            return true;
    return g_str_has_prefix(name, "instruction ");
}

static void judge_use(struct look *look, const struct symbol *symbol)
{
    g_autofree char *why = NULL;
    look->builder->build->sends_signals |= sends_signals(symbol->name);
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

/* NULL: nm could not say. */
static GHashTable *ask_kit(struct look *look)
{
    struct sandbox_result result;
    if (look->asking.culprit != CULPRIT_NOBODY)
        return NULL;
    GHashTable *asked = builder_asked_by_kit(look->builder, true, &result);
    if (asked)
        return asked;
    look->asking.culprit =
        builder_whose_fault(look->builder, BUILDER_READS_OBJECTS, &result,
                            "nm failed on the kit's own archives", look->asking.trouble);
    if (look->asking.culprit == CULPRIT_SUBMISSION) /* it is not: these are the kit's */
        look->asking.culprit = CULPRIT_MACHINE;
    sandbox_result_clear(&result);
    return NULL;
}

/* A function with the name of one in a library takes its place, for the kit as well. (Two of the same
 * name that are both linked are the linker's to find.) */
static void judge_brought(struct look *look, const struct symbol *symbol)
{
    if (!is_in_a_library(symbol->name))
        return;
    if (!look->asked)
        look->asked = ask_kit(look);
    if (!look->asked)
        return;
    if (g_hash_table_contains(look->asked, symbol->name))
        refuse(symbol, "defines", "which the kit calls: give it another name, or make it static");
    else
        tell(look, symbol, "calls its own", "a library has one, too");
}

enum culprit builder_look_at_calls(const struct builder *builder, GString *unusual,
                                   GString *trouble)
{
    struct look look = {.builder = builder,
                        .own = g_hash_table_new(g_str_hash, g_str_equal),
                        .unusual = unusual,
                        .asking = {.trouble = trouble}};
    g_autoptr(GArray) symbols = symbols_of(builder, &look.asking);
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
    return look.asking.culprit;
}
