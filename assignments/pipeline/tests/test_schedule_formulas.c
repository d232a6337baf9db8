/*
 * Tests of the reference schedules' closed formulas, written again here: idle time, makespan,
 * bubbles and forwards in flight over all p in {2, 3, 4, 6, 8} and m from p to 4p, and the number
 * of messages.
 */
#include "assignments/pipeline/schedules/schedule_formulas.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

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
                  kind->facts->name, p, v, m, why->str);
    struct replay *result = schedule_run(schedule);
    double idle = expected_idle(kind->facts->name, p, v, m, f, i, w);
    struct schedule_shape shape = {p, v, m};
    for (int r = 0; r < p; r++) {
        ck_assert_msg(fabs(result->rank[r].idle - idle) < 1e-9 * result->makespan,
                      "%s p=%d v=%d m=%d rank %d: idle %g, formula %g", kind->facts->name, p, v, m,
                      r, result->rank[r].idle, idle);
        int in_flight = expected_in_flight(kind->facts->name, p, v, m, r);
        ck_assert_int_eq(counted_in_flight(schedule, r), in_flight);
        ck_assert_int_eq(kind->in_flight(shape, r), in_flight);
        if (kind->warm_up)
            ck_assert_int_eq(counted_warm_up(schedule, r), MIN(kind->warm_up(shape, r) + 1, m * v));
    }
    double makespan = m * (f + i + w) + idle;
    ck_assert_double_eq_tol(result->makespan, makespan, 1e-9 * makespan);
    ck_assert_double_eq_tol(schedule_makespan(kind, shape, f, i, w), makespan, 1e-9 * makespan);
    ck_assert_double_eq_tol(replay_bubble(result), idle / makespan, 1e-9);
    ck_assert_double_eq_tol(schedule_bubble_of_makespan(idle, makespan), idle / makespan, 1e-12);
    ck_assert_double_eq_tol(schedule_bubble_over_ideal(idle, m, f, i + w), idle / (m * (f + i + w)),
                            1e-12);
    replay_free(result);
    schedule_free(schedule);
}

START_TEST(idle_time_is_what_the_formula_says)
{
    static const int ranks[] = {2, 3, 4, 6, 8};
    int p = ranks[_i];
    for (int m = p; m <= 4 * p; m++)
        for (int id = 0; id < SCHEDULES; id++)
            for (int v = 1; v <= 4; v *= 2) {
                const struct schedule_kind *kind = schedule_kind_of((enum schedule_id)id);
                if (!kind)
                    continue;
                bool fits = kind->facts->chunked ? v > 1 && m % p == 0 : v == 1;
                if (!fits || !strcmp(kind->facts->name, "naive"))
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
    ck_assert_double_eq_tol(schedule_bubble_over_ideal(9, 8, 1, 2), 3.0 / 8, 1e-12);
    ck_assert_double_eq_tol(schedule_bubble_of_makespan(9, 33), 3.0 / 11, 1e-12);
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

Suite *test_suite(void)
{
    Suite *suite = suite_create("formulas of schedules");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, idle_time_is_what_the_formula_says, 0, 5);
    tcase_add_test(tests, any_number_of_micro_batches);
    tcase_add_test(tests, two_bubbles);
    tcase_add_test(tests, messages);
    suite_add_tcase(suite, tests);
    return suite;
}
