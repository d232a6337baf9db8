/*
 * The diagnosis: which of the known ends was it? The candidates are tried in
 * the order of enum diagnosis_kind; the first that fits writes the headline.
 */
#include "grader/diagnose.h"

#include "grader/diagnose_parts.h"
#include "grader/source_line.h"

#include <stdlib.h>
#include <string.h>

static const struct log_record *call_record(const struct scene *scene, int rank)
{
    return &scene->outcome->log[rank].record[scene->place[rank].call];
}

/* ---- ends that somebody announced ------------------------------------------------------- */

/* mpirun says which rank got which signal. The program can print the same; it then only
 * misleads its own author. */
static bool crashed(const struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_CRASHED)
        return false;
    GMatchInfo *match = NULL;
    GRegex *line =
        g_regex_new("process rank (\\d+)\\b.*?exited\\s+on\\s+signal (\\d+) \\(([^)]*)\\)",
                    G_REGEX_DOTALL, 0, NULL);
    const char *output = scene->outcome->output != NULL ? scene->outcome->output : "";
    if (g_regex_match(line, output, 0, &match)) {
        char *rank = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 3);
        int number = atoi(rank);
        g_string_append_printf(headline, "rank %d crashed (%s)", number, what);
        if (number >= 0 && number < scene->outcome->ranks) {
            const struct place *place = &scene->place[number];
            g_string_append_c(headline, ' ');
            if (place->state == PLACE_IN_CALL) {
                g_string_append(headline, "in ");
                name_call(scene, number, place->call, headline);
            } else {
                describe_computation(scene, number, headline);
            }
        }
        describe_crash(scene, headline);
        g_free(rank);
        g_free(what);
    } else {
        g_string_append(headline, "the program crashed");
        if (scene->outcome->trouble != NULL)
            g_string_append_printf(headline, ": %s", scene->outcome->trouble);
    }
    g_match_info_free(match);
    g_regex_unref(line);
    return true;
}

/* The kit's and MPI's own last words: "rank 1: stage_forward: …". */
static bool stopped_itself(const struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_FAILED || scene->outcome->output == NULL)
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
            call_record(scene, rank)->operation != LOG_ABORT)
            continue;
        g_string_append_printf(headline, "rank %d called ", rank);
        name_call(scene, rank, scene->place[rank].call, headline);
        found = true;
    }
    return found;
}

/* ---- chains -------------------------------------------------------------------------------------- */

/* Follows a rank's waiting to a rank that waits for nobody. There is no circle. */
static int end_of_chain(const struct scene *scene, int rank)
{
    for (int steps = 0; steps <= scene->outcome->ranks; steps++) {
        int next = -1;
        for (int other = 0; other < scene->outcome->ranks && next < 0; other++)
            if (wait_for_peer(scene, rank, other) != NULL)
                next = other;
        if (next < 0)
            return rank;
        rank = next;
    }
    return rank;
}

/* A rank that is held up by this one, or -1. */
static int held_up_by(const struct scene *scene, int culprit)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        if (rank != culprit && wait_for_peer(scene, rank, culprit) != NULL)
            return rank;
    return -1;
}

/* "; rank 1 waits for it in MPI_Recv at …" */
static void name_victim(const struct scene *scene, int culprit, GString *headline)
{
    int victim = held_up_by(scene, culprit);
    if (victim < 0)
        return;
    g_string_append_printf(headline, "; rank %d waits for it in ", victim);
    name_call(scene, victim, scene->place[victim].call, headline);
}

static bool was_stopped(enum run_end end)
{
    return end == RUN_HUNG || end == RUN_TIMED_OUT;
}

/* What became of the rank that holds the others up. */
static enum diagnosis_kind blame(const struct scene *scene, int rank, GString *headline)
{
    const struct place *place = &scene->place[rank];
    int victim = held_up_by(scene, rank);
    const struct wait *wait = victim < 0 ? NULL : wait_for_peer(scene, victim, rank);
    if (wait != NULL && wait->kind == WAIT_COLLECTIVE && place->state != PLACE_OUTSIDE &&
        place->state != PLACE_COMPUTING && place->state != PLACE_NO_LOG) {
        const struct log_record *call = call_record(scene, victim);
        g_string_append_printf(headline, "rank %d is in %s, which rank %d never called", victim,
                               log_operation_name(call->operation), rank);
        return DIAGNOSIS_COLLECTIVE_MISSING;
    }
    switch (place->state) {
    case PLACE_FINISHED:
        if (victim < 0)
            return DIAGNOSIS_NONE;
        g_string_append_printf(headline, "rank %d came to its end", rank);
        name_victim(scene, rank, headline);
        return DIAGNOSIS_RANK_GONE;
    case PLACE_POLLING:
        g_string_append_printf(headline, "rank %d polls for ever in ", rank);
        name_call(scene, rank, place->call, headline);
        return DIAGNOSIS_POLLING;
    case PLACE_IN_CALL:
        return DIAGNOSIS_NONE;
    default:
        break;
    }
    if (place->state == PLACE_NO_LOG) {
        g_string_append_printf(headline, "rank %d left no log: it %s before the program's begin",
                               rank, was_stopped(scene->outcome->end) ? "got stuck" : "ended");
        return was_stopped(scene->outcome->end) ? DIAGNOSIS_ENDLESS_LOOP : DIAGNOSIS_ENDED_EARLY;
    }
    if (was_stopped(scene->outcome->end)) {
        g_string_append_printf(headline, "rank %d does not come back from its own code, ", rank);
        describe_computation(scene, rank, headline);
        name_victim(scene, rank, headline);
        return DIAGNOSIS_ENDLESS_LOOP;
    }
    g_string_append_printf(headline, "rank %d ended without its final record, ", rank);
    describe_computation(scene, rank, headline);
    g_string_append(headline, ": exit() or return before the end?");
    return DIAGNOSIS_ENDED_EARLY;
}

/* The rank that explains it best: one that others wait for, else any that is not in MPI. */
static enum diagnosis_kind chain(const struct scene *scene, GString *headline)
{
    for (int pass = 0; pass < 3; pass++)
        for (int rank = 0; rank < scene->outcome->ranks; rank++) {
            enum place_state state = scene->place[rank].state;
            bool away = state == PLACE_OUTSIDE || state == PLACE_COMPUTING || state == PLACE_NO_LOG;
            int culprit = rank;
            if (pass == 0 && scene->place[rank].call != NO_RECORD)
                culprit = end_of_chain(scene, rank);
            else if (pass == 0 || (pass == 1 ? !away : state != PLACE_POLLING))
                continue;
            if (pass == 0 && culprit == rank)
                continue;
            enum diagnosis_kind kind = blame(scene, culprit, headline);
            if (kind != DIAGNOSIS_NONE)
                return kind;
        }
    return DIAGNOSIS_NONE;
}

/* ---- all together -------------------------------------------------------------------------------- */

static enum diagnosis_kind find_kind(const struct scene *scene, GString *headline)
{
    if (crashed(scene, headline))
        return DIAGNOSIS_CRASHED;
    if (finalizes_early(scene, headline))
        return DIAGNOSIS_ENDED_EARLY;
    if (was_stopped(scene->outcome->end) && outlives_its_end(scene, headline))
        return DIAGNOSIS_ENDLESS_LOOP;
    if (any_wait(scene, truncates, headline))
        return DIAGNOSIS_TRUNCATION;
    if (stopped_itself(scene, headline))
        return DIAGNOSIS_STOPPED_ITSELF;
    if (!was_stopped(scene->outcome->end) && scene->outcome->end != RUN_FAILED)
        return DIAGNOSIS_NONE;
    if (collectives_differ(scene, headline))
        return DIAGNOSIS_COLLECTIVES_DIFFER;
    bool gone = scene->outcome->end == RUN_FAILED;
    if (!gone && any_wait(scene, tags_differ, headline))
        return DIAGNOSIS_TAG_MISMATCH;
    if (!gone && any_wait(scene, communicators_differ, headline))
        return DIAGNOSIS_COMMUNICATOR_MISMATCH;
    enum diagnosis_kind kind = gone ? DIAGNOSIS_NONE : circle(scene, headline);
    return kind != DIAGNOSIS_NONE ? kind : chain(scene, headline);
}

/* All source lines in one go. */
static void look_up_lines(const struct scene *scene)
{
    GArray *callers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        const struct log_file *log = &scene->outcome->log[rank];
        const struct place *place = &scene->place[rank];
        if (place->call != NO_RECORD)
            g_array_append_val(callers, log->record[place->call].caller);
        for (guint i = 0; i < place->waits->len; i++)
            g_array_append_val(
                callers, log->record[g_array_index(place->waits, struct wait, i).posted].caller);
    }
    source_line_prepare(scene->outcome->program, (const uint64_t *)(void *)callers->data,
                        (int)callers->len);
    g_array_free(callers, TRUE);
}

enum diagnosis_kind diagnose(const struct outcome *outcome, GString *headline, GString *markdown)
{
    if (outcome->log == NULL || outcome->ranks < 1)
        return DIAGNOSIS_NONE;
    struct scene *scene = scene_new(outcome);
    look_up_lines(scene);
    GString *words = g_string_new(NULL);
    enum diagnosis_kind kind = find_kind(scene, words);
    if (headline != NULL)
        g_string_append(headline, words->str);
    if (markdown != NULL)
        describe_scene(scene, markdown);
    g_string_free(words, TRUE);
    scene_free(scene);
    return kind;
}
