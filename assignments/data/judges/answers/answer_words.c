/*
 * Judges of the tables in which each cell is one of a few words: "answer_norms" (Q3) and "answer_snippets" (Q7).
 *
 * Run:       nothing; answers.md is read.
 * Must hold: each row of the question is there, in any order, and each of its cells says the right word; more may
 *            stand beside it.
 * A failure: the first row that is not right, with a hint; or a cell that says none of the words, or several.
 */
#include "assignments/data/judges/answers/answers.h"
#include "grader/questions/words.h"

/* ---- Q3 -------------------------------------------------------------------------------------------------- */

enum { NO, YES };

void data_judge_answer_norms(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"no", "yes", NULL};
    static const struct question_row rows[] = {
        {"layer norm",
         {YES},
         "Over what does a layer norm take its mean? Is any of that on another rank?"},
        {"batch norm, local, one process with all samples in one micro-batch",
         {NO},
         "Over how many samples does each take its mean?"},
        {"batch norm, local, one process with each rank's samples as a micro-batch of their own",
         {YES},
         "Over which samples does the one process take its mean in a micro-batch, and over which a "
         "rank?"},
        {"batch norm, synchronised, one process with all samples in one micro-batch",
         {YES},
         "Sums of all ranks go into the mean, and into what comes back. Whose are missing?"},
        {"batch norm, synchronised, two micro-batches on each rank, one process with all samples "
         "in one micro-batch",
         {NO},
         "Ranks are synchronised, in each micro-batch. Over how many samples is the mean?"},
        {"dropout by the sample's place in the whole batch",
         {YES},
         "Does a mask depend on which rank the sample is on?"},
    };
    static const struct question_words question = {"Q3", {"layer", "same"}, words, "yes or no",
                                                   rows, G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}

/* ---- Q7 -------------------------------------------------------------------------------------------------- */

void data_judge_answer_snippets(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"1", "2", "3", "4", "5", "6", "7", "8", NULL};
    static const struct question_row rows[] = {
        {"A",
         {4 - 1},
         "Two ranks, gradients 1 and 3: what is p.grad afterwards, and what should it be?"},
        {"B", {2 - 1}, "Write down what two ranks see in an epoch of four samples."},
        {"C",
         {6 - 1},
         "Two ranks, two micro-batches, a number for each gradient: what comes out, and after how "
         "many messages?"},
        {"D",
         {7 - 1},
         "Which calls does rank 0 make, and which rank 1, if a layer was used on rank 0 only?"},
        {"E",
         {3 - 1},
         "Ranks 0 and 1 have different stages. What does the sum of their gradients mean?"},
        {"F", {0}, "Rank 0 has 3 samples and rank 1 has 1. What should each sample count?"},
    };
    static const struct question_words question = {"Q7",  {"snippet", "fault"},
                                                   words, "the number of one fault, 1 to 8",
                                                   rows,  G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}
