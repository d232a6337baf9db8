/* What must hold for any schedule: schedule_check() of schedule.h. */
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/schedules/schedule.h"

/* How often each (stage, micro-batch) had which operation: [stage * micro_batches + micro_batch]. */
struct tally {
    int stages, micro_batches;
    int *count[LOG_BACKWARD_WEIGHT + 1];
};

static bool is_in_range(const struct tally *tally, int ranks, int rank,
                        const struct schedule_operation *operation, GString *why)
{
    const char *name = log_operation_name(operation->operation);
    if (operation->stage < 0 || operation->stage >= tally->stages)
        g_string_printf(why, "rank %d ran %s of stage %d: there are stages 0 to %d", rank, name,
                        operation->stage, tally->stages - 1);
    else if (operation->micro_batch < 0 || operation->micro_batch >= tally->micro_batches)
        g_string_printf(why, "rank %d ran %s of micro-batch %d: there are micro-batches 0 to %d",
                        rank, name, operation->micro_batch, tally->micro_batches - 1);
    else if (placement_rank(operation->stage, ranks) != rank)
        g_string_printf(why,
                        "rank %d ran %s of micro-batch %d on stage %d, which is of another stage "
                        "than its own: stage %d belongs to rank %d",
                        rank, name, operation->micro_batch, operation->stage, operation->stage,
                        placement_rank(operation->stage, ranks));
    else
        return true;
    return false;
}

/* Counts one operation; it must come after what it needs. */
static bool count_operation(struct tally *tally, int rank,
                            const struct schedule_operation *operation, GString *why)
{
    int place = operation->stage * tally->micro_batches + operation->micro_batch;
    const char *missing = NULL;
    if (operation->operation != LOG_FORWARD && tally->count[LOG_FORWARD][place] == 0)
        missing = "F";
    else if (operation->operation == LOG_BACKWARD_WEIGHT &&
             tally->count[LOG_BACKWARD_INPUT][place] == 0)
        missing = "I";
    tally->count[operation->operation][place]++;
    if (missing)
        g_string_printf(why, "rank %d ran %s of micro-batch %d on stage %d before its %s", rank,
                        log_operation_name(operation->operation), operation->micro_batch,
                        operation->stage, missing);
    return !missing;
}

/* One F and one B, or one F, one I and one W, of this micro-batch on this stage? */
static bool is_complete(const struct tally *tally, int place)
{
    int whole = tally->count[LOG_BACKWARD][place], inputs = tally->count[LOG_BACKWARD_INPUT][place];
    int weights = tally->count[LOG_BACKWARD_WEIGHT][place];
    bool halves = whole == 0 && inputs == 1 && weights == 1;
    return tally->count[LOG_FORWARD][place] == 1 &&
           (halves || (whole == 1 && inputs == 0 && weights == 0));
}

/* Were some micro-batches begun nowhere, and all others completed everywhere? Then says which. */
static bool some_were_never_run(const struct tally *tally, GString *why)
{
    g_autofree bool *never = g_new0(bool, tally->micro_batches);
    int missing = 0;
    for (int i = 0; i < tally->micro_batches; i++) {
        int complete = 0, begun = 0;
        for (int stage = 0; stage < tally->stages; stage++) {
            int place = stage * tally->micro_batches + i;
            complete += is_complete(tally, place);
            for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
                begun += tally->count[k][place];
        }
        never[i] = begun == 0;
        missing += never[i];
        if (begun > 0 && complete < tally->stages)
            return false;
    }
    if (missing == 0 || missing == tally->micro_batches)
        return false;
    g_string_assign(why, missing == 1 ? "micro-batch " : "micro-batches ");
    schedule_append_numbers(why, never, tally->micro_batches);
    g_string_append(why, missing == 1 ? " was never run" : " were never run");
    return true;
}

/* Adds "never ran F of micro-batches 6 and 7", or "ran W of micro-batch 4 more than once", of a stage,
 * if it is so. */
static void add_wrong_counts(const struct tally *tally, int stage, enum log_operation operation,
                             bool twice, GString *why)
{
    g_autofree bool *wrong = g_new0(bool, tally->micro_batches);
    const char *name = log_operation_name(operation);
    int count = 0;
    for (int i = 0; i < tally->micro_batches; i++) {
        int place = stage * tally->micro_batches + i, found = tally->count[operation][place];
        bool as_whole = tally->count[LOG_BACKWARD][place] > 0;
        bool as_halves = tally->count[LOG_BACKWARD_INPUT][place] > 0 ||
                         tally->count[LOG_BACKWARD_WEIGHT][place] > 0;
        bool due = operation == LOG_FORWARD || (operation == LOG_BACKWARD ? !as_halves : as_halves);
        wrong[i] = twice ? found > 1 || (operation == LOG_BACKWARD && as_whole && as_halves)
                         : found == 0 && due && !(as_whole && operation != LOG_FORWARD);
        count += wrong[i];
    }
    if (count == 0)
        return;
    g_string_append_printf(why, "%s%s %s of micro-batch%s ", why->len > 0 ? ", and " : "",
                           twice ? "ran" : "never ran", name, count == 1 ? "" : "es");
    schedule_append_numbers(why, wrong, tally->micro_batches);
    if (twice)
        g_string_append(why, " more than once");
}

/* What is there too often, or not at all, on the stage where that is seen first. */
static void say_what_is_wrong(const struct tally *tally, int ranks, int stage, GString *why)
{
    g_autoptr(GString) counts = g_string_new(NULL);
    for (int twice = 1; twice >= 0; twice--)
        for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
            add_wrong_counts(tally, stage, (enum log_operation)k, twice, counts);
    g_string_printf(why, "rank %d %s", placement_rank(stage, ranks), counts->str);
    if (tally->stages > ranks)
        g_string_append_printf(why, " (stage %d)", stage);
}

/* Every rank's list by itself. Sets *rank where it does not hold. */
static bool check_lists(const struct schedule *schedule, struct tally *tally, GString *why,
                        int *rank)
{
    for (*rank = 0; *rank < schedule->ranks; ++*rank)
        for (int i = 0; i < schedule->count[*rank]; i++) {
            const struct schedule_operation *operation = &schedule->operation[*rank][i];
            if (operation->operation > LOG_BACKWARD_WEIGHT)
                continue;
            if (!is_in_range(tally, schedule->ranks, *rank, operation, why) ||
                !count_operation(tally, *rank, operation, why))
                return false;
        }
    *rank = 0;
    if (some_were_never_run(tally, why))
        return false;
    for (int micro_batch = 0; micro_batch < tally->micro_batches; micro_batch++)
        for (int stage = 0; stage < tally->stages; stage++)
            if (!is_complete(tally, stage * tally->micro_batches + micro_batch)) {
                *rank = placement_rank(stage, schedule->ranks);
                say_what_is_wrong(tally, schedule->ranks, stage, why);
                return false;
            }
    return true;
}

/* Run by the dependencies alone, does it come to its end? */
static bool ends(const struct schedule *schedule, GString *why, int *rank)
{
    struct replay *replay = schedule_run(schedule);
    bool deadlock = replay->deadlock;
    for (int r = schedule->ranks - 1; deadlock && r >= 0; r--)
        if (replay->rank[r].stuck)
            *rank = r;
    if (deadlock) {
        const struct schedule_operation *operation =
            &schedule->operation[*rank][replay->rank[*rank].stuck_in];
        g_string_printf(why,
                        "the ranks' orders contradict each other: rank %d can't begin %s of "
                        "micro-batch %d on stage %d, because another rank must wait for what "
                        "rank %d has behind it",
                        *rank, log_operation_name(operation->operation), operation->micro_batch,
                        operation->stage, *rank);
    }
    replay_free(replay);
    return !deadlock;
}

bool schedule_check(const struct schedule *schedule, int stages, int micro_batches, GString *why,
                    int *rank)
{
    struct tally tally = {.stages = stages, .micro_batches = micro_batches};
    gsize places = (gsize)stages * (gsize)micro_batches;
    for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
        tally.count[k] = g_new0(int, places);
    bool right = check_lists(schedule, &tally, why, rank) && ends(schedule, why, rank);
    for (int k = LOG_FORWARD; k <= LOG_BACKWARD_WEIGHT; k++)
        g_free(tally.count[k]);
    return right;
}
