/*
 * What the program's files share. Students need none of it.
 */
#ifndef ASSIGNMENTS_DATA_PROGRAM_PARTS_H
#define ASSIGNMENTS_DATA_PROGRAM_PARTS_H

#include "assignments/data/data.h"
#include "assignments/data/options.h"
#include "common/driver/driver.h"

/* ---- share.c: which samples this rank has, by the student's partition ------------------------- */

/* For struct program. */
extern const struct sharing data_sharing;
/* Behind a run: forgets the epoch. */
void data_share_end(void);

/* ---- layout.c: where this rank is in the grid ---------------------------------------------------- */

/* Which replica of how many a rank belongs to, and its place in that. */
struct layout {
    struct groups
        groups; /* of a hybrid, by the student's make_groups; else all are MPI_COMM_NULL */
    int replicas, replica;
    int stages, stage;
    int slices, slice; /* of tensor parallelism */
};
/* Known from `data_layout_begin` on, which is called first, before the model is made. */
void data_layout_begin(const struct run *run);
const struct layout *data_layout(void);

/* ---- fits.c --------------------------------------------------------------------------------------- */

/* Do the options go together? If not, false, and why not. */
bool data_fits(const struct run *run, char *reason, size_t reason_size);

/* ---- replica.c: what trains ------------------------------------------------------------------------ */

/* For struct program: layers, stages and what the student's functions are given. */
void data_put_layers(struct run *run);
/* Of how many samples on all ranks together the student's batch norms take their statistics, at the least; known when
 * the model is made. */
int data_norm_samples(void);
void data_build(struct run *run);
void data_begin(struct run *run);
void data_end(struct run *run);
void data_take(struct run *run);
/* What --sum names. */
all_reduce_function *data_sum(enum sum sum);

/* ---- scatter.c: --scatter-messages ------------------------------------------------------------------- */

/* For struct pipeline_members: the student's functions between stages, where what goes there is whole. */
void data_put_borders(const struct run *run, struct stage_options *stage);
/* Can what goes between stages be cut, if it should? If not, false, and why not. */
bool data_scatter_fits(const struct run *run, char *reason, size_t reason_size);

/* ---- probe_batch_norm.c ------------------------------------------------------------------------------ */

/* --probe batch-norm. */
void data_probe_batch_norm(struct run *run);

/* ---- probe_all_reduce.c ------------------------------------------------------------------------------ */

/* --probe all-reduce. */
void data_probe_all_reduce(struct run *run);

/* ---- probe_*.c: one function of the student's, tried with many arguments ---------------------------- */

void probe_partition(struct run *run);
void probe_buckets(struct run *run);
void probe_groups(struct run *run);

#endif
