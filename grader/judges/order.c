/*
 * Judge "order": is the training step an all-forward-all-backward step?
 *
 * In each training step every rank must run exactly one forward and one backward
 * of each micro-batch, of its own stage, and all forwards before all backwards.
 * The order of the micro-batches is free.
 */
#include "grader/judges/evidence.h"
#include "grader/judges/judges.h"

/* What a rank did within one step, as counts per micro-batch. */
struct tally {
    int micro_batches;
    int *forward, *backward, *input, *weight;
    int forwards_late; /* forwards behind the first backward */
    int strange;       /* events of another stage, or of a micro-batch that does not exist */
};

static struct tally count_step(const GArray *events, int step, int rank, int micro_batches)
{
    struct tally tally = {.micro_batches = micro_batches,
                          .forward = g_new0(int, micro_batches),
                          .backward = g_new0(int, micro_batches),
                          .input = g_new0(int, micro_batches),
                          .weight = g_new0(int, micro_batches)};
    bool backwards = false;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->step != step || event->operation > LOG_BACKWARD_WEIGHT)
            continue;
        if (event->micro_batch < 0 || event->micro_batch >= micro_batches || event->stage != rank) {
            tally.strange++;
            continue;
        }
        int *count[] = {[LOG_FORWARD] = tally.forward,
                        [LOG_BACKWARD] = tally.backward,
                        [LOG_BACKWARD_INPUT] = tally.input,
                        [LOG_BACKWARD_WEIGHT] = tally.weight};
        count[event->operation][event->micro_batch]++;
        tally.forwards_late += event->operation == LOG_FORWARD && backwards;
        backwards = backwards || event->operation != LOG_FORWARD;
    }
    return tally;
}

static void free_tally(struct tally *tally)
{
    g_free(tally->forward);
    g_free(tally->backward);
    g_free(tally->input);
    g_free(tally->weight);
}

static bool tally_is_right(const struct tally *tally, int rank, int step, struct verdict *verdict)
{
    for (int i = 0; i < tally->micro_batches; i++) {
        bool whole = tally->backward[i] == 1 && tally->input[i] == 0 && tally->weight[i] == 0;
        bool halves = tally->backward[i] == 0 && tally->input[i] == 1 && tally->weight[i] == 1;
        if (tally->forward[i] == 1 && (whole || halves))
            continue;
        evidence_fail(
            verdict,
            "rank %d, step %d: %d forwards and %d backwards of micro-batch %d, not one each", rank,
            step, tally->forward[i], MAX(tally->backward[i], tally->input[i]), i);
        return false;
    }
    if (tally->strange > 0)
        evidence_fail(
            verdict,
            "rank %d, step %d: %d computations of another stage, or of a micro-batch that "
            "does not exist",
            rank, step, tally->strange);
    else if (tally->forwards_late > 0)
        evidence_fail(verdict,
                      "rank %d, step %d: %d forwards come after the first backward, so this is not "
                      "all-forward-all-backward",
                      rank, step, tally->forwards_late);
    else
        return true;
    return false;
}

/* "F0 F1 B0 B1" of one step. */
static char *order_text(const GArray *events, int step)
{
    static const char *const letters[] = {[LOG_FORWARD] = "F",
                                          [LOG_BACKWARD] = "B",
                                          [LOG_BACKWARD_INPUT] = "I",
                                          [LOG_BACKWARD_WEIGHT] = "W"};
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < events->len && text->len < 400; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->step == step && event->operation <= LOG_BACKWARD_WEIGHT)
            g_string_append_printf(text, "%s%s%d", text->len ? " " : "", letters[event->operation],
                                   event->micro_batch);
    }
    return g_string_free(text, FALSE);
}

static bool judge_rank(const struct outcome *run, int rank, struct verdict *verdict)
{
    EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
    int micro_batches = evidence_micro_batches(&run->options);
    for (int step = 0; step < MAX(1, run->options.steps); step++) {
        struct tally tally = count_step(events, step, rank, micro_batches);
        bool right = tally_is_right(&tally, rank, step, verdict);
        free_tally(&tally);
        if (right)
            continue;
        g_autofree char *text = order_text(events, step);
        verdict_explain(verdict, "\nRank %d ran in step %d: `%s`\n", rank, step,
                        text[0] ? text : "nothing");
        return false;
    }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    for (int rank = 0; rank < run->ranks; rank++)
        if (!judge_rank(run, rank, verdict))
            return;
}

void judge_order(const struct judgement *judgement, struct verdict *verdict)
{
    judge_each_run(
        judgement, verdict, judge_run,
        "on every rank all forwards come before all backwards, one each per micro-batch");
}
