/*
 * Known mistakes, by what a wrong gradient is made of: what each rank's micro-batches contribute to it, and what
 * the step before left.
 *
 * Three times the same parts, of different sizes where shares are: counted by their samples, as is right;
 * micro-batches as means; ranks' shares as means.
 */
#include "assignments/data/judges/results.h"

#include "assignments/data/options.h"
#include "common/training/share.h"
#include "grader/truth/combinations.h"

#include <math.h>
#include <string.h>

enum { PARTS, BEFORE, FAMILIES };

/* Scales of the fits: the replicas, and the micro-batches of a share. */
enum { REPLICAS, MICRO_BATCHES };

#define NOT_AVERAGED "gradients are not averaged over the ranks"

/* Each part counts by its samples: right is every one of them once. */
static const struct combination by_samples[] = {
    {.term = {{PARTS, PATTERN_EVERY}}},
    {.mistake = {"the sum of gradients, not their mean",
                 "The gradient is what one process has, times the number of ranks that share the "
                 "batch: each rank's mean went into the sum, and nobody divided.",
                 "by what each rank's gradients are multiplied before they are added up"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[REPLICAS] = 1}}}},
    {.mistake = {"gradients are divided by the number of ranks twice",
                 "The gradient is what one process has, divided by the number of ranks that share "
                 "the batch.",
                 "divisions by the number of ranks, and what the all-reduce does itself"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[REPLICAS] = -1}}}},
    {.mistake = {NOT_AVERAGED,
                 "Each rank's gradient is that of its own samples alone: what the others computed "
                 "is not in it.",
                 "whether the average is called, and on what it works"},
     .term = {{PARTS, PATTERN_COLUMN, PATTERN_OWN, .power = {[REPLICAS] = 1}}}},
    {.mistake = {"gradients are divided, and not added up",
                 "Each rank's gradient is that of its own samples, counted as in the whole batch: "
                 "the sum over the ranks is missing.",
                 "what becomes of the result of the all-reduce"},
     .term = {{PARTS, PATTERN_COLUMN, PATTERN_OWN}}},
    {.mistake = {"the gradient of a micro-batch is not scaled",
                 "The gradient is what one process has, times the number of micro-batches: the "
                 "mean losses of all of them were added up, and their sum is no mean.",
                 "the scale that batch_loss_backward is given"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[MICRO_BATCHES] = 1}}}},
    {.mistake = {"the gradient of a micro-batch is scaled twice",
                 "The gradient is what one process has, divided by the number of micro-batches.",
                 "the scale that batch_loss_backward is given, and further divisions"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[MICRO_BATCHES] = -1}}}},
    {.mistake = {"only the last micro-batch is in the gradient",
                 "Of each rank's samples those of its last micro-batch are in the gradient, and no "
                 "others: what the ones before had added was overwritten.",
                 "when gradients are set to zero, and what is sent"},
     .term = {{PARTS, PATTERN_EVERY, .rows = PATTERN_LAST}}},
    {.mistake = {"the ranks average after the first micro-batch",
                 "Of the first micro-batch the gradient is that of all ranks; what the others "
                 "added is each rank's own.",
                 "behind which micro-batch the average is called"},
     .term = {{PARTS, PATTERN_EVERY, .rows = PATTERN_FIRST},
              {PARTS, PATTERN_COLUMN, PATTERN_OWN, PATTERN_NOT_FIRST, .power = {[REPLICAS] = 1}}}},
    {.mistake = {"the ranks average before the last micro-batch",
                 "Of the last micro-batch the gradient is each rank's own; of those before it is "
                 "that of all ranks.",
                 "behind which micro-batch the average is called"},
     .term = {{PARTS, PATTERN_EVERY, .rows = PATTERN_NOT_LAST},
              {PARTS, PATTERN_COLUMN, PATTERN_OWN, PATTERN_LAST, .power = {[REPLICAS] = 1}}}},
    {.mistake =
         {"sums over the ranks are added up again in every micro-batch",
          "What was added up of all ranks behind one micro-batch went into the sum of the next one "
          "again, on every rank: the earlier a micro-batch, the more often it counts.",
          "where the average is called: behind the loop over the micro-batches"},
     .term = {{PARTS, PATTERN_EVERY, .growth = {[REPLICAS] = 1}}}},
    {.mistake = {"gradients are not set to zero between the steps",
                 "The gradient of the step before is still in it.", "stage_zero_gradients"},
     .term = {{PARTS, PATTERN_EVERY}, {BEFORE, PATTERN_EVERY}}},
};

/* Micro-batches as means, each rank counted by its samples: the mean of these means is right only where they are all
 * of one size. */
static const struct combination by_micro_batches[] = {
    {.mistake =
         {"the mean of the micro-batches' means",
          "Each micro-batch counts the same in the gradient, however many samples it has. In the "
          "mean over the batch a sample counts the same, whichever micro-batch it is in.",
          "what each micro-batch's mean is multiplied by"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[MICRO_BATCHES] = -1}}}},
    {.mistake =
         {"the gradient of a micro-batch is not scaled",
          "The mean losses of a rank's micro-batches were added up, and their sum is no mean.",
          "the scale that batch_loss_backward is given"},
     .term = {{PARTS, PATTERN_EVERY}}},
};

/* Shares as means. */
static const struct combination by_shares[] = {
    {.mistake = {"the mean of the ranks' means",
                 "Each rank's mean counts the same in the gradient, however many samples it had. "
                 "In the mean over the batch a sample counts the same, whichever rank has it.",
                 "what each rank's gradients are multiplied by where shares differ"},
     .term = {{PARTS, PATTERN_EVERY, .power = {[REPLICAS] = -1}}}},
    {.mistake = {"the sum of the ranks' means",
                 "Each rank's mean is in the gradient once: nobody divided, and ranks with fewer "
                 "samples count as much as the others.",
                 "what each rank's gradients are multiplied by"},
     .term = {{PARTS, PATTERN_EVERY}}},
    {.mistake = {NOT_AVERAGED,
                 "Each rank's gradient is the mean over its own samples alone: what the others "
                 "computed is not in it.",
                 "whether the average is called, and on what it works"},
     .term = {{PARTS, PATTERN_COLUMN, PATTERN_OWN}}},
};

/* Where other gradients are right, so is how they are averaged. */
static const struct mistake partly = {
    "some gradients are not averaged over the ranks",
    "These gradients are those of each rank's own samples alone, and others are those of all "
    "ranks: what is added up is not all that there is.",
    "where each message's numbers begin, and how many they are; which layers, parameters or "
    "buckets a loop goes through"};

/* Does it say that each rank has its own? */
static bool is_own_only(const struct mistake *mistake)
{
    return strcmp(mistake->name, NOT_AVERAGED) == 0;
}

static int gradients_of(const struct model *model)
{
    int count = 0;
    for (int layer = 0; layer < model->layers; layer++)
        count += model->layer[layer].parameters;
    return count;
}

/* ---- parts --------------------------------------------------------------------------------------------- */

enum counted { BY_SAMPLES, BY_MICRO_BATCHES, BY_SHARES };

/* The parts of one wrong gradient. */
struct parts {
    GArray *candidates; /* of struct fit_candidate */
    GPtrArray *numbers; /* that they point to */
    int replicas, micro_batches;
};

/* One rank of each replica, by the places of their shares. */
static int *ranks_of_replicas(const struct results *c, int replicas)
{
    int *rank_of = g_new(int, replicas);
    for (int i = 0; i < replicas; i++)
        rank_of[i] = -1;
    for (int rank = 0; rank < c->run->ranks; rank++) {
        const int replica = data_replica_of(c->shares, rank);
        if (replica < replicas && rank_of[replica] < 0)
            rank_of[replica] = rank;
    }
    return rank_of;
}

/* The gradient of the mean loss of some samples, times `factor`. */
static void add_part(struct results *c, const struct wrong_gradient *one, struct parts *parts,
                     struct fit_candidate candidate, const struct rank_share *share, int begin,
                     int count, double factor)
{
    reference_compute_samples(c->reference, c->step, share->sample + begin, count,
                              share->place + begin);
    struct tensor *gradient = reference_gradient(c->reference, one->layer, one->parameter);
    float *numbers = g_new(float, gradient->count);
    for (int i = 0; i < gradient->count; i++)
        numbers[i] = (float)(factor * (double)tensor_floats(gradient)[i]);
    g_ptr_array_add(parts->numbers, numbers);
    candidate.numbers = fit_view_flat(numbers, gradient->count);
    g_array_append_val(parts->candidates, candidate);
    tensor_free(gradient);
}

static void add_replica(struct results *c, const struct wrong_gradient *one, enum counted counted,
                        int replica, const struct rank_share *share, struct parts *parts)
{
    int whole;
    shares_batch(c->shares, c->step, &whole);
    const int most = parts->micro_batches, m = MIN(most, share->count);
    if (counted == BY_SHARES) {
        add_part(
            c, one, parts,
            (struct fit_candidate){.name = "a rank's mean", .family = PARTS, .column = replica},
            share, 0, share->count, 1);
        return;
    }
    for (int i = 0; i < m; i++) {
        const int begin = share_begin(share->count, m, i), size = share_size(share->count, m, i);
        add_part(c, one, parts,
                 (struct fit_candidate){
                     .name = "a micro-batch", .family = PARTS, .row = i, .column = replica},
                 share, begin, size, (double)(counted == BY_SAMPLES ? size : share->count) / whole);
    }
}

static void add_before(const struct results *c, const struct wrong_gradient *one,
                       struct parts *parts)
{
    if (!c->before)
        return;
    const struct parameter *p = &c->reference->model->layer[one->layer].parameter[one->parameter];
    struct tensor *view =
        tensor_view(c->before, reference_offset(c->reference, one->layer) + p->offset, p->shape);
    const struct fit_candidate candidate = {.name = "the step before",
                                            .family = BEFORE,
                                            .numbers =
                                                fit_view_flat(tensor_floats(view), view->count)};
    g_array_append_val(parts->candidates, candidate);
    tensor_free(view);
}

/* ---- fitting ------------------------------------------------------------------------------------------- */

static const struct mistake *mistake_of(const struct results *c, const struct wrong_gradient *one,
                                        const struct parts *parts, const struct combination *table,
                                        int rows)
{
    const guint blocks = one->whole->parts->len;
    g_autofree struct fit_problem *problem = g_new0(struct fit_problem, blocks);
    g_autofree struct fit **fit = g_new0(struct fit *, blocks);
    g_autofree int *own = g_new(int, blocks);
    bool solved = true;
    for (guint i = 0; i < blocks; i++) {
        const struct whole_part *part = whole_part_at(one->whole, i);
        problem[i] = (struct fit_problem){
            .target = fit_view_flat(tensor_floats(part->tensor), part->tensor->count),
            .candidates = (int)parts->candidates->len,
            .candidate = (const struct fit_candidate *)(const void *)parts->candidates->data,
            .rounding = {.terms = 64}, /* right up to 1e-7 of a gradient, however deep the model */
            .scale = {parts->replicas, parts->micro_batches}};
        own[i] = data_replica_of(c->shares, part->from->rank);
        fit[i] = fit_tensor(&problem[i]);
        solved = solved && fit[i];
    }
    const struct combination_blocks all = {(int)blocks, problem, fit, own};
    const struct mistake *mistake = solved ? combination_mistake(&all, table, rows) : NULL;
    for (guint i = 0; i < blocks; i++)
        fit_free(fit[i]);
    return mistake;
}

static const struct mistake *counted_by(struct results *c, const struct wrong_gradient *one,
                                        enum counted counted, const struct combination *table,
                                        int rows)
{
    struct parts parts = {.candidates = g_array_new(FALSE, FALSE, sizeof(struct fit_candidate)),
                          .numbers = g_ptr_array_new_with_free_func(g_free),
                          .replicas = data_replicas(&c->run->options, c->run->ranks),
                          .micro_batches = options_micro_batches(&c->run->options)};
    g_autofree int *rank_of = ranks_of_replicas(c, parts.replicas);
    for (int replica = 0; replica < parts.replicas; replica++)
        if (rank_of[replica] >= 0)
            add_replica(c, one, counted, replica, shares_of(c->shares, c->step, rank_of[replica]),
                        &parts);
    add_before(c, one, &parts);
    const struct mistake *mistake = mistake_of(c, one, &parts, table, rows);
    g_array_unref(parts.candidates);
    g_ptr_array_unref(parts.numbers);
    return mistake;
}

/* Whole copies only: of slices the parts would have to be cut, too. */
static bool is_of_copies(const struct wrong_gradient *one)
{
    for (guint i = 0; i < one->whole->parts->len; i++)
        if (!slice_is_all(&whole_part_at(one->whole, i)->is.slice))
            return false;
    return true;
}

/* Do parts of one kind have different sizes? Else a mean of their means is right. */
static bool sizes_differ(const struct results *c, enum counted counted)
{
    const int micro_batches = counted == BY_SHARES ? 1 : options_micro_batches(&c->run->options);
    int least = INT_MAX, most = 0;
    for (int rank = 0; rank < c->run->ranks; rank++) {
        const int samples = shares_of(c->shares, c->step, rank)->count;
        const int parts = MAX(1, MIN(micro_batches, samples));
        least = MIN(least, share_size(samples, parts, parts - 1));
        most = MAX(most, share_size(samples, parts, 0));
    }
    return least < most;
}

void data_results_explain(struct results *c, struct verdict *verdict)
{
    const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, 0);
    if (!is_of_copies(one))
        return;
    const struct mistake *mistake =
        counted_by(c, one, BY_SAMPLES, by_samples, G_N_ELEMENTS(by_samples));
    if (!mistake && sizes_differ(c, BY_SHARES))
        mistake = counted_by(c, one, BY_SHARES, by_shares, G_N_ELEMENTS(by_shares));
    if (!mistake && sizes_differ(c, BY_MICRO_BATCHES))
        mistake =
            counted_by(c, one, BY_MICRO_BATCHES, by_micro_batches, G_N_ELEMENTS(by_micro_batches));
    if (mistake && is_own_only(mistake) && (int)c->wrong->len < gradients_of(c->reference->model))
        mistake = &partly;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    reference_compute(c->reference, c->step); /* the parts have left their own behind */
}
