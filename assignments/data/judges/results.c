/*
 * What every run is held against: one process with the whole batch.
 *
 * Run:       a few training steps whose gradients, and parameters before and behind them, are stored, on any
 *            number of ranks, in any layout.
 * Must hold: the samples of all ranks make up each step's batch; outputs, loss and every gradient are what one
 *            process computes from these samples, on every rank that has a copy or a slice; each optimizer
 *            steps once in a step; all copies of a parameter, and of the optimizer's state, have the same bits.
 *            Of a bias that ranks which share a layer each have a copy of, that of one rank is enough.
 * A failure: names the first gradient that is wrong, from the loss backwards, and where one shows it, the
 *            mistake.
 */
#include "assignments/data/judges/results.h"
#include "assignments/data/judges/hybrid.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/optimizer_steps.h"

#include "assignments/data/options.h"
#include "common/training/assert_close.h"

#include <math.h>
#include <string.h>

#define LINES 12 /* of the table of wrong gradients */

/* ---- one tensor --------------------------------------------------------------------------------------- */

static struct closeness closeness_of_part(const struct whole_part *part,
                                          const struct tensor *expected)
{
    struct tensor *own = slice_part_new(&part->is.slice, expected);
    const struct closeness how =
        closeness_of(part->tensor, own, tolerance_of_part(tolerance_gradient(), expected, own));
    tensor_free(own);
    return how;
}

static bool is_there(const struct results *c, const char *name, const struct tensor *expected,
                     struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    const bool there = wholes_can_be_compared(c->after, name, &expected->shape, why);
    if (!there)
        evidence_fail(verdict, "after step %d: %s", c->step, why->str);
    return there;
}

/* With tensor parallelism a rank that does not add its copy of a bias needs no gradient for it. */
static bool is_needed(const struct results *c, const struct whole *whole, guint i,
                      const struct tensor *expected)
{
    if (data_options(&c->run->options).tensor == 1 || !whole_is_of_a_bias(whole->name))
        return true;
    const struct tensor *own = whole_part_at(whole, i)->tensor;
    for (int k = 0; k < own->count; k++)
        if (tensor_floats(own)[k] != 0.0f)
            return true;
    for (guint other = 0; other < whole->parts->len; other++)
        if (closeness_of_part(whole_part_at(whole, other), expected).close)
            return false;
    return true;
}

/* Takes over expected. */
static void compare(struct results *c, int layer, int parameter, struct tensor *expected,
                    struct verdict *verdict)
{
    g_autofree char *name = reference_gradient_name(c->reference, layer, parameter);
    if (verdict->kind == VERDICT_FAIL || !is_there(c, name, expected, verdict)) {
        tensor_free(expected);
        return;
    }
    struct wrong_gradient one = {layer, parameter, wholes_find(c->after, name), expected, 0};
    while (one.first_wrong < one.whole->parts->len &&
           (closeness_of_part(whole_part_at(one.whole, one.first_wrong), expected).close ||
            !is_needed(c, one.whole, one.first_wrong, expected)))
        one.first_wrong++;
    if (one.first_wrong == one.whole->parts->len)
        tensor_free(expected);
    else
        g_array_append_val(c->wrong, one);
}

static void wrong_clear(void *one)
{
    tensor_free(((struct wrong_gradient *)one)->expected);
}

/* ---- in words --------------------------------------------------------------------------------------- */

static void tell_first(const struct results *c, struct verdict *verdict)
{
    const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, 0);
    const struct whole_part *part = whole_part_at(one->whole, one->first_wrong);
    const struct closeness how = closeness_of_part(part, one->expected);
    struct tensor *own = slice_part_new(&part->is.slice, one->expected);
    const int at = how.worst_absolute_at;
    evidence_fail(verdict,
                  "after step %d: %s on rank %d is not that of one process with the whole batch%s: "
                  "%d of %d elements, the worst is %.6g and should be %.6g",
                  c->step, one->whole->name, part->from->rank,
                  how.actual_all_zero ? " (it is all zeros)" : "", how.mismatched, how.count,
                  (double)tensor_floats(part->tensor)[at], (double)tensor_floats(own)[at]);
    tensor_free(own);
}

static void tell_table(const struct results *c, struct verdict *verdict)
{
    verdict_explain(verdict, "\nFrom the loss backwards, what is not as in one process:\n\n"
                             "| gradient | rank | elements wrong | relative norm |\n"
                             "|---|---|---|---|\n");
    int lines = 0;
    for (guint i = 0; i < c->wrong->len; i++) {
        const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, i);
        for (guint k = 0; k < one->whole->parts->len; k++) {
            const struct whole_part *part = whole_part_at(one->whole, k);
            const struct closeness how = closeness_of_part(part, one->expected);
            if (!how.close && lines++ < LINES)
                verdict_explain(verdict, "| %s | %d | %d of %d | %.2g |\n", one->whole->name,
                                part->from->rank, how.mismatched, how.count, how.relative_norm);
        }
    }
    if (lines > LINES)
        verdict_explain(verdict, "\n… and more.\n");
}

/* ---- a step -------------------------------------------------------------------------------------------- */

static bool outputs_are_right(const struct results *c, struct verdict *verdict)
{
    const struct tolerance close = {.relative = 1e-5, .absolute = 1e-5, .norm = 1e-5};
    const struct tolerance any = {.relative = 0, .absolute = INFINITY, .norm = INFINITY};
    const int tensor = data_options(&c->run->options).tensor;
    int count;
    shares_batch(c->shares, c->step, &count);
    struct tensor *all = batch_outputs(c->reference->batch);
    struct shape shape = all->shape;
    shape.size[0] = count;
    struct tensor *expected = tensor_view(all, 0, shape);
    g_autoptr(GString) why = g_string_new(NULL);
    const struct tensor *found = wholes_assemble(
        c->after, "outputs", DTYPE_FLOAT32, &shape,
        (struct wholes_rules){.closeness = tensor > 1 ? &any : NULL, .finite = true}, why);
    bool right = found != NULL;
    if (!right)
        evidence_fail(verdict, "after step %d: %s", c->step, why->str);
    const struct closeness how =
        right ? closeness_of(found, expected, close) : (struct closeness){0};
    if (right && !how.close) {
        const int at = how.worst_absolute_at, each = how.count / count;
        evidence_fail(
            verdict,
            "step %d: the model's output for the sample at place %d of the batch is not that of "
            "one process: %d of all %d numbers, the worst is %.6g and should be %.6g",
            c->step, at / each, how.mismatched, how.count, (double)tensor_floats(found)[at],
            (double)tensor_floats(expected)[at]);
        right = false;
    }
    tensor_free(expected);
    return right;
}

static bool loss_is_right(const struct results *c, struct verdict *verdict)
{
    g_autofree double *loss = g_new(double, c->step + 1);
    shares_losses(c->shares, c->run, options_micro_batches(&c->run->options), c->step + 1, loss);
    const double expected = c->reference->loss;
    if (fabs(loss[c->step] - expected) <= 1e-6 + 1e-5 * fabs(expected))
        return true;
    evidence_fail(verdict,
                  "step %d: the mean of all ranks' losses is %.7g, and one process has %.7g (NaN: "
                  "not one for each micro-batch)",
                  c->step, loss[c->step], expected);
    return false;
}

static bool judge_step(struct results *c, struct verdict *verdict)
{
    const struct model *model = c->reference->model;
    if (!data_optimizers_stepped_once(c->run, c->step, c->step, verdict) ||
        !outputs_are_right(c, verdict))
        return false;
    c->wrong = g_array_new(FALSE, FALSE, sizeof(struct wrong_gradient));
    g_array_set_clear_func(c->wrong, wrong_clear);
    for (int layer = model->layers; layer-- > 0;)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            compare(c, layer, p, reference_gradient(c->reference, layer, p), verdict);
    if (verdict->kind != VERDICT_FAIL && c->wrong->len > 0) {
        tell_first(c, verdict);
        tell_table(c, verdict);
        hybrid_explain(c, verdict);
        if (verdict->mistake->len == 0)
            data_results_explain(c, verdict);
    }
    g_array_unref(c->wrong);
    return verdict->kind != VERDICT_FAIL && loss_is_right(c, verdict);
}

static void take_over_gradients(struct results *c)
{
    reference_take_over_gradients(c->reference, c->after);
    const struct tensor *gradients = stage_gradients(c->reference->stage);
    if (!c->before)
        c->before = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, gradients->shape);
    tensor_copy(c->before, gradients);
}

static bool judge_steps(struct results *c, struct verdict *verdict)
{
    const struct options *options = &c->run->options;
    bool right = true;
    for (int dump = 0; dump < options->gradient_dumps && right; dump++) {
        for (; c->step <= options->gradient_dump[dump]; c->step++) {
            if (c->step > 0)
                reference_update(c->reference);
            reference_compute(c->reference, c->step);
        }
        c->step--;
        c->after = wholes_read(c->run, "after", c->step, verdict);
        right = c->after && judge_step(c, verdict);
        if (right)
            take_over_gradients(c);
        wholes_free(c->after);
        c->after = NULL;
        c->step++;
    }
    return right;
}

/* ---- copies ---------------------------------------------------------------------------------------------- */

static bool is_running_average(const char *name)
{
    return strstr(name, "running_") != NULL;
}

static bool is_any_ranks(const char *name)
{
    return whole_is_of_a_bias(name) || is_running_average(name);
}

bool data_copies_are_equal(const struct outcome *run, int step, struct verdict *verdict)
{
    const bool split = data_options(&run->options).tensor > 1;
    const struct tolerance close = tolerance_gradient();
    struct wholes *before = wholes_read(run, "before", step, verdict);
    const struct wholes_rules rules = {.closeness = split ? &close : NULL,
                                       .finite = true,
                                       .one_is_enough = split ? is_any_ranks : is_running_average};
    bool equal = before != NULL;
    for (int i = 0; equal && i < wholes_count(before); i++) {
        g_autoptr(GString) why = g_string_new(NULL);
        const char *name = wholes_at(before, i)->name;
        equal = wholes_assemble(before, name, DTYPE_FLOAT32, NULL, rules, why) != NULL;
        if (!equal)
            evidence_fail(verdict,
                          "before step %d: %s: replicas must stay the same to the last bit", step,
                          why->str);
    }
    wholes_free(before);
    return equal;
}

void data_judge_results_of(const struct judgement *judgement, const struct outcome *run,
                           struct verdict *verdict)
{
    (void)judgement;
    struct results c = {.run = run};
    if (!evidence_logs(run, verdict) || !data_shares_of(run, &c.shares, &c.reference, verdict))
        return;
    bool right = judge_steps(&c, verdict) &&
                 data_optimizers_stepped_once(run, 0, shares_steps(c.shares) - 1, verdict);
    for (int i = 0; right && i < run->options.snapshots; i++)
        right = data_copies_are_equal(run, run->options.snapshot[i], verdict);
    tensor_free(c.before);
    reference_free(c.reference);
    shares_free(c.shares);
}

void data_judge_results(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, data_judge_results_of,
                      "outputs, loss and every gradient are those of one process, on each rank");
}
