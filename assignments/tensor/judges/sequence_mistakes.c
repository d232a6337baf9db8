/* Known mistakes of sequence parallelism; see sequence_mistakes.h. */
#include "assignments/tensor/judges/sequence_mistakes.h"

#include "assignments/tensor/judges/facts/passages.h"
#include "assignments/tensor/judges/facts/replicated.h"
#include "assignments/tensor/way_table.h"
#include "grader/evidence/evidence.h"

#include <math.h>
#include <string.h>

static const struct mistake norms_not_summed = {
    "gradients of the norms are not summed over the ranks",
    "The ranks' gradients of a norm are not alike, and their sum is what one process has: each "
    "rank's norm has seen its own tokens, and its gradient is a sum over these alone. After the "
    "first step the ranks train with unlike norms.",
    "sum_gradients_by_tokens: what comes into a norm is a part of the tokens"};
static const struct mistake last_norm_not_summed = {
    "the gradient of the last norm is not summed over the ranks",
    "The norms inside of the blocks are right. The one behind the last block has seen the own "
    "tokens alone, too: the ranks' gradients of it are not alike, and add up to what one process "
    "has.",
    "which parameters sum_gradients_by_tokens leaves out"};
static const struct mistake bias_not_summed = {
    "the gradient of a row-parallel layer's bias is not summed over the ranks",
    "The ranks' gradients of the bias are not alike, and their sum is what one process has: they "
    "were computed from the gradients of the own tokens, before these were gathered.",
    "from which dy the bias gradient is computed; else it has to go into the sum behind the "
    "backwards"};
static const struct mistake embedding_of_own_tokens = {
    "the embedding gets back the gradients of the own tokens only",
    "The ranks' gradients of the embedding are not alike, and their sum is what one process has: "
    "every rank has computed it for all tokens, and got back the gradients of its own.",
    "split_tokens_backward: the own tokens go to all ranks, and theirs come here"};
static const struct mistake complete_summed = {
    "gradients are summed over the ranks although each rank has all of them",
    "They are as many times what they should be as there are ranks: every rank had computed them "
    "from all tokens already, and they were summed nevertheless.",
    "sum_gradients_by_tokens: from what each of these gradients was computed"};
static const struct mistake join_summed = {
    "what comes back where the tokens are joined is summed over the ranks",
    "All gradients of what stands before the place where tokens become whole are as many times "
    "what they should be as there are ranks. There every rank goes on with all tokens and "
    "computes the same: dy is no term of a sum.",
    "join_tokens_backward: it takes the own tokens of dy, without a message"};
static const struct mistake averaged = {"gradients are averaged over the ranks",
                                        "They are what they should be, divided by the number of "
                                        "ranks: each rank has a term of the sum, the loss is a "
                                        "mean over all tokens already.",
                                        "sum_gradients_by_tokens: what comes behind the sum"};
static const struct mistake not_reduced = {
    "the gradients that come back out of split layers are not summed",
    "The outputs are right, and gradients are not; and as many bytes too few move as the sums of "
    "dx take. What comes back from a split layer is a term of a sum, one on each rank.",
    "enter_backward_begin: a reduce-scatter"};
static const struct mistake not_in_one_piece = {
    "a rank's tokens are taken for one piece of memory",
    "Where each micro-batch has one sample all is right, and where it has several it is wrong. "
    "In a tensor (samples, tokens, columns) a rank's tokens lie in one piece for one sample "
    "only.",
    "how the parts are put behind each other before the reduce-scatter, rank by rank"};
static const struct mistake not_divisible = {
    "tokens that the ranks do not divide",
    "Where the number of ranks divides that of the tokens all is right, and where it does not it "
    "is wrong: the last tokens are lost, or come out in others' places.",
    "the sizes of the parts: those of split, which need not be alike"};

/* ---- gradients ---------------------------------------------------------------------------------------- */

struct tally {
    int norms_terms;      /* of norms: so many are terms of a sum … */
    bool last_norm_terms; /* … and the last one is */
    int bias_terms, embedding_terms, multiples, whole_multiples, shares;
    const struct replicated *first; /* that is wrong and says something */
};

static bool is_norm(const struct replicated *one)
{
    return strcmp(one->leaf->operations->kind, "layer_norm") == 0;
}

static void count(struct tally *tally, const struct replicated *one)
{
    const bool terms = !one->right && one->whole && one->is.kind == SIGNATURE_TERMS;
    const bool multiple = !one->right && one->is.kind == SIGNATURE_MULTIPLE;
    if (is_norm(one)) {
        tally->norms_terms += terms;
        tally->last_norm_terms = terms;
    } else
        *(one->in_block ? &tally->bias_terms : &tally->embedding_terms) += terms;
    if (multiple && one->is.power > 0) {
        tally->multiples++;
        tally->whole_multiples += one->whole;
    }
    tally->shares += multiple && one->is.power < 0;
    if (!tally->first && (terms || (multiple && one->is.power != 0)))
        tally->first = one;
}

static const struct mistake *mistake_of(const struct tally *tally)
{
    if (tally->norms_terms > 2 || (tally->norms_terms > 0 && !tally->last_norm_terms))
        return &norms_not_summed;
    if (tally->norms_terms > 0)
        return &last_norm_not_summed;
    if (tally->bias_terms > 0)
        return &bias_not_summed;
    if (tally->embedding_terms > 0)
        return &embedding_of_own_tokens;
    if (tally->multiples > tally->whole_multiples) /* slices, too */
        return &join_summed;
    if (tally->multiples > 0)
        return &complete_summed;
    return tally->shares > 0 ? &averaged : NULL;
}

bool tensor_sequence_copies_are_right(const struct outcome *run, const struct reference *reference,
                                      struct verdict *verdict)
{
    GArray *gradients = tensor_replicated_new(run, reference);
    struct tally tally = {0};
    for (guint i = 0; gradients && i < gradients->len; i++)
        count(&tally, &g_array_index(gradients, struct replicated, i));
    const struct mistake *mistake = mistake_of(&tally);
    if (mistake) {
        evidence_fail(verdict, "after step 0: %s is not what one process has", tally.first->name);
        verdict_name_mistake(verdict, mistake);
    }
    tensor_replicated_free(gradients);
    return mistake == NULL;
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

/* Of the first step, which the reference has just computed. */
static bool loss_is_right(const struct outcome *run, const struct reference *reference)
{
    double loss;
    evidence_losses(&run->log[0], options_micro_batches(&run->options), 1, &loss);
    return fabs(loss - reference->loss) <= 1e-5 * fabs(reference->loss);
}

void tensor_sequence_name_missing_sums(const struct outcome *run, const struct reference *reference,
                                       struct verdict *verdict)
{
    const struct passages passages = tensor_passages_of(reference->model);
    const double sums = (run->ranks - 1) * run->options.batch_size * passages.activation_bytes *
                        (passages.blocks + passages.heads);
    const double missing = tensor_passages_volume(&passages, run, (struct passage_liberties){0}) -
                           tensor_passages_found(run, 0);
    if (loss_is_right(run, reference) && fabs(missing - sums) <= 0.05 * sums)
        verdict_name_mistake(verdict, &not_reduced);
}

static bool begins_right(const struct outcome *run)
{
    char error[REFERENCE_ERROR_SIZE];
    struct reference *reference = reference_new(&run->options, error);
    if (!reference)
        return false;
    reference_compute(reference, 0);
    const bool right = loss_is_right(run, reference);
    reference_free(reference);
    return right;
}

void tensor_sequence_compare_runs(const struct judgement *judgement, struct verdict *verdict)
{
    int wrong = 0, right = 0, several_wrong = 0, several_right = 0, uneven_wrong = 0,
        uneven_right = 0;
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *run = &judgement->outcome[i];
        if (tensor_way(&run->options) != WAY_SEQUENCE || run->ranks < 2)
            continue;
        struct verdict *unheard = verdict_new();
        struct model *model = evidence_model(run, unheard);
        verdict_free(unheard);
        if (!model)
            return;
        const bool uneven = tensor_passages_of(model).tokens % run->ranks != 0;
        const bool several = run->options.batch_size > options_micro_batches(&run->options);
        model_free(model);
        const bool well = begins_right(run);
        *(well ? &right : &wrong) += 1;
        *(well ? &several_right : &several_wrong) += several;
        *(well ? &uneven_right : &uneven_wrong) += uneven;
    }
    if (wrong == 0 || right == 0)
        return;
    if (several_wrong == wrong && several_right == 0)
        verdict_name_mistake(verdict, &not_in_one_piece);
    else if (uneven_wrong == wrong && uneven_right == 0)
        verdict_name_mistake(verdict, &not_divisible);
}
