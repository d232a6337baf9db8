/*
 * For the diagnosis: where each rank was at the end, and what it waited for.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/deadlock.h"
#include "grader/trace/luck.h"

#include <string.h>

bool scene_was_stopped(const struct outcome *outcome)
{
    if (outcome->end == RUN_HUNG || outcome->end == RUN_TIMED_OUT)
        return true;
    /* The simulator notices by itself, and then ends. */
    return outcome->simulated && outcome->end == RUN_FAILED && outcome->output &&
           (strstr(outcome->output, DEADLOCK_WAITING) || strstr(outcome->output, DEADLOCK_POLLING));
}

/* ---- what a rank waits for ------------------------------------------------------------ */

/* Has this half of a message been begun by a rank that does not go on with it? MPI moves a message
 * that is too large to be copied only while its rank is inside of an MPI call. */
static bool is_left_lying(const struct scene *scene, int rank, const struct message_half *half)
{
    if (rank < 0 || rank >= scene->outcome->ranks || scene->outcome->simulated)
        return false;
    enum place_state state = scene->place[rank].state;
    return half->request != 0 && half->completed == NO_RECORD &&
           (state == PLACE_OUTSIDE || state == PLACE_COMPUTING);
}

static void add_message(struct scene *scene, int rank, int index, bool is_send)
{
    const struct message *message = &scene->matching->message[index];
    const struct message_half *own = is_send ? &message->send : &message->receive;
    const struct message_half *other = is_send ? &message->receive : &message->send;
    int peer = is_send ? message->destination : message->source;
    struct wait wait = {.kind = is_send ? WAIT_SEND : WAIT_RECEIVE,
                        .peer = peer >= 0 ? peer : LOG_NO_PEER,
                        .message = index,
                        .collective = NO_COLLECTIVE,
                        .posted = own->posted,
                        .possible = other->posted != NO_RECORD &&
                                    (message->send.bytes <= LUCK_OPEN_MPI_COPIES ||
                                     !is_left_lying(scene, peer, other))};
    g_array_append_val(scene->place[rank].waits, wait);
}

/* One wait per member that is missing. */
static void add_collective(struct scene *scene, int rank, int index, size_t posted)
{
    const struct collective *collective = &scene->collectives->collective[index];
    for (int other = 0; other < scene->outcome->ranks; other++) {
        if (collective_entered(collective, other) != NO_RECORD ||
            !collectives_takes_part(collective, other))
            continue;
        struct wait wait = {.kind = WAIT_COLLECTIVE,
                            .peer = other,
                            .message = NO_MESSAGE,
                            .collective = index,
                            .posted = posted};
        g_array_append_val(scene->place[rank].waits, wait);
    }
}

/* What record i, a begin, part or LOG_WAITING_FOR of the pending call, stands for. */
static void add_wait(struct scene *scene, int rank, size_t i)
{
    const struct log_record *record = &scene->outcome->log[rank].record[i];
    int collective = scene->collectives->by_record[rank][i];
    int index = scene->matching->by_record[rank][i];
    if (collective != NO_COLLECTIVE) {
        add_collective(scene, rank, collective, i);
    } else if (index != NO_MESSAGE) {
        const struct message *message = &scene->matching->message[index];
        bool is_send = message->source == rank && message->send.posted != NO_RECORD &&
                       (message->send.posted == i ||
                        (log_request(record) != 0 && message->send.request == log_request(record) &&
                         message->send.posted < i));
        add_message(scene, rank, index, is_send);
    } else if (record->operation == LOG_PROBE_MESSAGE || record->operation == LOG_MPROBE ||
               record->operation == LOG_IPROBE || record->operation == LOG_IMPROBE) {
        struct wait wait = {.kind = WAIT_RECEIVE,
                            .peer = record->peer >= 0 ? record->peer : LOG_NO_PEER,
                            .message = NO_MESSAGE,
                            .collective = NO_COLLECTIVE,
                            .posted = i};
        g_array_append_val(scene->place[rank].waits, wait);
    } else {
        scene_add_window_waits(scene, rank, i);
    }
}

static void find_waits(struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    size_t call = scene->place[rank].call;
    add_wait(scene, rank, call);
    for (size_t i = call + 1; i < log->count; i++) {
        if (!log_is_behind_begin(&log->record[i]))
            break;
        /* MPI_Start only starts. */
        if (log->record[call].operation != LOG_START && log->record[call].operation != LOG_STARTALL)
            add_wait(scene, rank, i);
    }
}

/* ---- where it was -------------------------------------------------------------------------- */

static void find_place(struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    struct place *place = &scene->place[rank];
    size_t open_call = NO_RECORD, last_test = NO_RECORD, ended = NO_RECORD;
    bool finalized = false;
    int depth = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        bool begins = record->phase == LOG_BEGIN;
        log_follow_step(record, &place->step);
        if (record->operation == LOG_STEP_END)
            ended = i;
        if (log_is_computation(record) && record->phase != LOG_INSTANT) {
            place->computation = i;
            depth = MAX(0, depth + (begins ? 1 : -1));
        }
        if (record->operation >= LOG_SEND && record->phase != LOG_INSTANT)
            open_call = begins ? i : NO_RECORD;
        finalized |= record->operation == LOG_FINALIZE && record->phase == LOG_END;
        if (log_is_poll(record) && begins)
            last_test = i;
    }
    const struct log_record *last = log->count > 0 ? &log->record[log->count - 1] : NULL;
    if (log->ranks == 0)
        place->state = PLACE_NO_LOG; /* not even its header */
    else if (log->complete || finalized)
        place->state = PLACE_FINISHED;
    else if (open_call != NO_RECORD)
        place->state = PLACE_IN_CALL;
    else if (last && last_test != NO_RECORD && log_is_poll(last) && last->phase == LOG_END &&
             (last->flag & LOG_FLAG_TRUE) == 0)
        place->state = PLACE_POLLING;
    else if (ended != NO_RECORD && place->step < 0)
        place->state = PLACE_BETWEEN_STEPS;
    else
        place->state = depth > 0 ? PLACE_COMPUTING : PLACE_OUTSIDE;
    place->call = place->state == PLACE_IN_CALL   ? open_call
                  : place->state == PLACE_POLLING ? last_test
                                                  : NO_RECORD;
}

struct scene *scene_new(const struct outcome *outcome)
{
    struct scene *scene = g_new0(struct scene, 1);
    scene->outcome = outcome;
    scene->matching = matching_new(outcome->log, outcome->ranks);
    scene->collectives = collectives_new(outcome->log, outcome->ranks);
    scene->faults = collectives_find_faults(outcome->log, scene->collectives);
    scene->place = g_new0(struct place, (gsize)outcome->ranks);
    scene->cycle = g_array_new(FALSE, FALSE, sizeof(int));
    scene->tails = g_array_new(FALSE, FALSE, sizeof(int));
    scene->others = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    scene->culprit = -1;
    for (int rank = 0; rank < outcome->ranks; rank++) {
        struct place *place = &scene->place[rank];
        place->waits = g_array_new(FALSE, FALSE, sizeof(struct wait));
        place->computation = NO_RECORD;
        place->step = -1;
        find_place(scene, rank);
    }
    for (int rank = 0; rank < outcome->ranks; rank++)
        if (scene->place[rank].call != NO_RECORD)
            find_waits(scene, rank);
    scene_find_cycles(scene);
    return scene;
}

void scene_free(struct scene *scene)
{
    if (!scene)
        return;
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        g_array_free(scene->place[rank].waits, TRUE);
    g_free(scene->place);
    matching_free(scene->matching);
    g_array_unref(scene->faults);
    collectives_free(scene->collectives);
    g_array_free(scene->cycle, TRUE);
    g_array_free(scene->tails, TRUE);
    g_ptr_array_free(scene->others, TRUE);
    g_free(scene);
}
