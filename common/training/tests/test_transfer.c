/*
 * Tests of transfers between device and host on this computer: numbers, memory, records of the log, and
 * misuse. Their time: test_transfer_time.c.
 */
#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "common/training/transfer.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 12 };

static struct tensor *counted(enum memory_kind kind, float from)
{
    struct tensor *tensor = tensor_new(kind, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(3, 4));
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = from + (float)i;
    return tensor;
}

/* ---- numbers and memory ------------------------------------------------------------------------- */

START_TEST(numbers_arrive_both_ways)
{
    struct tensor *own = counted(MEMORY_OPTIMIZER, 100), *host = counted(MEMORY_HOST, 0);
    transfer_wait(_i == 0 ? transfer_begin(host, own) : transfer_begin(own, host));
    for (int i = 0; i < COUNT; i++) {
        ck_assert_float_eq(tensor_floats(own)[i], (_i == 0 ? 100 : 0) + (float)i);
        ck_assert_float_eq(tensor_floats(host)[i], (_i == 0 ? 100 : 0) + (float)i);
    }
    tensor_free(own);
    tensor_free(host);
    ck_assert_uint_eq(memory_live_on_device() + memory_live(MEMORY_HOST), 0);
}
END_TEST

START_TEST(a_range_goes_where_it_is_sent)
{
    struct tensor *own = counted(MEMORY_PARAMETER, 100), *host = counted(MEMORY_HOST, 0);
    transfer_wait(transfer_begin_range(own, 7, host, 2, 4));
    for (int i = 0; i < COUNT; i++)
        ck_assert_float_eq(tensor_floats(own)[i],
                           i >= 7 && i < 11 ? (float)(i - 5) : 100 + (float)i);
    transfer_wait(transfer_begin_range(own, 12, host, 12, 0)); /* nothing */
    tensor_free(own);
    tensor_free(host);
}
END_TEST

/* Also of a view, and of numbers that are none. */
START_TEST(bits_arrive_as_they_are)
{
    struct tensor *host = tensor_new(MEMORY_HOST, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(300));
    struct tensor *own = tensor_new(MEMORY_GRADIENT, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(100));
    struct tensor *view = tensor_view(host, 150, SHAPE(100));
    for (int i = 0; i < 300; i++)
        ((uint16_t *)host->data)[i] = (uint16_t)(i * 219);
    transfer_wait(transfer_begin(own, view));
    ck_assert_int_eq(memcmp(own->data, view->data, 200), 0);
    tensor_free(own);
    tensor_free(view);
    tensor_free(host);
}
END_TEST

/* Whoever does not wait has not got them; whoever looks for NaN sees NaN. */
START_TEST(until_the_wait_nothing_has_arrived)
{
    struct tensor *own = counted(MEMORY_PARAMETER, 100), *host = counted(MEMORY_HOST, 0);
    memory_spoil(_i == 1);
    struct transfer *transfer = transfer_begin_range(own, 2, host, 0, 3);
    memory_spoil(false);
    for (int i = 0; i < COUNT; i++) {
        if (_i == 1 && i >= 2 && i < 5)
            ck_assert_float_nan(tensor_floats(own)[i]);
        else
            ck_assert_float_eq(tensor_floats(own)[i], 100 + (float)i);
    }
    ck_assert_int_eq(transfers_under_way(), 1);
    transfer_wait(transfer);
    ck_assert_int_eq(transfers_under_way(), 0);
    ck_assert_float_eq(tensor_floats(own)[4], 2);
    transfers_must_be_over();
    tensor_free(own);
    tensor_free(host);
}
END_TEST

/* What is under way is still there, and counted, though nobody else holds it. */
START_TEST(a_transfer_holds_its_tensors)
{
    struct tensor *own = counted(MEMORY_GRADIENT, 7), *host = counted(MEMORY_HOST, 0);
    struct transfer *transfer = transfer_begin(host, own);
    tensor_free(own);
    struct tensor *other = counted(MEMORY_GRADIENT, -1); /* not in the same place */
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), 2 * COUNT * sizeof(float));
    transfer_wait(transfer);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), COUNT * sizeof(float));
    ck_assert_float_eq(tensor_floats(host)[11], 18);
    tensor_free(other);
    tensor_free(host);
}
END_TEST

START_TEST(the_meta_device_moves_nothing_and_counts_all)
{
    struct tensor *host = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, DEVICE_META, SHAPE(1 << 20, 4096));
    struct tensor *own =
        tensor_new(MEMORY_OPTIMIZER, DTYPE_FLOAT32, DEVICE_META, SHAPE(1 << 20, 4096));
    struct transfer *there = transfer_begin(host, own), *back = transfer_begin(own, host);
    ck_assert_uint_eq(memory_live(MEMORY_HOST), (size_t)1 << 34);
    ck_assert_uint_eq(memory_live_on_device(), (size_t)1 << 34);
    transfer_wait(back);
    transfer_wait(there);
    transfer_wait(NULL);
    tensor_free(own);
    tensor_free(host);
    ck_assert_uint_eq(memory_live(MEMORY_HOST), 0);
}
END_TEST

/* ---- the log ------------------------------------------------------------------------------------ */

static char *folder;

/* The records of what is done by `act`. */
static int read_transfers(void (*act)(void), struct log_transfer found[8])
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    int count = 0;
    folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "rank-0.log", NULL);
    log_open(folder, 0, 1, 1);
    act();
    log_close();
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert_str_eq(log.damage, "");
    for (size_t i = 0; i < log.count; i++)
        if (log_is_transfer(&log.record[i])) {
            ck_assert_int_eq(log.record[i].phase, LOG_INSTANT);
            found[count++ % 8] = log_transfer(&log.record[i]);
        }
    log_destroy(&log);
    test_folder_free(folder);
    return count;
}

static bool writes_meanwhile;

static void two_ways(void)
{
    struct tensor *own = counted(MEMORY_GRADIENT, 7), *host = counted(MEMORY_HOST, 0);
    struct transfer *there = transfer_begin(host, own);
    if (writes_meanwhile)
        tensor_floats(own)[3] = 0;
    transfer_wait(there);
    transfer_wait(transfer_begin_range(own, 0, host, 4, 2));
    tensor_free(own);
    tensor_free(host);
}

START_TEST(the_log_knows_each_transfer)
{
    struct log_transfer found[8];
    float numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = 7 + (float)i;
    writes_meanwhile = _i == 1;
    ck_assert_int_eq(read_transfers(two_ways, found), 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(found[i].number, found[0].number + (i >= 2));
        ck_assert(found[i].ended == (i % 2 == 1));
        ck_assert(found[i].to_host == (i < 2));
        ck_assert_uint_eq(found[i].bytes, i < 2 ? sizeof numbers : 2 * sizeof(float));
        ck_assert(found[i].changed == (writes_meanwhile && i == 1));
    }
    ck_assert_uint_eq(found[0].fingerprint, log_fingerprint(numbers, sizeof numbers));
    ck_assert_uint_eq(found[2].fingerprint, log_fingerprint(numbers + 4, 2 * sizeof(float)));
    ck_assert_double_gt(found[0].clock, 0);
    ck_assert_double_le(found[0].clock, found[3].clock);
}
END_TEST

START_TEST(fields_are_read_as_they_were_written)
{
    const struct log_transfer written = {.number = 77,
                                         .ended = _i & 1,
                                         .to_host = _i & 2,
                                         .changed = _i & 4,
                                         .bytes = (uint64_t)1 << 40,
                                         .fingerprint = 0x123456789abcdef,
                                         .clock = 1e12 + 0.5,
                                         .waited_since = (uint64_t)1 << 50,
                                         .caller = 0x4567};
    struct log_record record = log_record_of_transfer(written);
    const struct log_transfer found = log_transfer(&record);
    ck_assert_uint_eq(found.number, written.number);
    ck_assert(found.ended == written.ended && found.to_host == written.to_host);
    ck_assert(found.changed == written.changed);
    ck_assert_uint_eq(found.bytes, written.bytes);
    ck_assert_uint_eq(found.fingerprint, written.fingerprint);
    ck_assert_double_eq(found.clock, written.clock);
    ck_assert_uint_eq(found.waited_since, written.waited_since);
    ck_assert_uint_eq(found.caller, written.caller);
    /* A forged one. */
    record.own_value = _i & 1 ? NAN : -INFINITY;
    ck_assert_double_eq(log_transfer(&record).clock, 0);
}
END_TEST

/* ---- misuse --------------------------------------------------------------------------------------- */

static struct tensor *own, *host, *other_host, *sixteen, *meta;

static void both_on_the_device(void)
{
    transfer_begin(own, counted(MEMORY_GRADIENT, 0));
}
static void both_on_the_host(void)
{
    transfer_begin(host, other_host);
}
static void converting(void)
{
    transfer_begin(host, sixteen);
}
static void to_meta(void)
{
    transfer_begin(host, meta);
}
static void other_counts(void)
{
    transfer_begin(host, tensor_view(own, 0, SHAPE(3)));
}
static void beyond_the_end(void)
{
    transfer_begin_range(host, 0, own, 9, 4);
}
static void beyond_the_end_of_to(void)
{
    transfer_begin_range(host, SIZE_MAX, own, 0, 2);
}
static void freed(void)
{
    tensor_free(own);
    transfer_begin(host, own);
}
static void waited_twice(void)
{
    struct transfer *transfer = transfer_begin(host, own);
    transfer_wait(transfer);
    transfer_wait(transfer);
}
static void reads_what_is_not_there(void)
{
    transfer_begin(host, own);
    transfer_begin(counted(MEMORY_GRADIENT, 0), host);
}
static void writes_what_is_not_there(void)
{
    transfer_begin_range(host, 0, own, 0, 3);
    transfer_begin_range(host, 2, own, 5, 3);
}
static void writes_what_is_not_copied(void)
{
    transfer_begin_range(host, 0, own, 0, 3);
    transfer_begin_range(own, 2, other_host, 5, 3);
}
static void never_waited_for(void)
{
    transfer_begin_range(host, 0, own, 0, 3);
    transfer_begin_range(host, 3, own, 3, 3);
    transfers_must_be_over();
}

static const struct fatal_case misuses[] = {
    {both_on_the_device, "neither of the tensors is in the host's memory (they are of optimizer "
                         "and gradient)"},
    {both_on_the_host, "both tensors are in the host's memory"},
    {converting, "bfloat16 can't be moved into float32"},
    {to_meta, "the other is on the meta device"},
    {other_counts, "(3) can't be moved into (3, 4)"},
    {beyond_the_end, "4 elements from element 9 on are not in `from`, which is (3, 4)"},
    {beyond_the_end_of_to, "are not in `to`, which is (3, 4)"},
    {freed, "`from` was freed already"},
    {waited_twice, "transfer_wait: this transfer was waited for already"},
    {reads_what_is_not_there, "reads what another one has not filled yet"},
    {writes_what_is_not_there, "writes what another one has not filled yet"},
    {writes_what_is_not_copied, "writes what another one has not copied yet"},
    {never_waited_for, "2 transfers between device and host were begun and never waited for"},
};

START_TEST(misuse_ends_the_program_with_a_message)
{
    own = counted(MEMORY_OPTIMIZER, 0);
    host = counted(MEMORY_HOST, 0);
    other_host = counted(MEMORY_HOST, 0);
    sixteen = tensor_new(MEMORY_GRADIENT, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(3, 4));
    meta = tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, DEVICE_META, SHAPE(3, 4));
    fatal_expect(&misuses[_i]);
    tensor_free(own);
    tensor_free(host);
    tensor_free(other_host);
    tensor_free(sixteen);
    tensor_free(meta);
}
END_TEST

/* Beside each other is no misuse. */
START_TEST(neighbours_do_not_meet)
{
    own = counted(MEMORY_OPTIMIZER, 0);
    host = counted(MEMORY_HOST, 50);
    struct transfer *there = transfer_begin_range(host, 0, own, 0, 3);
    struct transfer *next = transfer_begin_range(host, 3, own, 3, 3);
    struct transfer *back = transfer_begin_range(own, 6, host, 6, 6);
    transfer_wait(back);
    transfer_wait(there);
    transfer_wait(next);
    ck_assert_float_eq(tensor_floats(host)[5], 5);
    ck_assert_float_eq(tensor_floats(own)[6], 56);
    tensor_free(own);
    tensor_free(host);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("transfer");
    TCase *tests = tcase_create("transfer");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, numbers_arrive_both_ways, 0, 2);
    tcase_add_test(tests, a_range_goes_where_it_is_sent);
    tcase_add_test(tests, bits_arrive_as_they_are);
    tcase_add_loop_test(tests, until_the_wait_nothing_has_arrived, 0, 2);
    tcase_add_test(tests, a_transfer_holds_its_tensors);
    tcase_add_test(tests, the_meta_device_moves_nothing_and_counts_all);
    tcase_add_loop_test(tests, the_log_knows_each_transfer, 0, 2);
    tcase_add_loop_test(tests, fields_are_read_as_they_were_written, 0, 8);
    tcase_add_loop_test(tests, misuse_ends_the_program_with_a_message, 0,
                        sizeof misuses / sizeof *misuses);
    tcase_add_test(tests, neighbours_do_not_meet);
    suite_add_tcase(suite, tests);
    return suite;
}
