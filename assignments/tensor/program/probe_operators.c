/*
 * --probe operators: every operator, forwards and backwards, with the tensors of operator_cases.h.
 *
 * Each call is followed by a look at what it left behind: tensors that nobody freed, and, where the probe
 * looks at the tensor that it gives away, too, numbers in it that changed. For the log it is a step, of the
 * call's number.
 */
#include "assignments/tensor/operator_cases.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/program/parts.h"
#include "common/base/fatal.h"
#include "common/log/log_fields.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { GUARDS = 16 };

/* What a call is to be given, and the group that calls. */
struct calling {
    const struct operator_case *one;
    struct tensor_group group;
    int world_rank; /* in the run */
    struct part part;
};

/* ---- what goes in ----------------------------------------------------------------------------------- */

/* What the student's split says of the dimension, if it is a part of it at all. */
static struct part own_part(const struct operator_case *one, const struct tensor_group *group)
{
    const int size = one->whole.size[one->dimension];
    const struct part part = split(size, group->ranks, group->rank);
    if (part.begin < 0 || part.begin >= part.end || part.end > size)
        fatal_at("split", "of %d things on %d ranks, rank %d was given %d to %d", size,
                 group->ranks, group->rank, part.begin, part.end - 1);
    return part;
}

static struct tensor *input_of(const struct calling *calling)
{
    const struct operator_case *one = calling->one;
    if (operator_table[one->which].takes == EXTENT_TERM)
        return operator_term(one, calling->world_rank);
    struct tensor *whole = operator_whole(one);
    if (operator_table[one->which].takes == EXTENT_WHOLE)
        return whole;
    const struct slice slice =
        slice_along(one->whole, one->dimension, calling->part.begin, calling->part.end);
    struct tensor *part = slice_part_new(&slice, whole);
    tensor_free(whole);
    return part;
}

/* The same numbers, with others around them. */
static struct tensor *surrounded(const struct tensor *input)
{
    struct tensor *wide = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                     SHAPE(GUARDS + input->count + GUARDS));
    for (int i = 0; i < wide->count; i++)
        tensor_floats(wide)[i] = -7777.0f;
    memcpy(tensor_floats(wide) + GUARDS, input->data, tensor_bytes(input));
    return wide;
}

static int differences(const struct tensor *a, const struct tensor *b)
{
    int count = 0;
    for (int i = 0; i < a->count; i++)
        count += memcmp(&tensor_floats(a)[i], &tensor_floats(b)[i], sizeof(float)) != 0;
    return count;
}

/* ---- the call --------------------------------------------------------------------------------------- */

/* The sum in two halves, with something to compute in between. */
static struct tensor *in_halves(const struct tensor_group *group, struct tensor *dx)
{
    MPI_Request request = MPI_REQUEST_NULL;
    struct tensor *square = compute_new(DEVICE_CPU, SHAPE(32, 32));
    struct tensor *product = compute_new_like(square);
    tensor_zero(square);
    copy_backward_begin(group, dx, &request);
    compute_matrix_product(false, false, square, square, 0.0f, product);
    tensor_free(square);
    tensor_free(product);
    return copy_backward_end(dx, &request);
}

static struct tensor *called(const struct calling *calling, struct tensor *x)
{
    const struct tensor_group *group = &calling->group;
    const int dimension = calling->one->dimension;
    const int size = calling->one->whole.size[dimension];
    switch (calling->one->which) {
    case COPY_FORWARD:
        return copy_forward(group, x);
    case COPY_BACKWARD:
        return copy_backward(group, x);
    case COPY_BACKWARD_IN_HALVES:
        return in_halves(group, x);
    case REDUCE_FORWARD:
        return reduce_forward(group, x);
    case REDUCE_BACKWARD:
        return reduce_backward(group, x);
    case SCATTER_FORWARD:
        return scatter_forward(group, x, dimension);
    case SCATTER_BACKWARD:
        return scatter_backward(group, x, dimension, size);
    case GATHER_FORWARD:
        return gather_forward(group, x, dimension, size);
    case GATHER_BACKWARD:
    case OPERATORS:
        break;
    }
    return gather_backward(group, x, dimension);
}

/* A copy of what was returned, which is freed. */
static struct tensor *kept_result(const struct operator_case *one, struct tensor *result)
{
    const char *name = operator_table[one->which].name;
    if (result == NULL)
        fatal_at(name, "it returned NULL and no tensor");
    tensor_must_live(result, "what it returned", name);
    if (result->dtype != DTYPE_FLOAT32 || result->device != DEVICE_CPU)
        fatal_at(name, "it returned a tensor that is not of float32 on the CPU, as its input is");
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, result->shape);
    tensor_copy(copy, result);
    tensor_free(result);
    return copy;
}

static json_t *one_call(const struct calling *calling, struct tensor_file *file)
{
    const struct operator_case *one = calling->one;
    const long held = tensor_references_held();
    struct tensor *x = input_of(calling), *wide = NULL, *before = NULL;
    if (one->shared) {
        before = surrounded(x);
        wide = surrounded(x);
        struct tensor *view = tensor_view(wide, GUARDS, x->shape);
        tensor_free(x);
        x = view;
    }
    struct tensor *result = kept_result(one, called(calling, x));
    const int changed = one->shared ? differences(wide, before) : 0;
    tensor_free(wide);
    tensor_free(before);
    const long leaked = tensor_references_held() - held - 1; /* that one is the result's copy */
    char name[32];
    snprintf(name, sizeof name, "call-%d", one->number);
    tensor_file_add(file, name, result);
    tensor_free(result);
    return json_pack("{si si si si si}", "call", one->number, "begin", calling->part.begin, "end",
                     calling->part.end, "leaked", (int)leaked, "changed", changed);
}

/* ---- rounds ------------------------------------------------------------------------------------------- */

static void one_round(const struct run *run, int round, struct tensor_file *file, json_t *table)
{
    static struct operator_case cases[OPERATOR_CALLS];
    const struct operator_group members = operator_group_of(run->ranks, run->rank, round);
    struct calling calling = {
        .world_rank = run->rank,
        .group = {.comm = run->comm, .rank = members.rank, .ranks = members.ranks}};
    if (round > 0)
        mpi_check(MPI_Comm_split(run->comm, members.first, members.rank, &calling.group.comm));
    operator_cases(run->options->seed, members, round, cases);
    for (int i = 0; i < OPERATOR_CALLS; i++) {
        calling.one = &cases[i];
        calling.part = own_part(&cases[i], &calling.group);
        log_append(log_record_of_step(LOG_STEP_BEGIN, cases[i].number));
        if (json_array_append_new(table, one_call(&calling, file)) != 0)
            fatal("no memory left for the table");
        log_append(log_record_of_step_end(cases[i].number, 0));
    }
    if (round > 0)
        mpi_check(MPI_Comm_free(&calling.group.comm));
}

void probe_operators(struct run *run)
{
    char name[64], path[PATH_MAX + 64], error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    for (int round = 0; round < OPERATOR_ROUNDS; round++)
        one_round(run, round, file, table);
    snprintf(name, sizeof name, "probe-operators-%d.json", run->rank);
    driver_probe_write(run, name, table);
    snprintf(path, sizeof path, "%s/probe-operators-%d.safetensors", run->options->evidence,
             run->rank);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
}
