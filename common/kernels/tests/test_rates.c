/*
 * Tests of rates: reading them, what lies between them, and the table whose functions are
 * pieces of work. The numbers are powers of two, so that logarithms are exact.
 */
#include "common/kernels/cpu.h"
#include "common/kernels/work/parts.h"
#include "common/kernels/work/rates.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The properties: "rates", "rate-1", … */
static const char *property_text[8];

static const char *property(const char *name)
{
    int number = 0;
    if (strcmp(name, "rates") == 0)
        return property_text[0];
    return sscanf(name, "rate-%d", &number) == 1 && number < 8 ? property_text[number] : NULL;
}

static char error[RATES_ERROR_SIZE];

#define set_properties(...)                                                                        \
    (memset(property_text, 0, sizeof property_text),                                               \
     memcpy(property_text, (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__})))

static struct rates *read_them(void)
{
    struct rates *rates = rates_read(property, error);
    ck_assert_msg(rates != NULL, "%s", error);
    return rates;
}

/* ---- between the measured sizes ---- */

START_TEST(one_rate_serves_all_sizes)
{
    set_properties("1", "add 0 64  0.25 0.5");
    struct rates *rates = read_them();
    const struct duration small = rates_duration(rates, (struct work){WORK_add, 8, {8}}, 0);
    const struct duration large = rates_duration(rates, (struct work){WORK_add, 4096, {4096}}, 7);
    ck_assert_double_eq(small.alone, 2);
    ck_assert_double_eq(small.together, 4);
    ck_assert_double_eq(large.alone, 1024);
    ck_assert_double_eq(large.together, 2048);
    rates_free(rates);
}
END_TEST

START_TEST(a_measured_size_has_its_own_rate)
{
    set_properties("3", "add 0 64  0.25 0.5", "add 0 128  1 8", "add 0 256  16 32");
    struct rates *rates = read_them();
    const struct duration duration = rates_duration(rates, (struct work){WORK_add, 128, {128}}, 0);
    ck_assert_double_eq(duration.alone, 128);
    ck_assert_double_eq(duration.together, 1024);
    rates_free(rates);
}
END_TEST

/* Halfway between two: their geometric mean. A third of the way: weights 2⁴ : 1. */
START_TEST(between_two_sizes)
{
    set_properties("2", "add 0 64  0.25 0.5", "add 0 512  16 2");
    struct rates *rates = read_them();
    const double half = 64 * sqrt(8);
    struct duration duration = rates_duration(rates, (struct work){WORK_add, 1, {half}}, 0);
    ck_assert_double_eq_tol(duration.alone, 2, 1e-12);
    ck_assert_double_eq_tol(duration.together, 1, 1e-12);
    duration = rates_duration(rates, (struct work){WORK_add, 1, {128}}, 0);
    ck_assert_double_eq_tol(duration.alone, exp2((16 * -2.0 + 4.0) / 17), 1e-12);
    rates_free(rates);
}
END_TEST

/* What a process holds decides between rates of the same size. */
START_TEST(the_nearer_residence_counts_more)
{
    set_properties("2", "add 1048576 64  1 1", "add 16777216 64  4 4");
    struct rates *rates = read_them();
    const struct work work = {WORK_add, 1, {64}};
    ck_assert_double_eq(rates_duration(rates, work, 1048576).alone, 1);
    ck_assert_double_eq(rates_duration(rates, work, 16777216).alone, 4);
    ck_assert_double_eq_tol(rates_duration(rates, work, 4194304).alone, 2, 1e-12);
    rates_free(rates);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    struct rate rate = {{WORK_matrix_product_nt, 0, {8, 512, 784}}, 4194304, {2.5e-11, 3e-11}};
    char text[RATES_TEXT_SIZE];
    rates_write(rate, text);
    ck_assert_str_eq(text, "matrix_product_nt 4194304 8 512 784  2.5e-11 3e-11");
    set_properties("1", text);
    struct rates *rates = read_them();
    const struct work work = {WORK_matrix_product_nt, 100, {8, 512, 784}};
    ck_assert_double_eq_tol(rates_duration(rates, work, 4194304).alone, 2.5e-9, 1e-20);
    ck_assert_double_eq_tol(rates_duration(rates, work, 4194304).together, 3e-9, 1e-20);
    rates_free(rates);
}
END_TEST

/* Where no number of 16 bits was met, a conversion takes as long as a sum; where one was, its own time. */
START_TEST(conversions_without_a_rate_are_sums)
{
    set_properties("2", "add 0 64  1e-9 2e-9", "narrow 0 64  3e-9 4e-9");
    struct rates *rates = read_them();
    const struct work widen = {WORK_widen, 64, {64}}, narrow = {WORK_narrow, 64, {64}};
    ck_assert_double_eq_tol(rates_duration(rates, widen, 0).alone, 64e-9, 1e-18);
    ck_assert_double_eq_tol(rates_duration(rates, narrow, 0).alone, 192e-9, 1e-18);
    rates_free(rates);
}
END_TEST

/* ---- what is no rate ---- */

START_TEST(without_rates_there_are_none)
{
    set_properties(NULL);
    ck_assert_ptr_null(rates_read(property, error));
    ck_assert_str_eq(error, "");
}
END_TEST

static const struct {
    const char *count, *rate, *says;
} broken[] = {
    {"0", NULL, "\"rates\" is \"0\""},
    {"many", NULL, "\"rates\" is \"many\""},
    {"1000000", NULL, "not a number of rates"},
    {"1", NULL, "\"rate-1\" is missing"},
    {"2", "add 0 64  1 1", "\"rate-2\" is missing"},
    {"1", "", "kind of work that this kit does not have"},
    {"1", "addition 0 64  1 1", "kind of work that this kit does not have"},
    {"1", "add 0 64  1", "too few"},
    {"1", "add 0 64  1 1 1", "more words"},
    {"1", "add 0 64  1 one", "no number"},
    {"1", "add 0 64  0 1", "too small"},
    {"1", "add 0 64  1 -1", "too small"},
    {"1", "add 0 64  inf 1", "not finite"},
    {"1", "add 0 64  nan 1", "not finite"},
    {"1", "add 0 0  1 1", "too small"},
    {"1", "add -1 64  1 1", "too small"},
};

START_TEST(broken_rates_are_refused)
{
    set_properties(broken[_i].count, broken[_i].rate);
    ck_assert_ptr_null(rates_read(property, error));
    ck_assert_msg(strstr(error, broken[_i].says) != NULL, "\"%s\" does not say %s", error,
                  broken[_i].says);
}
END_TEST

/* ---- the table ---- */

typedef void (*function)(void);

/* Every member that the CPU has is a piece of work; none is called without one. */
START_TEST(all_kernels_are_pieces_of_work)
{
    const function *own = (const function *)(const void *)&cpu_kernels;
    const function *timed = (const function *)(const void *)timed_table(&cpu_kernels);
    for (size_t i = 0; i < sizeof cpu_kernels / sizeof *own; i++) {
        ck_assert_msg(own[i] != NULL && timed[i] != NULL, "member %zu of struct kernels", i);
        ck_assert_msg(own[i] != timed[i], "member %zu of struct kernels is not timed", i);
    }
}
END_TEST

/* Without rates and measuring nobody stands before the kernels. */
START_TEST(without_rates_the_table_is_the_device_s)
{
    ck_assert_ptr_eq(kernels_for(DEVICE_CPU), &cpu_kernels);
    ck_assert_ptr_eq(kernels_for(DEVICE_META), &meta_kernels);
}
END_TEST

/* ---- measuring ---- */

static struct work_measured find(enum work_kind kind)
{
    for (int i = 0; i < work_sizes(); i++)
        if (work_size(i).work.kind == kind)
            return work_size(i);
    ck_abort_msg("%s was not measured", work_name(kind));
}

/* Nanoseconds that this thread has computed: what others compute meanwhile doesn't count. */
static uint64_t computed(void)
{
    struct timespec time;
    ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* A piece has its own time, and not that of the pieces inside it. */
START_TEST(time_is_a_piece_s_own)
{
    float x[64] = {0}, y[64] = {0};
    for (enum work_series series = WORK_ALONE; series <= WORK_TOGETHER; series++) {
        work_measure(series);
        for (int i = 0; i < 5; i++) {
            work_begin((struct work){WORK_layer_call, 1, {1, 64}});
            work_begin((struct work){WORK_stage_call, 1, {3}});
            const uint64_t began = computed();
            while (computed() - began < 1000000)
                continue;
            work_end();
            kernels_for(DEVICE_CPU)->add(64, x, y);
            work_end();
        }
        work_measure(WORK_NOT_MEASURED);
    }
    ck_assert_int_eq(work_sizes(), 3);
    const struct work_measured inner = find(WORK_stage_call), outer = find(WORK_layer_call);
    ck_assert_int_eq(inner.times, 5);
    ck_assert_double_ge(inner.seconds.alone, 0.98e-3);
    ck_assert_double_ge(inner.seconds.together, 0.98e-3);
    ck_assert_double_lt(outer.seconds.alone, 0.98e-3);
    ck_assert_double_eq(find(WORK_add).work.operations, 64);
    ck_assert_int_eq(find(WORK_add).times, 5);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rates");
    TCase *tests = tcase_create("rates");
    tcase_add_test(tests, one_rate_serves_all_sizes);
    tcase_add_test(tests, a_measured_size_has_its_own_rate);
    tcase_add_test(tests, between_two_sizes);
    tcase_add_test(tests, the_nearer_residence_counts_more);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, conversions_without_a_rate_are_sums);
    tcase_add_test(tests, without_rates_there_are_none);
    tcase_add_loop_test(tests, broken_rates_are_refused, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, all_kernels_are_pieces_of_work);
    tcase_add_test(tests, without_rates_the_table_is_the_device_s);
    tcase_add_test(tests, time_is_a_piece_s_own);
    suite_add_tcase(suite, tests);
    return suite;
}
