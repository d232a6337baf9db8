/*
 * build/mutants: grades every mutant of an assignment (see mutant.h) and prints who was judged how.
 *
 * make mutants            all of them, all checks; ASSIGNMENT=NAME
 *      ARGS="--only NAME --only NAME"  some of them; NAME… may end with *
 *      ARGS=--fast        only the checks that each of them is about
 *      ARGS="--every 10"  one in ten of them
 *      ARGS="--year 2030" with sizes of runs as a class of that year might have them, drawn from a secret of
 *                         the tests' own
 *      ARGS=--write       put the table into assignments/NAME/mutants/README.md; with --only
 *                         the rows of these
 *      ARGS="--fast --headlines"       put the causes that its report begins with into headlines.md
 *      ARGS="--repeat 100 --busy 2"    100 hurried looks at each, beside 2 busy processes: does
 *                         any verdict change? --minutes M begins no new round after M minutes
 *
 * Exit status: 0 every wrong one was caught and every right one got full marks, as their files
 * say, every time; 1 not; 2 wrong usage.
 */
#include "common/base/environment.h"
#include "common/base/processor.h"
#include "grader/rubric/rubric_cases.h"
#include "grader/verdict/assignment.h"
#include "tests/mutants/headlines.h"
#include "tests/mutants/repeat.h"
#include "tests/mutants/table.h"

#include <glib/gprintf.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    char **only;
    char *assignment;
    char *build;
    char *device;
    int jobs;
    int repeat, busy, minutes;
    int every;
    int year;
    gboolean fast;
    gboolean write, headlines;
};

static bool parse(struct arguments *arguments, int *argc, char ***argv)
{
    GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->only,
         "only this mutant; again for more; NAME* for all that begin with it", "NAME"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &arguments->assignment,
         "whose mutants (the one that assignments/default names)", "NAME"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &arguments->build,
         "where the kit was built (build)", "FOLDER"},
        {"device", 0, 0, G_OPTION_ARG_STRING, &arguments->device,
         "what their programs compute on: cuda or emulated (the processor)", "NAME"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &arguments->jobs, "mutants at the same time", "NUMBER"},
        {"every", 0, 0, G_OPTION_ARG_INT, &arguments->every,
         "one in so many, by name, of those that --only leaves", "NUMBER"},
        {"year", 0, 0, G_OPTION_ARG_INT, &arguments->year,
         "with sizes of runs as they might be drawn for that year", "NUMBER"},
        {"fast", 0, 0, G_OPTION_ARG_NONE, &arguments->fast,
         "only the checks that each mutant is about", NULL},
        {"repeat", 0, 0, G_OPTION_ARG_INT, &arguments->repeat,
         "hurried looks at each, again and again: does a verdict change?", "NUMBER"},
        {"busy", 0, 0, G_OPTION_ARG_INT, &arguments->busy,
         "with --repeat: processes that only compute, beside", "NUMBER"},
        {"minutes", 0, 0, G_OPTION_ARG_INT, &arguments->minutes,
         "with --repeat: begin no new round after that", "NUMBER"},
        {"write", 0, 0, G_OPTION_ARG_NONE, &arguments->write,
         "put the table into the mutants' README.md", NULL},
        {"headlines", 0, 0, G_OPTION_ARG_NONE, &arguments->headlines,
         "put what each report begins with into headlines.md", NULL},
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
    static const char *const devices[] = {"cuda", "emulated", NULL};
    if (arguments->device && !g_strv_contains(devices, arguments->device)) {
        fputs("mutants: --device must be cuda or emulated\n", stderr);
        return false;
    }
    if (*argc > 1 || arguments->jobs < 0 || arguments->repeat < 0 || arguments->busy < 0 ||
        arguments->every < 0 || arguments->busy > 64 || arguments->minutes < 0 ||
        (arguments->repeat == 0 && (arguments->busy || arguments->minutes)) ||
        ((arguments->write || arguments->headlines) && (arguments->repeat || arguments->year))) {
        fputs("mutants: --write and --headlines don't go with --repeat or --year, --busy and "
              "--minutes only "
              "with it; see --help\n",
              stderr);
        return false;
    }
    return true;
}

/* ---- grading ------------------------------------------------------------------------- */

static void print_result(const struct mutant *mutant, const struct mutant_result *result)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%-8s %5.1f s  %s: %s", mutants_outcome(mutant, result),
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

static void report(const struct mutant_work *work)
{
    print_result(work->mutant, &work->result);
}

/* ---- what came of it ------------------------------------------------------------------- */

static bool conclude(const GPtrArray *mutants, const struct mutant_work *work, guint number,
                     const struct arguments *arguments)
{
    struct mutants_totals totals = mutants_count(work, number);
    printf("\ncaught: %d of %d wrong ones (%d named by their mistake); rejected: %d of %d right "
           "ones\n",
           totals.caught, totals.wrong, totals.named, totals.rejected, totals.right);
    if (totals.not_here > 0)
        printf("not here: %d, whose programs read numbers of tensors on the processor, which no "
               "program on a GPU may\n",
               totals.not_here);
    bool as_expected = totals.caught == totals.wrong && totals.rejected == 0;
    if (arguments->headlines &&
        !mutants_write_headlines(arguments->assignment, mutants, work, number))
        return false;
    if (!arguments->write)
        return as_expected;
    if (!as_expected) {
        fputs("mutants: not everything was as expected, so the table stays as it was\n", stderr);
        return false;
    }
    return mutants_write_table(arguments->assignment, mutants, work, number, arguments->fast);
}

/* The same again and again. */
static bool repeat(const struct mutants_kit *kit, struct mutant_work *work, guint number,
                   const struct arguments *arguments)
{
    struct mutants_repeats repeats = {.rounds = arguments->repeat,
                                      .minutes = arguments->minutes,
                                      .busy = arguments->busy,
                                      .jobs = MAX(1, arguments->jobs)};
    if (!mutants_repeat(kit, work, number, &repeats)) {
        perror("mutants: fork");
        return false;
    }
    printf("\n%d complete rounds of %d, %u mutants in each, beside %d busy processes: %d verdicts "
           "and %d headlines changed, %d were not as expected\n",
           repeats.done, repeats.rounds, number, repeats.busy, repeats.changed, repeats.headlines,
           repeats.unexpected);
    struct mutants_totals totals = mutants_count(work, number);
    printf("in the last round: caught %d of %d wrong ones, rejected %d of %d right ones\n",
           totals.caught, totals.wrong, totals.rejected, totals.right);
    return repeats.changed == 0 && repeats.headlines == 0 && repeats.unexpected == 0;
}

static bool is_wanted(char *const *only, const char *name)
{
    for (; only && *only; only++)
        if (g_pattern_match_simple(*only, name))
            return true;
    return false;
}

/* Those that are wanted; the caller frees. */
static struct mutant_work *choose(const GPtrArray *mutants, const struct arguments *arguments,
                                  guint *number)
{
    bool fast = arguments->fast || arguments->repeat > 0;
    struct mutant_work *work = g_new0(struct mutant_work, mutants->len + 1);
    guint wanted = 0;
    for (guint i = 0; i < mutants->len; i++) {
        const struct mutant *mutant = mutants->pdata[i];
        if (arguments->only && !is_wanted(arguments->only, mutant->name))
            continue;
        if (wanted++ % (guint)MAX(1, arguments->every) != 0)
            continue;
        work[*number] =
            (struct mutant_work){.mutant = mutant, .look = fast ? MUTANT_FAST : MUTANT_ALL_CHECKS};
        mutant_result_init(&work[(*number)++].result);
    }
    return work;
}

/* The kit's own sizes, or those of a year. */
static void take_sizes(const struct mutants_kit *kit, int year)
{
    g_autofree char *secret = g_strdup_printf("of the mutants, in %d", year);
    if (year > 0)
        rubric_draw(kit->rubric, secret, strlen(secret));
}

static bool look(const GPtrArray *mutants, struct mutant_work *work, guint number,
                 const struct arguments *arguments)
{
    struct mutants_kit kit;
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *folder = mutants_folder(arguments->assignment);
    bool as_expected = false;
    const bool ready =
        mutants_kit_open(&kit, arguments->assignment, arguments->build, arguments->device, error) &&
        rubric_lint_mutants(kit.rubric, folder, error);
    if (ready)
        take_sizes(&kit, arguments->year);
    if (!ready)
        g_fprintf(stderr, "mutants: %s\n", error->str);
    else if (arguments->repeat > 0)
        as_expected = repeat(&kit, work, number, arguments);
    else if (!mutants_look(&kit, work, number, arguments->jobs, report))
        perror("mutants: fork");
    else
        as_expected = conclude(mutants, work, number, arguments);
    mutants_kit_close(&kit);
    return as_expected;
}

int main(int argc, char **argv)
{
    processor_must_fit();
    environment_start_again(argv);
    struct arguments arguments = {.jobs = 2};
    if (!parse(&arguments, &argc, &argv))
        return 2;
    if (!arguments.build)
        arguments.build = g_strdup("build");
    if (!arguments.assignment)
        arguments.assignment = assignment_default(".");
    GPtrArray *mutants = mutants_read(arguments.assignment);
    guint number = 0;
    struct mutant_work *work = choose(mutants, &arguments, &number);
    if (number == 0) {
        fprintf(stderr, "mutants: there is no such mutant in assignments/%s/mutants\n",
                arguments.assignment);
        return 2;
    }
    bool as_expected = look(mutants, work, number, &arguments);
    for (guint i = 0; i < number; i++)
        mutant_result_clear(&work[i].result);
    g_free(work);
    g_ptr_array_unref(mutants);
    g_strfreev(arguments.only);
    g_free(arguments.assignment);
    g_free(arguments.build);
    g_free(arguments.device);
    return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
