/*
 * Which addresses are the GPU's: blocks that come and go in any order, against a byte for each address.
 */
#include "common/base/device_ranges.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"

#include <stdint.h>
#include <stdlib.h>

enum { ADDRESSES = 4000, MOST = 40, STEPS = 20000 };

static char all[ADDRESSES + 2], *const memory = all + 1; /* with a neighbour on either side */
static int owner[ADDRESSES];                             /* the number of a block from 1 on, or 0 */

static bool is_free(int first, int bytes)
{
    for (int i = first; i < first + bytes; i++)
        if (i >= ADDRESSES || owner[i] != 0)
            return false;
    return true;
}

/* The block that begins here comes or goes. */
static void change(int first, int bytes, int number)
{
    for (int i = first; i < first + bytes; i++)
        owner[i] = number;
}

START_TEST(blocks_that_come_and_go_are_known)
{
    static int first[MOST + 1], length[MOST + 1];
    unsigned state = 1;
    for (int step = 0; step < STEPS; step++) {
        state = state * 1664525 + 1013904223;
        const int number = 1 + (int)(state >> 8) % MOST, place = (int)(state >> 12) % ADDRESSES;
        const int bytes = 1 + (int)(state >> 4) % 150;
        if (length[number] > 0) {
            device_ranges_remove(memory + first[number]);
            change(first[number], length[number], 0);
            length[number] = 0;
        } else if (is_free(place, bytes)) {
            device_ranges_add(memory + place, (size_t)bytes);
            change(place, bytes, number);
            first[number] = place;
            length[number] = bytes;
        }
        ck_assert_int_eq(device_ranges_have(memory + place), owner[place] != 0);
    }
    for (int i = 0; i < ADDRESSES; i++)
        ck_assert_int_eq(device_ranges_have(memory + i), owner[i] != 0);
    ck_assert(!device_ranges_have(NULL));
    ck_assert(!device_ranges_have(all));
    ck_assert(!device_ranges_have(memory + ADDRESSES));
}
END_TEST

static void remove_what_is_inside(int which)
{
    (void)which;
    device_ranges_add(memory, 100);
    device_ranges_remove(memory + 1);
}

START_TEST(what_was_not_taken_can_not_be_given_back)
{
    check_fatal(remove_what_is_inside, 0, "is no block of the GPU's memory");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("device: ranges");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, blocks_that_come_and_go_are_known);
    tcase_add_test(tests, what_was_not_taken_can_not_be_given_back);
    suite_add_tcase(suite, tests);
    return suite;
}
