/* What has been written of the answers that a person judges. */
#include "grader/answers/answers.h"

/* A question is shorter than this; without the template, more words than that are an answer. */
#define WORDS_OF_A_QUESTION 45

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
static int words_below(const struct answers *answers, const char *name)
{
    g_autofree char *text = answers_text(answers, name);
    return text ? count_words(text) : -1;
}

/* Words of the first paragraph, if it asks something; else those of a long question. */
static int words_that_ask(const struct answers *answers, const char *name)
{
    const int heading = answers_find(answers, name);
    g_autofree char *source = heading >= 0 ? answers_source(answers, heading) : g_strdup("");
    g_auto(GStrv) paragraphs = g_regex_split_simple("\\n[ \\t]*\\n", source, 0, 0);
    const bool asks = paragraphs[0] && g_str_has_suffix(g_strchomp(paragraphs[0]), "?");
    return asks ? count_words(paragraphs[0]) : WORDS_OF_A_QUESTION;
}

/* Words of the question alone. Who works in the template's own folder has it no longer: what is there twice says
 * nothing. */
static int words_of_question(const struct answers *own, const struct answers *untouched,
                             const char *name)
{
    g_autofree char *text = answers_text(own, name);
    g_autofree char *before = untouched ? answers_text(untouched, name) : NULL;
    const bool same = text && before && g_str_equal(text, before);
    return untouched && !same ? MAX(words_below(untouched, name), 0) : words_that_ask(own, name);
}

enum answers_state answers_written(const char *folder, const char *template, const char *name,
                                   const GPtrArray *questions, GString *what)
{
    g_autoptr(GString) unreadable = g_string_new(NULL);
    struct answers *own = answers_read(folder, questions, what);
    if (!own)
        return ANSWERS_UNREADABLE;
    struct answers *untouched = answers_read(template, questions, unreadable);
    const int words = words_below(own, name), question = words_of_question(own, untouched, name);
    answers_free(own);
    answers_free(untouched);
    if (words < 0)
        g_string_printf(what, "answers.md has no section “%s”", name);
    else if (words <= question)
        g_string_printf(what, "nothing is written below “%s” in answers.md yet", name);
    else
        g_string_printf(what, "%d words, to be judged by a person", words - question);
    return words < 0 ? ANSWERS_UNREADABLE : words <= question ? ANSWERS_EMPTY : ANSWERS_WRITTEN;
}
