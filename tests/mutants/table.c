/* The table of mutants; see table.h. */
#include "tests/mutants/table.h"

#include <glib/gprintf.h>
#include <string.h>

#define BEGIN "<!-- BEGIN TABLE: make mutants ARGS=--write -->\n"
#define END   "<!-- END TABLE -->\n"

static bool is_not_for_here(const struct mutant_result *result)
{
    return result->surprises->len > 0 &&
           strstr(result->headlines->str, "the memory of the GPU on the processor");
}

const char *mutants_outcome(const struct mutant *mutant, const struct mutant_result *result)
{
    bool expected = result->surprises->len == 0;
    if (is_not_for_here(result))
        return "not here";
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
        if (is_not_for_here(&work[i].result)) {
            totals.not_here++;
            continue;
        }
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

/* The row of a mutant in the table as it stands; NULL: it has none. A new string. */
static char *old_row(const char *old, const struct mutant *mutant)
{
    g_autofree char *begin = g_strdup_printf("\n| %s |", mutant->name);
    const char *row = strstr(old, begin);
    return row ? g_strndup(row + 1, strcspn(row + 1, "\n") + 1) : NULL;
}

/* Adds the rows of the right ones, or of the wrong ones, and counts them. */
static void add_rows(GString *text, const GPtrArray *mutants, bool right,
                     const struct mutant_work *work, guint number, const char *old,
                     struct mutants_totals *totals)
{
    for (guint i = 0; i < mutants->len; i++) {
        const struct mutant *mutant = mutants->pdata[i];
        if (mutant_is_right(mutant) != right)
            continue;
        const struct mutant_work *look = mutants_work_of(mutant, work, number);
        g_autoptr(GString) row = g_string_new(NULL);
        g_autofree char *stands = look ? NULL : old_row(old, mutant);
        if (look)
            add_row(row, look);
        else if (stands)
            g_string_append(row, stands);
        g_string_append(text, row->str);
        totals->right += right && row->len > 0;
        totals->rejected += right && strstr(row->str, "| REJECTED |") != NULL;
        totals->wrong += !right && row->len > 0;
        totals->caught += !right && strstr(row->str, "| caught |") != NULL;
        totals->named += !right && row->len > 0 && !g_str_has_suffix(row->str, "|  |\n");
    }
}

static char *table(const GPtrArray *mutants, const struct mutant_work *work, guint number,
                   bool fast, const char *old)
{
    struct mutants_totals totals = {0};
    g_autoptr(GString) wrong = g_string_new(NULL);
    g_autoptr(GString) right = g_string_new(NULL);
    add_rows(wrong, mutants, false, work, number, old, &totals);
    add_rows(right, mutants, true, work, number, old, &totals);
    return g_strdup_printf(
        BEGIN "\nCaught: %d of %d wrong ones, %d of them named by their mistake. "
              "Rejected: %d of %d right ones.%s\n\n"
              "| wrong | what it does | judged | failed by itself | named |\n"
              "|---|---|---|---|---|\n%s"
              "\n| right | what it does | judged |\n|---|---|---|\n%s\n" END,
        totals.caught, totals.wrong, totals.named, totals.rejected, totals.right,
        fast ? " (Hurried looks: by the checks that each of them is about.)" : "", wrong->str,
        right->str);
}

bool mutants_write_table(const char *assignment, const GPtrArray *mutants,
                         const struct mutant_work *work, guint number, bool fast)
{
    g_autofree char *folder = mutants_folder(assignment);
    g_autofree char *path = g_build_filename(folder, "README.md", NULL);
    g_autofree char *document = NULL;
    GError *problem = NULL;
    if (g_file_get_contents(path, &document, NULL, &problem)) {
        char *begin = strstr(document, BEGIN), *end = strstr(document, END);
        if (!begin || !end || end < begin) {
            g_fprintf(stderr, "mutants: %s has no place for the table\n", path);
            return false;
        }
        g_autofree char *old = g_strndup(begin, (gsize)(end - begin));
        g_autofree char *rows = table(mutants, work, number, fast, old);
        *begin = '\0';
        g_autofree char *whole = g_strconcat(document, rows, end + strlen(END), NULL);
        if (g_file_set_contents(path, whole, -1, &problem))
            return true;
    }
    g_fprintf(stderr, "mutants: %s\n", problem->message);
    g_error_free(problem);
    return false;
}
