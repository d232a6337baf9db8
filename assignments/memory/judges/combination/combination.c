/*
 * Judge "combination".
 *
 * Run:       training steps with --ranks-are grid --zero 1: pipelines side by side, whose stages are slices on several ranks
 *            in some runs. Snapshots before each step; memory is in the log.
 * Must hold: parameters and state, put together from all ranks, are in each step what one process makes of what was there
 *            before, with the samples that all pipelines had; copies have the same bits. A rank keeps the state of a shard
 *            of its stage's (its slice's) numbers, no larger than the replicas' part of them, rounded up, and those of the ranks
 *            with the same numbers make up all of them. No collective has members of two stages, or of two slices and
 *            two replicas.
 * A failure: names the number, and the mistake if the numbers show it; or the bytes; or the members.
 */
#include "assignments/memory/judges/combination/combination.h"
#include "assignments/memory/options.h"
#include "common/log/log_fields.h"
#include "grader/evidence/communication.h"
#include "grader/trace/collectives.h"

#include <math.h>

#define SMALL_BYTES 64

static const struct mistake full_state = {
    "the optimizer's state is not shared out",
    "A rank keeps the state of all of its stage's numbers, as if there were no replicas of it.",
    "zero1_begin: the optimizer is for zero->own_count numbers"};
static const struct mistake too_many = {
    "messages among ranks that have different parameters",
    "A collective has members of several stages, or of several slices of several replicas. The "
    "state "
    "of a parameter is shared by the ranks that have this parameter.",
    "the communicator: zero->comm"};

/* ---- memory ------------------------------------------------------------------------------------------ */

static double stage_numbers(const struct log_file *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE)
            return (double)log_stage(&log->record[i]).parameter_bytes / sizeof(float);
    return 0;
}

/* Bytes of state at the begin of a step; -1: there is none. */
static double state_at(const struct log_file *log, int step)
{
    double live = 0;
    int now = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE) {
            const struct log_allocation change = log_allocation(record);
            live = change.kind == MEMORY_OPTIMIZER ? change.live : live;
        }
        log_follow_step(record, &now);
        if (record->operation == LOG_STEP_BEGIN && now == step)
            return live;
    }
    return -1;
}

static bool rank_is_right(const struct outcome *run, struct combination_place place, int rank,
                          int step, double *shared, struct verdict *verdict)
{
    const double states = run->options.optimizer.kind == OPTIMIZER_ADAMW ? 2 : 1;
    const double all = stage_numbers(&run->log[rank]);
    const double own = state_at(&run->log[rank], step) / (states * sizeof(float));
    const double most = ceil(all / place.replicas);
    shared[rank] = own;
    if (own >= 0 && own <= most && own == floor(own))
        return true;
    evidence_fail(
        verdict,
        "at the begin of step %d rank %d keeps state of %.6g numbers: it shares %.0f with "
        "%d replicas, that is at most %.0f",
        step, rank, own, all, place.replicas, most);
    verdict->basis = BASIS_AMOUNT;
    if (own >= all && place.replicas > 1)
        verdict_name_mistake(verdict, &full_state);
    return false;
}

/* Those with the same slice of the same stage. */
static double sum_of_group(const struct outcome *run, struct combination_place place, int rank,
                           const double *shared)
{
    double sum = 0;
    for (int other = 0; other < run->ranks; other++)
        if (other % place.slices == rank % place.slices &&
            other / place.slices / place.replicas == rank / place.slices / place.replicas)
            sum += shared[other];
    return sum;
}

static bool memory_is_right(const struct outcome *run, struct combination_place place,
                            struct verdict *verdict)
{
    g_autofree double *shared = g_new0(double, run->ranks);
    for (int step = 0; step < run->options.steps; step++) {
        for (int rank = 0; rank < run->ranks; rank++)
            if (!rank_is_right(run, place, rank, step, shared, verdict))
                return false;
        for (int rank = 0; rank < run->ranks; rank++) {
            const double all = stage_numbers(&run->log[rank]);
            const double sum = sum_of_group(run, place, rank, shared);
            if (sum == all)
                continue;
            evidence_fail(
                verdict,
                "the ranks with the same parameters as rank %d keep state of %.0f numbers "
                "together, and there are %.0f",
                rank, sum, all);
            verdict->basis = BASIS_AMOUNT;
            return false;
        }
    }
    verdict_explain(verdict, "\nRank 0 keeps the state of %.0f of its %.0f numbers.\n", shared[0],
                    stage_numbers(&run->log[0]));
    return true;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static bool members_are_right(const struct collective *collective, struct combination_place place)
{
    const int each = place.slices * place.replicas;
    int first = -1;
    bool slices = false, replicas = false, stages = false;
    for (int slot = 0; slot < collective->slots; slot++) {
        const int rank = collective_rank(collective, slot);
        if (rank < 0 || collective->call[slot] == NO_RECORD)
            continue;
        first = first < 0 ? rank : first;
        slices = slices || rank % place.slices != first % place.slices;
        replicas = replicas || memory_combination_replica(place, rank) !=
                                   memory_combination_replica(place, first);
        stages = stages || rank / each != first / each;
    }
    return !stages && !(slices && replicas);
}

static bool messages_are_right(const struct outcome *run, struct combination_place place,
                               struct verdict *verdict)
{
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    bool right = true;
    for (int i = 0; right && i < collectives->count; i++) {
        const struct collective *collective = &collectives->collective[i];
        right = collective->bytes <= SMALL_BYTES || members_are_right(collective, place);
        if (right)
            continue;
        evidence_fail(verdict,
                      "an %s of %" G_GUINT64_FORMAT
                      " bytes has %d members that do not all have the same parameters",
                      log_operation_name(collective->operation), collective->bytes,
                      collective->size);
        verdict_name_mistake(verdict, &too_many);
    }
    collectives_free(collectives);
    return right;
}

/* ---- judging --------------------------------------------------------------------------------------------- */

static bool stepped_once(const struct outcome *run, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
        for (int step = 0; step < run->options.steps; step++) {
            int steps = 0;
            for (guint i = 0; i < events->len; i++)
                steps += EVIDENCE_EVENT(events, i)->operation == LOG_OPTIMIZER_STEP &&
                         EVIDENCE_EVENT(events, i)->step == step;
            if (steps == 1)
                continue;
            evidence_fail(verdict, "the optimizer of rank %d stepped %d times in step %d, not once",
                          rank, steps, step);
            return false;
        }
    }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    const struct memory_options own = memory_options(&run->options);
    const struct combination_place place = {own.tensor, run->ranks / own.tensor / own.pipeline};
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict) ||
        !messages_are_right(run, place, verdict) || !stepped_once(run, verdict) ||
        !memory_combination_numbers_are_right(run, place, verdict))
        return;
    if (run->options.log_memory > 0)
        memory_is_right(run, place, verdict);
}

void memory_judge_combination(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "state and parameters of all ranks are those of one process, and each keeps "
                      "its shard");
}
