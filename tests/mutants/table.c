/* The table of mutants; see table.h. */
#include "tests/mutants/table.h"

#include <glib/gprintf.h>
#include <string.h>

#define BEGIN "<!-- BEGIN TABLE: make mutants ARGS=--write -->\n"
#define END   "<!-- END TABLE -->\n"

const char *mutants_outcome(const struct mutant *mutant, const struct mutant_result *result)
{
    bool expected = result->surprises->len == 0;
    return mutant_is_right(mutant) ? expected ? "accepted" : "REJECTED"
           : expected              ? "caught"
                                   : "MISSED";
}

struct mutants_totals mutants_count(const struct mutant_work *work, guint number)
{
    struct mutants_totals totals = {0};
    for (guint i = 0; i < number; i++) {
        bool expected = work[i].result.surprises->len == 0;
        bool right = mutant_is_right(work[i].mutant);
        totals.wrong += !right;
        totals.right += right;
        totals.caught += !right && expected;
        totals.rejected += right && !expected;
        totals.named += expected && work[i].result.named->len > 0;
    }
    return totals;
}

static void add_row(GString *text, const struct mutant_work *work)
{
    bool right = mutant_is_right(work->mutant);
    g_auto(GStrv) failed = g_strsplit(work->result.failed->str, ", ", -1);
    g_string_append_printf(text, "| %s | %s | %s |", work->mutant->name, work->mutant->what,
                           mutants_outcome(work->mutant, &work->result));
    for (char **name = failed; !right && *name; name++)
        g_string_append_printf(text, "%s`%s`", name == failed ? " " : ", ", *name);
    if (!right)
        g_string_append_printf(text, " | %s |", work->result.named->str);
    g_string_append_c(text, '\n');
}

static char *table(const struct mutant_work *work, guint number, bool fast)
{
    struct mutants_totals totals = mutants_count(work, number);
    GString *text = g_string_new(BEGIN);
    g_string_append_printf(text,
                           "\nCaught: %d of %d wrong ones, %d of them named by their mistake. "
                           "Rejected: %d of %d right ones.%s\n\n"
                           "| wrong | what it does | judged | failed by itself | named |\n"
                           "|---|---|---|---|---|\n",
                           totals.caught, totals.wrong, totals.named, totals.rejected, totals.right,
                           fast ? " (Hurried looks: by the checks that each of them is about.)"
                                : "");
    for (guint i = 0; i < number; i++)
        if (!mutant_is_right(work[i].mutant))
            add_row(text, &work[i]);
    g_string_append(text, "\n| right | what it does | judged |\n|---|---|---|\n");
    for (guint i = 0; i < number; i++)
        if (mutant_is_right(work[i].mutant))
            add_row(text, &work[i]);
    g_string_append(text, "\n" END);
    return g_string_free(text, FALSE);
}

bool mutants_write_table(const char *assignment, const struct mutant_work *work, guint number,
                         bool fast)
{
    g_autofree char *folder = mutants_folder(assignment);
    g_autofree char *path = g_build_filename(folder, "README.md", NULL);
    g_autofree char *document = NULL, *rows = table(work, number, fast);
    GError *problem = NULL;
    if (g_file_get_contents(path, &document, NULL, &problem)) {
        char *begin = strstr(document, BEGIN), *end = strstr(document, END);
        if (!begin || !end || end < begin) {
            g_fprintf(stderr, "mutants: %s has no place for the table\n", path);
            return false;
        }
        *begin = '\0';
        g_autofree char *whole = g_strconcat(document, rows, end + strlen(END), NULL);
        if (g_file_set_contents(path, whole, -1, &problem))
            return true;
    }
    g_fprintf(stderr, "mutants: %s\n", problem->message);
    g_error_free(problem);
    return false;
}
