/* Diagnoses of logs written by hand; see diagnosed.h. */
#include "tests/support/diagnosed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct script diagnosed_rank[4];
GString *diagnosed_headline;
static GString *text;

void diagnosed_begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(diagnosed_rank[r].log.record);
        script_init(&diagnosed_rank[r], r, ranks);
    }
}

enum diagnosis_kind diagnosed_outcome(const struct outcome *outcome)
{
    if (!diagnosed_headline) {
        diagnosed_headline = g_string_new(NULL);
        text = g_string_new(NULL);
    }
    g_string_truncate(diagnosed_headline, 0);
    g_string_truncate(text, 0);
    return diagnosis_tell(outcome, diagnosed_headline, text);
}

enum diagnosis_kind diagnosed(int ranks, enum run_end end, char *output)
{
    struct log_file logs[4];
    for (int r = 0; r < ranks; r++)
        logs[r] = diagnosed_rank[r].log;
    struct outcome outcome = {
        .ranks = ranks, .end = end, .exit_status = 1, .log = logs, .output = output};
    return diagnosed_outcome(&outcome);
}

static void assert_has(const GString *string, const char *words)
{
    ck_assert_msg(strstr(string->str, words) != NULL, "no \"%s\" in: %s", words, string->str);
}

void diagnosed_says(const char *words)
{
    assert_has(diagnosed_headline, words);
}

void diagnosed_explains(const char *words)
{
    assert_has(text, words);
}

void diagnosed_does_not_explain(const char *words)
{
    ck_assert_msg(strstr(text->str, words) == NULL, "\"%s\" in: %s", words, text->str);
}
