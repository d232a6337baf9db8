/* What came of a fault; see faults.h. */
#include "tests/faults/faults.h"

#include "grader/sandbox/process_tree.h"
#include "grader/text/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define MOST_LETTERS 400 /* of a sentence; the rest of a long list says no more */

void fault_say(struct fault_result *result, enum fault_end end, const char *sentence)
{
    result->end = end;
    g_autofree char *clean = text_clean(sentence, strlen(sentence), 16 * sizeof result->sentence);
    g_strdelimit(g_strstrip(clean), "\n\t", ' ');
    g_autofree char *begin =
        g_utf8_substring(clean, 0, MIN(g_utf8_strlen(clean, -1), MOST_LETTERS));
    g_strlcpy(result->sentence, begin, sizeof result->sentence);
}

static bool has_tag(const json_t *test, const char *begin, char *into, size_t size)
{
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(test, "tags"), i, tag)
    {
        if (!g_str_has_prefix(json_string_value(tag), begin))
            continue;
        g_strlcpy(into, json_string_value(tag) + strlen(begin), size);
        return true;
    }
    return false;
}

/* The headline: Markdown's backslashes left out. */
static char *headline_of(const json_t *test)
{
    const char *text = json_string_value(json_object_get(test, "output"));
    g_auto(GStrv) parts = g_strsplit(text ? text : "", "\\", -1);
    char *plain = g_strjoinv("", parts);
    plain[strcspn(plain, "\n")] = '\0';
    return plain;
}

/* By results.json, whose worst check decides. */
static void judge_results(const json_t *results, struct fault_result *result)
{
    size_t i;
    json_t *test;
    fault_say(result, FAULT_FULL, "");
    json_array_foreach(json_object_get(results, "tests"), i, test)
    {
        const char *status = json_string_value(json_object_get(test, "status"));
        g_autofree char *headline = headline_of(test);
        if (status && strcmp(status, "failed") == 0) {
            fault_say(result, FAULT_COSTS, headline);
            return;
        }
        if (status)
            continue;
        const bool named = has_tag(test, "culprit: ", result->culprit, sizeof result->culprit);
        if (result->end == FAULT_FULL)
            fault_say(result,
                      strcmp(result->culprit, "the kit") == 0 ? FAULT_BLAMES_KIT : FAULT_NOT_JUDGED,
                      headline);
        if (!named)
            g_strlcpy(result->culprit, "nobody", sizeof result->culprit);
    }
}

static void judge_end(const struct fault_place *place, const struct fault_ended *ended,
                      struct fault_result *result)
{
    g_autofree char *path = g_build_filename(place->out, "results.json", NULL);
    g_autofree char *page = g_build_filename(place->out, "report.html", NULL);
    const int status = WIFEXITED(ended->status) ? WEXITSTATUS(ended->status) : -1;
    json_t *results = json_load_file(path, 0, NULL);
    const char *begin = strstr(ended->complaints, "grade: ");
    const char *complaint = begin                ? begin + strlen("grade: ")
                            : *ended->complaints ? ended->complaints
                                                 : NULL;
    if (ended->hung)
        fault_say(result, FAULT_HANGS, "");
    else if (status == -1)
        fault_say(result, FAULT_NO_WORD, ended->complaints);
    else if (results)
        judge_results(results, result);
    else if (status == 1 && complaint)
        fault_say(result, FAULT_REFUSED, complaint);
    else
        fault_say(result, FAULT_NO_WORD, ended->complaints);
    const bool machine = strcmp(result->culprit, "the machine") == 0;
    if (result->end == FAULT_FULL && status != 0)
        fault_say(result, complaint ? FAULT_REFUSED : FAULT_NO_WORD, complaint ? complaint : "");
    else if (result->end == FAULT_FULL && !g_file_test(page, G_FILE_TEST_EXISTS))
        fault_say(result, FAULT_NO_WORD, "there is no report.html");
    else if (result->end == FAULT_NOT_JUDGED && (status == 1) != machine)
        fault_say(result, FAULT_NO_WORD, machine ? "exit status 0" : "exit status 1");
    json_decref(results);
}

/* A right one is full, or nobody says it is wrong; a wrong one is wrong, or nobody says it is right. */
static void hold_against(enum fault_submission submission, struct fault_result *result)
{
    if (submission == FAULT_RIGHT_ONE)
        return;
    static const char *const words[] = {[FAULT_WRONG_ONE] = "rank 0 got",
                                        [FAULT_CALLING_ONE] = "calls system",
                                        [FAULT_HIDING_ONE] = "instruction syscall"};
    if (result->end == FAULT_COSTS)
        result->end = strstr(result->sentence, words[submission]) ? FAULT_FAILED : FAULT_COSTS;
    else if (result->end == FAULT_FULL)
        result->end = FAULT_PASSES;
}

/* What is ended takes a moment to be gone. */
static bool something_runs(void)
{
    for (int tries = 0; tries < 20; tries++) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (pid < 0)
            return false;
        g_usleep(100000);
    }
    return true;
}

/* A folder that the grader says it can't remove is not left in silence. */
static void look_what_is_left(const struct fault_place *place, const char *told,
                              struct fault_result *result)
{
    g_autoptr(GDir) listing = g_dir_open(place->tmp, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        if (strcmp(name, "filling") == 0)
            continue;
        g_autofree char *words = g_strdup_printf("%s in TMPDIR; %s", name, result->sentence);
        if (result->end < FAULT_WRONG && !strstr(told, "can't be removed"))
            fault_say(result, FAULT_LEAVES, words);
    }
    if (something_runs() && result->end < FAULT_WRONG)
        fault_say(result, FAULT_LEAVES, "processes");
    process_tree_kill(0);
}

void fault_judge(enum fault_submission submission, const struct fault_place *place,
                 const struct fault_ended *ended, struct fault_result *result)
{
    judge_end(place, ended, result);
    hold_against(submission, result);
    look_what_is_left(place, ended->complaints, result);
}
