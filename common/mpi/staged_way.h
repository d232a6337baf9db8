/*
 * How messages from and into the GPU's memory are carried: staged, through memory of the host, which any MPI can
 * send (staged.h), or direct, by an MPI that reads and writes the GPU's memory itself (a CUDA-aware one).
 *
 * Direct are messages of two ranks and collectives that wait and compute nothing. Sums, collectives that do not
 * wait and persistent requests are always staged: MPIs that are CUDA-aware don't have all of these.
 */
#ifndef COMMON_MPI_STAGED_WAY_H
#define COMMON_MPI_STAGED_WAY_H

#include <stdbool.h>

/* By itself: direct where MPI says that it can and the GPU is no emulated one. */
enum staged_way { STAGED_BY_ITSELF, STAGED_ALWAYS, STAGED_NEVER };

/* To be called, if at all, when the device is open and nothing was sent yet. Fatal, with what to do, where direct
 * messages are wanted and not possible. */
void staged_choose(enum staged_way way);
/* Are they direct? */
bool staged_is_direct(void);
/* For people: "staged through the host (this MPI is not CUDA-aware)". The device must be open. */
const char *staged_description(void);

#endif
