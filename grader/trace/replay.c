/*
 * The replay. Each rank has a place in its log and a clock. Ranks take turns;
 * each goes on until it meets a record whose time depends on something that has
 * not happened yet. As messages take no time and nobody competes for anything,
 * the order of the turns does not matter. When no rank can go on, either all
 * are at the end or there is a deadlock.
 */
#include "grader/trace/replay_parts.h"

#include <math.h>

/* ---- going on ---------------------------------------------------------------------------- */

static bool is_computation(const struct play *play, unsigned operation)
{
    return (operation >= LOG_FORWARD && operation <= LOG_BACKWARD_WEIGHT) ||
           (operation == LOG_OPTIMIZER_STEP && play->options.optimizer);
}

/* Inside a computation the clock follows the FLOPs. */
static void charge(struct actor *actor)
{
    if (actor->depth == 0 || actor->at == actor->first)
        return;
    const struct log_record *record = &actor->log->record[actor->at];
    double flops = (double)(record->flops - (record - 1)->flops);
    actor->clock += flops;
    actor->busy += flops;
}

static void computation(struct actor *actor, const struct log_record *record)
{
    if (record->phase == LOG_BEGIN) {
        struct interval interval = {record->operation, record->stage, record->micro_batch,
                                    actor->clock, actor->clock};
        g_array_append_val(actor->intervals, interval);
        guint index = actor->intervals->len - 1;
        g_array_append_val(actor->open, index);
        actor->depth++;
    } else if (record->phase == LOG_END && actor->depth > 0) {
        guint index = g_array_index(actor->open, guint, actor->open->len - 1);
        g_array_index(actor->intervals, struct interval, index).end = actor->clock;
        g_array_set_size(actor->open, actor->open->len - 1);
        actor->depth--;
    }
}

/* This rank posts its half of a message, or enters a collective. */
static void post(struct play *play, int rank, size_t i)
{
    struct actor *actor = &play->actor[rank];
    int message = play->matching->by_record[rank][i];
    if (message != NO_MESSAGE) {
        const struct message *found = &play->matching->message[message];
        if (found->source == rank && found->send.posted == i)
            play->sent[message] = actor->clock;
        if (found->destination == rank && found->receive.posted == i)
            play->posted[message] = actor->clock;
    }
    int collective = play->collectives->by_record[rank][i];
    if (collective != NO_COLLECTIVE)
        replay_enter(play, collective, rank, actor->clock);
}

/* Waits until `time`; false if that is not known yet. */
static bool wait_until(struct actor *actor, double time)
{
    if (isnan(time))
        return false;
    actor->clock = fmax(actor->clock, time);
    return true;
}

static bool skipped(const struct play *play, int rank, size_t record)
{
    return play->options.changes && play->options.changes->skip[rank][record];
}

/* Has what a computation needs come? Only asked where a wait for it was left out. */
static bool input_is_there(const struct play *play, int rank, size_t record)
{
    int message = play->options.changes ? play->options.changes->needs[rank][record] : NO_MESSAGE;
    struct actor *actor = &play->actor[rank];
    return message == NO_MESSAGE ||
           wait_until(actor, replay_message_sent(play, message, &actor->waits_for));
}

/* Does the next record; false if this rank has to wait for another. */
static bool advance(struct play *play, int rank)
{
    struct actor *actor = &play->actor[rank];
    size_t i = actor->at;
    const struct log_record *record = &actor->log->record[i];
    if (is_computation(play, record->operation)) {
        if (!input_is_there(play, rank, i))
            return false;
        charge(actor);
        computation(actor, record);
    } else if (record->operation == LOG_COMPLETED) {
        if ((record->flag & LOG_FLAG_FREED) == 0 && /* else nobody waits for it */
            !skipped(play, rank, i) &&
            !wait_until(actor, replay_request_complete(play, rank, i, &actor->waits_for)))
            return false;
    } else if (record->operation == LOG_SEND_PART || record->operation == LOG_RECV_PART) {
        post(play, rank, i);
    } else if (record->operation >= LOG_SEND && record->phase == LOG_BEGIN) {
        charge(actor);
        post(play, rank, i);
        actor->open_call = i;
    } else if (record->operation >= LOG_SEND && record->phase == LOG_END) {
        if (actor->open_call != NO_RECORD && !skipped(play, rank, i) &&
            !wait_until(actor,
                        replay_call_complete(play, rank, actor->open_call, i, &actor->waits_for)))
            return false;
        actor->open_call = NO_RECORD;
    } else {
        charge(actor);
    }
    actor->at++;
    return true;
}

/* At the end of its records: is it inside a call that can't return? */
static bool stuck_at_end(const struct play *play, int rank, int *waits_for)
{
    const struct actor *actor = &play->actor[rank];
    *waits_for = LOG_NO_PEER;
    if (actor->open_call == NO_RECORD)
        return false;
    unsigned operation = actor->log->record[actor->open_call].operation;
    if (operation >= LOG_WAIT && operation <= LOG_WAITSOME)
        return isnan(replay_pending_wait(play, rank, actor->open_call, waits_for));
    return isnan(replay_call_complete(play, rank, actor->open_call, NO_RECORD, waits_for));
}

/* ---- before and after -------------------------------------------------------------------- */

bool replay_find_records(const struct log_file *log, int step, size_t *first, size_t *last)
{
    if (step == REPLAY_ALL_STEPS) {
        *first = 0;
        *last = log->count;
        return log->complete;
    }
    return log_find_step(log, step, first, last);
}

static bool inside(const struct actor *actor, size_t record)
{
    return record >= actor->first && record < actor->last;
}

static void set_out_collective(struct play *play, int index)
{
    const struct collective *collective = &play->collectives->collective[index];
    for (int slot = 0; slot < collective->slots; slot++) {
        const int rank = collective_rank(collective, slot);
        const size_t record = collective->call[slot];
        play->entered[collective->first + (size_t)slot] = NAN;
        if (record == NO_RECORD)
            continue;
        uint64_t *most = &play->gathering[index].most_bytes;
        *most = MAX(*most, play->logs[rank].record[record].bytes);
        if (!inside(&play->actor[rank], record))
            replay_enter(play, index, rank, 0);
    }
}

/* What lies outside of the step is there from the beginning. */
static void set_out(struct play *play)
{
    int messages = play->matching->count, collectives = play->collectives->count;
    play->sent = g_new(double, (gsize)messages + 1);
    play->posted = g_new(double, (gsize)messages + 1);
    play->entered = g_new(double, play->collectives->slots + 1);
    play->gathering = g_new0(struct gathering, (gsize)collectives + 1);
    for (int i = 0; i < messages; i++) {
        const struct message *message = &play->matching->message[i];
        const struct message_half *send = &message->send, *receive = &message->receive;
        play->sent[i] = play->posted[i] = NAN;
        if (send->posted != NO_RECORD && !inside(&play->actor[message->source], send->posted))
            play->sent[i] = 0;
        if (receive->posted != NO_RECORD &&
            !inside(&play->actor[message->destination], receive->posted))
            play->posted[i] = 0;
    }
    for (int i = 0; i < collectives; i++)
        set_out_collective(play, i);
}

static void take_result(struct play *play, int rank, struct replay_rank *result)
{
    struct actor *actor = &play->actor[rank];
    result->count = (int)actor->intervals->len;
    result->busy = actor->busy;
    if (actor->at < actor->last) {
        advance(play, rank); /* again, to hear why not */
        result->stuck = true;
        result->waits_for = actor->waits_for;
    } else {
        result->stuck = stuck_at_end(play, rank, &result->waits_for);
    }
    result->stuck_in = NO_RECORD;
    result->reached = actor->at;
    if (result->stuck)
        result->stuck_in = actor->open_call != NO_RECORD ? actor->open_call : actor->at;
    /* A computation that never ended lasts until now. */
    for (guint i = 0; i < actor->open->len; i++)
        g_array_index(actor->intervals, struct interval, g_array_index(actor->open, guint, i)).end =
            actor->clock;
    result->interval = (struct interval *)(void *)g_array_free(actor->intervals, FALSE);
    g_array_free(actor->open, TRUE);
}

static void run(struct play *play)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (int rank = 0; rank < play->ranks; rank++)
            while (play->actor[rank].at < play->actor[rank].last && advance(play, rank))
                moved = true;
    }
}

struct replay *replay_run(const struct log_file *logs, int ranks, const struct matching *matching,
                          struct replay_options options)
{
    struct replay *replay = g_new0(struct replay, 1);
    struct matching *own = matching ? NULL : matching_new(logs, ranks);
    struct play play = {.options = options,
                        .ranks = ranks,
                        .logs = logs,
                        .actor = g_new0(struct actor, (gsize)ranks),
                        .matching = matching ? matching : own,
                        .collectives = collectives_new(logs, ranks)};
    replay->ranks = ranks;
    replay->rank = g_new0(struct replay_rank, (gsize)ranks);
    for (int rank = 0; rank < ranks; rank++) {
        struct actor *actor = &play.actor[rank];
        actor->log = &logs[rank];
        replay->steps_found +=
            replay_find_records(actor->log, options.step, &actor->first, &actor->last);
        actor->at = actor->first;
        actor->clock = options.start ? options.start[rank] : 0;
        actor->open_call = NO_RECORD;
        actor->waits_for = LOG_NO_PEER;
        actor->intervals = g_array_new(FALSE, FALSE, sizeof(struct interval));
        actor->open = g_array_new(FALSE, FALSE, sizeof(guint));
    }
    set_out(&play);
    run(&play);
    play.explain = true;
    for (int rank = 0; rank < ranks; rank++) {
        take_result(&play, rank, &replay->rank[rank]);
        replay->deadlock |= replay->rank[rank].stuck;
        replay->makespan = fmax(replay->makespan, play.actor[rank].clock);
    }
    for (int rank = 0; rank < ranks; rank++)
        replay->rank[rank].idle = replay->makespan - replay->rank[rank].busy;
    g_free(play.sent);
    g_free(play.posted);
    g_free(play.entered);
    g_free(play.gathering);
    g_free(play.actor);
    collectives_free(play.collectives);
    matching_free(own);
    return replay;
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    for (int rank = 0; rank < replay->ranks; rank++)
        g_free(replay->rank[rank].interval);
    g_free(replay->rank);
    g_free(replay);
}

double replay_bubble(const struct replay *replay)
{
    double idle = 0;
    for (int rank = 0; rank < replay->ranks; rank++)
        idle += replay->rank[rank].idle;
    return replay->makespan > 0 ? idle / (replay->makespan * replay->ranks) : 0;
}
