/*
 * Tests of device.h with the emulated GPU: opening it, each way in which a GPU can't be used, memory and copies.
 */
#include "common/base/device.h"
#include "common/base/last_words.h"
#include "common/base/memory.h"
#include "common/kernels/kernels.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000 };

static const char *const streams[] = {"first", "last", "at-once"};

/* Each test is a process of its own. */
static void open_with(const char *streams_go)
{
    setenv("EMULATED_STREAMS", streams_go, 1);
    device_open("emulated", 0);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

START_TEST(it_is_opened_once)
{
    ck_assert(!device_is_open());
    ck_assert_ptr_null(device_back_end());
    ck_assert(!device_owns(&streams));
    device_open("emulated", 0);
    device_open("emulated", 1);
    ck_assert(device_is_open());
    ck_assert_str_eq(device_back_end(), "emulated");
    ck_assert_str_eq(device_name(), "emulated");
}
END_TEST

static void open_unknown(void)
{
    device_open("abacus", 0);
}

static void open_another(void)
{
    device_open("emulated", 0);
    device_open("emulated-tests", 0);
}

static void use_none(void)
{
    device_block_new(1);
}

static const struct fatal_case misuses[] = {
    {open_unknown, "there is no library for the device abacus"},
    {open_another, "the device emulated is in use"},
    {use_none, "no GPU was opened: run with --device cuda"},
};

START_TEST(misuse_is_refused)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

/* ---- a GPU that can't be used ------------------------------------------------------------------------------------ */

static const struct {
    const char *fault, *says, *cure;
} faults[] = {
    {"no-driver", "has no NVIDIA driver", "nvidia-driver"},
    {"old-driver", "it supports CUDA 12.2, and the kit was built with CUDA 13.0",
     "make devices NVCC="},
    {"old-kernel-driver", "are not of one version", "started anew"},
    {"no-gpu", "no GPU can be seen", "--gres=gpu:1"},
    {"prohibited", "in the mode PROHIBITED", "nvidia-smi -c DEFAULT"},
    {"busy", "is busy or was taken away", "nvidia-smi"},
    {"exclusive", "in the mode EXCLUSIVE_PROCESS", "nvidia-cuda-mps-control -d"},
    {"full", "is full before anything was computed", "start fewer ranks"},
    {"architecture", "compiled for other GPUs than this one, emulated (sm_70)",
     "CUDA_ARCHITECTURES=sm_70"},
    {"blas-start", "cuBLAS can't start", "start fewer ranks"},
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

static void open_with_fault(int which)
{
    setenv("EMULATED_FAULT", faults[which].fault, 1);
    device_open("emulated", 0);
}

START_TEST(why_it_cannot_be_used_is_said_with_a_cure)
{
    check_fatal(open_with_fault, _i, faults[_i].says);
    check_fatal(open_with_fault, _i, faults[_i].cure);
}
END_TEST

/* ---- what fails later ------------------------------------------------------------------------------------------- */

static void fail_in_a_kernel(void)
{
    setenv("EMULATED_FAULT", "launch", 1);
    device_open("emulated", 0);
    float *data = device_block_new(COUNT * sizeof *data);
    device_fill(data, 0, COUNT * sizeof *data);
    device_kernels()->relu(COUNT, data, data);
    device_wait();
}

static void ask_for_too_much(void)
{
    setenv("EMULATED_FAULT", "memory:100000000", 1);
    device_open("emulated", 0);
    memory_allocate_on(DEVICE_CUDA, MEMORY_PARAMETER, 1000000);
    memory_allocate_on(DEVICE_CUDA, MEMORY_ACTIVATION, 90000000);
}

/* The emulated GPU gives out pieces of one range, of which nobody has the end. */
static void go_beyond_the_end(void)
{
    device_open("emulated", 0);
    float *data = device_block_new(COUNT * sizeof *data);
    device_kernels()->relu((size_t)1 << 28, data, data);
    device_wait();
}

static const struct fatal_case later[] = {
    {go_beyond_the_end, "memory that is no tensor's: a count or an offset"},
    {fail_in_a_kernel, "an illegal memory access was encountered. A kernel before this call"},
    {ask_for_too_much, "90000000 bytes"},
    {ask_for_too_much, "on the GPU (emulated), which has 100000000 bytes, of which"},
};

#if defined(__SANITIZE_ADDRESS__)
enum { FIRST_LATER = 1 }; /* it tells itself, and sooner, what goes beyond an end */
#else
enum { FIRST_LATER = 0 };
#endif

START_TEST(what_fails_later_is_said)
{
    fatal_expect(&later[_i]);
}
END_TEST

static void ask_for_memory(int which)
{
    (void)which;
    device_block_new(COUNT);
}

START_TEST(a_child_has_nothing_of_its_parents_gpu)
{
    device_open("emulated", 0);
    check_fatal(ask_for_memory, 0, "initialization error");
}
END_TEST

/* How cuBLAS is set for it is no launch. */
START_TEST(a_product_and_what_it_needs_are_counted)
{
    open_with("first");
    float *numbers = device_block_new(COUNT * sizeof *numbers);
    const uint64_t before = device_launches();
    device_kernels()->matrix_product(false, false, 2, 2, 2, numbers, numbers, 0, numbers + 8);
    ck_assert_uint_eq(device_launches() - before, 1);
    device_kernels()->bfloat16_product(false, false, 2, 2, 2, numbers, numbers, 0, numbers + 8);
    ck_assert_uint_eq(device_launches() - before, 1 + 3); /* two roundings */
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------------------------------ */

START_TEST(memory_is_counted_and_kept)
{
    size_t all, before, now;
    device_open("emulated", 0);
    device_memory(&all, &before);
    const size_t live = memory_live(MEMORY_GRADIENT);
    void *block = memory_allocate_on(DEVICE_CUDA, MEMORY_GRADIENT, 5000);
    ck_assert(device_owns(block));
    ck_assert(device_owns((char *)block + 4999));
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT) - live, 5000);
    device_memory(&all, &now);
    ck_assert_uint_le(now + 5000, before);
    memory_release_on(DEVICE_CUDA, MEMORY_GRADIENT, block, 5000);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), live);
#if !defined(__SANITIZE_ADDRESS__)
    void *again = memory_allocate_on(DEVICE_CUDA, MEMORY_GRADIENT, 5000);
    ck_assert_ptr_eq(again, block);
#endif
}
END_TEST

/* ---- copies ------------------------------------------------------------------------------------------------------- */

static unsigned char host[COUNT];

static bool all_are(int byte)
{
    for (int i = 0; i < COUNT; i++)
        if (host[i] != byte)
            return false;
    return true;
}

START_TEST(copies_come_in_the_order_in_which_they_were_asked_for)
{
    open_with(streams[_i]);
    char *a = device_block_new(COUNT), *b = device_block_new(COUNT);
    memset(host, 1, COUNT);
    device_copy_in(a, host, COUNT);
    memset(host, 2, COUNT); /* it was read */
    device_copy_within(b, a, COUNT);
    device_fill(a, 3, COUNT);
    const uint64_t waits = device_waits();
    device_copy_out(host, b, COUNT);
    ck_assert(all_are(1));
    ck_assert_uint_eq(device_waits(), waits + 1);
    device_copy_out(host, a, COUNT);
    ck_assert(all_are(3));
}
END_TEST

START_TEST(a_copy_may_overlap)
{
    open_with("first");
    for (int forward = 0; forward < 2; forward++) {
        char *data = device_block_new(COUNT);
        for (int i = 0; i < COUNT; i++)
            host[i] = (unsigned char)(i % 251);
        device_copy_in(data, host, COUNT);
        device_copy_within(data + 3 * forward, data + 3 * !forward, COUNT - 3);
        device_copy_out(host, data, COUNT);
        for (int i = 0; i < COUNT - 3; i++)
            ck_assert_int_eq(host[i + 3 * forward], (i + 3 * !forward) % 251);
    }
}
END_TEST

/* What comes in a message: not before its moment, and before what is asked for next. */
START_TEST(a_message_waits_for_its_moment_and_is_waited_for)
{
    open_with(streams[_i]);
    char *data = device_block_new(COUNT), *old = device_block_new(COUNT),
         *new = device_block_new(COUNT);
    unsigned char *staging = device_staging_new(COUNT);
    device_fill(data, 1, COUNT);
    device_copy_within(old, data, COUNT);
    const device_moment free_again = device_now();
    memset(staging, 2, COUNT);
    device_bring(data, staging, COUNT, free_again);
    device_staging_free(staging, COUNT);
    device_copy_within(new, data, COUNT);
    device_copy_out(host, old, COUNT);
    ck_assert(all_are(1));
    device_copy_out(host, new, COUNT);
    ck_assert(all_are(2));
}
END_TEST

/* Its memory is used again only when the copy from it is done. */
START_TEST(staging_is_used_again_when_it_was_read)
{
    open_with(streams[_i]);
    void *data[3];
    for (int i = 0; i < 3; i++) {
        unsigned char *staging = device_staging_new(COUNT);
        data[i] = device_block_new(COUNT);
        memset(staging, i + 1, COUNT);
        device_bring(data[i], staging, COUNT, 0);
        device_staging_free(staging, COUNT);
        /* That memory is not ready yet is no error of what is launched next. */
        device_kernels()->copy_blocks(1, 1, data[i], 1, data[i], 1);
    }
    for (int i = 0; i < 3; i++) {
        device_copy_out(host, data[i], COUNT);
        ck_assert(all_are(i + 1));
    }
    device_wait();
    unsigned char *first = device_staging_new(COUNT);
    device_staging_free(first, COUNT);
    ck_assert_ptr_eq(device_staging_new(COUNT), first);
}
END_TEST

START_TEST(what_is_sent_is_what_was_computed)
{
    open_with(streams[_i]);
    unsigned char *staging = device_staging_new(COUNT);
    char *data = device_block_new(COUNT);
    device_fill(data, 7, COUNT);
    device_fetch(staging, data, COUNT);
    device_fill(data, 8, COUNT);
    memcpy(host, staging, COUNT);
    ck_assert(all_are(7));
}
END_TEST

/* More moments than there are events for. */
START_TEST(old_moments_are_waited_for_too)
{
    open_with(streams[_i]);
    char *data = device_block_new(COUNT), *kept = device_block_new(COUNT);
    unsigned char *staging = device_staging_new(COUNT);
    device_fill(data, 1, COUNT);
    device_copy_within(kept, data, COUNT);
    const device_moment first = device_now();
    for (int i = 0; i < 200; i++)
        ck_assert_uint_eq(device_now(), first + (device_moment)i + 1);
    memset(staging, 2, COUNT);
    device_bring(data, staging, COUNT, first);
    device_copy_out(host, kept, COUNT);
    ck_assert(all_are(1));
}
END_TEST

/* ---- the processor touches the GPU's memory ---------------------------------------------------------------------- */

static const char *folder;

static void touch(int words_first)
{
    if (words_first)
        last_words_open(folder, 3);
    device_open("emulated", 0);
    if (!words_first)
        last_words_open(folder, 3);
    volatile char *data = device_block_new(COUNT);
    data[5] = 1;
}

/* It ends as any fatal error does, whoever handled signals first. */
START_TEST(who_touches_it_is_told_and_noted)
{
    static struct last_words words;
    char path[4096], *made = test_folder_new();
    folder = made;
    check_fatal(touch, _i, "writes to the memory of the GPU on the processor");
    snprintf(path, sizeof path, "%s/rank-3.end", made);
    last_words_read(path, &words);
    ck_assert_int_eq(words.kind, LAST_WORDS_MESSAGE);
    ck_assert_msg(strstr(words.text, "the memory of the GPU") != NULL, "%s", words.text);
    test_folder_free(made);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("device");
    TCase *tests = tcase_create("device");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, it_is_opened_once);
    tcase_add_loop_test(tests, misuse_is_refused, 0, sizeof misuses / sizeof misuses[0]);
    tcase_add_loop_test(tests, why_it_cannot_be_used_is_said_with_a_cure, 0, FAULTS);
    tcase_add_loop_test(tests, what_fails_later_is_said, FIRST_LATER,
                        sizeof later / sizeof later[0]);
    tcase_add_test(tests, a_product_and_what_it_needs_are_counted);
    tcase_add_test(tests, a_child_has_nothing_of_its_parents_gpu);
    tcase_add_test(tests, memory_is_counted_and_kept);
    tcase_add_loop_test(tests, copies_come_in_the_order_in_which_they_were_asked_for, 0, 3);
    tcase_add_test(tests, a_copy_may_overlap);
    tcase_add_loop_test(tests, a_message_waits_for_its_moment_and_is_waited_for, 0, 3);
    tcase_add_loop_test(tests, staging_is_used_again_when_it_was_read, 0, 3);
    tcase_add_loop_test(tests, what_is_sent_is_what_was_computed, 0, 3);
    tcase_add_loop_test(tests, old_moments_are_waited_for_too, 0, 3);
    tcase_add_loop_test(tests, who_touches_it_is_told_and_noted, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
