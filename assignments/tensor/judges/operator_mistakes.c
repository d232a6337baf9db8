/*
 * Known mistakes of the operators, each as a rule for what a rank returns: compared with what all calls of an
 * operator returned on all ranks. Numbers tell where in the whole they stand, so that each rule can be told
 * from each other.
 */
#include "assignments/tensor/judges/operator_mistakes.h"

#include <math.h>
#include <string.h>

/* Which operators a rule is about. */
enum family { SUMS, NOTHINGS, CUTS, GATHERS };

static enum family family_of(enum tensor_operator which)
{
    const struct operator_facts *facts = &operator_table[which];
    if (facts->takes == EXTENT_TERM)
        return SUMS;
    if (facts->takes == EXTENT_PART)
        return GATHERS;
    return facts->gives == EXTENT_PART ? CUTS : NOTHINGS;
}

/* What a rule says that a rank returns: a new tensor, in which NaN is any number. NULL: it can't be. */
typedef struct tensor *rule_function(const struct operator_results *all,
                                     const struct operator_result *result);

static struct tensor *multiplied(struct tensor *tensor, double factor)
{
    for (int i = 0; i < tensor->count; i++)
        tensor_floats(tensor)[i] = (float)(tensor_floats(tensor)[i] * factor);
    return tensor;
}

/* ---- of any ------------------------------------------------------------------------------------------ */

static struct tensor *as_it_came(const struct operator_results *all,
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

static struct tensor *times_ranks(const struct operator_results *all,
                                  const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), result->one.group.ranks);
}

static struct tensor *by_ranks(const struct operator_results *all,
                               const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), 1.0 / result->one.group.ranks);
}

static struct tensor *zeros(const struct operator_results *all,
                            const struct operator_result *result)
{
    (void)all;
    return multiplied(operator_expected(result), 0);
}

/* ---- of sums ------------------------------------------------------------------------------------------- */

static struct tensor *maximum(const struct operator_results *all,
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

static struct tensor *sum_so_far(const struct operator_results *all,
                                 const struct operator_result *result)
{
    (void)all;
    struct operator_result first = *result;
    first.one.group.ranks = result->one.group.rank + 1;
    return operator_sum(&first);
}

static struct tensor *term_of_rank_0(const struct operator_results *all,
                                     const struct operator_result *result)
{
    (void)all;
    return operator_term(&result->one, operator_member(result->one.group, 0));
}

static struct tensor *sum_of_the_world(const struct operator_results *all,
                                       const struct operator_result *result)
{
    struct operator_result everybody = *result;
    everybody.one.group =
        (struct operator_group){.stride = 1, .of = all->ranks, .ranks = all->ranks};
    return operator_sum(&everybody);
}

/* ---- of cuts ------------------------------------------------------------------------------------------- */

static struct tensor *part_of_rank_0(const struct operator_results *all,
                                     const struct operator_result *result)
{
    return operator_part(result, operator_result_at(all, result, 0)->part);
}

/* As many as it should, but the first ones. */
static struct tensor *first_ones(const struct operator_results *all,
                                 const struct operator_result *result)
{
    (void)all;
    return operator_part(result, (struct part){0, result->part.end - result->part.begin});
}

/* Of the right shape, but in one piece out of memory, as if the first dimension were cut. */
static struct tensor *one_piece(const struct operator_results *all,
                                const struct operator_result *result)
{
    (void)all;
    struct tensor *whole = operator_whole(&result->one), *cut = operator_part(result, result->part);
    const size_t slice = whole->elements / (size_t)result->one.whole.size[result->one.dimension];
    memcpy(cut->data, tensor_floats(whole) + (size_t)result->part.begin * slice, tensor_bytes(cut));
    tensor_free(whole);
    return cut;
}

/* ---- of gathers ---------------------------------------------------------------------------------------- */

/* The parts of the members in some order, each in one piece, whatever the dimension. */
static struct tensor *pieces(const struct operator_results *all,
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

/* The same, told to be of the shape of which such pieces would be the whole: cut along the first dimension. */
static struct tensor *first_dimension(const struct operator_results *all,
                                      const struct operator_result *result)
{
    struct tensor *whole = pieces(all, result);
    struct shape shape = result->one.whole;
    const int dimension = result->one.dimension, part = result->part.end - result->part.begin;
    if (dimension > 0 && shape.size[dimension] % part == 0) {
        shape.size[0] *= shape.size[dimension] / part;
        shape.size[dimension] = part;
    }
    struct tensor *told = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    memcpy(told->data, whole->data, tensor_bytes(whole));
    tensor_free(whole);
    return told;
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

static struct tensor *own_part_and_zeros(const struct operator_results *all,
                                         const struct operator_result *result)
{
    (void)all;
    return own_part_and(result, 0.0f);
}

static struct tensor *own_part_and_anything(const struct operator_results *all,
                                            const struct operator_result *result)
{
    (void)all;
    return own_part_and(result, NAN);
}

/* The own part stands at the begin, and nothing where it should. */
static struct tensor *own_part_at_0(const struct operator_results *all,
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

static struct tensor *in_the_worlds_order(const struct operator_results *all,
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

/* ---- the table ----------------------------------------------------------------------------------------- */

#define IS(family) (1u << (family))

static const struct rule {
    unsigned families;
    rule_function *returns;
    struct mistake mistake;
} rules[] = {
    {IS(SUMS),
     as_it_came,
     {"not summed",
      "Every rank gets its own term back: what the others have did not reach it. Or their sum was "
      "computed, and then what was there before was returned.",
      "where the result of the all-reduce is, and what is returned"}},
    {IS(SUMS),
     times_ranks,
     {"summed twice",
      "Everything is too large by the number of ranks: what was a sum already was added up once "
      "more.",
      "how many all-reduces the numbers go through, also in what the function calls"}},
    {IS(SUMS),
     by_ranks,
     {"averaged instead of summed",
      "Everything is divided by the number of ranks. Each rank has a term of one sum, and not a "
      "result of "
      "its own that is as good as the others'.",
      "what is divided by the number of ranks"}},
    {IS(SUMS),
     maximum,
     {"maximum instead of sum", "Of the terms the largest is returned.",
      "the operation given to MPI: MPI_SUM"}},
    {IS(SUMS),
     term_of_rank_0,
     {"rank 0's term instead of the sum", "Every rank gets the term of rank 0: it was broadcast.",
      "which collective adds up"}},
    {IS(SUMS),
     sum_so_far,
     {"sum of the ranks so far",
      "Each rank has the sum of the terms up to its own: only the last one has all of it.",
      "which collective gives every rank the whole sum"}},
    {IS(SUMS),
     sum_of_the_world,
     {"MPI_COMM_WORLD in place of the group's communicator",
      "Where only some of the ranks form the group, the terms of others are in the sum, too.",
      "the communicator: group->comm"}},
    {IS(NOTHINGS),
     times_ranks,
     {"summed although it is whole",
      "What comes in is the same on every rank already, and their sum is that times the number of "
      "ranks.",
      "which of the two, forward or backward, has something to add up"}},
    {IS(NOTHINGS) | IS(CUTS) | IS(GATHERS),
     by_ranks,
     {"divided by the number of ranks", "Everything is divided by the number of ranks.",
      "what is divided by the number of ranks"}},
    {IS(SUMS) | IS(NOTHINGS) | IS(CUTS) | IS(GATHERS),
     zeros,
     {"all zeros", "What is returned was made, and never filled.", "what is copied where"}},
    {IS(CUTS),
     as_it_came,
     {"not cut", "The whole is returned as it came.", "compute_copy_part in operations.h"}},
    {IS(CUTS),
     part_of_rank_0,
     {"every rank has rank 0's part", "Every rank cuts out what rank 0 has.",
      "the rank that split is asked for: group->rank"}},
    {IS(CUTS),
     first_ones,
     {"every rank has the first ones",
      "Every rank cuts out as many as it should, but from the begin of the whole.",
      "where the part begins in the whole"}},
    {IS(CUTS),
     one_piece,
     {"cut out of memory in one piece",
      "What was cut lies in memory in one piece. Only a part of the first dimension does; in a "
      "part of any "
      "other, something of the other ranks stands behind each row.",
      "compute_copy_part in operations.h"}},
    {IS(CUTS),
     times_ranks,
     {"summed before it was cut",
      "What comes in is the same on every rank already. It was added up first (a reduce-scatter), "
      "so that "
      "everything is too large by the number of ranks.",
      "whether a message is needed at all"}},
    {IS(GATHERS),
     as_it_came,
     {"not gathered", "Every rank gets its own part back.",
      "which collective brings the parts of the others"}},
    {IS(GATHERS),
     pieces,
     {"gathered along the first dimension",
      "All numbers are there, but in another order: the parts stand one behind the other in "
      "memory. That is "
      "the whole only where the first dimension was cut; else each part's rows belong between "
      "those of the "
      "others.",
      "where each received part has to go: compute_copy_part"}},
    {IS(GATHERS),
     first_dimension,
     {"gathered along the first dimension",
      "All numbers are there, but the parts stand one below the other, whatever dimension was cut.",
      "where each received part has to go: compute_copy_part"}},
    {IS(GATHERS),
     own_part_at_0,
     {"own part at the begin",
      "Each rank puts its own part at the begin of the whole, and those of the others where they "
      "belong.",
      "where the part of this rank begins"}},
    {IS(GATHERS),
     own_part_and_zeros,
     {"not gathered",
      "Each rank's own part is in its place, and where those of the others should be are zeros.",
      "which collective brings the parts of the others"}},
    {IS(GATHERS),
     times_ranks,
     {"summed although it was gathered",
      "The whole is too large by the number of ranks: after the parts had been put together it was "
      "added "
      "up, too.",
      "which one is needed: parts are put together, terms are added up"}},
    {IS(GATHERS),
     in_the_worlds_order,
     {"parts in the order of MPI_COMM_WORLD",
      "The parts are there, but in the order of the ranks in MPI_COMM_WORLD. Those of group->comm "
      "need not be "
      "numbered like that.",
      "the communicator, and whose rank counts: group->comm, group->rank"}},
};

static const struct rule only_its_own = {
    IS(GATHERS),
    own_part_and_anything,
    {"not gathered",
     "Each rank's own part is in its place, and what the others have did not reach it.",
     "which collective brings the parts of the others"}};

/* ---- where it is right ------------------------------------------------------------------------------- */

static const struct mistake only_rank_0 = {
    "only rank 0 has it", "Rank 0 has what all ranks need, and the others don't.",
    "whether every rank gets the result of the collective call, or only its root"};
static const struct mistake of_one_size = {
    "parts are taken to be of one size",
    "It is right where the ranks divide the size, and nowhere else.",
    "how many numbers come from each rank: MPI_Allgatherv in place of MPI_Allgather"};
static const struct mistake last_dimension = {
    "along the last dimension, whichever was asked for",
    "It is right where the last dimension is cut, and nowhere else.", "what `dimension` is for"};

typedef bool should_be_right(const struct operator_result *result);

static bool on_rank_0(const struct operator_result *result)
{
    return result->one.group.rank == 0;
}

static bool is_even(const struct operator_result *result)
{
    return result->one.whole.size[result->one.dimension] % result->one.group.ranks == 0;
}

static bool is_along_last(const struct operator_result *result)
{
    return result->one.dimension == result->one.whole.dimensions - 1;
}

static bool nowhere(const struct operator_result *result)
{
    (void)result;
    return false;
}

/* Of the calls on more than one rank: are just those right that should be, and some are not? */
static bool right_just_where(const struct operator_results *all, enum tensor_operator which,
                             should_be_right *should)
{
    bool some[2] = {false, false};
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < OPERATOR_ALL_CALLS; call++) {
            const struct operator_result *result = operator_result_of(all, rank, call);
            if (result->one.which != which || result->one.group.ranks == 1)
                continue;
            if (operator_is_right(result) != should(result))
                return false;
            some[should(result)] = true;
        }
    return some[false] && (some[true] || should == nowhere);
}

/* ---- which it is ---------------------------------------------------------------------------------------- */

static bool explains_call(const struct rule *rule, const struct operator_results *all,
                          const struct operator_result *result)
{
    if (result->one.group.ranks == 1 && operator_is_right(result))
        return true; /* nobody to make a mistake with */
    struct tensor *expected = rule->returns(all, result);
    const bool explained = expected && shape_equal(expected->shape, result->returned->shape) &&
                           operator_first_difference(result->returned, expected) < 0;
    tensor_free(expected);
    return explained;
}

static bool explains(const struct rule *rule, const struct operator_results *all,
                     enum tensor_operator which)
{
    for (int rank = 0; rank < all->ranks; rank++)
        for (int call = 0; call < OPERATOR_ALL_CALLS; call++) {
            const struct operator_result *result = operator_result_of(all, rank, call);
            if (result->one.which == which && !explains_call(rule, all, result))
                return false;
        }
    return true;
}

const struct mistake *operator_mistake(const struct operator_results *all,
                                       enum tensor_operator which)
{
    const enum family family = family_of(which);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if ((rules[i].families & IS(family)) && explains(&rules[i], all, which))
            return &rules[i].mistake;
    const bool brings = family == SUMS || family == GATHERS;
    if (brings && right_just_where(all, which, on_rank_0))
        return &only_rank_0;
    if (family == GATHERS && right_just_where(all, which, nowhere) &&
        explains(&only_its_own, all, which))
        return &only_its_own.mistake;
    if (family == GATHERS && right_just_where(all, which, is_even))
        return &of_one_size;
    if ((family == GATHERS || family == CUTS) && right_just_where(all, which, is_along_last))
        return &last_dimension;
    return NULL;
}
