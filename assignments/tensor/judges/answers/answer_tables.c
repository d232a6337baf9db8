/* The tables of answers.md; see answer_tables.h. */
#include "assignments/tensor/judges/answers/answer_tables.h"

#include "grader/answers/answers.h"

bool tensor_answer_same(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a && !g_ascii_isalnum(*a))
            a++;
        while (*b && !g_ascii_isalnum(*b))
            b++;
        if (g_ascii_tolower(*a) != g_ascii_tolower(*b))
            return false;
        if (!*a)
            return true;
    }
}

const char *tensor_answer_cell(const GPtrArray *rows, guint row, guint column)
{
    return g_ptr_array_index((const GPtrArray *)g_ptr_array_index(rows, row), column);
}

static bool has_columns(const GPtrArray *header, const char *const *columns)
{
    for (guint i = 0; columns[i]; i++)
        if (i >= header->len || !tensor_answer_same(g_ptr_array_index(header, i), columns[i]))
            return false;
    return header->len == g_strv_length((char **)columns);
}

static void other_columns(const char *question, const char *const *columns, struct verdict *verdict)
{
    g_autofree char *names = g_strjoinv(", ", (char **)columns);
    verdict_set(verdict, VERDICT_FAIL, "the table of %s has to have the columns %s", question,
                names);
}

GPtrArray *tensor_answer_table(const struct judgement *judgement, const char *question,
                               const char *const *columns, struct verdict *verdict)
{
    GString *error = g_string_new("there is no answers.md");
    struct answers *answers = judgement->submission
                                  ? answers_read(judgement->submission, judgement->questions, error)
                                  : NULL;
    GPtrArray *rows = answers ? answers_table(answers, question) : NULL;
    if (!answers)
        verdict_set(verdict, VERDICT_FAIL, "%s", error->str);
    else if (!rows)
        verdict_set(verdict, VERDICT_FAIL, "answers.md has no table below %s", question);
    else if (!has_columns(g_ptr_array_index(rows, 0), columns)) {
        other_columns(question, columns, verdict);
        g_clear_pointer(&rows, g_ptr_array_unref);
    }
    answers_free(answers);
    g_string_free(error, TRUE);
    if (!rows)
        return NULL;
    g_ptr_array_remove_index(rows, 0);
    for (guint row = 0; row < rows->len; row++) {
        GPtrArray *cells = g_ptr_array_index(rows, row);
        while (cells->len < g_strv_length((char **)columns))
            g_ptr_array_add(cells, g_strdup(""));
    }
    return rows;
}
