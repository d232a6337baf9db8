/* What wrong operators return; see operator_rules.h. */
#include "assignments/tensor/judges/operators/operator_rules.h"

#include <math.h>
#include <string.h>

static struct tensor *multiplied(struct tensor *tensor, double factor)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = (float)(tensor_floats(tensor)[i] * factor);
    return tensor;
}

/* ---- of any ------------------------------------------------------------------------------------------ */

struct tensor *operator_as_it_came(const struct operator_results *all,
                                   const struct operator_result *result)
{
    switch (operator_table[result->one.which].takes) {
    case EXTENT_TERM:
        return operator_term(&result->one,
                             operator_member(result->one.group, result->one.group.rank));
    case EXTENT_PART:
        return operator_part(result, result->part);
    case EXTENT_WHOLE:
        break;
    }
    (void)all;
    return operator_whole(&result->one);
}

struct tensor *operator_times_ranks(const struct operator_results *all,
                                    const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), result->one.group.ranks);
}

struct tensor *operator_by_ranks(const struct operator_results *all,
                                 const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), 1.0 / result->one.group.ranks);
}

struct tensor *operator_zeros(const struct operator_results *all,
                              const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), 0);
}

struct tensor *operator_returned_before(const struct operator_results *all,
                                        const struct operator_result *result)
{
    const int rank = operator_member(result->one.group, result->one.group.rank);
    return operator_expected(
        result->one.again ? operator_result_of(all, rank, result->one.number - 1) : result);
}

/* ---- of sums ------------------------------------------------------------------------------------------- */

struct tensor *operator_maximum(const struct operator_results *all,
                                const struct operator_result *result)
{
    (void)all;
    struct tensor *most = operator_term(&result->one, operator_member(result->one.group, 0));
    for (int member = 1; member < result->one.group.ranks; member++) {
        struct tensor *term =
            operator_term(&result->one, operator_member(result->one.group, member));
        for (int i = 0; i < most->count; i++)
            tensor_floats(most)[i] = fmaxf(tensor_floats(most)[i], tensor_floats(term)[i]);
        tensor_free(term);
    }
    return most;
}

struct tensor *operator_sum_so_far(const struct operator_results *all,
                                   const struct operator_result *result)
{
    (void)all;
    struct operator_result first = *result;
    first.one.group.ranks = result->one.group.rank + 1;
    return operator_sum(&first);
}

struct tensor *operator_term_of_rank_0(const struct operator_results *all,
                                       const struct operator_result *result)
{
    (void)all;
    return operator_term(&result->one, operator_member(result->one.group, 0));
}

struct tensor *operator_sum_of_the_world(const struct operator_results *all,
                                         const struct operator_result *result)
{
    struct operator_result everybody = *result;
    everybody.one.group =
        (struct operator_group){.stride = 1, .of = all->ranks, .ranks = all->ranks};
    return operator_sum(&everybody);
}

/* ---- of cuts ------------------------------------------------------------------------------------------- */

struct tensor *operator_part_of_rank_0(const struct operator_results *all,
                                       const struct operator_result *result)
{
    return operator_part(result, operator_result_at(all, result, 0)->part);
}

/* As many as it should, but the first ones. */
struct tensor *operator_first_ones(const struct operator_results *all,
                                   const struct operator_result *result)
{
    (void)all;
    return operator_part(result, (struct part){0, result->part.end - result->part.begin});
}

/* Of the right shape, but in one piece out of memory, as if the first dimension were cut. */
struct tensor *operator_one_piece(const struct operator_results *all,
                                  const struct operator_result *result)
{
    (void)all;
    struct tensor *whole = operator_whole(&result->one), *cut = operator_part(result, result->part);
    const size_t slice = whole->elements / (size_t)result->one.whole.size[result->one.dimension];
    memcpy(cut->data, tensor_floats(whole) + (size_t)result->part.begin * slice, tensor_bytes(cut));
    tensor_free(whole);
    return cut;
}

/* One index along the dimension, from one tensor to another. */
static void copy_index(const struct operator_result *result, const struct tensor *from,
                       int from_index, struct tensor *to, int to_index)
{
    const int dimension = result->one.dimension;
    const struct slice take = slice_along(from->shape, dimension, from_index, from_index + 1),
                       give = slice_along(to->shape, dimension, to_index, to_index + 1);
    struct tensor *one = slice_part_new(&take, from);
    slice_copy_in(&give, one, to);
    tensor_free(one);
}

/* If the indices are dealt out like cards, number i of a member is this one of the whole. */
static int dealt(const struct operator_result *result, int member, int i)
{
    return member + i * result->one.group.ranks;
}

/* Are there as many as each member has? */
static bool can_be_dealt(const struct operator_results *all, const struct operator_result *result)
{
    const int size = result->one.whole.size[result->one.dimension];
    for (int member = 0; member < result->one.group.ranks; member++) {
        const struct part part = operator_result_at(all, result, member)->part;
        if (dealt(result, member, part.end - part.begin - 1) >= size)
            return false;
    }
    return true;
}

struct tensor *operator_dealt_out(const struct operator_results *all,
                                  const struct operator_result *result)
{
    if (!can_be_dealt(all, result))
        return NULL;
    struct tensor *whole = operator_whole(&result->one), *cut = operator_part(result, result->part);
    for (int i = 0; i < result->part.end - result->part.begin; i++)
        copy_index(result, whole, dealt(result, result->one.group.rank, i), cut, i);
    tensor_free(whole);
    return cut;
}

/* ---- of gathers ---------------------------------------------------------------------------------------- */

/* The parts of the members in some order, each in one piece, whatever the dimension. */
struct tensor *operator_pieces(const struct operator_results *all,
                               const struct operator_result *result)
{
    struct tensor *whole = operator_whole(&result->one);
    size_t place = 0;
    for (int member = 0; member < result->one.group.ranks; member++) {
        struct tensor *part = operator_part(result, operator_result_at(all, result, member)->part);
        memcpy(tensor_floats(whole) + place, part->data, tensor_bytes(part));
        place += part->elements;
        tensor_free(part);
    }
    return whole;
}

struct tensor *operator_dealt_back(const struct operator_results *all,
                                   const struct operator_result *result)
{
    if (!can_be_dealt(all, result))
        return NULL;
    struct tensor *whole = operator_whole(&result->one), *right = operator_whole(&result->one);
    for (int member = 0; member < result->one.group.ranks; member++) {
        const struct part part = operator_result_at(all, result, member)->part;
        for (int i = part.begin; i < part.end; i++)
            copy_index(result, right, i, whole, dealt(result, member, i - part.begin));
    }
    tensor_free(right);
    return whole;
}

/* Index along the dimension of each element of the whole. */
static int index_along(const struct operator_case *one, int element)
{
    int behind = 1;
    for (int d = one->dimension + 1; d < one->whole.dimensions; d++)
        behind *= one->whole.size[d];
    return element / behind % one->whole.size[one->dimension];
}

/* Of the whole only the indices of the own part are right; the others are `other`. */
static struct tensor *own_part_and(const struct operator_result *result, float other)
{
    struct tensor *whole = operator_whole(&result->one);
    for (int i = 0; i < whole->count; i++) {
        const int index = index_along(&result->one, i);
        if (index < result->part.begin || index >= result->part.end)
            tensor_floats(whole)[i] = other;
    }
    return whole;
}

struct tensor *operator_own_part_and_zeros(const struct operator_results *all,
                                           const struct operator_result *result)
{
    (void)all;
    return own_part_and(result, 0.0f);
}

struct tensor *operator_own_part_and_anything(const struct operator_results *all,
                                              const struct operator_result *result)
{
    (void)all;
    return own_part_and(result, NAN);
}

/* The own part stands at the begin, and nothing where it should. */
struct tensor *operator_own_part_at_0(const struct operator_results *all,
                                      const struct operator_result *result)
{
    (void)all;
    struct tensor *whole = operator_whole(&result->one);
    const struct part part = result->part;
    int behind = 1;
    for (int d = result->one.dimension + 1; d < result->one.whole.dimensions; d++)
        behind *= result->one.whole.size[d];
    struct tensor *right = operator_whole(&result->one);
    for (int i = 0; i < whole->count; i++) {
        const int index = index_along(&result->one, i);
        if (index >= part.begin && index < part.end && part.begin > 0)
            tensor_floats(whole)[i] = NAN;
        if (index < part.end - part.begin)
            tensor_floats(whole)[i] = tensor_floats(right)[i + part.begin * behind];
    }
    tensor_free(right);
    return whole;
}

static int rank_in_world(const struct operator_results *all, const struct operator_result *result,
                         int member)
{
    const int rank = operator_member(result->one.group, member);
    return all->reversed ? all->ranks - 1 - rank : rank;
}

/* Numbers that come before a member's, if the members are taken as MPI_COMM_WORLD numbers them. */
static int begin_in_world(const struct operator_results *all, const struct operator_result *result,
                          int member)
{
    int begin = 0;
    for (int other = 0; other < result->one.group.ranks; other++) {
        const struct part part = operator_result_at(all, result, other)->part;
        if (rank_in_world(all, result, other) < rank_in_world(all, result, member))
            begin += part.end - part.begin;
    }
    return begin;
}

struct tensor *operator_in_the_worlds_order(const struct operator_results *all,
                                            const struct operator_result *result)
{
    struct tensor *whole = operator_whole(&result->one);
    for (int member = 0; member < result->one.group.ranks; member++) {
        const struct part part = operator_result_at(all, result, member)->part;
        const int begin = begin_in_world(all, result, member);
        const struct slice to = slice_along(result->one.whole, result->one.dimension, begin,
                                            begin + part.end - part.begin);
        struct tensor *piece = operator_part(result, part);
        slice_copy_in(&to, piece, whole);
        tensor_free(piece);
    }
    return whole;
}
