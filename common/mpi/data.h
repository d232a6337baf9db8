/*
 * Small payloads of collectives may be written into the log as they are, so that a judge can work out
 * what should have come of them.
 */
#ifndef COMMON_MPI_DATA_H
#define COMMON_MPI_DATA_H

#include <stdint.h>

/* From now on: payloads of up to that many bytes. At first 0: none. */
void log_mpi_write_data_up_to(uint64_t bytes);

#endif
