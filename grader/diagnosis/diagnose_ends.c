/*
 * For the diagnosis: ends that were announced or that the log shows without any
 * waiting. The kit's or MPI's last words; MPI_Finalize before the end; a program
 * that does not end although every rank did.
 */
#include "grader/diagnosis/diagnose_parts.h"

/* ---- last words ------------------------------------------------------------------------------ */

/* The kit's and MPI's own last words: "rank 1: stage_forward: …". */
bool scene_stopped_itself(struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_FAILED || !scene->outcome->output)
        return false;
    GMatchInfo *match = NULL;
    GRegex *line = g_regex_new("^rank (\\d+): \\w+: .+$", G_REGEX_MULTILINE, 0, NULL);
    bool found = g_regex_match(line, scene->outcome->output, 0, &match);
    if (found) {
        g_autofree char *words = g_match_info_fetch(match, 0);
        g_autofree char *shown = g_utf8_substring(words, 0, MIN(300, g_utf8_strlen(words, -1)));
        g_string_append_printf(headline, "the program stopped with a message: %s", shown);
    }
    g_match_info_free(match);
    g_regex_unref(line);
    for (int rank = 0; !found && rank < scene->outcome->ranks; rank++) {
        if (scene->place[rank].state != PLACE_IN_CALL ||
            scene->outcome->log[rank].record[scene->place[rank].call].operation != LOG_ABORT)
            continue;
        g_string_append_printf(headline, "rank %d called ", rank);
        scene_name_call(scene, rank, scene->place[rank].call, headline);
        found = true;
    }
    return found;
}

/* ---- MPI_Finalize ---------------------------------------------------------------------------- */

bool scene_finalizes_early(const struct scene *scene, GString *headline)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        const struct log_file *log = &scene->outcome->log[rank];
        bool in_step = false;
        for (size_t i = 0; i < log->count; i++) {
            uint16_t operation = log->record[i].operation;
            in_step = operation == LOG_STEP_BEGIN || (in_step && operation != LOG_STEP_END);
            if (!in_step || operation != LOG_FINALIZE)
                continue;
            g_string_append_printf(headline, "rank %d called ", rank);
            scene_name_call(scene, rank, i, headline);
            g_string_append(headline, ", within a training step: MPI is needed until the "
                                      "program's end, where the driver calls it");
            return true;
        }
    }
    return false;
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
