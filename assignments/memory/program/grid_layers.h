/*
 * The tensor assignment's layers in a grid's stages. Apart from parts.h: that assignment's ways to split a model and this one's to
 * train it have one name.
 */
#ifndef ASSIGNMENTS_MEMORY_PROGRAM_GRID_LAYERS_H
#define ASSIGNMENTS_MEMORY_PROGRAM_GRID_LAYERS_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

/* From now on layers are the student's, split over the ranks of comm, for micro-batches of so many samples. */
void memory_program_split_layers(MPI_Comm comm, int rank, int ranks, int samples);
/* Can the model be split? If not, false, and why not. */
bool memory_program_split_fits(char *reason, size_t size);

#endif
