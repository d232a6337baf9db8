/* Simulator against replay; see simulated.h. */
#include "grader/evidence/simulated.h"

#include "grader/trace/call_place.h"
#include "grader/trace/replay.h"

#include <math.h>
#include <string.h>

#define TOLERANCE   1e-6
#define CLOCK_TICKS 2 /* both ends of a stretch are whole nanoseconds */
/* A test or probe that waits for another rank is told of what that does a nanosecond late
 * (common/base/machines/simulated.c), and so may whoever waits for this one be. */
#define LATE 1.0 /* nanoseconds */
/* What looking costs where it does not wait: 10 ns for each MPI_Wtime; a microsecond, or a hundredth
 * of the time that the rank has polled already, for each unsuccessful test or probe. Who lets less
 * than this part of a step pass has not slept. */
#define LOOKING      0.02
#define LOOKING_ONCE 2000.0 /* nanoseconds */

/* First and last clock of the step in one log. */
static bool clocks_of_step(const struct log_file *log, int step, double *begin, double *end)
{
    size_t first, last;
    if (!log_find_step(log, step, &first, &last))
        return false;
    *begin = (double)log->record[first - 1].clock;
    *end = (double)log->record[last - 1].clock;
    return true;
}

bool simulated_step(const struct outcome *run, int step, struct simulated_step *result)
{
    double first = INFINITY, last = 0;
    *result = (struct simulated_step){.begin = g_new0(double, run->ranks)};
    for (int rank = 0; rank < run->ranks; rank++) {
        double end = 0;
        if (!clocks_of_step(&run->log[rank], step, &result->begin[rank], &end)) {
            g_free(result->begin);
            result->begin = NULL;
            return false;
        }
        first = fmin(first, result->begin[rank]);
        last = fmax(last, end);
    }
    for (int rank = 0; rank < run->ranks; rank++)
        result->begin[rank] -= first;
    result->began = first;
    result->makespan = last - first;
    return true;
}

static double replayed(const struct outcome *run, const struct matching *matching, int step,
                       const double *start, bool synchronous)
{
    struct replay *replay = replay_run(
        run->log, run->ranks, matching,
        (struct replay_options){
            .synchronous = synchronous, .step = step, .optimizer = true, .start = start});
    double makespan = replay->deadlock ? NAN : replay->makespan;
    replay_free(replay);
    return makespan;
}

/* Tests and probes of all ranks in a step, as far as they are recorded. */
static int looks_in_step(const struct outcome *run, int step)
{
    int looks = 0;
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        size_t first, last;
        if (!log_find_step(log, step, &first, &last))
            continue;
        for (size_t i = first; i < last; i++)
            looks +=
                log->record[i].phase == LOG_BEGIN &&
                (log_is_poll(&log->record[i]) || log->record[i].operation == LOG_PROBE_MESSAGE ||
                 log->record[i].operation == LOG_MPROBE);
    }
    return looks;
}

/* Does a rank call a collective in the step whose messages take a way that MPI chooses, so that some wait
 * for others than the root, or than those in front of them, and some don't? Then the simulated time lies
 * between what must be waited for and what may be. */
static bool has_loose_collectives(const struct outcome *run, int step)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        size_t first, last;
        if (!log_find_step(log, step, &first, &last))
            continue;
        for (size_t i = first; i < last; i++)
            if (!replay_is_rendezvous(log->record[i].operation))
                return true;
    }
    return false;
}

static bool are_equal(double simulated, double replayed, int looks)
{
    return fabs(simulated - replayed) <= TOLERANCE * replayed + CLOCK_TICKS + LATE * looks;
}

/* ---- time that is neither computing nor messages ---------------------------------------------- */

/* What the ranks did in a step besides. */
struct pastime {
    double total;   /* nanoseconds of all ranks, outside of computations and MPI calls */
    double longest; /* … at a stretch, in the program's own code: not between two polls */
    int rank;       /* … whose */
    size_t record;  /* … in front of which record of its log */
    int polls;
    double flops;      /* of all ranks, outside of computations */
    double most_flops; /* … of one rank */
    int flops_rank;    /* … of which */
};

/* What passes behind a begin belongs to the call or the computation. */
static bool is_inside(const struct log_record *record)
{
    return record->phase == LOG_BEGIN || log_is_behind_begin(record);
}

/* The FLOPs that a rank charged in the step, but in none of its computations. */
static void add_flops(struct pastime *pastime, const struct log_file *log, int rank, int step)
{
    int now = -1;
    bool computes = false;
    double flops = 0;
    for (size_t i = 0; i + 1 < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &now);
        if (log_is_computation(record))
            computes = record->phase == LOG_BEGIN;
        if (now == step && !computes)
            flops += fmax(0, (double)log->record[i + 1].flops - (double)record->flops);
    }
    pastime->flops += flops;
    if (flops > pastime->most_flops) {
        pastime->most_flops = flops;
        pastime->flops_rank = rank;
    }
}

static void add_pastime(struct pastime *pastime, const struct log_file *log, int rank, int step)
{
    int now = -1;
    for (size_t i = 0; i + 1 < log->count; i++) {
        const struct log_record *record = &log->record[i], *next = &log->record[i + 1];
        log_follow_step(record, &now);
        if (now != step)
            continue;
        pastime->polls += record->phase == LOG_BEGIN && log_is_poll(record);
        /* FLOPs between two records are computation, too: a nanosecond each. */
        double gap = (double)next->clock - (double)record->clock -
                     ((double)next->flops - (double)record->flops);
        if (is_inside(record) || gap <= CLOCK_TICKS)
            continue;
        pastime->total += gap;
        if (gap > pastime->longest && !log_is_poll(record) && !log_is_poll(next)) {
            pastime->longest = gap;
            pastime->rank = rank;
            pastime->record = i + 1;
        }
    }
}

static void fail_for_flops(const struct pastime *pastime, int step, double slower,
                           struct verdict *verdict)
{
    evidence_fail(verdict,
                  "step %d takes %.3g times as long on the simulated cluster as its computations "
                  "and messages need: rank %d computes %.4g FLOPs outside of its stage",
                  step, slower, pastime->flops_rank, pastime->most_flops);
    verdict_explain(verdict, "\nWhat is computed between stage_forward, stage_backward and the "
                             "optimizer's step takes time, too, and the other ranks wait for "
                             "it.\n");
}

/* The run took longer than the replay, which knows of computations and messages only. Was that its
 * own doing? Then says what it did, and fails it where that is more than looking. */
static bool is_own_doing(const struct outcome *run, int step, double simulated, double replayed,
                         struct verdict *verdict)
{
    struct pastime pastime = {0};
    for (int rank = 0; rank < run->ranks; rank++) {
        add_pastime(&pastime, &run->log[rank], rank, step);
        add_flops(&pastime, &run->log[rank], rank, step);
    }
    double late = simulated - replayed;
    if (late <= 0 || pastime.total + pastime.flops + CLOCK_TICKS < late)
        return false;
    double looking = LOOKING * replayed + LOOKING_ONCE * pastime.polls;
    if (late <= looking) {
        verdict_explain(verdict,
                        "\nOn the simulated cluster with free messages the step, the optimizer's "
                        "included, takes %.9g, and %.9g in the replay: the difference is what "
                        "looking at the clock, or testing for messages (%d times), takes there.\n",
                        simulated, replayed, pastime.polls);
        return true;
    }
    if (pastime.flops > pastime.total) {
        fail_for_flops(&pastime, step, simulated / replayed, verdict);
        return true;
    }
    const struct log_file *log = &run->log[pastime.rank];
    const char *line = run->program && pastime.longest > 0
                           ? call_place_of(run->program, &log->record[pastime.record]).line
                           : "";
    if (pastime.longest > 0)
        evidence_fail(
            verdict,
            "step %d takes %.3g times as long on the simulated cluster as its "
            "computations and messages need: rank %d lets %.9g ns pass in its own code%s%s",
            step, simulated / replayed, pastime.rank, pastime.longest, line[0] ? ", before " : "",
            line);
    else
        evidence_fail(verdict,
                      "step %d takes %.3g times as long on the simulated cluster as its "
                      "computations and messages need: ranks test for messages too rarely",
                      step, simulated / replayed);
    verdict_explain(verdict, "\nDoes it sleep, or pass time in another way than by computing and "
                             "communicating? Then the others wait for it.\n");
    return true;
}

bool simulated_agrees(const struct outcome *run, const struct matching *matching, int step,
                      struct verdict *verdict)
{
    struct simulated_step simulated;
    if (!run->simulated || !run->platform || strcmp(run->platform, "free") != 0 ||
        !simulated_step(run, step, &simulated))
        return true;
    /* The simulator makes large blocking sends wait for their receive, or all of them. */
    double buffered = replayed(run, matching, step, simulated.begin, false);
    double waiting = replayed(run, matching, step, simulated.begin, true);
    g_free(simulated.begin);
    int looks = looks_in_step(run, step);
    bool buffers = are_equal(simulated.makespan, buffered, looks);
    bool between = simulated.makespan > buffered && simulated.makespan < waiting &&
                   has_loose_collectives(run, step);
    bool agree = buffers || between || are_equal(simulated.makespan, waiting, looks);
    if (between)
        verdict_explain(
            verdict,
            "\nThe simulated cluster with free messages agrees: the step, the "
            "optimizer's included, takes %.9g there; in the replay %.9g if a "
            "collective's ranks wait only for whom they must, and %.9g if they all wait "
            "for each other.\n",
            simulated.makespan, buffered, waiting);
    else if (agree)
        verdict_explain(verdict,
                        "\nThe simulated cluster with free messages agrees: the step, the "
                        "optimizer's included, takes %.9g there and %.9g in the replay.\n",
                        simulated.makespan, buffers ? buffered : waiting);
    else if (is_own_doing(run, step, simulated.makespan, fmax(buffered, waiting), verdict))
        return verdict->kind == VERDICT_PASS;
    else
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "the simulated cluster says that step %d takes %.9g ns, the replay %.9g (%.9g "
                    "with synchronous sends): one of the grader's two clocks is wrong",
                    step, simulated.makespan, buffered, waiting);
    return agree;
}
