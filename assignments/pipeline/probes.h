/*
 * What the probes write, and the judges read.
 *
 * A probe calls one function of the student's and writes what it did, as JSON,
 * to the folder of --evidence:
 *
 * probe-arguments.json   an array of
 *     {"layers", "stages", "batch_size", "micro_batches": numbers, "uneven": bool,
 *      "accepted": bool, "reason": text (empty if accepted)}
 *
 * probe-distribute.json  an array of
 *     {"layers", "stages": numbers, "flops": [layers numbers],
 *      "first_layer": [stages + 1 numbers; UNTOUCHED_LAYER where nothing was written],
 *      "overrun": bool: wrote outside of the array}
 *
 * probe-communicate-R.json, by each rank: an array, for every call, of
 *     {"operation": "RECV_FORWARD" …, "micro_batch": number, "count": elements,
 *      "due": what it returned, "request_null": *request was MPI_REQUEST_NULL afterwards,
 *      "mismatched": elements that are not what they must be after all waits,
 *      "expected_first", "found_first": the first element (0 where nothing is due)}
 *   For a receive: is it the sender's payload? For a send: is the buffer as it was?
 */
#ifndef ASSIGNMENTS_PIPELINE_PROBES_H
#define ASSIGNMENTS_PIPELINE_PROBES_H

#include "assignments/pipeline/pipeline.h"

#include <stdint.h>

enum { UNTOUCHED_LAYER = -1000000000 };

/* Element i of the payload of one message in probe_communicate: exact in float32.
 * sender: the rank; operation: the sender's. */
static inline float probe_payload(uint64_t seed, int sender, enum pipeline_operation operation,
                                  int micro_batch, int i)
{
    const int message = (sender * 4 + (int)operation) * 16 + micro_batch;
    return (float)(1 + (int)(seed % 1000) + message * 1024 + i % 1021);
}

#endif
