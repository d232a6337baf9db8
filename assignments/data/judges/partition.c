/*
 * Judge "partition".
 *
 * Run:       the probe that shares out epochs of many sizes; and runs of several epochs, of which the logs say which
 *            samples each rank works on.
 * Must hold: an epoch has as many batches as the rule for the last one says; in each step every sample of the batch
 *            is on one rank, none comes twice in an epoch, and no rank has two more than another. All ranks
 *            shuffle all samples in the same way, in each epoch and with each seed in another. Which samples
 *            of a batch are on which rank is free, and so is what a batch has in common with the shuffled order.
 * A failure: the first epoch in which it does not hold: its sizes, the step, ranks and samples.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/partition_epoch.h"
#include "assignments/data/options.h"
#include "assignments/data/partition_cases.h"
#include "assignments/data/probes.h"
#include "common/files/dataset.h"
#include "grader/evidence/probe_file.h"
#include "grader/evidence/shares.h"

static void fail(const struct partition_epoch *epoch, int number, const GString *what,
                 const struct mistake *mistake, struct verdict *verdict)
{
    evidence_fail(verdict,
                  "epoch %d of %d samples, in batches of %d on %d rank%s (--last-batch %s): %s",
                  number, epoch->samples, epoch->batch_size, epoch->ranks,
                  epoch->ranks == 1 ? "" : "s", epoch->keeps_last ? "keep" : "drop", what->str);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

static bool judge_epoch(const struct partition_epoch *epoch, int number, struct verdict *verdict)
{
    const struct mistake *mistake = NULL;
    g_autoptr(GString) what = g_string_new(NULL);
    const bool right = data_partition_epoch_is_right(epoch, what, &mistake);
    if (!right)
        fail(epoch, number, what, mistake, verdict);
    return right;
}

/* In what two epochs are alike, and should not be; NULL: in nothing. */
static const struct mistake *alike(const struct partition_epoch *a, const struct partition_epoch *b)
{
    if (data_partition_epochs_are_alike(a, b))
        return &data_partition_same_epochs;
    return data_partition_shards_are_alike(a, b) ? &data_partition_same_shards : NULL;
}

/* Epochs, each of which is right: no two are alike. */
static bool judge_orders(const struct partition_epoch *epoch, int epochs, struct verdict *verdict)
{
    g_autoptr(GString) what = g_string_new(NULL);
    if (epochs > 0 && data_partition_is_not_shuffled(&epoch[0])) {
        g_string_assign(what, "its batches have the samples in the data set's order");
        fail(&epoch[0], 0, what, &data_partition_not_shuffled, verdict);
        return false;
    }
    for (int later = 1; later < epochs; later++)
        for (int earlier = 0; earlier < later; earlier++) {
            const struct mistake *mistake = alike(&epoch[earlier], &epoch[later]);
            if (!mistake)
                continue;
            g_string_printf(what, "every rank has the samples that it has in epoch %d%s", earlier,
                            mistake == &data_partition_same_epochs ? ", in the same order" : "");
            fail(&epoch[later], later, what, mistake, verdict);
            return false;
        }
    return true;
}

static void epoch_clear(struct partition_epoch *epoch)
{
    for (int at = 0; epoch->share && at < epoch->steps * epoch->ranks; at++)
        g_free((void *)epoch->share[at].sample);
    g_free(epoch->share);
    epoch->share = NULL;
}

/* ---- the probe -------------------------------------------------------------------------------------- */

/* The whole numbers of an array; NULL if it has something else. To g_free. */
static int *numbers_of(const json_t *array, size_t *count)
{
    *count = json_array_size(array);
    g_autofree int *number = g_new(int, *count + 1);
    for (size_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(array, i);
        const json_int_t found = json_integer_value(value);
        if (!json_is_integer(value) || found < INT_MIN || found > INT_MAX)
            return NULL;
        number[i] = (int)found;
    }
    return g_steal_pointer(&number);
}

static void set_share(struct partition_epoch *epoch, int step, int rank, const int *sample,
                      int begin, int end)
{
    struct partition_share *share = &epoch->share[step * epoch->ranks + rank];
    share->count = end - begin;
    share->sample = g_memdup2(sample + begin, (gsize)share->count * sizeof(int));
}

/* One rank's samples. False: what the entry says can't be used. */
static bool read_rank(struct partition_epoch *epoch, const json_t *entry, int rank, GString *what)
{
    size_t firsts = 0, samples = 0;
    g_autofree int *first =
        numbers_of(json_array_get(json_object_get(entry, "first"), (size_t)rank), &firsts);
    g_autofree int *sample =
        numbers_of(json_array_get(json_object_get(entry, "sample"), (size_t)rank), &samples);
    if (!first || !sample || firsts != (size_t)epoch->steps + 1)
        return false;
    for (int step = 0; step <= epoch->steps && what->len == 0; step++) {
        const int before = step == 0 ? 0 : first[step - 1];
        if (first[step] == PARTITION_UNSET)
            g_string_append_printf(what, "first[%d] of rank %d is not set", step, rank);
        else if (first[step] < before || first[step] > epoch->samples)
            g_string_append_printf(what, "first[%d] of rank %d is %d, behind %d", step, rank,
                                   first[step], before);
        else if ((size_t)first[step] > samples)
            return false;
        else if (step > 0)
            set_share(epoch, step - 1, rank, sample, before, first[step]);
    }
    return true;
}

/* What one process says of an epoch. */
static bool read_process(struct partition_epoch *epoch, const json_t *entry, int process,
                         int processes, GString *what)
{
    bool overrun = false, readable = true;
    int steps;
    if (!probe_file_int(entry, "steps", &steps) || !probe_file_bool(entry, "overrun", &overrun))
        return false;
    if (overrun)
        g_string_append(what, "it wrote outside of the arrays: first has room for as many numbers "
                              "as the epoch has steps, and one more, and sample for all samples");
    else if (steps < 0 || steps > epoch->samples)
        g_string_append_printf(what, "epoch_steps returned %d", steps);
    else if (process > 0 && steps != epoch->steps)
        g_string_append_printf(what, "epoch_steps returned %d on rank 0 and %d on rank %d",
                               epoch->steps, steps, process);
    if (what->len > 0)
        return true;
    epoch->steps = steps;
    if (!epoch->share)
        epoch->share = g_new0(struct partition_share, (gsize)steps * (gsize)epoch->ranks + 1);
    for (int rank = process; readable && rank < epoch->ranks && what->len == 0; rank += processes)
        readable = read_rank(epoch, entry, rank, what);
    return readable;
}

static struct partition_epoch epoch_of_case(const struct partition_case *one)
{
    return (struct partition_epoch){.samples = one->samples,
                                    .batch_size = one->batch_size,
                                    .ranks = one->ranks,
                                    .keeps_last = one->keeps_last};
}

/* What the processes wrote. */
struct written {
    int processes;
    json_t **root;
};

static bool judge_call(const struct partition_case *one, int call, const struct written *written,
                       size_t number, struct partition_epoch *epoch, struct verdict *verdict)
{
    g_autoptr(GString) what = g_string_new(NULL);
    bool readable = true;
    *epoch = epoch_of_case(one);
    for (int i = 0; readable && i < written->processes && what->len == 0; i++)
        readable = read_process(epoch, json_array_get(written->root[i], number), i,
                                written->processes, what);
    if (!readable)
        evidence_fail(verdict, "a result of --probe partition is not usable");
    else if (what->len > 0)
        fail(epoch, one->number[call], what, NULL, verdict);
    return readable && what->len == 0 && judge_epoch(epoch, one->number[call], verdict);
}

static bool judge_case(const struct partition_case *one, const struct written *written, int number,
                       struct verdict *verdict)
{
    struct partition_epoch epoch[PARTITION_CALLS] = {{0}};
    bool right = true;
    for (int call = 0; right && call < PARTITION_CALLS; call++)
        right = judge_call(one, call, written, (size_t)(number * PARTITION_CALLS + call),
                           &epoch[call], verdict);
    right = right && judge_orders(epoch, PARTITION_CALLS - 1, verdict);
    if (right && data_partition_epochs_are_alike(&epoch[0], &epoch[PARTITION_CALLS - 1])) {
        g_autoptr(GString) what = g_string_new("with another seed it is the same");
        fail(&epoch[0], 0, what, &data_partition_seed_ignored, verdict);
        right = false;
    }
    for (int call = 0; call < PARTITION_CALLS; call++)
        epoch_clear(&epoch[call]);
    return right;
}

static void judge_probe(const struct outcome *run, struct verdict *verdict)
{
    const struct written written = {run->ranks, g_new0(json_t *, run->ranks)};
    bool right = true;
    for (int i = 0; right && i < run->ranks; i++) {
        g_autofree char *name = g_strdup_printf(PROBE_PARTITION, i);
        written.root[i] =
            probe_file_read(run, name, (size_t)PARTITION_CASES * PARTITION_CALLS, verdict);
        right = written.root[i] != NULL;
    }
    for (int i = 0; right && i < PARTITION_CASES; i++) {
        const struct partition_case one = data_partition_case(run->options.seed, i);
        right = judge_case(&one, &written, i, verdict);
    }
    for (int i = 0; i < run->ranks; i++)
        json_decref(written.root[i]);
    g_free(written.root);
}

/* ---- a run ------------------------------------------------------------------------------------------ */

static struct partition_epoch epoch_of_run(const struct outcome *run, const struct shares *shares,
                                           int samples, int number, int steps)
{
    const struct options *options = &run->options;
    struct partition_epoch epoch = {.samples = samples,
                                    .batch_size = options->batch_size,
                                    .ranks = run->ranks,
                                    .keeps_last = data_options(options).keeps_last,
                                    .steps = steps};
    epoch.share = g_new0(struct partition_share, (gsize)steps * (gsize)run->ranks + 1);
    for (int step = 0; step < steps; step++)
        for (int rank = 0; rank < run->ranks; rank++) {
            const struct rank_share *share = shares_of(shares, number * steps + step, rank);
            set_share(&epoch, step, rank, share->sample, 0, share->count);
        }
    return epoch;
}

/* A run of whole epochs, all of `steps` steps. */
static void judge_epochs(const struct outcome *run, const struct shares *shares, int samples,
                         int steps, struct verdict *verdict)
{
    const int epochs = run->options.epochs;
    g_autofree struct partition_epoch *epoch = g_new0(struct partition_epoch, epochs);
    bool right = true;
    for (int i = 0; i < epochs; i++)
        epoch[i] = epoch_of_run(run, shares, samples, i, steps);
    for (int i = 0; right && i < epochs; i++)
        right = judge_epoch(&epoch[i], i, verdict);
    if (right)
        judge_orders(epoch, epochs, verdict);
    for (int i = 0; i < epochs; i++)
        epoch_clear(&epoch[i]);
}

static void judge_training(const struct outcome *run, struct verdict *verdict)
{
    const struct options *options = &run->options;
    char error[DATASET_ERROR_SIZE];
    const int samples = dataset_count(options->dataset, DATASET_TRAIN, error);
    const int steps = samples < 0 ? 0
                                  : data_epoch_steps(samples, options->batch_size,
                                                     data_options(options).keeps_last);
    struct shares *shares = samples < 0 ? NULL : shares_read(run, verdict);
    if (samples < 0)
        verdict_not_judged(verdict, CULPRIT_MACHINE, "%s", error);
    else if (shares && shares_steps(shares) != steps * options->epochs)
        evidence_fail(verdict,
                      "the run has %d steps: %d epochs of %d samples in batches of %d "
                      "(--last-batch %s) have %d",
                      shares_steps(shares), options->epochs, samples, options->batch_size,
                      data_options(options).keeps_last ? "keep" : "drop", steps * options->epochs);
    else if (shares)
        judge_epochs(run, shares, samples, steps, verdict);
    shares_free(shares);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    if (run->options.probe[0])
        judge_probe(run, verdict);
    else
        judge_training(run, verdict);
}

void data_judge_partition(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "in every epoch each sample is on one rank, once, in another order");
}
