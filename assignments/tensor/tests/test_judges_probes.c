/*
 * The judges of split and of forms, on results written by hand: right ones of every kind, known mistakes, and
 * files that are none.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/way_table.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <string.h>

static struct logged_run *run;

static void begin(void)
{
    run = logged_run_new(1);
    logged_run_end(run);
}

static void end(void)
{
    logged_run_free(run);
}

static void write_text(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void write_table(const char *name, json_t *table)
{
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert_int_eq(json_dump_file(table, path, 0), 0);
    json_decref(table);
}

/* says: in the headline; mistake: what is named, or NULL for none. */
static void expect(judge_function *judge, enum verdict_kind kind, const char *says,
                   const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake ? mistake : "") == 0, "named \"%s\": %s",
                  verdict->mistake->str, verdict->headline->str);
    logged_run_expect(verdict, kind, says);
}

START_TEST(unusable_files)
{
    static const char *const unusable[] = {
        "", "[", "{}", "[]", "[1, 2]", "[{\"size\": \"x\"}]", "[{\"links\": [9], \"forms\": [0]}]"};
    judge_function *judge = _i ? tensor_judge_forms : tensor_judge_split;
    const char *name = _i ? "probe-forms.json" : "probe-split.json";
    expect(judge, VERDICT_FAIL, name, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(unusable); i++) {
        write_text(name, unusable[i]);
        expect(judge, VERDICT_FAIL, name, NULL);
    }
}
END_TEST

/* ---- split ---------------------------------------------------------------------------------------- */

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
    write_table("probe-split.json", table);
}

START_TEST(split_right)
{
    static part_rule *const rules[] = {more_first, more_last, spread};
    write_split(rules[_i], RIGHT_ANSWER, SPLIT_ALL_SIZES);
    expect(tensor_judge_split, VERDICT_PASS, NULL, NULL);
    write_split(rules[_i], RIGHT_ANSWER, SPLIT_ALL_SIZES - 1);
    expect(tensor_judge_split, VERDICT_FAIL, "lacks 24 things on 1 ranks", NULL);
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

START_TEST(split_wrong_parts)
{
    write_split(wrong_parts[_i].rule, RIGHT_ANSWER, SPLIT_ALL_SIZES);
    expect(tensor_judge_split, VERDICT_FAIL, wrong_parts[_i].says, wrong_parts[_i].mistake);
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

START_TEST(split_wrong_answers)
{
    write_split(more_first, wrong_answers[_i].answer, SPLIT_ALL_SIZES);
    expect(tensor_judge_split, VERDICT_FAIL, wrong_answers[_i].says, wrong_answers[_i].mistake);
}
END_TEST

/* ---- forms ------------------------------------------------------------------------------------------ */

/* Letters: l, c, n, b, e for links; w, C, G, R, s, ? for forms. */
static const char link_letters[] = "lcnbe", form_letters[] = "wCGRs";

static json_t *letters(const char *text, const char *all_letters)
{
    json_t *numbers = json_array();
    for (; *text; text++) {
        const char *at = strchr(all_letters, *text);
        json_array_append_new(numbers, json_integer(at ? at - all_letters : UNTOUCHED_FORM));
    }
    return numbers;
}

static json_t *chain(const char *links, const char *forms, bool overrun)
{
    return json_pack("{so so sb}", "links", letters(links, link_letters), "forms",
                     letters(forms, form_letters), "overrun", overrun);
}

/* One chain among many that are right: `e` alone, which is whole. */
static void write_forms(const char *links, const char *forms, bool overrun)
{
    json_t *table = json_array();
    for (int i = 0; i < 100; i++)
        json_array_append_new(table, chain("e", "w", false));
    json_array_append_new(table, chain(links, forms, overrun));
    write_table("probe-forms.json", table);
}

static const struct {
    const char *way, *links, *forms;
    const char *says; /* NULL: it is right */
    const char *mistake;
} chains[] = {
    {"gathers", "lel", "GwG", NULL, NULL},
    {"gathers", "lel", "CsR", "what leaves link 0 is split", NULL},
    {"gathers", "lcl", "GwG", "link 1 has a weight, and is not split", NULL},
    {"gathers", "ll", "ww", "link 0 has a weight", "nothing is split"},
    {"one-round", "lel", "CsR", NULL, NULL},
    {"one-round", "lel", "GwG", "2 rounds of messages in the forward, where 1 are enough",
     "every layer gathers what it gives"},
    {"one-round", "lell", "CsRG", NULL, NULL},
    {"one-round", "lell", "GwCR", NULL, NULL},
    {"one-round", "lell", "CsRC", "FORM_COLUMN gives a split tensor", NULL},
    {"one-round", "lell", "CsR?", "link 3 was given no form", NULL},
    {"one-round", "lell", "CwRG", "FORM_WHOLE takes a whole tensor, and a split one comes", NULL},
    {"one-round", "lell", "CsRw", "link 3 has a weight, and is not split", NULL},
    {"one-round", "cbeel", "CsssR", NULL, NULL},
    /* A layer norm in between: split, or before it gathered. */
    {"one-round", "lnel", "CssR", NULL, NULL},
    {"one-round", "lnel", "GwwG", NULL, NULL},
    {"one-round", "lnlel", "GwCsR", NULL, NULL},
    {"one-round", "lnlel", "CsRwG", NULL, NULL},
    /* One that shares no round although no layer norm is in between. */
    {"one-round", "lnlelel", "CsRwGwG", "3 rounds of messages in the forward, where 2 are enough",
     NULL},
};

START_TEST(forms)
{
    g_strlcpy(run->outcome.options.step, chains[_i].way, sizeof run->outcome.options.step);
    write_forms(chains[_i].links, chains[_i].forms, false);
    expect(tensor_judge_forms, chains[_i].says ? VERDICT_FAIL : VERDICT_PASS, chains[_i].says,
           chains[_i].mistake);
}
END_TEST

START_TEST(forms_outside_of_the_array)
{
    write_forms("lel", "CsR", true);
    expect(tensor_judge_forms, VERDICT_FAIL, "outside of the array", NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of probes");
    TCase *tests = tcase_create("judges of probes");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, unusable_files, 0, 2);
    tcase_add_loop_test(tests, split_right, 0, 3);
    tcase_add_loop_test(tests, split_wrong_parts, 0, G_N_ELEMENTS(wrong_parts));
    tcase_add_loop_test(tests, split_wrong_answers, 0, G_N_ELEMENTS(wrong_answers));
    tcase_add_loop_test(tests, forms, 0, G_N_ELEMENTS(chains));
    tcase_add_test(tests, forms_outside_of_the_array);
    suite_add_tcase(suite, tests);
    return suite;
}
