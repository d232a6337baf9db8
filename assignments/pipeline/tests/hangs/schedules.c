/*
 * Pipeline schedules that hang: the messages and the computations' records of a
 * training step with 4 micro-batches, without any arithmetic.
 */
#include "tests/support/programs/hang.h"

enum { MICRO_BATCHES = 4, CHUNKS = 2 };

static void has_stage(int stage)
{
    struct log_record record = log_record_new(LOG_STAGE, LOG_INSTANT);
    record.stage = stage;
    log_append(record);
}

static void compute(enum log_operation operation, int stage, int micro_batch)
{
    log_compute(operation, LOG_BEGIN, stage, micro_batch);
    log_compute(operation, LOG_END, stage, micro_batch);
}

/* ---- 1F1B ----------------------------------------------------------------------------------- */

static void receive_activation(int micro_batch)
{
    if (rank > 0)
        RECEIVE(rank - 1, micro_batch, LARGE);
}

static void send_activation(int micro_batch)
{
    if (rank < ranks - 1)
        SEND(rank + 1, micro_batch, LARGE);
}

static void receive_gradient(int micro_batch)
{
    if (rank < ranks - 1)
        RECEIVE(rank + 1, 100 + micro_batch, LARGE);
}

static void send_gradient(int micro_batch)
{
    if (rank > 0)
        SEND(rank - 1, 100 + micro_batch, LARGE);
}

static void step_1f1b(int warm_up)
{
    has_stage(rank);
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
    for (int i = 0; i < MICRO_BATCHES + warm_up; i++) {
        if (i < MICRO_BATCHES) {
            receive_activation(i);
            compute(LOG_FORWARD, rank, i);
            send_activation(i);
        }
        if (i >= warm_up) {
            receive_gradient(i - warm_up);
            compute(LOG_BACKWARD, rank, i - warm_up);
            send_gradient(i - warm_up);
        }
    }
    log_append(log_record_of_step(LOG_STEP_END, 0));
}

/* In the steady phase a rank sends its activation while the next one sends it a gradient. */
static void steady_phase(void)
{
    int warm_up = ranks - 1 - rank;
    step_1f1b(warm_up < MICRO_BATCHES ? warm_up : MICRO_BATCHES);
}

static void wrong_end(void)
{
    step_1f1b(rank < MICRO_BATCHES ? rank : MICRO_BATCHES);
}

/* ---- interleaved ------------------------------------------------------------------------------ */

/* All forwards, as far as they go: the last rank sends nothing to rank 0. */
static void without_link(void)
{
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        has_stage(chunk * ranks + rank);
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        for (int i = 0; i < ranks; i++) {
            int stage = chunk * ranks + rank;
            if (stage > 0)
                RECEIVE(previous_rank(), 10 * stage + i, SMALL);
            compute(LOG_FORWARD, stage, i);
            if (rank < ranks - 1)
                SEND(rank + 1, 10 * (stage + 1) + i, SMALL);
        }
    log_append(log_record_of_step(LOG_STEP_END, 0));
}

static void forward(int chunk, int micro_batch)
{
    int stage = chunk * ranks + rank;
    if (stage > 0)
        RECEIVE(previous_rank(), 100 + 10 * stage + micro_batch, SMALL);
    compute(LOG_FORWARD, stage, micro_batch);
    if (stage < CHUNKS * ranks - 1)
        SEND(next_rank(), 100 + 10 * (stage + 1) + micro_batch, SMALL);
}

static void backward(int chunk, int micro_batch)
{
    int stage = chunk * ranks + rank;
    if (stage < CHUNKS * ranks - 1)
        RECEIVE(next_rank(), 10 * stage + micro_batch, SMALL);
    compute(LOG_BACKWARD, stage, micro_batch);
    if (stage > 0)
        SEND(previous_rank(), 10 * (stage - 1) + micro_batch, SMALL);
}

/* Two groups of as many micro-batches as there are ranks. */
static void step_interleaved(int warm_up, bool reversed)
{
    int group = CHUNKS * ranks, all = 2 * group;
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        has_stage(chunk * ranks + rank);
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
    for (int i = 0; i < all + warm_up; i++) {
        int k = i - warm_up, chunk = k % group / ranks;
        if (i < all)
            forward(i % group / ranks, i / group * ranks + i % ranks);
        if (k >= 0)
            backward(reversed ? CHUNKS - 1 - chunk : chunk, k / group * ranks + k % ranks);
    }
    log_append(log_record_of_step(LOG_STEP_END, 0));
}

static void not_reversed(void)
{
    step_interleaved(2 * (ranks - 1 - rank) + (CHUNKS - 1) * ranks, false);
}

static void interleaved_wrong_end(void)
{
    step_interleaved(2 * rank + (CHUNKS - 1) * ranks, true);
}

static const struct way ways[] = {{"steady-phase", steady_phase},
                                  {"wrong-end", wrong_end},
                                  {"without-link", without_link},
                                  {"not-reversed", not_reversed},
                                  {"interleaved-wrong-end", interleaved_wrong_end}};

HANG_MAIN(ways)
