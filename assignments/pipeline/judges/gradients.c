/*
 * Judge "gradients".
 *
 * Run:       a few training steps whose gradients are stored, on any number of ranks.
 * Must hold: together the ranks hold each layer once, the rank that its log names as the owner
 *            holds it, and every tensor is the judge's own, element by element and by relative
 *            norm; outputs and loss, too.
 * A failure: says which layer differs first, and what the gradient was really added up from.
 */
#include "assignments/pipeline/judges/gradients.h"

#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/step_facts.h"
#include "common/training/assert_close.h"
#include "grader/evidence/messages.h"

#include <math.h>

char *gradient_name(const struct model *model, int layer, int parameter)
{
    return g_strdup_printf("layers.%d.%s.gradient", layer,
                           model->layer[layer].parameter[parameter].name);
}

int gradient_loss_stage(const struct gradient_case *c)
{
    int rank = evidence_loss_rank(c->run);
    return rank < 0 ? -1 : c->stages - c->run->ranks + rank;
}

const struct tensor *gradient_of_loss_stage(const struct gradient_case *c, const char *name)
{
    return stages_part(c->after, name, gradient_loss_stage(c))->tensor;
}

/* ---- is everything there, once, with its owner? ------------------------------------------------ */

/* Of the shape it should have, and from that stage. */
static bool tensor_is_there(const struct gradient_case *c, int s, const char *name,
                            struct shape shape, struct verdict *verdict)
{
    const struct whole_part *part = stages_part(c->after, name, s);
    int rank = c->stage[s].rank;
    char is[SHAPE_TEXT_SIZE], wanted[SHAPE_TEXT_SIZE];
    if (!part)
        evidence_fail(verdict, "rank %d stored no %s after step %d", rank, name, c->step);
    else if (part->tensor->dtype != DTYPE_FLOAT32 || !shape_equal(part->tensor->shape, shape) ||
             !slice_is_all(&part->is.slice))
        evidence_fail(verdict, "rank %d stored %s as %s %s; it should be float32 %s", rank, name,
                      dtype_name(part->tensor->dtype), shape_text(part->tensor->shape, is),
                      shape_text(shape, wanted));
    else
        return true;
    return false;
}

/* … and from no other. */
static bool gradient_is_there(const struct gradient_case *c, int layer, int parameter,
                              struct verdict *verdict)
{
    const struct shape *shape = &c->reference->model->layer[layer].parameter[parameter].shape;
    g_autofree char *name = gradient_name(c->reference->model, layer, parameter);
    g_autoptr(GString) why = g_string_new(NULL);
    if (!tensor_is_there(c, stages_owner(c->stage, c->stages, layer), name, *shape, verdict))
        return false;
    if (wholes_assemble(c->after, name, DTYPE_FLOAT32, shape, (struct wholes_rules){.copies = 1},
                        why))
        return true;
    evidence_fail(verdict, "after step %d: %s", c->step, why->str);
    return false;
}

static bool everything_is_there(const struct gradient_case *c, struct verdict *verdict)
{
    const struct model *model = c->reference->model;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            if (!gradient_is_there(c, layer, p, verdict))
                return false;
    int last = gradient_loss_stage(c);
    if (last < 0) {
        evidence_fail(verdict, "no rank computed a loss");
        return false;
    }
    struct shape outputs =
        shape_with_batch(c->run->options.batch_size, model->layer[model->layers - 1].output);
    return tensor_is_there(c, last, "outputs", outputs, verdict) &&
           tensor_is_there(c, last, "loss", SHAPE(1), verdict);
}

/* ---- one step after the other ------------------------------------------------------------------- */

/* The losses in the log have to be those of the stored loss: one story. */
static bool losses_agree(const struct gradient_case *c, struct verdict *verdict)
{
    int rank = evidence_loss_rank(c->run);
    g_autofree double *loss = g_new(double, c->step + 1);
    evidence_losses(&c->run->log[rank], c->micro_batches, c->step + 1, loss);
    double stored = tensor_floats(gradient_of_loss_stage(c, "loss"))[0];
    if (fabs(loss[c->step] - stored) <= 1e-5 + 1e-5 * fabs(stored))
        return true;
    evidence_fail(
        verdict,
        "rank %d computed a loss of %.7g in step %d according to its log, and stored %.7g "
        "(NaN: not exactly one loss for each of %d micro-batches)",
        rank, loss[c->step], c->step, stored, c->micro_batches);
    return false;
}

static bool optimizer_stepped_once(const struct gradient_case *c, struct verdict *verdict)
{
    for (int s = 0; s < c->stages; s++) {
        EVIDENCE_ARRAY events = evidence_events(&c->run->log[c->stage[s].rank]);
        int steps = evidence_count(events, c->step, LOG_OPTIMIZER_STEP, s);
        if (steps == 1 || (steps == 0 && c->stage[s].parameter_bytes == 0))
            continue;
        evidence_fail(verdict,
                      "the optimizer of rank %d (stage %d) stepped %d times in step %d, not once",
                      c->stage[s].rank, s, steps, c->step);
        return false;
    }
    return true;
}

/* A step that comes before a backward of the same stage lacks its gradient, and what is computed behind
 * it meets other parameters. Where there are no parameters, nothing comes of it. */
static bool optimizer_stepped_last(const struct gradient_case *c, struct verdict *verdict)
{
    for (int s = 0; s < c->stages; s++) {
        EVIDENCE_ARRAY events = evidence_events(&c->run->log[c->stage[s].rank]);
        struct stage_facts facts = stage_facts_read(events, c->step, s, c->micro_batches, NULL);
        if (facts.behind_optimizer == 0 || c->stage[s].parameter_bytes == 0)
            continue;
        g_autofree char *steps =
            facts.optimizer_steps == 1
                ? g_strdup("stepped")
                : g_strdup_printf("stepped %d times, the first time", facts.optimizer_steps);
        evidence_fail(
            verdict,
            "step %d: the optimizer of rank %d (stage %d) %s before %s of micro-batch %d; it "
            "has to step once, behind all backwards",
            c->step, c->stage[s].rank, s, steps,
            facts.first_behind == LOG_BACKWARD_WEIGHT ? "the weight gradient" : "the backward",
            facts.first_behind_of);
        return false;
    }
    return true;
}

static bool judge_step(struct gradient_case *c, struct verdict *verdict)
{
    struct differences differences = {0, g_string_new(NULL), g_string_new(NULL)};
    bool there = everything_is_there(c, verdict);
    if (there) {
        gradients_compare(c, &differences);
        gradients_compare_outputs(c, &differences);
    }
    /* A cause, where the log holds one, is a better headline than the first number that it makes
     * wrong. */
    bool in_place = there && optimizer_stepped_last(c, verdict);
    if (in_place && differences.wrong > 0) {
        g_autoptr(GString) why = g_string_new(NULL);
        bool known = gradients_order(c, why);
        evidence_fail(verdict, known ? "step %d: %s" : "after step %d: %s", c->step,
                      known ? why->str : differences.first->str);
    }
    bool right = in_place && differences.wrong == 0 && losses_agree(c, verdict) &&
                 optimizer_stepped_once(c, verdict);
    verdict_explain(verdict, "%s", differences.table->str);
    if (there && !right)
        gradients_explain(c, verdict);
    g_string_free(differences.table, TRUE);
    g_string_free(differences.first, TRUE);
    return right;
}

/* The reference goes on with the program's gradients, which were right up to rounding. AdamW divides
 * by their size: where a gradient is nothing but rounding, two right updates differ by the whole
 * learning rate, and the next step would be compared at different parameters. */
static void take_over_gradients(const struct gradient_case *c)
{
    const struct model *model = c->reference->model;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++) {
            struct tensor *own = reference_gradient(c->reference, layer, p);
            tensor_copy(own, gradient_found(c, layer, p));
            tensor_free(own);
        }
}

/* Runs the reference along with the program; judges each stored step at its time. */
static void judge_steps(struct gradient_case *c, struct verdict *verdict)
{
    const struct options *options = &c->run->options;
    struct tensor *gradients = stage_gradients(c->reference->stage);
    struct tensor *sum = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, gradients->shape);
    tensor_zero(sum);
    c->sum = sum;
    bool right = true;
    for (int dump = 0; dump < options->gradient_dumps && right; dump++) {
        for (; c->step <= options->gradient_dump[dump]; c->step++) {
            if (c->step > 0)
                reference_update(c->reference);
            reference_compute(c->reference, c->step);
            c->steps_summed++;
            for (int i = 0; i < sum->count; i++)
                tensor_floats(sum)[i] += tensor_floats(gradients)[i];
        }
        c->step--;
        c->after = wholes_read(c->run, "after", c->step, verdict);
        right = c->after && judge_step(c, verdict);
        if (right)
            take_over_gradients(c);
        wholes_free(c->after);
        c->step++;
    }
    tensor_free(sum);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    char error[REFERENCE_ERROR_SIZE];
    if (!evidence_logs(run, verdict))
        return;
    struct reference *reference = reference_new(&run->options, error);
    if (!reference || run->options.gradient_dumps < 1) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s",
                    reference ? "it stores no gradients" : error);
        reference_free(reference);
        return;
    }
    g_autofree struct evidence_stage *stage = stages_read(run, reference->model->layers, verdict);
    struct gradient_case c = {.judgement = judgement,
                              .run = run,
                              .micro_batches = options_micro_batches(&run->options),
                              .stages = stages_count(run),
                              .stage = stage,
                              .reference = reference};
    if (stage)
        judge_steps(&c, verdict);
    struct matching *matching = matching_new(run->log, run->ranks);
    if (verdict->kind == VERDICT_PASS)
        messages_agree(matching, verdict);
    matching_free(matching);
    reference_free(reference);
}

void judge_gradients(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "outputs, loss and every gradient agree with one process on the whole batch");
}
