/* How messages of the GPU are carried; see staged_way.h. */
#include "common/mpi/staged_way.h"

#include "common/base/device.h"
#include "common/base/fatal.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static enum staged_way chosen = STAGED_BY_ITSELF;

/* MPIs that have this function, as Open MPI does, say by it whether they may be given addresses of the GPU. */
static bool mpi_is_cuda_aware(void)
{
    int (*query)(void) = NULL;
    *(void **)&query = dlsym(RTLD_DEFAULT, "MPIX_Query_cuda_support");
    return query != NULL && query() == 1;
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
    if (way == STAGED_NEVER && !mpi_is_cuda_aware())
        fatal_at(
            "MPI",
            "messages can't be direct: this MPI is not CUDA-aware (ompi_info --parsable --all | "
            "grep "
            "mpi_built_with_cuda_support:value tells of an Open MPI). Without --messages direct "
            "they go through the "
            "host, or take an MPI that was configured with CUDA");
    chosen = way;
}

bool staged_is_direct(void)
{
    static enum { NOT_KNOWN, NO, YES } possible;
    if (chosen != STAGED_BY_ITSELF)
        return chosen == STAGED_NEVER;
    if (possible == NOT_KNOWN)
        possible = !is_emulated() && mpi_is_cuda_aware() ? YES : NO;
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
    return is_emulated() ? "staged through the host (the GPU is emulated)"
                         : "staged through the host (this MPI is not CUDA-aware)";
}
