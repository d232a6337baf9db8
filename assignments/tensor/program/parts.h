/*
 * What the files of the program share: the probes.
 */
#ifndef ASSIGNMENTS_TENSOR_PROGRAM_PARTS_H
#define ASSIGNMENTS_TENSOR_PROGRAM_PARTS_H

#include "assignments/tensor/given/split_model.h"

/* --probe KIND: the trials of a layer (../trials.h). */
void tensor_probe_layer(struct run *run);
/* --probe NAME, each. */
void probe_split(struct run *run);
void probe_operators(struct run *run);
void probe_forms(struct run *run);
void probe_loss(struct run *run);

#endif
