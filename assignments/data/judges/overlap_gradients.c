/*
 * Judge "overlap_gradients".
 *
 * Run:       as for "results", with sums that are under way while the backward goes on.
 * Must hold: what it says there; and all ranks begin the same sums in the same order, wait for each of them, and
 *            leave alone what is under way.
 * A failure: names the call, and where a sum began before its gradients were complete, that.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/messages_bytes.h"
#include "assignments/data/judges/overlap_facts.h"
#include "assignments/data/judges/results.h"
#include "assignments/data/options.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/shares.h"
#include "grader/trace/collectives.h"

/* The mistake that a rank's sums show in some step, or NULL. */
static const struct mistake *mistake_of(const struct outcome *run, const struct shares *shares,
                                        const struct model *model)
{
    const struct mistake *mistake = NULL;
    for (int step = 0; step < shares_steps(shares) && !mistake; step++)
        for (int rank = 0; rank < run->ranks && !mistake; rank++) {
            const int samples = shares_of(shares, step, rank)->count;
            const int micro_batches = MIN(samples, options_micro_batches(&run->options));
            struct overlap_facts facts;
            if (samples == 0 ||
                !overlap_facts_of(&run->log[rank], step, micro_batches, model, &facts))
                continue;
            mistake = overlap_mistake(&facts);
            g_free(facts.ready);
        }
    return mistake;
}

static void explain(const struct outcome *run, struct verdict *verdict)
{
    struct verdict *ignored = verdict_new();
    struct shares *shares = shares_read(run, ignored);
    struct model *model = shares ? evidence_model(run, ignored) : NULL;
    const struct mistake *mistake = model ? mistake_of(run, shares, model) : NULL;
    g_autoptr(GString) cause = g_string_new(NULL);
    if (!mistake && (mistake = data_mistake_of_steps(run, cause)))
        verdict_explain(verdict, "\n\nBesides, %s.\n", cause->str);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    model_free(model);
    shares_free(shares);
    verdict_free(ignored);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    if (evidence_communication_is_sound(run, verdict))
        data_judge_results_of(judgement, run, verdict);
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        explain(run, verdict);
}

void data_judge_overlap_gradients(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "outputs, loss and every gradient are those of one process, and no sum is "
                      "touched while it is under way");
}
