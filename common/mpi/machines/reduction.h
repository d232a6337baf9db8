/* What reductions share: reduction.c. */
#ifndef COMMON_MPI_MACHINES_REDUCTION_H
#define COMMON_MPI_MACHINES_REDUCTION_H

#include "common/mpi/machines/steps.h"

/* block = packet op block, or block op packet: in this order if it matters. The packet is freed. */
void reduction_add(struct collective *call, struct packet packet, struct block block,
                   bool is_packet_first);

/* Reduces what each has in `block` to the root's, in the order of the ranks if it matters. What the
 * others have there afterwards is undefined. */
void reduction_to_root(struct collective *call, struct block block, int root);

/* Every rank k gets the result of block k; the operation must commute. What it has in the others
 * afterwards is undefined. */
void reduction_go_round(struct collective *call, const struct block block[]);
/* Is that the way to go for long data on so many ranks? */
bool reduction_goes_round(const struct collective *call);
bool reduction_is_power_of_two(int number);

#endif
