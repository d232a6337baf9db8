/*
 * Judge "answer_speed_up", of the table of Q5.
 *
 * Run:       nothing; answers.md is read. A row is a run, with its ranks, the seconds of an epoch of one process and
 *            of the run, and what follows from them.
 * Must hold: the three rows of the published run are there with its figures, and one more; in each the speed-up is the
 *            quotient of the seconds, and the efficiency that over the ranks, to the last digit that is given and no
 *            worse than a hundredth.
 * A failure: the first cell that is not right; where it fits a usual slip, which.
 */
#include "assignments/data/judges/answers/answers.h"
#include "grader/questions/tables.h"

#include <math.h>

enum column { RUN, RANKS, ONE, SECONDS, SPEED_UP, EFFICIENCY, COLUMNS };
static const char *const columns[] = {
    "run", "ranks", "one process, s", "epoch, s", "speed-up", "efficiency", NULL};

static const struct {
    const char *run;
    double ranks, one, seconds;
} asked[] = {{"data parallel", 2, 20.64, 14.24},
             {"naive layer split", 2, 20.64, 21.26},
             {"pipeline", 2, 20.64, 36.46}};

/* A half of the second digit behind the point, and a little for binary fractions. */
#define ROUNDING 0.00501

static bool is_asked(const double *cell, size_t which)
{
    return cell[RANKS] == asked[which].ranks && cell[ONE] == asked[which].one &&
           cell[SECONDS] == asked[which].seconds;
}

static const char *slip(const double *cell, enum column column, double found)
{
    const double faster = cell[ONE] / cell[SECONDS];
    if (column == SPEED_UP && fabs(found * faster - 1) < 0.02)
        return "It is the other way round: how many times as fast as one process?";
    if (column == EFFICIENCY && fabs(found - faster) < ROUNDING)
        return "That is the speed-up. What would it be at the best, with so many ranks?";
    if (fabs(found - 100 * (column == SPEED_UP ? faster : faster / cell[RANKS])) < 1)
        return "Write the quotient, not per cent of it.";
    return NULL;
}

static bool cell_is_right(const GPtrArray *rows, guint row, enum column column, const double *cell,
                          double expected, struct verdict *verdict)
{
    if (cell[column] >= 0 && fabs(cell[column] - expected) <= ROUNDING)
        return true;
    if (cell[column] < 0)
        verdict_set(verdict, VERDICT_FAIL, "Q5, row %u, %s: “%.40s” is not a number", row + 1,
                    columns[column], question_cell(rows, row, column));
    else {
        verdict_set(verdict, VERDICT_FAIL, "Q5, row %u, %s: %.6g is not right", row + 1,
                    columns[column], cell[column]);
        const char *known = slip(cell, column, cell[column]);
        if (known)
            verdict_explain(verdict, "%s\n", known);
    }
    return false;
}

static bool row_is_right(const GPtrArray *rows, guint row, double *cell, struct verdict *verdict)
{
    for (enum column column = RANKS; column < COLUMNS; column++)
        cell[column] = question_number(question_cell(rows, row, column));
    for (enum column column = RANKS; column <= SECONDS; column++)
        if (!(cell[column] > 0)) {
            verdict_set(verdict, VERDICT_FAIL, "Q5, row %u, %s: “%.40s” is not a number above 0",
                        row + 1, columns[column], question_cell(rows, row, column));
            return false;
        }
    const double faster = cell[ONE] / cell[SECONDS];
    return cell_is_right(rows, row, SPEED_UP, cell, faster, verdict) &&
           cell_is_right(rows, row, EFFICIENCY, cell, faster / cell[RANKS], verdict);
}

static bool rows_are_right(const GPtrArray *rows, struct verdict *verdict)
{
    bool seen[G_N_ELEMENTS(asked)] = {false}, own = false;
    for (guint row = 0; row < rows->len; row++) {
        double cell[COLUMNS] = {0};
        if (question_row_is_blank(rows, row, RUN, COLUMNS))
            continue;
        if (!row_is_right(rows, row, cell, verdict))
            return false;
        bool is_own = true;
        for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
            if (is_asked(cell, i)) {
                seen[i] = true;
                is_own = false;
            }
        own = own || is_own;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (!seen[i]) {
            verdict_set(
                verdict, VERDICT_FAIL,
                "Q5: the table lacks the row of the published run “%s”, with %.2f s beside %.2f s",
                asked[i].run, asked[i].seconds, asked[i].one);
            return false;
        }
    if (!own)
        verdict_set(verdict, VERDICT_FAIL, "Q5: the table lacks a row of a run of your own");
    return own;
}

void data_judge_answer_speed_up(const struct judgement *judgement, struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, "Q5", columns, verdict);
    if (!rows)
        return;
    if (question_is_blank(rows, SPEED_UP, COLUMNS))
        question_is_unwritten("Q5", verdict);
    else if (rows_are_right(rows, verdict))
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right for their seconds", rows->len);
    g_ptr_array_unref(rows);
}
