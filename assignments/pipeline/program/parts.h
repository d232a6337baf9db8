/*
 * What the program's files share. Students need none of it.
 */
#ifndef ASSIGNMENTS_PIPELINE_PROGRAM_PARTS_H
#define ASSIGNMENTS_PIPELINE_PROGRAM_PARTS_H

#include "assignments/pipeline/pipeline.h"
#include "assignments/pipeline/schedule_table.h"
#include "common/driver/driver.h"

/* ---- stages.c ---------------------------------------------------------------------------------- */

/* Of the training step that the run takes. */
const struct schedule_facts *pipeline_run_schedule(const struct run *run);
int pipeline_run_chunks(const struct run *run);

/* For struct program: this rank's stages; its pipelines, one for each chunk; and their end. */
void pipeline_build(struct run *run);
void pipeline_begin(struct run *run);
void pipeline_end(struct run *run);

/* ---- compare.c: --compare and --corrupt -------------------------------------------------------- */

/* False, and a reason, if --corrupt names a layer without gradients. */
bool pipeline_corruption_is_possible(const struct run *run, char *reason, size_t reason_size);
bool pipeline_compare(struct run *run);

/* ---- probe_*.c --------------------------------------------------------------------------------- */

void probe_arguments(struct run *run);
void probe_distribute(struct run *run);
void probe_communicate(struct run *run);

#endif
