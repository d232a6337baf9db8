/*
 * --probe groups, three_dimensions and tied_embedding: make_groups() and make_embedding_group() for every grid of
 * up to twelve ranks, and who is in what they return.
 *
 * No communicator is freed: what make_groups returns may be what it was given, MPI_COMM_SELF, one for two dimensions,
 * or one that it keeps for a later call; and what it was given it may know again, by a handle that MPI would use anew.
 * There is room: MPI has tens of thousands, and with twenty beside the three of each call they are under 2,000.
 */
#include "assignments/data/group_cases.h"
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(int count)
{
    void *numbers = malloc((size_t)count * sizeof(int));
    if (numbers == NULL)
        fatal("no memory left for the members of a group");
    return numbers;
}

/* The members of a group as ranks of `comm`; null of MPI_COMM_NULL. */
static json_t *members_of(MPI_Comm group, MPI_Comm comm)
{
    if (group == MPI_COMM_NULL)
        return json_null();
    int size;
    MPI_Group own, all;
    mpi_check(PMPI_Comm_size(group, &size));
    mpi_check(PMPI_Comm_group(group, &own));
    mpi_check(PMPI_Comm_group(comm, &all));
    int *place = allocate(size), *member = allocate(size);
    for (int i = 0; i < size; i++)
        place[i] = i;
    mpi_check(PMPI_Group_translate_ranks(own, size, place, all, member));
    json_t *array = json_array();
    for (int i = 0; i < size; i++)
        if (json_array_append_new(
                array, json_integer(member[i] == MPI_UNDEFINED ? GROUP_STRANGER : member[i])) != 0)
            fatal("no memory left for the members of a group");
    free(place);
    free(member);
    mpi_check(PMPI_Group_free(&own));
    mpi_check(PMPI_Group_free(&all));
    return array;
}

static json_t *try_case(enum group_probe probe, int number, const struct group_case *one,
                        MPI_Comm comm)
{
    const struct grid grid = {one->data, one->pipeline, one->tensor};
    struct groups groups = {MPI_COMM_NULL, MPI_COMM_NULL, MPI_COMM_NULL};
    make_groups(comm, &grid, &groups);
    if (probe != GROUPS_OF_TABLES)
        return json_pack("{si so so so}", "case", number, "data", members_of(groups.data, comm),
                         "pipeline", members_of(groups.pipeline, comm), "tensor",
                         members_of(groups.tensor, comm));
    if (groups.pipeline == MPI_COMM_NULL)
        fatal_at("make_groups", "groups->pipeline is MPI_COMM_NULL");
    return json_pack("{si so so}", "case", number, "pipeline", members_of(groups.pipeline, comm),
                     "embedding", members_of(make_embedding_group(&groups), comm));
}

/* The first n ranks of the run. */
static MPI_Comm first_ranks(const struct run *run, int n)
{
    MPI_Comm comm = run->comm;
    if (n < run->ranks)
        mpi_check(MPI_Comm_split(run->comm, run->rank < n ? 0 : MPI_UNDEFINED, run->rank, &comm));
    return comm;
}

void probe_groups(struct run *run)
{
    struct group_case cases[GROUP_MOST_CASES];
    enum group_probe probe = GROUPS_OF_PIPELINES;
    while (strcmp(run->options->probe, group_probe_name[probe]) != 0)
        probe++;
    const int count = group_cases(probe, run->ranks, cases);
    json_t *table = json_array();
    MPI_Comm comm = MPI_COMM_NULL;
    for (int i = 0; i < count; i++) {
        if (i == 0 || cases[i].ranks != cases[i - 1].ranks)
            comm = first_ranks(run, cases[i].ranks);
        if (run->rank < cases[i].ranks &&
            json_array_append_new(table, try_case(probe, i, &cases[i], comm)) != 0)
            fatal("no memory left for the table");
    }
    char name[64];
    snprintf(name, sizeof name, GROUPS_FILE, run->rank);
    driver_probe_write(run, name, table);
}
