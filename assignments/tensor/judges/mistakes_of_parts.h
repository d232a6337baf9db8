/*
 * A known mistake of runs that stopped in a gather: each rank hands in another rank's part.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_MISTAKES_OF_PARTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_MISTAKES_OF_PARTS_H

#include "grader/diagnosis/scene.h"

/* In a run whose ranks have other numbers in MPI_COMM_WORLD: does each hand in as much as the rank that has its
 * number there should? Then the mistake, and what is seen of it in `cause`; else NULL. */
const struct mistake *tensor_mistake_of_parts(const struct scene *scene, GString *cause);

#endif
