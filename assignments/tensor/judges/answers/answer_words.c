/*
 * Judges of the tables in which each cell is one of a few words: "answer_dropout" (Q5), "answer_norms" (Q6) and
 * "answer_snippets" (Q7).
 *
 * Run:       nothing; answers.md is read.
 * Must hold: each row of the question is there, in any order, and each of its cells says the right word; more may
 *            stand beside it.
 * A failure: the first row that is not right, with a hint; or a cell that says none of the words, or several.
 */
#include "assignments/tensor/judges/answers/answers.h"
#include "grader/questions/words.h"

/* ---- Q5 -------------------------------------------------------------------------------------------------- */

enum { SAME, DIFFERENT };

void tensor_judge_answer_dropout(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"same", "different", NULL};
    static const struct question_row rows[] = {
        {"behind the sum of a row-parallel layer",
         {SAME},
         "Behind the sum the tensor is whole. What has to be true of a whole tensor on all ranks?"},
        {"between the column- and the row-parallel layer",
         {DIFFERENT},
         "Column 0 of one rank and column 0 of the next are not the same column of the model."},
        {"attention weights, heads split",
         {DIFFERENT},
         "The first head of one rank and the first head of the next are two heads of the model."},
        {"behind a row-parallel layer, tokens split (sequence parallelism)",
         {DIFFERENT},
         "What has a rank there, all tokens or some?"},
        {"two data-parallel copies of the model, any place",
         {DIFFERENT},
         "The copies have the same parameters. Have they the same samples?"},
    };
    static const struct question_words question = {
        "Q5", {"place", "mask"}, words, "same or different", rows, G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}

/* ---- Q6 -------------------------------------------------------------------------------------------------- */

enum { NO, YES };

void tensor_judge_answer_norms(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"no", "yes", NULL};
    static const struct question_row rows[] = {
        {"layer norm on whole activations",
         {NO, NO, NO},
         "Each rank has all of x and all of dy. What of the norm can it not compute by itself?"},
        {"layer norm on split columns",
         {YES, YES, NO},
         "Mean and variance are those of a row, of which each rank has a part; scale and shift are "
         "one number for each column."},
        {"batch norm on split channels",
         {NO, NO, NO},
         "Its statistics are those of one channel, over the samples. Who has them all?"},
        {"layer norm on split tokens (sequence parallelism)",
         {NO, NO, YES},
         "Every rank has some tokens, whole, and all of scale and shift. Which tokens have to do "
         "with the gradient of the scale?"},
    };
    static const struct question_words question = {
        "Q6",  {"norm", "forward", "backward", "gradients"},
        words, "yes or no",
        rows,  G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}

/* ---- Q7 -------------------------------------------------------------------------------------------------- */

void tensor_judge_answer_snippets(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"1", "2", "3", "4", "5", "6", "7", "8", NULL};
    static const struct question_row rows[] = {
        {"A", {3 - 1}, "What does the layer before this one get as the gradient of its output?"},
        {"B",
         {5 - 1},
         "Compare the forward with one process; then ask what a mean of one rank depends on."},
        {"C",
         {4 - 1},
         "Which columns of q and k belong together? Count the tables of softmax weights."},
        {"D",
         {6 - 1},
         "Write down the rows of qkv for 2 ranks: which of q, k and v are in rank 0's?"},
        {"E", {2 - 1}, "Compare the weights of two ranks before the first step."},
        {"F", {7 - 1}, "Write the shapes below the letters."},
    };
    static const struct question_words question = {"Q7",  {"snippet", "fault"},
                                                   words, "the number of one fault, 1 to 8",
                                                   rows,  G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}
