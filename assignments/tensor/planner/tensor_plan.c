/* What the planner asks the tensor assignment; see tensor_plan.h. */
#include "assignments/tensor/planner/tensor_plan.h"

#include <stdio.h>

enum { TENSOR, MOST_METHODS = 24, NAME_SIZE = 16 };

static const struct plan_degree degrees[] = {
    {"tensor", "TENSOR",
     "ranks that share each layer: RANKS, beside one (all powers of two up to RANKS)", 0, 4096},
    {NULL, NULL, NULL, 0, 0}};

/* ---- what is planned ---------------------------------------------------------------------------- */

static char names[MOST_METHODS][NAME_SIZE];
static struct plan_method methods[MOST_METHODS + 1];

static void add(int *count, enum way way, int ranks)
{
    static const char *const notes[] = {"all of it", "1/t of what is split"};
    struct plan_method *method = &methods[*count];
    if (way == WAY_ONE_ROUND)
        snprintf(names[*count], NAME_SIZE, "t=%d", ranks);
    else
        snprintf(names[*count], NAME_SIZE, "%s", way_table[way].name);
    *method = (struct plan_method){.name = names[*count],
                                   .note = notes[ranks > 1],
                                   .value = way_table[way].name,
                                   .ranks = ranks};
    (*count)++;
}

const struct plan_method *tensor_plan_methods(const struct plan *plan)
{
    int count = 0;
    add(&count, WAY_ONE_ROUND, 1);
    for (int ranks = 2; ranks < plan->ranks && plan->degree[TENSOR] == 0; ranks *= 2)
        add(&count, WAY_ONE_ROUND, ranks);
    if (plan->ranks > 1) {
        for (int way = WAY_ONE_ROUND; way < WAYS; way++)
            add(&count, (enum way)way, plan->ranks);
    }
    methods[count] = (struct plan_method){.name = NULL};
    return methods;
}

struct rank_setting tensor_plan_setting(const struct plan *plan, const struct plan_method *method)
{
    return (struct rank_setting){.model = plan->model,
                                 .way = (enum way)(way_named(method->value) - way_table),
                                 .ranks = method->ranks,
                                 .samples = plan->batch_size / plan->micro_batches,
                                 .micro_batches = plan->micro_batches,
                                 .optimizer = OPTIMIZER_SGD};
}

/* ---- what can run --------------------------------------------------------------------------------- */

static bool fits(const struct plan *plan, GString *error)
{
    const int tensor = plan->degree[TENSOR];
    if (tensor != 0 && tensor != plan->ranks)
        g_string_printf(
            error,
            "TENSOR=%d: %d ranks in groups of %d want a second way to share the work, and "
            "here is none: TENSOR must be RANKS, or left out for 1, 2, 4 … ranks",
            tensor, plan->ranks, tensor);
    return error->len == 0;
}

/* The most bytes that a round of messages moves. */
static double largest_round(const struct rank_setting *setting)
{
    struct rank_costs *costs = rank_costs_new(setting);
    double most = 0;
    for (guint i = 0; i < costs->round->len; i++)
        most = MAX(most, g_array_index(costs->round, struct rank_round, i).bytes);
    rank_costs_free(costs);
    return most;
}

static char *refusal(const struct plan *plan, const struct plan_method *method)
{
    const struct rank_setting setting = tensor_plan_setting(plan, method);
    const int least = model_least_samples(plan->model);
    char *refusal = rank_costs_refusal(&setting);
    if (refusal)
        return refusal;
    if (setting.samples < least)
        return g_strdup_printf("a batch norm takes the variance over a micro-batch, and wants %d "
                               "samples in each",
                               least);
    const double bytes = largest_round(&setting);
    if (bytes > (double)TENSOR_META_MESSAGE_BYTES)
        return g_strdup_printf(
            "a round of messages would have %.0f MiB, and one without numbers has "
            "at most %zu: plan with fewer samples",
            bytes / (1 << 20), TENSOR_META_MESSAGE_BYTES >> 20);
    return NULL;
}

static char *caveat(const struct plan *plan, const struct plan_method *method)
{
    if (platform_knows_collectives(plan->platform, method->ranks))
        return NULL;
    return plan->platform->measured
               ? g_strdup(
                     "its formula leaves messages out: here their time was measured, and is no "
                     "line over their bytes")
               : g_strdup_printf(
                     "its formula leaves messages out: only %d processors of %s are close "
                     "together",
                     plan->platform->together, plan->platform_name);
}

static void options(const struct plan *plan, const struct plan_method *method, GPtrArray *words)
{
    (void)plan;
    (void)method;
    (void)words;
}

/* ---- registered ------------------------------------------------------------------------------------- */

static const struct plan_part part = {
    .assignment = "tensor",
    .method_word = "ranks",
    .method_option = "--parallel",
    .degrees = degrees,
    .micro_batches = 1,
    .methods = tensor_plan_methods,
    .note_word = "parameters",
    .begin_word = "work / t",
    .causes = {[TENSOR_PLAN_NOT_SPLIT] = "not split",
               [TENSOR_PLAN_UNEVEN] = "uneven",
               [TENSOR_PLAN_MESSAGES] = "messages",
               [TENSOR_PLAN_HIDDEN] = "hidden"},
    .rest_word = "other",
    .differences = "  work / t: what one rank would compute alone, by the number of ranks. Not "
                   "split: every rank\n"
                   "  computes it, the loss included. Uneven: the rank with most has more than "
                   "1/t, and biases of\n"
                   "  row-parallel layers are whole. Messages: all sums and gathers one after the "
                   "other, each by\n"
                   "  formula. Hidden: what of the sums of dx lies behind gradients of weights. "
                   "Other: only the\n"
                   "  simulation knows.\n",
    .memory =
        "  Formula: what layers keep for the backward, and x and y, or their gradients, of "
        "the one\n"
        "  that runs; parameters, gradients and optimizer state besides. Simulated: "
        "everything, so\n"
        "  also the batch. Messages and bytes: sums and gathers, and what a rank hands in to "
        "them.\n"
        "  Rows t=… are --parallel one-round, the others the way that they are named after.\n",
    .fits = fits,
    .refusal = refusal,
    .caveat = caveat,
    .formula = tensor_plan_formula,
    .options = options,
    .draw = tensor_plan_draw,
};

__attribute__((constructor)) static void register_part(void)
{
    plan_part_register(&part);
}
