/*
 * What a submission's objects call and define, held against the rules (grader/rubric/rubric_calls.h).
 *
 * The objects are asked, not the sources: a macro, a pointer to a function or a declaration of one's
 * own hides nothing there. What one of the files brings, all may call.
 */
#include "grader/builder/build_symbols.h"

#include "grader/rubric/rubric_calls.h"
#include "grader/text/text.h"

#include <dlfcn.h>
#include <string.h>

#define MOST_NAME 60 /* letters of a name that are shown */

/* What is known while the symbols are looked at. */
struct look {
    const struct builder *builder;
    GHashTable *own;               /* names that the submission's files bring */
    GHashTable *asked;             /* what the kit asks others for; NULL: not needed yet */
    GString *unusual;              /* Markdown, or NULL */
    const struct built_file *told; /* the last file that is told of there */
    struct builder_asking asking;
};

/* "file.c:12", or "file.c". */
static char *place_of(const struct builder_symbol *symbol)
{
    const char *name = symbol->file->collected->file->name;
    return symbol->line > 0 ? g_strdup_printf("%s:%d", name, symbol->line) : g_strdup(name);
}

static void refuse(const struct builder_symbol *symbol, const char *verb, const char *why)
{
    struct built_file *file = symbol->file;
    g_autofree char *place = place_of(symbol);
    g_autofree char *line =
        g_strdup_printf("%s %s %.*s, %s", place, verb, MOST_NAME, symbol->name, why);
    char *lines = file->refused ? g_strjoin("\n", file->refused, line, NULL) : g_strdup(line);
    g_free(file->refused);
    file->refused = lines;
}

static void tell(struct look *look, const struct builder_symbol *symbol, const char *verb,
                 const char *why)
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

static void judge_use(struct look *look, const struct builder_symbol *symbol)
{
    g_autofree char *why = NULL;
    if (g_hash_table_contains(look->own, symbol->name))
        return;
    const enum rubric_call_kind call =
        rubric_calls_look_up(look->builder->rubric, symbol->name, &why);
    if (call == RUBRIC_CALL_REFUSED) {
        refuse(symbol, g_str_has_prefix(symbol->name, "instruction ") ? "holds the" : "calls", why);
        return; /* the file is no part of the program */
    }
    look->builder->build->sends_signals |= sends_signals(symbol->name);
    if (call != RUBRIC_CALL_USUAL)
        tell(look, symbol, "calls", why);
}

/* The grader is linked with the libraries that a program is. */
static bool is_in_a_library(const char *name)
{
    return g_str_has_prefix(name, "MPI_") || g_str_has_prefix(name, "PMPI_") ||
           dlsym(RTLD_DEFAULT, name);
}

/* A function with the name of one in a library takes its place, for the kit as well. (Two of the same
 * name that are both linked are the linker's to find.) */
static void judge_brought(struct look *look, const struct builder_symbol *symbol)
{
    if (!is_in_a_library(symbol->name))
        return;
    if (!look->asked && look->asking.culprit == CULPRIT_NOBODY)
        look->asked =
            builder_asked_by_kit(look->builder, true, &look->asking.culprit, look->asking.trouble);
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
    g_autoptr(GArray) symbols = builder_symbols(builder, &look.asking);
    for (guint i = 0; i < symbols->len; i++) {
        const struct builder_symbol *symbol = &g_array_index(symbols, struct builder_symbol, i);
        if (symbol->brought && !symbol->weak)
            g_hash_table_add(look.own, symbol->name);
    }
    for (guint i = 0; i < symbols->len; i++) {
        const struct builder_symbol *symbol = &g_array_index(symbols, struct builder_symbol, i);
        if (symbol->brought)
            judge_brought(&look, symbol);
        else
            judge_use(&look, symbol);
    }
    g_hash_table_unref(look.own);
    g_clear_pointer(&look.asked, g_hash_table_unref);
    return look.asking.culprit;
}
