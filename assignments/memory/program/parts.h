/*
 * What the program's files share. Students need none of it.
 */
#ifndef ASSIGNMENTS_MEMORY_PROGRAM_PARTS_H
#define ASSIGNMENTS_MEMORY_PROGRAM_PARTS_H

#include "assignments/memory/memory.h"
#include "assignments/memory/options.h"
#include "common/driver/driver.h"

/* ---- fits.c -------------------------------------------------------------------------------------- */

/* Do the options go together? If not, false, and why not. */
bool memory_program_fits(const struct run *run, char *reason, size_t reason_size);

/* ---- recomputing.c: the student's recompute.c and selective_attention.c -------------------------------- */

/* For struct program: puts the student's attention in place of the kit's, where --recompute says so. */
void memory_program_put_layers(struct run *run);
/* From now on the stage's layers are run by recompute_forward and recompute_backward, where --recompute says so. NULL where
 * it does not. */
struct recomputation *memory_program_recompute(const struct run *run, struct stage *stage);
void memory_program_recompute_end(struct recomputation *recomputation);

/* ---- probes ------------------------------------------------------------------------------------------------ */

/* probe_segments.c: make_segments for many numbers of layers (segment_cases.h). */
void memory_program_probe_segments(struct run *run);

/* ---- replicas.c: ranks that share each batch ----------------------------------------------------------- */

void memory_program_build_replicas(struct run *run);
struct zero *memory_program_begin_replicas(struct run *run);
void memory_program_take_replicas(struct run *run, struct zero *zero);
void memory_program_end_replicas(struct zero *zero);

/* ---- grid.c: pipelines side by side whose stages may be split, too ------------------------------------------ */

/* For struct program: the ranks' places, and split layers; whether the options go together; stages; and what trains. */
void memory_program_put_grid(struct run *run);
bool memory_program_grid_fits(const struct run *run, char *reason, size_t size);
void memory_program_build_grid(struct run *run);
struct zero *memory_program_begin_grid(struct run *run);
void memory_program_end_grid(struct zero *zero);
/* Which samples each pipeline has. */
bool memory_program_is_grid(const struct run *run);
extern const struct sharing memory_program_sharing;

/* ---- units.c: what is shared out together ------------------------------------------------------------------ */

/* Makes zero->unit, with every rank's shards as the student's `shard` says. */
void memory_program_make_units(struct zero *zero);
void memory_program_free_units(struct zero *zero);
/* One unit of so many numbers, for a zero that has no stage: memory_program_free_units frees it, as the zero's. */
struct unit *memory_program_new_unit(const struct zero *zero, size_t count);

/* ---- probe_shards.c, probe_clip.c ---------------------------------------------------------------------------- */

void memory_program_probe_shards(struct run *run);
void memory_program_probe_clip(struct run *run);

/* ---- store.c: what a rank has of all parameters and their state, for the evidence -------------------------- */

/* Says to the driver what this rank holds of the stage, and how the rest is told. */
void memory_program_tell(struct trained_stage *one, const struct zero *zero);

/* ---- probe_*.c: one function of the student's, tried with many arguments ---------------------------- */

/* --probe memory-…, by groups of cases, and --probe choices. */
void memory_program_probe_state(struct run *run);
void memory_program_probe_activations(struct run *run);
void memory_program_probe_runs(struct run *run);
void memory_program_probe_choices(struct run *run);

#endif
