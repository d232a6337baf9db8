/* Which checks are graded; see chosen.h. */
#include "grader/chosen.h"

#include "grader/rubric/rubric_select.h"
#include "grader/text/text.h"
#include "grader/verdict/assignment.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 96 };

bool grader_is_to_list(const struct arguments *arguments)
{
    return g_strcmp0(arguments->check, "list") == 0;
}

bool grader_list(const struct arguments *arguments)
{
    g_autofree char *path = arguments_rubric_path(arguments);
    g_autoptr(GString) errors = g_string_new(NULL), text = g_string_new(NULL);
    struct rubric *rubric =
        grader_has_assignment(arguments, errors) ? rubric_load(path, errors) : NULL;
    if (rubric)
        rubric_append_list(rubric, text);
    else
        grader_complain(errors->str);
    fputs(text->str, stdout);
    rubric_free(rubric);
    return errors->len == 0;
}

/* " ASSIGNMENT=NAME" where that has to be said. */
static char *assignment_word(const struct arguments *arguments)
{
    g_autofree char *fallback = assignment_default(arguments->kit);
    return strcmp(fallback, arguments->assignment) == 0
               ? g_strdup("")
               : g_strconcat(" ASSIGNMENT=", arguments->assignment, NULL);
}

static void say_which(const GPtrArray *names, const struct rubric *rubric, const char *only)
{
    g_auto(GStrv) parts = g_strsplit(only, ",", -1);
    g_autofree char *list = g_strjoinv(", ", parts);
    g_autofree char *line =
        g_strdup_printf("%u of %u checks: %s", names->len, rubric->checks->len, list);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    text_append_wrapped(wrapped, line, "", WIDTH);
    fputs(wrapped->str, stdout);
    fflush(stdout);
}

bool grader_choose(const struct arguments *arguments, const struct rubric *rubric, char **only,
                   GString *error)
{
    *only = NULL;
    if (!arguments->check)
        return true;
    g_autofree char *path = arguments_rubric_path(arguments);
    g_autoptr(GPtrArray) names = rubric_select(rubric, path, arguments->check, error);
    if (!names) {
        g_autofree char *assignment = assignment_word(arguments);
        g_string_append_printf(error, "all that CHECK can be: make grade%s CHECK=list\n",
                               assignment);
        return false;
    }
    if (names->len == rubric->checks->len)
        return true;
    g_ptr_array_add(names, NULL);
    *only = g_strjoinv(",", (char **)names->pdata);
    g_ptr_array_set_size(names, (int)names->len - 1);
    if (g_ascii_strcasecmp(*only, arguments->check) != 0)
        say_which(names, rubric, *only);
    return true;
}
