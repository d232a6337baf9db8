/*
 * Judge "answer_bytes", of the table of Q3.
 *
 * Run:       nothing; answers.md is read. A row is a model with its sizes, the bytes that a rank hands to
 *            all-reduces in the forward and in the backward, and what it sends if each is a ring.
 * Must hold: the rows that the question asks for are there, and one more with other sizes; each is right for its
 *            own sizes.
 * A failure: the first cell that is not right; where it fits a usual slip, which.
 *
 * The mlp's linear layers are column, row, column, row. Forward, the two row layers sum their outputs; backward,
 * the third layer sums its dx, and nobody wants that of the first. A block sums batch · tokens · width numbers twice
 * each way.
 */
#include "assignments/tensor/judges/answers/answers.h"
#include "grader/questions/tables.h"

#include <math.h>
#include <string.h>

enum column { MODEL, RANKS, BATCH, TOKENS, WIDTH, FORWARD, BACKWARD, SENT, COLUMNS };
static const char *const columns[] = {"model",   "ranks",    "batch", "tokens", "width",
                                      "forward", "backward", "sent",  NULL};

enum { INPUTS = 784, OUTPUTS = 10, NUMBER = sizeof(float) };
#define MOST_SIZE 1e6 /* of a size in a row */

struct sizes {
    bool block; /* else the mlp */
    double ranks, batch, tokens, width;
};

static const struct sizes asked[] = {
    {false, 2, 32, 1, 512}, {false, 4, 20, 1, 96}, {true, 4, 8, 16, 64}, {true, 3, 5, 10, 96}};

struct bytes {
    double forward, backward, sent;
};

/* ---- what is right ----------------------------------------------------------------------------------- */

static struct bytes bytes_of(const struct sizes *sizes)
{
    const double activation = NUMBER * sizes->batch * sizes->tokens * sizes->width;
    struct bytes bytes = {2 * activation, 2 * activation, 0};
    if (!sizes->block)
        bytes = (struct bytes){activation + NUMBER * sizes->batch * OUTPUTS, activation, 0};
    bytes.sent = 2 * (sizes->ranks - 1) / sizes->ranks * (bytes.forward + bytes.backward);
    return bytes;
}

/* What a wrong number may come from; NULL: it fits nothing that is known. */
static const char *slip(const struct sizes *sizes, enum column column, double found,
                        double expected)
{
    const double t = sizes->ranks, images = NUMBER * sizes->batch * INPUTS;
    if (found * NUMBER == expected)
        return "That is the number of numbers. A float32 has 4 bytes.";
    if (column == SENT && found * t == expected * t / 2)
        return "A ring goes round twice: first each part is summed, then the sums are passed on.";
    if (column == SENT && found * 2 * (t - 1) == expected * t)
        return "That is what a rank hands in. Of it a ring sends 2(t - 1)/t.";
    if (found * t == expected)
        return "What is summed is whole on each rank: its size does not depend on the number of "
               "ranks.";
    if (column == BACKWARD && !sizes->block && found == expected + images)
        return "The first layer's dx is the gradient of the images. Who wants it?";
    if (sizes->block && found * 2 == expected)
        return "Attention and perceptron: each is a column-parallel and a row-parallel layer.";
    if (column == FORWARD && !sizes->block && found == expected - NUMBER * sizes->batch * OUTPUTS)
        return "There are two row-parallel layers. The last one sums, too.";
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* A size of a row; false, and the verdict says so, if it is none. */
static bool read_size(const GPtrArray *rows, guint row, enum column column, double least,
                      double *size, struct verdict *verdict)
{
    const char *text = question_cell(rows, row, column);
    *size = question_number(text);
    if (*size >= least && *size <= MOST_SIZE && *size == floor(*size))
        return true;
    verdict_set(verdict, VERDICT_FAIL,
                "Q3, row %u, %s: “%.40s” is not a whole number from %.0f to %.0f", row + 1,
                columns[column], text, least, MOST_SIZE);
    return false;
}

static bool read_sizes(const GPtrArray *rows, guint row, struct sizes *sizes,
                       struct verdict *verdict)
{
    const char *model = question_cell(rows, row, MODEL);
    sizes->block = question_same(model, "block");
    if (!sizes->block && !question_same(model, "mlp")) {
        verdict_set(verdict, VERDICT_FAIL,
                    "Q3, row %u: the model is “%.40s”, and has to be mlp or block", row + 1, model);
        return false;
    }
    sizes->tokens = 1;
    return read_size(rows, row, RANKS, 2, &sizes->ranks, verdict) &&
           read_size(rows, row, BATCH, 1, &sizes->batch, verdict) &&
           read_size(rows, row, WIDTH, 1, &sizes->width, verdict) &&
           (!sizes->block || read_size(rows, row, TOKENS, 1, &sizes->tokens, verdict));
}

/* ---- judging ------------------------------------------------------------------------------------------- */

/* rounding: a ring's parts are whole numbers, so what is sent may be a little more or less. */
static bool cell_is_right(const GPtrArray *rows, guint row, enum column column,
                          const struct sizes *sizes, double expected, double rounding,
                          struct verdict *verdict)
{
    const char *text = question_cell(rows, row, column);
    const double found = question_number(text);
    if (found >= 0 && fabs(found - expected) <= rounding)
        return true;
    if (found < 0) {
        verdict_set(verdict, VERDICT_FAIL,
                    "Q3, row %u, %s: “%.40s” is not a number of bytes, such as 66816 or 65.25 KiB",
                    row + 1, columns[column], text);
        return false;
    }
    verdict_set(verdict, VERDICT_FAIL, "Q3, row %u, %s: %.12g bytes are not right", row + 1,
                columns[column], found);
    const char *known = slip(sizes, column, found, expected);
    if (known)
        verdict_explain(verdict, "%s\n", known);
    return false;
}

static bool row_is_right(const GPtrArray *rows, guint row, const struct sizes *sizes,
                         struct verdict *verdict)
{
    const struct bytes bytes = bytes_of(sizes);
    const double rounding = 4 * NUMBER * sizes->ranks;
    const bool divides = fmod(bytes.forward / NUMBER, sizes->ranks) == 0 &&
                         fmod(bytes.backward / NUMBER, sizes->ranks) == 0;
    return cell_is_right(rows, row, FORWARD, sizes, bytes.forward, 0, verdict) &&
           cell_is_right(rows, row, BACKWARD, sizes, bytes.backward, 0, verdict) &&
           cell_is_right(rows, row, SENT, sizes, bytes.sent, divides ? 0.5 : rounding, verdict);
}

static bool is_asked(const struct sizes *sizes, size_t which)
{
    const struct sizes *a = &asked[which];
    return a->block == sizes->block && a->ranks == sizes->ranks && a->batch == sizes->batch &&
           a->tokens == sizes->tokens && a->width == sizes->width;
}

/* Nothing where the answers belong, in any row. */
static bool is_untouched(const GPtrArray *rows)
{
    for (guint row = 0; row < rows->len; row++)
        for (guint column = FORWARD; column < COLUMNS; column++)
            if (question_cell(rows, row, column)[0])
                return false;
    return true;
}

static bool rows_are_right(const GPtrArray *rows, struct verdict *verdict)
{
    bool seen[G_N_ELEMENTS(asked)] = {false}, own = false;
    for (guint row = 0; row < rows->len; row++) {
        struct sizes sizes;
        if (question_row_is_blank(rows, row, 0, COLUMNS))
            continue;
        if (!read_sizes(rows, row, &sizes, verdict) || !row_is_right(rows, row, &sizes, verdict))
            return false;
        bool is_own = true;
        for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
            if (is_asked(&sizes, i)) {
                seen[i] = true;
                is_own = false;
            }
        own = own || is_own;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (!seen[i]) {
            verdict_set(
                verdict, VERDICT_FAIL,
                "Q3: the table lacks the row of the %s with %.0f ranks, a batch of %.0f and a "
                "width of %.0f",
                asked[i].block ? "block" : "mlp", asked[i].ranks, asked[i].batch, asked[i].width);
            return false;
        }
    if (!own)
        verdict_set(verdict, VERDICT_FAIL,
                    "Q3: the table lacks a row with numbers of your own, other than those above");
    return own;
}

void tensor_judge_answer_bytes(const struct judgement *judgement, struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, "Q3", columns, verdict);
    if (!rows)
        return;
    if (is_untouched(rows))
        question_is_unwritten("Q3", verdict);
    else if (rows_are_right(rows, verdict))
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right for their sizes", rows->len);
    g_ptr_array_unref(rows);
}
