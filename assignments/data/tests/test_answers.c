/* The judges of answers.md. */
#include "assignments/data/judges/answers/answers.h"
#include "tests/support/judged_answers.h"
#include "tests/support/test.h"

struct answer {
    const char *rows;
    const char *says; /* NULL: right */
};

static void expect_table(judge_function *judge, const char *head, const struct answer *answer)
{
    g_autofree char *content =
        g_strconcat("# Answers\n\n", head, answer->rows, "\n## Q9\n\n| a |\n|---|\n", NULL);
    judged_answers_expect(judge, content, answer->says ? VERDICT_FAIL : VERDICT_PASS, answer->says);
}

/* ---- Q2 ------------------------------------------------------------------------------------------ */

#define MESSAGES_HEAD                                                                              \
    "## Q2\n\nText.\n\n| way | ranks | numbers | all-reduces | messages | bytes | microseconds "   \
    "|\n|---|---|---|---|---|---|---|\n"
#define RING_2  "| ring | 2 | 600000 | 1 | 2 | 2400000 | 2420 |\n"
#define RING_8  "| ring | 8 | 600000 | 1 | 14 | 4200000 | 4340 |\n"
#define RING_60 "| ring | 8 | 600000 | 60 | 840 | 4200000 | 12600 |\n"
#define HALVING "| halving-doubling | 8 | 600000 | 60 | 360 | 4200000 | 7800 |\n"
#define ASKED   RING_2 RING_8 RING_60 HALVING

static const struct answer messages[] = {
    {ASKED "| ring | 4 | 1000 | 10 | 60 | 6000 | 606 |\n", NULL},
    /* In another order, with units and separators. */
    {HALVING "| `Ring` | 4 | 1,000 | 10 | 60 | 6000 bytes | 606 |\n" RING_60 RING_8
             "| ring | 2 | 600 000 | 1 | 2 | 2,400,000 | 2,420 |\n| | | | | | | |\n",
     NULL},
    /* 10 numbers, 3 ranks: chunks of 3, 3 and 4, so a rank sends 2 (10 - 3) or 2 (10 - 4) numbers. */
    {ASKED "| ring | 3 | 10 | 1 | 4 | 56 | 40 |\n", NULL},
    {ASKED "| ring | 3 | 10 | 1 | 4 | 48 | 40 |\n", NULL},
    {ASKED "| ring | 3 | 10 | 1 | 4 | 80 | 40 |\n", "row 5, bytes"},
    {ASKED "| halving-doubling | 16 | 25000000 | 4 | 32 | 187500000 | 187820 |\n", NULL},
    {ASKED "| halving-doubling | 6 | 600 | 1 | 6 | 4000 | 64 |\n", "no power of two"},
    {ASKED, "a row with numbers of your own"},
    {ASKED RING_8, "a row with numbers of your own"},
    {RING_2 RING_8 RING_60, "lacks the row of halving-doubling with 8 ranks"},
    {ASKED "| ring | 1 | 600 | 1 | 0 | 0 | 0 |\n", "row 5, ranks"},
    {ASKED "| tree | 4 | 600 | 1 | 4 | 4 | 4 |\n", "row 5: the way is “tree”"},
    {"| ring | 2 | 600000 | 1 | 1 | 2400000 | 2420 |\n", "Once round"},
    {"| ring | 2 | 600000 | 1 | 2 | 1200000 | 2420 |\n", "Once round"},
    {"| ring | 2 | 600000 | 1 | 2 | 600000 | 2420 |\n", "A float32 has 4 bytes"},
    {"| ring | 8 | 600000 | 1 | 14 | 2400000 | 4340 |\n", "what a rank hands in"},
    {"| ring | 8 | 600000 | 1 | 14 | 33600000 | 4340 |\n", "a p-th of the numbers"},
    {"| ring | 8 | 600000 | 60 | 14 | 4200000 | 12600 |\n", "That is one all-reduce"},
    {"| ring | 8 | 600000 | 60 | 840 | 252000000 | 12600 |\n", "share the numbers"},
    {"| ring | 8 | 600000 | 60 | 840 | 4200000 | 4200 |\n", "a latency as well"},
    {"| halving-doubling | 8 | 600000 | 60 | 840 | 4200000 | 7800 |\n", "That is a ring"},
    {"| ring | 2 | 600000 | 1 | two | 2400000 | 2420 |\n", "“two” is not a number"},
    {"| ring | 2 | 600000 | 1 | 2 | nan | 2420 |\n", "“nan” is not a number"},
    {"| ring | 2 | 600000 | 1 |  |  |  |\n", "nothing is in the table yet"},
    {"| ring | 2 | 600000 | 1 | 2 |  |  |\n", "row 1, bytes"},
    {"", "nothing is in the table yet"},
};

START_TEST(messages_of_a_step)
{
    expect_table(data_judge_answer_messages, MESSAGES_HEAD, &messages[_i]);
}
END_TEST

/* ---- Q3 ------------------------------------------------------------------------------------------ */

#define NORMS_HEAD "## Q3\n\n| layer | same |\n|---|---|\n"
#define NORMS(layer, local, cut, synchronised, twice, dropout)                                     \
    "| layer norm | " layer " |\n"                                                                 \
    "| batch norm, local, one process with all samples in one micro-batch | " local " |\n"         \
    "| batch norm, local, one process with each rank's samples as a micro-batch of their own "     \
    "| " cut " |\n"                                                                                \
    "| batch norm, synchronised, one process with all samples in one micro-batch "                 \
    "| " synchronised " |\n"                                                                       \
    "| batch norm, synchronised, two micro-batches on each rank, one process with all samples in " \
    "one micro-batch | " twice " |\n"                                                              \
    "| dropout by the sample's place in the whole batch | " dropout " |\n"

static const struct answer norms[] = {
    {NORMS("yes", "no", "yes", "yes", "no", "yes"), NULL},
    {NORMS("Yes.", "no: other samples", "yes", "`yes`", "No", "yes, by its place"), NULL},
    {NORMS("no", "no", "yes", "yes", "no", "yes"), "Is any of that on another rank?"},
    {NORMS("yes", "yes", "yes", "yes", "no", "yes"), "Over how many samples"},
    {NORMS("yes", "no", "no", "yes", "no", "yes"), "in a micro-batch, and over which a rank"},
    {NORMS("yes", "no", "yes", "no", "no", "yes"), "Whose are missing?"},
    {NORMS("yes", "no", "yes", "yes", "yes", "yes"), "Ranks are synchronised, in each micro-batch"},
    {NORMS("yes", "no", "yes", "yes", "no", "no"), "which rank the sample is on"},
    {NORMS("yes", "no", "yes", "yes", "no", "maybe"), "write yes or no"},
    {NORMS("", "", "", "", "", ""), "nothing is in the table yet"},
    {"| layer norm | yes |\n", "lacks the row “batch norm, local"},
};

START_TEST(norm)
{
    expect_table(data_judge_answer_norms, NORMS_HEAD, &norms[_i]);
}
END_TEST

/* ---- Q4 ------------------------------------------------------------------------------------------ */

#define GROUPS_HEAD "## Q4\n\n| what | ranks |\n|---|---|\n"
#define GROUPS(split, average, broadcast, from, to, table)                                         \
    "| sum of the output of a split layer | " split " |\n"                                         \
    "| average of the gradients of its weights | " average " |\n"                                  \
    "| broadcast of its weights at the beginning | " broadcast " |\n"                              \
    "| activations come from | " from " |\n"                                                       \
    "| activations go to | " to " |\n"                                                             \
    "| sum of the gradients of a table that first and last stage share | " table " |\n"

static const struct answer groups[] = {
    {GROUPS("4, 5", "5, 7", "5, 7", "1", "9", "1, 9"), NULL},
    {GROUPS("rank 4", "{7, 5}", "5 and 7", "rank 1", "rank 9", "ranks 9 and 1"), NULL},
    {GROUPS("5, 7", "5, 7", "5, 7", "1", "9", "1, 9"), "beside it along data"},
    {GROUPS("4, 5", "4, 5", "5, 7", "1", "9", "1, 9"), "beside it along tensor"},
    {GROUPS("4, 5", "5, 7", "0 to 11", "1", "9", "1, 9"), "broadcast"},
    {GROUPS("4, 5", "1, 5, 9", "5, 7", "1", "9", "1, 9"), "beside it along pipeline"},
    {GROUPS("4, 5", "5, 7", "5, 7", "3", "9", "1, 9"), "the stage before"},
    {GROUPS("4, 5", "5, 7", "5, 7", "1, 5", "9", "1, 9"), "Rank 5 itself is not among them"},
    {GROUPS("4, 5", "5, 7", "5, 7", "1", "1", "1, 9"), "the stage behind"},
    {GROUPS("4, 5", "5, 7", "5, 7", "1", "9", "1, 5, 9"), "Rank 5 itself is not among them"},
    {GROUPS("4, 5", "5, 7", "5, 7", "1", "9", "0, 8"), "in the middle"},
    {GROUPS("4, 12", "5, 7", "5, 7", "1", "9", "1, 9"), "ranks of the world, 0 to 11"},
    {GROUPS("the same", "5, 7", "5, 7", "1", "9", "1, 9"), "ranks of the world, 0 to 11"},
    {GROUPS("5", "5, 7", "5, 7", "1", "9", "1, 9"), "sum of the output"},
    {GROUPS("", "", "", "", "", ""), "nothing is in the table yet"},
    {"| activations go to | 9 |\n", "lacks the row “sum of the output"},
};

START_TEST(group)
{
    expect_table(data_judge_answer_groups, GROUPS_HEAD, &groups[_i]);
}
END_TEST

/* ---- Q5 ------------------------------------------------------------------------------------------ */

#define SPEED_HEAD                                                                                 \
    "## Q5\n\n| run | ranks | one process, s | epoch, s | speed-up | efficiency |\n"               \
    "|---|---|---|---|---|---|\n"
#define PARALLEL  "| data parallel | 2 | 20.64 | 14.24 | 1.45 | 0.72 |\n"
#define NAIVE     "| naive layer split | 2 | 20.64 | 21.26 | 0.97 | 0.49 |\n"
#define PIPELINE  "| pipeline | 2 | 20.64 | 36.46 | 0.57 | 0.28 |\n"
#define PUBLISHED PARALLEL NAIVE PIPELINE

static const struct answer speeds[] = {
    {PUBLISHED "| flat | 2 | 1.024 | 0.547 | 1.87 | 0.94 |\n", NULL},
    {"| flat | 4 | 8 | 2 | 4 | 1 |\n" PIPELINE NAIVE
     "| data parallel | 2 | 20.64 | 14.24 | 1.4494 | 0.7247 |\n",
     NULL},
    {PUBLISHED, "a row of a run of your own"},
    {PUBLISHED PARALLEL, "a row of a run of your own"},
    {PARALLEL NAIVE "| flat | 4 | 8 | 2 | 4 | 1 |\n",
     "lacks the row of the published run “pipeline”"},
    {"| data parallel | 2 | 20.64 | 14.24 | 0.69 | 0.72 |\n", "the other way round"},
    {"| data parallel | 2 | 20.64 | 14.24 | 1.45 | 1.45 |\n", "That is the speed-up"},
    {"| data parallel | 2 | 20.64 | 14.24 | 145 | 0.72 |\n", "not per cent"},
    {"| data parallel | 2 | 20.64 | 14.24 | 1.45 | 72 |\n", "not per cent"},
    {"| data parallel | 2 | 20.64 | 14.24 | 2 | 1 |\n", "row 1, speed-up"},
    {PUBLISHED "| flat | 2 | 1.024 | 0.547 | 1.99 | 0.94 |\n", "row 4, speed-up"},
    {PUBLISHED "| flat | 2 | 1.024 | 0 | 1.99 | 0.94 |\n", "row 4, epoch, s"},
    {"| data parallel | 2 | 20.64 | 14.24 | faster | 0.72 |\n", "“faster” is not a number"},
    {"| data parallel | 2 | 20.64 | 14.24 | | |\n", "nothing is in the table yet"},
};

START_TEST(speed)
{
    expect_table(data_judge_answer_speed_up, SPEED_HEAD, &speeds[_i]);
}
END_TEST

/* ---- Q7 ------------------------------------------------------------------------------------------ */

#define SNIPPETS_HEAD "## Q7\n\n    A   code\n\n| snippet | fault |\n|---|---|\n"

static const struct answer snippets[] = {
    {"| A | 4 |\n| B | 2 |\n| C | 6 |\n| D | 7 |\n| E | 3 |\n| F | 1 |\n", NULL},
    {"| f | 1. |\n| e) | fault 3 |\n| D | (7) |\n| C | 6 |\n| B | 2 |\n| A | 4 |\n", NULL},
    {"| A | 1 |\n| B | 2 |\n| C | 6 |\n| D | 7 |\n| E | 3 |\n| F | 1 |\n", "Q7, A, fault: “1”"},
    {"| A | 4 |\n| B | 8 |\n| C | 6 |\n| D | 7 |\n| E | 3 |\n| F | 1 |\n",
     "an epoch of four samples"},
    {"| A | 4 |\n| B | 2 |\n| C | 4 |\n| D | 7 |\n| E | 3 |\n| F | 1 |\n",
     "after how many messages"},
    {"| A | 4 |\n| B | 2 |\n| C | 6 |\n| D | 5 |\n| E | 3 |\n| F | 1 |\n", "used on rank 0 only"},
    {"| A | 4 |\n| B | 2 |\n| C | 6 |\n| D | 7 |\n| E | 1 |\n| F | 1 |\n", "different stages"},
    {"| A | 4 |\n| B | 2 |\n| C | 6 |\n| D | 7 |\n| E | 3 |\n| F | 2 |\n", "each sample count"},
    {"| A |  |\n| B |  |\n| C |  |\n| D |  |\n| E |  |\n| F |  |\n", "nothing is in the table yet"},
};

START_TEST(snippet)
{
    expect_table(data_judge_answer_snippets, SNIPPETS_HEAD, &snippets[_i]);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------------- */

START_TEST(files_that_are_no_answers)
{
    judge_function *const all[] = {data_judge_answer_messages, data_judge_answer_norms,
                                   data_judge_answer_groups, data_judge_answer_speed_up,
                                   data_judge_answer_snippets};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        judged_answers_expect(all[i], NULL, VERDICT_FAIL, "there is no answers.md");
        judged_answers_expect(all[i], "## Q1\n\nno table\n", VERDICT_FAIL, "has no table below");
    }
    judged_answers_expect(data_judge_answer_groups, "## Q4\n\n| what |\n|---|\n", VERDICT_FAIL,
                          "the columns what, ranks");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("answers");
    TCase *cases = tcase_create("answers.md");
    tcase_add_checked_fixture(cases, judged_answers_begin, judged_answers_end);
    tcase_add_loop_test(cases, messages_of_a_step, 0, G_N_ELEMENTS(messages));
    tcase_add_loop_test(cases, norm, 0, G_N_ELEMENTS(norms));
    tcase_add_loop_test(cases, group, 0, G_N_ELEMENTS(groups));
    tcase_add_loop_test(cases, speed, 0, G_N_ELEMENTS(speeds));
    tcase_add_loop_test(cases, snippet, 0, G_N_ELEMENTS(snippets));
    tcase_add_test(cases, files_that_are_no_answers);
    suite_add_tcase(suite, cases);
    return suite;
}
