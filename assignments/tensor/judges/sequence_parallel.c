/*
 * Judge "sequence_parallel".
 *
 * Run:       a few training steps of a vit, a transformer or a gpt, split by tokens between its split layers,
 *            gradients of the first ones stored; and one of these runs once more as one-round.
 * Must hold: outputs, losses and gradients are those of one process, on each rank.
 *            Per block and micro-batch no more bytes move than 2 all-gathers and 2 reduce-scatters of the
 *            activations forward and as many backward, and with them, where the layers gather again what they
 *            did not keep, 2 all-gathers more (Korthikanti et al. 2022, 4.2.2).
 *            A rank's activations take less memory than one-round's, by the other ranks' tokens.
 * A failure: names what the wrong gradients show: norms' that are terms of a sum, complete ones that are summed
 *            … or which runs go wrong and which go right.
 * Remarked:  an all-reduce in place of a reduce-scatter, which moves twice the bytes.
 */
#include "assignments/tensor/judges/facts/passages.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/sequence_mistakes.h"
#include "assignments/tensor/way_table.h"
#include "grader/evidence/evidence.h"
#include "grader/evidence/traffic.h"

#include <string.h>

/* ---- traffic ------------------------------------------------------------------------------------------- */

static void moves_little(const struct outcome *run, const struct model *model,
                         struct verdict *verdict)
{
    const struct passages passages = tensor_passages_of(model);
    const double found = tensor_passages_found(run, 0);
    const double kept = tensor_passages_volume(&passages, run, (struct passage_liberties){0}),
                 most = tensor_passages_volume(&passages, run,
                                               (struct passage_liberties){true, false, true}),
                 reduced = tensor_passages_volume(&passages, run,
                                                  (struct passage_liberties){true, true, true});
    if (found <= 1.01 * most)
        return;
    if (found <= 1.01 * reduced) {
        g_string_append(verdict->remark,
                        "More bytes move than an all-gather on the way in and a reduce-scatter "
                        "on the way out take: an all-reduce of which each rank keeps its tokens "
                        "moves twice as many.\n");
        return;
    }
    evidence_fail(
        verdict,
        "%.0f bytes move between the %d ranks in step 0, and an all-gather into each of %d split "
        "layers and a reduce-scatter out of it, mirrored on the way back, take %.0f (%.0f where "
        "what was gathered is gathered again)",
        found, run->ranks, passages.blocks, kept, most);
    g_autoptr(GString) text = g_string_new("\n");
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    traffic_describe(traffic, text);
    traffic_free(traffic);
    verdict_explain(verdict, "%s", text->str);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

#define OF_WHAT_IS_SAVED 0.9 /* where activations take most, not all of it need be there */

/* The same run, but for its way, which is one-round; NULL: there is none. */
static const struct outcome *partner_of(const struct judgement *judgement,
                                        const struct outcome *run)
{
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *other = &judgement->outcome[i];
        if (other->ranks == run->ranks && tensor_way(&other->options) == WAY_ONE_ROUND &&
            strcmp(other->options.model, run->options.model) == 0 &&
            other->options.batch_size == run->options.batch_size)
            return other;
    }
    return NULL;
}

/* Every norm keeps what came to it: of the own tokens instead of all. */
static void holds_little(const struct outcome *run, const struct outcome *whole,
                         const struct model *model, struct verdict *verdict)
{
    const struct passages passages = tensor_passages_of(model);
    const double held = run->options.batch_size * passages.activation_bytes;
    for (int rank = 0; rank < run->ranks && verdict->kind == VERDICT_PASS; rank++) {
        struct log_memory own, other;
        if (!log_find_memory(&run->log[rank], MEMORY_ACTIVATION, &own) ||
            !log_find_memory(&whole->log[rank], MEMORY_ACTIVATION, &other))
            continue;
        const double saved = OF_WHAT_IS_SAVED * held * passages.blocks * (1.0 - 1.0 / run->ranks);
        if ((double)own.peak <= (double)other.peak - saved)
            continue;
        evidence_fail(
            verdict,
            "rank %d held up to %" G_GUINT64_FORMAT " bytes of activations, and %" G_GUINT64_FORMAT
            " with --parallel one-round: the tokens of the other ranks that it need not keep "
            "between split layers are %.0f bytes",
            rank, own.peak, other.peak, saved / OF_WHAT_IS_SAVED);
        verdict_look(verdict,
                     "what is kept for the backward: a layer that is entered by tokens needs "
                     "what it gathered, or its own part, and not both");
    }
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static void judge_by_tokens(const struct judgement *judgement, const struct outcome *run,
                            struct verdict *verdict)
{
    struct reference *reference = reference_of_run(run, verdict);
    if (!reference)
        return;
    reference_compute(reference, 0);
    if (tensor_sequence_copies_are_right(run, reference, verdict))
        tensor_judge_gradients_of(judgement, run, verdict);
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        tensor_sequence_name_missing_sums(run, reference, verdict);
    if (verdict->kind == VERDICT_PASS && run->ranks > 1)
        moves_little(run, reference->model, verdict);
    const struct outcome *whole = partner_of(judgement, run);
    if (verdict->kind == VERDICT_PASS && whole != NULL)
        holds_little(run, whole, reference->model, verdict);
    reference_free(reference);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (evidence_logs(run, verdict) && tensor_way(&run->options) == WAY_SEQUENCE)
        judge_by_tokens(judgement, run, verdict);
}

void tensor_judge_sequence_parallel(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "trains as one process does, with activations split by tokens");
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        tensor_sequence_compare_runs(judgement, verdict);
}
