/*
 * build/mutants: grades every mutant (see mutants.h) and prints who was judged how.
 *
 * make mutants            all of them, all checks
 *      ARGS="--only NAME" one of them
 *      ARGS=--fast        only the checks that each of them is about
 *      ARGS=--write       put the table into docs/mutants.md
 *
 * Exit status: 0 every wrong one was caught and every right one got full marks, as their files
 * say; 1 not; 2 wrong usage.
 */
#include "grader/tests/mutants.h"

#include <glib/gprintf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DOCUMENT "docs/mutants.md"
#define BEGIN    "<!-- BEGIN TABLE: make mutants ARGS=--write -->\n"
#define END      "<!-- END TABLE -->\n"

struct arguments {
    char *only;
    char *build;
    int jobs;
    gboolean fast;
    gboolean write;
};

struct work {
    const struct arguments *arguments;
    struct mutant *mutant;
    struct mutant_result result;
};

static bool parse(struct arguments *arguments, int *argc, char ***argv)
{
    GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING, &arguments->only, "only this mutant", "NAME"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &arguments->build,
         "where the kit was built (build)", "FOLDER"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &arguments->jobs, "mutants at the same time", "NUMBER"},
        {"fast", 0, 0, G_OPTION_ARG_NONE, &arguments->fast,
         "only the checks that each mutant is about", NULL},
        {"write", 0, 0, G_OPTION_ARG_NONE, &arguments->write, "put the table into " DOCUMENT, NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- grades the mutants");
    GError *problem = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &problem)) {
        g_fprintf(stderr, "mutants: %s\n", problem->message);
        g_error_free(problem);
        return false;
    }
    if (*argc > 1 || arguments->jobs < 0 ||
        (arguments->write && (arguments->only || arguments->fast))) {
        fputs("mutants: --write goes with all mutants and all checks; see --help\n", stderr);
        return false;
    }
    return true;
}

/* ---- grading ------------------------------------------------------------------------- */

static const char *outcome_word(const struct mutant *mutant, const struct mutant_result *result)
{
    bool expected = result->surprises->len == 0;
    return mutant_is_right(mutant) ? expected ? "accepted" : "REJECTED"
           : expected              ? "caught"
                                   : "MISSED";
}

static void print_result(const struct mutant *mutant, const struct mutant_result *result)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%-8s %5.1f s  %s: %s", outcome_word(mutant, result),
                           result->seconds, mutant->name, mutant->what);
    if (result->failed->len > 0)
        g_string_append_printf(line, "; failed: %s", result->failed->str);
    if (result->named->len > 0)
        g_string_append_printf(line, "; named: %s", result->named->str);
    g_auto(GStrv) surprises = g_strsplit(result->surprises->str, "\n", -1);
    for (char **surprise = surprises; *surprise; surprise++)
        if (**surprise)
            g_string_append_printf(line, "\n           %s", *surprise);
    puts(line->str); /* in one piece: others print, too */
    fflush(stdout);
    g_string_free(line, TRUE);
}

static void grade_one(gpointer data, gpointer unused)
{
    struct work *work = data;
    (void)unused;
    g_autofree char *checks = work->arguments->fast ? mutant_fast_checks(work->mutant) : NULL;
    work->result = mutant_grade(work->mutant, work->arguments->build, checks,
                                work->arguments->jobs > 1 ? "1" : "2");
    print_result(work->mutant, &work->result);
}

static void grade_all(struct work *work, guint count, int jobs)
{
    GThreadPool *pool = g_thread_pool_new(grade_one, NULL, jobs, FALSE, NULL);
    for (guint i = 0; i < count; i++)
        g_thread_pool_push(pool, &work[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

/* ---- what came of it ------------------------------------------------------------------- */

struct totals {
    int wrong, caught, named, right, rejected;
};

static struct totals count(const struct work *work, guint number)
{
    struct totals totals = {0};
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

static void add_row(GString *text, const struct work *work)
{
    bool right = mutant_is_right(work->mutant);
    g_auto(GStrv) failed = g_strsplit(work->result.failed->str, ", ", -1);
    g_string_append_printf(text, "| %s | %s | %s |", work->mutant->name, work->mutant->what,
                           outcome_word(work->mutant, &work->result));
    for (char **name = failed; !right && *name; name++)
        g_string_append_printf(text, "%s`%s`", name == failed ? " " : ", ", *name);
    if (!right)
        g_string_append_printf(text, " | %s |", work->result.named->str);
    g_string_append_c(text, '\n');
}

static char *table(const struct work *work, guint number)
{
    struct totals totals = count(work, number);
    GString *text = g_string_new(BEGIN);
    g_string_append_printf(text,
                           "\nCaught: %d of %d wrong ones, %d of them named by their mistake. "
                           "Rejected: %d of %d right ones.\n\n"
                           "| wrong | what it does | judged | failed by itself | named |\n"
                           "|---|---|---|---|---|\n",
                           totals.caught, totals.wrong, totals.named, totals.rejected,
                           totals.right);
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

/* Puts the table between its two marks. */
static bool write_table(const char *text)
{
    g_autofree char *document = NULL;
    GError *problem = NULL;
    if (g_file_get_contents(DOCUMENT, &document, NULL, &problem)) {
        char *begin = strstr(document, BEGIN), *end = strstr(document, END);
        if (!begin || !end || end < begin) {
            fputs("mutants: " DOCUMENT " has no place for the table\n", stderr);
            return false;
        }
        *begin = '\0';
        g_autofree char *whole = g_strconcat(document, text, end + strlen(END), NULL);
        if (g_file_set_contents(DOCUMENT, whole, -1, &problem))
            return true;
    }
    g_fprintf(stderr, "mutants: %s\n", problem->message);
    g_error_free(problem);
    return false;
}

static bool conclude(const struct work *work, guint number, const struct arguments *arguments)
{
    struct totals totals = count(work, number);
    printf("\ncaught: %d of %d wrong ones (%d named by their mistake); rejected: %d of %d right "
           "ones\n",
           totals.caught, totals.wrong, totals.named, totals.rejected, totals.right);
    bool as_expected = totals.caught == totals.wrong && totals.rejected == 0;
    if (!arguments->write)
        return as_expected;
    if (!as_expected) {
        fputs("mutants: not everything was as expected, so " DOCUMENT " stays as it was\n", stderr);
        return false;
    }
    g_autofree char *text = table(work, number);
    return write_table(text);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.jobs = 1};
    if (!parse(&arguments, &argc, &argv))
        return 2;
    if (!arguments.build)
        arguments.build = g_strdup("build");
    GPtrArray *mutants = mutants_read(MUTANTS_FOLDER);
    struct work *work = g_new0(struct work, mutants->len + 1);
    guint number = 0;
    for (guint i = 0; i < mutants->len; i++) {
        struct mutant *mutant = mutants->pdata[i];
        if (!arguments.only || strcmp(arguments.only, mutant->name) == 0)
            work[number++] = (struct work){.arguments = &arguments, .mutant = mutant};
    }
    if (number == 0) {
        g_fprintf(stderr, "mutants: there is no %s in " MUTANTS_FOLDER "\n",
                  arguments.only ? arguments.only : "mutant");
        return 2;
    }
    grade_all(work, number, MAX(1, arguments.jobs));
    bool as_expected = conclude(work, number, &arguments);
    for (guint i = 0; i < number; i++)
        mutant_result_clear(&work[i].result);
    g_free(work);
    g_ptr_array_unref(mutants);
    g_free(arguments.only);
    g_free(arguments.build);
    return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
