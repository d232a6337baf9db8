/*
 * From wrong gradients to their reason: the coefficient matrix of the stage that
 * tells most, and the known mistake that the evidence fits.
 */
#include "grader/judges/gradients.h"

#include "common/assert_close.h"
#include "grader/judges/messages.h"
#include "grader/judges/mistakes.h"

#include <math.h>
#include <string.h>

/* The number of unknowns is the square of this: beyond it the diagonal has to do. */
#define LARGEST_MATRIX 12

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

static const struct tensor *found_tensor(const struct gradient_case *c, int layer, int parameter)
{
    g_autofree char *name = gradient_name(c->reference->model, layer, parameter);
    return tensor_file_get(c->file[evidence_owner(c->stage, c->run->ranks, layer)], name);
}

static size_t place_of(const struct gradient_case *c, int layer, int parameter)
{
    return reference_offset(c->reference, layer) +
           c->reference->model->layer[layer].parameter[parameter].offset;
}

/* Sizes and ratios of one stage's gradients. `expected` is the reference's whole arena. */
static void measure_stage(const struct gradient_case *c, int rank, const float *expected,
                          struct mistake_stage *stage)
{
    struct sums sums = {0};
    const struct model *model = c->reference->model;
    int first = c->stage[rank].first_layer;
    for (int layer = first; layer < first + c->stage[rank].layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++) {
            const struct tensor *found = found_tensor(c, layer, p);
            size_t place = place_of(c, layer, p);
            struct tensor *right = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                              model->layer[layer].parameter[p].shape);
            memcpy(right->data, expected + place, tensor_bytes(right));
            stage->has_parameters = true;
            if (!compare_tensors(found, right, tolerance_gradient()).close)
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

/* ---- coefficients ------------------------------------------------------------------------------ */

static struct coefficients *fit_matrix(const struct gradient_case *c,
                                       const struct reference_parts *parts, int layer)
{
    int m = parts->micro_batches;
    g_autofree struct tensor **x = g_new(struct tensor *, m);
    g_autofree struct tensor **dy = g_new(struct tensor *, m);
    for (int i = 0; i < m; i++) {
        x[i] = parts->x[i * parts->layers + layer];
        dy[i] = parts->dy[i * parts->layers + layer];
        if (!x[i] || !dy[i])
            return NULL;
    }
    return coefficients_fit(layer, m, x, dy, found_tensor(c, layer, 0));
}

static struct coefficients *fit_diagonal(const struct gradient_case *c,
                                         const struct reference_parts *parts, int layer)
{
    g_autofree const float **part = g_new(const float *, parts->micro_batches);
    for (int i = 0; i < parts->micro_batches; i++)
        part[i] = tensor_floats(parts->gradients[i]) + place_of(c, layer, 0);
    const struct tensor *found = found_tensor(c, layer, 0);
    return coefficients_fit_parts(layer, parts->micro_batches, part, found->count,
                                  tensor_floats(found));
}

/* Of the stage's layers the one that tells most: a linear layer with a unique matrix that leaves
 * little unexplained; else the diagonal of any layer. */
static struct coefficients *fit_stage(const struct gradient_case *c,
                                      const struct reference_parts *parts, int rank)
{
    const struct model *model = c->reference->model;
    struct coefficients *best = NULL;
    int first = c->stage[rank].first_layer;
    for (int layer = first + c->stage[rank].layers - 1; layer >= first; layer--) {
        if (model->layer[layer].parameters == 0)
            continue;
        struct coefficients *fit = parts->micro_batches <= LARGEST_MATRIX &&
                                           !strcmp(model->layer[layer].operations->kind, "linear")
                                       ? fit_matrix(c, parts, layer)
                                       : NULL;
        if (!fit || !fit->unique) {
            coefficients_free(fit);
            fit = fit_diagonal(c, parts, layer);
        }
        bool better = !best || (fit->unique && (!best->unique || fit->left < best->left));
        coefficients_free(better ? best : fit);
        best = better ? fit : best;
    }
    return best;
}

/* The micro-batches whose coefficients are not those of the identity, in words: "0 (6 times)". */
static char *involved(const struct coefficients *fit)
{
    GString *text = g_string_new(NULL);
    int m = fit->micro_batches, count = 0;
    for (int i = 0; i < m; i++) {
        bool wrong = false;
        for (int j = 0; j < m; j++)
            wrong = wrong || fabs(fit->value[i * m + j] - (i == j)) > 1e-2 ||
                    fabs(fit->value[j * m + i] - (i == j)) > 1e-2;
        if (wrong)
            g_string_append_printf(text, "%s%d (%.3g times)", count++ ? ", " : "", i,
                                   fabs(fit->value[i * m + i]) < 5e-4 ? 0 : fit->value[i * m + i]);
    }
    return g_string_free(text, FALSE);
}

static void show_matrix(const struct gradient_case *c, const struct coefficients *fit, int rank,
                        struct verdict *verdict)
{
    g_autofree char *parts = involved(fit);
    verdict_explain(verdict,
                    "\nThe gradient of layer %d's weight (rank %d) was taken apart into what each "
                    "micro-batch contributes%s. ",
                    fit->layer, rank,
                    fit->diagonal ? "" : ": the input of one with the output gradient of another");
    if (!fit->unique || fit->left > 1e-2)
        verdict_explain(verdict,
                        "It is not a sum of such contributions (%.2g of it is left over), so the "
                        "numbers say little.\n",
                        fit->left);
    else if (parts[0])
        verdict_explain(verdict,
                        "Each micro-batch should be in it once, with itself. Not so: %s.\n", parts);
    else
        verdict_explain(verdict, "Each micro-batch is in it exactly once.\n");
    bool tells = fit->unique && fit->left <= 1e-2;
    if (!c->judgement->picture_folder || fit->micro_batches < 2 || !tells)
        return;
    int run = (int)(c->run - c->judgement->outcome);
    g_autofree char *name =
        g_strdup_printf("%s-run-%d-coefficients", c->judgement->picture_prefix, run);
    g_autofree char *title = g_strdup_printf("Layer %d on rank %d, step %d: what was added up",
                                             fit->layer, rank, c->step);
    char *file = coefficients_picture(fit, title, c->judgement->picture_folder, name);
    if (file)
        g_ptr_array_add(verdict->pictures, file);
}

/* ---- outputs and messages ---------------------------------------------------------------------- */

static void find_outputs(const struct gradient_case *c, const struct reference_parts *parts,
                         int *output_of)
{
    const struct tensor *found = tensor_file_get(c->file[evidence_loss_rank(c->run)], "outputs");
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

static void read_log(const struct gradient_case *c, const struct matching *matching, int rank,
                     struct mistake_stage *stage)
{
    const struct model *model = c->reference->model;
    EVIDENCE_ARRAY events = evidence_events(&c->run->log[rank]);
    int last = c->stage[rank].first_layer + c->stage[rank].layers - 1;
    uint64_t samples = (uint64_t)(c->run->options.batch_size / c->micro_batches);
    uint64_t in = sizeof(float) * samples *
                  (uint64_t)shape_count(model->layer[c->stage[rank].first_layer].input);
    uint64_t out = sizeof(float) * samples * (uint64_t)shape_count(model->layer[last].output);
    stage->optimizer_steps = evidence_count(events, c->step, LOG_OPTIMIZER_STEP);
    stage->early_forward = messages_early(matching, events, rank, c->step, LOG_FORWARD, in);
    stage->early_backward = messages_early(matching, events, rank, c->step, LOG_BACKWARD, out);
    stage->last_backward = MISTAKE_UNKNOWN;
    for (guint i = 0; i < events->len; i++)
        if (EVIDENCE_EVENT(events, i)->step == c->step &&
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
    for (int rank = 0; rank < c->run->ranks; rank++) {
        if (!stage[rank].has_parameters)
            continue;
        if (!isfinite(stage[rank].ratio))
            return;
        wrong = wrong || fabs(stage[rank].ratio - 1) > 1e-4;
        g_string_append_printf(text, "%srank %d: %.4g", text->len > 0 ? ", " : "", rank,
                               stage[rank].ratio);
    }
    if (!wrong)
        return;
    verdict_explain(verdict,
                    "\nThe gradients are right but for a factor (%s). Look at the scale given to "
                    "batch_loss_backward: it belongs to the loss, on the last stage, and nowhere "
                    "else. It is 1 divided by the number of micro-batches%s.\n",
                    text->str, c->micro_batches == 1 ? ", so 1 here" : "");
}

/* The driver spoils memory in runs that leave evidence (memory.h). */
static void explain_not_finite(const struct gradient_case *c, const struct mistake_stage *stage,
                               struct verdict *verdict)
{
    for (int rank = 0; rank < c->run->ranks; rank++)
        if (stage[rank].has_parameters && !stage[rank].finite) {
            verdict_explain(
                verdict, "\nWhere does NaN come from? In a run like this one a tensor holds NaN "
                         "until it is filled, and again once it is freed. So look for a tensor "
                         "that was used before its receive was waited for, that nothing was "
                         "received into, or that was freed while it was still needed or sent.\n");
            return;
        }
}

static void name_mistake(const struct gradient_case *c, const struct mistake_stage *stage,
                         const struct matching *matching, const int *output_of,
                         struct verdict *verdict)
{
    struct mistake_evidence evidence = {.stages = c->run->ranks,
                                        .micro_batches = c->micro_batches,
                                        .stage = stage,
                                        .output_of = output_of,
                                        .changed_in_flight =
                                            messages_changed(matching) != NO_MESSAGE};
    const struct mistake *mistake = mistake_recognise(&evidence);
    if (!mistake) {
        explain_ratios(c, stage, verdict);
        return;
    }
    g_string_assign(verdict->mistake, mistake->name);
    verdict_explain(verdict, "\n**This fits a known mistake: %s.** %s\n\nLook at %s.\n",
                    mistake->name, mistake->explanation, mistake->look);
}

void gradients_explain(const struct gradient_case *c, struct verdict *verdict)
{
    int ranks = c->run->ranks, m = c->micro_batches, shown = -1;
    const struct tensor *arena = stage_gradients(c->reference->stage);
    g_autofree float *expected = g_memdup2(arena->data, tensor_bytes(arena));
    g_autofree struct mistake_stage *stage = g_new0(struct mistake_stage, ranks);
    g_autofree int *output_of = g_new(int, m);
    struct reference_parts *parts = reference_parts_new(c->reference, c->step, m);
    struct matching *matching = matching_new(c->run->log, ranks);
    for (int rank = 0; rank < ranks; rank++) {
        measure_stage(c, rank, expected, &stage[rank]);
        read_log(c, matching, rank, &stage[rank]);
        if (parts && stage[rank].wrong && stage[rank].finite && !stage[rank].all_zero)
            stage[rank].coefficients = fit_stage(c, parts, rank);
        if (stage[rank].coefficients)
            shown = rank;
    }
    if (parts)
        find_outputs(c, parts, output_of);
    if (shown >= 0)
        show_matrix(c, stage[shown].coefficients, shown, verdict);
    explain_not_finite(c, stage, verdict);
    name_mistake(c, stage, matching, parts && c->outputs_wrong ? output_of : NULL, verdict);
    for (int rank = 0; rank < ranks; rank++)
        coefficients_free((struct coefficients *)stage[rank].coefficients);
    matching_free(matching);
    reference_parts_free(parts);
}
