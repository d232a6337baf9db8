/*
 * Judge "own_sums".
 *
 * Run:       training steps in which the student's all-reduce stands in place of MPI's (--sum).
 * Must hold: what results.c asks; and in the steps gradients are added up by messages between two ranks: no collective
 *            of more than a few bytes reduces or gathers.
 * A failure: results are wrong, or it is MPI that adds up.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/results.h"
#include "assignments/data/judges/sums/sums.h"
#include "common/log/log_fields.h"
#include "grader/trace/call_place.h"

#define SMALL 64 /* bytes: of a loss */

/* A collective in a step that could add up; parameters may be sent to all. */
static bool adds_up(const struct log_record *record)
{
    const enum log_operation form = log_blocking_form(record->operation);
    return record->phase == LOG_BEGIN && log_is_collective(record->operation) &&
           form != LOG_BARRIER && form != LOG_BCAST && record->bytes > SMALL;
}

static bool adds_up_by_itself(const struct outcome *run, int rank, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        log_follow_step(&log->record[i], &step);
        if (step < 0 || !adds_up(&log->record[i]))
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        call_place_name(run->program, &log->record[i], call);
        evidence_fail(verdict, "rank %d, step %d: %s hands %lu bytes to a collective of MPI's",
                      rank, step, call->str, (unsigned long)log->record[i].bytes);
        verdict_name_mistake(verdict, &data_sum_by_collective);
        return false;
    }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    data_judge_results_of(judgement, run, verdict);
    bool right = verdict->kind == VERDICT_PASS;
    for (int rank = 0; right && run->ranks > 1 && rank < run->ranks; rank++)
        right = adds_up_by_itself(run, rank, verdict);
}

void data_judge_own_sums(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "results are those of one process, and ranks add up by messages of their own");
}
