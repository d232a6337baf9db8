/* The judges of answers.md. */
#include "assignments/pipeline/judges/answers/answers.h"
#include "assignments/pipeline/judges/judges.h"
#include "tests/support/judged_answers.h"
#include "tests/support/test.h"

#define HEAD "| Step | Rank 0 | Rank 1 | Rank 2 |\n|---|---|---|---|\n"
#define RIGHT                                                                                      \
    "| 1 | F 0, SEND_FORWARD 0 | - | - |\n"                                                        \
    "| 2 | F 1, SEND_FORWARD 1 | RECV_FORWARD 0, F 0, SEND_FORWARD 0 | - |\n"                      \
    "| 3 | - | RECV_FORWARD 1, F 1, SEND_FORWARD 1 | RECV_FORWARD 0, F 0 |\n"                      \
    "| 4 | - | - | RECV_FORWARD 1, F 1 |\n"

START_TEST(shape)
{
    static const char *const right[] = {
        "## Q3\n\nAnswer: (4, 64)\n", "# Q3: shape\nwhy\nAnswer: (4,64)\nbecause 1 2 3\n",
        "## Q3\n**Answer:** `[4, 64]`\n", "## Q3\n\nAnswer: (4, 64) of float32\n",
        "## q3\n\nanswer: 4 × 64\n\n## Q6\n\nAnswer: 7\n"};
    static const char *const wrong[] = {
        "## Q3\n\nAnswer: (32, 64)\n",
        "## Q3\n\nAnswer: (4, 64, 10)\n",
        "## Q3\n\nAnswer: (64, 4)\n",
        "## Q3\n\nAnswer: 464\n",
        "## Q3\n\nAnswer:\n\n(4, 64)\n",
        "## Q3\n\nAnswer: (99999999999999999999, 64)\n",
        "## Q30\n\nAnswer: (4, 64)\n",
        "## Q6\n\nAnswer: (4, 64)\n",
        "## Q3\n\n## Q6\n\nAnswer: (4, 64)\n",
        "## Q3\n\n<!-- Answer: (4, 64) -->\n",
        "",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++)
        judged_answers_expect(judge_answer_shape, right[i], VERDICT_PASS, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        judged_answers_expect(judge_answer_shape, wrong[i], VERDICT_FAIL, NULL);
    judged_answers_expect(judge_answer_shape, "## Q3\n\nAnswer:\n", VERDICT_FAIL,
                          "nothing stands behind");
    judged_answers_expect(judge_answer_shape, "## Q3\n\nAnswer: the whole batch\n", VERDICT_FAIL,
                          "is not right");
}
END_TEST

START_TEST(data)
{
    judged_answers_expect(judge_answer_data, "## Q6\n\nInputs: rank 0\nLabels: rank 3\n",
                          VERDICT_PASS, NULL);
    judged_answers_expect(judge_answer_data, "## Q6\n\n- Inputs: 0\n- Labels: 3\n", VERDICT_PASS,
                          NULL);
    judged_answers_expect(judge_answer_data, "## Q6\n\nInputs: rank 0, 3\nLabels: rank 3\n",
                          VERDICT_FAIL, "Inputs:");
    judged_answers_expect(judge_answer_data, "## Q6\n\nInputs: rank 0\nLabels: rank 0\n",
                          VERDICT_FAIL, "Labels:");
    judged_answers_expect(judge_answer_data, "## Q6\n\nInputs: rank 0\n", VERDICT_FAIL, "Labels:");
    judged_answers_expect(judge_answer_data, "## Q6\n\nInputs: rank\nLabels: rank\n", VERDICT_FAIL,
                          "nothing");
}
END_TEST

START_TEST(files_that_are_no_answers)
{
    judged_answers_expect(judge_answer_shape, NULL, VERDICT_FAIL, "there is no answers.md");
    judged_answers_expect(judge_answer_shape, "## Q3\n\nAnswer: (4, 64) \xff\xfe\n", VERDICT_FAIL,
                          "UTF-8");
    judged_answers_expect(judge_answer_table, "## Q7\n\nno table\n", VERDICT_FAIL, "no table");
}
END_TEST

/* ---- the table of Q7 --------------------------------------------------------------------------- */

static const struct {
    const char *rows;
    const char *says; /* NULL: right */
} tables[] = {
    {RIGHT "| 5 | - | - | B 0, SEND_BACKWARD 0 |\n"
           "| 6 | - | RECV_BACKWARD 0, B 0, SEND_BACKWARD 0 | B 1, SEND_BACKWARD 1 |\n"
           "| 7 | RECV_BACKWARD 0, B 0 | RECV_BACKWARD 1, B 1, SEND_BACKWARD 1 | |\n"
           "| 8 | RECV_BACKWARD 1, B 1 | | |\n",
     NULL},
    /* Backward in reversed order, other spelling, received in the step in which it is sent. */
    {RIGHT "| 5 | idle | `recv_backward 1` | b1, send_backward 1 |\n"
           "| 6 |  | B1; SEND_BACKWARD 1 | B0, SEND_BACKWARD0 |\n"
           "| 7 | RECV_BACKWARD 1, B 1 | RECV_BACKWARD 0, B 0 | |\n"
           "| 8 | | SEND_BACKWARD 0 | |\n"
           "| 9 | RECV_BACKWARD 0, B 0 | | |\n",
     NULL},
    /* The only way to a new line within a cell. */
    {"| 1 | F 0<br>SEND_FORWARD 0 | | |\n", "lacks RECV_BACKWARD"},
    {"| 1 | F 0, SEND_FORWARD 0 | RECV_FORWARD 0, F 0 | |\n", "row 1, rank 1: F 0"},
    {"| 1 | F 0, SEND_FORWARD 0, F 1 | | |\n", "row 1, rank 0: F 1: a rank does at most one"},
    {"| 1 | SEND_FORWARD 0, F 0 | | |\n", "row 1, rank 0: SEND_FORWARD 0: what is to be sent"},
    {"| 1 | RECV_FORWARD 0, F 0 | | |\n", "row 1, rank 0: RECV_FORWARD 0: this rank has no such"},
    {"| 1 | F 0 | RECV_FORWARD 0 | |\n| 2 | SEND_FORWARD 0 | | |\n",
     "row 1, rank 1: RECV_FORWARD 0: it has not been sent yet"},
    {"| 1 | F 0, SEND_FORWARD 0 | | |\n| 2 | | F 0 | |\n",
     "row 2, rank 1: F 0: what it needs has not been received"},
    {"| 1 | F 0, SEND_FORWARD 0 | | |\n| 2 | F 0 | | |\n", "row 2, rank 0: F 0: it has happened"},
    {RIGHT "| 5 | - | - | SEND_FORWARD 0 |\n", "row 5, rank 2: SEND_FORWARD 0: this rank has no"},
    /* 1F1B is something else. */
    {"| 1 | F 0, SEND_FORWARD 0 | | |\n| 2 | | RECV_FORWARD 0, F 0, SEND_FORWARD 0 | |\n"
     "| 3 | | | RECV_FORWARD 0, F 0 |\n| 4 | | | B 0, SEND_BACKWARD 0 |\n",
     "row 4, rank 2: B 0: all forwards come before"},
    {RIGHT, "lacks"},
    {"| 1 | F 2 | | |\n", "row 1, rank 0"},
    {"| 1 | FORWARD 0 | | |\n", "row 1, rank 0"},
    {"| 1 | F 0 F 1 | | |\n", "row 1, rank 0"},
    {"", "nothing is in the table yet"},
};

START_TEST(table)
{
    g_autofree char *content =
        g_strconcat("# Answers\n\n## Q7\n\nText.\n\n" HEAD, tables[_i].rows, "\n## Q8\n", NULL);
    judged_answers_expect(judge_answer_table, content,
                          tables[_i].says ? VERDICT_FAIL : VERDICT_PASS, tables[_i].says);
}
END_TEST

START_TEST(table_with_other_columns)
{
    judged_answers_expect(judge_answer_table, "## Q7\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
                          VERDICT_FAIL, "columns");
    judged_answers_expect(
        judge_answer_table,
        "## Q7\n\n| Step | Rank 2 | Rank 1 | Rank 0 |\n|---|---|---|---|\n| 1 | F 0 | | |\n",
        VERDICT_FAIL, "columns");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of answers");
    TCase *cases = tcase_create("answers.md");
    tcase_add_checked_fixture(cases, judged_answers_begin, judged_answers_end);
    tcase_add_test(cases, shape);
    tcase_add_test(cases, data);
    tcase_add_test(cases, files_that_are_no_answers);
    tcase_add_loop_test(cases, table, 0, G_N_ELEMENTS(tables));
    tcase_add_test(cases, table_with_other_columns);
    suite_add_tcase(suite, cases);
    return suite;
}
