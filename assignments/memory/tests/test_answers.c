/* The judges of answers.md. */
#include "assignments/memory/judges/answers/answers.h"
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

/* ---- Q1 ------------------------------------------------------------------------------------------ */

#define SAVINGS_HEAD                                                                               \
    "## Q1\n\nText.\n\n| ZeRO | format | ranks | bytes a parameter | GiB | saves "                 \
    "|\n|---|---|---|---|---|---|\n"
#define ZERO_0  "| 0 | 16 bits | 8 | 16 | 104.31 | 1 |\n"
#define ZERO_1  "| 1 | 16 bits | 8 | 5.5 | 35.86 | 2.91 |\n"
#define ZERO_2  "| 2 | 16 bits | 8 | 3.75 | 24.45 | 4.27 |\n"
#define ZERO_3  "| 3 | 16 bits | 8 | 2 | 13.04 | 8 |\n"
#define FLOAT_1 "| 1 | float32 | 8 | 9 | 58.67 | 1.78 |\n"
#define FLOAT_2 "| 2 | float32 | 8 | 5.5 | 35.86 | 2.91 |\n"
#define MANY    "| 1 | 16 bits | 1024 | 4.01 | 26.15 | 3.99 |\n"
#define ASKED   ZERO_0 ZERO_1 ZERO_2 ZERO_3 FLOAT_1 FLOAT_2 MANY
#define OWN     "| 2 | 16 bits | 64 | 2.22 | 14.47 | 7.21 |\n"

static const struct answer savings[] = {
    {ASKED OWN, NULL},
    {OWN MANY FLOAT_2 FLOAT_1 ZERO_3 "| 2 | 16 Bit | 8 | 3.75 | 24.4 | 4.27 |\n" ZERO_1 ZERO_0
                                     "| | | | | | |\n",
     NULL},
    /* As people write numbers. */
    {ZERO_0 "| ZeRO 1 | 16 bits | 8 | 5,5 | 35,86 GiB | 2.91× |\n" ZERO_2 ZERO_3
            "| ZeRO-1 | float32 | 8 | 9 bytes | 58.67 | 16/9 |\n" FLOAT_2 MANY OWN,
     NULL},
    {ZERO_0 ZERO_1 ZERO_2 ZERO_3 FLOAT_1 FLOAT_2
     "| 1 | 16 bits | 1,024 | 4.01 | 26.15 | 3.99x |\n" OWN,
     NULL},
    {ZERO_0 "| 1 | 16 bits | 8 | 5.5 | 35.86 | 2/0 |\n", "is not a number"},
    {ASKED, "a row of your own"},
    {ASKED ZERO_1, "a row of your own"},
    {ZERO_0 ZERO_1 ZERO_2 ZERO_3 FLOAT_1 MANY OWN, "lacks the row of ZeRO 2 in float32 on 8 ranks"},
    {"| 0 | 16 bits | 8 | 8 | 52.15 | 1 |\n", "Moments are float32"},
    {"| 0 | 16 bits | 8 | 12 | 78.2 | 1 |\n", "a float32 master, too"},
    {"| 0 | 16 bits | 8 | 16 | 112 | 1 |\n", "Those are GB"},
    {"| 1 | 16 bits | 8 | 5.5 | 35.86 | 4 |\n", "very many ranks"},
    {"| 2 | 16 bits | 8 | 3.75 | 24.45 | 8 |\n", "very many ranks"},
    {"| 2 | 16 bits | 8 | 2 | 13.04 | 8 |\n", "Not everything is shared out before stage 3"},
    {"| 1 | 16 bits | 8 | 5.5 | 35.86 | 0.34 |\n", "the other way round"},
    {"| 4 | 16 bits | 8 | 2 | 13.04 | 8 |\n", "has to be 0, 1, 2 or 3"},
    {"| 1 | 8 bits | 8 | 2 | 13.04 | 8 |\n", "has to be 16 bits or float32"},
    {"| 1 | float32 | none | 2 | 13.04 | 8 |\n", "“none” is not a whole number"},
    {"| 1 | float32 | 8 | nan | 13.04 | 8 |\n", "“nan” is not a number"},
    {"| 1 | 16 bits | 8 |  |  |  |\n", "nothing is in the table yet"},
    {"", "nothing is in the table yet"},
};

START_TEST(saving)
{
    expect_table(memory_judge_answer_savings, SAVINGS_HEAD, &savings[_i]);
}
END_TEST

/* ---- Q2 ------------------------------------------------------------------------------------------ */

#define TECHNIQUES_HEAD "## Q2\n\n| situation | first |\n|---|---|\n"
#define TECHNIQUES(fits, activations, state, layer, servers, single, nothing)                      \
    "| all of it fits on one rank, and the batch has samples for every rank | " fits " |\n"        \
    "| parameters, gradients and state fit on a rank, the activations of one sample do not "       \
    "| " activations " |\n"                                                                        \
    "| parameters, gradients and activations fit on a rank, Adam's state does not; 64 ranks "      \
    "| " state " |\n"                                                                              \
    "| one sample's computation with one layer is too large for a rank, recomputed or not; 8 "     \
    "ranks in one server | " layer " |\n"                                                          \
    "| the model needs the memory of several servers with slow links between them, and many "      \
    "micro-batches | " servers " |\n"                                                              \
    "| a single rank; parameters, gradients and activations fit, Adam's state does not "           \
    "| " single " |\n"                                                                             \
    "| 16 bytes a parameter are more than all ranks and their hosts have together "                \
    "| " nothing " |\n"

static const struct answer techniques[] = {
    {TECHNIQUES("replicas", "recomputation", "zero", "tensor", "pipeline", "offload", "nothing"),
     NULL},
    {TECHNIQUES("`replicas`", "Recomputation of layers", "ZeRO 1", "tensor", "a pipeline",
                "Offload", "nothing."),
     NULL},
    {TECHNIQUES("pipeline", "recomputation", "zero", "tensor", "pipeline", "offload", "nothing"),
     "needs nothing split"},
    {TECHNIQUES("replicas", "zero", "zero", "tensor", "pipeline", "offload", "nothing"),
     "makes activations smaller"},
    {TECHNIQUES("replicas", "recomputation", "offload", "tensor", "pipeline", "offload", "nothing"),
     "Every rank has the same state"},
    {TECHNIQUES("replicas", "recomputation", "zero", "pipeline", "pipeline", "offload", "nothing"),
     "a single layer's computation"},
    {TECHNIQUES("replicas", "recomputation", "zero", "tensor", "tensor", "offload", "nothing"),
     "sends least between servers"},
    {TECHNIQUES("replicas", "recomputation", "zero", "tensor", "pipeline", "zero", "nothing"),
     "nobody to share it with"},
    {TECHNIQUES("replicas", "recomputation", "zero", "tensor", "pipeline", "offload", "offload"),
     "a place for every byte"},
    {TECHNIQUES("replicas or zero", "recomputation", "zero", "tensor", "pipeline", "offload",
                "offload"),
     "is several answers"},
    {TECHNIQUES("", "", "", "", "", "", ""), "nothing is in the table yet"},
};

START_TEST(technique)
{
    expect_table(memory_judge_answer_techniques, TECHNIQUES_HEAD, &techniques[_i]);
}
END_TEST

/* ---- Q3 ------------------------------------------------------------------------------------------ */

#define SNIPPETS_HEAD "## Q3\n\n| snippet | fault |\n|---|---|\n"
#define SNIPPETS(a, b, c, d, e, f, g, h)                                                           \
    "| A | " a " |\n| B | " b " |\n| C | " c " |\n| D | " d " |\n| E | " e " |\n| F | " f          \
    " |\n| G | " g " |\n| H | " h " |\n"

static const struct answer snippets[] = {
    {SNIPPETS("6", "4", "3", "5", "1", "2", "7", "8"), NULL},
    {SNIPPETS("9", "4", "3", "5", "1", "2", "7", "8"), "the float32 copy"},
    {SNIPPETS("6", "1", "3", "5", "1", "2", "7", "8"), "70 GB of what"},
    {SNIPPETS("6", "4", "5", "5", "1", "2", "7", "8"), "stage 1 with 8 ranks"},
    {SNIPPETS("6", "4", "3", "3", "1", "2", "7", "8"), "the same on every rank"},
    {SNIPPETS("6", "4", "3", "5", "6", "2", "7", "8"), "Which unit"},
    {SNIPPETS("6", "4", "3", "5", "1", "5", "7", "8"), "a segment's backward begins"},
    {SNIPPETS("6", "4", "3", "5", "1", "2", "4", "8"), "[a, b] * n"},
    {SNIPPETS("6", "4", "3", "5", "1", "2", "7", "6"), "which float16 comes out"},
    {SNIPPETS("6", "4", "3", "5", "1", "2", "7", "10"), "the number of one fault, 1 to 9"},
    {SNIPPETS("", "", "", "", "", "", "", ""), "nothing is in the table yet"},
};

START_TEST(snippet)
{
    expect_table(memory_judge_answer_snippets, SNIPPETS_HEAD, &snippets[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("answers on memory");
    TCase *cases = tcase_create("answers");
    tcase_add_checked_fixture(cases, judged_answers_begin, judged_answers_end);
    tcase_add_loop_test(cases, saving, 0, G_N_ELEMENTS(savings));
    tcase_add_loop_test(cases, technique, 0, G_N_ELEMENTS(techniques));
    tcase_add_loop_test(cases, snippet, 0, G_N_ELEMENTS(snippets));
    suite_add_tcase(suite, cases);
    return suite;
}
