/* Do the members of a communicator call the same collective? See agreement.h. */
#include "common/mpi/machines/agreement.h"

#include "common/base/fatal.h"
#include "common/base/machines/simulated.h"
#include "common/mpi/log_mpi.h"

#include <inttypes.h>
#include <simgrid/actor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS (1 << 12)

/* Simulated seconds in which the others go on, so that their logs tell more. */
static const double patience = 1e4;

/* What one member says of its call. */
struct said {
    char name[COLLECTIVE_NAME];
    int root;
    int log_rank; /* who says it */
    int count;    /* of sizes: 0 (each pair has its own), 1, or one for each member */
    uint64_t *bytes;
};

/* A collective to which not all members have come so far. */
struct agreement {
    struct agreement *next;
    uint64_t context, sequence;
    int missing;
    struct said said; /* of the first */
};

/* ---- what is said --------------------------------------------------------------------------- */

static bool has_sizes_of_pairs(const struct collective *call)
{
    return call->carry_out == carry_out_barrier ||
           call->carry_out == carry_out_neighbor_allgather ||
           call->carry_out == carry_out_neighbor_alltoall ||
           (call->is_uneven &&
            (call->carry_out == carry_out_gather || call->carry_out == carry_out_scatter ||
             call->carry_out == carry_out_alltoall));
}

/* The side whose blocks all have alike. */
static const struct side *side_of(const struct collective *call)
{
    const bool is_root = call->rank == call->root;
    const bool gathers = call->carry_out == carry_out_gather || call->carry_out == carry_out_reduce;
    const bool scatters = call->carry_out == carry_out_scatter;
    return (gathers && !is_root) || (scatters && is_root) ? &call->input : &call->output;
}

static struct said say(const struct collective *call)
{
    struct said said = {.root = call->root,
                        .log_rank = log_mpi_communicator(call->comm)->own_log_rank};
    collective_name(call, said.name);
    if (has_sizes_of_pairs(call))
        return said;
    const struct side *side = side_of(call);
    said.count = side->counts != NULL ? call->size : 1;
    said.bytes = malloc((size_t)said.count * sizeof *said.bytes);
    if (said.bytes == NULL)
        fatal("no memory for the sizes of %d ranks", said.count);
    for (int k = 0; k < said.count; k++)
        said.bytes[k] =
            (uint64_t)(side->counts != NULL ? side->counts[k] : side->count) * side->typed.size;
    return said;
}

/* The first block of which the sizes differ; -1: none. */
static int different_block(const struct said *one, const struct said *other)
{
    for (int k = 0; k < one->count && k < other->count; k++)
        if (one->bytes[k] != other->bytes[k])
            return k;
    return -1;
}

static bool is_same(const struct said *one, const struct said *other)
{
    return strcmp(one->name, other->name) == 0 && one->root == other->root &&
           different_block(one, other) < 0;
}

/* "MPI_Bcast of 80 bytes with root 1": what the other one differs in. */
static void describe(const struct said *said, const struct said *other, char *text, size_t size)
{
    const int block = different_block(said, other);
    int used = snprintf(text, size, "%s", said->name);
    if (said->count == 1)
        used += snprintf(text + used, size - (size_t)used, " of %" PRIu64 " bytes", said->bytes[0]);
    else if (said->count > 1 && other->count > 1 && block >= 0)
        used += snprintf(text + used, size - (size_t)used, " with %" PRIu64 " bytes of rank %d",
                         said->bytes[block], block);
    if (said->root != other->root)
        snprintf(text + used, size - (size_t)used, " with root %d", said->root);
}

/* ---- who came first ------------------------------------------------------------------------- */

/* The place of the agreement about this call, or of a new one. */
static struct agreement **find(const struct transfer_key *line)
{
    static struct agreement **bucket;
    if (bucket == NULL)
        bucket = simulated_shared_memory(SIMULATED_AGREEMENTS, BUCKETS * sizeof *bucket);
    const uint64_t hash = (line->context + line->sequence) * 0x9e3779b97f4a7c15u;
    struct agreement **place = &bucket[hash >> 52];
    while (*place != NULL &&
           ((*place)->context != line->context || (*place)->sequence != line->sequence))
        place = &(*place)->next;
    return place;
}

static struct agreement *new_agreement(const struct collective *call, struct said said)
{
    struct agreement *new = malloc(sizeof *new);
    if (new == NULL)
        fatal("no memory for a collective of %d ranks", call->size);
    *new = (struct agreement){NULL, call->line.context, call->line.sequence, call->size - 1, said};
    return new;
}

static void end_the_run(struct collective *call)
{
    char name[COLLECTIVE_NAME];
    sg_actor_sleep_for(patience);
    fatal_at(collective_name(call, name), COLLECTIVES_CLASH "%s", call->disagreement);
}

static void disagree(struct collective *call, const struct said *own, const struct said *first)
{
    enum { TEXT = 512, PART = 160 };
    char here[PART], there[PART];
    call->disagreement = malloc(TEXT);
    if (call->disagreement == NULL)
        fatal("no memory for a message");
    describe(own, first, here, sizeof here);
    describe(first, own, there, sizeof there);
    snprintf(call->disagreement, TEXT,
             "%s, where rank %d calls %s: all ranks of a communicator must call the same "
             "collectives in the same order, and with the same root and sizes",
             here, first->log_rank, there);
    call->carry_out = end_the_run;
}

void agreement_check(struct collective *call)
{
    if (call->size < 2)
        return;
    const struct said said = say(call);
    struct agreement **place = find(&call->line), *found = *place;
    if (found == NULL) {
        *place = new_agreement(call, said);
        return;
    }
    if (!is_same(&said, &found->said))
        disagree(call, &said, &found->said);
    free(said.bytes);
    if (--found->missing > 0)
        return;
    *place = found->next;
    free(found->said.bytes);
    free(found);
}
