/*
 * Judge "data".
 *
 * Run:       training steps; the log says which rank opened which part of the data set.
 * Must hold: the inputs are opened on the first stage, the labels on the last, or on the first if
 *            it sends them along the pipeline; nothing anywhere else.
 * A failure: a rank opens what it does not need, or one that needs it does not.
 */
#include "assignments/pipeline/judges/judges.h"
#include "grader/evidence/evidence.h"
#include "grader/grade/unfinished.h"

/* Was this opened before the first training step? (--compare opens everything later.) */
static bool opened(const struct log_file *log, enum log_operation what)
{
    for (size_t i = 0; i < log->count && log->record[i].operation != LOG_STEP_BEGIN; i++)
        if (log->record[i].operation == what)
            return true;
    return false;
}

static const char *who(int rank, int ranks)
{
    return rank == 0 ? "the first stage" : rank == ranks - 1 ? "the last stage" : "in the middle";
}

static const char *if_alone(const struct outcome *run)
{
    return run->ranks == 1 ? "; with one rank, rank 0 is the first stage and the last" : "";
}

/* Opening later would get round the judge: no rank may do it within a step. */
static bool opens_late(const struct log_file *log)
{
    bool in_step = false;
    for (size_t i = 0; i < log->count; i++) {
        uint16_t operation = log->record[i].operation;
        in_step = operation == LOG_STEP_BEGIN || (in_step && operation != LOG_STEP_END);
        if (in_step && (operation == LOG_OPEN_INPUTS || operation == LOG_OPEN_LABELS))
            return true;
    }
    return false;
}

/* Not where rank 0 opened nothing, nor unless the labels are opened with several ranks: then it is not
 * known why. */
static const struct mistake one_rank_does_both = {
    "one rank is the first stage and the last",
    "With one rank alone the only stage takes the inputs in and computes the loss. It opened the "
    "inputs and not the labels.",
    "the two conditions in open_data: two ifs, each for itself, and no else between them"};

static void judge_rank(const struct outcome *run, int rank, bool labels_behind,
                       struct verdict *verdict)
{
    int last = run->ranks - 1;
    bool inputs = opened(&run->log[rank], LOG_OPEN_INPUTS);
    bool labels = opened(&run->log[rank], LOG_OPEN_LABELS);
    bool may_have_labels = rank == last || (rank == 0 && !labels_behind);
    if (inputs && rank > 0)
        evidence_fail(verdict, "rank %d (%s) opened the inputs: only the first stage needs them",
                      rank, who(rank, run->ranks));
    else if (!inputs && rank == 0)
        evidence_fail(verdict, "rank 0, the first stage, did not open the inputs%s", if_alone(run));
    else if (labels && !may_have_labels)
        evidence_fail(verdict, "rank %d (%s) opened the labels: only the last stage needs them",
                      rank, who(rank, run->ranks));
    else if (opens_late(&run->log[rank]))
        evidence_fail(verdict, "rank %d opened data within a training step", rank);
    else
        return;
    verdict_explain(verdict, "\n- %s", verdict->headline->str);
}

/* The training steps may still be missing or wrong: the data is opened before them. So a run that
 * did not finish will do, if every rank got as far as its first step. */
static bool all_came_to_train(const struct judgement *judgement, const struct outcome *run,
                              struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = run->log ? &run->log[rank] : NULL;
        bool began = false;
        for (size_t i = 0; log && i < log->count && !began; i++)
            began = log->record[i].operation == LOG_STEP_BEGIN;
        if (began && log->rank == rank && log->ranks == run->ranks &&
            log->seed == run->options.seed)
            continue;
        struct judgement alone = *judgement;
        alone.outcome = run;
        alone.outcomes = 1;
        if (grade_all_finished(&alone, verdict))
            evidence_fail(verdict, "the log of rank %d does not show that it began to train", rank);
        return false;
    }
    return true;
}

/* Did any run with several ranks open the labels? */
static bool several_ranks_open_labels(const struct judgement *judgement)
{
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *run = &judgement->outcome[i];
        for (int rank = 0; run->ranks > 1 && run->log && rank < run->ranks; rank++)
            if (opened(&run->log[rank], LOG_OPEN_LABELS))
                return true;
    }
    return false;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    if (!all_came_to_train(judgement, run, verdict))
        return;
    bool first = opened(&run->log[0], LOG_OPEN_LABELS);
    bool behind = opened(&run->log[run->ranks - 1], LOG_OPEN_LABELS);
    for (int rank = 0; rank < run->ranks; rank++)
        judge_rank(run, rank, behind, verdict);
    if (verdict->kind != VERDICT_PASS || first || behind)
        return;
    if (run->ranks == 1 && several_ranks_open_labels(judgement)) {
        evidence_fail(verdict,
                      "with one rank alone, rank 0 opened the inputs and not the labels: the "
                      "only stage needs both");
        verdict_name_mistake(verdict, &one_rank_does_both);
        return;
    }
    evidence_fail(verdict, "no rank opened the labels: the last stage needs them for the loss");
}

void judge_data(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "inputs are opened on the first stage, labels on the last, nothing elsewhere");
}
