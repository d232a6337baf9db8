/*
 * Gradients under way while the backward goes on; see offload_parts.h.
 *
 * On each rank's own clock, but for the time in which it waits for transfers (a program that waits at once would else seem to have
 * had time enough), a layer's own gradients could set out when their hook is over. Played through with the time that a byte took
 * on the link in this run, that says how many bytes could have moved before the end of the backward; the log says how many did.
 */
#include "assignments/memory/judges/offload/offload_parts.h"

#include "common/log/log_fields.h"

#include <math.h>

/* Whoever puts two layers together moves the first of them later, and the last two behind the end; with three it is less. */
#define ENOUGH 0.6

/* Nanoseconds: clocks are rounded to them, and of much less they say nothing. */
#define SHORTEST 2000

static const struct mistake all_behind = {
    "gradients go to the host behind the backward",
    "No transfer to the host sets out before the backward is over: the link does nothing while "
    "layers compute, and the host waits for it then.",
    "offload_gradient_ready: the transfer of a layer's gradients begins there"};
static const struct mistake waits_at_once = {
    "transfers to the host are waited for where they begin",
    "Gradients set out within the backward, and the backward stands still until they have arrived: "
    "it takes as long as if they went behind it.",
    "where transfer_wait is called: in offload_step, and not in offload_gradient_ready"};
static const struct mistake some_behind = {
    "only some gradients go to the host while the backward goes on",
    "Some layers' gradients set out in time, and others behind the backward, or are waited for "
    "where they begin.",
    "offload_gradient_ready: of every layer with parameters, in the last micro-batch"};

struct span {
    double begin, end; /* nanoseconds */
};

struct rank_step {
    const struct log_file *log;
    size_t first, last;
    struct span backward; /* of the last micro-batch */
    GArray *waits;        /* of struct span, one behind the other */
};

/* How much of a span is before a moment, without waits. */
static double length_until(const struct rank_step *r, struct span span, double until)
{
    const double end = fmin(span.end, until);
    double length = fmax(0, end - span.begin);
    for (guint i = 0; i < r->waits->len; i++) {
        const struct span wait = g_array_index(r->waits, struct span, i);
        length -= fmax(0, fmin(end, wait.end) - fmax(span.begin, wait.begin));
    }
    return fmax(0, length);
}

static void find_spans(struct rank_step *r)
{
    r->backward = (struct span){-1, -1};
    int micro_batch = -1;
    for (size_t i = r->first; i < r->last; i++) {
        const struct log_record *record = &r->log->record[i];
        const double clock = (double)record->clock;
        if (record->operation == LOG_BACKWARD && record->micro_batch != micro_batch) {
            micro_batch = record->micro_batch;
            r->backward.begin = clock;
        }
        if (record->operation == LOG_BACKWARD)
            r->backward.end = clock;
        if (record->operation == LOG_TRANSFER_END) {
            const struct span wait = {(double)log_transfer(record).waited_since, clock};
            g_array_append_val(r->waits, wait);
        }
    }
}

/* Of the transfers to the host: bytes, how long the link took for them, and how many of them moved before the end of the
 * backward. */
struct moved {
    double bytes, time, hidden;
    bool within; /* some were begun before the end of the backward */
};

static double number_of_end(const struct rank_step *r, guint64 number)
{
    for (size_t i = r->first; i < r->last; i++)
        if (r->log->record[i].operation == LOG_TRANSFER_END &&
            log_transfer(&r->log->record[i]).number == number)
            return log_transfer(&r->log->record[i]).clock;
    return -1;
}

static struct moved moved_of(const struct rank_step *r)
{
    struct moved moved = {0};
    for (size_t i = r->first; i < r->last; i++) {
        const struct log_record *record = &r->log->record[i];
        if (record->operation != LOG_TRANSFER_BEGIN || !log_transfer(record).to_host)
            continue;
        const struct log_transfer begun = log_transfer(record);
        const struct span link = {begun.clock, number_of_end(r, begun.number)};
        const double time = link.end - link.begin, bytes = (double)begun.bytes;
        moved.bytes += bytes;
        moved.time += fmax(0, time);
        moved.within = moved.within || (double)record->clock < r->backward.end;
        if (time > 0)
            moved.hidden += bytes * length_until(r, link, r->backward.end) / time;
    }
    return moved;
}

/* How many bytes could have moved by then, if each layer's set out behind its hook. */
static double could_be_hidden(const struct offload_run *offload, const struct rank_step *r,
                              const struct moved *moved)
{
    const struct zero_sizes *sizes = &offload->sizes;
    const struct span all = {r->backward.begin, r->backward.end};
    const double end = length_until(r, all, all.end), per_byte = moved->time / moved->bytes;
    double free = 0, hidden = 0;
    for (size_t i = r->first; i < r->last; i++) {
        const struct log_record *record = &r->log->record[i];
        if (record->operation != LOG_GRADIENT || (double)record->clock < r->backward.begin)
            continue;
        const int layer = log_gradient_layer(record);
        if (layer < 0 || layer >= sizes->model->layers)
            continue;
        size_t behind = i + 1;
        while (behind < r->last && r->log->record[behind].operation != LOG_BACKWARD)
            behind++;
        const double ready =
            behind < r->last ? length_until(r, all, (double)r->log->record[behind].clock) : end;
        const double bytes = (double)sizes->model->layer[layer].parameter_count / sizes->ranks *
                             offload->gradient_bytes;
        const double begin = fmax(free, ready), time = bytes * per_byte;
        free = begin + time;
        if (time > 0)
            hidden += bytes * fmin(1, fmax(0, end - begin) / time);
    }
    return hidden;
}

static void fail(int rank, const struct moved *moved, double possible, struct verdict *verdict)
{
    evidence_fail(verdict,
                  "of rank %d's gradients %.0f%% (%.0f of %.0f bytes) move to the host while the "
                  "backward goes on: %.0f%% could, and three fifths of that have to",
                  rank, 100 * moved->hidden / moved->bytes, moved->hidden, moved->bytes,
                  100 * possible / moved->bytes);
    verdict->basis = BASIS_AMOUNT;
    verdict_name_mistake(verdict, !moved->within                    ? &all_behind
                                  : moved->hidden < 0.05 * possible ? &waits_at_once
                                                                    : &some_behind);
}

static bool judge_rank(const struct offload_run *offload, int rank, int step,
                       struct verdict *verdict)
{
    struct rank_step r = {.log = &offload->run->log[rank],
                          .waits = g_array_new(FALSE, FALSE, sizeof(struct span))};
    log_find_step(r.log, step, &r.first, &r.last);
    find_spans(&r);
    const struct moved moved = moved_of(&r);
    bool right = true;
    if (moved.time >= SHORTEST) {
        const double possible = could_be_hidden(offload, &r, &moved);
        right = moved.hidden >= ENOUGH * possible;
        if (!right)
            fail(rank, &moved, possible, verdict);
        else if (rank == 0 && step == 0)
            verdict_explain(verdict,
                            "\nOn the simulated cluster %.0f%% of rank 0's gradients move to the "
                            "host while the backward goes on; %.0f%% could.\n",
                            100 * moved.hidden / moved.bytes, 100 * possible / moved.bytes);
    }
    g_array_unref(r.waits);
    return right;
}

bool memory_offload_overlaps(const struct offload_run *offload, struct verdict *verdict)
{
    for (int step = 0; step < offload->run->options.steps; step++)
        for (int rank = 0; rank < offload->run->ranks; rank++)
            if (!judge_rank(offload, rank, step, verdict))
                return false;
    return true;
}
