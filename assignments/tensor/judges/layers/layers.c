/*
 * Judge "layers".
 *
 * Run:       the probe that puts one of the student's layers alone through several trials: sizes that the
 *            ranks don't divide, with and without bias, samples of one and two dimensions, all its forms.
 *            Two micro-batches are in flight together; two rounds, with other parameters.
 * Must hold: the ranks' slices of the parameters make up the whole, and no rank has more than its share;
 *            y, dx and all gradients are what one process computes, on every rank; the work was shared.
 * A failure: the trial, the rank and the tensor are named, and the mistake where the numbers tell it.
 */
#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/chains.h"
#include "grader/evidence/communication.h"

#include <math.h>

/* ---- words ------------------------------------------------------------------------------------------ */

/* Trials are counted from 1: "trial 2: 5 samples of (3, 11) to (3, 17), FORM_COLUMN": to be freed with g_free. */
static char *trial_in_words(const struct trial *trial)
{
    char input[SHAPE_TEXT_SIZE], output[SHAPE_TEXT_SIZE];
    return g_strdup_printf("trial %d: %d samples of %s to %s, %s%s", trial->number + 1,
                           trial->samples, shape_text(trial->whole.input, input),
                           shape_text(trial->whole.output, output), chain_form_name(trial->form),
                           trial->whole.parameters == 1 ? ", no bias" : "");
}

/* "dx of micro-batch 1", likewise. */
static char *tensor_in_words(const struct trial *trial, const struct layer_tensor *tensor)
{
    if (tensor->sort == LAYER_GRADIENT)
        return g_strdup_printf("gradient of \"%s\"", trial->whole.parameter[tensor->index].name);
    return g_strdup_printf("%s of micro-batch %d", tensor->sort == LAYER_Y ? "y" : "dx",
                           tensor->index);
}

void trial_fail(const struct judged_trial *judged, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *what = g_strdup_vprintf(format, list);
    va_end(list);
    g_autofree char *trial = trial_in_words(judged->trial);
    evidence_fail(judged->verdict, "%s (%s%s)", what, trial,
                  judged->round == 0 ? "" : "; second round");
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

static void tell_difference(const struct judged_trial *judged, const struct layer_tensor *tensor,
                            const struct whole_part *part, const struct tensor *expected,
                            const struct closeness *closeness)
{
    char text[CLOSENESS_TEXT_SIZE];
    g_autofree char *words = tensor_in_words(judged->trial, tensor);
    trial_fail(judged,
               "rank %d: %d of %d numbers of its %s are not what one process computes; they are "
               "off by %.3g at most",
               part->from->rank, closeness->mismatched, closeness->count, words,
               closeness->worst_absolute);
    verdict_explain(
        judged->verdict, "\n```\n%s\n```\n",
        closeness_text(closeness, words, part->tensor, expected, tolerance_gradient(), text));
}

/* Where all of a row-parallel layer's bias is added on one rank, the others' gradients say nothing. */
static bool may_be_zero(const struct judged_trial *judged, const struct layer_tensor *tensor)
{
    return judged->trial->form == FORM_ROW && tensor->sort == LAYER_GRADIENT && !tensor->split;
}

/* Is what each rank stored what it is in one process? */
static bool ranks_are_right(const struct judged_trial *judged, const struct layer_tensor *tensor,
                            const struct whole *whole)
{
    bool right = true, somewhere = false;
    for (guint i = 0; i < whole->parts->len && right; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        struct tensor *expected = slice_part_new(&part->is.slice, tensor->true_whole);
        const struct closeness closeness =
            closeness_of(part->tensor, expected,
                         tolerance_of_part(tolerance_gradient(), tensor->true_whole, expected));
        const bool none = closeness.actual_all_zero && may_be_zero(judged, tensor);
        somewhere |= closeness.close;
        right = closeness.close || (none && (somewhere || i + 1 < whole->parts->len));
        if (!right)
            tell_difference(judged, tensor, part, expected, &closeness);
        tensor_free(expected);
    }
    return right;
}

/* The shape is the whole's on each rank; what each rank has is right; all of it is there. */
static bool tensor_is_right(const struct judged_trial *judged, const struct layer_tensor *tensor)
{
    const struct whole *whole = wholes_find(judged->wholes, tensor->name);
    g_autofree char *words = tensor_in_words(judged->trial, tensor);
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (shape_equal(part->is.slice.whole, tensor->true_whole->shape) &&
            part->tensor->dtype == DTYPE_FLOAT32)
            continue;
        trial_fail(judged, "rank %d stored a part of another tensor as its %s", part->from->rank,
                   words);
        return false;
    }
    if (whole && !ranks_are_right(judged, tensor, whole)) {
        trial_name_mistake(judged, tensor);
        return false;
    }
    /* Zeros of which the truth is known have been looked at. */
    const struct tolerance any = {.absolute = INFINITY, .norm = INFINITY};
    const struct wholes_rules rules = {
        .copies = tensor->split ? 1 : judged->run->ranks, .closeness = &any, .finite = true};
    g_autoptr(GString) why = g_string_new(NULL);
    if (!wholes_assemble(judged->wholes, tensor->name, DTYPE_FLOAT32, &tensor->true_whole->shape,
                         rules, why))
        trial_fail(judged, "the %s: %s", words, why->str);
    return why->len == 0;
}

static struct layer_tensor layer_tensor_of(const struct judged_trial *judged,
                                           enum layer_tensor_sort sort, int index,
                                           const struct tensor *true_whole)
{
    const struct trial *trial = judged->trial;
    struct layer_tensor tensor = {.sort = sort, .index = index, .true_whole = true_whole};
    if (sort == LAYER_Y)
        tensor.split = trial->form == FORM_COLUMN || trial->form == FORM_SPLIT;
    else
        tensor.split =
            sort == LAYER_DX ? trial_splits_input(trial) : trial->cut[index].together > 0;
    if (sort == LAYER_GRADIENT)
        g_snprintf(tensor.name, sizeof tensor.name, "layers.%d.%s.gradient", trial->number,
                   trial->whole.parameter[index].name);
    else
        g_snprintf(tensor.name, sizeof tensor.name, "layers.%d.%s.%d", trial->number,
                   sort == LAYER_Y ? "y" : "dx", index);
    return tensor;
}

static bool is_right(const struct judged_trial *judged, enum layer_tensor_sort sort, int index,
                     const struct tensor *true_whole)
{
    const struct layer_tensor tensor = layer_tensor_of(judged, sort, index, true_whole);
    return tensor_is_right(judged, &tensor);
}

static bool numbers_are_right(const struct judged_trial *judged)
{
    const struct layer_truth *truth = judged->truth;
    bool right = true;
    for (int i = 0; i < TRIAL_MICRO_BATCHES && right; i++)
        right = is_right(judged, LAYER_Y, i, truth->y[i]);
    /* Nobody wants dx of the first stage. */
    for (int i = 0; i < TRIAL_MICRO_BATCHES && right && judged->trial->number > 0; i++)
        right = truth->dx[i] == NULL || is_right(judged, LAYER_DX, i, truth->dx[i]);
    for (int k = 0; k < judged->trial->whole.parameters && right; k++) {
        struct tensor *gradient = trial_truth_parameter(judged->trial, truth->gradients, k);
        right = is_right(judged, LAYER_GRADIENT, k, gradient);
        tensor_free(gradient);
    }
    return right;
}

/* Sizes that a student's function may refuse: then no rank has tried them. */
static bool is_refused(const struct judged_trial *judged)
{
    g_autofree char *name = g_strdup_printf("layers.%d.y.0", judged->trial->number);
    return judged->trial->may_be_refused && !wholes_find(judged->wholes, name);
}

/* ---- trials ------------------------------------------------------------------------------------------ */

static bool judge_trial(const struct outcome *run, struct wholes *wholes, int round,
                        const struct trial_kind *kind, int number, struct verdict *verdict)
{
    struct trial trial;
    trial_make(&trial, kind, number, run->ranks, run->options.seed);
    struct layer_truth *truth = trial_truth_new(&trial, round);
    const struct judged_trial judged = {.run = run,
                                        .trial = &trial,
                                        .truth = truth,
                                        .wholes = wholes,
                                        .round = round,
                                        .verdict = verdict};
    const bool right =
        is_refused(&judged) || (trial_shares_are_right(&judged) && numbers_are_right(&judged) &&
                                trial_work_is_right(&judged));
    trial_truth_free(truth);
    trial_clear(&trial);
    return right;
}

void tensor_judge_trials(const struct judgement *judgement, const struct outcome *run,
                         struct verdict *verdict)
{
    (void)judgement;
    const struct trial_kind *kind = trial_kind_named(run->options.probe);
    if (!kind) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "--probe %s: there are no trials of that name",
                    run->options.probe);
        return;
    }
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    bool right = true;
    for (int round = 0; round < TRIAL_ROUNDS && right; round++) {
        struct wholes *wholes = wholes_read(run, "after", round, verdict);
        right = wholes != NULL;
        for (int number = 0; number < kind->trials && right; number++)
            right = judge_trial(run, wholes, round, kind, number, verdict);
        wholes_free(wholes);
    }
}

void tensor_judge_layers(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, tensor_judge_trials,
                      "the layer gives what one process computes, and each rank does its share");
}
