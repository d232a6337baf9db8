/*
 * Judge "answer_messages", of the table of Q2.
 *
 * Run:       nothing; answers.md is read. A row is a way to sum, with the number of ranks, of the numbers to be summed
 *            and of the all-reduces that they are dealt out to evenly; then the messages and the bytes that a rank
 *            sends, and what they take.
 * Must hold: the rows that the question asks for are there, and one more with other sizes; each is right for its own
 *            sizes.
 * A failure: the first cell that is not right; where it fits a usual slip, which.
 *
 * A ring of p ranks takes 2 (p - 1) steps, halving and doubling 2 log2 p, with a message of a rank in each; in either
 * a rank sends 2 (p - 1) / p of what is summed.
 */
#include "assignments/data/judges/answers/answers.h"
#include "grader/questions/tables.h"

#include <math.h>

enum column { WAY, RANKS, NUMBERS, ALL_REDUCES, MESSAGES, BYTES, TIME, COLUMNS };
static const char *const columns[] = {"way",      "ranks", "numbers",      "all-reduces",
                                      "messages", "bytes", "microseconds", NULL};

enum { NUMBER = sizeof(float) };
#define LATENCY         10.0   /* microseconds of a message, whatever it carries … */
#define PER_MICROSECOND 1000.0 /* … and bytes that it carries in one more */

struct sizes {
    bool halving; /* and doubling; else a ring */
    double ranks, numbers, all_reduces;
};

static const struct sizes asked[] = {
    {false, 2, 600000, 1}, {false, 8, 600000, 1}, {false, 8, 600000, 60}, {true, 8, 600000, 60}};

/* ---- what is right ----------------------------------------------------------------------------------- */

static double messages_of(const struct sizes *sizes)
{
    return sizes->all_reduces * 2 * (sizes->halving ? log2(sizes->ranks) : sizes->ranks - 1);
}

static double bytes_of(const struct sizes *sizes)
{
    return NUMBER * sizes->numbers * 2 * (sizes->ranks - 1) / sizes->ranks;
}

static double expected_of(const struct sizes *sizes, enum column column)
{
    return column == MESSAGES ? messages_of(sizes)
           : column == BYTES  ? bytes_of(sizes)
                              : LATENCY * messages_of(sizes) + bytes_of(sizes) / PER_MICROSECOND;
}

/* Parts are whole numbers: where ranks and all-reduces do not divide, a rank may send a little more or less. */
static double rounding_of(const struct sizes *sizes, enum column column)
{
    const bool divides = fmod(sizes->numbers, sizes->all_reduces * sizes->ranks) == 0;
    const double bytes = divides ? 0.5 : 2 * NUMBER * sizes->ranks * sizes->all_reduces;
    return column == MESSAGES ? 0 : column == BYTES ? bytes : 0.5 + bytes / PER_MICROSECOND;
}

/* What a wrong number may come from; NULL: it fits nothing that is known. */
static const char *slip(const struct sizes *sizes, enum column column, double found,
                        double expected)
{
    const double all = NUMBER * sizes->numbers, p = sizes->ranks;
    if (column == MESSAGES && found * sizes->all_reduces == expected)
        return "That is one all-reduce. How many are there?";
    if (found * 2 == expected && column != TIME)
        return "Once round, and each rank has a part of the sum. Then the parts have to go to all.";
    if (column == MESSAGES && sizes->halving && found == sizes->all_reduces * 2 * (p - 1))
        return "That is a ring. How often can the ranks be halved?";
    if (column == BYTES && found * NUMBER == expected)
        return "That is the number of numbers. A float32 has 4 bytes.";
    if (column == BYTES && found == all)
        return "That is what a rank hands in. Of it a ring sends a p-th in each step.";
    if (column == BYTES && found == 2 * (p - 1) * all)
        return "In each step a rank sends a p-th of the numbers, not all of them.";
    if (column == BYTES && found == sizes->all_reduces * expected)
        return "The all-reduces share the numbers: together they have as many as one has.";
    if (column == TIME && fabs(found - expected_of(sizes, BYTES) / PER_MICROSECOND) < 1)
        return "Each message has a latency as well.";
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static bool read_size(const GPtrArray *rows, guint row, enum column column, double least,
                      double most, double *size, struct verdict *verdict)
{
    const char *text = question_cell(rows, row, column);
    *size = question_number(text);
    if (*size >= least && *size <= most && *size == floor(*size))
        return true;
    verdict_set(verdict, VERDICT_FAIL,
                "Q2, row %u, %s: “%.40s” is not a whole number from %.0f to %.0f", row + 1,
                columns[column], text, least, most);
    return false;
}

static bool read_sizes(const GPtrArray *rows, guint row, struct sizes *sizes,
                       struct verdict *verdict)
{
    const char *way = question_cell(rows, row, WAY);
    sizes->halving = question_same(way, "halving-doubling");
    if (!sizes->halving && !question_same(way, "ring")) {
        verdict_set(verdict, VERDICT_FAIL,
                    "Q2, row %u: the way is “%.40s”, and has to be ring or halving-doubling",
                    row + 1, way);
        return false;
    }
    if (!read_size(rows, row, RANKS, 2, 1e6, &sizes->ranks, verdict) ||
        !read_size(rows, row, NUMBERS, 1, 1e12, &sizes->numbers, verdict) ||
        !read_size(rows, row, ALL_REDUCES, 1, 1e6, &sizes->all_reduces, verdict))
        return false;
    const double power = log2(sizes->ranks);
    if (!sizes->halving || power == floor(power))
        return true;
    verdict_set(verdict, VERDICT_FAIL,
                "Q2, row %u: %.0f ranks are no power of two: they can't be halved to the end",
                row + 1, sizes->ranks);
    return false;
}

/* ---- judging ------------------------------------------------------------------------------------------- */

static bool cell_is_right(const GPtrArray *rows, guint row, enum column column,
                          const struct sizes *sizes, struct verdict *verdict)
{
    const char *text = question_cell(rows, row, column);
    const double found = question_number(text), expected = expected_of(sizes, column);
    if (found >= 0 && fabs(found - expected) <= rounding_of(sizes, column))
        return true;
    if (found < 0) {
        verdict_set(verdict, VERDICT_FAIL, "Q2, row %u, %s: “%.40s” is not a number", row + 1,
                    columns[column], text);
        return false;
    }
    verdict_set(verdict, VERDICT_FAIL, "Q2, row %u, %s: %.12g is not right", row + 1,
                columns[column], found);
    const char *known = slip(sizes, column, found, expected);
    if (known)
        verdict_explain(verdict, "%s\n", known);
    return false;
}

static bool is_asked(const struct sizes *sizes, size_t which)
{
    const struct sizes *a = &asked[which];
    return a->halving == sizes->halving && a->ranks == sizes->ranks &&
           a->numbers == sizes->numbers && a->all_reduces == sizes->all_reduces;
}

/* Which of the rows that are asked for this one is; -1: none. */
static int place_of(const struct sizes *sizes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (is_asked(sizes, i))
            return (int)i;
    return -1;
}

static bool all_are_there(const bool *seen, bool own, struct verdict *verdict)
{
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (!seen[i]) {
            verdict_set(verdict, VERDICT_FAIL,
                        "Q2: the table lacks the row of %s with %.0f ranks, %.0f numbers and %.0f "
                        "all-reduces",
                        asked[i].halving ? "halving-doubling" : "ring", asked[i].ranks,
                        asked[i].numbers, asked[i].all_reduces);
            return false;
        }
    if (!own)
        verdict_set(verdict, VERDICT_FAIL,
                    "Q2: the table lacks a row with numbers of your own, other than those above");
    return own;
}

static bool rows_are_right(const GPtrArray *rows, struct verdict *verdict)
{
    bool seen[G_N_ELEMENTS(asked)] = {false}, own = false;
    for (guint row = 0; row < rows->len; row++) {
        struct sizes sizes;
        if (question_row_is_blank(rows, row, WAY, COLUMNS))
            continue;
        if (!read_sizes(rows, row, &sizes, verdict))
            return false;
        for (enum column column = MESSAGES; column < COLUMNS; column++)
            if (!cell_is_right(rows, row, column, &sizes, verdict))
                return false;
        if (place_of(&sizes) >= 0)
            seen[place_of(&sizes)] = true;
        else
            own = true;
    }
    return all_are_there(seen, own, verdict);
}

void data_judge_answer_messages(const struct judgement *judgement, struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, "Q2", columns, verdict);
    if (!rows)
        return;
    if (question_is_blank(rows, MESSAGES, COLUMNS))
        question_is_unwritten("Q2", verdict);
    else if (rows_are_right(rows, verdict))
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right for their sizes", rows->len);
    g_ptr_array_unref(rows);
}
