/*
 * For the diagnosis: nobody waits in a circle. The chain of waiting then ends at
 * a rank that waits for nobody; what became of it explains the rest.
 */
#include "grader/diagnosis/diagnose_parts.h"

static const struct log_record *call_record(const struct scene *scene, int rank)
{
    return &scene->outcome->log[rank].record[scene->place[rank].call];
}

/* A rank that is held up by this one, or -1. */
static int held_up_by(const struct scene *scene, int culprit)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        if (rank != culprit && scene_wait_for_peer(scene, rank, culprit))
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
    scene_name_call(scene, victim, scene->place[victim].call, headline);
}

/* The simulator ends at once when nobody can go on, so whoever is in no call then has ended. */
static bool does_not_come_back(const struct scene *scene)
{
    return scene_was_stopped(scene->outcome) &&
           (!scene->outcome->simulated || scene->outcome->end == RUN_TIMED_OUT ||
            scene->outcome->exit_status < 0); /* the grader stopped it */
}

/* ": it has been in spin() at step.c:31, called by take_step() at :60, for 8 s" */
static void say_since_when(const struct scene *scene, int rank, GString *headline)
{
    g_autoptr(GString) where = g_string_new(NULL);
    if (!scene_describe_sample(scene, rank, where))
        return;
    double seconds = scene_sample_seconds(scene, rank);
    g_string_append_printf(headline, ": it has been%s", where->str);
    if (seconds > 0)
        g_string_append_printf(headline, ", for %.0f s", MAX(1.0, seconds));
}

/* A message that the others wait for was begun by this rank, which never waited for its request. */
static bool forgot_a_request(const struct scene *scene, int rank, GString *headline)
{
    int victim = held_up_by(scene, rank);
    const struct wait *wait = victim < 0 ? NULL : scene_wait_for_peer(scene, victim, rank);
    if (!wait || wait->message == NO_MESSAGE || !does_not_come_back(scene))
        return false;
    const struct message *message = &scene->matching->message[wait->message];
    bool sends = wait->kind == WAIT_RECEIVE;
    const struct message_half *half = sends ? &message->send : &message->receive;
    if (half->posted == NO_RECORD)
        return false;
    g_string_append_printf(headline,
                           "rank %d never waited for the message that it %s rank %d "
                           "(tag %d) with ",
                           rank, sends ? "sends to" : "receives from", victim, message->tag);
    scene_name_call(scene, rank, scene_call_of(scene, rank, half->posted), headline);
    g_string_append(headline, ", and does not come back from its own code");
    say_since_when(scene, rank, headline);
    g_string_append_printf(headline, "; rank %d waits for it in ", victim);
    scene_name_call(scene, victim, scene->place[victim].call, headline);
    return true;
}

static bool is_finalizing(const struct scene *scene, int rank)
{
    return scene->place[rank].state == PLACE_IN_CALL &&
           call_record(scene, rank)->operation == LOG_FINALIZE;
}

/* In a collective that this rank, wherever it is in MPI, never called. */
static bool missed_a_collective(const struct scene *scene, int rank, GString *headline)
{
    enum place_state state = scene->place[rank].state;
    int victim = held_up_by(scene, rank);
    const struct wait *wait = victim < 0 ? NULL : scene_wait_for_peer(scene, victim, rank);
    if (!wait || wait->kind != WAIT_COLLECTIVE || state == PLACE_OUTSIDE ||
        state == PLACE_COMPUTING || state == PLACE_NO_LOG)
        return false;
    if (scene_name_skipped(scene, rank, wait, headline))
        return true;
    const size_t begin =
        collective_entered(&scene->collectives->collective[wait->collective], victim);
    g_string_append_printf(headline, "rank %d is in ", victim);
    if (begin != scene->place[victim].call) {
        scene_name_call(scene, victim, scene->place[victim].call, headline);
        g_string_append(headline, ", for ");
    }
    collectives_name_with_line(scene->outcome->program, scene->outcome->log, scene->collectives,
                               victim, begin, headline);
    g_string_append_printf(headline, ", which rank %d never called", rank);
    return true;
}

static enum diagnosis_kind ended(const struct scene *scene, int rank, GString *headline)
{
    if (held_up_by(scene, rank) < 0)
        return DIAGNOSIS_NONE;
    if (is_finalizing(scene, rank)) {
        g_string_append_printf(headline, "rank %d came to its end, in ", rank);
        scene_name_call(scene, rank, scene->place[rank].call, headline);
    } else {
        g_string_append_printf(headline, "rank %d came to %s", rank,
                               scene->place[rank].state == PLACE_FINISHED
                                   ? "its end"
                                   : "the end of its training step");
    }
    name_victim(scene, rank, headline);
    return DIAGNOSIS_RANK_GONE;
}

/* Outside of MPI. */
static enum diagnosis_kind is_away(const struct scene *scene, int rank, GString *headline)
{
    bool stuck = does_not_come_back(scene);
    if (scene->place[rank].state == PLACE_NO_LOG) {
        g_string_append_printf(headline, "rank %d left no log: it %s before the program's begin",
                               rank, stuck ? "got stuck" : "ended");
        return stuck ? DIAGNOSIS_ENDLESS_LOOP : DIAGNOSIS_ENDED_EARLY;
    }
    if (stuck) {
        g_string_append_printf(headline, "rank %d does not come back from its own code", rank);
        say_since_when(scene, rank, headline);
        g_string_append(headline, ", ");
        scene_describe_computation(scene, rank, headline);
        name_victim(scene, rank, headline);
        return DIAGNOSIS_ENDLESS_LOOP;
    }
    g_string_append_printf(headline, "rank %d ended without its final record, ", rank);
    scene_describe_computation(scene, rank, headline);
    g_string_append(headline, ": exit() or return before the end?");
    return DIAGNOSIS_ENDED_EARLY;
}

/* What became of the rank that holds the others up. */
static enum diagnosis_kind blame(const struct scene *scene, int rank, GString *headline)
{
    if (missed_a_collective(scene, rank, headline))
        return DIAGNOSIS_COLLECTIVE_MISSING;
    if (forgot_a_request(scene, rank, headline))
        return DIAGNOSIS_REQUEST_NOT_WAITED;
    switch (scene->place[rank].state) {
    case PLACE_FINISHED:
    case PLACE_BETWEEN_STEPS:
        return ended(scene, rank, headline);
    case PLACE_POLLING:
        g_string_append_printf(headline, "rank %d polls for ever in ", rank);
        scene_name_call(scene, rank, scene->place[rank].call, headline);
        return DIAGNOSIS_POLLING;
    case PLACE_IN_CALL:
        return is_finalizing(scene, rank) ? ended(scene, rank, headline) : DIAGNOSIS_NONE;
    case PLACE_NO_LOG:
    case PLACE_COMPUTING:
    case PLACE_OUTSIDE:
        break;
    }
    return is_away(scene, rank, headline);
}

/* Simulated ranks end together, with the first that does. The others are in a call, or paused in a
 * computation that takes its time. */
static enum diagnosis_kind ended_for_all(struct scene *scene, GString *headline)
{
    int rank = scene->outcome->simulated && !scene_was_stopped(scene->outcome)
                   ? scene_one_that_ran(scene)
                   : -1;
    if (rank < 0)
        return DIAGNOSIS_NONE;
    scene->culprit = rank;
    return is_away(scene, rank, headline);
}

/* The rank that explains it best: one that others wait for, else any that is not in MPI, else one
 * that polls. */
enum diagnosis_kind scene_follow_chain(struct scene *scene, GString *headline)
{
    enum diagnosis_kind kind_for_all = ended_for_all(scene, headline);
    if (kind_for_all != DIAGNOSIS_NONE)
        return kind_for_all;
    for (int pass = 0; pass < 3; pass++)
        for (int rank = 0; rank < scene->outcome->ranks; rank++) {
            enum place_state state = scene->place[rank].state;
            bool away = state == PLACE_OUTSIDE || state == PLACE_COMPUTING || state == PLACE_NO_LOG;
            int culprit = rank;
            if (pass == 0 && scene->place[rank].call != NO_RECORD)
                culprit = scene_end_of_chain(scene, rank);
            else if (pass == 0 || (pass == 1 ? !away : state != PLACE_POLLING))
                continue;
            if ((pass == 0 && culprit == rank) || diagnosis_was_ended(scene->outcome, culprit))
                continue;
            enum diagnosis_kind kind = blame(scene, culprit, headline);
            if (kind == DIAGNOSIS_NONE)
                continue;
            scene->culprit = culprit;
            return kind;
        }
    return DIAGNOSIS_NONE;
}
