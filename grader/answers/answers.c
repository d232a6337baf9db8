/* answers.md; see answers.h. */
#include "grader/answers/answers.h"

#include "grader/text/text.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <string.h>

struct answers {
    cmark_node *document;
    char **line;     /* of the source, without ends of lines */
    GArray *heading; /* of struct answers_heading … */
    GPtrArray *node; /* … and their cmark_node * */
};

#define HEADING(answers, i) (&g_array_index((answers)->heading, struct answers_heading, i))

static bool is_type(cmark_node *node, const char *type)
{
    return strcmp(cmark_node_get_type_string(node), type) == 0;
}

/* The text inside a node, without its markup; ends of lines stay. */
static void append_text(cmark_node *node, GString *text)
{
    cmark_iter *iterator = cmark_iter_new(node);
    for (cmark_event_type event; (event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE;) {
        cmark_node *at = cmark_iter_get_node(iterator);
        if (event == CMARK_EVENT_EXIT && is_type(at, "paragraph"))
            g_string_append_c(text, '\n');
        if (event != CMARK_EVENT_ENTER)
            continue;
        if (is_type(at, "softbreak") || is_type(at, "linebreak") || is_type(at, "html_inline"))
            g_string_append_c(text, '\n'); /* in a cell of a table <br> is the only way */
        else if (is_type(at, "text") || is_type(at, "code"))
            g_string_append(text, cmark_node_get_literal(at) ? cmark_node_get_literal(at) : "");
    }
    cmark_iter_free(iterator);
}

static char *text_of(cmark_node *node)
{
    GString *text = g_string_new(NULL);
    append_text(node, text);
    return g_string_free(text, FALSE);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void clear_heading(void *heading)
{
    g_free(((struct answers_heading *)heading)->text);
}

/* The headings, and which of them begin the section of a question. */
static void note_headings(struct answers *answers, const GPtrArray *questions)
{
    answers->heading = g_array_new(FALSE, TRUE, sizeof(struct answers_heading));
    answers->node = g_ptr_array_new();
    g_array_set_clear_func(answers->heading, clear_heading);
    for (cmark_node *node = cmark_node_first_child(answers->document); node;
         node = cmark_node_next(node)) {
        if (!is_type(node, "heading"))
            continue;
        const struct answers_heading heading = {.text = g_strstrip(text_of(node)),
                                                .level = cmark_node_get_heading_level(node),
                                                .line = cmark_node_get_start_line(node)};
        g_array_append_val(answers->heading, heading);
        g_ptr_array_add(answers->node, node);
    }
    for (guint i = 0; questions && i < questions->len; i++) {
        int first = answers_find(answers, questions->pdata[i]);
        if (first >= 0)
            HEADING(answers, first)->begins_section = true;
    }
}

/* As Markdown has lines, and cmark counts them: they end with a line feed, a carriage return, or both. */
static char **split_lines(const char *text)
{
    GPtrArray *lines = g_ptr_array_new();
    for (;;) {
        const size_t length = strcspn(text, "\r\n");
        g_ptr_array_add(lines, g_strndup(text, length));
        text += length;
        if (*text == '\0')
            break;
        text += text[0] == '\r' && text[1] == '\n' ? 2 : 1;
    }
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}

struct answers *answers_parse(const char *text, gsize length, const GPtrArray *questions,
                              GString *error)
{
    const char *valid_to = text;
    if (!g_utf8_validate(text, (gssize)length, &valid_to)) {
        int line = 1;
        for (const char *c = text; c < valid_to; c++)
            line += *c == '\n';
        g_string_printf(error, "is not UTF-8 text from line %d on: save it as UTF-8", line);
        return NULL;
    }
    if (g_str_has_prefix(text, "\xef\xbb\xbf")) { /* the mark that some editors begin a file with */
        text += 3;
        length -= 3;
    }
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
    cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
    cmark_parser_feed(parser, text, length);
    struct answers *answers = g_new0(struct answers, 1);
    answers->document = cmark_parser_finish(parser);
    answers->line = split_lines(text);
    note_headings(answers, questions);
    cmark_parser_free(parser);
    return answers;
}

struct answers *answers_read(const char *folder, const GPtrArray *questions, GString *error)
{
    g_autofree char *path = g_build_filename(folder, "answers.md", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !g_file_get_contents(path, &text, &length, NULL)) {
        g_string_assign(error, "there is no answers.md");
        return NULL;
    }
    if (length > TEXT_MOST_BYTES) {
        g_string_assign(error, "answers.md is larger than 1 MiB");
        return NULL;
    }
    struct answers *answers = answers_parse(text, length, questions, error);
    if (!answers)
        g_string_prepend(error, "answers.md ");
    return answers;
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    cmark_node_free(answers->document);
    g_strfreev(answers->line);
    g_array_unref(answers->heading);
    g_ptr_array_unref(answers->node);
    g_free(answers);
}

/* ---- headings -------------------------------------------------------------------------------- */

const struct answers_heading *answers_headings(const struct answers *answers, int *count)
{
    *count = (int)answers->heading->len;
    return *count > 0 ? HEADING(answers, 0) : NULL;
}

bool answers_heading_names(const struct answers_heading *heading, const char *name)
{
    size_t length = strlen(name);
    return g_ascii_strncasecmp(heading->text, name, length) == 0 &&
           !g_ascii_isalnum(heading->text[length]);
}

int answers_find(const struct answers *answers, const char *name)
{
    int found = -1;
    for (int i = 0; i < (int)answers->heading->len; i++)
        if (answers_heading_names(HEADING(answers, i), name) &&
            (found < 0 || HEADING(answers, i)->level < HEADING(answers, found)->level))
            found = i;
    return found;
}

/* The heading that ends the section of this one; their number if it goes on to the end. */
static int end_of_section(const struct answers *answers, int heading)
{
    int level = HEADING(answers, heading)->level, next = heading + 1;
    while (next < (int)answers->heading->len && HEADING(answers, next)->level > level &&
           !HEADING(answers, next)->begins_section)
        next++;
    return next;
}

/* ---- a section's source ------------------------------------------------------------------------ */

/* The first line behind a heading. What cmark says of the end of an underlined heading can't be
 * relied on. */
static int line_behind(const struct answers *answers, const struct answers_heading *heading)
{
    char **line = answers->line;
    int number = heading->line;
    if (line[number - 1][strspn(line[number - 1], " ")] == '#')
        return number + 1;
    while (line[number] && !g_regex_match_simple("^ {0,3}(=+|-+)[ \\t]*$", line[number], 0, 0))
        number++;
    return number + 2;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r")] == '\0';
}

/* Lines first … last, from 1, without blank lines at either end. */
static char *lines_between(char **line, int first, int last)
{
    while (first <= last && is_blank(line[first - 1]))
        first++;
    while (last >= first && is_blank(line[last - 1]))
        last--;
    GString *text = g_string_new(NULL);
    for (int i = first; i <= last; i++)
        g_string_append_printf(text, "%s%s", line[i - 1], i < last ? "\n" : "");
    return g_string_free(text, FALSE);
}

char *answers_source(const struct answers *answers, int heading)
{
    int next = end_of_section(answers, heading);
    int last = next < (int)answers->heading->len ? HEADING(answers, next)->line - 1
                                                 : (int)g_strv_length(answers->line);
    return lines_between(answers->line, line_behind(answers, HEADING(answers, heading)), last);
}

/* ---- what stands below a heading ---------------------------------------------------------------- */

/* The nodes of a section, from the one behind its heading to the one before `end` (NULL: to the
 * last). False if there is no such section. */
static bool find_nodes(const struct answers *answers, const char *name, cmark_node **first,
                       cmark_node **end)
{
    int heading = answers_find(answers, name);
    if (heading < 0)
        return false;
    int next = end_of_section(answers, heading);
    *first = cmark_node_next(answers->node->pdata[heading]);
    *end = next < (int)answers->node->len ? answers->node->pdata[next] : NULL;
    return true;
}

char *answers_text(const struct answers *answers, const char *name)
{
    cmark_node *node, *end;
    if (!find_nodes(answers, name, &node, &end))
        return NULL;
    GString *text = g_string_new(NULL);
    for (; node != end; node = cmark_node_next(node))
        if (!is_type(node, "table") && !is_type(node, "code_block") &&
            !is_type(node, "html_block")) {
            append_text(node, text);
            g_string_append_c(text, '\n');
        }
    return g_string_free(text, FALSE);
}

char *answers_line(const struct answers *answers, const char *name, const char *label)
{
    g_autofree char *text = answers_text(answers, name);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    for (int i = 0; lines && lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (g_ascii_strncasecmp(line, label, strlen(label)) == 0)
            return g_strstrip(g_strdup(line + strlen(label)));
    }
    return NULL;
}

GPtrArray *answers_table(const struct answers *answers, const char *name)
{
    cmark_node *node, *end;
    if (!find_nodes(answers, name, &node, &end))
        return NULL;
    while (node != end && !is_type(node, "table"))
        node = cmark_node_next(node);
    if (node == end)
        return NULL;
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (cmark_node *row = cmark_node_first_child(node); row; row = cmark_node_next(row)) {
        GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
        for (cmark_node *cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell))
            g_ptr_array_add(cells, g_strstrip(text_of(cell)));
        g_ptr_array_add(rows, cells);
    }
    return rows;
}
