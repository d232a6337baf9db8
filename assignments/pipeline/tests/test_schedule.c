/*
 * Tests of the reference schedules' orders. The truth is written out here: the orders of each
 * schedule at p = 4, m = 8 with the published makespans, and what must hold of any schedule.
 */
#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "tests/support/test.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- golden orders ----------------------------------------------------------------------------- */

#define P 4
#define M 8

static const struct {
    const char *name;
    int chunks;
    double makespan; /* with F = I = W = 1 on a rank; 0: none is published */
    const char *line[P];
} golden[] = {
    {"afab",
     1,
     33,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"}},
    {"1f1b",
     1,
     33,
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    {"interleaved",
     2,
     28.5,
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 F5.4 B3.4 "
      "F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 F4.5 B0.1 "
      "F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 F7.2 B1.2 "
      "F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
      "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 F6.3 B2.3 "
      "F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"}},
    {"zero-bubble",
     1,
     27,
     {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
      "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
      "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
      "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"}},
    {"pipedream",
     1,
     0,
     {"F0 F1 F2 F3 B0 step F4 B1 step F5 B2 step F6 B3 step F7 B4 step B5 step B6 step B7 step",
      "F0 F1 F2 B0 step F3 B1 step F4 B2 step F5 B3 step F6 B4 step F7 B5 step B6 step B7 step",
      "F0 F1 B0 step F2 B1 step F3 B2 step F4 B3 step F5 B4 step F6 B5 step F7 B6 step B7 step",
      "F0 B0 step F1 B1 step F2 B2 step F3 B3 step F4 B4 step F5 B5 step F6 B6 step F7 B7 step"}},
    {"bounded",
     1,
     0,
     {"F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7"}},
};
#define GOLDEN ((int)G_N_ELEMENTS(golden))

/* "F0 B0 …" or "F0.4 B0.4 …", every half of a backward and every forward of duration `scale`. */
static void add_line(struct schedule *schedule, int r, const char *line, double scale)
{
    int used, micro_batch, stage;
    char kind;
    while (sscanf(line, " %c%d%n", &kind, &micro_batch, &used) == 2) {
        line += used;
        stage = r;
        if (sscanf(line, ".%d%n", &stage, &used) == 1)
            line += used;
        enum log_operation operation = kind == 'F'   ? LOG_FORWARD
                                       : kind == 'B' ? LOG_BACKWARD
                                       : kind == 'I' ? LOG_BACKWARD_INPUT
                                                     : LOG_BACKWARD_WEIGHT;
        schedule_add(schedule, r,
                     (struct schedule_operation){operation, stage, micro_batch,
                                                 scale * (kind == 'B' ? 2 : 1)});
    }
}

START_TEST(orders_are_the_golden_ones)
{
    const struct schedule_kind *kind = schedule_find(golden[_i].name);
    ck_assert_ptr_nonnull(kind);
    struct schedule *schedule = schedule_equal(kind->make, P, golden[_i].chunks, M, 1, 1, 1);
    for (int r = 0; r < P; r++) {
        g_autofree char *text = schedule_text(schedule, r, kind->facts->chunked, 10000);
        ck_assert_str_eq(text, golden[_i].line[r]);
    }
    schedule_free(schedule);
}
END_TEST

START_TEST(golden_orders_take_the_published_time)
{
    if (golden[_i].makespan == 0)
        return;
    struct schedule *schedule = schedule_new(P);
    for (int r = 0; r < P; r++)
        add_line(schedule, r, golden[_i].line[r], 1.0 / golden[_i].chunks);
    g_autoptr(GString) why = g_string_new(NULL);
    int rank;
    ck_assert_msg(schedule_check(schedule, P * golden[_i].chunks, M, why, &rank), "%s", why->str);
    struct replay *result = schedule_run(schedule);
    ck_assert(!result->deadlock);
    ck_assert_double_eq(result->makespan, golden[_i].makespan);
    const struct schedule_kind *kind = schedule_find(golden[_i].name);
    struct schedule_shape shape = {P, golden[_i].chunks, M};
    ck_assert_double_eq(schedule_makespan(kind, shape, 1, 1, 1), golden[_i].makespan);
    replay_free(result);
    schedule_free(schedule);
}
END_TEST

/* ---- what must hold for any schedule ----------------------------------------------------------- */

START_TEST(what_must_hold)
{
    static const struct {
        const char *line[2];
        int stages, micro_batches;
        const char *says; /* NULL: right */
        int rank;
    } cases[] = {
        {{"F0 F1 B1 B0", "F1 B1 F0 B0"}, 2, 2, NULL, 0},
        {{"F1 F0 B0 I1 W1", "F0 F1 I1 B0 W1"}, 2, 2, NULL, 0},
        {{"F0 F1 B0 B1", "F0 B0 F1"}, 2, 2, "rank 1 never ran B of micro-batch 1", 1},
        {{"F0 F1 B0 B1", "F0 B0 F1 B1 B1"},
         2,
         2,
         "rank 1 ran B of micro-batch 1 more than once",
         1},
        {{"F0 F0 B0", "F0 B0"}, 2, 1, "rank 0 ran F of micro-batch 0 more than once", 0},
        {{"F0 I0", "F0 B0"}, 2, 1, "rank 0 never ran W of micro-batch 0", 0},
        {{"F0 B0", "F0 I0 W0 B0"}, 2, 1, "rank 1 ran B of micro-batch 0 more than once", 1},
        {{"F0 B0", "B0 F0"}, 2, 1, "rank 1 ran B of micro-batch 0 on stage 1 before its F", 1},
        {{"F0 W0 I0", "F0 B0"}, 2, 1, "rank 0 ran W of micro-batch 0 on stage 0 before its I", 0},
        {{"F0 B0", "F0 B0"}, 2, 3, "micro-batches 1 and 2 were never run", 0},
        {{"F1 B1", "F1 B1"}, 2, 2, "micro-batch 0 was never run", 0},
        {{"F0 I0 W0 F1 I1 W0", "F0 B0 F1 B1"},
         2,
         2,
         "rank 0 ran W of micro-batch 0 more than once, and never ran W of micro-batch 1",
         0},
        {{"F0 B0 F1 B1", "F0 F1 B0 B1"}, 2, 2, "contradict", 0},
        {{"F0 B0", "F0.0 B0.0"}, 2, 1, "stage 0 belongs to rank 0", 1},
        {{"F0 B0 F5", "F0 B0"}, 2, 1, "micro-batches 0 to 0", 0},
        {{"F0 B0 F0.7", "F0 B0"}, 2, 1, "stages 0 to 1", 0},
        {{"F0 B0", ""},
         2,
         1,
         "rank 1 never ran F of micro-batch 0, and never ran B of micro-batch 0",
         1},
        {{"F0.0 F0.2 B0.2 B0.0", "F0.1 F0.3 B0.3 B0.1"}, 4, 1, NULL, 0},
        {{"F0.0 F0.1 B0.1 B0.0", "F0.2 F0.3 B0.3 B0.2"}, 4, 1, "stage 1 belongs to rank 1", 0},
        {{"F0.0 F0.2 B0.2", "F0.1 F0.3 B0.3 B0.1"},
         4,
         1,
         "rank 0 never ran B of micro-batch 0 (stage 0)",
         0},
    };
    for (gsize k = 0; k < G_N_ELEMENTS(cases); k++) {
        struct schedule *schedule = schedule_new(2);
        for (int r = 0; r < 2; r++)
            add_line(schedule, r, cases[k].line[r], 1);
        g_autoptr(GString) why = g_string_new(NULL);
        int rank = -1;
        bool right = schedule_check(schedule, cases[k].stages, cases[k].micro_batches, why, &rank);
        ck_assert_msg(right == (cases[k].says == NULL), "case %zu: %s", k, why->str);
        if (cases[k].says) {
            ck_assert_msg(strstr(why->str, cases[k].says), "case %zu: %s", k, why->str);
            ck_assert_int_eq(rank, cases[k].rank);
        }
        schedule_free(schedule);
    }
}
END_TEST

/* Whatever a log says of the stage of an optimizer's step: no computation waits for it. */
START_TEST(steps_of_the_optimizer_make_no_stages)
{
    static const int stages[] = {-1, 0, 7, INT_MAX};
    for (gsize k = 0; k < G_N_ELEMENTS(stages); k++) {
        struct schedule *schedule = schedule_new(2);
        g_autoptr(GString) why = g_string_new(NULL);
        int rank = -1;
        for (int r = 0; r < 2; r++) {
            add_line(schedule, r, "F0 B0", 1);
            schedule_add(schedule, r,
                         (struct schedule_operation){LOG_OPTIMIZER_STEP, stages[k], INT_MAX, 0});
        }
        ck_assert_msg(schedule_check(schedule, 2, 1, why, &rank), "stage %d: %s", stages[k],
                      why->str);
        schedule_free(schedule);
    }
}
END_TEST

START_TEST(an_impossible_order_is_a_deadlock)
{
    struct schedule *schedule = schedule_new(2);
    add_line(schedule, 0, "F0 B0 F1 B1", 1);
    add_line(schedule, 1, "F0 F1 B0 B1", 1);
    struct replay *result = schedule_run(schedule);
    ck_assert(result->deadlock);
    ck_assert_uint_eq(result->rank[0].stuck_in, 1);
    ck_assert_uint_eq(result->rank[1].stuck_in, 1);
    replay_free(result);
    schedule_free(schedule);
}
END_TEST

/* Durations of every (stage, micro-batch) and of the optimizer come back out of a replay. */
START_TEST(like_a_replay)
{
    double forward[4 * 4], input[4 * 4], weight[4 * 4], optimizer[4] = {5, 6, 7, 8};
    for (int i = 0; i < 16; i++) {
        forward[i] = 1 + i % 5;
        input[i] = 2 + i % 3;
        weight[i] = 1 + i % 7;
    }
    struct schedule_costs costs = {2, 2, 4, forward, input, weight, NULL};
    struct schedule *made = schedule_interleaved(&costs);
    struct replay *first = schedule_run(made);
    struct schedule *again = schedule_like(first, 2, schedule_interleaved);
    ck_assert_ptr_nonnull(again);
    struct replay *second = schedule_run(again);
    ck_assert_double_eq(first->makespan, second->makespan);
    ck_assert_ptr_null(schedule_like(first, 1, schedule_1f1b));
    replay_free(first);
    replay_free(second);
    schedule_free(made);
    schedule_free(again);

    costs = (struct schedule_costs){4, 1, 4, forward, input, weight, optimizer};
    made = schedule_pipedream(&costs);
    first = schedule_run(made);
    ck_assert_double_eq(first->rank[2].busy - 4 * 7, forward[8] + forward[9] + forward[10] +
                                                         forward[11] + input[8] + input[9] +
                                                         input[10] + input[11] + weight[8] +
                                                         weight[9] + weight[10] + weight[11]);
    again = schedule_like(first, 1, schedule_pipedream);
    second = schedule_run(again);
    ck_assert_double_eq(first->makespan, second->makespan);
    replay_free(first);
    replay_free(second);
    schedule_free(made);
    schedule_free(again);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, orders_are_the_golden_ones, 0, GOLDEN);
    tcase_add_loop_test(tests, golden_orders_take_the_published_time, 0, GOLDEN);
    tcase_add_test(tests, what_must_hold);
    tcase_add_test(tests, an_impossible_order_is_a_deadlock);
    tcase_add_test(tests, steps_of_the_optimizer_make_no_stages);
    tcase_add_test(tests, like_a_replay);
    suite_add_tcase(suite, tests);
    return suite;
}
