/*
 * How throughput grows with ranks and micro-batches: the table that papers on
 * pipelines print (GPipe, table 2). The model stays the same; a micro-batch has
 * as many samples in every run. One micro-batch is the naive schedule.
 */
#include "assignments/pipeline/planner/pipeline_plan.h"

double pipeline_plan_ideal_speed(int ranks, int micro_batches)
{
    return (double)ranks * micro_batches / (micro_batches + ranks - 1);
}

/* Seconds per sample of AFAB; 0 and an error if it can't run. */
static double seconds_per_sample(const struct plan *plan, int ranks, int micro_batches,
                                 bool simulate, GString *error)
{
    struct plan own = *plan;
    own.ranks = ranks;
    own.micro_batches = micro_batches;
    own.batch_size = plan->batch_size / plan->micro_batches * micro_batches;
    const struct plan_method method = {.name = schedule_table[SCHEDULE_AFAB].name};
    const struct schedule_kind *kind = schedule_kind_of(SCHEDULE_AFAB);
    g_autofree char *refusal = pipeline_plan_refusal(&own, kind);
    if (refusal || ranks > plan->platform->hosts) {
        g_string_printf(error, "SCALING: %d ranks: %s", ranks,
                        refusal ? refusal : "the platform has fewer processors");
        return 0;
    }
    double seconds = 0;
    if (simulate) {
        struct simulated *simulated = plan_simulated_new(&own, &method, error);
        seconds = simulated ? simulated->seconds : 0;
        plan_simulated_free(simulated);
    } else {
        struct formula *formula = pipeline_plan_formula(&own, kind);
        seconds = formula->with[PIPELINE_PLAN_OPTIMIZER];
        plan_formula_free(formula);
    }
    return seconds / own.batch_size;
}

bool pipeline_plan_scaling(const struct plan *plan, bool simulate, GString *text, GString *error)
{
    const GArray *ranks = plan->scaling_ranks, *batches = plan->scaling_micro_batches;
    const int first_ranks = g_array_index(ranks, int, 0);
    const int first_batches = g_array_index(batches, int, 0);
    g_string_append_printf(
        text,
        "%s (%d layers), platform %s, all-forward-all-backward, micro-batches of %d samples.\n"
        "Throughput relative to K=%d, M=%d: %s (ideal: KM/(M+K-1) of the same)\n\n",
        plan->model_name, plan->model->layers, plan->platform_name,
        plan->batch_size / plan->micro_batches, first_ranks, first_batches,
        simulate ? "simulated" : "without messages");
    for (guint i = 0; i < batches->len; i++)
        g_string_append_printf(text, "%s     M=%-13d", i ? "" : "      ",
                               g_array_index(batches, int, i));
    g_string_append_c(text, '\n');
    double base = 0;
    for (guint k = 0; k < ranks->len; k++) {
        const int p = g_array_index(ranks, int, k);
        g_string_append_printf(text, "K=%-4d", p);
        for (guint i = 0; i < batches->len; i++) {
            const int m = g_array_index(batches, int, i);
            const double seconds = seconds_per_sample(plan, p, m, simulate, error);
            if (!(seconds > 0))
                return false;
            if (k == 0 && i == 0)
                base = seconds;
            g_string_append_printf(text, "%8.3f (%6.3f)   ", base / seconds,
                                   pipeline_plan_ideal_speed(p, m) /
                                       pipeline_plan_ideal_speed(first_ranks, first_batches));
        }
        g_string_append_c(text, '\n');
    }
    return true;
}
