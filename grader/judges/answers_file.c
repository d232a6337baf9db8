/* answers.md; see answers_file.h. */
#include "grader/judges/answers_file.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <string.h>

#define LARGEST_FILE (1 << 20)
/* A question is shorter than this; without the template, more words than that are an answer. */
#define WORDS_OF_A_QUESTION 45

struct answers {
    cmark_node *document;
};

struct answers *answers_read(const char *folder, GString *error)
{
    g_autofree char *path = g_build_filename(folder, "answers.md", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !g_file_get_contents(path, &text, &length, NULL)) {
        g_string_assign(error, "there is no answers.md");
        return NULL;
    }
    const char *valid_to = text;
    if (length > LARGEST_FILE) {
        g_string_assign(error, "answers.md is larger than 1 MiB");
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize)length, &valid_to)) {
        int line = 1;
        for (const char *c = text; c < valid_to; c++)
            line += *c == '\n';
        g_string_printf(error, "answers.md is not UTF-8 text from line %d on: save it as UTF-8",
                        line);
        return NULL;
    }
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
    cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
    cmark_parser_feed(parser, text, length);
    struct answers *answers = g_new(struct answers, 1);
    answers->document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return answers;
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    cmark_node_free(answers->document);
    g_free(answers);
}

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

/* "Q1" is not the beginning of "Q10". */
static bool begins_with(const char *text, const char *heading)
{
    size_t length = strlen(heading);
    return g_ascii_strncasecmp(text, heading, length) == 0 && !g_ascii_isalnum(text[length]);
}

static cmark_node *find_heading(const struct answers *answers, const char *heading)
{
    for (cmark_node *node = cmark_node_first_child(answers->document); node;
         node = cmark_node_next(node)) {
        if (!is_type(node, "heading"))
            continue;
        g_autofree char *text = text_of(node);
        if (begins_with(g_strstrip(text), heading))
            return node;
    }
    return NULL;
}

/* The node behind this one that still belongs to the heading's section, or NULL. */
static cmark_node *next_in_section(cmark_node *node, int level)
{
    cmark_node *next = cmark_node_next(node);
    bool ends = next && is_type(next, "heading") && cmark_node_get_heading_level(next) <= level;
    return ends ? NULL : next;
}

char *answers_text(const struct answers *answers, const char *heading)
{
    cmark_node *node = find_heading(answers, heading);
    if (!node)
        return NULL;
    int level = cmark_node_get_heading_level(node);
    GString *text = g_string_new(NULL);
    while ((node = next_in_section(node, level)))
        if (!is_type(node, "table") && !is_type(node, "code_block") &&
            !is_type(node, "html_block")) {
            append_text(node, text);
            g_string_append_c(text, '\n');
        }
    return g_string_free(text, FALSE);
}

char *answers_line(const struct answers *answers, const char *heading, const char *label)
{
    g_autofree char *text = answers_text(answers, heading);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    for (int i = 0; lines && lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (g_ascii_strncasecmp(line, label, strlen(label)) == 0)
            return g_strstrip(g_strdup(line + strlen(label)));
    }
    return NULL;
}

GPtrArray *answers_table(const struct answers *answers, const char *heading)
{
    cmark_node *node = find_heading(answers, heading);
    int level = node ? cmark_node_get_heading_level(node) : 0;
    while (node && !is_type(node, "table"))
        node = next_in_section(node, level);
    if (!node)
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

/* ---- what a person judges ---------------------------------------------------------------------- */

static int count_words(const char *text)
{
    int words = 0;
    bool inside = false;
    for (; *text; text++) {
        bool is_space = g_ascii_isspace(*text);
        words += !is_space && !inside;
        inside = !is_space;
    }
    return words;
}

/* Words of the section, or -1 without one. */
static int words_below(const char *folder, const char *heading)
{
    GString *error = g_string_new(NULL);
    struct answers *answers = answers_read(folder, error);
    g_autofree char *text = answers ? answers_text(answers, heading) : NULL;
    int words = text ? count_words(text) : -1;
    answers_free(answers);
    g_string_free(error, TRUE);
    return words;
}

bool answers_written(const char *folder, const char *template, const char *heading, GString *what)
{
    int words = words_below(folder, heading);
    int question = template ? words_below(template, heading) : WORDS_OF_A_QUESTION;
    if (words < 0) {
        g_string_printf(what, "answers.md has no section “%s”", heading);
        return false;
    }
    int written = words - MAX(question, 0);
    if (written <= 0) {
        g_string_printf(what, "nothing is written below “%s” in answers.md yet", heading);
        return false;
    }
    g_string_printf(what, "%d words, to be judged by a person", written);
    return true;
}
