/*
 * The judge of split, on results written by hand: right ones of every kind, known mistakes, and files that are none.
 */
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/tests/support/judged_probe.h"
#include "tests/support/test.h"

typedef void part_rule(int size, int ranks, int rank, int *begin, int *end);

/* Ranks that have one more are those in front, behind, or in between. */
static void more_first(int size, int ranks, int rank, int *begin, int *end)
{
    *begin = 0;
    for (int r = 0; r <= rank; r++) {
        *end = *begin + size / ranks + (r < size % ranks);
        *begin = r < rank ? *end : *begin;
    }
}

static void more_last(int size, int ranks, int rank, int *begin, int *end)
{
    more_first(size, ranks, ranks - 1 - rank, end, begin);
    *begin = size - *begin;
    *end = size - *end;
}

static void spread(int size, int ranks, int rank, int *begin, int *end)
{
    *begin = size * rank / ranks;
    *end = size * (rank + 1) / ranks;
}

static void lost(int size, int ranks, int rank, int *begin, int *end)
{
    *begin = size / ranks * rank;
    *end = *begin + size / ranks;
}

static void first_has_all(int size, int ranks, int rank, int *begin, int *end)
{
    const int first = size - size / ranks * (ranks - 1);
    *begin = rank == 0 ? 0 : first + size / ranks * (rank - 1);
    *end = first + size / ranks * rank;
}

static void up(int size, int ranks, int rank, int *begin, int *end)
{
    const int each = size % ranks ? size / ranks + 1 : size / ranks;
    *begin = each * rank;
    *end = each * rank + each;
}

static void up_to_size(int size, int ranks, int rank, int *begin, int *end)
{
    up(size, ranks, rank, begin, end);
    *end = MIN(*end, size);
}

static void one_back(int size, int ranks, int rank, int *begin, int *end)
{
    more_last(size, ranks, rank, begin, end);
    *begin -= rank > 0;
}

static void from_one(int size, int ranks, int rank, int *begin, int *end)
{
    more_first(size, ranks, rank, begin, end);
    ++*begin;
    ++*end;
}

static void next_rank(int size, int ranks, int rank, int *begin, int *end)
{
    spread(size, ranks, rank + 1, begin, end);
}

static void inside(int size, int ranks, int rank, int *begin, int *end)
{
    spread(size, ranks, rank, begin, end);
    --*end;
}

static void all(int size, int ranks, int rank, int *begin, int *end)
{
    (void)ranks;
    (void)rank;
    *begin = 0;
    *end = size;
}

/* Every rank has one, and the last one the rest: known by no name. */
static void greedy(int size, int ranks, int rank, int *begin, int *end)
{
    *begin = rank;
    *end = rank == ranks - 1 ? size : rank + 1;
}

enum answer { RIGHT_ANSWER, ALWAYS_YES, DIVISORS_ONLY, NO_REASON, ONE_WORD, OVERRUN };

static json_t *split_case(int size, int ranks, part_rule *rule, enum answer answer)
{
    const bool accepted = answer == ALWAYS_YES      ? true
                          : answer == DIVISORS_ONLY ? size % ranks == 0
                                                    : size >= ranks;
    json_t *parts = json_array();
    for (int rank = 0; accepted && size >= ranks && rank < ranks; rank++) {
        int from, to;
        rule(size, ranks, rank, &from, &to);
        json_array_append_new(parts, json_pack("[ii]", from, to));
    }
    const char *reason = answer == NO_REASON  ? " "
                         : answer == ONE_WORD ? "impossi"
                                              : "too many ranks for so few columns";
    return json_pack("{si si sb ss sb so}", "size", size, "ranks", ranks, "accepted", accepted,
                     "reason", accepted ? "" : reason, "overrun", answer == OVERRUN, "parts",
                     parts);
}

static void write_split(part_rule *rule, enum answer answer, int sizes)
{
    json_t *table = json_array();
    for (int size = 1; size <= sizes; size++)
        for (int ranks = 1; ranks <= SPLIT_ALL_RANKS; ranks++)
            json_array_append_new(table, split_case(size, ranks, rule, answer));
    json_array_append_new(table, split_case(5000, 64, rule, answer));
    judged_probe_write("probe-split.json", table);
}

START_TEST(right)
{
    static part_rule *const rules[] = {more_first, more_last, spread};
    write_split(rules[_i], RIGHT_ANSWER, SPLIT_ALL_SIZES);
    judged_probe_expect(tensor_judge_split, VERDICT_PASS, NULL, NULL);
    write_split(rules[_i], RIGHT_ANSWER, SPLIT_ALL_SIZES - 1);
    judged_probe_expect(tensor_judge_split, VERDICT_FAIL, "lacks 24 things on 1 ranks", NULL);
}
END_TEST

static const struct {
    part_rule *rule;
    const char *says, *mistake;
} wrong_parts[] = {
    {lost, "split(3, 2, …) gives {0, 1}, {1, 2}: nobody has 2", "remainder lost"},
    {first_has_all, "{0, 3}, {3, 4}, {4, 5}: one rank has 3 and another 1",
     "the first rank takes all of the remainder"},
    {up, "split(3, 2, …) gives {0, 2}, {2, 4}: the last is 3, and there is no 3", "rounded up"},
    {up_to_size, "split(4, 3, …) gives {0, 2}, {2, 4}, {4, 4}: rank 2 has nothing", "rounded up"},
    {one_back, "rank 1 begins with 0, which a rank before it has, too", "parts overlap by one"},
    {from_one, "split(1, 1, …) gives {1, 2}: nobody has 0", "things are counted from 1"},
    {next_rank, "split(1, 1, …) gives {1, 2}: nobody has 0", "ranks are counted from 1"},
    {inside, "split(1, 1, …) gives {0, 0}: rank 0 has nothing", "end is taken for the last one"},
    {all, "split(2, 2, …) gives {0, 2}, {0, 2}: rank 1 begins with 0", "every rank has everything"},
    {greedy, "split(4, 2, …) gives {0, 1}, {1, 4}: one rank has 3 and another 1", NULL},
};

START_TEST(wrong_parts_are_told)
{
    write_split(wrong_parts[_i].rule, RIGHT_ANSWER, SPLIT_ALL_SIZES);
    judged_probe_expect(tensor_judge_split, VERDICT_FAIL, wrong_parts[_i].says,
                        wrong_parts[_i].mistake);
}
END_TEST

static const struct {
    enum answer answer;
    const char *says, *mistake;
} wrong_answers[] = {
    {ALWAYS_YES, "can_split(1, 2, …): accepted", NULL},
    {DIVISORS_ONLY, "can_split(3, 2, …): refused", "refuses what does not divide"},
    {NO_REASON, "can_split(1, 2, …): refused without a reason", NULL},
    {ONE_WORD, "sizeof taken of a pointer", NULL},
    {OVERRUN, "can_split(1, 1, …): it wrote behind the end of reason", NULL},
};

START_TEST(wrong_answers_are_told)
{
    write_split(more_first, wrong_answers[_i].answer, SPLIT_ALL_SIZES);
    judged_probe_expect(tensor_judge_split, VERDICT_FAIL, wrong_answers[_i].says,
                        wrong_answers[_i].mistake);
}
END_TEST

START_TEST(unusable_files)
{
    judged_probe_expect_unusable(tensor_judge_split, "probe-split.json");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of split");
    TCase *tests = tcase_create("judge of split");
    tcase_add_checked_fixture(tests, judged_probe_begin, judged_probe_end);
    tcase_add_loop_test(tests, right, 0, 3);
    tcase_add_loop_test(tests, wrong_parts_are_told, 0, G_N_ELEMENTS(wrong_parts));
    tcase_add_loop_test(tests, wrong_answers_are_told, 0, G_N_ELEMENTS(wrong_answers));
    tcase_add_test(tests, unusable_files);
    suite_add_tcase(suite, tests);
    return suite;
}
