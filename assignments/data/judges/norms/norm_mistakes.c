/* Known mistakes of a synchronised batch norm, by the ways to compute things; see norm_truth.h. */
#include "assignments/data/judges/norms/norm_truth.h"

static const struct mistake of_own = {
    "statistics of the own samples only",
    "Mean and variance are those of this rank's samples: what the other ranks have does not count.",
    "what is added up over the ranks, and that the sums are used"};
static const struct mistake of_means = {
    "ranks count alike, however many samples they have",
    "The ranks' means are averaged as if all had the same number of samples.",
    "what is added up over the ranks: sums, and how many samples they are of"};
static const struct mistake of_local_variances = {
    "the mean of local variances",
    "The variance is the mean of the ranks' own variances. What their means differ by is missing: "
    "Σ n (variance + (mean - mean of all)²) / N.",
    "from which mean the squares are taken"};
static const struct mistake divides_by_own = {
    "running variance by the own number of samples",
    "The running variance follows variance · n / (n - 1), and n is this rank's: it is as many "
    "numbers as the variance was taken of, on all ranks.",
    "n in the running variance"};
static const struct mistake divides_by_n = {
    "running variance with the divisor n",
    "The running variance follows the variance with the divisor n - 1: n / (n - 1) times the one "
    "that normalises.",
    "the factor n / (n - 1)"};
static const struct mistake stays = {
    "running averages that nobody follows", "The running averages are those of the begin still.",
    "call->buffer[0] and call->buffer[1], in a forward that trains"};
static const struct mistake follows_own = {
    "running averages of the own samples",
    "The running averages follow this rank's own statistics, and differ from rank to rank.",
    "which mean and variance the running averages follow"};
static const struct mistake back_own = {
    "only the forward is synchronised",
    "dx takes the means of dy and of dy n over this rank's samples: but those of all ranks have "
    "moved mean and variance.",
    "what the backward adds up over the ranks"};
static const struct mistake back_unweighted = {
    "in the backward ranks count alike, however many samples they have",
    "dy is of the mean loss over a rank's own samples. In the mean over all it counts by how many "
    "they are.",
    "what each rank's sums are multiplied by before they are added up, and what the result is "
    "divided by"};
static const struct mistake back_constant = {
    "mean and variance are taken for constants",
    "dx is γ dy / √(variance + ε): that mean and variance move with x is left out.",
    "the two means in the formula of dx"};
static const struct mistake adds_all = {
    "gradients of γ and β summed over the ranks",
    "The gradients of γ and β are those of all ranks: with all others they are averaged "
    "afterwards, and then count as often as there are ranks.",
    "which sums go to call->gradient: those of this rank"};
static const struct mistake last_only = {
    "gradients of the last micro-batch only",
    "The gradients are overwritten by each micro-batch: they add up (+=).",
    "how call->gradient is written"};

static const struct mistake *const ways[NORM_THINGS][8] = {
    [NORM_Y] = {&of_own, &of_own, &of_means, &of_local_variances, &of_local_variances},
    [NORM_RUNNING] = {&stays, &divides_by_own, &divides_by_n, &stays, &follows_own},
    [NORM_AGAIN_Y] = {&of_own, &of_own},
    [NORM_EVALUATED] = {&of_own, &of_own},
    [NORM_DX] = {&back_own, &back_own, &back_unweighted, &back_constant},
    [NORM_GRADIENTS] = {&adds_all, &adds_all, &last_only},
};

const struct mistake *norm_mistake(enum norm_thing thing, int way)
{
    return ways[thing][way];
}
