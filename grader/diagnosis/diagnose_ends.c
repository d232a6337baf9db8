/*
 * For the diagnosis: ends that were announced or that the log shows without any
 * waiting. A rank's last words; MPI_Abort and MPI_Finalize before the end; a
 * program that does not end although every rank did.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/text/text.h"

#include <string.h>

#define LONGEST_MESSAGE 450 /* characters */

/* ---- last words ------------------------------------------------------------------------------ */

static void name_message(const char *text, GString *headline)
{
    g_autofree char *shown =
        g_utf8_substring(text, 0, MIN(LONGEST_MESSAGE, g_utf8_strlen(text, -1)));
    g_string_append_printf(headline, "the program stopped with a message: %s", shown);
}

/* A rank that is ended while it looks for the line that called has said the rest already. */
static void name_own_message(const struct scene *scene, int rank, GString *headline)
{
    const struct last_words *words = &scene->outcome->words[rank];
    g_autofree char *text = text_clean(words->text, strlen(words->text), sizeof words->text);
    g_autoptr(GPtrArray) lines = scene_lines_of_student(scene->outcome->program, &words->calls);
    name_message(text, headline);
    if (lines->len > 0 && !strstr(text, " (called at ") && !strstr(text, ".c:")) {
        const char *line = lines->pdata[0];
        g_string_append_printf(headline, " (called at %.*s)", (int)strcspn(line, " "), line);
    }
}

static void name_exit(const struct scene *scene, int rank, GString *headline)
{
    const struct last_words *words = &scene->outcome->words[rank];
    g_autoptr(GPtrArray) lines = scene_lines_of_student(scene->outcome->program, &words->calls);
    g_string_append_printf(headline, "rank %d ended without its final record: it called exit(%d)",
                           rank, words->number);
    scene_describe_lines(lines, headline);
}

/* "rank 1 called MPI_Abort at step.c:12" */
static void name_last_call(const struct scene *scene, const struct first_end *end,
                           GString *headline)
{
    g_string_append_printf(headline, "rank %d called ", end->rank);
    scene_name_call(scene, end->rank, end->record, headline);
    if (end->kind == FIRST_END_FINALIZE)
        g_string_append(headline,
                        ": MPI is needed until the program's end, where the driver calls it");
}

enum diagnosis_kind scene_name_first_end(struct scene *scene, GString *headline)
{
    const struct first_end end = diagnosis_first_end(scene->outcome);
    if (end.kind == FIRST_END_UNKNOWN || scene->outcome->end == RUN_FINISHED)
        return DIAGNOSIS_NONE;
    scene->culprit = end.rank;
    switch (end.kind) {
    case FIRST_END_MESSAGE:
        name_own_message(scene, end.rank, headline);
        return DIAGNOSIS_STOPPED_ITSELF;
    case FIRST_END_CRASH:
        scene_name_crash(scene, end.rank, headline);
        return DIAGNOSIS_CRASHED;
    case FIRST_END_EXIT:
        name_exit(scene, end.rank, headline);
        return DIAGNOSIS_ENDED_EARLY;
    case FIRST_END_ABORT:
        name_last_call(scene, &end, headline);
        return DIAGNOSIS_STOPPED_ITSELF;
    case FIRST_END_FINALIZE:
        name_last_call(scene, &end, headline);
        return DIAGNOSIS_ENDED_EARLY;
    case FIRST_END_UNKNOWN:
        break;
    }
    return DIAGNOSIS_NONE;
}

/* Where no rank left its own: what was printed, "rank 1: stage_forward: …". */
bool scene_stopped_itself(struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_FAILED || !scene->outcome->output)
        return false;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line = g_regex_new("^rank (\\d+): \\w+: .+$", G_REGEX_MULTILINE, 0, NULL);
    if (!g_regex_match(line, scene->outcome->output, 0, &match))
        return false;
    g_autofree char *words = g_match_info_fetch(match, 0);
    name_message(words, headline);
    return true;
}

/* ---- no end ------------------------------------------------------------------------------------ */

bool scene_outlives_its_end(const struct scene *scene, GString *headline)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        if (scene->place[rank].state != PLACE_FINISHED)
            return false;
    g_string_append(headline, "every rank came to its end, but the program did not: a process or "
                              "thread that it started still runs, or exit() does not return");
    return true;
}
