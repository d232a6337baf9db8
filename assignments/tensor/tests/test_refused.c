/*
 * What the tensor program is asked for and can't do: each is refused before anything is trained, in one line that
 * says what is wrong and what would do.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define DATA "--steps 1 --data synthetic "
#define TEXT "--steps 1 --data synthetic-text:train=64 "

static const struct {
    int ranks;
    const char *arguments, *message;
} refused[] = {
    {2, DATA "--parallel one-rounds",
     "--parallel one-rounds: must be one-round, gathers, sequence, vocabulary or one-weird-trick"},
    {1, DATA "--probe splits", "--probe splits: there is no such probe; --help lists them"},
    {2, DATA "--against gathers", "leave --against out, and train once with each"},
    {2, DATA "--compare", "--compare: this assignment has nothing to compare"},
    {2, DATA "--chunks 2", "--chunks: unknown option"},
    {3, DATA "--model mlp:width=2", "2 can't be split over 3 ranks"},
    {3, DATA "--model vit:heads=2", "2 heads can't be split over 3 ranks"},
    {2, DATA "--batch 63 --micro-batches 4",
     "a batch of 63 samples can't be cut into 4 micro-batches"},
    {2, DATA "--parallel vocabulary --model mlp", "use it with a gpt"},
    {2, TEXT "--parallel vocabulary --model gpt --loss mean", "leave --loss out"},
    {2, DATA "--parallel one-weird-trick --model vit", "--parallel one-weird-trick is for cnn"},
    {2, DATA "--parallel one-weird-trick --model cnn:norm=batch", "use norm=layer or norm=none"},
    {3, DATA "--parallel one-weird-trick --model cnn --batch 8 --micro-batches 4",
     "make --batch larger, or --micro-batches smaller"},
    {2, DATA "--parallel sequence --model mlp", "is for vit, transformer and gpt"},
};
enum { REFUSED = sizeof refused / sizeof refused[0] };

START_TEST(refused_with_the_reason)
{
    /* Some on both machines: what refuses is the same code. */
    const int first = _i < 2 || !test_has_simulator() ? 0 : 1;
    for (int simulated = first; simulated <= (test_has_simulator() ? 1 : 0); simulated++) {
        struct test_run run = test_run_program(simulated, refused[_i].ranks, "solutions/tensor",
                                               refused[_i].arguments);
        ck_assert_msg(run.status == 2, "%s: exit status %d: " TEST_LONG, refused[_i].arguments,
                      run.status, run.output);
        ck_assert_msg(strstr(run.output, refused[_i].message) != NULL, "%s: " TEST_LONG,
                      refused[_i].arguments, run.output);
        if (!simulated) { /* there the simulator tells the exit status on a line of its own */
            const char *end = strchr(run.output, '\n');
            ck_assert_msg(end != NULL && end[1] == '\0', "%s: more than a line: " TEST_LONG,
                          refused[_i].arguments, run.output);
        }
        test_run_clear(&run);
    }
}
END_TEST

/* Every name that --parallel takes stands in --help, on a line that begins with it. */
START_TEST(help_lists_the_ways)
{
    static const char *const ways[] = {"one-round", "gathers", "sequence", "vocabulary",
                                       "one-weird-trick"};
    struct test_run run = test_run_program(false, 1, "solutions/tensor", "--help");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output, "What --parallel may be:"));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        g_autofree char *line = g_strdup_printf("\n  %s ", ways[i]);
        ck_assert_msg(strstr(run.output, line) != NULL, "%s: " TEST_LONG, ways[i], run.output);
    }
    test_run_clear(&run);
}
END_TEST

/* A number that another assignment's plan has is not left out silently. */
START_TEST(plans_take_their_own_numbers)
{
    struct test_run run =
        test_run_command("make --no-print-directory plan ASSIGNMENT=tensor RANKS=2 CHUNKS=2");
    ck_assert_int_ne(run.status, 0);
    ck_assert_msg(strstr(run.output, "make plan: CHUNKS") != NULL, TEST_LONG, run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "tensor has no such"));
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("refused");
    TCase *tests = tcase_create("refused");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, refused_with_the_reason, 0, REFUSED);
    tcase_add_test(tests, help_lists_the_ways);
    tcase_add_test(tests, plans_take_their_own_numbers);
    suite_add_tcase(suite, tests);
    return suite;
}
