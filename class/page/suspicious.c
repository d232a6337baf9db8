/*
 * What is suspicious; see suspicious.h. The phrases are the grader's own: test_suspicious.sh looks each of them up in its
 * sources, so that a change there is noticed here.
 */
#include "class/page/suspicious.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *phrase, *why;
} phrases[] = {
    {"the log is evidence: only the kit writes it", "writes the evidence itself"},
    {"which no log sees", "calls what no log sees"},
    {"the inside of MPI", "calls what no log sees"},
    {"or the logs are not true", "the logs do not fit each other"},
    {"is not of this run: it says", "a log of another run"},
    {"is damaged: ", "a damaged log"},
    {"its log contradicts itself", "a log that contradicts itself"},
    {"its log says nonsense", "a log that contradicts itself"},
    {"its log names samples that the data set has not", "a log that contradicts itself"},
    {"do not tell the same losses", "curve and log differ"},
    {"according to its log, and stored", "log and stored tensors differ"},
};

/* "file.c:12 calls NAME, why", as the grader says of a call that it refuses when it links. */
static bool refuses_a_call(const char *seen)
{
    static GRegex *form;
    if (!form)
        form = g_regex_new("^\\S+\\.[ch](:\\d+)? (calls|uses) [A-Za-z_]\\w*, ", G_REGEX_OPTIMIZE, 0,
                           NULL);
    return g_regex_match(form, seen, 0, NULL);
}

const char *suspicious_headline(const char *seen)
{
    for (guint i = 0; i < G_N_ELEMENTS(phrases); i++)
        if (strstr(seen, phrases[i].phrase))
            return phrases[i].why;
    return refuses_a_call(seen) ? "calls what is refused" : NULL;
}

const char *suspicious_note(const char *note)
{
    return g_str_has_prefix(note, "For a person to look at") ? "calls what is unusual" : NULL;
}
