/* The sections of answers.md; see sections.h. */
#include "handin/sections.h"

#include "grader/answers/answers.h"

#include <cmark-gfm.h>
#include <string.h>

/* ---- what is wrong ------------------------------------------------------------------------ */

/* A code block or a comment that never ends swallows whatever comes behind it. */
static bool everything_is_closed(const char *text)
{
    g_autofree char *longer = g_strconcat(text, "\n\n# end\n", NULL);
    cmark_node *document = cmark_parse_document(longer, strlen(longer), CMARK_OPT_DEFAULT);
    cmark_node *last = cmark_node_last_child(document);
    const bool closed = last && cmark_node_get_type(last) == CMARK_NODE_HEADING;
    cmark_node_free(document);
    return closed;
}

static char *list_of(GPtrArray *questions)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < questions->len; i++)
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", (char *)questions->pdata[i]);
    return g_string_free(list, FALSE);
}

/* The question that a heading names, or NULL. */
static const char *question_of(const struct answers_heading *heading, GPtrArray *questions)
{
    for (guint i = 0; i < questions->len; i++)
        if (answers_heading_names(heading, questions->pdata[i]))
            return questions->pdata[i];
    return NULL;
}

/* Headings of level 1 and 2 begin the sections; the first one may be the title of the whole. */
static void check_headings(const char *path, const struct answers *answers, GPtrArray *questions,
                           GString *problems)
{
    int count;
    const struct answers_heading *heading = answers_headings(answers, &count);
    for (int i = 0; i < count; i++) {
        if (heading[i].level > 2)
            continue;
        const char *question = question_of(&heading[i], questions);
        const int section = question ? answers_find(answers, question) : -1;
        g_autofree char *list = list_of(questions);
        if (!question && !(i == 0 && heading[i].level == 1))
            g_string_append_printf(problems,
                                   "%s:%d: the section \"%s\" answers none of the questions (%s). "
                                   "Headings of your own, inside an answer, begin with ###.\n",
                                   path, heading[i].line, heading[i].text, list);
        else if (question && section != i)
            g_string_append_printf(
                problems, "%s:%d: %s has a section already, in line %d. Make one of them.\n", path,
                heading[i].line, question, heading[section].line);
    }
}

/* ---- sections ----------------------------------------------------------------------------- */

static void section_free(gpointer data)
{
    struct section *section = data;
    g_free(section->question);
    g_free(section->title);
    g_free(section->text);
    g_free(section);
}

static struct section *section_of(const struct answers *answers, const char *question)
{
    int count;
    const struct answers_heading *heading = answers_headings(answers, &count);
    const int i = answers_find(answers, question);
    if (i < 0)
        return NULL;
    struct section *section = g_new0(struct section, 1);
    const char *title = heading[i].text + strlen(question);
    section->question = g_strdup(question);
    section->title = g_strdup(title + strspn(title, " .:"));
    section->text = answers_source(answers, i);
    section->line = heading[i].line;
    return section;
}

GPtrArray *sections_split(const char *path, const char *text, GPtrArray *questions,
                          GString *problems)
{
    const gsize problems_before = problems->len;
    g_autoptr(GString) error = g_string_new(NULL);
    struct answers *answers = answers_parse(text, strlen(text), questions, error);
    if (!answers) {
        g_string_append_printf(problems, "%s %s.\n", path, error->str);
        return NULL;
    }
    if (!everything_is_closed(text))
        g_string_append_printf(problems,
                               "%s: a code block (```) or a comment (<!--) is opened and never "
                               "closed. Close it with ``` on a line of its own, or with -->.\n",
                               path);
    check_headings(path, answers, questions, problems);
    GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
    for (guint i = 0; i < questions->len; i++) {
        struct section *section = section_of(answers, questions->pdata[i]);
        if (section)
            g_ptr_array_add(sections, section);
    }
    answers_free(answers);
    if (problems->len > problems_before)
        g_clear_pointer(&sections, g_ptr_array_unref);
    return sections;
}

const struct section *sections_find(GPtrArray *sections, const char *question)
{
    for (guint i = 0; i < sections->len; i++) {
        const struct section *section = sections->pdata[i];
        if (g_str_equal(section->question, question))
            return section;
    }
    return NULL;
}

bool section_is_empty(const struct section *section)
{
    g_autoptr(GRegex) comments = g_regex_new("<!--.*?-->|\\bTODO\\b", G_REGEX_DOTALL, 0, NULL);
    g_autofree char *rest = g_regex_replace_literal(comments, section->text, -1, 0, "", 0, NULL);
    for (const char *c = rest; *c; c = g_utf8_next_char(c))
        if (g_unichar_isalnum(g_utf8_get_char(c)))
            return false;
    return true;
}
