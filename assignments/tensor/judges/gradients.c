/*
 * Judge "gradients".
 *
 * Run:       a few training steps whose gradients are stored, on any number of ranks.
 * Must hold: each rank's slice or copy of every gradient is what one process computes, element by element
 *            and by relative norm; so are the outputs and the loss, on each rank; the slices make up wholes;
 *            the optimizer steps once.
 *            Of a bias that is added on one rank only the others need no gradient: theirs may be zeros.
 *            With --log-memory what "really_split" asks, too.
 * A failure: names the first tensor that is wrong, from the loss backwards, and where one shows it, the
 *            mistake.
 */
#include "assignments/tensor/judges/gradients.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/really_split.h"

#include "common/training/assert_close.h"

#include <math.h>

#define LINES 12 /* of the table of wrong tensors */

static char *name_of(const struct gradient_case *c, int layer, int parameter)
{
    return layer < 0 ? g_strdup("outputs")
                     : reference_gradient_name(c->reference, layer, parameter);
}

/* ---- one tensor ----------------------------------------------------------------------------------- */

static struct tolerance tolerance_of(int layer)
{
    struct tolerance tolerance = tolerance_gradient();
    if (layer < 0)
        tolerance = (struct tolerance){.relative = 1e-5, .absolute = 1e-5, .norm = 1e-5};
    return tolerance;
}

static struct closeness closeness_of_part(const struct whole_part *part,
                                          const struct tensor *expected, int layer)
{
    struct tensor *own = tensor_signature_expected(part, expected);
    const struct closeness how =
        closeness_of(part->tensor, own, tolerance_of_part(tolerance_of(layer), expected, own));
    tensor_free(own);
    return how;
}

static bool is_there(struct gradient_case *c, const char *name, const struct tensor *expected,
                     struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    const bool there = wholes_can_be_compared(c->after, name, &expected->shape, why);
    if (!there)
        evidence_fail(verdict, "after step %d: %s", c->step, why->str);
    return there;
}

/* Copies of a bias of which one is right need not be right, or there at all, on ranks that do not add it. */
static bool is_needed(const struct gradient_case *c, const struct wrong_tensor *one,
                      const bool *right, guint i)
{
    const struct whole_part *part = whole_part_at(one->whole, i);
    bool any = false;
    for (guint k = 0; k < one->whole->parts->len; k++)
        any = any || right[k];
    const char *name =
        one->layer < 0 ? "" : c->reference->model->layer[one->layer].parameter[one->parameter].name;
    if (!any || !g_str_has_suffix(name, "bias") || !slice_is_all(&part->is.slice))
        return true;
    for (int k = 0; k < part->tensor->count; k++)
        if (tensor_floats(part->tensor)[k] != 0.0f)
            return true;
    return false;
}

/* Takes over expected. */
static void compare(struct gradient_case *c, int layer, int parameter, struct tensor *expected,
                    struct verdict *verdict)
{
    g_autofree char *name = name_of(c, layer, parameter);
    if (verdict->kind == VERDICT_FAIL || !is_there(c, name, expected, verdict)) {
        tensor_free(expected);
        return;
    }
    struct wrong_tensor one = {layer, parameter, wholes_find(c->after, name), expected, 0};
    const guint parts = one.whole->parts->len;
    g_autofree bool *right = g_new(bool, parts);
    for (guint i = 0; i < parts; i++)
        right[i] = closeness_of_part(whole_part_at(one.whole, i), expected, layer).close;
    while (one.first_wrong < parts &&
           (right[one.first_wrong] || !is_needed(c, &one, right, one.first_wrong))) {
        c->copies_go_apart |= !right[one.first_wrong];
        one.first_wrong++;
    }
    if (one.first_wrong == parts)
        tensor_free(expected);
    else
        g_array_append_val(c->wrong, one);
}

static void wrong_clear(void *one)
{
    tensor_free(((struct wrong_tensor *)one)->expected);
}

/* ---- in words --------------------------------------------------------------------------------------- */

/* "layers.3.weight.gradient of rank 1 (its slice of a linear): 12 of 64 elements …" */
static void tell_first(const struct gradient_case *c, struct verdict *verdict)
{
    const struct wrong_tensor *one = &g_array_index(c->wrong, struct wrong_tensor, 0);
    const struct whole_part *part = whole_part_at(one->whole, one->first_wrong);
    const struct closeness how = closeness_of_part(part, one->expected, one->layer);
    struct tensor *own = tensor_signature_expected(part, one->expected);
    const int at = how.worst_absolute_at;
    g_autofree char *of =
        one->layer < 0 ? g_strdup("")
                       : g_strdup_printf(", a %s layer",
                                         c->reference->model->layer[one->layer].operations->kind);
    evidence_fail(
        verdict,
        "after step %d: %s on rank %d (%s%s) %s: %d of %d elements, the worst is %.6g and "
        "should be %.6g",
        c->step, one->whole->name, part->from->rank,
        slice_is_all(&part->is.slice) ? "all of it" : "its slice", of,
        how.actual_all_zero ? "is all zeros" : "is wrong", how.mismatched, how.count,
        (double)tensor_floats(part->tensor)[at], (double)tensor_floats(own)[at]);
    tensor_free(own);
}

static void tell_table(const struct gradient_case *c, struct verdict *verdict)
{
    verdict_explain(verdict, "\nFrom the loss backwards, what is not as in one process:\n\n"
                             "| tensor | rank | holds | elements wrong | relative norm |\n"
                             "|---|---|---|---|---|\n");
    int lines = 0;
    for (guint i = 0; i < c->wrong->len; i++) {
        const struct wrong_tensor *one = &g_array_index(c->wrong, struct wrong_tensor, i);
        for (guint k = 0; k < one->whole->parts->len; k++) {
            const struct whole_part *part = whole_part_at(one->whole, k);
            const struct closeness how = closeness_of_part(part, one->expected, one->layer);
            if (how.close || lines++ >= LINES)
                continue;
            verdict_explain(verdict, "| %s | %d | %s | %d of %d | %.2g |\n", one->whole->name,
                            part->from->rank,
                            slice_is_all(&part->is.slice) ? "all of it" : "a slice", how.mismatched,
                            how.count, how.relative_norm);
        }
    }
    if (lines > LINES)
        verdict_explain(verdict, "\n… and more.\n");
}

/* ---- a step -------------------------------------------------------------------------------------------- */

static bool losses_are_right(const struct gradient_case *c, struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&c->run->options);
    g_autofree double *loss = g_new(double, c->step + 1);
    for (int rank = 0; rank < c->run->ranks; rank++) {
        evidence_losses(&c->run->log[rank], micro_batches, c->step + 1, loss);
        const double expected = c->reference->loss;
        if (fabs(loss[c->step] - expected) <= 1e-6 + 1e-5 * fabs(expected))
            continue;
        evidence_fail(
            verdict,
            "step %d: rank %d has a loss of %.7g, and one process one of %.7g (NaN: not one "
            "for each of %d micro-batches)",
            c->step, rank, loss[c->step], expected, micro_batches);
        return false;
    }
    return true;
}

static bool optimizers_stepped_once(const struct gradient_case *c, struct verdict *verdict)
{
    for (int rank = 0; rank < c->run->ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&c->run->log[rank]);
        const int steps = evidence_count(events, c->step, LOG_OPTIMIZER_STEP, 0);
        if (steps == 1)
            continue;
        evidence_fail(verdict, "the optimizer of rank %d stepped %d times in step %d, not once",
                      rank, steps, c->step);
        return false;
    }
    return true;
}

static bool judge_step(struct gradient_case *c, struct verdict *verdict)
{
    const struct model *model = c->reference->model;
    c->wrong = g_array_new(FALSE, FALSE, sizeof(struct wrong_tensor));
    g_array_set_clear_func(c->wrong, wrong_clear);
    compare(c, -1, 0, tensor_retain(batch_outputs(c->reference->batch)), verdict);
    for (int layer = model->layers; layer-- > 0;)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            compare(c, layer, p, reference_gradient(c->reference, layer, p), verdict);
    const bool there = verdict->kind != VERDICT_FAIL;
    if (there && c->wrong->len > 0) {
        tell_first(c, verdict);
        tell_table(c, verdict);
        tensor_gradients_explain(c, verdict);
    }
    g_array_unref(c->wrong);
    return verdict->kind != VERDICT_FAIL && losses_are_right(c, verdict) &&
           optimizers_stepped_once(c, verdict);
}

static void judge_steps(struct gradient_case *c, struct verdict *verdict)
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
            reference_take_over_gradients(c->reference, c->after);
        wholes_free(c->after);
        c->step++;
    }
}

void tensor_judge_gradients_of(const struct judgement *judgement, const struct outcome *run,
                               struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    if (run->options.gradient_dumps < 1) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "this run stores no gradients");
        return;
    }
    struct gradient_case c = {.run = run, .reference = reference_of_run(run, verdict)};
    if (c.reference)
        judge_steps(&c, verdict);
    reference_free(c.reference);
    if (verdict->kind == VERDICT_PASS && run->options.log_memory > 0)
        tensor_run_is_split(run, verdict);
}

void tensor_judge_gradients(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, tensor_judge_gradients_of,
                      "outputs, loss and every gradient are those of one process, on each rank");
}
