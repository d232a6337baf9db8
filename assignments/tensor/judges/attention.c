/*
 * Judge "attention".
 *
 * Run:       the probe, which puts attention through trials by itself; and training steps of a model that has it.
 * Must hold: of the trials what judge "layers" asks; can_split_heads refuses fewer heads than ranks, with a
 *            reason, and takes what the ranks divide. Of a training run what "traffic" asks (a block takes two
 *            rounds each way), and, if gradients are stored, what "really_split" asks.
 * A failure: as there; or what can_split_heads said.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/judges/really_split.h"
#include "assignments/tensor/judges/traffic.h"
#include "assignments/tensor/probes.h"
#include "grader/evidence/probe_file.h"

/* ---- can_split_heads ---------------------------------------------------------------------------------------- */

static const struct mistake heads_for_some = {
    .name = "fewer heads than ranks are accepted",
    .explanation =
        "can_split_heads says that heads can be split over more ranks than there are heads: "
        "some ranks would have none, and nothing to compute with.",
    .look = "parallel_attention.c: what can_split_heads compares",
};

static bool answer_is_right(const json_t *answer, struct verdict *verdict)
{
    int heads, ranks;
    bool accepted, reason;
    if (!probe_file_int(answer, "heads", &heads) || !probe_file_int(answer, "ranks", &ranks) ||
        !probe_file_bool(answer, "accepted", &accepted) ||
        !probe_file_bool(answer, "reason", &reason) || heads < 1 || ranks < 1) {
        evidence_fail(verdict, "an answer in probe-heads.json is not usable");
        return false;
    }
    if (heads < ranks && accepted) {
        evidence_fail(verdict,
                      "can_split_heads(%d, %d, …) says that %d heads can be split over %d ranks",
                      heads, ranks, heads, ranks);
        verdict_name_mistake(verdict, &heads_for_some);
    } else if (heads % ranks == 0 && !accepted) {
        evidence_fail(
            verdict,
            "can_split_heads(%d, %d, …) refuses %d heads on %d ranks, which is %d for each", heads,
            ranks, heads, ranks, heads / ranks);
    } else if (!accepted && !reason) {
        evidence_fail(verdict, "can_split_heads(%d, %d, …) refuses, and writes no reason", heads,
                      ranks);
    } else {
        return true;
    }
    return false;
}

static bool heads_are_right(const struct outcome *run, struct verdict *verdict)
{
    json_t *answers =
        probe_file_read(run, "probe-heads.json", HEADS_ALL * HEADS_ALL_RANKS, verdict);
    bool right = answers != NULL;
    for (size_t i = 0; right && i < json_array_size(answers); i++)
        right = answer_is_right(json_array_get(answers, i), verdict);
    json_decref(answers);
    return right;
}

/* ---- runs ------------------------------------------------------------------------------------------------- */

static void judge_attention(const struct judgement *judgement, const struct outcome *run,
                            struct verdict *verdict)
{
    if (run->options.probe[0] != '\0') {
        if (heads_are_right(run, verdict))
            tensor_judge_trials(judgement, run, verdict);
    } else if (tensor_traffic_is_frugal(run, verdict) && run->options.gradient_dumps > 0)
        tensor_run_is_split(run, verdict);
}

void tensor_judge_attention(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_attention,
                      "attention is what one process computes, in one round of messages each way");
}
