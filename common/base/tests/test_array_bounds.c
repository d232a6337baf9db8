/*
 * Tests of what an index outside of its array does in a file that is compiled as a
 * student's: the program ends, and says where. GCC's own data is written by hand.
 */
#include "tests/support/test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in libubsan: place, the array's type, the index's type. */
static const struct {
    uint16_t kind, width_and_sign;
    char name[24];
} array_type = {0xffff, 0, "'MPI_Request [8]'"}, int_type = {0, 2 * 5 + 1, "'int'"},
  size_type = {0, 2 * 6, "'size_t'"};

struct found {
    const char *file;
    uint32_t line, column;
    const void *array, *index;
};

void __ubsan_handle_out_of_bounds(const struct found *found, uintptr_t index);

static void assert_said(const void *type, uintptr_t index, const char *words)
{
    const struct found found = {"/kit/solutions/step.c", 31, 9, &array_type, type};
    char text[1024] = "";
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        __ubsan_handle_out_of_bounds(&found, index);
        _exit(77); /* it must not come so far */
    }
    close(ends[1]);
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), EXIT_FAILURE);
    ck_assert_msg(strstr(text, words) != NULL, "no \"%s\" in: %s", words, text);
}

START_TEST(place_index_and_array_are_named)
{
    assert_said(&int_type, 8, "step.c:31: the index 8 is outside of an array 'MPI_Request [8]'");
    assert_said(&size_type, 71, "the index 71 is outside");
}
END_TEST

/* The value of an int comes without its sign. */
START_TEST(a_negative_index)
{
    assert_said(&int_type, (uint32_t)-1, "the index -1 is outside");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("array bounds");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, place_index_and_array_are_named);
    tcase_add_test(tests, a_negative_index);
    suite_add_tcase(suite, tests);
    return suite;
}
