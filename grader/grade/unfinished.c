/* Runs that did not come to their end; see unfinished.h. */
#include "grader/grade/unfinished.h"

#include "grader/diagnosis/diagnose.h"
#include "grader/evidence/evidence.h"
#include "grader/run/runner.h"
#include "grader/text/text.h"
#include "grader/trace/luck.h"
#include "grader/verdict/assignment.h"

#include <string.h>

#define MOST_EXPLAINED 2    /* runs that are told in full */
#define MOST_OUTPUT    1500 /* bytes of what the program printed */
#define MOST_WORDS     200  /* characters of one line of it */

/* The last line of the output that says anything; a new string. */
static char *last_words(const char *output)
{
    char **line = g_strsplit(output ? output : "", "\n", -1);
    char *words = g_strdup("");
    for (int i = 0; line[i]; i++)
        if (g_strstrip(line[i])[0] != '\0') {
            g_free(words);
            words = g_strdup(line[i]);
        }
    g_strfreev(line);
    return words;
}

/* What is said about one run. */
struct story {
    GString *headline; /* how it ended and why, in one line */
    GString *scene;    /* Markdown */
    GString *mistake;
    GString *look; /* at what, next; may be empty */
    char *picture; /* its path without an ending, or NULL */
};

static void story_clear(struct story *story)
{
    g_string_free(story->headline, TRUE);
    g_string_free(story->scene, TRUE);
    g_string_free(story->mistake, TRUE);
    g_string_free(story->look, TRUE);
    g_free(story->picture);
}

/* A hang of a run whose sends all wait for their receive need not be one on every machine. */
static void say_luck(const struct outcome *outcome, const struct diagnosis *diagnosis,
                     struct story *story)
{
    enum diagnosis_kind kind = diagnosis->kind;
    if (!outcome->synchronous || kind < DIAGNOSIS_TAG_MISMATCH || kind == DIAGNOSIS_ENDED_EARLY)
        return;
    bool luck =
        (kind == DIAGNOSIS_BOTH_SEND_FIRST || kind == DIAGNOSIS_CYCLE) && diagnosis->sent > 0;
    if (luck)
        g_string_append(story->headline, "the program works only by luck: ");
    g_string_append(story->headline, "simulated with sends that wait for their receive, it hangs");
    if (luck) {
        g_autofree char *size = luck_number(diagnosis->sent);
        g_autofree char *meaning = luck_explain(diagnosis->sent);
        g_string_append_printf(story->headline, " with messages of %s bytes", size);
        g_string_append_printf(story->scene, "%s\n\n", meaning);
    }
    g_string_append(story->headline, ": ");
}

/* Diagnoses and draws; false if the logs explain nothing. */
static bool tell(const struct judgement *judgement, int run, bool draw, struct story *story)
{
    const struct outcome *outcome = &judgement->outcome[run];
    g_autofree char *path = draw ? verdict_picture_path(judgement, outcome, "waits") : NULL;
    bool drawn;
    struct diagnosis *diagnosis = diagnosis_new(outcome, path, &drawn);
    bool found = diagnosis->kind != DIAGNOSIS_NONE;
    say_luck(outcome, diagnosis, story);
    g_string_append(story->headline, diagnosis->headline->str);
    g_string_append(story->scene, diagnosis->markdown->str);
    g_string_append(story->mistake, diagnosis->mistake->str);
    g_string_append(story->look, diagnosis->look->str);
    if (drawn)
        story->picture = g_steal_pointer(&path);
    diagnosis_free(diagnosis);
    return found;
}

static void sum_up(const struct judgement *judgement, int run, bool draw, struct story *story)
{
    const struct outcome *outcome = &judgement->outcome[run];
    GString *headline = story->headline;
    if (outcome->end == RUN_REFUSED) {
        char *words = last_words(outcome->output);
        if (g_utf8_strlen(words, -1) > MOST_WORDS)
            strcpy(g_utf8_offset_to_pointer(words, MOST_WORDS - 1), "…");
        if (words[0] != '\0') {
            g_string_append_printf(headline, "the program refused its arguments: %s", words);
            g_string_append(story->look, "what refuses them: the words are those of its message");
        } else
            g_string_append(headline, "the program ended with exit status 2 and said nothing: "
                                      "exit() before its begin?");
        g_free(words);
        return;
    }
    if (outcome->end != RUN_NOT_STARTED && tell(judgement, run, draw, story))
        return;
    g_string_append_printf(headline, "the run %s", outcome_end_name(outcome->end));
    if (outcome->trouble)
        g_string_append_printf(headline, ": %s", outcome->trouble);
}

/* Does the program, started by hand, end as it did? Where it hangs on the real machine, it would say nothing for ever. */
static bool ends_by_hand(const struct outcome *outcome)
{
    switch (outcome->end) {
    case RUN_REFUSED:
    case RUN_FAILED:
    case RUN_CRASHED:
        return true;
    case RUN_HUNG: /* the simulator found that nobody can go on, and ended it */
        return outcome->simulated && outcome->exit_status >= 0;
    default:
        return false;
    }
}

static void say_command(GString *text, const char *what, const char *command)
{
    g_string_append_printf(text, "%s:\n\n", what);
    text_append_code_block(text, command);
    g_string_append_c(text, '\n');
}

static void say_commands(const struct outcome *outcome, GString *text)
{
    if (outcome->command)
        say_command(text, "To see it again", outcome->command);
    if (outcome->by_hand && ends_by_hand(outcome))
        say_command(text, "The program alone, outside of the grader, ends so, too",
                    outcome->by_hand);
    if (outcome->end == RUN_CRASHED && outcome->sanitized)
        say_command(text,
                    "With sanitizers it ends at the first wrong access to memory, and they say "
                    "where the block came from",
                    outcome->sanitized);
}

/* The verdict's own headline stands above already. */
static void explain(const struct outcome *outcome, int number, int of, const GString *headline,
                    const GString *scene, struct verdict *verdict)
{
    GString *text = verdict->explanation;
    g_string_append_printf(text, "Run %d of %d %s after %.1f s", number, of,
                           outcome_end_name(outcome->end), outcome->seconds);
    if (outcome->trouble) {
        g_string_append(text, ": ");
        text_append_plain(text, outcome->trouble);
    }
    if (!g_string_equal(headline, verdict->headline)) {
        g_string_append(text, outcome->trouble ? "; " : ": ");
        text_append_plain(text, headline->str);
    }
    g_string_append(text, g_str_has_suffix(text->str, "?") ? "\n\n" : ".\n\n");
    g_string_append(text, scene->str);
    if (outcome->assignment && outcome->assignment->describe_unfinished &&
        outcome->end != RUN_REFUSED && outcome->end != RUN_NOT_STARTED)
        outcome->assignment->describe_unfinished(outcome, text);
    if (outcome->output && outcome->output[0] != '\0') {
        size_t length = strlen(outcome->output);
        g_string_append(text, "The end of what it printed:\n\n");
        char *end = text_clean(outcome->output, length, MOST_OUTPUT);
        text_append_code_block(text, end);
        g_free(end);
        g_string_append_c(text, '\n');
    }
    say_commands(outcome, text);
}

bool grade_all_finished(const struct judgement *judgement, struct verdict *verdict)
{
    int unfinished = 0;
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *outcome = &judgement->outcome[i];
        if (outcome->end == RUN_FINISHED)
            continue;
        bool own_fault = outcome->end == RUN_NOT_STARTED;
        bool first = unfinished++ == 0;
        struct story story = {g_string_new(NULL), g_string_new(NULL), g_string_new(NULL),
                              g_string_new(NULL), NULL};
        sum_up(judgement, i, unfinished <= MOST_EXPLAINED, &story);
        /* What the student did wrong weighs more than what the grader could not do. */
        if (first || (verdict->kind == VERDICT_NOT_JUDGED && !own_fault)) {
            verdict_set(verdict, own_fault ? VERDICT_NOT_JUDGED : VERDICT_FAIL, "%s",
                        story.headline->str);
            if (own_fault)
                verdict->culprit = outcome->culprit;
            g_string_assign(verdict->look, story.look->str);
        }
        if (verdict->mistake->len == 0)
            g_string_append(verdict->mistake, story.mistake->str);
        if (unfinished <= MOST_EXPLAINED)
            explain(outcome, i + 1, judgement->outcomes, story.headline, story.scene, verdict);
        if (story.picture)
            verdict_add_picture(verdict, story.picture, story.headline->str);
        story_clear(&story);
    }
    if (unfinished > MOST_EXPLAINED)
        verdict_explain(verdict, "%d more of the %d runs did not come to their end either.\n",
                        unfinished - MOST_EXPLAINED, judgement->outcomes);
    return unfinished == 0;
}

/* Does a word that ends there, in a text from its begin on, name a line of a file: "example/average.c:31"? */
static bool is_place(const char *word, const char *end)
{
    const char *number = end;
    while (number > word && g_ascii_isdigit(number[-1]))
        number--;
    return number < end && number - word > (ptrdiff_t)strlen(".c:") &&
           strncmp(number - strlen(".c:"), ".c:", strlen(".c:")) == 0;
}

bool grade_find_todo(const struct outcome *outcome, char **where, char **what)
{
    static const char between[] = ": TODO: ";
    if (outcome->end == RUN_FINISHED)
        return false;
    for (const char *found = outcome->output; (found = strstr(found, between)); found++) {
        const char *begin = found, *text = found + strlen(between);
        while (begin > outcome->output && !g_ascii_isspace(begin[-1]))
            begin--;
        if (!is_place(begin, found)) /* a line of the program's own, as any may print it */
            continue;
        *where = g_strndup(begin, (gsize)(found - begin));
        *what = g_strndup(text, strcspn(text, "\n"));
        return true;
    }
    return false;
}

void grade_tell_todo(const char *where, const char *what, struct verdict *verdict)
{
    verdict_set(verdict, VERDICT_FAIL, "%s is still to be written", where);
    verdict->basis = BASIS_UNWRITTEN;
    verdict_look(verdict, "the comment at %s", where);
    g_string_append(verdict->explanation, "The program came to this TODO: ");
    text_append_plain(verdict->explanation, what);
    g_string_append_c(verdict->explanation, '\n');
}

static void judge_work(const struct judgement *judgement, const struct outcome *run,
                       struct verdict *verdict)
{
    (void)judgement;
    if (run->assignment && run->assignment->work_is_sound)
        run->assignment->work_is_sound(run, verdict);
}

void grade_judge_work(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_work, "the work was done");
}
