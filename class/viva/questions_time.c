/* Questions on time and memory: who waits for whom, what is on the critical path, what is in flight. */
#include "class/viva/question.h"

#include <math.h>
#include <string.h>

static const char how_gap[] =
    "Replay of the logs with FLOPs as time and free messages: the longest time between two "
    "computations of a rank, and the message that ended it.";

static char *number(double value)
{
    g_autofree char *plain = g_strdup_printf("%.0f", value);
    GString *text = g_string_new(NULL);
    const size_t length = strlen(plain);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && plain[i - 1] != '-')
            g_string_append_c(text, ',');
        g_string_append_c(text, plain[i]);
    }
    return g_string_free(text, FALSE);
}

static const char *letter(enum log_operation operation)
{
    return operation == LOG_FORWARD           ? "the forward"
           : operation == LOG_BACKWARD_INPUT  ? "the backward for the input"
           : operation == LOG_BACKWARD_WEIGHT ? "the backward for the weights"
                                              : "the backward";
}

static bool is_computation(const struct log_record *record)
{
    return record->operation >= LOG_FORWARD && record->operation <= LOG_BACKWARD_WEIGHT;
}

static struct replay *replay_of(const struct viva_run *run, const struct log_file *logs,
                                const struct matching *matching)
{
    const struct replay_options options = {.step = run->step};
    return replay_run(logs, run->ranks, matching, options);
}

/* ---- who waits longest ---------------------------------------------------------------------------- */

/* The record of a rank's log that begins its n-th computation of the step. */
static size_t computation_record(const struct viva_run *run, int rank, int n)
{
    size_t first, last;
    replay_find_records(&run->logs[rank], run->step, &first, &last);
    for (size_t i = first; i < last; i++)
        if (is_computation(&run->logs[rank].record[i]) &&
            run->logs[rank].record[i].phase == LOG_BEGIN && n-- == 0)
            return i;
    return NO_RECORD;
}

/* The message that a rank received last before a record; NO_MESSAGE: none since its last computation. */
static int message_before(const struct viva_run *run, int rank, size_t record)
{
    const int *by_record = run->matching->by_record[rank];
    for (size_t i = record; i-- > 0 && !is_computation(&run->logs[rank].record[i]);) {
        const int found = by_record[i];
        if (found != NO_MESSAGE && run->matching->message[found].destination == rank &&
            run->matching->message[found].receive.posted != NO_RECORD &&
            run->matching->message[found].send.posted != NO_RECORD &&
            run->matching->message[found].source != rank)
            return found;
    }
    return NO_MESSAGE;
}

void viva_ask_waits(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    struct replay *replay = replay_of(run, run->logs, run->matching);
    double longest = 0;
    int rank = -1, at = 0;
    for (int r = 0; r < replay->ranks; r++)
        for (int i = 0; i < replay->rank[r].count; i++) {
            const double before = i > 0 ? replay->rank[r].interval[i - 1].end : 0,
                         gap = replay->rank[r].interval[i].begin - before;
            if (gap > longest * 1.0001) {
                longest = gap;
                rank = r;
                at = i;
            }
        }
    const size_t record = rank >= 0 ? computation_record(run, rank, at) : NO_RECORD;
    const int found = record != NO_RECORD ? message_before(run, rank, record) : NO_MESSAGE;
    if (found != NO_MESSAGE) {
        const struct message *message = &run->matching->message[found];
        const struct interval *interval = &replay->rank[rank].interval[at];
        const struct log_record *receive = &run->logs[rank].record[message->receive.posted],
                                *send = &run->logs[message->source].record[message->send.posted];
        g_autofree char *there = viva_place(run, receive), *sender = viva_place(run, send),
                        *flops = number(longest);
        struct viva_call about = {0};
        for (guint i = 0; i < viva->calls[rank]->len; i++)
            if (VIVA_CALL(viva->calls, rank, i)->begin == message->receive.posted)
                about = *VIVA_CALL(viva->calls, rank, i);
        viva_ask(viva, "waits", about.file ? &about : NULL,
                 g_strdup_printf("Which rank waits longest in one go in this step (%s, run %d, %d "
                                 "ranks), for whom, and in which "
                                 "line? Can anything be done about it?",
                                 run->check, run->number, run->ranks),
                 g_strdup_printf("Rank %d, before %s of micro-batch %d: **%s FLOPs** (%.0f%% of "
                                 "the step) for rank %d, whose "
                                 "message it gets by %s; rank %d sends it by %s.",
                                 rank, letter(interval->operation), interval->micro_batch, flops,
                                 100 * longest / replay->makespan, message->source, there,
                                 message->source, sender),
                 how_gap);
    }
    replay_free(replay);
}

/* ---- one rank at half speed -------------------------------------------------------------------------- */

/* The rank's computations charge twice as much. */
static void slow_down(struct log_file *log)
{
    uint64_t more = 0, before = 0;
    int depth = 0;
    for (size_t i = 0; i < log->count; i++) {
        struct log_record *record = &log->record[i];
        if (depth > 0)
            more += record->flops - before;
        before = record->flops;
        record->flops += more;
        if (is_computation(record))
            depth += record->phase == LOG_BEGIN ? 1 : record->phase == LOG_END ? -1 : 0;
    }
}

void viva_ask_slower(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    if (viva->before.makespan <= 0)
        return;
    const int rank = g_rand_int_range(viva->random, 0, run->ranks);
    struct log_file *logs = viva_logs_copy(run);
    slow_down(&logs[rank]);
    struct replay *before = replay_of(run, run->logs, run->matching),
                  *after = replay_of(run, logs, run->matching);
    const double busy = before->rank[rank].busy, more = after->makespan - before->makespan;
    if (busy > 0)
        viva_ask(viva, "slower", NULL,
                 g_strdup_printf("If your rank %d computed at half its speed, how much longer "
                                 "would a step take (%s, run %d, %d "
                                 "ranks)? Which of its computations are on the critical path?",
                                 rank, run->check, run->number, run->ranks),
                 g_strdup_printf("**%.0f%% longer.** The rank computes for %.0f%% of the step; "
                                 "doubled, that is %.0f%% of "
                                 "it, of which %.0f%% show: so much of its work is on the critical "
                                 "path of the slowed run, the "
                                 "rest is hidden behind other ranks' work.",
                                 100 * more / before->makespan, 100 * busy / before->makespan,
                                 200 * busy / before->makespan, 100 * more / busy),
                 "The FLOPs of that rank's computations were doubled in its log, and the logs "
                 "replayed.");
    replay_free(before);
    replay_free(after);
    viva_logs_free(logs, run->ranks);
}

/* ---- one micro-batch fewer ------------------------------------------------------------------------------ */

/* Computations of a micro-batch become instants that cost nothing. */
static void take_out(struct log_file *log, int micro_batch)
{
    uint64_t less = 0, before = 0;
    bool inside = false;
    for (size_t i = 0; i < log->count; i++) {
        struct log_record *record = &log->record[i];
        if (inside)
            less += record->flops - before;
        before = record->flops;
        record->flops -= less;
        if (is_computation(record) && record->micro_batch == micro_batch) {
            inside = record->phase == LOG_BEGIN;
            record->operation = LOG_PROBE;
            record->phase = LOG_INSTANT;
        }
    }
}

static int last_micro_batch(const struct replay *replay)
{
    int most = -1;
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++)
            most = MAX(most, replay->rank[rank].interval[i].micro_batch);
    return most;
}

void viva_ask_fewer(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    struct replay *before = replay_of(run, run->logs, run->matching);
    const int last = last_micro_batch(before);
    if (last > 0 && before->makespan > 0) {
        struct log_file *logs = viva_logs_copy(run);
        for (int rank = 0; rank < run->ranks; rank++)
            take_out(&logs[rank], last);
        struct replay *after = replay_of(run, logs, run->matching);
        if (!after->deadlock)
            viva_ask(viva, "fewer", NULL,
                     g_strdup_printf("This run has %d micro-batches on %d ranks (%s, run %d). With "
                                     "one fewer of the same size, "
                                     "would a step take 1/%d less time? And what becomes of the "
                                     "share of time in which ranks "
                                     "have nothing to do?",
                                     last + 1, run->ranks, run->check, run->number, last + 1),
                     g_strdup_printf("It takes **%.1f%% less** (1/%d would be %.1f%%), and the "
                                     "idle share goes from **%.1f%% to "
                                     "%.1f%%**.",
                                     100 * (1 - after->makespan / before->makespan), last + 1,
                                     100.0 / (last + 1), 100 * replay_bubble(before),
                                     100 * replay_bubble(after)),
                     "The computations of the last micro-batch were taken out of the logs, all "
                     "else stayed in its order, "
                     "and the logs were replayed.");
        replay_free(after);
        viva_logs_free(logs, run->ranks);
    }
    replay_free(before);
}

/* ---- what is in flight ------------------------------------------------------------------------------------ */

/* A forward holds what it saved until its backward has ended. */
struct held {
    int most;
    size_t when;   /* the forward with which it is reached */
    size_t behind; /* the backward behind which it is one less; NO_RECORD: none */
};

static struct held held_by(const struct viva_run *run, int rank)
{
    struct held held = {0, NO_RECORD, NO_RECORD};
    size_t first, last;
    int now = 0;
    replay_find_records(&run->logs[rank], run->step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &run->logs[rank].record[i];
        if (record->operation == LOG_FORWARD && record->phase == LOG_BEGIN && ++now > held.most) {
            held = (struct held){now, i, NO_RECORD};
        } else if ((record->operation == LOG_BACKWARD ||
                    record->operation == LOG_BACKWARD_WEIGHT) &&
                   record->phase == LOG_END) {
            if (now == held.most && held.behind == NO_RECORD)
                held.behind = i;
            now--;
        }
    }
    return held;
}

void viva_ask_in_flight(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    const int rank = g_rand_int_range(viva->random, 0, run->ranks);
    const struct held held = held_by(run, rank);
    if (held.most == 0 || held.behind == NO_RECORD)
        return;
    const struct log_record *when = &run->logs[rank].record[held.when],
                            *behind = &run->logs[rank].record[held.behind];
    g_autofree char *forward = viva_place(run, when), *backward = viva_place(run, behind);
    viva_ask(
        viva, "in flight", NULL,
        g_strdup_printf(
            "For how many micro-batches does your rank %d hold activations at most in this step "
            "(%s, run %d, %d "
            "ranks)? With which call is that reached, and which one lets the first of them go?",
            rank, run->check, run->number, run->ranks),
        g_strdup_printf("**%d**, with the forward of micro-batch %d (%s); the first goes with the "
                        "backward of micro-batch "
                        "%d (%s).",
                        held.most, when->micro_batch, forward, behind->micro_batch, backward),
        "Counted in the rank's log: forwards that began less backwards that ended.");
}
