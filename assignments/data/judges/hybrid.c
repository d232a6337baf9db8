/*
 * Judges "hybrid", "three_dimensions" and "tied_embedding".
 *
 * Run:       a few training steps of pipelines side by side, of several sizes and schedules; in three dimensions with
 *            split layers; and with an embedding that first and last stage share. Of the last two also a
 *            probe of their groups.
 * Must hold: what "results" asks of every run: the samples of all replicas make up each batch, every gradient, on every
 *            rank, is that of one process, and copies keep the same bits, those of a table on two stages
 *            among them. Groups are those of the grid. In three dimensions each rank has the stage and the replica
 *            that its number says, and messages are those that a hybrid takes.
 * A failure: besides what "results" names: gradients added up among the wrong ranks, or at the wrong time;
 *            factors of dimensions; what became of the table's two gradients.
 */
#include "assignments/data/judges/hybrid.h"
#include "assignments/data/judges/groups.h"
#include "assignments/data/judges/hybrid_groups.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "grader/trace/match.h"

static const struct mistake unlike_shares = {
    "the stages of one pipeline work on different samples",
    "Ranks that send each other activations have different shares of the batch: one stage works "
    "with the inputs of some samples, and another with the labels of others.",
    "make_groups: ranks of one pipeline have the same rank in their data groups"};

/* Do two ranks that say something to each other have different stages of different replicas? */
static bool shares_are_unlike(const struct outcome *run)
{
    struct hybrid_layout *layout = hybrid_layout_new(run);
    struct matching *matching = matching_new(run->log, run->ranks);
    bool unlike = false;
    for (int i = 0; i < matching->count && !unlike; i++) {
        const struct message *message = &matching->message[i];
        unlike = message->send.posted != NO_RECORD && message->receive.completed != NO_RECORD &&
                 message->send.step >= 0 && message->send.bytes > HYBRID_SMALL &&
                 layout->stage[message->source] != layout->stage[message->destination] &&
                 layout->replica[message->source] != layout->replica[message->destination];
    }
    matching_free(matching);
    hybrid_layout_free(layout);
    return unlike;
}

/* What the calls show, where numbers have told no mistake, or one that follows from it. */
static void explain_by_calls(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = hybrid_mistake_of_groups(run, cause);
    if (!mistake)
        mistake = hybrid_mistake_of_order(run, cause);
    if (!mistake && shares_are_unlike(run))
        mistake = &unlike_shares;
    if (!mistake)
        return;
    if (cause->len > 0)
        verdict_explain(verdict, "\nWhat the logs show: %s.\n", cause->str);
    verdict_name_mistake(verdict, mistake);
}

static bool results_are_right(const struct judgement *judgement, const struct outcome *run,
                              struct verdict *verdict)
{
    data_judge_results_of(judgement, run, verdict);
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        explain_by_calls(run, verdict);
    return verdict->kind == VERDICT_PASS;
}

static void judge_hybrid(const struct judgement *judgement, const struct outcome *run,
                         struct verdict *verdict)
{
    results_are_right(judgement, run, verdict);
}

void data_judge_hybrid(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_hybrid,
                      "outputs, loss and every gradient are those of one process, on each rank");
}

/* ---- three dimensions ------------------------------------------------------------------------------------ */

/* rank = tensor + T · (data + D · pipeline) */
static bool ranks_are_in_order(const struct outcome *run, struct verdict *verdict)
{
    struct hybrid_layout *layout = hybrid_layout_new(run);
    const int replicas = data_replicas(&run->options, run->ranks);
    bool right = hybrid_layout_is_whole(layout, run, verdict);
    for (int rank = 0; right && rank < run->ranks; rank++) {
        const int replica = rank / layout->tensor % replicas;
        const int stage = rank / layout->tensor / replicas;
        if (layout->stage[rank] == stage && layout->replica[rank] == replica)
            continue;
        evidence_fail(verdict,
                      "rank %d has stage %d of replica %d; with tensor first, then data, then "
                      "pipeline it is stage %d of replica %d",
                      rank, layout->stage[rank], layout->replica[rank], stage, replica);
        right = false;
    }
    hybrid_layout_free(layout);
    return right;
}

static void judge_three_dimensions(const struct judgement *judgement, const struct outcome *run,
                                   struct verdict *verdict)
{
    if (run->options.probe[0])
        data_judge_groups_of(judgement, run, verdict);
    else if (results_are_right(judgement, run, verdict) && ranks_are_in_order(run, verdict))
        hybrid_messages_are_right(run, verdict);
}

void data_judge_three_dimensions(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_three_dimensions,
                      "groups, gradients and messages are those of three dimensions");
}

/* ---- a table on two stages --------------------------------------------------------------------------------- */

static void judge_tied_embedding(const struct judgement *judgement, const struct outcome *run,
                                 struct verdict *verdict)
{
    if (run->options.probe[0])
        data_judge_groups_of(judgement, run, verdict);
    else
        results_are_right(judgement, run, verdict);
}

void data_judge_tied_embedding(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_tied_embedding,
                      "first and last stage have the same table, with the gradient of one process");
}
