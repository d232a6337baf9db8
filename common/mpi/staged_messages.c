/*
 * For the wrappers: messages of two ranks from and into the GPU's memory (staged.h).
 */
#include "common/mpi/elements.h"
#include "common/mpi/log_mpi.h"
#include "common/mpi/staged_way.h"

/* ---- which way --------------------------------------------------------------------------------------------------- */

bool staged_goes_direct(struct log_mpi_payload payload)
{
    if (!staged_is_direct())
        return false;
    if (log_mpi_payload_bytes(payload) > 0 &&
        device_owns((const void *)log_mpi_payload_range(payload).from))
        device_wait();
    return true;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static struct staged message(struct log_mpi_payload payload, bool goes, bool comes,
                             bool may_be_direct)
{
    struct staged staged = {0};
    struct staged_pieces out = {0}, in = {0};
    if (device_is_open() && !(may_be_direct && staged_goes_direct(payload))) {
        /* Of what has no order, less than there is room for may come to anywhere in it. */
        const bool whole =
            comes && log_mpi_payload_bytes(payload) > 0 && !log_mpi_is_in_order(payload.type);
        if (goes || whole)
            staged_add(&out, payload);
        if (comes)
            staged_add(&in, payload);
        staged = staged_new(payload.buffer, out, payload.buffer, in);
        staged.whole = whole;
    }
    staged.buffer = staged_address(&staged, payload.buffer);
    return staged;
}

struct staged staged_out_later(struct log_mpi_payload sent)
{
    return message(sent, true, false, false);
}

struct staged staged_out(struct log_mpi_payload sent)
{
    struct staged staged = message(sent, true, false, true);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_in(struct log_mpi_payload room)
{
    struct staged staged = message(room, false, true, true);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_in_later(struct log_mpi_payload room)
{
    return message(room, false, true, false);
}

struct staged staged_through(struct log_mpi_payload room)
{
    struct staged staged = message(room, true, true, true);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_summand(struct log_mpi_payload read)
{
    struct staged staged = message(read, true, false, false);
    staged_fetch(&staged);
    return staged;
}

struct staged staged_sum(struct log_mpi_payload changed)
{
    struct staged staged = message(changed, true, true, false);
    staged_fetch(&staged);
    return staged;
}

/* ---- the end of a call that blocks -------------------------------------------------------------------------------- */

uint64_t staged_arrived(const struct staged *staged, const MPI_Status *status)
{
    int cancelled = 0;
    uint64_t bytes = 0;
    if (PMPI_Test_cancelled(status, &cancelled) != MPI_SUCCESS || cancelled ||
        !log_mpi_status_bytes(status, &bytes))
        return 0;
    return staged->whole && bytes > 0 ? UINT64_MAX : bytes;
}

int staged_done(struct staged *staged, int error)
{
    if (error == MPI_SUCCESS)
        staged_bring(staged, UINT64_MAX);
    staged_clear(staged);
    return error;
}

static bool has_arrived(int error)
{
    int class = MPI_SUCCESS;
    if (error != MPI_SUCCESS)
        PMPI_Error_class(error, &class);
    return class == MPI_SUCCESS || class == MPI_ERR_TRUNCATE;
}

int staged_received(struct staged *staged, int error, const MPI_Status *status)
{
    if (staged->is_staged && has_arrived(error))
        staged_bring(staged, staged_arrived(staged, status));
    staged_clear(staged);
    return error;
}
