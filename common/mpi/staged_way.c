/* How messages of the GPU are carried; see staged_way.h. */
#include "common/mpi/staged_way.h"

#include "common/base/device.h"
#include "common/base/device_touched.h"
#include "common/base/fatal.h"

#include <dlfcn.h>
#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static enum staged_way chosen = STAGED_BY_ITSELF;

/* ---- what MPI can ------------------------------------------------------------------------------------------------ */

enum staged_mpi staged_mpi_of(const char *version, int answer)
{
    int major;
    if (answer != 1)
        return STAGED_MPI_CAN_NOT;
    return sscanf(version, "Open MPI v%d", &major) == 1 && major >= 5 ? STAGED_MPI_CAN
                                                                      : STAGED_MPI_MAY;
}

/* MPIs that have this function, as Open MPI does, say by it whether they may be given addresses of the GPU. */
static void *query_of_mpi(void)
{
    return dlsym(RTLD_DEFAULT, "MPIX_Query_cuda_support");
}

static enum staged_mpi this_mpi(void)
{
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length, (*query)(void) = NULL;
    *(void **)&query = query_of_mpi();
    if (PMPI_Get_library_version(version, &length) != MPI_SUCCESS)
        version[0] = '\0';
    return staged_mpi_of(version, query != NULL ? query() : 0);
}

/* ---- the choice -------------------------------------------------------------------------------------------------- */

static void note_direct(void)
{
    device_touched_by(query_of_mpi(),
                      "this MPI says that it is CUDA-aware, and in this run it is not (the UCX or "
                      "libfabric that it works with may be built without CUDA). Run with "
                      "--messages staged");
}

static bool is_emulated(void)
{
    return strcmp(device_back_end(), "cuda") != 0;
}

void staged_choose(enum staged_way way)
{
    if (way == STAGED_NEVER && is_emulated())
        fatal_at("MPI",
                 "messages can't be direct: nobody but the emulated GPU reads its memory, MPI "
                 "neither. Without --messages "
                 "direct they go through the host");
    if (way == STAGED_NEVER && this_mpi() == STAGED_MPI_CAN_NOT)
        fatal_at(
            "MPI",
            "messages can't be direct: this MPI is not CUDA-aware (ompi_info --parsable --all | "
            "grep "
            "mpi_built_with_cuda_support:value tells of an Open MPI). Without --messages direct "
            "they go through the "
            "host, or take an MPI that was configured with CUDA");
    chosen = way;
    if (way == STAGED_NEVER)
        note_direct();
}

bool staged_is_direct(void)
{
    static enum { NOT_KNOWN, NO, YES } possible;
    if (chosen != STAGED_BY_ITSELF)
        return chosen == STAGED_NEVER;
    if (possible == NOT_KNOWN) {
        possible = !is_emulated() && this_mpi() == STAGED_MPI_CAN ? YES : NO;
        if (possible == YES)
            note_direct();
    }
    return possible == YES;
}

const char *staged_description(void)
{
    if (chosen == STAGED_NEVER)
        return "direct from the GPU's memory (as was asked for)";
    if (chosen == STAGED_ALWAYS)
        return "staged through the host (as was asked for)";
    if (staged_is_direct())
        return "direct from the GPU's memory (this MPI is CUDA-aware)";
    if (is_emulated())
        return "staged through the host (the GPU is emulated)";
    return this_mpi() == STAGED_MPI_MAY ? "staged through the host (this MPI was built with CUDA: "
                                          "--messages direct tries it)"
                                        : "staged through the host (this MPI is not CUDA-aware)";
}
