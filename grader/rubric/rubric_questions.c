/* The questions that a rubric names: of files, of checks, and those that a person reads. */
#include "grader/rubric/rubric.h"

#include <stdlib.h>
#include <string.h>

/* n of "Qn", or 0. */
static int question_number(const char *question)
{
    if (question[0] != 'Q' || !g_ascii_isdigit(question[1]))
        return 0;
    char *end;
    const long number = strtol(question + 1, &end, 10);
    return *end == '\0' && number > 0 && number < 100 ? (int)number : 0;
}

static bool has_question(GPtrArray *questions, const char *question)
{
    return g_ptr_array_find_with_equal_func(questions, question, g_str_equal, NULL);
}

static void add_question(GPtrArray *questions, const char *question)
{
    if (!has_question(questions, question))
        g_ptr_array_add(questions, g_strdup(question));
}

static char **split_list(const char *list)
{
    char **names = g_strsplit_set(list, ",;", -1);
    for (char **name = names; *name; name++)
        g_strstrip(*name);
    return names;
}

bool rubric_lists_question(const char *list, const char *question)
{
    if (!list)
        return false;
    g_auto(GStrv) names = split_list(list);
    return g_strv_contains((const char *const *)names, question);
}

/* Notes a name, which may be NULL: the highest number, and in `others` what is no number. */
static void note_question(const char *name, int *highest, GPtrArray *others)
{
    const int number = name ? question_number(name) : 0;
    *highest = MAX(*highest, number);
    if (name && number == 0 && *name != '\0')
        add_question(others, name);
}

static void note_questions(const char *list, int *highest, GPtrArray *others)
{
    if (!list)
        return;
    g_auto(GStrv) names = split_list(list);
    for (char **name = names; *name; name++)
        note_question(*name, highest, others);
}

GPtrArray *rubric_questions(const struct rubric *rubric)
{
    int highest = 0;
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < rubric->files->len; i++)
        note_questions(RUBRIC_FILES(rubric, i)->question, &highest, others);
    for (guint i = 0; i < rubric->checks->len; i++)
        note_questions(RUBRIC_CHECKS(rubric, i)->question, &highest, others);
    for (guint i = 0; i < rubric->checks->len; i++)
        note_question(RUBRIC_CHECKS(rubric, i)->heading, &highest, others);

    GPtrArray *questions = g_ptr_array_new_with_free_func(g_free);
    for (int number = 1; number <= highest; number++)
        g_ptr_array_add(questions, g_strdup_printf("Q%d", number));
    for (guint i = 0; i < others->len; i++)
        add_question(questions, others->pdata[i]);
    return questions;
}
