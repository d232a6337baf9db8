/*
 * Thousands of random programs of computations and collectives, blocking or not, on random
 * communicators, some of them in another order on one rank. What an executor written here, which
 * asks for each call when it is over and goes round in a circle where it never is, says of
 * their ends and times must be what the replay says; and each that can't go on is diagnosed.
 */
#include "grader/trace/luck.h"
#include "grader/trace/replay.h"
#include "tests/support/diagnosed.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANKS = 4, GROUPS = 4, MAX_ACTIONS = 64 };

enum what { COMPUTE, BLOCKING, START, WAIT };

struct action {
    enum what what;
    int flops;
    enum log_operation operation; /* the blocking form */
    int group, number, root;      /* the how-manieth of its group on this rank */
};

struct program {
    int ranks;
    bool member[GROUPS][MAX_RANKS];
    int actions[MAX_RANKS];
    struct action action[MAX_RANKS][MAX_ACTIONS];
};

/* ---- random programs ---------------------------------------------------------------------------------- */

static bool by_chance(int percent)
{
    return rand() % 100 < percent;
}

static void make_groups(struct program *program)
{
    for (int group = 0; group < GROUPS; group++) {
        const int surely = rand() % program->ranks;
        for (int rank = 0; rank < program->ranks; rank++)
            program->member[group][rank] = group == 0 || rank == surely || by_chance(60);
    }
}

static void add(struct program *program, int rank, struct action action)
{
    program->action[rank][program->actions[rank]++] = action;
}

static int root_of(const struct program *program, int group)
{
    int root = rand() % program->ranks;
    while (!program->member[group][root])
        root = (root + 1) % program->ranks;
    return root;
}

/* All members get the same collectives in the same order, with computations of their own between them. */
static void make_actions(struct program *program)
{
    static const enum log_operation operations[] = {LOG_BARRIER, LOG_ALLREDUCE, LOG_BCAST,
                                                    LOG_REDUCE, LOG_ALLGATHER};
    for (int i = 0; i < 8; i++) {
        const int group = rand() % GROUPS;
        const enum log_operation operation = operations[rand() % 5];
        const bool rooted = operation == LOG_BCAST || operation == LOG_REDUCE;
        const bool starts = by_chance(40);
        struct action call = {starts ? START : BLOCKING,
                              0,
                              operation,
                              group,
                              0,
                              rooted ? root_of(program, group) : LOG_NO_PEER};
        for (int rank = 0; rank < program->ranks; rank++) {
            if (by_chance(70))
                add(program, rank, (struct action){.what = COMPUTE, .flops = 1 + rand() % 50});
            if (program->member[group][rank])
                add(program, rank, call);
        }
    }
}

/* Neighbours of a rank change places, unless both are of one group, which would be another program. */
static void disorder(struct program *program)
{
    const int rank = rand() % program->ranks;
    for (int i = 0; i + 1 < program->actions[rank]; i++) {
        struct action *one = &program->action[rank][i], *other = one + 1;
        if ((one->what != COMPUTE && other->what != COMPUTE && one->group == other->group) ||
            !by_chance(40))
            continue;
        const struct action kept = *one;
        *one = *other;
        *other = kept;
    }
}

/* Numbers the calls of each group and puts a wait somewhere behind each start. */
static void add_waits(struct program *program, int rank)
{
    int calls[GROUPS] = {0};
    struct action old[MAX_ACTIONS];
    const int count = program->actions[rank];
    memcpy(old, program->action[rank], sizeof old);
    program->actions[rank] = 0;
    struct action open[MAX_ACTIONS];
    int opened = 0;
    for (int i = 0; i <= count; i++) {
        while (opened > 0 && (i == count || by_chance(30)))
            add(program, rank, open[--opened]);
        if (i == count)
            break;
        if (old[i].what != COMPUTE)
            old[i].number = calls[old[i].group]++;
        add(program, rank, old[i]);
        if (old[i].what == START) {
            open[opened] = old[i];
            open[opened++].what = WAIT;
        }
    }
}

static void make_program(struct program *program, unsigned seed)
{
    srand(seed);
    memset(program, 0, sizeof *program);
    program->ranks = 2 + rand() % (MAX_RANKS - 1);
    make_groups(program);
    make_actions(program);
    if (by_chance(70))
        disorder(program);
    for (int rank = 0; rank < program->ranks; rank++)
        add_waits(program, rank);
}

/* ---- the executor ---------------------------------------------------------------------------------------- */

struct execution {
    const struct program *program;
    bool synchronous;
    enum { UNKNOWN, ASKED, KNOWN } state[MAX_RANKS][MAX_ACTIONS];
    double over[MAX_RANKS][MAX_ACTIONS];
};

static double is_over(struct execution *execution, int rank, int action);

/* When does a rank come to the how-manieth call of a group? */
static double comes(struct execution *execution, int rank, const struct action *call)
{
    const struct program *program = execution->program;
    for (int i = 0; i < program->actions[rank]; i++) {
        const struct action *action = &program->action[rank][i];
        if ((action->what == BLOCKING || action->what == START) && action->group == call->group &&
            action->number == call->number)
            return is_over(execution, rank, i - 1);
    }
    return INFINITY;
}

static bool needs(const struct execution *execution, int rank, int other, const struct action *call)
{
    if (!execution->program->member[call->group][other])
        return false;
    if (execution->synchronous)
        return true;
    if (call->operation == LOG_BCAST)
        return other == call->root;
    return call->operation != LOG_REDUCE || rank == call->root;
}

static double find_end(struct execution *execution, int rank, int i)
{
    const struct action *action = &execution->program->action[rank][i];
    double time = is_over(execution, rank, i - 1);
    if (action->what == COMPUTE)
        return time + action->flops;
    if (action->what == START)
        return time;
    for (int other = 0; other < execution->program->ranks; other++)
        if (needs(execution, rank, other, action))
            time = fmax(time, comes(execution, other, action));
    return time;
}

static double is_over(struct execution *execution, int rank, int action)
{
    if (action < 0)
        return 0;
    if (execution->state[rank][action] == ASKED)
        return INFINITY; /* it waits for itself */
    if (execution->state[rank][action] == UNKNOWN) {
        execution->state[rank][action] = ASKED;
        execution->over[rank][action] = find_end(execution, rank, action);
        execution->state[rank][action] = KNOWN;
    }
    return execution->over[rank][action];
}

/* ---- their logs ---------------------------------------------------------------------------------------------- */

static void write_call(struct script *script, const struct action *action, uint64_t *request)
{
    const enum log_operation operation = action->what == START
                                             ? action->operation + (LOG_IBARRIER - LOG_BARRIER)
                                             : action->operation;
    struct log_record record =
        script_collective_on(script, operation, 100 + (uint64_t)action->group, action->root,
                             action->operation == LOG_BARRIER ? 0 : 40);
    if (action->what == START)
        request[action->group * MAX_ACTIONS + action->number] = script_start_record(script, record);
    else
        script_call_record(script, record, true);
}

static void write_logs(const struct program *program)
{
    diagnosed_begin(program->ranks);
    for (int rank = 0; rank < program->ranks; rank++) {
        struct script *script = &diagnosed_rank[rank];
        uint64_t request[GROUPS * MAX_ACTIONS];
        for (int group = 0; group < GROUPS; group++) {
            int size = 0, place = 0;
            for (int other = 0; other < program->ranks; other++) {
                place += program->member[group][other] && other < rank;
                size += program->member[group][other];
            }
            if (program->member[group][rank])
                script_member(script, 100 + (uint64_t)group, place, size);
        }
        for (int i = 0; i < program->actions[rank]; i++) {
            const struct action *action = &program->action[rank][i];
            if (action->what == COMPUTE)
                script_compute(script, LOG_FORWARD, 0, i, (uint64_t)action->flops);
            else if (action->what == WAIT)
                script_wait(script, request[action->group * MAX_ACTIONS + action->number]);
            else
                write_call(script, action, request);
        }
        script_final(script);
    }
}

/* ---- the comparison -------------------------------------------------------------------------------------------- */

/* Of a deadlock of collectives: every rank in the circle is one that can't go on, and waits in one. */
static void check_diagnosis(const struct outcome *run, const struct replay *replay)
{
    struct outcome stuck = luck_stuck(run, replay);
    struct diagnosis *found = diagnosis_new(&stuck, NULL, NULL);
    ck_assert_msg(found->kind == DIAGNOSIS_CROSSWISE, "%s: %s", diagnosis_kind_name(found->kind),
                  found->headline->str);
    ck_assert_uint_ge(found->cycle->len, 2);
    for (guint i = 0; i < found->cycle->len; i++)
        ck_assert(replay->rank[g_array_index(found->cycle, int, i)].stuck);
    diagnosis_free(found);
    g_free(stuck.log);
}

static bool compare(const struct program *program, bool synchronous, unsigned seed)
{
    struct execution execution = {.program = program, .synchronous = synchronous};
    struct log_file logs[MAX_RANKS] = {0};
    bool hangs = false;
    double makespan = 0;
    for (int rank = 0; rank < program->ranks; rank++) {
        logs[rank] = diagnosed_rank[rank].log;
        const double end = is_over(&execution, rank, program->actions[rank] - 1);
        hangs |= isinf(end);
        makespan = fmax(makespan, end);
    }
    struct replay *replay =
        replay_run(logs, program->ranks, NULL,
                   (struct replay_options){.synchronous = synchronous, .step = REPLAY_ALL_STEPS});
    ck_assert_msg(replay->deadlock == hangs, "seed %u: deadlock %d", seed, replay->deadlock);
    if (!hangs)
        ck_assert_msg(replay->makespan == makespan, "seed %u: %g, not %g", seed, replay->makespan,
                      makespan);
    for (int rank = 0; rank < program->ranks; rank++)
        ck_assert_msg(replay->rank[rank].stuck ==
                          isinf(is_over(&execution, rank, program->actions[rank] - 1)),
                      "seed %u: rank %d", seed, rank);
    if (hangs)
        check_diagnosis(
            &(struct outcome){.ranks = program->ranks, .end = RUN_FINISHED, .log = logs}, replay);
    replay_free(replay);
    return hangs;
}

START_TEST(replay_and_diagnosis_agree_with_the_executor)
{
    int hang[2] = {0, 0};
    for (unsigned seed = 0; seed < 5000; seed++) {
        static struct program program;
        make_program(&program, seed);
        write_logs(&program);
        for (int synchronous = 0; synchronous < 2; synchronous++)
            hang[synchronous] += compare(&program, synchronous, seed);
    }
    /* both sorts are there */
    ck_assert_int_gt(hang[0], 100);
    ck_assert_int_gt(hang[1], hang[0]);
    ck_assert_int_lt(hang[1], 4500);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("random_collectives");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, replay_and_diagnosis_agree_with_the_executor);
    suite_add_tcase(suite, tests);
    return suite;
}
