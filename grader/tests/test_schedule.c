/*
 * Tests of the reference schedules. The truth is written out here: the orders of
 * each schedule at p = 4, m = 8, the published makespans, and the closed formulas
 * over all p in {2, 3, 4, 6, 8} and m from p to 4p.
 */
#include "grader/schedule_formulas.h"

#include <check.h>
#include <limits.h>
#include <math.h>
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
        g_autofree char *text = schedule_text(schedule, r, kind->chunked, 10000);
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

/* ---- formulas ---------------------------------------------------------------------------------- */

/* The most forwards without their backward on a rank at any moment. */
static int counted_in_flight(const struct schedule *schedule, int rank)
{
    int now = 0, most = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        enum log_operation operation = schedule->operation[rank][i].operation;
        now += operation == LOG_FORWARD;
        now -= operation == LOG_BACKWARD || operation == LOG_BACKWARD_WEIGHT;
        most = MAX(most, now);
    }
    return most;
}

static int counted_warm_up(const struct schedule *schedule, int rank)
{
    int count = 0;
    while (count < schedule->count[rank] &&
           schedule->operation[rank][count].operation == LOG_FORWARD)
        count++;
    return count;
}

/* The idle time that the table gives, and the limits on forwards in flight, written again. */
static double expected_idle(const char *name, int p, int v, int m, double f, double i, double w)
{
    if (!strcmp(name, "interleaved"))
        return (p - 1) * (f + i + w) / v;
    if (!strcmp(name, "zero-bubble"))
        return (p - 1) * (f + i - w);
    return (!strcmp(name, "bounded") ? ceil((double)m / p) : 1) * (p - 1) * (f + i + w);
}

static int expected_in_flight(const char *name, int p, int v, int m, int r)
{
    if (!strcmp(name, "interleaved"))
        return MIN(2 * (p - r - 1) + (v - 1) * p + 1, m * v);
    if (!strcmp(name, "zero-bubble") || !strcmp(name, "bounded"))
        return MIN(p, m);
    return !strcmp(name, "afab") ? m : MIN(p - r, m);
}

static void check_shape(const struct schedule_kind *kind, int p, int v, int m, double f, double i,
                        double w)
{
    struct schedule *schedule = schedule_equal(kind->make, p, v, m, f / v, i / v, w / v);
    g_autoptr(GString) why = g_string_new(NULL);
    int rank;
    ck_assert_msg(schedule_check(schedule, p * v, m, why, &rank), "%s p=%d v=%d m=%d: %s",
                  kind->name, p, v, m, why->str);
    struct replay *result = schedule_run(schedule);
    double idle = expected_idle(kind->name, p, v, m, f, i, w);
    struct schedule_shape shape = {p, v, m};
    for (int r = 0; r < p; r++) {
        ck_assert_msg(fabs(result->rank[r].idle - idle) < 1e-9 * result->makespan,
                      "%s p=%d v=%d m=%d rank %d: idle %g, formula %g", kind->name, p, v, m, r,
                      result->rank[r].idle, idle);
        int in_flight = expected_in_flight(kind->name, p, v, m, r);
        ck_assert_int_eq(counted_in_flight(schedule, r), in_flight);
        ck_assert_int_eq(kind->in_flight(shape, r), in_flight);
        if (kind->warm_up)
            ck_assert_int_eq(counted_warm_up(schedule, r), MIN(kind->warm_up(shape, r) + 1, m * v));
    }
    double makespan = m * (f + i + w) + idle;
    ck_assert_double_eq_tol(result->makespan, makespan, 1e-9 * makespan);
    ck_assert_double_eq_tol(schedule_makespan(kind, shape, f, i, w), makespan, 1e-9 * makespan);
    ck_assert_double_eq_tol(replay_bubble(result), idle / makespan, 1e-9);
    ck_assert_double_eq_tol(bubble_of_makespan(idle, makespan), idle / makespan, 1e-12);
    ck_assert_double_eq_tol(bubble_over_ideal(idle, m, f, i + w), idle / (m * (f + i + w)), 1e-12);
    replay_free(result);
    schedule_free(schedule);
}

START_TEST(idle_time_is_what_the_formula_says)
{
    static const int ranks[] = {2, 3, 4, 6, 8};
    int p = ranks[_i];
    for (int m = p; m <= 4 * p; m++)
        for (const struct schedule_kind *kind = schedule_kinds; kind->name; kind++)
            for (int v = 1; v <= 4; v *= 2) {
                bool fits = kind->chunked ? v > 1 && m % p == 0 : v == 1;
                if (!fits || !strcmp(kind->name, "naive"))
                    continue;
                check_shape(kind, p, v, m, 1, 1, 1);
                check_shape(kind, p, v, m, 3, 4, 1);
            }
}
END_TEST

START_TEST(any_number_of_micro_batches)
{
    for (int p = 1; p <= 8; p++)
        for (int m = 1; m <= 3 * p; m++) {
            check_shape(schedule_find("afab"), p, 1, m, 3, 4, 1);
            check_shape(schedule_find("1f1b"), p, 1, m, 3, 4, 1);
            check_shape(schedule_find("pipedream"), p, 1, m, 3, 4, 1);
            ck_assert_double_eq(makespan_formula(p, m, 3, 5), (m + p - 1) * 8.0);
            ck_assert_double_eq_tol(bubble_formula(p, m), (p - 1.0) / (m + p - 1), 1e-12);
            /* Fewer than p: not all formulas hold, but the orders do. */
            static const char *const others[] = {"zero-bubble", "bounded"};
            for (int k = 0; k < 2; k++) {
                struct schedule *schedule =
                    schedule_equal(schedule_find(others[k])->make, p, 1, m, 1, 1, 1);
                g_autoptr(GString) why = g_string_new(NULL);
                int rank;
                ck_assert_msg(schedule_check(schedule, p, m, why, &rank), "%s", why->str);
                schedule_free(schedule);
            }
        }
    ck_assert_ptr_null(schedule_equal(schedule_interleaved, 4, 2, 6, 1, 1, 1));
    ck_assert_ptr_null(schedule_find("one-forward"));
}
END_TEST

/* Both published figures for p = 4, m = 8. */
START_TEST(two_bubbles)
{
    ck_assert_double_eq_tol(bubble_over_ideal(9, 8, 1, 2), 3.0 / 8, 1e-12);
    ck_assert_double_eq_tol(bubble_of_makespan(9, 33), 3.0 / 11, 1e-12);
}
END_TEST

START_TEST(messages)
{
    struct schedule_shape plain = {4, 1, 8}, chunks = {4, 2, 8}, alone = {1, 1, 8};
    ck_assert_int_eq(schedule_messages_sent(plain, 0), 8);
    ck_assert_int_eq(schedule_messages_sent(plain, 1), 16);
    ck_assert_int_eq(schedule_messages_sent(plain, 3), 8);
    ck_assert_int_eq(schedule_messages_sent(chunks, 0), 24); /* 0: F; 4: F and B */
    ck_assert_int_eq(schedule_messages_sent(chunks, 2), 32);
    ck_assert_int_eq(schedule_messages_sent(chunks, 3), 24);
    ck_assert_int_eq(schedule_messages_sent(alone, 0), 0);
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
        {{"F0 F1 B0 B1", "F0 B0 F1"},
         2,
         2,
         "rank 1 ran 1 forwards and 0 backwards of micro-batch 1",
         1},
        {{"F0 F1 B0 B1", "F0 B0 F1 B1 B1"}, 2, 2, "1 forwards and 2 backwards of micro-batch 1", 1},
        {{"F0 F0 B0", "F0 B0"}, 2, 1, "rank 0 ran 2 forwards", 0},
        {{"F0 I0", "F0 B0"}, 2, 1, "0 whole backwards, 1 for the input, 0 for the weights", 0},
        {{"F0 B0", "F0 I0 W0 B0"},
         2,
         1,
         "1 whole backwards, 1 for the input, 1 for the weights",
         1},
        {{"F0 B0", "B0 F0"}, 2, 1, "rank 1 ran B of micro-batch 0 on stage 1 before its F", 1},
        {{"F0 W0 I0", "F0 B0"}, 2, 1, "rank 0 ran W of micro-batch 0 on stage 0 before its I", 0},
        {{"F0 B0 F1 B1", "F0 F1 B0 B1"}, 2, 2, "contradict", 0},
        {{"F0 B0", "F0.0 B0.0"}, 2, 1, "stage 0 belongs to rank 0", 1},
        {{"F0 B0 F5", "F0 B0"}, 2, 1, "micro-batches 0 to 0", 0},
        {{"F0 B0 F0.7", "F0 B0"}, 2, 1, "stages 0 to 1", 0},
        {{"F0 B0", ""}, 2, 1, "rank 1 ran 0 forwards and 0 backwards of micro-batch 0", 1},
        {{"F0.0 F0.2 B0.2 B0.0", "F0.1 F0.3 B0.3 B0.1"}, 4, 1, NULL, 0},
        {{"F0.0 F0.1 B0.1 B0.0", "F0.2 F0.3 B0.3 B0.2"}, 4, 1, "stage 1 belongs to rank 1", 0},
        {{"F0.0 F0.2 B0.2", "F0.1 F0.3 B0.3 B0.1"},
         4,
         1,
         "micro-batch 0 on stage 0, not one each",
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

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, orders_are_the_golden_ones, 0, GOLDEN);
    tcase_add_loop_test(tests, golden_orders_take_the_published_time, 0, GOLDEN);
    tcase_add_loop_test(tests, idle_time_is_what_the_formula_says, 0, 5);
    tcase_add_test(tests, any_number_of_micro_batches);
    tcase_add_test(tests, two_bubbles);
    tcase_add_test(tests, messages);
    tcase_add_test(tests, what_must_hold);
    tcase_add_test(tests, an_impossible_order_is_a_deadlock);
    tcase_add_test(tests, steps_of_the_optimizer_make_no_stages);
    tcase_add_test(tests, like_a_replay);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
