/* The tables of answers.md; see tables.h. */
#include "grader/questions/tables.h"

#include "grader/answers/answers.h"

#include <string.h>

bool question_same(const char *a, const char *b)
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

const char *question_cell(const GPtrArray *rows, guint row, guint column)
{
    return g_ptr_array_index((const GPtrArray *)g_ptr_array_index(rows, row), column);
}

static bool has_columns(const GPtrArray *header, const char *const *columns)
{
    for (guint i = 0; columns[i]; i++)
        if (i >= header->len || !question_same(g_ptr_array_index(header, i), columns[i]))
            return false;
    return header->len == g_strv_length((char **)columns);
}

static void other_columns(const char *question, const char *const *columns, struct verdict *verdict)
{
    g_autofree char *names = g_strjoinv(", ", (char **)columns);
    verdict_set(verdict, VERDICT_FAIL, "the table of %s has to have the columns %s", question,
                names);
}

GPtrArray *question_table(const struct judgement *judgement, const char *question,
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

double question_number(const char *text)
{
    g_autofree char *digits = g_strdup(text);
    char *to = digits;
    for (const char *from = text; *from; from = g_utf8_next_char(from)) {
        const gunichar character = g_utf8_get_char(from);
        if (character < 0x80 && !strchr(" ,_'", (int)character))
            *to++ = *from;
        else if (character >= 0x80 && !g_unichar_isspace(character))
            return -1;
    }
    *to = '\0';
    char *unit;
    const double number = g_ascii_isdigit(digits[0]) ? g_ascii_strtod(digits, &unit) : -1;
    if (!(number >= 0 && number < 1e15))
        return -1;
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},       {"b", 1},         {"byte", 1},        {"bytes", 1},
                 {"kib", 1024}, {"mib", 1048576}, {"gib", 1073741824}};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_ascii_strcasecmp(unit, units[i].name) == 0)
            return number * units[i].bytes;
    return -1;
}

bool question_is_empty(const char *text)
{
    return !text[0] || !strcmp(text, "-") || !strcmp(text, "–") || !strcmp(text, "—");
}

/* ---- rows -------------------------------------------------------------------------------------------- */

int question_find_row(const GPtrArray *rows, const char *name)
{
    for (guint row = 0; row < rows->len; row++)
        if (question_same(question_cell(rows, row, 0), name))
            return (int)row;
    return -1;
}

bool question_row_is_blank(const GPtrArray *rows, guint row, guint first, guint columns)
{
    for (guint column = first; column < columns; column++)
        if (!question_is_empty(question_cell(rows, row, column)))
            return false;
    return true;
}

bool question_is_blank(const GPtrArray *rows, guint first, guint columns)
{
    for (guint row = 0; row < rows->len; row++)
        if (!question_row_is_blank(rows, row, first, columns))
            return false;
    return true;
}

void question_is_unwritten(const char *question, struct verdict *verdict)
{
    verdict_set(verdict, VERDICT_FAIL, "%s: nothing is in the table yet", question);
    verdict->basis = BASIS_UNWRITTEN;
}
