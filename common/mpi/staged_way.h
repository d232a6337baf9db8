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

/* May MPI be given addresses of the GPU, by what it says itself: the text of MPI_Get_library_version, and the answer
 * of MPIX_Query_cuda_support (0: it has no such function)? Open MPI answers for the run since version 5. Before, and
 * in others, the answer is how it was built: what carries its messages may know no CUDA, and crash. */
enum staged_mpi { STAGED_MPI_CAN_NOT, STAGED_MPI_MAY, STAGED_MPI_CAN };
enum staged_mpi staged_mpi_of(const char *version, int answer);

/* By itself: direct where MPI surely can and the GPU is no emulated one. */
enum staged_way { STAGED_BY_ITSELF, STAGED_ALWAYS, STAGED_NEVER };

/* To be called, if at all, when the device is open and nothing was sent yet. Fatal, with what to do, where direct
 * messages are wanted and not possible. */
void staged_choose(enum staged_way way);
/* Are they direct? */
bool staged_is_direct(void);
/* For people: "staged through the host (this MPI is not CUDA-aware)". The device must be open. */
const char *staged_description(void);

#endif
