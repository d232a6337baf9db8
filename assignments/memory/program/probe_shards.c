/*
 * --probe shards: the student's shard, and the two messages between wholes and shards, with the numbers of shard_cases.h.
 */
#include "assignments/memory/program/parts.h"
#include "assignments/memory/shard_cases.h"
#include "common/base/fatal.h"
#include "common/files/tensor_file.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- who has what ---------------------------------------------------------------------------------- */

static json_t *shards_of(size_t count, int ranks)
{
    json_t *begins = json_array(), *ends = json_array();
    for (int rank = 0; rank < ranks; rank++) {
        size_t begin = SIZE_MAX / 2, end = SIZE_MAX / 2;
        shard(count, ranks, rank, &begin, &end);
        if (json_array_append_new(begins, json_integer((json_int_t)begin)) != 0 ||
            json_array_append_new(ends, json_integer((json_int_t)end)) != 0)
            fatal("no memory left for the table");
    }
    return json_pack("{sI si so so}", "count", (json_int_t)count, "ranks", ranks, "begin", begins,
                     "end", ends);
}

static void write_shards(const struct run *run)
{
    json_t *table = json_array();
    for (int ranks = 1; ranks <= SHARD_MOST_RANKS; ranks++)
        for (int i = 0; i < SHARD_COUNTS; i++)
            if (json_array_append_new(table, shards_of(shard_counts[i], ranks)) != 0)
                fatal("no memory left for the table");
    driver_probe_write(run, "probe-shards.json", table);
}

/* ---- calls ------------------------------------------------------------------------------------------- */

enum { GUARDS = 8 };

static void fill(enum dtype dtype, size_t count, float value, void *to)
{
    for (size_t i = 0; i < count; i++)
        round_numbers(dtype, 1, &value, numbers_at(to, dtype, i));
}

/* What lies before and behind `count` numbers of which GUARDS stand in front. */
static int changed(const struct tensor *all, size_t count)
{
    int found = 0;
    for (size_t i = 0; i < GUARDS; i++) {
        float before, behind;
        widen_numbers(all->dtype, 1, numbers_at(all->data, all->dtype, i), &before);
        widen_numbers(all->dtype, 1, numbers_at(all->data, all->dtype, GUARDS + count + i),
                      &behind);
        found += (before != -0.5f) + (behind != -0.5f);
    }
    return found;
}

static struct tensor *guarded(enum dtype dtype, size_t count)
{
    struct tensor *all =
        tensor_new(MEMORY_WORKSPACE, dtype, DEVICE_CPU, shape_flat(count + 2 * GUARDS));
    fill(dtype, all->elements, -0.5f, all->data);
    return all;
}

/* Element i becomes 2^rank times its factor. */
static void hand_in(const struct zero *zero, size_t begin, size_t count, enum dtype dtype, void *to)
{
    for (size_t i = 0; i < count; i++) {
        const float value = (float)ldexp(shard_factor(dtype, begin + i), zero->rank);
        round_numbers(dtype, 1, &value, numbers_at(to, dtype, i));
    }
}

/* A copy, as they are now. */
static void store(struct tensor_file *file, const char *what, int number, const struct tensor *all,
                  size_t first, size_t count)
{
    char name[48];
    snprintf(name, sizeof name, "%s-%d", what, number);
    if (count == 0)
        return;
    struct tensor *wide =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(count));
    widen_numbers(all->dtype, count, numbers_at(all->data, all->dtype, first), tensor_floats(wide));
    tensor_file_add(file, name, wide);
    tensor_free(wide);
}

/* Both functions, with a unit of its own. */
static int call_both(struct zero *zero, const struct unit *unit, const struct shard_call *call,
                     struct tensor_file *file)
{
    const size_t count = call->count, mine = unit->own_count;
    const size_t at = (size_t)unit->first[zero->rank];
    const size_t in_whole = GUARDS + at;
    struct tensor *whole = guarded(call->dtype, count), *apart = guarded(call->dtype, mine);
    struct tensor *all = call->in_place ? whole : apart;
    const size_t first = call->in_place ? in_whole : GUARDS;
    void *begin = numbers_at(whole->data, call->dtype, GUARDS);
    void *own = numbers_at(all->data, call->dtype, first);
    hand_in(zero, 0, count, call->dtype, begin);
    reduce_scatter_gradients(zero, unit, begin, own);
    store(file, "reduced", call->number, all, first, mine);
    fill(call->dtype, count, NAN, begin);
    hand_in(zero, at, mine, call->dtype, own);
    all_gather_parameters(zero, unit, own, begin);
    store(file, "gathered", call->number, whole, GUARDS, count);
    const int found = changed(whole, count) + changed(apart, mine);
    tensor_free(whole);
    tensor_free(apart);
    return found;
}

static json_t *one_call(const struct run *run, MPI_Comm half, int number, struct tensor_file *file)
{
    struct zero zero = {.zero_stage = 2, .device = DEVICE_CPU, .units = 1};
    const struct shard_call call = shard_call_of(run->ranks, number);
    zero.comm = call.of_half ? half : run->comm;
    mpi_check(MPI_Comm_rank(zero.comm, &zero.rank));
    mpi_check(MPI_Comm_size(zero.comm, &zero.ranks));
    zero.precision = zero.gradients = call.dtype;
    struct unit *unit = memory_program_new_unit(&zero, call.count);
    zero.unit = unit;
    zero.own_count = unit->own_count;
    const int found = call_both(&zero, unit, &call, file);
    json_t *result =
        json_pack("{si sI sI si}", "call", number, "begin", (json_int_t)unit->own_begin, "end",
                  (json_int_t)(unit->own_begin + unit->own_count), "changed", found);
    memory_program_free_units(&zero);
    return result;
}

void memory_program_probe_shards(struct run *run)
{
    char name[64], path[PATH_MAX + 64], error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    MPI_Comm half;
    if (run->ranks > SHARD_MOST_RANKS - 1)
        fatal("--probe shards is for up to %d ranks", SHARD_MOST_RANKS - 1);
    if (run->rank == 0)
        write_shards(run);
    mpi_check(MPI_Comm_split(run->comm, run->rank % 2, -run->rank, &half));
    for (int number = 0; number < SHARD_CALLS; number++)
        if (json_array_append_new(table, one_call(run, half, number, file)) != 0)
            fatal("no memory left for the table");
    mpi_check(MPI_Comm_free(&half));
    snprintf(name, sizeof name, "probe-shards-%d.json", run->rank);
    driver_probe_write(run, name, table);
    snprintf(path, sizeof path, "%s/probe-shards-%d.safetensors", run->options->evidence,
             run->rank);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
}
