/* Gradients that the state was made of, against one process; see combination_parts.h. */
#include "assignments/memory/judges/combination/combination_parts.h"

#include <math.h>
#include <string.h>

/* As zero/zero_state.c: gradients, element by element and of each tensor's norm. */
#define RELATIVE 1e-5
#define ABSOLUTE 4e-5
#define EPSILON  1.2e-7
#define ALIKE    1e-3 /* of the norm: what a known mistake makes of a gradient */

static const struct mistake sum_for_mean = {
    "the sum of the pipelines' gradients stands for their mean",
    "The gradient is as many times as large as there are pipelines: each pipeline's is that of the "
    "mean "
    "over its own share.",
    "scale_numbers, by 1 / zero->ranks"};
static const struct mistake divided_twice = {
    "gradients are divided by the number of pipelines twice",
    "The gradient is as many times too small as there are pipelines.",
    "where gradients are scaled, and how often"};
static const struct mistake not_added = {
    "gradients are not added up over the pipelines",
    "A rank's state is made of the gradients of its own pipeline's share of the batch.",
    "reduce_scatter_gradients, of every unit, behind hybrid_forward_backward"};
static const struct mistake not_added_divided = {
    "gradients are divided, and not added up",
    "A rank's state is made of its own pipeline's gradients, divided by the number of pipelines.",
    "reduce_scatter_gradients, of every unit, behind hybrid_forward_backward"};
/* ---- gradients ------------------------------------------------------------------------------------------- */

struct found {
    const struct tensor *state, *behind; /* the first of the states, whole */
    const struct whole *whole;           /* who has which part of it */
    float *gradient;                     /* that the state was made of, and … */
    struct tensor *due;                  /* … one process's */
};

static void find_gradient(const struct combination *c, struct found *f)
{
    const struct optimizer_options *options = &c->run->options.optimizer;
    const bool is_adamw = options->kind == OPTIMIZER_ADAMW;
    const double keep = is_adamw ? options->beta1 : options->momentum;
    const double gain = is_adamw ? 1 - options->beta1 : 1;
    f->gradient = g_new(float, f->state->count + 1);
    for (int i = 0; i < f->state->count; i++)
        f->gradient[i] = (float)(((double)tensor_floats(f->behind)[i] -
                                  keep * (double)tensor_floats(f->state)[i]) /
                                 gain);
}

/* The size of what is summed: a tensor whose gradient cancels out holds what rounding has left of that. */
static double size_of_all(const struct combination *c)
{
    const struct tensor *all = stage_gradients(c->reference->stage);
    double sum = 0;
    for (int i = 0; i < all->count; i++)
        sum += (double)tensor_floats(all)[i] * (double)tensor_floats(all)[i];
    return sqrt(sum);
}

/* The first element that is wrong, or -1. */
static int first_wrong(const struct combination *c, const struct found *f)
{
    const bool is_adamw = c->run->options.optimizer.kind == OPTIMIZER_ADAMW;
    const double gain = is_adamw ? 1 - c->run->options.optimizer.beta1 : 1;
    double off = 0, size = 0, noises = 0, worst = -1;
    int at = 0;
    for (int i = 0; i < f->due->count; i++) {
        const double due = (double)tensor_floats(f->due)[i];
        const double noise =
            4 * EPSILON / gain *
            (fabs((double)tensor_floats(f->behind)[i]) + fabs((double)tensor_floats(f->state)[i]));
        const double difference = fabs((double)f->gradient[i] - due);
        if (!(difference <= RELATIVE * fabs(due) + ABSOLUTE + noise))
            return i;
        off += difference * difference;
        size += due * due;
        noises += noise * noise;
        at = difference > worst ? i : at;
        worst = fmax(worst, difference);
    }
    return sqrt(off) <= RELATIVE * sqrt(size) + sqrt(noises) + EPSILON * size_of_all(c) ? -1 : at;
}

/* Is found = factor * due? */
static bool is_multiple(const struct found *f, const float *due, double factor)
{
    double off = 0, size = 0;
    for (int i = 0; i < f->due->count; i++) {
        const double difference = (double)f->gradient[i] - factor * (double)due[i];
        off += difference * difference;
        size += factor * factor * (double)due[i] * (double)due[i];
    }
    return size > 0 && sqrt(off) <= ALIKE * sqrt(size);
}

/* What each rank's own pipeline has, where the rank keeps the state. Overwrites the reference's gradients. */
static float *own_gradients(const struct combination *c, const struct found *f, int layer,
                            int parameter)
{
    float *own = g_new0(float, f->due->count + 1);
    for (int rank = 0; rank < c->run->ranks; rank++) {
        const struct rank_share *share = shares_of(c->shares, c->step, rank);
        reference_compute_samples(c->reference, c->step, share->sample, share->count, share->place);
        struct tensor *gradient = reference_gradient(c->reference, layer, parameter);
        for (int i = 0; i < f->due->count; i++)
            if (whole_holder(f->whole, (size_t)i) == rank)
                own[i] = tensor_floats(gradient)[i];
        tensor_free(gradient);
    }
    return own;
}

static void explain(const struct combination *c, const struct found *f, int layer, int parameter,
                    struct verdict *verdict)
{
    const double replicas = c->place.replicas;
    const struct mistake *mistake = NULL;
    if (c->place.replicas < 2)
        return;
    if (is_multiple(f, tensor_floats(f->due), replicas))
        mistake = &sum_for_mean;
    else if (is_multiple(f, tensor_floats(f->due), 1 / replicas))
        mistake = &divided_twice;
    g_autofree float *own = mistake ? NULL : own_gradients(c, f, layer, parameter);
    if (own && is_multiple(f, own, 1))
        mistake = &not_added;
    else if (own && is_multiple(f, own, 1 / replicas))
        mistake = &not_added_divided;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

bool memory_combination_gradient_is_right(struct combination *c, int layer, int parameter,
                                          struct verdict *verdict)
{
    g_autofree char *name = memory_combination_name(c, layer, parameter, 0);
    struct found f = {.state = wholes_tensor(c->before, name),
                      .behind =
                          memory_combination_assemble(c, c->after, layer, parameter, 0, verdict),
                      .whole = wholes_find(c->after, name)};
    if (!f.behind)
        return false;
    struct tensor *own = reference_gradient(c->reference, layer, parameter);
    f.due = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, own->shape);
    tensor_copy(f.due, own);
    find_gradient(c, &f);
    const int at = first_wrong(c, &f);
    if (at < 0) {
        memcpy(own->data, f.gradient, tensor_bytes(own));
    } else {
        evidence_fail(
            verdict,
            "step %d: element %d of %s, on rank %d, was made from a gradient of %.7g: one "
            "process has %.7g",
            c->step, at, name, whole_holder(f.whole, (size_t)at), (double)f.gradient[at],
            (double)tensor_floats(f.due)[at]);
        explain(c, &f, layer, parameter, verdict);
    }
    g_free(f.gradient);
    tensor_free(f.due);
    tensor_free(own);
    return at < 0;
}
