/*
 * Known mistakes of runs that did not come to their end: gradients that are added up among the wrong ranks, which have
 * other numbers of them, groups that are made of MPI_COMM_WORLD, or that not all ranks call for, and ranks without samples. Which
 * calls do not fit together the diagnosis knows without us.
 */
#include "assignments/data/judges/mistakes_of_hang.h"

#include "assignments/data/group_cases.h"
#include "assignments/data/judges/empty_share.h"
#include "assignments/data/judges/hybrid_groups.h"
#include "assignments/data/options.h"
#include "common/log/log_fields.h"
#include "grader/diagnosis/scene.h"
#include "grader/trace/call_place.h"

#include <string.h>

static const struct mistake groups_of_world = {
    "groups are made of MPI_COMM_WORLD",
    "MPI_Comm_split and its like are called by all ranks of the communicator that is split. "
    "MPI_COMM_WORLD has ranks that are not in this grid, and they do not call.",
    "the first argument of MPI_Comm_split: the communicator that is given"};

/* The call for a communicator that a rank is in; NULL: it is in none. */
static const struct log_record *making(const struct scene *scene, int rank)
{
    const size_t call = scene->place[rank].call;
    if (call == NO_RECORD)
        return NULL;
    const struct log_record *record = &scene->outcome->log[rank].record[call];
    return log_makes_communicator(record->operation) ? record : NULL;
}

static bool probes_groups(const struct outcome *run)
{
    for (int i = 0; i < GROUP_PROBES; i++)
        if (!strcmp(run->options.probe, group_probe_name[i]))
            return true;
    return false;
}

static const struct mistake *mistake_of_making(const struct scene *scene, GString *cause)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        const struct log_record *record = making(scene, rank);
        if (!record || record->communicator != LOG_WORLD || !scene->outcome->options.reverse_ranks)
            continue;
        g_string_append_printf(cause, "rank %d waits for all ranks in ", rank);
        call_place_name(scene->outcome->program, record, cause);
        return &groups_of_world;
    }
    return NULL;
}

const struct mistake *data_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct scene *scene = diagnosis->scene;
    const struct outcome *run = scene->outcome;
    if (diagnosis->kind == DIAGNOSIS_SANITIZED || diagnosis->kind == DIAGNOSIS_CRASHED)
        return NULL;
    if (probes_groups(run))
        return mistake_of_making(scene, cause);
    const struct mistake *empty = data_mistake_of_empty_share(run, cause);
    if (empty)
        return empty;
    return data_options(&run->options).hybrid ? hybrid_mistake_of_groups(run, cause) : NULL;
}
