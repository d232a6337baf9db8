/* Answers that are one of a few words; see words.h. */
#include "grader/questions/words.h"

#include "grader/questions/tables.h"

#include <string.h>

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

static bool is_untouched(const struct question_words *question, const GPtrArray *rows)
{
    for (guint row = 0; row < rows->len; row++)
        for (guint column = 1; question->columns[column]; column++)
            if (question_cell(rows, row, column)[0])
                return false;
    return true;
}

/* ---- judging ----------------------------------------------------------------------------------------- */

static bool row_is_right(const struct question_words *question, const GPtrArray *rows,
                         const struct question_row *expected, struct verdict *verdict)
{
    const int row = question_find_row(rows, expected->name);
    if (row < 0) {
        verdict_set(verdict, VERDICT_FAIL, "the table of %s lacks the row “%s”", question->name,
                    expected->name);
        return false;
    }
    for (guint column = 1; question->columns[column]; column++) {
        const char *text = question_cell(rows, (guint)row, column);
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

void question_judge_words(const struct judgement *judgement, const struct question_words *question,
                          struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, question->name, question->columns, verdict);
    if (!rows)
        return;
    bool right = true;
    for (guint i = 0; right && i < question->rows; i++)
        right = row_is_right(question, rows, &question->row[i], verdict);
    if (right)
        verdict_set(verdict, VERDICT_PASS, "all %u rows are right", question->rows);
    else if (is_untouched(question, rows))
        question_is_unwritten(question->name, verdict);
    g_ptr_array_unref(rows);
}
