/* The matrix of mutants and headlines; see headlines.h. */
#include "tests/mutants/headlines.h"

#include <glib/gprintf.h>
#include <string.h>

#define HEAD "| wrong | what it does | headline | read as |\n|---|---|---|---|\n"

enum { MUTANT, WHAT, HEADLINE, READ_AS, COLUMNS };

static char *path_of(const char *assignment)
{
    g_autofree char *folder = mutants_folder(assignment);
    return g_build_filename(folder, "headlines.md", NULL);
}

/* The cells of a row, or NULL; a bar within a cell is written \|. To g_strfreev. */
static char **cells_of(const char *line)
{
    if (!g_str_has_prefix(line, "| ") || !g_str_has_suffix(line, " |") ||
        g_str_has_prefix(line, "| wrong | "))
        return NULL;
    g_autofree char *inner = g_strndup(line + 2, strlen(line) - 4);
    char **cells = g_strsplit(inner, " | ", -1);
    if (g_strv_length(cells) == COLUMNS)
        return cells;
    g_strfreev(cells);
    return NULL;
}

/* What a row is known by: its mutant, and the words of its headline. */
static char *key_of(const char *mutant, const char *headline)
{
    GString *key = g_string_new(mutant);
    g_string_append_c(key, '|');
    for (const char *c = headline; *c; c++)
        if (!g_ascii_isdigit(*c))
            g_string_append_c(key, *c);
    return g_string_free(key, FALSE);
}

static char **read_lines(const char *assignment)
{
    g_autofree char *path = path_of(assignment), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_new0(char *, 1);
    return g_strsplit(text, "\n", -1);
}

/* Of each row of the matrix how it was read, by its key. */
static GHashTable *read_marks(const char *assignment)
{
    GHashTable *marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = read_lines(assignment);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) cells = cells_of(*line);
        if (cells)
            g_hash_table_insert(marks, key_of(cells[MUTANT], cells[HEADLINE]),
                                g_strdup(cells[READ_AS]));
    }
    return marks;
}

static void add_rows(GString *text, const struct mutant_work *work, GHashTable *marks)
{
    g_auto(GStrv) causes = g_strsplit(work->result.causes->str, "\n", -1);
    for (char **cause = causes; *cause && **cause; cause++) {
        g_autoptr(GString) cell = g_string_new(*cause);
        g_string_replace(cell, "|", "\\|", 0);
        g_autofree char *key = key_of(work->mutant->name, cell->str);
        const char *mark = g_hash_table_lookup(marks, key);
        g_string_append_printf(text, "| %s | %s | %s | %s |\n", work->mutant->name,
                               work->mutant->what, cell->str, mark ? mark : "?");
    }
}

/* The rows of a mutant that was not looked at. */
static void keep_rows(GString *text, const struct mutant *mutant, char *const *lines)
{
    for (; *lines; lines++) {
        g_auto(GStrv) cells = cells_of(*lines);
        if (cells && strcmp(cells[MUTANT], mutant->name) == 0)
            g_string_append_printf(text, "%s\n", *lines);
    }
}

bool mutants_write_headlines(const char *assignment, const GPtrArray *mutants,
                             const struct mutant_work *work, guint number)
{
    g_auto(GStrv) lines = read_lines(assignment);
    g_autoptr(GHashTable) marks = read_marks(assignment);
    g_autoptr(GString) text = g_string_new("# What the report of each mutant begins with\n\n");
    g_string_append(
        text, "Written by `make mutants ARGS=\"--fast --headlines\"`: the causes of each wrong "
              "one, the surest first, by the checks that it is about. The last column is "
              "written by hand, by somebody who knows what is wrong with it: *true*, "
              "*misleading* or *false*.\n\n" HEAD);
    for (guint i = 0; i < mutants->len; i++) {
        const struct mutant *mutant = mutants->pdata[i];
        const struct mutant_work *look = mutants_work_of(mutant, work, number);
        if (!mutant_is_right(mutant) && look)
            add_rows(text, look, marks);
        else if (!mutant_is_right(mutant))
            keep_rows(text, mutant, lines);
    }
    GError *problem = NULL;
    g_autofree char *path = path_of(assignment);
    if (g_file_set_contents(path, text->str, -1, &problem))
        return true;
    g_fprintf(stderr, "mutants: %s\n", problem->message);
    g_error_free(problem);
    return false;
}

struct mutants_headlines mutants_count_headlines(const char *assignment)
{
    struct mutants_headlines count = {0};
    g_auto(GStrv) lines = read_lines(assignment);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) cells = cells_of(*line);
        if (!cells)
            continue;
        bool right = strcmp(cells[READ_AS], "true") == 0;
        bool misleading = strcmp(cells[READ_AS], "misleading") == 0;
        bool wrong = strcmp(cells[READ_AS], "false") == 0;
        count.rows++;
        count.right += right;
        count.misleading += misleading;
        count.wrong += wrong;
        count.unread += !right && !misleading && !wrong;
    }
    return count;
}

bool mutants_has_headline(const char *assignment, const char *mutant)
{
    bool found = false;
    g_auto(GStrv) lines = read_lines(assignment);
    for (char **line = lines; *line && !found; line++) {
        g_auto(GStrv) cells = cells_of(*line);
        found = cells && strcmp(cells[MUTANT], mutant) == 0;
    }
    return found;
}
