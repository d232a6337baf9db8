/*
 * For the wrappers of collectives: what a rank puts in, or gets out, which may lie in memory in blocks,
 * one for each member.
 *
 * A view is one payload: the blocks one behind the other, in the order of the members, without gaps.
 * Its size, fingerprint, sketch and data are those of that.
 */
#ifndef COMMON_MPI_VIEWS_H
#define COMMON_MPI_VIEWS_H

#include "common/log/log_fields.h"

#include <mpi.h>

struct log_mpi_block {
    MPI_Aint offset; /* from the buffer on, in bytes */
    int count;       /* elements of `type` */
    MPI_Datatype type;
    uint64_t bytes;
    uint64_t start; /* for the sketch: the place of its first element in the whole */
};

#define LOG_MPI_UNSEEN MPI_IN_PLACE

/* All zero: an empty one. To be freed by log_mpi_view_clear. */
struct log_mpi_view {
    const void *buffer; /* LOG_MPI_UNSEEN: only its size is known */
    enum log_type elements;
    uint64_t bytes;
    size_t blocks, room;
    struct log_mpi_block *block;
    bool keeps_types;
};

/* How many numbers `count` of a type are: pairs of float32 are two each. */
uint64_t log_mpi_numbers(int count, MPI_Datatype type);
/* Adds a block, unless it is empty or makes no sense. */
void log_mpi_view_add(struct log_mpi_view *view, MPI_Aint offset, int count, MPI_Datatype type,
                      uint64_t start);
/* Where a block begins. Addresses beside MPI_BOTTOM are absolute, and it need not be NULL. */
const void *log_mpi_view_address(const struct log_mpi_view *view,
                                 const struct log_mpi_block *block);
/* The program may free its datatypes before it is looked at. */
void log_mpi_view_keep_types(struct log_mpi_view *view);
void log_mpi_view_clear(struct log_mpi_view *view);

/* What is seen in a view now. To be freed by log_mpi_sight_clear. */
struct log_mpi_sight {
    const void *data; /* [bytes]; NULL: nothing could be seen */
    uint64_t bytes;
    void *own;            /* the copy, if it needed one: of blocks, or of the GPU's memory */
    uint64_t fingerprint; /* 0: not known, or empty */
    double sketch;        /* NaN: not known */
};
/* The first leaves the sketch out, which costs as much again. */
struct log_mpi_sight log_mpi_view_look(const struct log_mpi_view *view);
struct log_mpi_sight log_mpi_view_see(const struct log_mpi_view *view);
void log_mpi_sight_clear(struct log_mpi_sight *sight);
/* Appends its data (LOG_DATA), if they are to be written (data.h). */
void log_mpi_append_data(const struct log_mpi_sight *sight, bool comes_out, uint64_t request);

#endif
