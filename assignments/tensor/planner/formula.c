/* Step time, memory and messages by formula, from what a rank's layers cost (../costs). */
#include "assignments/tensor/planner/tensor_plan.h"

/* What one rank computes that has the whole model. */
static double whole_seconds(const struct plan *plan, struct rank_setting setting)
{
    setting.ranks = 1;
    struct rank_costs *costs = rank_costs_new(&setting);
    const double seconds = rank_seconds_of(costs, &setting, plan->platform).step;
    rank_costs_free(costs);
    return seconds;
}

static void work_out_time(struct formula *formula, const struct plan *plan,
                          const struct rank_setting *setting, const struct rank_costs *costs)
{
    const bool knows = platform_knows_collectives(plan->platform, setting->ranks);
    struct rank_seconds seconds = rank_seconds_of(costs, setting, plan->platform);
    if (!knows)
        seconds = (struct rank_seconds){.computing = seconds.computing, .step = seconds.computing};
    const double everywhere = setting->micro_batches * costs->whole / plan->platform->speed;
    formula->begin = whole_seconds(plan, *setting) / setting->ranks;
    formula->with[TENSOR_PLAN_NOT_SPLIT] =
        formula->begin + everywhere * (setting->ranks - 1) / setting->ranks;
    formula->with[TENSOR_PLAN_UNEVEN] = seconds.computing;
    formula->with[TENSOR_PLAN_MESSAGES] = seconds.computing + seconds.messages;
    formula->with[TENSOR_PLAN_HIDDEN] = seconds.step;
    formula->seconds = seconds.step;
    formula->bubble = 1 - formula->with[TENSOR_PLAN_NOT_SPLIT] / seconds.step; /* of the mean */
    formula->slowest = seconds.computing / formula->begin;
}

static void work_out_rank(struct rank_use *use, const struct rank_setting *setting,
                          const struct rank_costs *costs)
{
    use->peak[MEMORY_ACTIVATION] =
        (setting->micro_batches - 1) * costs->saved_bytes + costs->peak_bytes;
    use->peak[MEMORY_PARAMETER] = use->peak[MEMORY_GRADIENT] = costs->parameter_bytes;
    use->peak[MEMORY_OPTIMIZER] = costs->state_bytes;
    for (guint i = 0; i < costs->round->len; i++) {
        const struct rank_round *round = &g_array_index(costs->round, struct rank_round, i);
        const int times = round->once ? 1 : setting->micro_batches;
        use->messages += times;
        use->message_bytes += times * round->share * round->bytes;
    }
}

struct formula *tensor_plan_formula(const struct plan *plan, const struct plan_method *method)
{
    const struct rank_setting setting = tensor_plan_setting(plan, method);
    struct rank_costs *costs = rank_costs_new(&setting);
    struct formula *formula = g_new0(struct formula, 1);
    formula->ranks = setting.ranks;
    formula->rank = g_new0(struct rank_use, (gsize)setting.ranks);
    work_out_time(formula, plan, &setting, costs);
    for (int rank = 0; rank < setting.ranks; rank++)
        work_out_rank(&formula->rank[rank], &setting, costs);
    rank_costs_free(costs);
    return formula;
}
