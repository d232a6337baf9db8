/*
 * Whether calls go through MPI_COMM_WORLD in place of the communicator that a function was given.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MESSAGES_WORLD_H
#define ASSIGNMENTS_DATA_JUDGES_MESSAGES_WORLD_H

#include "grader/evidence/evidence.h"

/* Does no collective but barriers, and no message, of a training step go through MPI_COMM_WORLD, on any rank? With
 * --reverse-ranks the run's communicator is another one; else nothing is asked. False after setting the verdict to a
 * failure. */
bool data_messages_avoid_world(const struct outcome *run, struct verdict *verdict);

#endif
