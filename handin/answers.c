/* Splitting answers.md into sections: see answers.h. */
#include "handin/answers.h"

#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

/* ---- questions ---------------------------------------------------------------------------- */

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

bool answers_lists(const char *list, const char *question)
{
    if (!list)
        return false;
    g_auto(GStrv) names = split_list(list);
    return g_strv_contains((const char *const *)names, question);
}

/* Notes the names of a list: the highest number, and in `others` what is no number. */
static void note_questions(const char *list, int *highest, GPtrArray *others)
{
    if (!list)
        return;
    g_auto(GStrv) names = split_list(list);
    for (char **name = names; *name; name++) {
        const int number = question_number(*name);
        *highest = MAX(*highest, number);
        if (number == 0 && **name != '\0')
            add_question(others, *name);
    }
}

GPtrArray *answers_questions(const struct rubric *rubric)
{
    int highest = 0;
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < rubric->files->len; i++)
        note_questions(RUBRIC_FILES(rubric, i)->question, &highest, others);
    for (guint i = 0; i < rubric->checks->len; i++)
        note_questions(RUBRIC_CHECKS(rubric, i)->question, &highest, others);

    GPtrArray *questions = g_ptr_array_new_with_free_func(g_free);
    for (int number = 1; number <= highest; number++)
        g_ptr_array_add(questions, g_strdup_printf("Q%d", number));
    for (guint i = 0; i < others->len; i++)
        add_question(questions, others->pdata[i]);
    add_question(questions, "How it works");
    add_question(questions, "How it was tested");
    return questions;
}

/* ---- sections ----------------------------------------------------------------------------- */

static void answer_free(gpointer data)
{
    struct answer *answer = data;
    g_free(answer->question);
    g_free(answer->title);
    g_free(answer->text);
    g_free(answer);
}

/* The words of a heading, without its marks. */
static char *heading_text(cmark_node *heading)
{
    GString *text = g_string_new(NULL);
    cmark_iter *iter = cmark_iter_new(heading);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        const char *words = cmark_node_get_literal(cmark_iter_get_node(iter));
        if (event == CMARK_EVENT_ENTER && words)
            g_string_append(text, words);
    }
    cmark_iter_free(iter);
    return g_strstrip(g_string_free(text, FALSE));
}

/* The question that a heading names, and in *title what it says behind the name; else NULL. */
static const char *question_of(const char *heading, GPtrArray *questions, const char **title)
{
    for (guint i = 0; i < questions->len; i++) {
        const char *question = questions->pdata[i];
        const size_t length = strlen(question);
        if (g_ascii_strncasecmp(heading, question, length) != 0 || g_ascii_isalnum(heading[length]))
            continue;
        *title = heading + length;
        *title += strspn(*title, " .:");
        return question;
    }
    return NULL;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r")] == '\0';
}

/* Lines first … last, from 1, without blank lines at either end. */
static char *lines_between(char **lines, int first, int last)
{
    while (first <= last && is_blank(lines[first - 1]))
        first++;
    while (last >= first && is_blank(lines[last - 1]))
        last--;
    GString *text = g_string_new(NULL);
    for (int line = first; line <= last; line++)
        g_string_append_printf(text, "%s%s", lines[line - 1], line < last ? "\n" : "");
    return g_string_free(text, FALSE);
}

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

/* What a walk over the document's headings needs at each of them. */
struct splitting {
    const char *path;
    GPtrArray *questions;
    GPtrArray *answers;
    GString *problems;
};

/* The answer that this heading begins, its text still missing; NULL if it begins none. */
static struct answer *begin_answer(struct splitting *splitting, cmark_node *heading, bool is_first)
{
    g_autofree char *words = heading_text(heading);
    const int line = cmark_node_get_start_line(heading);
    const char *title = "";
    const char *question = question_of(words, splitting->questions, &title);
    if (!question) {
        if (is_first && cmark_node_get_heading_level(heading) == 1)
            return NULL; /* the title of the whole */
        g_autofree char *list = list_of(splitting->questions);
        g_string_append_printf(splitting->problems,
                               "%s:%d: the section \"%s\" answers none of the questions (%s). "
                               "Headings of your own, inside an answer, begin with ###.\n",
                               splitting->path, line, words, list);
        return NULL;
    }
    const struct answer *before = answers_find(splitting->answers, question);
    if (before)
        g_string_append_printf(splitting->problems,
                               "%s:%d: %s has a section already, in line %d.\n", splitting->path,
                               line, question, before->line);
    struct answer *answer = g_new0(struct answer, 1);
    answer->question = g_strdup(question);
    answer->title = g_strdup(title);
    answer->line = line;
    g_ptr_array_add(splitting->answers, answer);
    return answer;
}

/* The first line behind a heading that begins in line `first`. What cmark says of the end of an
 * underlined heading can't be relied on. */
static int line_behind_heading(char **lines, int lines_count, int first)
{
    if (lines[first - 1][strspn(lines[first - 1], " ")] == '#')
        return first + 1;
    int line = first + 1;
    while (line <= lines_count &&
           !g_regex_match_simple("^ {0,3}(=+|-+)[ \\t]*$", lines[line - 1], 0, 0))
        line++;
    return line + 1;
}

/* The lines between two headings are an answer's text. */
static void split_lines(struct splitting *splitting, const char *text, char **lines)
{
    struct answer *open = NULL;
    int text_begin = 1;
    const int lines_count = (int)g_strv_length(lines);
    bool is_first = true;
    cmark_node *document = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);
    for (cmark_node *node = cmark_node_first_child(document); node; node = cmark_node_next(node)) {
        if (cmark_node_get_type(node) != CMARK_NODE_HEADING ||
            cmark_node_get_heading_level(node) > 2)
            continue;
        const int line = cmark_node_get_start_line(node);
        if (open)
            open->text = lines_between(lines, text_begin, line - 1);
        open = begin_answer(splitting, node, is_first);
        text_begin = line_behind_heading(lines, lines_count, line);
        is_first = false;
    }
    if (open)
        open->text = lines_between(lines, text_begin, lines_count);
    cmark_node_free(document);
}

GPtrArray *answers_split(const char *path, const char *text, GPtrArray *questions,
                         GString *problems)
{
    const gsize problems_before = problems->len;
    if (!g_utf8_validate(text, -1, NULL)) {
        g_string_append_printf(problems, "%s is not UTF-8 text. Save it as UTF-8.\n", path);
        return NULL;
    }
    if (g_str_has_prefix(text, "\xef\xbb\xbf")) /* the mark that some editors begin a file with */
        text += 3;
    if (!everything_is_closed(text))
        g_string_append_printf(problems,
                               "%s: a code block (```) or a comment (<!--) is opened and never "
                               "closed.\n",
                               path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_suffix(*line, "\r"))
            (*line)[strlen(*line) - 1] = '\0';
    struct splitting splitting = {path, questions, g_ptr_array_new_with_free_func(answer_free),
                                  problems};
    split_lines(&splitting, text, lines);
    if (problems->len > problems_before)
        g_clear_pointer(&splitting.answers, g_ptr_array_unref);
    return splitting.answers;
}

const struct answer *answers_find(GPtrArray *answers, const char *question)
{
    for (guint i = 0; i < answers->len; i++) {
        const struct answer *answer = answers->pdata[i];
        if (g_str_equal(answer->question, question))
            return answer;
    }
    return NULL;
}

bool answer_is_empty(const struct answer *answer)
{
    g_autoptr(GRegex) comments = g_regex_new("<!--.*?-->|\\bTODO\\b", G_REGEX_DOTALL, 0, NULL);
    g_autofree char *rest = g_regex_replace_literal(comments, answer->text, -1, 0, "", 0, NULL);
    for (const char *c = rest; *c; c = g_utf8_next_char(c))
        if (g_unichar_isalnum(g_utf8_get_char(c)))
            return false;
    return true;
}
