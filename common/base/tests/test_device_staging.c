/*
 * Memory of the host that the emulated GPU copies from, where only so much of it can be had.
 */
#include "common/base/device.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of many sizes are more than can be pinned, but what was given back is pinned no longer when it is needed. */
START_TEST(memory_for_messages_is_given_back_where_it_runs_short)
{
    setenv("EMULATED_FAULT", "pinned:3000000", 1);
    device_open("emulated", 0);
    char *data = device_block_new((size_t)2 << 20);
    for (size_t bytes = 4096; bytes <= (size_t)2 << 20; bytes *= 2) {
        unsigned char *staging = device_staging_new(bytes), last = 0;
        memset(staging, (int)(bytes >> 12), bytes);
        device_bring(data, staging, bytes, 0);
        device_staging_free(staging, bytes);
        if (bytes >> 12 < 256) {
            device_copy_out(&last, data + bytes - 1, 1);
            ck_assert_uint_eq(last, bytes >> 12);
        }
    }
}
END_TEST

static void pin_too_much(int which)
{
    (void)which;
    setenv("EMULATED_FAULT", "pinned:3000000", 1);
    device_open("emulated", 0);
    (void)device_staging_new((size_t)2 << 20);
    (void)device_staging_new((size_t)2 << 20);
}

START_TEST(no_memory_for_messages_is_told_as_the_hosts)
{
    check_fatal(pin_too_much, 0, "no memory left: 2097152 bytes of the host's were asked for");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("device: staging memory");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, memory_for_messages_is_given_back_where_it_runs_short);
    tcase_add_test(tests, no_memory_for_messages_is_told_as_the_hosts);
    suite_add_tcase(suite, tests);
    return suite;
}
