/*
 * Of judge "vocabulary": the cross-entropy of logits of which each rank has some words.
 *
 * Run:       the probe that calls it with logits of all sizes and targets of every rank, two micro-batches at a
 *            time.
 * Must hold: on every rank the loss is that of all logits in one process, and the gradient is this rank's part;
 *            the logits stay as they are; a few numbers for each row pass between the ranks forward, nothing
 *            backward.
 * A failure: names the case, the rank, and the mistake that the numbers tell.
 */
#include "assignments/tensor/judges/layers/cross_entropy.h"
#include "assignments/tensor/probes.h"
#include "common/base/slice.h"
#include "common/files/tensor_file.h"
#include "common/training/assert_close.h"
#include "common/training/loss.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/probe_file.h"
#include "grader/evidence/traffic.h"

#include <math.h>

struct loss_results {
    const struct outcome *run;
    struct tensor_file **file; /* [rank] */
    struct verdict *verdict;
};

static void fail(const struct loss_results *all, const struct loss_case *one, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));
static void fail(const struct loss_results *all, const struct loss_case *one, const char *format,
                 ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *what = g_strdup_vprintf(format, list);
    va_end(list);
    evidence_fail(all->verdict, "%s (case %d: %s; %d rows of %d words)", what, one->number + 1,
                  one->what, shape_count(one->rows), one->words);
}

/* ---- the truth ---------------------------------------------------------------------------------------- */

static struct loss_truth truth_of(const struct loss_case *one, int micro_batch)
{
    int right;
    struct loss_truth truth = {.one = one,
                               .logits = loss_case_logits(one, micro_batch),
                               .targets = loss_case_targets(one, micro_batch)};
    truth.loss = loss_forward(LOSS_CROSS_ENTROPY, truth.logits, truth.targets, &right);
    truth.gradient = loss_backward(LOSS_CROSS_ENTROPY, truth.logits, truth.targets, one->scale);
    return truth;
}

static void truth_clear(struct loss_truth *truth)
{
    tensor_free(truth->logits);
    tensor_free(truth->targets);
    tensor_free(truth->gradient);
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

static const struct tensor *stored(const struct loss_results *all, const struct loss_case *one,
                                   int rank, const char *what, int micro_batch)
{
    g_autofree char *name = g_strdup_printf("%s-%d-%d", what, one->number, micro_batch);
    const struct tensor *tensor = tensor_file_get(all->file[rank], name);
    if (tensor && tensor->dtype == DTYPE_FLOAT32)
        return tensor;
    fail(all, one, "rank %d's evidence lacks %s", rank, name);
    return NULL;
}

static bool losses_are_right(const struct loss_results *all, const struct loss_truth *truth,
                             int micro_batch)
{
    const int ranks = all->run->ranks;
    g_autofree double *loss = g_new(double, ranks);
    int wrong = -1;
    for (int rank = 0; rank < ranks; rank++) {
        const struct tensor *told = stored(all, truth->one, rank, "loss", micro_batch);
        if (!told || told->count != 1)
            return false;
        loss[rank] = (double)tensor_floats(told)[0];
        if (wrong < 0 && !(fabs(loss[rank] - truth->loss) <= 1e-5 * (1 + fabs(truth->loss))))
            wrong = rank;
    }
    if (wrong < 0)
        return true;
    fail(all, truth->one, "rank %d: the loss is %.7g, and of all logits in one process %.7g", wrong,
         loss[wrong], truth->loss);
    cross_entropy_name_loss(truth, loss, all->verdict);
    return false;
}

static bool gradient_is_right(const struct loss_results *all, const struct loss_truth *truth,
                              int rank, int micro_batch)
{
    char text[CLOSENESS_TEXT_SIZE], shapes[2][SHAPE_TEXT_SIZE];
    const struct part words = loss_case_words(truth->one, rank);
    const struct slice slice = slice_along(truth->gradient->shape, 2, words.begin, words.end);
    const struct tensor *found = stored(all, truth->one, rank, "gradient", micro_batch);
    if (!found)
        return false;
    if (!shape_equal(found->shape, slice_shape(&slice))) {
        fail(all, truth->one, "rank %d: the gradient is a tensor %s, and that of its logits is %s",
             rank, shape_text(found->shape, shapes[0]), shape_text(slice_shape(&slice), shapes[1]));
        return false;
    }
    struct tensor *expected = slice_part_new(&slice, truth->gradient);
    const struct closeness closeness = closeness_of(found, expected, tolerance_gradient());
    if (!closeness.close) {
        fail(all, truth->one,
             "rank %d: %d of %d numbers of the gradient for its logits are not what one process "
             "computes",
             rank, closeness.mismatched, closeness.count);
        verdict_explain(
            all->verdict, "\n```\n%s```\n",
            closeness_text(&closeness, "gradient", found, expected, tolerance_gradient(), text));
        cross_entropy_name_gradient(truth, rank, found, all->verdict);
    }
    tensor_free(expected);
    return closeness.close;
}

static bool numbers_are_right(const struct loss_results *all, const struct loss_case *one)
{
    bool right = true;
    for (int m = 0; m < LOSS_MICRO_BATCHES && right; m++) {
        struct loss_truth truth = truth_of(one, m);
        right = losses_are_right(all, &truth, m);
        for (int rank = 0; rank < all->run->ranks && right; rank++)
            right = gradient_is_right(all, &truth, rank, m);
        truth_clear(&truth);
    }
    return right;
}

/* ---- what it leaves behind ------------------------------------------------------------------------------ */

static const struct mistake logits_changed = {
    .name = "the logits are changed",
    .explanation = "The loss has written into the logits that it was given. Whoever reads them "
                   "afterwards, to count right answers or for another loss, reads something else.",
    .look = "in-place operations (compute_add_to_rows, compute_exponential): they are for a copy",
};

static bool leaves_all_as_it_was(const struct loss_results *all, int rank)
{
    g_autofree char *name = g_strdup_printf("probe-loss-%d.json", rank);
    json_t *table = probe_file_read(all->run, name, LOSS_CASES, all->verdict);
    bool right = table != NULL;
    for (int i = 0; right && i < LOSS_CASES; i++) {
        const struct loss_case one = loss_case_of(all->run->options.seed, all->run->ranks, i);
        const json_t *entry = json_array_get(table, (size_t)i);
        int changed = 0, leaked = 0;
        if (!probe_file_int(entry, "changed", &changed) ||
            !probe_file_int(entry, "leaked", &leaked)) {
            fail(all, &one, "an entry of %s is not usable", name);
            right = false;
        } else if (changed > 0) {
            fail(all, &one,
                 "rank %d: %d of the logits are other numbers behind the loss than before", rank,
                 changed);
            verdict_name_mistake(all->verdict, &logits_changed);
            right = false;
        } else if (leaked > 0) {
            fail(all, &one, "rank %d: %d tensors of the loss were never freed", rank, leaked);
            right = false;
        }
    }
    json_decref(table);
    return right;
}

/* ---- messages ------------------------------------------------------------------------------------------- */

static const struct mistake logits_gathered = {
    .name = "the logits are gathered",
    .explanation =
        "As many bytes pass between the ranks as the logits have. What a rank needs of the others' "
        "logits are three numbers for each row: the largest, the target's, and the sum of the "
        "exponentials.",
    .look = "which tensors are handed to MPI: those with a number for each row are enough",
};

static double volume_of_step(const struct traffic *traffic, int step)
{
    double volume = 0;
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        volume += entry->step == step ? entry->volume : 0;
    }
    return volume;
}

/* Three sums of a number for each row; or each rank's own two or three numbers of each row, to all. */
static bool messages_are_few(const struct loss_results *all, const struct traffic *traffic,
                             const struct loss_case *one)
{
    const double others = all->run->ranks - 1, rows = LOSS_MICRO_BATCHES * shape_count(one->rows);
    const double number_per_row = rows * sizeof(float);
    const double due = 3 * 2 * others * number_per_row;
    const double most = fmax(due, 4.0 * all->run->ranks * others * number_per_row) + 1;
    const double forward = volume_of_step(traffic, LOSS_FORWARD_STEP(one->number));
    const double backward = volume_of_step(traffic, LOSS_BACKWARD_STEP(one->number));
    if (forward > most) {
        fail(all, one,
             "%.0f bytes move between the %d ranks for the loss of %d micro-batches; three sums of "
             "a number for each row take %.0f",
             forward, all->run->ranks, LOSS_MICRO_BATCHES, due);
        if (forward > 0.9 * others * number_per_row * one->words)
            verdict_name_mistake(all->verdict, &logits_gathered);
    } else if (backward > 0)
        fail(all, one,
             "%.0f bytes move between the %d ranks for the gradient of the loss: each rank has all "
             "that its part needs",
             backward, all->run->ranks);
    return all->verdict->kind == VERDICT_PASS;
}

/* ---- a run ---------------------------------------------------------------------------------------------- */

static bool read_files(const struct loss_results *all)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    for (int rank = 0; rank < all->run->ranks; rank++) {
        g_autofree char *path =
            g_strdup_printf("%s/probe-loss-%d.safetensors", all->run->folder, rank);
        all->file[rank] = tensor_file_read(path, MEMORY_WORKSPACE, error);
        if (!all->file[rank]) {
            evidence_fail(all->verdict, "%s", error);
            return false;
        }
    }
    return true;
}

static bool cases_are_right(const struct loss_results *all)
{
    struct traffic *traffic = traffic_new(all->run->log, all->run->ranks);
    bool right = true;
    for (int i = 0; i < LOSS_CASES && right; i++) {
        const struct loss_case one = loss_case_of(all->run->options.seed, all->run->ranks, i);
        right = numbers_are_right(all, &one) && messages_are_few(all, traffic, &one);
    }
    traffic_free(traffic);
    for (int rank = 0; rank < all->run->ranks && right; rank++)
        right = leaves_all_as_it_was(all, rank);
    return right;
}

void tensor_judge_loss(const struct judgement *judgement, const struct outcome *run,
                       struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    g_autofree struct tensor_file **file = g_new0(struct tensor_file *, run->ranks);
    const struct loss_results all = {.run = run, .file = file, .verdict = verdict};
    if (read_files(&all))
        cases_are_right(&all);
    for (int rank = 0; rank < run->ranks; rank++)
        tensor_file_free(file[rank]);
}
