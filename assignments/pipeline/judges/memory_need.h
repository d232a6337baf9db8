/*
 * What the stages of a rank need, by measuring: for the judge "memory", whose first
 * comment says what is counted.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MEMORY_NEED_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MEMORY_NEED_H

#include "assignments/pipeline/judges/stages.h"
#include "assignments/pipeline/schedules/schedule_formulas.h"

/* Bytes of activations. */
struct memory_need {
    uint64_t in_flight;   /* micro-batches in flight, and as many messages as there are ranks */
    uint64_t kept;        /* the outputs and gradients of all others, sent and kept */
    uint64_t micro_batch; /* what one micro-batch in flight holds */
};

/* p, v and m of a run. */
struct schedule_shape memory_shape(const struct outcome *run);
/* Of all stages of a rank, on the cpu. */
struct memory_need memory_need(const struct outcome *run, const struct schedule_kind *kind,
                               const struct model *model, const struct evidence_stage *stage,
                               int rank);

#endif
