/*
 * Tests of memory.h: exact accounting, and blocks that are used again.
 */
#include "common/base/memory.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_BLOCKS 0
#else
#define KEEPS_BLOCKS 1
#endif

START_TEST(counts_what_was_asked_for)
{
    size_t before = memory_live(MEMORY_GRADIENT);
    void *block = memory_allocate(MEMORY_GRADIENT, 1001);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT) - before, 1001);
    void *other = memory_allocate(MEMORY_GRADIENT, 3);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT) - before, 1004);
    memory_release(MEMORY_GRADIENT, block, 1001);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT) - before, 3);
    memory_release(MEMORY_GRADIENT, other, 3);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), before);
}
END_TEST

START_TEST(keeps_kinds_apart)
{
    void *block = memory_allocate(MEMORY_PARAMETER, 500);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER), 500);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    memory_release(MEMORY_PARAMETER, block, 500);
}
END_TEST

/* What was moved to the host is counted, but not as what the device must hold. */
START_TEST(the_host_is_not_the_device)
{
    const size_t device = memory_live_on_device();
    memory_account(MEMORY_HOST, 700);
    ck_assert_uint_eq(memory_live(MEMORY_HOST), 700);
    ck_assert_uint_eq(memory_live_on_device(), device);
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        memory_account((enum memory_kind)kind, 1 << kind);
    ck_assert_uint_eq(memory_live_on_device(), device + (1 << MEMORY_DEVICE_KINDS) - 1);
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        memory_account((enum memory_kind)kind, -(1 << kind));
    memory_account(MEMORY_HOST, -700);
    ck_assert_str_eq(memory_kind_name(MEMORY_HOST), "host");
}
END_TEST

START_TEST(what_is_about_to_be_filled_is_spoiled_if_wanted)
{
    float numbers[3] = {1, 2, 3};
    memory_spoil_block(numbers, sizeof numbers);
    ck_assert_float_eq(numbers[2], 3);
    memory_spoil(true);
    memory_spoil_block(numbers, 2 * sizeof *numbers);
    memory_spoil(false);
    ck_assert_float_nan(numbers[1]);
    ck_assert_float_eq(numbers[2], 3);
}
END_TEST

START_TEST(what_was_freed_or_never_filled_is_not_a_number)
{
    memory_spoil(true);
    float *block = memory_allocate(MEMORY_ACTIVATION, 4 * sizeof(float));
    for (int i = 0; i < 4; i++) {
        ck_assert_float_nan(block[i]);
        block[i] = 1;
    }
    memory_release(MEMORY_ACTIVATION, block, 4 * sizeof(float));
    memory_spoil(false);
    if (KEEPS_BLOCKS)
        for (int i = 0; i < 4; i++)
            ck_assert_float_nan(block[i]);
}
END_TEST

/* As a message that arrives late would. */
START_TEST(writing_to_what_was_freed_breaks_nothing)
{
    char *block = memory_allocate(MEMORY_ACTIVATION, 256), *other;
    memory_release(MEMORY_ACTIVATION, block, 256);
    if (!KEEPS_BLOCKS)
        return;
    memset(block, 0x5a, 256);
    for (int i = 0; i < 3; i++) {
        other = memory_allocate(MEMORY_ACTIVATION, 256);
        memset(other, i, 256);
    }
    for (int i = 0; i < 3; i++) /* only the accounts: the blocks stay */
        memory_account(MEMORY_ACTIVATION, -256);
}
END_TEST

START_TEST(peak_is_the_most_that_was_live)
{
    void *a = memory_allocate(MEMORY_ACTIVATION, 100);
    void *b = memory_allocate(MEMORY_ACTIVATION, 200);
    memory_release(MEMORY_ACTIVATION, a, 100);
    void *c = memory_allocate(MEMORY_ACTIVATION, 50);
    ck_assert_uint_eq(memory_peak(MEMORY_ACTIVATION), 300);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 250);
    memory_reset_peak();
    ck_assert_uint_eq(memory_peak(MEMORY_ACTIVATION), 250);
    memory_release(MEMORY_ACTIVATION, b, 200);
    memory_release(MEMORY_ACTIVATION, c, 50);
    ck_assert_uint_eq(memory_peak(MEMORY_ACTIVATION), 250);
}
END_TEST

/* All sizes around the borders of the size classes: whole, aligned, apart. */
START_TEST(blocks_are_large_enough)
{
    for (size_t bytes = 0; bytes < 5000; bytes += bytes < 600 ? 1 : 61) {
        unsigned char *a = memory_allocate(MEMORY_WORKSPACE, bytes);
        unsigned char *b = memory_allocate(MEMORY_WORKSPACE, bytes);
        ck_assert_ptr_ne(a, b);
        ck_assert_uint_eq((uintptr_t)a % 64, 0);
        ck_assert_uint_eq((uintptr_t)b % 64, 0);
        memset(a, 1, bytes);
        memset(b, 2, bytes);
        for (size_t i = 0; i < bytes; i++)
            ck_assert_uint_eq(a[i], 1);
        memory_release(MEMORY_WORKSPACE, a, bytes);
        memory_release(MEMORY_WORKSPACE, b, bytes);
    }
}
END_TEST

START_TEST(a_warm_loop_asks_the_system_for_nothing)
{
    size_t warm = 0;
    for (int round = 0; round < 3; round++) {
        void *block[40];
        for (int i = 0; i < 40; i++)
            block[i] = memory_allocate(MEMORY_ACTIVATION, (size_t)(i * i * 977));
        for (int i = 0; i < 40; i++)
            memory_release(MEMORY_ACTIVATION, block[i], (size_t)(i * i * 977));
        if (round == 0)
            warm = memory_from_system();
    }
    if (KEEPS_BLOCKS)
        ck_assert_uint_eq(memory_from_system(), warm);
    ck_assert_uint_gt(warm, 0);
}
END_TEST

/* At most a fifth of a block beyond the smallest sizes may go unused. */
START_TEST(little_is_wasted)
{
    for (size_t bytes = 513; bytes < (size_t)1 << 22; bytes = bytes * 9 / 8 + 1) {
        memory_return_to_system();
        size_t before = memory_from_system();
        void *block = memory_allocate(MEMORY_WORKSPACE, bytes);
        size_t taken = memory_from_system() - before;
        ck_assert_uint_ge(taken, bytes);
        ck_assert_uint_le(taken, bytes + bytes / 4 + 64);
        memory_release(MEMORY_WORKSPACE, block, bytes);
    }
}
END_TEST

START_TEST(accounts_for_what_is_not_there)
{
    memory_account(MEMORY_OPTIMIZER, 4096);
    ck_assert_uint_eq(memory_live(MEMORY_OPTIMIZER), 4096);
    memory_account(MEMORY_OPTIMIZER, -4096);
    ck_assert_uint_eq(memory_live(MEMORY_OPTIMIZER), 0);
    ck_assert_uint_eq(memory_peak(MEMORY_OPTIMIZER), 4096);
}
END_TEST

START_TEST(releasing_too_much_is_fatal)
{
    memory_account(MEMORY_OPTIMIZER, -1);
}
END_TEST

START_TEST(asking_for_too_much_is_fatal)
{
    memory_allocate(MEMORY_WORKSPACE, (size_t)1 << 59);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("memory");
    tcase_add_test(tests, counts_what_was_asked_for);
    tcase_add_test(tests, keeps_kinds_apart);
    tcase_add_test(tests, the_host_is_not_the_device);
    tcase_add_test(tests, what_is_about_to_be_filled_is_spoiled_if_wanted);
    tcase_add_test(tests, what_was_freed_or_never_filled_is_not_a_number);
    tcase_add_test(tests, writing_to_what_was_freed_breaks_nothing);
    tcase_add_test(tests, peak_is_the_most_that_was_live);
    tcase_add_test(tests, blocks_are_large_enough);
    tcase_add_test(tests, a_warm_loop_asks_the_system_for_nothing);
    tcase_add_test(tests, little_is_wasted);
    tcase_add_test(tests, accounts_for_what_is_not_there);
    tcase_add_exit_test(tests, releasing_too_much_is_fatal, EXIT_FAILURE);
    if (KEEPS_BLOCKS) /* AddressSanitizer has its own word on sizes like this */
        tcase_add_exit_test(tests, asking_for_too_much_is_fatal, EXIT_FAILURE);

    Suite *suite = suite_create("memory");
    suite_add_tcase(suite, tests);
    return suite;
}
