/* Simulator against replay; see simulated.h. */
#include "grader/judges/simulated.h"

#include "grader/replay.h"

#include <math.h>
#include <string.h>

#define TOLERANCE   1e-6
#define CLOCK_TICKS 2 /* both ends of a stretch are whole nanoseconds */

/* First and last clock of the step in one log. */
static bool clocks_of_step(const struct log_file *log, int step, double *begin, double *end)
{
    bool inside = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STEP_BEGIN && record->request == (uint64_t)step) {
            inside = true;
            *begin = *end = (double)record->clock;
        } else if (inside && record->operation == LOG_STEP_END) {
            return true;
        } else if (inside) {
            *end = (double)record->clock;
        }
    }
    return false;
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

static bool are_equal(double simulated, double replayed)
{
    return fabs(simulated - replayed) <= TOLERANCE * replayed + CLOCK_TICKS;
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
    bool agree = are_equal(simulated.makespan, buffered) || are_equal(simulated.makespan, waiting);
    if (agree)
        verdict_explain(verdict,
                        "\nThe simulated cluster with free messages agrees: the step, the "
                        "optimizer's included, takes %.9g there and %.9g in the replay.\n",
                        simulated.makespan,
                        are_equal(simulated.makespan, buffered) ? buffered : waiting);
    else
        verdict_set(verdict, VERDICT_NOT_JUDGED,
                    "the simulated cluster says that step %d takes %.9g ns, the replay %.9g (%.9g "
                    "with synchronous sends): one of the grader's two clocks is wrong",
                    step, simulated.makespan, buffered, waiting);
    return agree;
}
