/*
 * Judge "answer_savings", of the table of Q1.
 *
 * Run:       nothing; answers.md is read. A row is a stage of ZeRO, a format and a number of ranks; then the bytes of a
 *            parameter with gradient and Adam's state on a rank, GiB for 7·10⁹ of them, and how many times less than stage 0 that is.
 * Must hold: the rows that the question asks for are there, and one more with other ranks; each is right for its own, to
 *            the second digit behind the point (GiB: the first).
 * A failure: the first cell that is not right; where it fits a usual slip, which.
 */
#include "assignments/memory/judges/answers/answers.h"
#include "grader/questions/tables.h"

#include <math.h>
#include <string.h>

enum column { STAGE, FORMAT, RANKS, BYTES, GIB, SAVES, COLUMNS };
static const char *const columns[] = {"zero", "format", "ranks", "bytes a parameter",
                                      "gib",  "saves",  NULL};

#define PARAMETERS 7e9
#define OF_GIB     1073741824.0
#define DIGITS     0.0051 /* half of the second digit behind the point, and a little */

struct setting {
    int stage;
    bool sixteen;
    double ranks;
};

static const struct setting asked[] = {{0, true, 8},  {1, true, 8},  {2, true, 8},   {3, true, 8},
                                       {1, false, 8}, {2, false, 8}, {1, true, 1024}};

/* ---- what is right ----------------------------------------------------------------------------------- */

static double bytes_of(const struct setting *setting)
{
    const double number = setting->sixteen ? 2 : 4, state = setting->sixteen ? 12 : 8;
    const double N = setting->ranks;
    return number / (setting->stage >= 3 ? N : 1) + number / (setting->stage >= 2 ? N : 1) +
           state / (setting->stage >= 1 ? N : 1);
}

static double expected_of(const struct setting *setting, enum column column)
{
    const double bytes = bytes_of(setting);
    return column == BYTES ? bytes : column == GIB ? PARAMETERS * bytes / OF_GIB : 16 / bytes;
}

static double room_of(enum column column)
{
    return column == GIB ? 0.051 : DIGITS;
}

static bool near(double a, double b, double room)
{
    return fabs(a - b) <= room;
}

/* What a wrong number may come from; NULL: it fits nothing that is known. */
static const char *slip(const struct setting *setting, enum column column, double found)
{
    const double right = expected_of(setting, column), N = setting->ranks;
    if (column == GIB && near(found, right * OF_GIB / 1e9, 0.06))
        return "Those are GB, 10⁹ bytes. A GiB has 2³⁰.";
    if (column == SAVES && (near(found, 4, DIGITS) || near(found, 8, DIGITS)))
        return "That is what it goes to with very many ranks. What is left whole with so many?";
    if (column == SAVES && near(found * right, 1, 0.02))
        return "It is the other way round: how many times less?";
    if (column == BYTES && setting->sixteen && setting->stage == 0 && near(found, 8, DIGITS))
        return "Those are parameters, gradients and two moments at 2 bytes. Moments are float32, "
               "and so is "
               "the master of each parameter.";
    if (column == BYTES && setting->sixteen && setting->stage == 0 && near(found, 12, DIGITS))
        return "2 + 2 + 8 bytes: each parameter has a float32 master, too.";
    if (column == BYTES && near(found, 16 / N, DIGITS))
        return "Not everything is shared out before stage 3.";
    return NULL;
}

/* ---- numbers as people write them ------------------------------------------------------------------ */

/* "ZeRO 1", "2.91×", "16/9", "2,91" (a comma with other than three digits behind it stands for a point) and "35.9 GiB" are numbers,
 * too; the last one in the table's own unit. */
static double number_in(const char *text)
{
    g_autofree char *small = g_utf8_strdown(text, -1);
    g_auto(GStrv) pieces = g_strsplit(small, "×", -1);
    g_autofree char *plain = g_strstrip(g_strjoinv("", pieces));
    char *begin = plain;
    static const char *const names[] = {"zero", "stage", "-", " "};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        while (g_str_has_prefix(begin, names[i]))
            begin += strlen(names[i]);
    static const char *const units[] = {"gib", "x", "times", "bytes", "byte"};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_str_has_suffix(begin, units[i]))
            plain[strlen(plain) - strlen(units[i])] = '\0';
    char *comma = strchr(plain, ',');
    if (comma && !strchr(comma + 1, ',') && !strchr(plain, '.') &&
        strspn(comma + 1, "0123456789") != 3)
        *comma = '.';
    char *over = strchr(begin, '/');
    if (!over)
        return question_number(begin);
    *over = '\0';
    const double above = question_number(begin), below = question_number(over + 1);
    return above >= 0 && below > 0 ? above / below : -1;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static bool is_sixteen(const char *text)
{
    return question_same(text, "16 bits") || question_same(text, "16 bit") ||
           question_same(text, "sixteen bits");
}

static bool read_setting(const GPtrArray *rows, guint row, struct setting *setting,
                         struct verdict *verdict)
{
    const double stage = number_in(question_cell(rows, row, STAGE));
    const char *format = question_cell(rows, row, FORMAT);
    setting->ranks = number_in(question_cell(rows, row, RANKS));
    setting->sixteen = is_sixteen(format);
    if (!(stage >= 0 && stage <= 3 && stage == floor(stage)))
        verdict_set(verdict, VERDICT_FAIL,
                    "Q1, row %u: ZeRO is “%.40s”, and has to be 0, 1, 2 or 3", row + 1,
                    question_cell(rows, row, STAGE));
    else if (!setting->sixteen && !question_same(format, "float32"))
        verdict_set(verdict, VERDICT_FAIL,
                    "Q1, row %u: the format is “%.40s”, and has to be 16 bits or float32", row + 1,
                    format);
    else if (!(setting->ranks >= 1 && setting->ranks <= 1e6 &&
               setting->ranks == floor(setting->ranks)))
        verdict_set(verdict, VERDICT_FAIL,
                    "Q1, row %u, ranks: “%.40s” is not a whole number from 1 to 1000000", row + 1,
                    question_cell(rows, row, RANKS));
    else {
        setting->stage = (int)stage;
        return true;
    }
    return false;
}

/* ---- judging ------------------------------------------------------------------------------------------- */

static bool cell_is_right(const GPtrArray *rows, guint row, enum column column,
                          const struct setting *setting, struct verdict *verdict)
{
    const char *text = question_cell(rows, row, column);
    const double found = number_in(text);
    if (found >= 0 && near(found, expected_of(setting, column), room_of(column)))
        return true;
    if (!(found >= 0)) {
        verdict_set(verdict, VERDICT_FAIL, "Q1, row %u, %s: “%.40s” is not a number", row + 1,
                    columns[column], text);
        return false;
    }
    verdict_set(verdict, VERDICT_FAIL, "Q1, row %u, %s: %.6g is not right", row + 1,
                columns[column], found);
    const char *known = slip(setting, column, found);
    if (known)
        verdict_explain(verdict, "%s\n", known);
    return false;
}

/* Which of the rows that are asked for this one is; -1: none. */
static int place_of(const struct setting *setting)
{
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (asked[i].stage == setting->stage && asked[i].sixteen == setting->sixteen &&
            asked[i].ranks == setting->ranks)
            return (int)i;
    return -1;
}

static bool all_are_there(const bool *seen, bool own, struct verdict *verdict)
{
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        if (!seen[i]) {
            verdict_set(verdict, VERDICT_FAIL,
                        "Q1: the table lacks the row of ZeRO %d in %s on %.0f ranks",
                        asked[i].stage, asked[i].sixteen ? "16 bits" : "float32", asked[i].ranks);
            return false;
        }
    if (!own)
        verdict_set(verdict, VERDICT_FAIL,
                    "Q1: the table lacks a row of your own, other than those above");
    return own;
}

static bool rows_are_right(const GPtrArray *rows, struct verdict *verdict)
{
    bool seen[G_N_ELEMENTS(asked)] = {false}, own = false;
    for (guint row = 0; row < rows->len; row++) {
        struct setting setting = {0};
        if (question_row_is_blank(rows, row, STAGE, COLUMNS))
            continue;
        if (!read_setting(rows, row, &setting, verdict))
            return false;
        for (enum column column = BYTES; column < COLUMNS; column++)
            if (!cell_is_right(rows, row, column, &setting, verdict))
                return false;
        if (place_of(&setting) >= 0)
            seen[place_of(&setting)] = true;
        else
            own = true;
    }
    return all_are_there(seen, own, verdict);
}

void memory_judge_answer_savings(const struct judgement *judgement, struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, "Q1", columns, verdict);
    if (!rows)
        return;
    if (question_is_blank(rows, BYTES, COLUMNS))
        question_is_unwritten("Q1", verdict);
    else if (rows_are_right(rows, verdict))
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right", rows->len);
    g_ptr_array_unref(rows);
}
