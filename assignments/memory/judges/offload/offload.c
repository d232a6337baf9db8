/*
 * Judge "offload".
 *
 * Run:       training steps with --zero 2 --offload optimizer, of which memory and numbers are stored; with float32 they
 *            are compared with one process; with 16 bits each step with the judge's own of mixed precision. On a simulated cluster whose
 *            links to the host take time, one step more.
 * Must hold: state, masters, the host's gradients and (with 16 bits) its parameters are on the host, to the byte, and nothing
 *            of that on the device. Each step moves each rank's own gradients to the host once, and its parameters back once,
 *            behind them; nothing is written while it is under way. The numbers are those without offload. Gradients are
 *            under way while the backward goes on: three fifths of what could be, if each layer's set out when they are
 *            complete. (Layers may go together; a program that waits where it begins hides nothing.)
 *            With --zero 3 --offload parameters own parameters are on the host as well: the device has none between steps, and
 *            at most two shards beside the layer at work. Nothing moves back behind the step; own parameters are fetched for each
 *            forward and backward (a layer that comes next once more may be kept); of what can be hidden behind the layer in front
 *            four fifths are.
 * A failure: what is on the device, what is moved too often, or never, what is read too early, and what is waited for where it
 *            begins.
 */
#include "assignments/memory/judges/offload/offload.h"
#include "assignments/memory/judges/offload/offload_parts.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/options.h"
#include "grader/evidence/communication.h"

static bool offloads(const struct outcome *run)
{
    const struct memory_options own = memory_options(&run->options);
    return own.offloads || own.offloads_parameters;
}

static bool numbers_are_right(const struct offload_run *offload, struct verdict *verdict)
{
    if (!memory_offload_masters_are_right(offload, verdict))
        return false;
    if (memory_options(&offload->run->options).precision == DTYPE_FLOAT32)
        return memory_zero_state_is_right(offload->run, verdict);
    return memory_offload_steps_are_right(offload, verdict);
}

static void judge_offloading(struct offload_run *offload, struct verdict *verdict)
{
    const struct outcome *run = offload->run;
    offload->gradient_bytes = offload->sizes.parameter_bytes;
    if (run->options.log_memory > 0 && !memory_offload_memory_is_right(offload, verdict))
        return;
    if (!memory_offload_find_own(offload, verdict))
        return;
    if (!memory_offload_transfers_are_right(offload, verdict))
        return;
    if (!numbers_are_right(offload, verdict)) {
        memory_offload_explain_order(offload, verdict);
        return;
    }
    if (offload->parameters &&
        !memory_zero_traffic_is_right(run, &offload->sizes, offload->gradient_bytes, verdict))
        return;
    if (run->simulated && offload->parameters && !memory_offload_fetches_overlap(offload, verdict))
        return;
    if (run->simulated)
        memory_offload_overlaps(offload, verdict);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict) ||
        !offloads(run))
        return;
    struct model *model = evidence_model(run, verdict);
    if (!model)
        return;
    struct offload_run offload = {.run = run,
                                  .sizes = memory_zero_sizes(run, model),
                                  .parameters = memory_options(&run->options).offloads_parameters,
                                  .own = g_new0(double, run->ranks)};
    judge_offloading(&offload, verdict);
    g_free(offload.own);
    model_free(model);
}

void memory_judge_offload(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "what only the optimizer needs is on the host, and gradients go there while "
                      "the backward goes on");
}
