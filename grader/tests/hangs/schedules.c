/*
 * Pipeline schedules that hang: the messages and the computations' records of a
 * training step with 4 micro-batches, without any arithmetic.
 */
#include "grader/tests/hangs/hang.h"

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
    log_fact(LOG_STEP_BEGIN, 0, 0);
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
    log_fact(LOG_STEP_END, 0, 0);
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
    log_fact(LOG_STEP_BEGIN, 0, 0);
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        for (int i = 0; i < ranks; i++) {
            int stage = chunk * ranks + rank;
            if (stage > 0)
                RECEIVE(previous_rank(), 10 * stage + i, SMALL);
            compute(LOG_FORWARD, stage, i);
            if (rank < ranks - 1)
                SEND(rank + 1, 10 * (stage + 1) + i, SMALL);
        }
    log_fact(LOG_STEP_END, 0, 0);
}

static const struct way ways[] = {
    {"steady-phase", steady_phase}, {"wrong-end", wrong_end}, {"without-link", without_link}};

HANG_MAIN(ways)
