/*
 * From wrong gradients to their reason: the coefficient matrix of the stage that
 * tells most, and the known mistake that the evidence fits.
 */
#include "assignments/pipeline/judges/gradients.h"

#include "assignments/pipeline/judges/early.h"
#include "assignments/pipeline/judges/gradients_facts.h"
#include "assignments/pipeline/judges/mistakes.h"
#include "common/training/assert_close.h"

#include <math.h>
#include <string.h>

/* Sums over all parameters of a stage, in double precision. */
struct sums {
    double found_found, found_expected, expected_expected, expected_largest, found_largest;
    double against_sum; /* ‖found - sum of steps‖² */
    double sum_sum;
};

static void add_tensor(struct sums *sums, const float *found, const float *expected,
                       const float *sum, int count)
{
    for (int i = 0; i < count; i++) {
        double f = found[i], e = expected[i], s = sum[i];
        sums->found_found += f * f;
        sums->found_expected += f * e;
        sums->expected_expected += e * e;
        sums->found_largest = fmax(sums->found_largest, fabs(f));
        sums->expected_largest = fmax(sums->expected_largest, fabs(e));
        sums->against_sum += (f - s) * (f - s);
        sums->sum_sum += s * s;
    }
}

/* Sizes and ratios of one stage's gradients. `expected` is the reference's whole arena. */
static void measure_stage(const struct gradient_case *c, int s, const float *expected,
                          struct mistake_stage *stage)
{
    struct sums sums = {0};
    const struct model *model = c->reference->model;
    int first = c->stage[s].first_layer;
    for (int layer = first; layer < first + c->stage[s].layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++) {
            const struct tensor *found = gradient_found(c, layer, p);
            size_t place = gradient_place(c, layer, p);
            struct tensor *right = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                              model->layer[layer].parameter[p].shape);
            memcpy(right->data, expected + place, tensor_bytes(right));
            stage->has_parameters = true;
            if (!closeness_of(found, right, tolerance_gradient()).close)
                stage->wrong = true;
            add_tensor(&sums, tensor_floats(found), expected + place, tensor_floats(c->sum) + place,
                       found->count);
            tensor_free(right);
        }
    stage->ratio = sums.found_expected / sums.expected_expected;
    double left = sums.found_found - stage->ratio * sums.found_expected;
    if (!(left <= 1e-8 * sums.found_found) || sums.found_found == 0)
        stage->ratio = NAN;
    stage->finite = isfinite(sums.found_found);
    stage->all_zero = sums.found_largest == 0 && sums.expected_largest > 0;
    stage->sum_of_steps = c->steps_summed > 1 && sums.against_sum <= 1e-8 * sums.sum_sum;
}

/* ---- outputs and messages ---------------------------------------------------------------------- */

static void find_outputs(const struct gradient_case *c, const struct reference_parts *parts,
                         int *output_of)
{
    const struct tensor *found = gradient_of_loss_stage(c, "outputs");
    int m = parts->micro_batches, count = found->count / m;
    for (int i = 0; i < m; i++) {
        output_of[i] = MISTAKE_UNKNOWN;
        for (int k = 0; k < m && output_of[i] < 0; k++) {
            int j = (i + k) % m; /* its own first */
            double difference = 0, square = 0;
            for (int e = 0; e < count; e++) {
                double is = tensor_floats(found)[i * count + e];
                double wanted = tensor_floats(parts->outputs[j])[e];
                difference += (is - wanted) * (is - wanted);
                square += wanted * wanted;
            }
            if (difference <= 1e-8 * square)
                output_of[i] = j;
        }
    }
}

static void read_log(const struct gradient_case *c, const struct matching *matching, int s,
                     struct mistake_stage *stage)
{
    const struct model *model = c->reference->model;
    int rank = c->stage[s].rank;
    EVIDENCE_ARRAY events = evidence_events(&c->run->log[rank]);
    int last = c->stage[s].first_layer + c->stage[s].layers - 1;
    uint64_t samples = (uint64_t)(c->run->options.batch_size / c->micro_batches);
    uint64_t in = sizeof(float) * samples *
                  (uint64_t)shape_count(model->layer[c->stage[s].first_layer].input);
    uint64_t out = sizeof(float) * samples * (uint64_t)shape_count(model->layer[last].output);
    bool *wiped = g_new0(bool, c->micro_batches);
    stage->facts = stage_facts_read(events, c->step, s, c->micro_batches, wiped);
    stage->wiped = wiped;
    stage->early_forward = stage->early_backward = MISTAKE_UNKNOWN;
    if (c->stages == c->run->ranks) { /* with chunks, sizes do not tell the messages apart */
        stage->early_forward = early_micro_batch(matching, events, s, c->step, LOG_FORWARD, in);
        stage->early_backward = early_micro_batch(matching, events, s, c->step, LOG_BACKWARD, out);
    }
    stage->last_backward = MISTAKE_UNKNOWN;
    for (guint i = 0; i < events->len; i++)
        if (EVIDENCE_EVENT(events, i)->step == c->step && EVIDENCE_EVENT(events, i)->stage == s &&
            EVIDENCE_EVENT(events, i)->operation == LOG_BACKWARD)
            stage->last_backward = EVIDENCE_EVENT(events, i)->micro_batch;
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* Gradients that are right but for a factor, whatever it is. */
static void explain_ratios(const struct gradient_case *c, const struct mistake_stage *stage,
                           struct verdict *verdict)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool wrong = false;
    for (int s = 0; s < c->stages; s++) {
        if (!stage[s].has_parameters)
            continue;
        if (!isfinite(stage[s].ratio))
            return;
        wrong = wrong || fabs(stage[s].ratio - 1) > 1e-4;
        g_string_append_printf(text, "%sstage %d: %.4g", text->len > 0 ? ", " : "", s,
                               stage[s].ratio);
    }
    if (!wrong)
        return;
    verdict_explain(verdict,
                    "\nThe gradients are right but for a factor (%s). Look at the scale given to "
                    "batch_loss_backward: it belongs to the loss, on the last stage, and nowhere "
                    "else. It is 1 divided by the number of micro-batches%s.\n",
                    text->str, c->micro_batches == 1 ? ", so 1 here" : "");
}

/* The scale as the log has it, where it is not 1/m, or where only some micro-batches have one. */
static void explain_loss(const struct gradient_case *c, const struct loss_facts *loss,
                         struct verdict *verdict)
{
    double due = 1.0 / c->micro_batches;
    if (loss->gradients > 0 && loss->gradients < loss->losses)
        verdict_explain(
            verdict,
            "\nbatch_loss was called %d times in this step, batch_loss_backward only %d "
            "times.\n",
            loss->losses, loss->gradients);
    if (loss->gradients == 0 ||
        (fabs(loss->least - due) <= 1e-6 * due && fabs(loss->most - due) <= 1e-6 * due))
        return;
    verdict_explain(verdict, "\nbatch_loss_backward was given a scale of %.6g", loss->least);
    if (loss->most > loss->least)
        verdict_explain(verdict, " to %.6g", loss->most);
    verdict_explain(verdict, "; 1/m is %.6g.\n", due);
}

/* The driver spoils memory in runs that leave evidence (memory.h). */
static void explain_not_finite(const struct gradient_case *c, const struct mistake_stage *stage,
                               struct verdict *verdict)
{
    for (int s = 0; s < c->stages; s++)
        if (stage[s].has_parameters && !stage[s].finite) {
            verdict_explain(
                verdict, "\nWhere does NaN come from? In a run like this one a tensor holds NaN "
                         "until it is filled, and again once it is freed. So look for a tensor "
                         "that was used before its receive was waited for, that nothing was "
                         "received into, or that was freed while it was still needed or sent.\n");
            return;
        }
}

/* What the last stage's first backward began with, where nobody asked for the loss's gradient. */
static void explain_no_loss_gradient(const struct gradient_case *c, struct verdict *verdict)
{
    int s = c->stages - 1, rank = c->stage[s].rank;
    const struct log_file *log = &c->run->log[rank];
    EVIDENCE_ARRAY events = evidence_events(log);
    uint64_t given = 0;
    int micro_batch = -1;
    for (guint k = 0; k < events->len && given == 0; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        if (event->step == c->step && event->stage == s &&
            (event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT)) {
            given = log_tensor(&log->record[event->begin]);
            micro_batch = event->micro_batch;
        }
    }
    bool own_output = false;
    for (guint k = 0; k < events->len && given != 0; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        own_output |= event->step == c->step && event->stage == s &&
                      event->operation == LOG_FORWARD && event->end < log->count &&
                      log_tensor(&log->record[event->end]) == given;
    }
    if (given != 0)
        verdict_explain(
            verdict,
            "\nThe first backward of the last stage (rank %d, micro-batch %d) was given "
            "%s.\n",
            rank, micro_batch,
            own_output ? "the output of a forward, as it is"
                       : "a tensor that batch_loss_backward had not returned");
}

static void name_mistake(const struct gradient_case *c, const struct mistake_evidence *evidence,
                         const struct matching *matching, struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    const struct mistake *mistake = gradients_order(c, why); /* what was not run can't be right */
    mistake = mistake ? mistake : mistake_recognise(evidence);
    if (evidence->rounding)
        flow_explain_rounding(&evidence->flow, c->run, evidence->rounding, verdict);
    else
        flow_explain(&evidence->flow, c->run, matching, verdict);
    explain_loss(c, &evidence->loss, verdict);
    if (evidence->loss.losses > 0 && evidence->loss.gradients == 0)
        explain_no_loss_gradient(c, verdict);
    if (mistake) {
        verdict_name_mistake(verdict, mistake);
        return;
    }
    explain_not_finite(c, evidence->stage, verdict);
    explain_ratios(c, evidence->stage, verdict);
}

/* Measures and reads all stages; returns the last one that has coefficients, or -1. */
static int read_stages(const struct gradient_case *c, const struct reference_parts *parts,
                       const struct matching *matching, const float *expected,
                       struct mistake_stage *stage)
{
    int telling = -1;
    for (int s = 0; s < c->stages; s++) {
        measure_stage(c, s, expected, &stage[s]);
        read_log(c, matching, s, &stage[s]);
        if (parts && stage[s].wrong && stage[s].finite && !stage[s].all_zero)
            stage[s].coefficients = gradients_fit_stage(c, parts, s);
        if (stage[s].coefficients)
            telling = s;
    }
    return telling;
}

void gradients_explain(const struct gradient_case *c, struct verdict *verdict)
{
    int stages = c->stages, m = c->micro_batches;
    const struct tensor *arena = stage_gradients(c->reference->stage);
    g_autofree float *expected = g_memdup2(arena->data, tensor_bytes(arena));
    g_autofree struct mistake_stage *stage = g_new0(struct mistake_stage, stages);
    g_autofree int *output_of = g_new(int, m), *input_of = g_new(int, m);
    struct reference_parts *parts = reference_parts_new(c->reference, c->step, m);
    struct matching *matching = matching_new(c->run->log, c->run->ranks);
    int telling = read_stages(c, parts, matching, expected, stage);
    if (parts) {
        find_outputs(c, parts, output_of);
        gradients_find_inputs(c, input_of);
    }
    struct mistake_evidence evidence = {
        .stages = stages,
        .ranks = c->run->ranks,
        .micro_batches = m,
        .schedule = pipeline_schedule(&c->run->options),
        .flow = flow_find(c->run, matching, (struct flow_sizes){c->reference->model, c->stage},
                          c->step, m),
        .stage = stage,
        .output_of = parts && c->outputs_wrong ? output_of : NULL,
        .input_of = parts ? input_of : NULL,
        .loss = loss_facts_read(c->run, c->step),
        .sent_changed = gradients_sent_changed(matching),
        .shared_buffer = gradients_sends_share(matching),
        .received_over = gradients_received_over(matching)};
    evidence.rounding = gradients_find_rounding(c, &evidence.flow);
    if (telling >= 0)
        gradients_show_matrix(c, stage[telling].coefficients, c->stage[telling].rank, verdict);
    name_mistake(c, &evidence, matching, verdict);
    for (int s = 0; s < stages; s++) {
        coefficients_free((struct coefficients *)stage[s].coefficients);
        g_free((bool *)stage[s].wiped);
    }
    matching_free(matching);
    reference_parts_free(parts);
}
