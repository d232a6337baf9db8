/*
 * For the diagnosis: where each rank was at the end, what it waited for, and
 * whether they waited in a circle.
 */
#include "grader/diagnose_parts.h"

static bool is_test(unsigned operation)
{
    return (operation >= LOG_TEST && operation <= LOG_TESTSOME) || operation == LOG_IPROBE ||
           operation == LOG_IMPROBE;
}

/* ---- what a rank waits for ------------------------------------------------------------ */

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
                        .possible = other->posted != NO_RECORD};
    g_array_append_val(scene->place[rank].waits, wait);
}

/* One wait per member that is missing. */
static void add_collective(struct scene *scene, int rank, int index, size_t posted)
{
    const struct collective *collective = &scene->collectives->collective[index];
    for (int other = 0; other < scene->outcome->ranks; other++) {
        if (collective->entered[other] != NO_RECORD ||
            !is_member(scene->outcome->log, other, collective->communicator))
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
                        (record->request != 0 && message->send.request == record->request &&
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
    }
}

static void find_waits(struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    size_t call = scene->place[rank].call;
    add_wait(scene, rank, call);
    for (size_t i = call + 1; i < log->count; i++) {
        unsigned operation = log->record[i].operation;
        if (operation != LOG_WAITING_FOR && operation != LOG_SEND_PART &&
            operation != LOG_RECV_PART)
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
    size_t open_call = NO_RECORD, last_test = NO_RECORD;
    int depth = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        bool begins = record->phase == LOG_BEGIN;
        if (record->operation == LOG_STEP_BEGIN)
            place->step = (int)(record->request & 0x7fffffff);
        else if (record->operation == LOG_STEP_END)
            place->step = -1;
        if (record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP &&
            record->phase != LOG_INSTANT) {
            place->computation = i;
            depth = MAX(0, depth + (begins ? 1 : -1));
        }
        if (record->operation >= LOG_SEND && record->phase != LOG_INSTANT)
            open_call = begins ? i : NO_RECORD;
        if (is_test(record->operation) && begins)
            last_test = i;
    }
    const struct log_record *last = log->count > 0 ? &log->record[log->count - 1] : NULL;
    if (last == NULL)
        place->state = PLACE_NO_LOG;
    else if (log->complete)
        place->state = PLACE_FINISHED;
    else if (open_call != NO_RECORD)
        place->state = PLACE_IN_CALL;
    else if (last_test != NO_RECORD && is_test(last->operation) && last->phase == LOG_END &&
             (last->flag & LOG_FLAG_TRUE) == 0)
        place->state = PLACE_POLLING;
    else
        place->state = depth > 0 ? PLACE_COMPUTING : PLACE_OUTSIDE;
    place->call = place->state == PLACE_IN_CALL   ? open_call
                  : place->state == PLACE_POLLING ? last_test
                                                  : NO_RECORD;
}

const struct wait *wait_for_peer(const struct scene *scene, int rank, int peer)
{
    const GArray *waits = scene->place[rank].waits;
    for (guint i = 0; i < waits->len; i++) {
        const struct wait *wait = &g_array_index(waits, struct wait, i);
        if (!wait->possible && wait->peer == peer)
            return wait;
    }
    return NULL;
}

/* ---- the circle ---------------------------------------------------------------------------- */

/* The shortest way from `first` back to itself; its length, or 0. way[] gets the ranks. */
static int way_back(const struct scene *scene, int first, int *way)
{
    int ranks = scene->outcome->ranks, head = 0, tail = 0, length = 0;
    int *from = g_new(int, (gsize)ranks), *queue = g_new(int, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++)
        from[rank] = -1;
    queue[tail++] = first;
    while (head < tail && from[first] < 0) {
        int rank = queue[head++];
        for (int other = 0; other < ranks; other++)
            if (from[other] < 0 && wait_for_peer(scene, rank, other) != NULL) {
                from[other] = rank;
                if (other != first)
                    queue[tail++] = other;
            }
    }
    if (from[first] >= 0) {
        /* Backwards from `first` to `first`; then turn the way round. */
        int rank = first;
        do {
            way[length++] = rank;
            rank = from[rank];
        } while (rank != first);
        for (int i = 1, j = length - 1; i < j; i++, j--) {
            int other = way[i];
            way[i] = way[j];
            way[j] = other;
        }
    }
    g_free(from);
    g_free(queue);
    return length;
}

static void find_cycle(struct scene *scene)
{
    int ranks = scene->outcome->ranks;
    int *way = g_new(int, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++) {
        int length = way_back(scene, rank, way);
        if (length > 0 && (scene->cycle->len == 0 || length < (int)scene->cycle->len)) {
            g_array_set_size(scene->cycle, 0);
            g_array_append_vals(scene->cycle, way, (guint)length);
        }
    }
    g_free(way);
}

struct scene *scene_new(const struct outcome *outcome)
{
    struct scene *scene = g_new0(struct scene, 1);
    scene->outcome = outcome;
    scene->matching = matching_new(outcome->log, outcome->ranks);
    scene->collectives = collectives_new(outcome->log, outcome->ranks);
    scene->place = g_new0(struct place, (gsize)outcome->ranks);
    scene->cycle = g_array_new(FALSE, FALSE, sizeof(int));
    for (int rank = 0; rank < outcome->ranks; rank++) {
        struct place *place = &scene->place[rank];
        place->waits = g_array_new(FALSE, FALSE, sizeof(struct wait));
        place->computation = NO_RECORD;
        place->step = -1;
        find_place(scene, rank);
        if (place->call != NO_RECORD)
            find_waits(scene, rank);
    }
    find_cycle(scene);
    return scene;
}

void scene_free(struct scene *scene)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        g_array_free(scene->place[rank].waits, TRUE);
    g_free(scene->place);
    matching_free(scene->matching);
    collectives_free(scene->collectives);
    g_array_free(scene->cycle, TRUE);
    g_free(scene);
}
