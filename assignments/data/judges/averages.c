/*
 * Judge "averages".
 *
 * Run:       a few training steps, whose gradients are stored, with one way to average.
 * Must hold: what "results" asks; and in each step the ranks average once, by the messages that the way takes: one for
 *            each parameter, one for all, or one for each bucket, in their order, on the communicator that they are
 *            given. All call the same, with arguments that fit, and wait for it.
 * A failure: the first tensor that is wrong and, where the numbers show one, the mistake; or which messages there are,
 *            and which there should be.
 */
#include "assignments/data/judges/empty_share.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/messages.h"
#include "assignments/data/judges/messages_bytes.h"
#include "assignments/data/judges/results.h"
#include "grader/evidence/communication.h"

/* Of a rank without samples that leaves: what the others call in one step meets what it calls in the next. Or of a
 * step without an average. */
static void name_cause(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = data_mistake_of_empty_share(run, cause);
    if (!mistake)
        mistake = data_mistake_of_steps(run, cause);
    if (!mistake)
        return;
    verdict_explain(verdict, "\n\nBesides, %s.\n", cause->str);
    verdict_name_mistake(verdict, mistake);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    data_judge_results_of(judgement, run, verdict);
    if (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0)
        name_cause(run, verdict);
    if (verdict->kind == VERDICT_PASS && evidence_communication_is_sound(run, verdict))
        data_messages_are_right(run, verdict);
}

void data_judge_averages(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "gradients and loss are those of one process, by the messages that it takes");
}
