/*
 * Judge "sequence_parallel".
 *
 * Run:       a few training steps of a vit, a transformer or a gpt, split by tokens between its split layers,
 *            gradients of the first ones stored; and some of these runs once more as one-round. A longer
 *            run with snapshots.
 * Must hold: outputs, losses and gradients are those of one process, on each rank; of the longer run what "windows"
 *            asks.
 *            Per block and micro-batch no more bytes move than 2 all-gathers and 2 reduce-scatters of the
 *            activations forward and as many backward, and with them, where the layers gather again what they
 *            did not keep, 2 all-gathers more (Korthikanti et al. 2022, 4.2.2).
 *            No byte moves in a forward besides. The ranks keep for the backward what they keep in one-round but
 *            for the other ranks' tokens of what comes into the norms, and into the layers that gather again; and at
 *            the worst moment a rank's activations take less memory than one-round's.
 * A failure: names what the wrong gradients show: norms' that are terms of a sum, complete ones that are summed
 *            … or which runs go wrong and which go right.
 * Remarked:  an all-reduce in place of a reduce-scatter, which moves twice the bytes.
 */
#include "assignments/tensor/judges/facts/moved.h"
#include "assignments/tensor/judges/facts/passages.h"
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/sequence_memory.h"
#include "assignments/tensor/judges/sequence_mistakes.h"
#include "assignments/tensor/way_table.h"
#include "grader/evidence/evidence.h"
#include "grader/evidence/traffic.h"

#include <math.h>
#include <string.h>

/* ---- traffic ------------------------------------------------------------------------------------------- */

static void fail(const struct outcome *run, const struct passages *passages, double found,
                 struct verdict *verdict)
{
    const struct passage_liberties none = {.gather_again = false}, again = {.gather_again = true};
    evidence_fail(
        verdict,
        "%.0f bytes move between the %d ranks in step 0, and an all-gather into each of %d split "
        "layers and a reduce-scatter out of it, mirrored on the way back, take %.0f (%.0f where "
        "what was gathered is gathered again)",
        found, run->ranks, passages->blocks, tensor_passages_volume(passages, run, none),
        tensor_passages_volume(passages, run, again));
    g_autoptr(GString) text = g_string_new("\n");
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    traffic_describe(traffic, text);
    traffic_free(traffic);
    verdict_explain(verdict, "%s", text->str);
}

#define MORE_THAN_NEEDED                                                                           \
    "More bytes move than an all-gather on the way in and a reduce-scatter on the way out take: "  \
    "an all-reduce of which each rank keeps its tokens moves twice as many.\n"

/* Is it nothing, or padding, besides whole tokens and whole columns? A passage may take more than it has to, twice
 * as much, or through one rank: that moves tokens of all samples, or columns of the outputs, once more. */
static bool is_of_passages(const struct outcome *run, const struct passages *passages, double more,
                           double counts, bool *frugal)
{
    const double samples = run->options.batch_size / (double)options_micro_batches(&run->options);
    const double token = samples * passages->activation_bytes / passages->tokens,
                 column =
                     passages->columns > 0 ? samples * passages->gathers / passages->columns : 0;
    const int passed = 2 * passages->blocks + passages->heads + passages->joins;
    const int tokens = (run->ranks - 1) * passed * passages->tokens,
              columns = (run->ranks - 1) * passages->columns;
    GArray *padding = g_array_new(FALSE, FALSE, sizeof(double));
    tensor_passages_add_padding(passages, run, padding);
    bool found = false, nothing = false;
    for (int i = 0; i <= tokens && !found; i++)
        for (int k = 0; k <= columns && !found; k++) {
            const double rest = more - i * token - k * column;
            found = rest > -1 && tensor_round_is_padding(padding, rest, counts);
            nothing = found && i + k == 0;
        }
    g_array_unref(padding);
    *frugal = *frugal && nothing;
    return found;
}

static bool forward_is_exact(const struct outcome *run, const struct passages *passages,
                             const struct moved *moved, bool *frugal, struct verdict *verdict)
{
    const double counts = fmin(moved->counts, MOVED_SMALL_BYTES * run->ranks);
    const double needed = tensor_passages_forward(passages, run), more = moved->volume - needed;
    if (more < 0 || is_of_passages(run, passages, more, counts, frugal))
        return true;
    evidence_fail(verdict,
                  "step %d, the forward of micro-batch %d: %.0f bytes move between the %d ranks, "
                  "and the all-gathers into its split layers and the reduce-scatters out of them "
                  "take %.0f",
                  moved->step, moved->micro_batch, moved->volume, run->ranks, needed);
    g_autoptr(GString) found = g_string_new(NULL);
    tensor_moved_describe(run, moved, 0, found);
    verdict_explain(verdict, "\nRank 0 handed in, in this forward:\n\n%s", found->str);
    verdict_look(verdict, "which of these messages nobody needs");
    return false;
}

/* In a step. *frugal: without an all-reduce in place of a reduce-scatter, or the like. */
static bool moves_little(const struct outcome *run, const struct passages *passages,
                         const GArray *all, bool *frugal, struct verdict *verdict)
{
    const double found = tensor_passages_found(run, 0);
    const double most = tensor_passages_volume(passages, run,
                                               (struct passage_liberties){true, false, true}),
                 reduced = tensor_passages_volume(passages, run,
                                                  (struct passage_liberties){true, true, true});
    *frugal = found <= 1.01 * most;
    bool right = found <= 1.01 * reduced;
    if (!right)
        fail(run, passages, found, verdict);
    for (guint i = 0; i < all->len && right; i++) {
        const struct moved *one = &g_array_index(all, struct moved, i);
        right = one->backward || forward_is_exact(run, passages, one, frugal, verdict);
    }
    if (right && !*frugal)
        g_string_append(verdict->remark, MORE_THAN_NEEDED);
    return right;
}

/* How many layers gather in the backwards of the last step what they had gathered before, at the least: by what
 * moves besides what has to, but for sums of gradients, which may be there. */
static int gathered_again(const struct outcome *run, const struct passages *passages,
                          const GArray *all)
{
    const int micro_batches = options_micro_batches(&run->options);
    const double samples = run->options.batch_size / (double)micro_batches;
    const struct passage_liberties none = {.gather_again = false}, biases = {.sum_biases = true};
    const double needed = tensor_passages_backward(passages, run, none),
                 of_biases = tensor_passages_backward(passages, run, biases) - needed,
                 a_gather = (run->ranks - 1) * samples * passages->activation_bytes;
    const double to_add_up = (passages->blocks + passages->heads) * a_gather +
                             2 * (run->ranks - 1) * samples * passages->sums;
    double least = INFINITY;
    for (guint i = 0; i < all->len; i++) {
        const struct moved *moved = &g_array_index(all, struct moved, i);
        if (!moved->backward || moved->step != run->options.steps - 1)
            continue;
        /* Where sums are made of messages, it can't be told which are whose. */
        const double sums =
            moved->added_up < 0.99 * to_add_up ? of_biases : moved->added_up - to_add_up;
        least = fmin(least, (moved->volume - needed - sums) / a_gather);
    }
    const int most = passages->blocks + passages->heads;
    return isinf(least) ? 0 : CLAMP((int)ceil(least - 0.1), 0, most);
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

/* At the worst moment: every norm keeps what came to it, of the own tokens instead of all. */
static void holds_little(const struct outcome *run, const struct outcome *whole,
                         const struct passages *passages, struct verdict *verdict)
{
    const double held = run->options.batch_size * passages->activation_bytes;
    for (int rank = 0; rank < run->ranks && verdict->kind == VERDICT_PASS; rank++) {
        struct log_memory own, other;
        if (!log_find_memory(&run->log[rank], MEMORY_ACTIVATION, &own) ||
            !log_find_memory(&whole->log[rank], MEMORY_ACTIVATION, &other))
            continue;
        const double saved = OF_WHAT_IS_SAVED * held * passages->blocks * (1.0 - 1.0 / run->ranks);
        if ((double)own.peak <= (double)other.peak - saved)
            continue;
        evidence_fail(
            verdict,
            "rank %d held up to %" G_GUINT64_FORMAT " bytes of activations, and %" G_GUINT64_FORMAT
            " with --parallel one-round: the tokens of the other ranks that it need not keep "
            "between split layers are %.0f bytes",
            rank, own.peak, other.peak, saved / OF_WHAT_IS_SAVED);
        verdict_look(verdict, "what is made on the way of all tokens, and freed late");
    }
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static void costs_little(const struct judgement *judgement, const struct outcome *run,
                         const struct model *model, struct verdict *verdict)
{
    const struct passages passages = tensor_passages_of(model);
    const struct outcome *whole = partner_of(judgement, run);
    GArray *moved = tensor_moved_of(run);
    bool frugal;
    if (moves_little(run, &passages, moved, &frugal, verdict) && whole) {
        const int again = frugal ? gathered_again(run, &passages, moved) : 0;
        if (tensor_sequence_keeps_little(run, whole, &passages, again, verdict))
            holds_little(run, whole, &passages, verdict);
    }
    tensor_moved_free(moved);
}

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
        costs_little(judgement, run, reference->model, verdict);
    reference_free(reference);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!evidence_logs(run, verdict) || tensor_way(&run->options) != WAY_SEQUENCE)
        return;
    if (run->options.snapshots > 0)
        tensor_judge_windows_of(judgement, run, verdict);
    else
        judge_by_tokens(judgement, run, verdict);
}

void tensor_judge_sequence_parallel(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "trains as one process does, with activations split by tokens");
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        tensor_sequence_compare_runs(judgement, verdict);
}
