/*
 * Judges of the tables in which each cell is one of a few words: "answer_techniques" (Q2) and "answer_snippets" (Q3).
 *
 * Run:       nothing; answers.md is read.
 * Must hold: each row of the question is there, in any order, and each of its cells says the right word; more may
 *            stand beside it.
 * A failure: the first row that is not right, with a hint; or a cell that says none of the words, or several.
 */
#include "assignments/memory/judges/answers/answers.h"
#include "grader/questions/words.h"

/* ---- Q2 -------------------------------------------------------------------------------------------------- */

enum { REPLICAS, RECOMPUTATION, ZERO, TENSOR, PIPELINE, OFFLOAD, NOTHING };

void memory_judge_answer_techniques(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"replicas", "recomputation", "zero",    "tensor",
                                        "pipeline", "offload",       "nothing", NULL};
    static const struct question_row rows[] = {
        {"all of it fits on one rank, and the batch has samples for every rank",
         {REPLICAS},
         "What sends least, and needs nothing split?"},
        {"parameters, gradients and state fit on a rank, the activations of one sample do not",
         {RECOMPUTATION},
         "What makes activations smaller, and sends nothing?"},
        {"parameters, gradients and activations fit on a rank, Adam's state does not; 64 ranks",
         {ZERO},
         "Every rank has the same state. What shares it out, and sends no more than replicas do?"},
        {"one sample's computation with one layer is too large for a rank, recomputed or not; 8 "
         "ranks in one server",
         {TENSOR},
         "What splits a single layer's computation?"},
        {"the model needs the memory of several servers with slow links between them, and many "
         "micro-batches",
         {PIPELINE},
         "What sends least between servers: gathered parameters, sums in each layer, or a stage's "
         "output?"},
        {"a single rank; parameters, gradients and activations fit, Adam's state does not",
         {OFFLOAD},
         "There is nobody to share it with. Where else is memory?"},
        {"16 bytes a parameter are more than all ranks and their hosts have together",
         {NOTHING},
         "Shared out among all, moved to the host: is there a place for every byte?"},
    };
    static const struct question_words question = {
        "Q2", {"situation", "first"}, words, "one technique, as the question names them",
        rows, G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}

/* ---- Q3 -------------------------------------------------------------------------------------------------- */

void memory_judge_answer_snippets(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", NULL};
    static const struct question_row rows[] = {
        {"A",
         {6 - 1},
         "How many bytes has each of Adam's moments, and what is the float32 copy for?"},
        {"B", {4 - 1}, "4 · 80 GB are enough for 70 GB of what? Multiply 35·10⁹ parameters by 16."},
        {"C", {3 - 1}, "Work out stage 1 with 8 ranks: 4 + 12/8 bytes."},
        {"D",
         {5 - 1},
         "Which of the four are the same on every rank, before anything is shared out?"},
        {"E", {1 - 1}, "Which unit has the total, and which the limit?"},
        {"F", {2 - 1}, "What is there when a segment's backward begins?"},
        {"G", {7 - 1}, "In Python, what are the elements of [a, b] * n?"},
        {"H", {8 - 1}, "A weight of 1 and a step of 0.0001: which float16 comes out?"},
    };
    static const struct question_words question = {"Q3",  {"snippet", "fault"},
                                                   words, "the number of one fault, 1 to 9",
                                                   rows,  G_N_ELEMENTS(rows)};
    question_judge_words(judgement, &question, verdict);
}
