/*
 * --probe all-reduce: the student's own all-reduce, with the numbers of sum_cases.h, one call behind the other. For
 * the log each call is a step, of the call's number.
 */
#include "assignments/data/program/parts.h"
#include "assignments/data/sum_cases.h"
#include "common/base/fatal.h"
#include "common/files/tensor_file.h"
#include "common/log/log_fields.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARDS = 16 };

static const float guard = -7777.0f;

/* ---- what can_halve_and_double says ---------------------------------------------------------------- */

static json_t *asked(int ranks)
{
    enum { ROOM = 256 };
    char reason[ROOM + GUARDS];
    memset(reason, 'x', sizeof reason);
    reason[0] = '\0';
    const bool accepted = can_halve_and_double(ranks, reason, ROOM);
    bool overrun = false;
    for (int i = ROOM; i < ROOM + GUARDS; i++)
        overrun = overrun || reason[i] != 'x';
    reason[ROOM - 1] = '\0';
    json_t *text = json_string(accepted ? "" : reason);
    return json_pack("{si sb so sb}", "ranks", ranks, "accepted", accepted, "reason",
                     text ? text : json_string("?"), "overrun", overrun);
}

static void ask(const struct run *run)
{
    json_t *table = json_array();
    for (int ranks = 1; ranks <= SUM_ASKED; ranks++)
        if (json_array_append_new(table, asked(ranks)) != 0)
            fatal("no memory left for the table");
    driver_probe_write(run, "probe-halving.json", table);
}

static bool is_possible(enum sum sum, int ranks)
{
    char reason[512];
    return sum != SUM_HALVING_DOUBLING || can_halve_and_double(ranks, reason, sizeof reason);
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static int changed_guards(const float *values, int count)
{
    int changed = 0;
    for (int i = 0; i < GUARDS; i++)
        changed += (values[i] != guard) + (values[GUARDS + count + i] != guard);
    return changed;
}

static json_t *one_call(enum sum sum, const struct sum_case *one, MPI_Comm comm,
                        struct tensor_file *file)
{
    char name[32];
    int changed = 0;
    const bool possible = is_possible(sum, one->group.ranks);
    struct tensor *all = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                    SHAPE(GUARDS + one->count + GUARDS));
    float *values = tensor_floats(all);
    for (int i = 0; i < all->count; i++)
        values[i] = guard;
    sum_numbers(one, one->group.rank, values + GUARDS);
    if (possible) {
        log_append(log_record_of_step(LOG_STEP_BEGIN, one->number));
        data_sum(sum)(values + GUARDS, one->count, comm);
        log_append(log_record_of_step_end(one->number, 0));
        changed = changed_guards(values, one->count);
    }
    if (possible && one->count > 0) {
        struct tensor *result = tensor_view(all, GUARDS, SHAPE(one->count));
        snprintf(name, sizeof name, "call-%d", one->number);
        tensor_file_add(file, name, result);
        tensor_free(result);
    }
    tensor_free(all);
    return json_pack("{si sb si}", "call", one->number, "done", possible, "changed", changed);
}

void data_probe_all_reduce(struct run *run)
{
    char name[64], path[PATH_MAX + 64], error[TENSOR_FILE_ERROR_SIZE];
    const enum sum sum = data_options(run->options).sum;
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    const struct sum_group group = sum_group_of(run->ranks, run->rank, 1);
    MPI_Comm half;
    if (run->ranks > SUM_MOST_RANKS)
        fatal("--probe all-reduce is for up to %d ranks", SUM_MOST_RANKS);
    mpi_check(MPI_Comm_split(run->comm, run->rank % 2, group.rank, &half));
    for (int call = 0; call < SUM_CALLS; call++) {
        const struct sum_case one = sum_case_of(run->options->seed, run->ranks, run->rank, call);
        if (json_array_append_new(
                table, one_call(sum, &one, call < SUM_ROUND_CALLS ? run->comm : half, file)) != 0)
            fatal("no memory left for the table");
    }
    mpi_check(MPI_Comm_free(&half));
    snprintf(name, sizeof name, "probe-all-reduce-%d.json", run->rank);
    driver_probe_write(run, name, table);
    snprintf(path, sizeof path, "%s/probe-all-reduce-%d.safetensors", run->options->evidence,
             run->rank);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
    if (run->rank == 0 && sum == SUM_HALVING_DOUBLING)
        ask(run);
}
