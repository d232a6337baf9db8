/*
 * Known mistakes of a split cross-entropy: what the loss, or the gradient, is if somebody makes one of them.
 * Signatures are those of public reports (Shoeybi et al. 2019 has the right form).
 */
#include "assignments/tensor/judges/layers/cross_entropy.h"

#include <math.h>

static const struct mistake maximum_of_own = {
    .name = "the maximum is that of the own words",
    .explanation = "Each rank has subtracted the largest of its own logits, and not of all: their "
                   "exponentials are then of different scales, and their sum is none.",
    .look = "the first sum over the ranks: that of the maxima (MPI_MAX)",
};
static const struct mistake no_maximum = {
    .name = "exponentials of large logits",
    .explanation = "The loss is no number, or far from it, where logits are large: exp(1000) is "
                   "more than a float can hold. Without the largest logit of the row, which "
                   "changes neither loss nor probabilities, no exponential is above 1.",
    .look = "the largest logit of each row: over all ranks, and subtracted on all of them",
};
static const struct mistake softmax_of_own = {
    .name = "softmax over the own words only",
    .explanation = "The sum of the exponentials is that of the rank's own words: it was not added "
                   "up over the ranks.",
    .look = "the sum of the exponentials, MPI_SUM",
};
static const struct mistake counted_by_every_rank = {
    .name = "every exponential is counted on every rank",
    .explanation =
        "The loss is too large by the logarithm of the number of ranks: what all ranks have "
        "already was added up over them once more.",
    .look = "what goes into the sum of the exponentials: the own words' only",
};
static const struct mistake foreign_targets = {
    .name = "targets of other ranks are not left out",
    .explanation = "A rank that has not the target's word has added the logit of one of its own: "
                   "the first, the last, or one that the number falls on.",
    .look = "what a rank hands in for a target that another rank has: 0",
};
static const struct mistake only_on_owner = {
    .name = "only its owner knows the target's logit",
    .explanation = "The rank that has the target's word has the right loss, and the others one "
                   "without that logit: it was not added up over the ranks.",
    .look = "the sum of the targets' logits, to which all ranks but one add 0",
};
static const struct mistake no_one_hot = {
    .name = "nothing is subtracted at the target",
    .explanation = "The gradient is that of log Σ exp alone, without -1 at the target's word.",
    .look = "compute_add_to_picked, on the rank that has the target",
};
static const struct mistake one_hot_everywhere = {
    .name = "every rank subtracts a target",
    .explanation = "The rank has subtracted 1 in rows whose target another rank has.",
    .look = "rows whose target is none of words.begin, …, words.end - 1",
};
static const struct mistake only_the_owners_rows = {
    .name = "only the target's owner has a gradient",
    .explanation =
        "Rows whose target another rank has got no gradient. Their words' probabilities are "
        "in the loss as well: through the sum of the exponentials.",
    .look = "what the gradient of a word is that is not the target",
};
static const struct mistake not_a_mean = {
    .name = "the gradient is that of a sum",
    .explanation = "It is as many times too large as there are rows: the loss is their mean.",
    .look = "the factor of the gradient: scale / rows",
};
static const struct mistake not_scaled = {
    .name = "the scale is left out",
    .explanation = "The gradient is that of the loss, and not of scale · loss.",
    .look = "the factor of the gradient: scale / rows",
};

/* ---- losses --------------------------------------------------------------------------------------------- */

enum sums { SUM_ALL, SUM_OWN, SUM_COUNTED_T_TIMES, SUM_OF_OWN_MAXIMA };
enum targets { TARGET_RIGHT, TARGET_FIRST_OF_OTHERS, TARGET_NEAREST_OF_OTHERS, TARGET_OWN_ONLY };

static double logit(const struct loss_truth *truth, int row, int word)
{
    return (double)tensor_floats(truth->logits)[row * truth->one->words + word];
}

static double largest(const struct loss_truth *truth, int row, struct part words)
{
    double most = -INFINITY;
    for (int word = words.begin; word < words.end; word++)
        most = fmax(most, logit(truth, row, word));
    return most;
}

static double sum_of(const struct loss_truth *truth, int row, struct part words, double shift)
{
    double sum = 0;
    for (int word = words.begin; word < words.end; word++)
        sum += exp(logit(truth, row, word) - shift);
    return sum;
}

/* log of the sum of exponentials of logits less m, as rank `rank` has it. */
static double log_sum(const struct loss_truth *truth, int row, int rank, double m, enum sums sums)
{
    const struct loss_case *one = truth->one;
    const struct part all = {0, one->words};
    double sum = 0;
    if (sums == SUM_OWN)
        return log(sum_of(truth, row, loss_case_words(one, rank), m));
    if (sums == SUM_ALL)
        return log(sum_of(truth, row, all, m));
    if (sums == SUM_COUNTED_T_TIMES)
        return log(one->ranks * sum_of(truth, row, all, m));
    for (int s = 0; s < one->ranks; s++) {
        const struct part words = loss_case_words(one, s);
        sum += sum_of(truth, row, words, largest(truth, row, words));
    }
    return log(sum);
}

static bool has(struct part words, int word)
{
    return word >= words.begin && word < words.end;
}

/* The target's logit less m (less the own maximum of its rank), as rank `rank` has it. */
static double target_logit(const struct loss_truth *truth, int row, int rank, double m,
                           enum sums sums, enum targets targets)
{
    const int target = tensor_integers(truth->targets)[row];
    double sum = 0;
    for (int s = 0; s < truth->one->ranks; s++) {
        const struct part words = loss_case_words(truth->one, s);
        const double shift = sums == SUM_OF_OWN_MAXIMA ? largest(truth, row, words) : m;
        if (targets == TARGET_OWN_ONLY && s != rank)
            continue;
        if (has(words, target))
            sum += logit(truth, row, target) - shift;
        else if (targets == TARGET_FIRST_OF_OTHERS)
            sum += logit(truth, row, words.begin) - shift;
        else if (targets == TARGET_NEAREST_OF_OTHERS)
            sum += logit(truth, row, target < words.begin ? words.begin : words.end - 1) - shift;
    }
    return sum;
}

static double loss_with(const struct loss_truth *truth, int rank, enum sums sums,
                        enum targets targets)
{
    const int rows = truth->targets->count;
    double loss = 0;
    for (int row = 0; row < rows; row++) {
        const double m = largest(truth, row, (struct part){0, truth->one->words});
        loss +=
            log_sum(truth, row, rank, m, sums) - target_logit(truth, row, rank, m, sums, targets);
    }
    return loss / rows;
}

static const struct {
    const struct mistake *mistake;
    enum sums sums;
    enum targets targets;
} losses[] = {
    {&maximum_of_own, SUM_OF_OWN_MAXIMA, TARGET_RIGHT},
    {&softmax_of_own, SUM_OWN, TARGET_RIGHT},
    {&counted_by_every_rank, SUM_COUNTED_T_TIMES, TARGET_RIGHT},
    {&foreign_targets, SUM_ALL, TARGET_FIRST_OF_OTHERS},
    {&foreign_targets, SUM_ALL, TARGET_NEAREST_OF_OTHERS},
    {&only_on_owner, SUM_ALL, TARGET_OWN_ONLY},
};

void cross_entropy_name_loss(const struct loss_truth *truth, const double *loss,
                             struct verdict *verdict)
{
    const int ranks = truth->one->ranks;
    for (int rank = 0; rank < ranks; rank++)
        if (!isfinite(loss[rank])) {
            verdict_name_mistake(verdict, &no_maximum);
            return;
        }
    for (size_t i = 0; i < G_N_ELEMENTS(losses) && ranks > 1; i++) {
        bool fits = true;
        for (int rank = 0; rank < ranks && fits; rank++) {
            const double expected = loss_with(truth, rank, losses[i].sums, losses[i].targets);
            fits = fabs(loss[rank] - expected) <= 1e-5 * (1 + fabs(expected));
        }
        if (fits) {
            verdict_name_mistake(verdict, losses[i].mistake);
            return;
        }
    }
}

/* ---- gradients ------------------------------------------------------------------------------------------- */

enum one_hot { HOT_RIGHT, HOT_NOWHERE, HOT_FIRST_OF_OTHERS, HOT_NEAREST_OF_OTHERS, ROWS_OF_OWNER };

/* The gradient of one logit, without the factor; one_hot: in which way -1 is subtracted. */
static double gradient_with(const struct loss_truth *truth, struct part words, int row, int word,
                            enum one_hot one_hot)
{
    const int rows = truth->targets->count, target = tensor_integers(truth->targets)[row];
    const double scale = (double)truth->one->scale / rows;
    const double right =
        (double)tensor_floats(truth->gradient)[row * truth->one->words + word] / scale;
    const double probability = right + (word == target ? 1 : 0);
    int at = target;
    if (one_hot == HOT_NOWHERE)
        return probability;
    if (one_hot == ROWS_OF_OWNER && !has(words, target))
        return 0;
    if (one_hot == HOT_FIRST_OF_OTHERS && !has(words, target))
        at = words.begin;
    if (one_hot == HOT_NEAREST_OF_OTHERS && !has(words, target))
        at = target < words.begin ? words.begin : words.end - 1;
    return probability - (word == at ? 1 : 0);
}

static bool gradient_fits(const struct loss_truth *truth, int rank, const struct tensor *found,
                          enum one_hot one_hot, double factor)
{
    const struct part words = loss_case_words(truth->one, rank);
    const int own = words.end - words.begin;
    for (int i = 0; i < found->count; i++) {
        const double expected =
            factor * gradient_with(truth, words, i / own, words.begin + i % own, one_hot);
        if (!(fabs((double)tensor_floats(found)[i] - expected) <= 1e-5 * factor))
            return false;
    }
    return true;
}

void cross_entropy_name_gradient(const struct loss_truth *truth, int rank,
                                 const struct tensor *found, struct verdict *verdict)
{
    const double rows = truth->targets->count, scale = (double)truth->one->scale;
    const struct {
        const struct mistake *mistake;
        enum one_hot one_hot;
        double factor;
    } gradients[] = {
        {&no_one_hot, HOT_NOWHERE, scale / rows},
        {&one_hot_everywhere, HOT_FIRST_OF_OTHERS, scale / rows},
        {&one_hot_everywhere, HOT_NEAREST_OF_OTHERS, scale / rows},
        {&only_the_owners_rows, ROWS_OF_OWNER, scale / rows},
        {&not_a_mean, HOT_RIGHT, scale},
        {&not_scaled, HOT_RIGHT, 1 / rows},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(gradients); i++)
        if (gradient_fits(truth, rank, found, gradients[i].one_hot, gradients[i].factor)) {
            verdict_name_mistake(verdict, gradients[i].mistake);
            return;
        }
}
