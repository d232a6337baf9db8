/*
 * For the wrappers of collectives: the blocks of a side.
 */
#include "common/mpi/collective.h"

#include "common/mpi/elements.h"

static int count_of(const struct log_mpi_side *side, int i)
{
    return side->counts != NULL ? side->counts[i] : side->count;
}

/* Counts may be wrong: MPI says so. */
static int sound_count_of(const struct log_mpi_side *side, int i)
{
    const int count = count_of(side, i);
    return count > 0 ? count : 0;
}

uint64_t log_mpi_side_numbers_before(const struct log_mpi_side *side, int i)
{
    const uint64_t each = log_mpi_numbers(1, side->type);
    if (side->counts == NULL)
        return (uint64_t)i * (uint64_t)sound_count_of(side, i) * each;
    uint64_t sum = 0;
    for (int j = 0; j < i; j++)
        sum += (uint64_t)sound_count_of(side, j) * each;
    return sum;
}

static MPI_Aint extent_of(MPI_Datatype type)
{
    MPI_Aint lower, extent;
    if (!log_mpi_is_type(type) || PMPI_Type_get_extent(type, &lower, &extent) != MPI_SUCCESS)
        return 0;
    return extent;
}

static MPI_Aint offset_of(const struct log_mpi_side *side, int i)
{
    if (side->far_places != NULL)
        return side->far_places[i];
    if (side->types != NULL)
        return side->places != NULL ? side->places[i] : 0;
    if (side->places != NULL)
        return side->places[i] * extent_of(side->type);
    return (MPI_Aint)i * side->count * extent_of(side->type);
}

void log_mpi_side_add(const struct log_mpi_side *side, int i, uint64_t start,
                      struct log_mpi_view *view)
{
    view->buffer = side->buffer;
    log_mpi_view_add(view, offset_of(side, i), count_of(side, i),
                     side->types != NULL ? side->types[i] : side->type, start);
}

void log_mpi_side_add_all(const struct log_mpi_side *side, int n, struct log_mpi_view *view)
{
    const uint64_t each = log_mpi_numbers(1, side->type);
    const MPI_Aint extent = extent_of(side->type);
    uint64_t before = 0;
    view->buffer = side->buffer;
    for (int i = 0; i < n; i++) {
        const MPI_Aint place = side->places != NULL ? side->places[i] : (MPI_Aint)before;
        log_mpi_view_add(view, place * extent, count_of(side, i), side->type, before * each);
        before += (uint64_t)sound_count_of(side, i);
    }
}

void log_mpi_side_add_each(const struct log_mpi_side *side, int n, struct log_mpi_view *view)
{
    for (int i = 0; i < n; i++)
        log_mpi_side_add(side, i, 0, view);
}

void log_mpi_side_append_counts(const struct log_mpi_side *side, enum log_direction direction,
                                const int *log_rank, int n)
{
    enum { MOST = 64 }; /* else the logs would grow with the square of the ranks */
    if (side->counts == NULL || n > MOST)
        return;
    for (int i = 0; i < n; i++) {
        const MPI_Datatype type = side->types != NULL ? side->types[i] : side->type;
        const struct log_mpi_payload block = PAYLOAD(NULL, side->counts[i], type);
        log_append(log_record_of_count_part(
            (struct log_count_part){log_rank[i], direction, log_mpi_payload_bytes(block)}));
    }
}
