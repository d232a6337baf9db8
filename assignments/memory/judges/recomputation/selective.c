/*
 * Judge "selective".
 *
 * Run:       training with --recompute attention, of models whose attentions look at all tokens and at none that comes later.
 * Must hold: outputs, gradients and parameters are those of the kit's attention up to rounding; of each attention layer
 *            tokens² numbers for each head and sample are not kept between forward and backward, and the backward does
 *            the operations of the heads once more: no projection; nothing is left behind.
 * A failure: the first tensor that is wrong, or the first forward or backward that costs something else, and what would
 *            cost that.
 */
#include "assignments/memory/judges/recomputation/costs.h"
#include "assignments/memory/judges/recomputation/recompute.h"
#include "common/base/flops.h"
#include "common/layers/operations.h"
#include "grader/evidence/left_behind.h"

#include <string.h>

/* Of one sample, of all attentions of the model. */
struct heads {
    double probabilities; /* bytes */
    double core;          /* operations of all heads: softmax(q kᵀ) v */
    double blind;         /* the same, if all look at all tokens */
    double projected;     /* the projection to q, k and v */
    double whole;         /* operations of the whole layers' forwards */
};

static double core_of(const struct layer *layer, bool causal)
{
    const int tokens = layer->input.size[0], width = layer->input.size[1];
    struct tensor *qkv = compute_new(DEVICE_META, SHAPE(1, tokens, 3 * width));
    struct tensor *y = compute_new(DEVICE_META, SHAPE(1, tokens, width));
    struct tensor *probabilities = compute_new(DEVICE_META, SHAPE(1, layer->heads, tokens, tokens));
    const uint64_t before = flops_charged();
    compute_attention(causal, qkv, y, probabilities);
    const double core = (double)(flops_charged() - before);
    tensor_free(qkv);
    tensor_free(y);
    tensor_free(probabilities);
    return core;
}

static void add_heads(const struct layer *layer, struct heads *heads)
{
    const char *kind = layer->operations->kind;
    for (int i = 0; i < layer->inner_layers; i++)
        add_heads(&layer->inner[i], heads);
    if (strcmp(kind, "attention") != 0 && strcmp(kind, "causal_attention") != 0)
        return;
    const int tokens = layer->input.size[0];
    heads->probabilities += sizeof(float) * (double)layer->heads * tokens * tokens;
    heads->core += core_of(layer, layer->causal);
    heads->blind += core_of(layer, false);
    heads->projected += 3.0 * tokens * layer->input.size[1] * (2.0 * layer->input.size[1] + 1);
    heads->whole += layer->forward_flops;
}

static struct heads heads_of(const struct outcome *run, struct verdict *verdict)
{
    struct heads heads = {0};
    struct model *model = evidence_model(run, verdict);
    for (int i = 0; model && i < model->layers; i++)
        add_heads(&model->layer[i], &heads);
    model_free(model);
    return heads;
}

/* ---- known mistakes ----------------------------------------------------------------------------------- */

static const struct mistake kept = {
    "the probabilities are kept",
    "Between forward and backward there is as much as the kit's attention keeps, and the backward "
    "does no more.",
    "what layer_keep is given in the forward: the backward computes the probabilities anew"};
static const struct mistake kept_and_computed = {
    "the probabilities are kept, and computed again nevertheless",
    "The backward computes the heads once more, and between forward and backward there is as much "
    "as the "
    "kit's attention keeps.",
    "what layer_keep is given in the forward, and what is freed there"};
static const struct mistake not_causal = {
    "the repetition lets tokens look at later ones",
    "The backward does the operations of heads that look at all tokens, where the forward's look "
    "at none that "
    "comes later.",
    "the first argument of compute_attention in the backward: kit->causal"};
static const struct mistake never_causal = {
    "tokens look at later ones",
    "The forward does the operations of heads that look at all tokens. Those of a language model "
    "look at none that comes "
    "later.",
    "the first argument of compute_attention: kit->causal"};
static const struct mistake qkv_again = {
    "q, k and v are computed again, too",
    "The backward does the operations of the projection to q, k and v once more, besides those of "
    "the heads. Selective "
    "recomputation repeats what keeps much and costs little: softmax(q kᵀ) v.",
    "what is kept: q, k and v, and x"};
static const struct mistake all_again = {
    "the whole layer is computed again",
    "The backward does the operations of the layer's forward once more, projections and all. "
    "Selective recomputation repeats "
    "what keeps much and costs little: softmax(q kᵀ) v.",
    "what is kept: q, k and v, and x"};
static const struct mistake twice = {
    "the probabilities are computed again twice",
    "The backward does the operations of the heads twice more, and once is enough.",
    "how often compute_attention is called in the backward"};

/* How much less the forward of a micro-batch keeps than the kit's, and how much more operations it and its backward do. */
struct saving {
    double bytes, forward_flops, backward_flops;
};

/* What the operations and bytes of a micro-batch are those of; NULL: nothing known. */
static const struct mistake *known(const struct heads *heads, double samples,
                                   const struct saving *saving)
{
    const double bytes = saving->bytes, flops = saving->backward_flops;
    const bool causal = heads->blind != heads->core;
    if (causal && saving->forward_flops == samples * (heads->blind - heads->core))
        return &never_causal;
    if (bytes == 0 && flops == 0)
        return &kept;
    if (bytes == 0 && flops == samples * heads->core)
        return &kept_and_computed;
    if (causal && flops == samples * heads->blind)
        return &not_causal;
    if (flops == samples * (heads->core + heads->projected))
        return &qkv_again;
    if (flops == samples * heads->whole)
        return &all_again;
    return flops == 2 * samples * heads->core ? &twice : NULL;
}

/* ---- judging -------------------------------------------------------------------------------------------- */

static bool find_saving(const struct recomputation_case *one, int rank, guint i,
                        struct saving *saving)
{
    const struct computations *own = &one->computed[rank], *kit = &one->plain->computed[rank];
    const struct computation *forward = computation_at(own, i);
    if (forward->back)
        return false;
    *saving = (struct saving){
        .bytes = computation_kept(computation_at(kit, i)) - computation_kept(forward),
        .forward_flops = (double)forward->flops - (double)computation_at(kit, i)->flops};
    for (guint b = i + 1; b < own->of->len; b++) {
        const struct computation *back = computation_at(own, b);
        if (!back->back || back->micro_batch != forward->micro_batch)
            continue;
        saving->backward_flops = (double)back->flops - (double)computation_at(kit, b)->flops;
        return true;
    }
    return false;
}

static void fail_costs(const struct computation *forward, int rank, const struct saving *saving,
                       const struct heads *heads, double samples, struct verdict *verdict)
{
    const double bytes = samples * heads->probabilities, flops = samples * heads->core;
    if (saving->bytes < bytes)
        evidence_fail(
            verdict,
            "rank %d, micro-batch %d in step %d: the forward keeps %.0f bytes less than the "
            "kit's attention does, and the probabilities are %.0f",
            rank, forward->micro_batch, forward->step, saving->bytes, bytes);
    else if (saving->forward_flops != 0)
        evidence_fail(
            verdict,
            "rank %d, micro-batch %d in step %d: the forward does %.0f operations more than "
            "the kit's attention, and as many are due",
            rank, forward->micro_batch, forward->step, saving->forward_flops);
    else
        evidence_fail(
            verdict,
            "rank %d, micro-batch %d in step %d: the backward does %.0f operations more than "
            "the kit's attention, and the heads' are %.0f",
            rank, forward->micro_batch, forward->step, saving->backward_flops, flops);
    verdict->basis = BASIS_AMOUNT;
    const struct mistake *mistake = known(heads, samples, saving);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

static double samples_of(const struct outcome *run)
{
    return run->options.batch_size / (double)options_micro_batches(&run->options);
}

static bool costs_are_right(const struct recomputation_case *one, const struct heads *heads,
                            struct verdict *verdict)
{
    const double samples = samples_of(one->run);
    for (int rank = 0; rank < one->run->ranks; rank++)
        for (guint i = 0; i < one->computed[rank].of->len; i++) {
            struct saving saving;
            if (!find_saving(one, rank, i, &saving) ||
                (saving.bytes >= samples * heads->probabilities && saving.forward_flops == 0 &&
                 saving.backward_flops == samples * heads->core))
                continue;
            fail_costs(computation_at(&one->computed[rank], i), rank, &saving, heads, samples,
                       verdict);
            return false;
        }
    return true;
}

/* Numbers do not tell what operations and bytes may. */
static void name_by_costs(const struct recomputation_case *one, const struct heads *heads,
                          struct verdict *verdict)
{
    struct saving saving;
    for (guint i = 0; i < one->computed[0].of->len; i++)
        if (find_saving(one, 0, i, &saving)) {
            const struct mistake *mistake = known(heads, samples_of(one->run), &saving);
            if (mistake == &not_causal || mistake == &never_causal)
                verdict_name_mistake(verdict, mistake);
            return;
        }
}

static void explain(const struct recomputation_case *one, const struct heads *heads,
                    struct verdict *verdict)
{
    struct saving saving;
    const double samples = samples_of(one->run);
    for (guint i = 0; i < one->computed[0].of->len; i++)
        if (find_saving(one, 0, i, &saving)) {
            verdict_explain(verdict,
                            "\n%s, rank 0, the first micro-batch, beside the kit's attention:\n\n"
                            "| | found | due |\n|---|---|---|\n"
                            "| bytes that the forward keeps less | %.0f | %.0f |\n"
                            "| operations that the backward does more | %.0f | %.0f |\n",
                            one->run->options.model, saving.bytes, samples * heads->probabilities,
                            saving.backward_flops, samples * heads->core);
            return;
        }
}

static void judge_left_behind(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned kinds;
    if (evidence_left_behind(run, line, &kinds))
        evidence_fail(verdict, "%s", line->str);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct recomputation_case one;
    const struct heads heads = heads_of(run, verdict);
    if (recomputation_case_read(&one, run, verdict)) {
        if (!recomputation_numbers_are_right(&one, false, verdict))
            name_by_costs(&one, &heads, verdict);
        else if (costs_are_right(&one, &heads, verdict))
            judge_left_behind(run, verdict);
        explain(&one, &heads, verdict);
    }
    recomputation_case_clear(&one);
}

void memory_judge_selective(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "gradients are those of the kit's attention, without its probabilities "
                      "between forward and backward");
}
