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

/* Words of the question alone. Who works in the template's own folder has it no longer: what is there twice says
 * nothing. */
static int words_of_question(const struct answers *own, const struct answers *untouched,
                             const char *name)
{
    g_autofree char *text = own ? answers_text(own, name) : NULL;
    g_autofree char *before = untouched ? answers_text(untouched, name) : NULL;
    const bool same = text && before && g_str_equal(text, before);
    return untouched && !same ? MAX(words_below(untouched, name), 0) : WORDS_OF_A_QUESTION;
}

bool answers_written(const char *folder, const char *template, const char *name,
                     const GPtrArray *questions, GString *what)
{
    g_autoptr(GString) unreadable = g_string_new(NULL);
    struct answers *own = answers_read(folder, questions, what);
    struct answers *untouched = own ? answers_read(template, questions, unreadable) : NULL;
    bool is_read = own;
    int words = own ? words_below(own, name) : -1;
    int question = words_of_question(own, untouched, name);
    answers_free(own);
    answers_free(untouched);
    if (!is_read)
        return false;
    if (words < 0)
        g_string_printf(what, "answers.md has no section “%s”", name);
    else if (words <= question)
        g_string_printf(what, "nothing is written below “%s” in answers.md yet", name);
    else
        g_string_printf(what, "%d words, to be judged by a person", words - question);
    return words > question;
}
