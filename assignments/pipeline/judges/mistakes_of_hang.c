/*
 * Known mistakes of schedules that end in a hang: by what each rank computed in
 * this training step so far and what it waits for, or, where that fits none, by
 * the order of its computations, cut off as it is. This is the assignment's part
 * of the diagnosis, which itself knows messages and no schedules.
 */
#include "assignments/pipeline/judges/mistakes_of_hang.h"

#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/stages.h"
#include "grader/diagnosis/scene.h"

#include <string.h>

/* ---- by what is waited for ------------------------------------------------------------------------ */

/* What a rank did in the step that it is in. */
struct progress {
    int stages;       /* that live here: LOG_STAGE records */
    int forwards;     /* of any stage */
    int later_stages; /* forwards of a stage behind its first */
    int last_stage;   /* the stage of the last forward; -1: there was none */
    int backwards;    /* B or I */
    unsigned last;    /* the last of these operations, or LOG_NONE */
    int first_stage;  /* the lowest here; -1: not known */
};

static struct progress progress_of(const struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    struct progress progress = {.first_stage = -1, .last_stage = -1};
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STAGE) {
            progress.stages++;
            if (progress.first_stage < 0 || record->stage < progress.first_stage)
                progress.first_stage = record->stage;
        } else if (record->operation == LOG_STEP_BEGIN) {
            progress.forwards = progress.later_stages = progress.backwards = 0;
            progress.last = LOG_NONE;
            progress.last_stage = -1;
        }
        bool forward = record->operation == LOG_FORWARD;
        bool backward =
            record->operation == LOG_BACKWARD || record->operation == LOG_BACKWARD_INPUT;
        if (record->phase != LOG_END || (!forward && !backward))
            continue;
        progress.last = record->operation;
        progress.forwards += forward;
        progress.last_stage = forward ? record->stage : progress.last_stage;
        progress.backwards += backward;
        progress.later_stages +=
            forward && progress.first_stage >= 0 && record->stage > progress.first_stage;
    }
    return progress;
}

static bool waits_to(const struct scene *scene, int rank, enum wait_kind kind, int peer)
{
    const struct wait *wait = scene_wait_for_peer(scene, rank, peer);
    return wait && wait->kind == kind && wait->peer == peer;
}

/* Messages that one rank began to send to another in the step that the sender is in. */
static int sent(const struct scene *scene, int from, int to)
{
    int count = 0, step = scene->place[from].step;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        count += message->source == from && message->destination == to &&
                 message->send.posted != NO_RECORD && message->send.step == step;
    }
    return count;
}

/* Did a rank receive anything from another in the step that it is in? */
static bool received_any(const struct scene *scene, int rank, int peer)
{
    int step = scene->place[rank].step;
    for (int i = 0; i < scene->matching->count; i++) {
        const struct message *message = &scene->matching->message[i];
        if (message->source == peer && message->destination == rank &&
            message->receive.posted != NO_RECORD && message->receive.completed != NO_RECORD &&
            message->receive.step == step)
            return true;
    }
    return false;
}

/* Forwards that the last rank runs before its first backward: one, and with v stages per rank all
 * that come before the first of the last stage. */
static int least_forwards(const struct scene *scene, const struct progress *progress)
{
    return (MAX(1, progress->stages) - 1) * scene->outcome->ranks + 1;
}

/* Rank 0 did as few forwards as the last rank should and waits for a backward; the last rank, which
 * should begin with that, did forwards only and waits for another. Excluded where rank 0 has a forward
 * whose output it never sent: then the last rank waits for that. */
static bool is_wrong_end(const struct scene *scene)
{
    int last = scene->outcome->ranks - 1;
    if (last < 1)
        return false;
    struct progress front = progress_of(scene, 0), back = progress_of(scene, last);
    return front.forwards == least_forwards(scene, &front) && front.backwards == 0 &&
           back.forwards >= 1 && back.backwards == 0 && waits_to(scene, 0, WAIT_RECEIVE, 1) &&
           waits_to(scene, last, WAIT_RECEIVE, last - 1) && sent(scene, 0, 1) >= front.forwards;
}

/* Two neighbours: the one in front sends what its F made, the one behind what its B made. Excluded where
 * the one behind has received nothing from the one in front: there may be no receive at all. */
static bool is_steady_phase(const struct scene *scene)
{
    if (scene->cycle->len != 2)
        return false;
    int one = g_array_index(scene->cycle, int, 0), other = g_array_index(scene->cycle, int, 1);
    int front = MIN(one, other), behind = MAX(one, other);
    struct progress before = progress_of(scene, front), after = progress_of(scene, behind);
    bool around = front == 0 && behind == scene->outcome->ranks - 1 && before.stages > 1;
    return (behind == front + 1 || around) && waits_to(scene, front, WAIT_SEND, behind) &&
           waits_to(scene, behind, WAIT_SEND, front) && received_any(scene, behind, front) &&
           ((before.last == LOG_FORWARD && after.last != LOG_FORWARD && after.backwards > 0) ||
            (around && after.last == LOG_FORWARD && before.last != LOG_FORWARD &&
             before.backwards > 0));
}

/* Rank 0 waits for the input of its second stage, number p; the last rank did a forward of its
 * first stage, number p-1, and sent rank 0 nothing. */
static bool is_without_link(const struct scene *scene)
{
    int last = scene->outcome->ranks - 1;
    if (last < 1)
        return false;
    struct progress front = progress_of(scene, 0), back = progress_of(scene, last);
    return front.stages > 1 && front.forwards > 0 && front.later_stages == 0 &&
           front.backwards == 0 && back.forwards > 0 && waits_to(scene, 0, WAIT_RECEIVE, last) &&
           sent(scene, last, 0) == 0;
}

/* Did this line of the source receive anything before? */
static bool received_before(const struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    size_t call = scene->place[rank].call;
    for (size_t i = 0; i < call; i++)
        if (log->record[i].phase == LOG_END && log->record[i].operation >= LOG_SEND &&
            log->record[i].caller == log->record[call].caller)
            return true;
    return false;
}

/* The last rank came to its last stage, which makes its gradient from the loss, without a message.
 * But it waits for one from rank 0, which has the stage behind each of its others. Where rank 0 is
 * the neighbour on both sides, that it is no activation shows by its line. */
static bool is_not_reversed(const struct scene *scene)
{
    int last = scene->outcome->ranks - 1;
    if (last < 1)
        return false;
    struct progress front = progress_of(scene, 0), back = progress_of(scene, last);
    return back.stages > 1 && back.backwards == 0 && front.backwards == 0 &&
           back.forwards == least_forwards(scene, &back) &&
           back.last_stage == back.first_stage + (back.stages - 1) * scene->outcome->ranks &&
           waits_to(scene, last, WAIT_RECEIVE, 0) &&
           front.forwards > least_forwards(scene, &front) &&
           (last > 1 || !received_before(scene, last));
}

static const struct mistake wrong_end = {
    "warm-up counted from the wrong end",
    "rank 0 waits for its first backward after one forward, while the last rank, which could begin "
    "with backwards at once, waits for more forwards. Rank r of p does min(p-r-1, m) forwards "
    "before it alternates: rank 0 the most, the last rank none. (Interleaved: 2(p-r-1) + (v-1)p.)",
    NULL};
static const struct mistake not_reversed = {
    "interleaved: chunks not reversed in backward",
    "the last rank has run the last stage of all, whose gradient it can make from the loss, "
    "without "
    "a message. But it waits for a gradient from rank 0, as only its earlier chunks do. Backwards "
    "go from the last stage to the first: the chunk of backward number k is v-1 less the chunk of "
    "forward number k.",
    NULL};
static const struct mistake steady_phase = {
    "both neighbours send first in the steady phase",
    "the rank in front sends an activation forward while the rank behind it sends a gradient back, "
    "and neither receives. In the steady phase every send forward belongs together with a receive "
    "backward: do both at once (`MPI_Sendrecv`), or start one of them with `MPI_Isend` or "
    "`MPI_Irecv`.",
    NULL};
static const struct mistake without_link = {
    "interleaved: no link from the last rank to rank 0",
    "rank 0 waits for the input of its second stage, number p, which nobody sends. What stage p-1 "
    "makes on the last rank goes to stage p, on rank 0: only the very last stage, number v·p-1, "
    "sends nothing forward.",
    NULL};

static const struct mistake through_world = {
    "messages go through MPI_COMM_WORLD, not pipeline->comm",
    "stage s is rank s of pipeline->comm. The ranks of MPI_COMM_WORLD are the same processes, but "
    "they need not be in the same order, and in this run they are not.",
    "the communicator in every MPI call, your own ones included"};

static const struct mistake *mistake_of_waits(const struct scene *scene, enum diagnosis_kind kind)
{
    if (kind == DIAGNOSIS_BOTH_SEND_FIRST && is_steady_phase(scene))
        return &steady_phase;
    return is_without_link(scene)   ? &without_link
           : is_not_reversed(scene) ? &not_reversed
           : is_wrong_end(scene)    ? &wrong_end
                                    : NULL;
}

/* ---- by the order of the computations --------------------------------------------------------------- */

/* How many training steps every rank has ended, and some rank begun. */
static void count_steps(const struct outcome *outcome, int *ended, int *begun)
{
    *ended = MAX(1, outcome->options.steps);
    *begun = 0;
    for (int rank = 0; rank < outcome->ranks; rank++) {
        int begins = 0, ends = 0;
        for (size_t i = 0; i < outcome->log[rank].count; i++) {
            begins += outcome->log[rank].record[i].operation == LOG_STEP_BEGIN;
            ends += outcome->log[rank].record[i].operation == LOG_STEP_END;
        }
        *ended = MIN(*ended, ends);
        *begun = MAX(*begun, begins);
    }
    *begun = MIN(*begun, MAX(1, outcome->options.steps));
}

/* The micro-batch whose loss a rank wanted the gradient of in this step although there was no loss yet:
 * there the kit stops it. -1: none. */
static int wanted_loss(const struct log_file *log, int step)
{
    int now = -1, wanted = -1;
    g_autoptr(GArray) computed = g_array_new(FALSE, FALSE, sizeof(int));
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        int micro_batch = record->micro_batch;
        bool found = false;
        log_follow_step(record, &now);
        if (record->operation == LOG_STEP_BEGIN)
            g_array_set_size(computed, 0);
        if (record->operation == LOG_LOSS)
            g_array_append_val(computed, micro_batch);
        if (record->operation != LOG_LOSS_BACKWARD || now != step)
            continue;
        for (guint k = 0; k < computed->len; k++)
            found = found || g_array_index(computed, int, k) == micro_batch;
        wanted = found ? wanted : micro_batch;
    }
    return wanted;
}

/* Adds the backwards that ranks tried and could not begin: where the loss was not there, or where the
 * gradient has not come, which with one stage per rank is what comes from the next rank. */
static void add_tried(const struct scene *scene, const struct schedule_kind *kind,
                      struct schedule_shape shape, int step, struct schedule *schedule)
{
    const enum log_operation backward = kind->facts->halves ? LOG_BACKWARD_INPUT : LOG_BACKWARD;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int stage = (shape.chunks - 1) * shape.ranks + rank;
        int micro_batch = wanted_loss(&scene->outcome->log[rank], step);
        bool waits = shape.chunks == 1 && scene->place[rank].step == step &&
                     waits_to(scene, rank, WAIT_RECEIVE, rank + 1);
        if (micro_batch >= 0 || waits)
            schedule_add(schedule, rank,
                         (struct schedule_operation){backward, stage, micro_batch, 0});
    }
}

static const struct mistake *mistake_of_order(const struct scene *scene)
{
    const struct outcome *outcome = scene->outcome;
    const struct schedule_kind *kind = schedule_find(outcome->options.step);
    if (!kind || !order_rule(kind))
        return NULL;
    const struct schedule_shape shape = {outcome->ranks, pipeline_chunks(&outcome->options),
                                         options_micro_batches(&outcome->options)};
    int ended, steps;
    count_steps(outcome, &ended, &steps);
    const struct mistake *mistake = NULL;
    struct schedule **schedule = order_of_steps(outcome->log, outcome->ranks, steps,
                                                kind->facts->asynchronous || kind->facts->halves);
    for (int step = 0; step < steps && !mistake; step++) {
        if (step >= ended)
            add_tried(scene, kind, shape, step, schedule[step]);
        mistake = step < ended ? order_recognise(kind, schedule[step], shape)
                               : order_recognise_cut_off(kind, schedule[step], shape);
    }
    order_of_steps_free(schedule, steps);
    return mistake;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

/* Does somebody wait for somebody, or test for what does not come? */
static bool is_wait(enum diagnosis_kind kind)
{
    return kind >= DIAGNOSIS_TAG_MISMATCH && kind != DIAGNOSIS_ENDED_EARLY;
}

/* ---- by what MPI said -------------------------------------------------------------------------------- */

static const struct mistake no_request = {
    "wait for a request that is none",
    "MPI was asked to wait for a request that it does not know. A variable of type MPI_Request "
    "holds "
    "whatever was in memory until a call starts a message with it; and a copy of a request is none "
    "any "
    "more once the message has completed.",
    "the requests given to this wait: each must have been started, or set to MPI_REQUEST_NULL "
    "(pipeline_communicate does so where no message is due)"};

/* Did a wait fail because of its request? Excluded where MPI complains of anything else. */
static bool is_no_request(const struct outcome *outcome)
{
    const char *failed =
        outcome->output ? strstr(outcome->output, "failed: MPI_ERR_REQUEST") : NULL;
    const char *line = failed;
    while (line && line > outcome->output && line[-1] != '\n')
        line--;
    const char *wait = line ? g_strstr_len(line, failed - line, "MPI_Wait") : NULL;
    return wait != NULL;
}

/* With several stages per rank: rank 0 has run nothing and waits for the last rank. Its first stage needs
 * no message. Whether a later stage was begun, or a receive is too much, the log can't tell. */
static void cause_of_a_first_wait(const struct scene *scene, GString *cause)
{
    int last = scene->outcome->ranks - 1;
    struct progress front = progress_of(scene, 0);
    if (last < 1 || front.stages < 2 || front.forwards > 0 || front.backwards > 0 ||
        !waits_to(scene, 0, WAIT_RECEIVE, last))
        return;
    g_string_append_printf(cause,
                           "rank 0 waits for a message from rank %d before its first forward. That "
                           "is of stage 0, its chunk 0, which takes its input from the batch: a "
                           "later chunk was begun, or stage 0 was made to receive",
                           last);
}

const struct mistake *mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const enum diagnosis_kind kind = diagnosis->kind;
    const struct scene *scene = diagnosis->scene;
    if (kind == DIAGNOSIS_STOPPED_ITSELF)
        return is_no_request(scene->outcome) ? &no_request : mistake_of_order(scene);
    const struct mistake *mistake = NULL;
    if (kind == DIAGNOSIS_NONE) { /* it is still looked for: see assignment.h */
        mistake = mistake_of_waits(scene, DIAGNOSIS_CYCLE);
        return mistake ? mistake : mistake_of_unsent(scene, cause);
    }
    if (kind == DIAGNOSIS_THROUGH_WORLD)
        return &through_world;
    if (!is_wait(kind))
        return NULL;
    if (kind == DIAGNOSIS_ASKED_TWICE || kind == DIAGNOSIS_SENT_TWICE) {
        cause_of_repeated(scene, cause);
        return NULL;
    }
    mistake = mistake_of_waits(scene, kind);
    if (mistake || kind == DIAGNOSIS_ENDLESS_LOOP)
        return mistake;
    mistake = mistake_of_unsent(scene, cause);
    if (!mistake)
        cause_of_a_first_wait(scene, cause);
    return mistake || cause->len > 0 ? mistake : mistake_of_order(scene);
}
