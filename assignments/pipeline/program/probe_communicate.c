/*
 * --probe communicate: every operation of pipeline_communicate() for several
 * micro-batches, with payloads that say who sent what.
 *
 * Two exchanges. In the first the payloads are small and each micro-batch's
 * receives are started before its sends. In the second they are large (256 KiB)
 * and all sends are started before the first receive: an operation that waits
 * for its message hangs there. All requests of an exchange are started before
 * the first is waited for.
 */
#include "assignments/pipeline/probes.h"
#include "assignments/pipeline/program/parts.h"
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MICRO_BATCHES = 3, OPERATIONS = 4, CALLS = MICRO_BATCHES * OPERATIONS };
enum { SMALL = 48, LARGE = 65536 };

static const char *const operation_name[OPERATIONS] = {
    [RECV_FORWARD] = "RECV_FORWARD",
    [SEND_FORWARD] = "SEND_FORWARD",
    [RECV_BACKWARD] = "RECV_BACKWARD",
    [SEND_BACKWARD] = "SEND_BACKWARD",
};

/* One call of pipeline_communicate(), and what came of it. */
struct call {
    enum pipeline_operation operation;
    int micro_batch;
    struct tensor *tensor; /* NULL where no message should be due */
    MPI_Request request;
    bool due; /* what it returned */
    bool request_null;
};

static bool is_receive(enum pipeline_operation operation)
{
    return operation == RECV_FORWARD || operation == RECV_BACKWARD;
}

/* Whose payload, sent by which operation, is in the tensor at the end? False: none is due. */
static bool find_sender(const struct run *run, enum pipeline_operation operation, int *sender,
                        enum pipeline_operation *sent_by)
{
    const bool has_neighbour = operation == RECV_FORWARD || operation == SEND_BACKWARD
                                   ? run->rank > 0
                                   : run->rank < run->ranks - 1;
    *sender = run->rank;
    *sent_by = operation;
    if (operation == RECV_FORWARD) {
        *sender = run->rank - 1;
        *sent_by = SEND_FORWARD;
    } else if (operation == RECV_BACKWARD) {
        *sender = run->rank + 1;
        *sent_by = SEND_BACKWARD;
    }
    return has_neighbour;
}

static struct tensor *prepare(const struct run *run, enum pipeline_operation operation,
                              int micro_batch, int count)
{
    int sender;
    enum pipeline_operation sent_by;
    if (!find_sender(run, operation, &sender, &sent_by))
        return NULL;
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(count));
    for (int i = 0; i < count; i++)
        tensor_floats(tensor)[i] = is_receive(operation) ? -1.0f
                                                         : probe_payload(run->options->seed, sender,
                                                                         sent_by, micro_batch, i);
    return tensor;
}

static void start(struct pipeline *pipeline, struct call *call)
{
    /* An inactive request: neither MPI_REQUEST_NULL nor harmful to wait for, if it stays. */
    MPI_Request untouched;
    mpi_check(PMPI_Recv_init(NULL, 0, MPI_BYTE, MPI_PROC_NULL, 0, pipeline->comm, &untouched));
    call->request = untouched;
    call->due = pipeline_communicate(pipeline, call->operation, call->micro_batch, call->tensor,
                                     &call->request);
    call->request_null = call->request == MPI_REQUEST_NULL;
    if (call->request != untouched)
        mpi_check(PMPI_Request_free(&untouched));
}

static json_t *describe(const struct run *run, const struct call *call)
{
    int sender, mismatched = 0;
    enum pipeline_operation sent_by;
    double expected_first = 0.0, found_first = 0.0;
    if (find_sender(run, call->operation, &sender, &sent_by)) {
        const float *found = tensor_floats(call->tensor);
        for (int i = 0; i < call->tensor->count; i++)
            mismatched += found[i] !=
                          probe_payload(run->options->seed, sender, sent_by, call->micro_batch, i);
        expected_first = probe_payload(run->options->seed, sender, sent_by, call->micro_batch, 0);
        found_first = found[0];
    }
    if (found_first != found_first)
        found_first = -2.0; /* JSON has no NaN */
    return json_pack("{ss si sb sb sf sf si si}", "operation", operation_name[call->operation],
                     "micro_batch", call->micro_batch, "due", call->due, "request_null",
                     call->request_null, "expected_first", expected_first, "found_first",
                     found_first, "mismatched", mismatched, "count",
                     call->tensor != NULL ? call->tensor->count : 0);
}

/* Starts the calls in the order given, waits for all, and adds what came of them to the table. */
static void exchange(const struct run *run, struct pipeline *pipeline, struct call call[CALLS],
                     int count, json_t *table)
{
    MPI_Request request[CALLS];
    for (int i = 0; i < CALLS; i++)
        call[i].tensor = prepare(run, call[i].operation, call[i].micro_batch, count);
    for (int i = 0; i < CALLS; i++) {
        start(pipeline, &call[i]);
        request[i] = call[i].request;
    }
    mpi_check(MPI_Waitall(CALLS, request, MPI_STATUSES_IGNORE));
    for (int i = 0; i < CALLS; i++) {
        if (json_array_append_new(table, describe(run, &call[i])) != 0)
            fatal("no memory left for the table");
        tensor_free(call[i].tensor);
        if (request[i] != MPI_REQUEST_NULL)
            mpi_check(MPI_Request_free(&request[i])); /* a persistent one; the log knows it */
    }
}

/* A stage for those who look at pipeline->stage: the layers dealt out evenly. */
static struct stage *make_stage(const struct run *run)
{
    const int layers = run->model->layers;
    if (layers < run->ranks)
        fatal("--model %s has %d layers, too few for %d ranks", run->model->name, layers,
              run->ranks);
    const int first = (int)((long)layers * run->rank / run->ranks);
    const int end = (int)((long)layers * (run->rank + 1) / run->ranks);
    return stage_new(run->model, &(struct stage_options){.index = run->rank,
                                                         .stages = run->ranks,
                                                         .first_layer = first,
                                                         .layers = end - first,
                                                         .micro_batch_size = 1,
                                                         .micro_batches = MICRO_BATCHES,
                                                         .seed = run->options->seed,
                                                         .device = DEVICE_CPU});
}

void probe_communicate(struct run *run)
{
    static const enum pipeline_operation receive_first[OPERATIONS] = {RECV_FORWARD, SEND_FORWARD,
                                                                      RECV_BACKWARD, SEND_BACKWARD};
    static const enum pipeline_operation sends[2] = {SEND_FORWARD, SEND_BACKWARD};
    static const enum pipeline_operation receives[2] = {RECV_FORWARD, RECV_BACKWARD};
    struct pipeline pipeline = {.comm = run->comm,
                                .rank = run->rank,
                                .ranks = run->ranks,
                                .stages = run->ranks,
                                .stage_index = run->rank,
                                .micro_batches = MICRO_BATCHES,
                                .stage = make_stage(run)};
    json_t *table = json_array();
    struct call call[CALLS];
    memset(call, 0, sizeof call);

    for (int i = 0; i < CALLS; i++) {
        call[i].micro_batch = i / OPERATIONS;
        call[i].operation = receive_first[i % OPERATIONS];
    }
    exchange(run, &pipeline, call, SMALL, table);

    for (int i = 0; i < CALLS; i++) {
        call[i].micro_batch = i / 2 % MICRO_BATCHES;
        call[i].operation = i < CALLS / 2 ? sends[i % 2] : receives[i % 2];
    }
    exchange(run, &pipeline, call, LARGE, table);

    stage_free(pipeline.stage);
    char name[64];
    snprintf(name, sizeof name, "probe-communicate-%d.json", run->rank);
    driver_probe_write(run, name, table);
}
