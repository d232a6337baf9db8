/* The judges of answers.md. */
#include "assignments/tensor/judges/answers/answers.h"
#include "tests/support/judged_answers.h"
#include "tests/support/test.h"

static void expect_table(judge_function *judge, const char *head, const char *rows,
                         enum verdict_kind kind, const char *says)
{
    g_autofree char *content =
        g_strconcat("# Answers\n\n", head, rows, "\n## Q9\n\n| a |\n|---|\n", NULL);
    judged_answers_expect(judge, content, kind, says);
}

/* ---- Q3 ------------------------------------------------------------------------------------------ */

#define BYTES_HEAD                                                                                 \
    "## Q3\n\nText.\n\n| model | ranks | batch | tokens | width | forward | backward | sent |\n"   \
    "|---|---|---|---|---|---|---|---|\n"
#define MLP_2   "| mlp | 2 | 32 | - | 512 | 66816 | 65536 | 132352 |\n"
#define MLP_4   "| mlp | 4 | 20 | - | 96 | 8480 | 7680 | 24240 |\n"
#define BLOCK_4 "| block | 4 | 8 | 16 | 64 | 65536 | 65536 | 196608 |\n"
#define BLOCK_3 "| block | 3 | 5 | 10 | 96 | 38400 | 38400 | 102400 |\n"
#define OWN     "| block | 8 | 2 | 1024 | 4096 | 67108864 | 67108864 | 234881024 |\n"

static const struct {
    const char *rows;
    const char *says; /* NULL: right */
} bytes[] = {
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 OWN, NULL},
    /* In another order, with units and separators, and an mlp as the own row. */
    {"| MLP | 5 | 3 | 1 | 7 | 204 | 84 | 460.8 |\n" BLOCK_3 BLOCK_4 MLP_4
     "| `mlp` | 2 | 32 |  | 512 | 65.25 KiB | 64 KiB | 132,352 bytes |\n| | | | | | | | |\n",
     NULL},
    /* A ring's parts are whole numbers: a rank may send a little more than the formula says. */
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| mlp | 5 | 3 | - | 7 | 204 | 84 | 464 |\n", NULL},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| mlp | 5 | 3 | - | 7 | 204 | 84 | 360 |\n", "row 5, sent"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3, "a row with numbers of your own"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 BLOCK_4, "a row with numbers of your own"},
    {MLP_2 MLP_4 BLOCK_4 OWN, "lacks the row of the block with 3 ranks"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| block | 1 | 2 | 2 | 2 | 32 | 32 | 0 |\n", "row 5, ranks"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| gpt | 2 | 2 | 2 | 2 | 32 | 32 | 32 |\n", "row 5: the model"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| block | 2 | 2 | - | 2 | 32 | 32 | 32 |\n", "row 5, tokens"},
    {MLP_2 MLP_4 BLOCK_4 BLOCK_3 "| | | | | | 32 | 32 | 32 |\n", "row 5: the model"},
    {"| mlp | 2 | 32 | - | 512 | 16704 | 65536 | 132352 |\n", "number of numbers"},
    {"| mlp | 2 | 32 | - | 512 | 65536 | 65536 | 132352 |\n", "The last one sums, too"},
    {"| mlp | 2 | 32 | - | 512 | 66816 | 165888 | 132352 |\n", "Who wants it?"},
    {"| mlp | 2 | 32 | - | 512 | 66816 | 66816 | 132352 |\n", "row 1, backward"},
    {"| mlp | 2 | 32 | - | 512 | 33408 | 65536 | 132352 |\n", "does not depend on the number"},
    {"| mlp | 4 | 20 | - | 96 | 8480 | 7680 | 16160 |\n", "That is what a rank hands in"},
    {"| mlp | 4 | 20 | - | 96 | 8480 | 7680 | 12120 |\n", "A ring goes round twice"},
    {"| block | 4 | 8 | 16 | 64 | 32768 | 65536 | 196608 |\n", "Attention and perceptron"},
    {"| block | 4 | 8 | 16 | 64 | about 64000 | 65536 | 196608 |\n", "is not a number of bytes"},
    {"| block | 4 | 8 | 16 | 64 | 65.5 kB | 65536 | 196608 |\n", "is not a number of bytes"},
    {"| block | 4 | 8 | 16 | 64 | -65536 | 65536 | 196608 |\n", "is not a number of bytes"},
    {"| block | 4 | 8 | 16 | 64 | nan | 65536 | 196608 |\n", "is not a number of bytes"},
    {"| block | 4 | 99999999999999999999 | 16 | 64 | 1 | 1 | 1 |\n", "row 1, batch"},
    {"| mlp | 2 | 32 | - | 512 |\n", "nothing is in the table yet"},
    {"| mlp | 2 | 32 | - | 512 | 66816 |\n", "row 1, backward"},
    {"", "nothing is in the table yet"},
};

START_TEST(bytes_of_a_step)
{
    expect_table(tensor_judge_answer_bytes, BYTES_HEAD, bytes[_i].rows,
                 bytes[_i].says ? VERDICT_FAIL : VERDICT_PASS, bytes[_i].says);
}
END_TEST

/* ---- Q5 ------------------------------------------------------------------------------------------ */

#define DROPOUT_HEAD "## Q5\n\n| place | mask |\n|---|---|\n"
#define PLACES(whole, columns, heads, tokens, copies)                                              \
    "| behind the sum of a row-parallel layer | " whole " |\n"                                     \
    "| between the column- and the row-parallel layer | " columns " |\n"                           \
    "| attention weights, heads split | " heads " |\n"                                             \
    "| behind a row-parallel layer, tokens split (sequence parallelism) | " tokens " |\n"          \
    "| two data-parallel copies of the model, any place | " copies " |\n"

static const struct {
    const char *rows;
    const char *says; /* NULL: right */
} dropouts[] = {
    {PLACES("same", "different", "different", "different", "different"), NULL},
    {PLACES("The same mask", "`different`", "Different ones.", "different: other tokens",
            "**different**"),
     NULL},
    {PLACES("different", "different", "different", "different", "different"), "behind the sum"},
    {PLACES("same", "same", "different", "different", "different"), "Column 0 of one rank"},
    {PLACES("same", "different", "same", "different", "different"), "two heads of the model"},
    {PLACES("same", "different", "different", "same", "different"), "all tokens or some"},
    {PLACES("same", "different", "different", "different", "same"), "the same samples"},
    {PLACES("same or different", "different", "different", "different", "different"),
     "several answers"},
    {PLACES("same", "differently", "different", "different", "different"),
     "write same or different"},
    {PLACES("", "", "", "", ""), "nothing is in the table yet"},
    {"| attention weights, heads split | different |\n", "lacks the row “behind the sum"},
};

START_TEST(dropout)
{
    expect_table(tensor_judge_answer_dropout, DROPOUT_HEAD, dropouts[_i].rows,
                 dropouts[_i].says ? VERDICT_FAIL : VERDICT_PASS, dropouts[_i].says);
}
END_TEST

/* ---- Q6 ------------------------------------------------------------------------------------------ */

#define NORMS_HEAD "## Q6\n\n| norm | forward | backward | gradients |\n|---|---|---|---|\n"
#define NORM_ROWS(whole, columns, batch, tokens)                                                   \
    "| layer norm on whole activations | " whole " |\n"                                            \
    "| layer norm on split columns | " columns " |\n"                                              \
    "| batch norm on split channels | " batch " |\n"                                               \
    "| layer norm on split tokens (sequence parallelism) | " tokens " |\n"
#define NOTHING "no | no | no"

static const struct {
    const char *rows;
    const char *says; /* NULL: right */
} norms[] = {
    {NORM_ROWS(NOTHING, "yes | yes | no", NOTHING, "no | no | yes"), NULL},
    {NORM_ROWS("No | no | No.", "yes, two sums | Yes | no", NOTHING, "no | no | yes!"), NULL},
    {NORM_ROWS("no | no | yes", "yes | yes | no", NOTHING, "no | no | yes"), "whole activations"},
    {NORM_ROWS(NOTHING, "yes | no | no", NOTHING, "no | no | yes"), "split columns, backward"},
    {NORM_ROWS(NOTHING, "yes | yes | no", "yes | no | no", "no | no | yes"), "Who has them all?"},
    {NORM_ROWS(NOTHING, "yes | yes | no", NOTHING, NOTHING), "split tokens"},
    {NORM_ROWS(NOTHING, "yes | yes | no", NOTHING, "no | no | both"), "write yes or no"},
    {NORM_ROWS("| |", "| |", "| |", "| |"), "nothing is in the table yet"},
};

START_TEST(norm)
{
    expect_table(tensor_judge_answer_norms, NORMS_HEAD, norms[_i].rows,
                 norms[_i].says ? VERDICT_FAIL : VERDICT_PASS, norms[_i].says);
}
END_TEST

/* ---- Q7 ------------------------------------------------------------------------------------------ */

#define SNIPPETS_HEAD "## Q7\n\n    A   code\n\n| snippet | fault |\n|---|---|\n"

static const struct {
    const char *rows;
    const char *says; /* NULL: right */
} snippets[] = {
    {"| A | 3 |\n| B | 5 |\n| C | 4 |\n| D | 6 |\n| E | 2 |\n| F | 7 |\n", NULL},
    {"| f | 7. |\n| e) | fault 2 |\n| D | (6) |\n| C | 4 |\n| B | 5 |\n| A | 3 |\n", NULL},
    {"| A | 5 |\n| B | 3 |\n| C | 4 |\n| D | 6 |\n| E | 2 |\n| F | 7 |\n", "Q7, A, fault: “5”"},
    {"| A | 3 |\n| B | 5 |\n| C | 6 |\n| D | 4 |\n| E | 2 |\n| F | 7 |\n", "Q7, C"},
    {"| A | 3 |\n| B | 5 |\n| C | 4 |\n| D | 6 |\n| E | 2 |\n| F | 8 |\n", "the shapes"},
    {"| A | 3 |\n| B | 5 |\n| C | 4 |\n| D | 6 |\n| E | 2, 1 |\n| F | 7 |\n", "several answers"},
    {"| A | 3 |\n| B | 5 |\n| C | 4 |\n| D | 6 |\n| E | 22 |\n| F | 7 |\n", "is no answer"},
    {"| A | 3 |\n| B | 5 |\n| C | 4 |\n| D | 6 |\n| E | 2 |\n", "lacks the row “F”"},
    {"| A |  |\n| B |  |\n| C |  |\n| D |  |\n| E |  |\n| F |  |\n", "nothing is in the table yet"},
};

START_TEST(snippet)
{
    expect_table(tensor_judge_answer_snippets, SNIPPETS_HEAD, snippets[_i].rows,
                 snippets[_i].says ? VERDICT_FAIL : VERDICT_PASS, snippets[_i].says);
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------------- */

START_TEST(files_that_are_no_answers)
{
    judged_answers_expect(tensor_judge_answer_bytes, NULL, VERDICT_FAIL, "there is no answers.md");
    judged_answers_expect(tensor_judge_answer_norms, "## Q6\n\nno table\n", VERDICT_FAIL,
                          "no table below Q6");
    judged_answers_expect(tensor_judge_answer_norms, "## Q6\n\n| norm | gradients |\n|---|---|\n",
                          VERDICT_FAIL, "the columns norm, forward, backward, gradients");
    judged_answers_expect(tensor_judge_answer_norms, NORMS_HEAD "\xff", VERDICT_FAIL, "UTF-8");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("answers");
    TCase *cases = tcase_create("answers.md");
    tcase_add_checked_fixture(cases, judged_answers_begin, judged_answers_end);
    tcase_add_loop_test(cases, bytes_of_a_step, 0, G_N_ELEMENTS(bytes));
    tcase_add_loop_test(cases, dropout, 0, G_N_ELEMENTS(dropouts));
    tcase_add_loop_test(cases, norm, 0, G_N_ELEMENTS(norms));
    tcase_add_loop_test(cases, snippet, 0, G_N_ELEMENTS(snippets));
    tcase_add_test(cases, files_that_are_no_answers);
    suite_add_tcase(suite, cases);
    return suite;
}
