/* The calls of --probe operators; see operator_cases.h. */
#include "assignments/tensor/operator_cases.h"

#include "common/base/random.h"

const struct operator_facts operator_table[OPERATORS] = {
    [COPY_FORWARD] = {"copy_forward", EXTENT_WHOLE, EXTENT_WHOLE},
    [COPY_BACKWARD] = {"copy_backward", EXTENT_TERM, EXTENT_WHOLE},
    [COPY_BACKWARD_IN_HALVES] = {"copy_backward_begin and _end", EXTENT_TERM, EXTENT_WHOLE},
    [REDUCE_FORWARD] = {"reduce_forward", EXTENT_TERM, EXTENT_WHOLE},
    [REDUCE_BACKWARD] = {"reduce_backward", EXTENT_WHOLE, EXTENT_WHOLE},
    [SCATTER_FORWARD] = {"scatter_forward", EXTENT_WHOLE, EXTENT_PART},
    [SCATTER_BACKWARD] = {"scatter_backward", EXTENT_PART, EXTENT_WHOLE},
    [GATHER_FORWARD] = {"gather_forward", EXTENT_PART, EXTENT_WHOLE},
    [GATHER_BACKWARD] = {"gather_backward", EXTENT_WHOLE, EXTENT_PART},
};

/* ---- what is drawn --------------------------------------------------------------------------------- */

/* From lowest to highest. Of a call's few draws each has a number of its own. */
static int draw(uint64_t seed, int call, int number, int lowest, int highest)
{
    const uint64_t stream = random_stream(RANDOM_TEST, 2, (uint32_t)call);
    return lowest +
           (int)random_below(seed, stream, (uint64_t)number, (uint32_t)(highest - lowest + 1));
}

/* A size that so many ranks do not divide, if there are several. */
static int uneven(uint64_t seed, int call, int ranks)
{
    const int more = ranks > 1 ? draw(seed, call, 0, 1, ranks - 1) : 0;
    return draw(seed, call, 1, 1, 3) * ranks + more;
}

/* The sizes beside the one that is cut differ from it and from each other. */
static void set_shape(struct operator_case *one, int kind)
{
    const int ranks = one->group.ranks, call = one->number - one->again;
    const int size = uneven(one->seed, call, ranks);
    const int other = size + draw(one->seed, call, 2, 1, 4), third = other + 2;
    switch (kind) {
    case 0:
        one->whole = SHAPE(other, size);
        one->dimension = 1;
        break;
    case 1:
        one->whole = SHAPE(size, other);
        one->dimension = 0;
        break;
    case 2: /* one on each rank */
        one->whole = SHAPE(other, third, ranks);
        one->dimension = 2;
        break;
    case 3:
        one->whole = SHAPE(third, size, other);
        one->dimension = 1;
        break;
    case 4: /* channels */
        one->whole = SHAPE(2, size, other, third);
        one->dimension = 1;
        break;
    default: /* long enough for MPI to take another way */
        one->whole = SHAPE(60 + other, 40 * ranks + size);
        one->dimension = 1;
        break;
    }
}

struct operator_group operator_group_of(int ranks, int rank, int round)
{
    struct operator_group group = {.stride = 1, .of = ranks, .ranks = ranks, .rank = rank};
    if (round > 0 && ranks % 2 == 0) {
        group.first = rank % 2;
        group.stride = 2;
        group.ranks = ranks / 2;
        group.rank = rank / 2;
    } else if (round > 0) {
        group.first = 1 % ranks;
        group.rank = (rank - group.first + ranks) % ranks;
    }
    return group;
}

int operator_member(struct operator_group group, int member)
{
    return (group.first + member * group.stride) % group.of;
}

/* Of a round: of the first kind each operator twice in a row, then all of them again and again. */
static bool is_twice(int call)
{
    return call < 2 * OPERATORS;
}

enum tensor_operator operator_of_call(int number)
{
    const int call = number % OPERATOR_CALLS;
    return (enum tensor_operator)(is_twice(call) ? call / 2 : call % OPERATORS);
}

void operator_cases(uint64_t seed, struct operator_group group, int round,
                    struct operator_case cases[OPERATOR_CALLS])
{
    for (int i = 0; i < OPERATOR_CALLS; i++) {
        struct operator_case *one = &cases[i];
        const int kind = is_twice(i) ? 0 : i / OPERATORS - 1;
        *one = (struct operator_case){.which = operator_of_call(i),
                                      .group = group,
                                      .seed = seed,
                                      .number = round * OPERATOR_CALLS + i,
                                      .again = is_twice(i) && i % 2 == 1};
        set_shape(one, kind);
        /* A sum may be written into the tensor that was given. */
        one->shared = operator_table[one->which].takes != EXTENT_TERM && kind % 2 == 1;
    }
}

/* ---- numbers ----------------------------------------------------------------------------------------- */

static struct tensor *new_whole(const struct operator_case *one)
{
    return tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, one->whole);
}

struct tensor *operator_whole(const struct operator_case *one)
{
    struct tensor *whole = new_whole(one);
    const int first = draw(one->seed, one->number, 3 + one->group.first, 1, 100000);
    for (int i = 0; i < whole->count; i++)
        tensor_floats(whole)[i] = (float)(first + i);
    return whole;
}

/* A number is what a rank's stream has there, from -5000 to 5000. */
struct tensor *operator_term(const struct operator_case *one, int rank)
{
    struct tensor *term = new_whole(one);
    const uint64_t stream = random_stream(RANDOM_TEST, 3 + (uint32_t)rank, (uint32_t)one->number);
    for (int i = 0; i < term->count; i++)
        tensor_floats(term)[i] =
            (float)((int)random_below(one->seed, stream, (uint64_t)i, 10001) - 5000);
    return term;
}
