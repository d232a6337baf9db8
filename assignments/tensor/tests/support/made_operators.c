/* What operators return, number by number; see made_operators.h. */
#include "assignments/tensor/tests/support/made_operators.h"

struct made_call made_call_of(const struct operator_case *one, int ranks, int rank, bool last)
{
    struct made_call call = {.one = one, .ranks = ranks, .rank = rank};
    const int size = one->whole.size[one->dimension], parts = one->group.ranks;
    int end = 0;
    for (int member = 0; member < parts; member++) {
        const int more = last ? member >= parts - size % parts : member < size % parts;
        call.begin[member] = end;
        end += size / parts + more;
        call.end[member] = end;
    }
    return call;
}

static int own_size(const struct made_call *call)
{
    const int rank = call->one->group.rank;
    return call->end[rank] - call->begin[rank];
}

static int whole_size(const struct made_call *call)
{
    return call->one->whole.size[call->one->dimension];
}

/* How many numbers stand behind one index of the dimension. */
static int behind(const struct operator_case *one)
{
    int count = 1;
    for (int d = one->dimension + 1; d < one->whole.dimensions; d++)
        count *= one->whole.size[d];
    return count;
}

/* The whole with other indices in the dimension: of `size`, index i is number from(i) of the whole. */
typedef int from_index(const struct made_call *call, int i);

static struct tensor *taken(const struct made_call *call, int size, from_index *from)
{
    const int width = behind(call->one), old = whole_size(call);
    const struct shape shape = shape_with(call->one->whole, call->one->dimension, size);
    struct tensor *whole = operator_whole(call->one);
    struct tensor *made = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (int k = 0; k < made->count; k++) {
        const int i = k / width % size, block = k / width / size;
        const int index = from(call, i);
        tensor_floats(made)[k] =
            index < 0 ? 0.0f : tensor_floats(whole)[(block * old + index) * width + k % width];
    }
    tensor_free(whole);
    return made;
}

static int own_index(const struct made_call *call, int i)
{
    return call->begin[call->one->group.rank] + i;
}

static int same_index(const struct made_call *call, int i)
{
    (void)call;
    return i;
}

static struct tensor *sum_of(const struct made_call *call, int members)
{
    struct tensor *sum = operator_term(call->one, operator_member(call->one->group, 0));
    for (int member = 1; member < members; member++) {
        struct tensor *term = operator_term(call->one, operator_member(call->one->group, member));
        for (int i = 0; i < sum->count; i++)
            tensor_floats(sum)[i] += tensor_floats(term)[i];
        tensor_free(term);
    }
    return sum;
}

/* ---- right ones -------------------------------------------------------------------------------------- */

struct tensor *made_right(const struct made_call *call)
{
    switch (call->one->which) {
    case COPY_BACKWARD:
    case COPY_BACKWARD_IN_HALVES:
    case REDUCE_FORWARD:
        return sum_of(call, call->one->group.ranks);
    case SCATTER_FORWARD:
    case GATHER_BACKWARD:
        return taken(call, own_size(call), own_index);
    default:
        return operator_whole(call->one);
    }
}

/* ---- wrong ones -------------------------------------------------------------------------------------- */

static struct tensor *times(struct tensor *tensor, float factor)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] *= factor;
    return tensor;
}

struct tensor *made_own_term(const struct made_call *call)
{
    return operator_term(call->one, call->rank);
}

struct tensor *made_first_term(const struct made_call *call)
{
    return sum_of(call, 1);
}

struct tensor *made_scanned(const struct made_call *call)
{
    return sum_of(call, call->one->group.rank + 1);
}

struct tensor *made_too_large(const struct made_call *call)
{
    return times(made_right(call), (float)call->one->group.ranks);
}

struct tensor *made_averaged(const struct made_call *call)
{
    return times(made_right(call), 1.0f / (float)call->one->group.ranks);
}

struct tensor *made_nothing(const struct made_call *call)
{
    return times(made_right(call), 0.0f);
}

struct tensor *made_on_rank_0(const struct made_call *call)
{
    return call->one->group.rank == 0 ? made_right(call) : times(made_right(call), 3.0f);
}

struct tensor *made_whole(const struct made_call *call)
{
    return operator_whole(call->one);
}

struct tensor *made_first_ones(const struct made_call *call)
{
    return taken(call, own_size(call), same_index);
}

struct tensor *made_part_of_0(const struct made_call *call)
{
    return taken(call, call->end[0], same_index);
}

struct tensor *made_own_part(const struct made_call *call)
{
    return taken(call, own_size(call), own_index);
}

static int own_or_nothing(const struct made_call *call, int i)
{
    const int rank = call->one->group.rank;
    return i >= call->begin[rank] && i < call->end[rank] ? i : -1;
}

struct tensor *made_own_part_and_zeros(const struct made_call *call)
{
    return taken(call, whole_size(call), own_or_nothing);
}

struct tensor *made_own_part_and_dust(const struct made_call *call)
{
    struct tensor *made = made_own_part_and_zeros(call);
    for (int k = 0; k < made->count; k++)
        if (tensor_floats(made)[k] == 0.0f)
            tensor_floats(made)[k] = -0.5f * (float)k - 3.0f;
    return made;
}

/* Its own part comes first, and where that should be is what was there. */
static int own_first(const struct made_call *call, int i)
{
    const int rank = call->one->group.rank;
    if (i < own_size(call))
        return call->begin[rank] + i;
    return rank > 0 ? own_or_nothing(call, i) >= 0 ? -1 : i : i;
}

struct tensor *made_own_part_first(const struct made_call *call)
{
    return taken(call, whole_size(call), own_first);
}

/* Runs with --reverse-ranks: in MPI_COMM_WORLD the highest rank of the run is the first. */
static int worlds_index(const struct made_call *call, int i)
{
    int begin = 0;
    for (int rank = call->ranks - 1; rank >= 0; rank--)
        for (int member = 0; member < call->one->group.ranks; member++) {
            if (operator_member(call->one->group, member) != rank)
                continue;
            const int size = call->end[member] - call->begin[member];
            if (i < begin + size)
                return call->begin[member] + i - begin;
            begin += size;
        }
    return -1;
}

struct tensor *made_worlds_order(const struct made_call *call)
{
    return taken(call, whole_size(call), worlds_index);
}

/* In memory one part stands behind the other. */
struct tensor *made_one_below_the_other(const struct made_call *call)
{
    const int size = whole_size(call), width = behind(call->one);
    struct tensor *made = operator_whole(call->one), *source = operator_whole(call->one);
    const int blocks = made->count / size / width;
    int place = 0;
    for (int member = 0; member < call->one->group.ranks; member++)
        for (int block = 0; block < blocks; block++)
            for (int k = call->begin[member] * width; k < call->end[member] * width; k++)
                tensor_floats(made)[place++] = tensor_floats(source)[block * size * width + k];
    tensor_free(source);
    return made;
}

/* As cards are dealt: one to each rank, and round again. */
static int dealt_index(const struct made_call *call, int i)
{
    return call->one->group.rank + i * call->one->group.ranks;
}

struct tensor *made_dealt_out(const struct made_call *call)
{
    return taken(call, own_size(call), dealt_index);
}

static int dealt_back_index(const struct made_call *call, int i)
{
    return call->begin[i % call->one->group.ranks] + i / call->one->group.ranks;
}

struct tensor *made_dealt_back(const struct made_call *call)
{
    return taken(call, whole_size(call), dealt_back_index);
}

struct tensor *made_where_last(const struct made_call *call)
{
    const bool last = call->one->dimension == call->one->whole.dimensions - 1;
    return last ? made_right(call) : times(made_right(call), 5.0f);
}

struct tensor *made_where_even(const struct made_call *call)
{
    return whole_size(call) % call->one->group.ranks == 0 ? made_right(call)
                                                          : times(made_right(call), 5.0f);
}

/* The cases of a round stand one behind the other. */
struct tensor *made_before(const struct made_call *call)
{
    struct made_call earlier = *call;
    earlier.one -= call->one->again;
    return made_right(&earlier);
}

struct tensor *made_one_call_off(const struct made_call *call)
{
    struct tensor *made = made_right(call);
    if (call->one->number == OPERATOR_CALLS + 2 * OPERATORS + (int)call->one->which &&
        call->rank == 1)
        tensor_floats(made)[made->count - 1] += 1.0f;
    return made;
}
