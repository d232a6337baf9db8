/*
 * Judge "collectives".
 *
 * Run:       training steps, also on a simulated cluster where every send waits for its receive.
 * Must hold: all ranks call the same collectives with arguments that fit; each is waited for, and its buffer
 *            left alone until then; what comes out is what was put in; messages arrive as they were sent; and
 *            nothing moves that no layer needs.
 * A failure: which call it was, of which ranks, at which line.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/traffic.h"
#include "grader/evidence/communication.h"

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (evidence_logs(run, verdict) && evidence_communication_is_sound(run, verdict))
        tensor_traffic_is_frugal(run, verdict);
}

void tensor_judge_collectives(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "all ranks call the same, wait for it, and hand on nothing that nobody needs");
}
