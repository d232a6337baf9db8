/*
 * Work beside a rank of the simulated machine: it goes on at the same simulated time, whatever the
 * rank does, as that of a network adapter or of a thread for progress would. It costs the rank's
 * processor nothing.
 *
 * It is done by actors of SimGrid on the rank's host. They run the program's code with the rank's own
 * global variables, but they are no rank: they must not send, receive or wait by MPI.
 */
#ifndef COMMON_MPI_MACHINES_BESIDE_H
#define COMMON_MPI_MACHINES_BESIDE_H

#include <stdbool.h>

/* Begins work(argument) beside this rank, and returns. */
void beside_start(void (*work)(void *), void *argument);

/* Is there work beside this rank that has not ended? */
bool beside_is_busy(void);

#endif
