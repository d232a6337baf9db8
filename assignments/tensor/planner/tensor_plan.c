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

/* The most numbers that a layer takes or gives, of a sample: as many as any round of messages moves. */
static double largest_tensor(const struct layer *layer, int layers)
{
    double most = 0;
    for (int i = 0; i < layers; i++) {
        most = MAX(most, MAX(shape_count(layer[i].input), shape_count(layer[i].output)));
        most = MAX(most, largest_tensor(layer[i].inner, layer[i].inner_layers));
    }
    return most;
}

static char *refusal(const struct plan *plan, const struct plan_method *method)
{
    const struct rank_setting setting = tensor_plan_setting(plan, method);
    const int least = model_least_samples(plan->model);
    const double bytes =
        sizeof(float) * setting.samples * largest_tensor(plan->model->layer, plan->model->layers);
    if (setting.samples < least)
        return g_strdup_printf("a batch norm takes the variance over a micro-batch, and wants %d "
                               "samples in each",
                               least);
    if (bytes > (double)TENSOR_META_MESSAGE_BYTES)
        return g_strdup_printf(
            "between two layers a micro-batch has %.0f MiB, and without numbers "
            "at most %zu are planned: use a smaller BATCH, or more MICRO_BATCHES",
            bytes / (1 << 20), TENSOR_META_MESSAGE_BYTES >> 20);
    return rank_costs_refusal(&setting);
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
