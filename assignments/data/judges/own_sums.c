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

static const struct mistake average_by_itself = {
    "the average adds up by itself, and not by data->all_reduce",
    "With --sum the ring, or halving and doubling, stands in data->all_reduce. The average calls a "
    "collective of MPI's in its place, so the sum of one's own is not what trains.",
    "the line that adds up: data->all_reduce(values, count, data->comm)"};

/* Is the innermost of the student's lines one of the sums' own files? */
static bool is_in_a_sum(const struct call_place *call)
{
    const char *line = call->through[0] ? call->through : call->line;
    return g_str_has_prefix(line, "ring_all_reduce.c") ||
           g_str_has_prefix(line, "halving_doubling.c");
}

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
        const struct call_place place = call_place_of(run->program, &log->record[i]);
        verdict_name_mistake(verdict,
                             is_in_a_sum(&place) ? &data_sum_by_collective : &average_by_itself);
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
