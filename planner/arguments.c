/* The command line of the planner. */
#include "planner/planner.h"

#include "common/driver/options.h"
#include "common/files/dataset.h"
#include "grader/verdict/assignment.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 4096 };

/* As they were given; NULL: not given. */
struct given {
    char *assignment, *ranks, *micro_batches, *batch, *scaling, *memory;
    char *degree[PLAN_MOST_DEGREES];
};

/* "2,4,8" */
static GArray *read_numbers(const char *name, const char *text, int most, GString *error)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part; part++) {
        int number;
        if (!plan_read_number(name, *part, most, &number, error)) {
            g_array_unref(numbers);
            return NULL;
        }
        g_array_append_val(numbers, number);
    }
    return numbers;
}

/* "2,4,8:1,4,32": numbers of ranks, then numbers of micro-batches. */
static bool read_scaling(struct plan *plan, const char *text, GString *error)
{
    g_auto(GStrv) halves = g_strsplit(text, ":", 2);
    if (g_strv_length(halves) != 2 || !*halves[0] || !*halves[1]) {
        g_string_printf(error, "SCALING=%s: must be RANKS:MICRO_BATCHES, as in 2,4,8:1,4,32", text);
        return false;
    }
    plan->scaling_ranks = read_numbers("SCALING", halves[0], MOST_RANKS, error);
    if (plan->scaling_ranks)
        plan->scaling_micro_batches =
            read_numbers("SCALING", halves[1], OPTIONS_MOST_MICRO_BATCHES, error);
    return plan->scaling_micro_batches;
}

/* What a search is told besides. */
static bool read_search(struct plan *plan, const struct given *given, GString *error)
{
    const struct plan_part *part = plan->part;
    if (!given->memory && !part->methods)
        g_string_printf(error,
                        "MEMORY is missing: %s searches for what fits; say how much memory a rank "
                        "has, as in MEMORY=80GiB",
                        part->assignment);
    else if (given->memory && !part->search)
        g_string_printf(error, "MEMORY: %s has no search for what fits; leave ASSIGNMENT out",
                        part->assignment);
    else if (given->memory && given->scaling)
        g_string_assign(error, "SCALING: is not for a search; leave it or MEMORY out");
    else if (given->memory && given->micro_batches)
        g_string_assign(error, "MICRO_BATCHES: a search finds how many; leave it or MEMORY out");
    else if (given->memory)
        plan_read_bytes("MEMORY", given->memory, &plan->memory, error);
    else if (plan->csv)
        g_string_assign(error, "CSV: is for a search; say MEMORY, too");
    for (int i = 0; error->len == 0 && part->choices && part->choices[i].option; i++) {
        const struct plan_choice *choice = &part->choices[i];
        if (!plan->choice[i])
            plan->choice[i] = g_strdup(choice->words[0]);
        g_autofree char *all = g_strjoinv(" or ", (char **)choice->words);
        if (!g_strv_contains(choice->words, plan->choice[i]))
            g_string_printf(error, "%s=%s: must be %s", choice->variable, plan->choice[i], all);
    }
    return error->len == 0;
}

static bool read_sizes(struct plan *plan, const struct given *given, GString *error)
{
    plan->micro_batches = plan->part->micro_batches;
    for (int i = 0; plan->part->degrees[i].option; i++) {
        const struct plan_degree *degree = &plan->part->degrees[i];
        plan->degree[i] = degree->fallback;
        if (given->degree[i] && !plan_read_number(degree->variable, given->degree[i], degree->most,
                                                  &plan->degree[i], error))
            return false;
    }
    if (given->scaling && !plan->part->scaling) {
        g_string_printf(error, "SCALING: there is no such table for %s", plan->part->assignment);
        return false;
    }
    if (given->scaling && !read_scaling(plan, given->scaling, error))
        return false;
    if (!given->ranks && !given->scaling) {
        g_string_assign(error, "RANKS is missing: say for how many ranks, as in RANKS=4");
        return false;
    }
    if ((given->ranks &&
         !plan_read_number("RANKS", given->ranks, MOST_RANKS, &plan->ranks, error)) ||
        (given->micro_batches &&
         !plan_read_number("MICRO_BATCHES", given->micro_batches, OPTIONS_MOST_MICRO_BATCHES,
                           &plan->micro_batches, error)))
        return false;
    plan->batch_size = plan->memory > 0 ? 0 : 8 * plan->micro_batches;
    return !given->batch ||
           plan_read_number("BATCH", given->batch, OPTIONS_MOST_SAMPLES, &plan->batch_size, error);
}

static bool build_model(struct plan *plan, GString *error)
{
    struct data_shape data;
    char why[DATASET_ERROR_SIZE], model_why[MODEL_ERROR_SIZE];
    if (!dataset_describe(plan->dataset, &data, why)) {
        g_string_printf(error, "DATA=%s: %s", plan->dataset, why);
        return false;
    }
    plan->model = model_new(plan->model_name, data.input, data.classes, model_why);
    if (!plan->model)
        g_string_printf(error, "MODEL=%s: %s", plan->model_name, model_why);
    return plan->model;
}

static bool fits(const struct plan *plan, GString *error)
{
    if (plan->memory <= 0 && !plan->part->fits(plan, error))
        return false;
    if (plan->ranks > plan->platform->hosts)
        g_string_printf(error, "RANKS=%d: the platform %s has %d processors", plan->ranks,
                        plan->platform_name, plan->platform->hosts);
    else if (plan->memory <= 0 && plan->batch_size % plan->micro_batches != 0)
        g_string_printf(error,
                        "BATCH=%d: can't be cut into %d micro-batches of the same size; use a "
                        "multiple of %d",
                        plan->batch_size, plan->micro_batches, plan->micro_batches);
    return error->len == 0;
}

static void set_default(char **text, const char *value)
{
    if (*text && **text)
        return;
    g_free(*text);
    *text = g_strdup(value);
}

/* What make hands on from a variable that nobody set. */
static void forget_empty(char **text)
{
    if (*text && !**text)
        g_clear_pointer(text, g_free);
}

/* The planner's own options, and one for each degree of the part that is planned. */
static bool read_command_line(struct plan *plan, struct given *given, int argc, char **argv,
                              GString *error)
{
    gboolean csv = FALSE;
    const GOptionEntry common[] = {
        {"assignment", 0, 0, G_OPTION_ARG_STRING, &given->assignment,
         "whose ways to train are planned", "NAME"},
        {"model", 0, 0, G_OPTION_ARG_STRING, &plan->model_name,
         "the model, as the assignments' programs take it (transformer:depth=8)", "NAME"},
        {"data", 0, 0, G_OPTION_ARG_STRING, &plan->dataset,
         "the data set whose shapes it gets (fashion-mnist; for gpt: text)", "NAME"},
        {"platform", 0, 0, G_OPTION_ARG_STRING, &plan->platform_name,
         "the simulated cluster: a file of common/platforms (computer)", "NAME"},
        {"ranks", 0, 0, G_OPTION_ARG_STRING, &given->ranks, "how many", "P"},
        {"micro-batches", 0, 0, G_OPTION_ARG_STRING, &given->micro_batches, "of a step", "M"},
        {"batch", 0, 0, G_OPTION_ARG_STRING, &given->batch,
         "samples of a step (8 for each micro-batch)", "N"},
        {"scaling", 0, 0, G_OPTION_ARG_STRING, &given->scaling,
         "instead: throughput for these numbers of ranks and micro-batches, as in 2,4,8:1,4,32",
         "RANKS:MICRO_BATCHES"},
        {"memory", 0, 0, G_OPTION_ARG_STRING, &given->memory,
         "instead: search for what fits into so much on each rank, as in 80GiB", "BYTES"},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &csv, "all that a search found, as CSV", NULL},
        {"program", 0, 0, G_OPTION_ARG_FILENAME, &plan->program,
         "the solutions, built for the simulated cluster", "FILE"},
        {"step-program", 0, 0, G_OPTION_ARG_FILENAME, &plan->step_program,
         "a step's charges and messages alone, built for the simulated cluster", "FILE"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &plan->kit, "the kit's folder (.)", "FOLDER"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &plan->out, "where the picture goes; else none",
         "FOLDER"},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- plans how to train in parallel");
    g_option_context_add_main_entries(context, common, NULL);
    for (int i = 0; plan->part->degrees[i].option; i++) {
        const struct plan_degree *degree = &plan->part->degrees[i];
        const GOptionEntry own[] = {
            {degree->option, 0, 0, G_OPTION_ARG_STRING, &given->degree[i], degree->what, "N"},
            {NULL}};
        g_option_context_add_main_entries(context, own, NULL);
    }
    for (int i = 0; plan->part->choices && plan->part->choices[i].option; i++) {
        const struct plan_choice *choice = &plan->part->choices[i];
        const GOptionEntry own[] = {
            {choice->option, 0, 0, G_OPTION_ARG_STRING, &plan->choice[i], choice->what, "WORD"},
            {NULL}};
        g_option_context_add_main_entries(context, own, NULL);
    }
    GError *problem = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &problem)) {
        g_string_assign(error, problem->message);
        g_error_free(problem);
        return false;
    }
    plan->csv = csv;
    if (argc > 1)
        g_string_printf(error, "%s: is an argument too many; see --help", argv[1]);
    return argc <= 1;
}

/* What stands behind an option, before all of them are read; NULL: it is not there, or empty. */
static const char *value_of(int argc, char **argv, const char *option)
{
    const char *found = NULL;
    const size_t length = strlen(option);
    for (int i = 1; i < argc; i++)
        if (g_str_has_prefix(argv[i], option) && argv[i][length] == '=')
            found = argv[i] + length + 1;
        else if (g_str_equal(argv[i], option) && i + 1 < argc)
            found = argv[i + 1];
    return found && *found ? found : NULL;
}

/* The assignment must be known before the rest is read: it has options of its own. Where nobody names it, a
 * search is that of the part that has one. */
static const struct plan_part *find_part(int argc, char **argv, GString *error)
{
    g_autofree char *fallback = assignment_default(".");
    const char *name = value_of(argc, argv, "--assignment");
    const struct plan_part *part = NULL;
    if (!name && value_of(argc, argv, "--memory"))
        part = plan_part_that_searches();
    if (!part)
        part = plan_part_find(name ? name : fallback);
    if (!part)
        g_string_printf(error, "ASSIGNMENT=%s: there is nothing to plan for it",
                        name ? name : fallback);
    return part;
}

static void clear_given(struct given *given)
{
    char *texts[] = {given->assignment, given->ranks,   given->micro_batches,
                     given->batch,      given->scaling, given->memory};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (int i = 0; i < PLAN_MOST_DEGREES; i++)
        g_free(given->degree[i]);
}

struct plan *plan_parse(int argc, char **argv, GString *error)
{
    const struct plan_part *part = find_part(argc, argv, error);
    if (!part)
        return NULL;
    struct plan *plan = g_new0(struct plan, 1);
    struct given given = {0};
    plan->part = part;
    bool good = read_command_line(plan, &given, argc, argv, error);
    char **const texts[] = {&given.ranks,   &given.micro_batches, &given.batch,
                            &given.scaling, &given.memory,        &plan->out};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        forget_empty(texts[i]);
    for (int i = 0; i < PLAN_MOST_DEGREES; i++)
        forget_empty(&given.degree[i]);
    for (int i = 0; i < PLAN_MOST_CHOICES; i++)
        forget_empty(&plan->choice[i]);
    set_default(&plan->model_name, "transformer:depth=8");
    set_default(&plan->dataset, model_default_data(plan->model_name));
    set_default(&plan->platform_name, "computer");
    set_default(&plan->kit, ".");
    good = good && read_search(plan, &given, error) && read_sizes(plan, &given, error) &&
           build_model(plan, error);
    if (good)
        plan->platform = platform_read(plan->kit, plan->platform_name, error);
    good = good && plan->platform && fits(plan, error);
    clear_given(&given);
    if (good)
        return plan;
    plan_free(plan);
    return NULL;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    char *texts[] = {plan->model_name, plan->dataset, plan->platform_name,
                     plan->kit,        plan->program, plan->step_program,
                     plan->out};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (int i = 0; i < PLAN_MOST_CHOICES; i++)
        g_free(plan->choice[i]);
    if (plan->scaling_ranks)
        g_array_unref(plan->scaling_ranks);
    if (plan->scaling_micro_batches)
        g_array_unref(plan->scaling_micro_batches);
    model_free(plan->model);
    g_free(plan->platform);
    g_free(plan);
}
