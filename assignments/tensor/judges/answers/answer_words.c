/*
 * Judges of the tables in which each cell is one of a few words: "answer_dropout" (Q5), "answer_norms" (Q6) and
 * "answer_snippets" (Q7).
 *
 * Run:       nothing; answers.md is read.
 * Must hold: each row of the question is there, in any order, and each of its cells says the right word; more may
 *            stand beside it.
 * A failure: the first row that is not right, with a hint; or a cell that says none of the words, or several.
 */
#include "assignments/tensor/judges/answers/answer_tables.h"
#include "assignments/tensor/judges/answers/answers.h"

#include <string.h>

#define MOST_CELLS 3

struct word_row {
    const char *name;
    int expected[MOST_CELLS]; /* indices into the question's words */
    const char *hint;
};

struct word_question {
    const char *name;
    const char *columns[MOST_CELLS + 2]; /* the first has the names of the rows; the last is NULL */
    const char *const *words;            /* the last is NULL */
    const char *form;                    /* what to write */
    const struct word_row *row;
    guint rows;
};

/* ---- reading ------------------------------------------------------------------------------------- */

/* Which of the words the text has; -1: none, -2: several. */
static int read_word(const char *text, const char *const *words)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_strcanon(lower, "abcdefghijklmnopqrstuvwxyz0123456789", ' ');
    g_auto(GStrv) parts = g_strsplit(lower, " ", -1);
    int found = -1;
    for (int i = 0; words[i]; i++)
        if (g_strv_contains((const char *const *)parts, words[i])) {
            if (found >= 0)
                return -2;
            found = i;
        }
    return found;
}

static int find_row(const GPtrArray *rows, const char *name)
{
    for (guint row = 0; row < rows->len; row++)
        if (tensor_answer_same(tensor_answer_cell(rows, row, 0), name))
            return (int)row;
    return -1;
}

static bool is_untouched(const struct word_question *question, const GPtrArray *rows)
{
    for (guint row = 0; row < rows->len; row++)
        for (guint column = 1; question->columns[column]; column++)
            if (tensor_answer_cell(rows, row, column)[0])
                return false;
    return true;
}

/* ---- judging ----------------------------------------------------------------------------------------- */

static bool row_is_right(const struct word_question *question, const GPtrArray *rows,
                         const struct word_row *expected, struct verdict *verdict)
{
    const int row = find_row(rows, expected->name);
    if (row < 0) {
        verdict_set(verdict, VERDICT_FAIL, "the table of %s lacks the row “%s”", question->name,
                    expected->name);
        return false;
    }
    for (guint column = 1; question->columns[column]; column++) {
        const char *text = tensor_answer_cell(rows, (guint)row, column);
        const int word = read_word(text, question->words);
        if (word == expected->expected[column - 1])
            continue;
        if (word < 0)
            verdict_set(verdict, VERDICT_FAIL, "%s, %s, %s: “%.40s” %s: write %s", question->name,
                        expected->name, question->columns[column], text,
                        word == -1 ? "is no answer" : "is several answers", question->form);
        else {
            verdict_set(verdict, VERDICT_FAIL, "%s, %s, %s: “%.40s” is not right", question->name,
                        expected->name, question->columns[column], text);
            verdict_explain(verdict, "%s\n", expected->hint);
        }
        return false;
    }
    return true;
}

static void judge_words(const struct judgement *judgement, const struct word_question *question,
                        struct verdict *verdict)
{
    GPtrArray *rows = tensor_answer_table(judgement, question->name, question->columns, verdict);
    if (!rows)
        return;
    bool right = true;
    for (guint i = 0; right && i < question->rows; i++)
        right = row_is_right(question, rows, &question->row[i], verdict);
    if (right)
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right", question->rows);
    else if (is_untouched(question, rows)) {
        verdict_set(verdict, VERDICT_FAIL, "%s: nothing is in the table yet", question->name);
        verdict->basis = BASIS_UNWRITTEN;
    }
    g_ptr_array_unref(rows);
}

/* ---- Q5 -------------------------------------------------------------------------------------------------- */

enum { SAME, DIFFERENT };

void tensor_judge_answer_dropout(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"same", "different", NULL};
    static const struct word_row rows[] = {
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
    static const struct word_question question = {
        "Q5", {"place", "mask"}, words, "same or different", rows, G_N_ELEMENTS(rows)};
    judge_words(judgement, &question, verdict);
}

/* ---- Q6 -------------------------------------------------------------------------------------------------- */

enum { NO, YES };

void tensor_judge_answer_norms(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"no", "yes", NULL};
    static const struct word_row rows[] = {
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
    static const struct word_question question = {
        "Q6",  {"norm", "forward", "backward", "gradients"},
        words, "yes or no",
        rows,  G_N_ELEMENTS(rows)};
    judge_words(judgement, &question, verdict);
}

/* ---- Q7 -------------------------------------------------------------------------------------------------- */

void tensor_judge_answer_snippets(const struct judgement *judgement, struct verdict *verdict)
{
    static const char *const words[] = {"1", "2", "3", "4", "5", "6", "7", "8", NULL};
    static const struct word_row rows[] = {
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
    static const struct word_question question = {"Q7",  {"snippet", "fault"},
                                                  words, "the number of one fault, 1 to 8",
                                                  rows,  G_N_ELEMENTS(rows)};
    judge_words(judgement, &question, verdict);
}
