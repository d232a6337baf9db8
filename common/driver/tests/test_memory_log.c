/*
 * Tests of --log-memory: what the log says of allocations is held against the kit's own accounting, and
 * against the formula of what micro-batches in flight hold.
 */
#include "common/base/flops.h"
#include "common/base/memory.h"
#include "common/driver/driver_parts.h"
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static struct log_file log_file;
static struct options options;

static void begin(void)
{
    folder = test_folder_new();
    log_open(folder, 0, 1, 1);
}

static void end(void)
{
    memory_set_observer(NULL);
    log_close();
    log_destroy(&log_file);
    test_folder_free(folder);
}

static void log_at_most(int records)
{
    options = options_defaults(NULL);
    options.log_memory = records;
    driver_memory_begin(&options);
}

static void read_log(void)
{
    char error[LOG_ERROR_SIZE];
    g_autofree char *path = g_build_filename(folder, "rank-0.log", NULL);
    log_close();
    ck_assert_msg(log_read(path, &log_file, error), "%s", error);
    ck_assert_str_eq(log_file.damage, "");
}

static bool is_change(const struct log_record *record)
{
    return record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE;
}

/* What the bytes of all changes add up to, and the highest sum on the way; each change says the sum, too. */
static void add_up(int64_t live[MEMORY_KINDS], int64_t peak[MEMORY_KINDS])
{
    memset(live, 0, MEMORY_KINDS * sizeof *live);
    memset(peak, 0, MEMORY_KINDS * sizeof *peak);
    for (size_t i = 0; i < log_file.count; i++) {
        if (!is_change(&log_file.record[i]))
            continue;
        const struct log_allocation change = log_allocation(&log_file.record[i]);
        live[change.kind] += (change.released ? -1 : 1) * (int64_t)change.bytes;
        peak[change.kind] = MAX(peak[change.kind], live[change.kind]);
        ck_assert_double_eq(change.live, (double)live[change.kind]);
    }
}

static int changes(bool cut)
{
    int count = 0;
    for (size_t i = 0; i < log_file.count; i++)
        count += is_change(&log_file.record[i]) && log_allocation(&log_file.record[i]).cut == cut;
    return count;
}

/* 500 blocks of any kind come and go; what is on no device, too. */
static void come_and_go(unsigned seed)
{
    static void *block[40];
    static size_t bytes[40];
    srand(seed);
    for (int i = 0; i < 500; i++) {
        const int place = rand() % 40;
        const enum memory_kind kind = (enum memory_kind)(place % MEMORY_KINDS);
        if (block[place] != NULL) {
            memory_release(kind, block[place], bytes[place]);
            block[place] = NULL;
        } else {
            bytes[place] = (size_t)(rand() % 5000);
            block[place] = memory_allocate(kind, bytes[place]);
        }
        memory_account(kind, 17);
        memory_account(kind, -17);
    }
    for (int place = 0; place < 40; place++) {
        memory_release((enum memory_kind)(place % MEMORY_KINDS), block[place], bytes[place]);
        block[place] = NULL;
    }
}

/* Some bytes are live before the log begins. */
START_TEST(the_changes_add_up_to_live_bytes_and_peaks)
{
    void *before = memory_allocate(MEMORY_PARAMETER, 1234);
    memory_reset_peak();
    log_at_most(100000);
    come_and_go(3);
    void *behind = memory_allocate(MEMORY_WORKSPACE, 99);
    int64_t live[MEMORY_KINDS], peak[MEMORY_KINDS];
    read_log();
    add_up(live, peak);
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        ck_assert_int_eq(live[kind], (int64_t)memory_live((enum memory_kind)kind));
        ck_assert_int_eq(peak[kind], (int64_t)memory_peak((enum memory_kind)kind));
    }
    ck_assert_int_eq(changes(true), 1); /* what was there before */
    memory_release(MEMORY_PARAMETER, before, 1234);
    memory_release(MEMORY_WORKSPACE, behind, 99);
}
END_TEST

/* A step has room for 50 records, and 50 more for peaks; where it ends, the log agrees again. */
START_TEST(a_step_with_too_many_changes_is_cut)
{
    log_at_most(50);
    for (int step = 0; step < 3; step++) {
        driver_memory_step();
        log_append(log_record_of_step(LOG_STEP_BEGIN, step));
        come_and_go((unsigned)step);
        memory_account(MEMORY_GRADIENT, 1000);
        driver_memory_step();
        log_append(log_record_of_step_end(step, 0));
    }
    int64_t live[MEMORY_KINDS], peak[MEMORY_KINDS];
    read_log();
    add_up(live, peak);
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        ck_assert_int_eq(live[kind], (int64_t)memory_live((enum memory_kind)kind));
        ck_assert_int_le(peak[kind], (int64_t)memory_peak((enum memory_kind)kind));
    }
    ck_assert_int_eq(changes(false), 3 * 50);
    ck_assert_int_gt(changes(true), 3); /* peaks */
    ck_assert_int_le(changes(true), 3 * (50 + 2 * MEMORY_KINDS));
    memory_account(MEMORY_GRADIENT, -3000);
}
END_TEST

/* Beyond the bound every new peak of a kind or of all is still there. */
START_TEST(new_peaks_are_never_cut_off)
{
    log_at_most(20);
    for (int i = 0; i < 30; i++) {
        memory_account(MEMORY_ACTIVATION, 10);
        memory_account(MEMORY_ACTIVATION, -10);
    }
    for (int i = 1; i <= 5; i++) {
        memory_account(MEMORY_ACTIVATION, 100 * i);
        memory_account(MEMORY_ACTIVATION, -100 * i);
    }
    int64_t live[MEMORY_KINDS], peak[MEMORY_KINDS];
    read_log();
    add_up(live, peak);
    ck_assert_int_eq(changes(false), 20);
    ck_assert_int_eq(changes(true), 5);
    ck_assert_int_eq(peak[MEMORY_ACTIVATION], 500);
}
END_TEST

START_TEST(without_the_option_nothing_is_recorded)
{
    log_at_most(0);
    come_and_go(1);
    driver_memory_step();
    read_log();
    ck_assert_uint_eq(log_file.count, 0);
}
END_TEST

/* ---- what micro-batches hold ----------------------------------------------------------------- */

#define SAMPLES 3 /* of a micro-batch */
#define WIDTH   24

/* The recorded live bytes of activations at the end of each forward and backward. */
static void expect_in_flight(const int *in_flight, double bytes)
{
    double live = 0;
    int at = 0;
    for (size_t i = 0; i < log_file.count; i++) {
        const struct log_record *record = &log_file.record[i];
        if (is_change(record) && log_allocation(record).kind == MEMORY_ACTIVATION)
            live = log_allocation(record).live;
        if (!log_is_computation(record) || record->phase != LOG_END)
            continue;
        ck_assert_msg(live == in_flight[at] * bytes, "computation %d: %g bytes, not %d × %g", at,
                      live, in_flight[at], bytes);
        at++;
    }
    ck_assert_int_eq(in_flight[at], -1);
}

/* A linear layer and a ReLU of a multilayer perceptron hold, of each micro-batch in flight, what entered
 * the first and what left the second: (inputs + width) numbers of four bytes for each sample. The order
 * is given as micro-batches, backwards as -1 - micro-batch. */
static void run_stage(enum device device, const int *order, int count, const int *in_flight)
{
    char error[MODEL_ERROR_SIZE];
    g_autofree char *name = g_strdup_printf("mlp:depth=3,width=%d", WIDTH);
    struct model *model = model_new(name, SHAPE(1, 1, 5), 4, error);
    ck_assert_msg(model != NULL, "%s", error);
    ck_assert_str_eq(model->layer[1].operations->kind, "linear");
    ck_assert_str_eq(model->layer[2].operations->kind, "relu");
    struct stage *stage = stage_new(model, &(struct stage_options){.stages = 2,
                                                                   .first_layer = 1,
                                                                   .layers = 2,
                                                                   .micro_batch_size = SAMPLES,
                                                                   .micro_batches = count,
                                                                   .seed = 1,
                                                                   .device = device});
    log_at_most(100000);
    for (int i = 0; i < count; i++)
        if (order[i] >= 0)
            tensor_free(stage_forward(stage, order[i], stage_input_new(stage)));
        else
            tensor_free(stage_backward(stage, -1 - order[i], stage_output_new(stage)));
    stage_free(stage);
    model_free(model);
    read_log();
    expect_in_flight(in_flight, 4.0 * SAMPLES * (5 + WIDTH));
}

/* All forwards before all backwards: as many as there are micro-batches. */
START_TEST(all_micro_batches_are_held_at_once)
{
    run_stage(_i ? DEVICE_META : DEVICE_CPU, (int[]){0, 1, 2, 3, -1, -2, -3, -4}, 8,
              (int[]){1, 2, 3, 4, 3, 2, 1, 0, -1});
}
END_TEST

/* A backward as soon as there are two forwards: two at most. */
START_TEST(two_micro_batches_are_held_at_most)
{
    run_stage(_i ? DEVICE_META : DEVICE_CPU, (int[]){0, 1, -1, 2, -2, 3, -3, -4}, 8,
              (int[]){1, 2, 1, 2, 1, 2, 1, 0, -1});
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("memory in the log");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, the_changes_add_up_to_live_bytes_and_peaks);
    tcase_add_test(tests, a_step_with_too_many_changes_is_cut);
    tcase_add_test(tests, new_peaks_are_never_cut_off);
    tcase_add_test(tests, without_the_option_nothing_is_recorded);
    tcase_add_loop_test(tests, all_micro_batches_are_held_at_once, 0, 2);
    tcase_add_loop_test(tests, two_micro_batches_are_held_at_most, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
