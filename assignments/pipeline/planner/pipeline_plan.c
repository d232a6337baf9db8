/* What the planner asks the pipeline assignment; see pipeline_plan.h. */
#include "assignments/pipeline/planner/pipeline_plan.h"
#include "assignments/pipeline/options.h"

static const struct plan_degree degrees[] = {
    {"chunks", "CHUNKS",
     "stages per rank where the schedule is interleaved (" SCHEDULE_CHUNKS_TEXT ")",
     SCHEDULE_CHUNKS, PIPELINE_MOST_CHUNKS},
    {NULL, NULL, NULL, 0, 0}};

/* Those that are planned, the one that others are compared with first. */
static const enum schedule_id planned[] = {SCHEDULE_NAIVE,       SCHEDULE_AFAB,
                                           SCHEDULE_1F1B,        SCHEDULE_INTERLEAVED,
                                           SCHEDULE_ZERO_BUBBLE, SCHEDULE_PIPEDREAM};

struct plan_method pipeline_plan_methods[G_N_ELEMENTS(planned) + 1];

static void name_methods(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(planned); i++)
        pipeline_plan_methods[i] =
            (struct plan_method){.name = schedule_table[planned[i]].name,
                                 .note = schedule_kind_of(planned[i])->in_flight_formula};
}

static const struct plan_method *methods(const struct plan *plan)
{
    (void)plan;
    return pipeline_plan_methods;
}

const struct schedule_kind *pipeline_plan_kind(const struct plan_method *method)
{
    return schedule_find(method->name);
}

/* ---- what can run ------------------------------------------------------------------------------ */

static int largest(const GArray *numbers)
{
    int most = 0;
    for (guint i = 0; i < numbers->len; i++)
        most = MAX(most, g_array_index(numbers, int, i));
    return most;
}

/* False, and an error, if working the schedules out would take more memory than people have. */
static bool is_small_enough(const struct plan *plan, GString *error)
{
    const bool scaling = plan->scaling_ranks;
    const int ranks = scaling ? largest(plan->scaling_ranks) : plan->ranks;
    const int m = scaling ? largest(plan->scaling_micro_batches) : plan->micro_batches;
    const int stages = MIN(scaling ? ranks : ranks * plan->degree[0], plan->model->layers);
    const int most = SCHEDULE_MOST_FORWARDS / stages;
    if (m > most)
        g_string_printf(error, "%s=%d: with %d stages at most %d micro-batches can be planned",
                        scaling ? "SCALING" : "MICRO_BATCHES", m, stages, most);
    return m <= most;
}

static bool fits(const struct plan *plan, GString *error)
{
    if (plan->ranks > plan->model->layers)
        g_string_printf(error,
                        "RANKS=%d: every rank needs at least one layer, and %s has %d; use fewer "
                        "ranks or a deeper model (depth=…)",
                        plan->ranks, plan->model_name, plan->model->layers);
    else if ((plan->ranks > 1 || plan->scaling_ranks) && model_is_tied(plan->model))
        g_string_printf(error, "MODEL=%s: " PIPELINE_PLAN_TIED ": use tied=0", plan->model_name);
    else
        return is_small_enough(plan, error);
    return false;
}

static char *refusal(const struct plan *plan, const struct plan_method *method)
{
    return pipeline_plan_refusal(plan, pipeline_plan_kind(method));
}

static char *caveat(const struct plan *plan, const struct plan_method *method)
{
    if (pipeline_plan_formula_holds(plan, pipeline_plan_kind(method)))
        return NULL;
    return g_strdup_printf("its formula holds from %d micro-batches on, as many as ranks",
                           plan->ranks);
}

static struct formula *formula(const struct plan *plan, const struct plan_method *method)
{
    return pipeline_plan_formula(plan, pipeline_plan_kind(method));
}

static void options(const struct plan *plan, const struct plan_method *method, GPtrArray *words)
{
    g_ptr_array_add(words, g_strdup("--chunks"));
    g_ptr_array_add(words,
                    g_strdup_printf("%d", pipeline_plan_chunks(plan, pipeline_plan_kind(method))));
    g_ptr_array_add(words, g_strdup("--uneven"));
}

/* ---- registered ---------------------------------------------------------------------------------- */

static const struct plan_part part = {
    .assignment = "pipeline",
    .method_word = "schedule",
    .method_option = "--schedule",
    .degrees = degrees,
    .micro_batches = 8,
    .methods = methods,
    .note_word = "forwards in flight, at most",
    .begin_word = "formula",
    .rest_word = "messages",
    .causes = {[PIPELINE_PLAN_UNEQUAL_STAGES] = "unequal stages",
               [PIPELINE_PLAN_OPTIMIZER] = "optimizer"},
    .differences =
        "  The formula takes all stages as equal to their mean and messages as free, and stops\n"
        "  before the optimizer (PipeDream's steps after every backward). Unequal stages and the\n"
        "  optimizer are worked out by running the same order with each stage's own durations;\n"
        "  what is left, messages and the little that the loss takes, only the simulation "
        "knows.\n",
    .memory =
        "  Formula: for each forward in flight but one what it saves, for that one the most "
        "that a\n"
        "  forward and backward hold; parameters, gradients and optimizer state besides "
        "(PipeDream:\n"
        "  a version of the parameters for each forward in flight). Simulated: everything, "
        "so also\n"
        "  tensors on their way in messages, the batch itself with all its outputs, and the copies "
        "that\n"
        "  PipeDream keeps of parameters that are still the newest ones.\n",
    .fits = fits,
    .refusal = refusal,
    .caveat = caveat,
    .formula = formula,
    .options = options,
    .draw = pipeline_plan_draw,
    .scaling = pipeline_plan_scaling,
};

__attribute__((constructor)) static void register_part(void)
{
    name_methods();
    plan_part_register(&part);
}
