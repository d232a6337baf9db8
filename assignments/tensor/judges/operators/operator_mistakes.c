/*
 * Known mistakes of the operators, each as a rule for what a rank returns: compared with what all calls of an
 * operator returned on all ranks. Numbers tell where in the whole they stand, so that each rule can be told
 * from each other.
 */
#include "assignments/tensor/judges/operators/operator_mistakes.h"
#include "assignments/tensor/judges/operators/operator_rules.h"

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

/* ---- the table ----------------------------------------------------------------------------------------- */

#define IS(family) (1u << (family))

static const struct rule {
    unsigned families;
    operator_rule *returns;
    struct mistake mistake;
} rules[] = {
    {IS(SUMS),
     operator_as_it_came,
     {"not summed",
      "Every rank gets its own term back: what the others have did not reach it. Or their sum was "
      "computed, and then what was there before was returned.",
      "where the result of the all-reduce is, and what is returned"}},
    {IS(SUMS),
     operator_times_ranks,
     {"summed twice",
      "Everything is too large by the number of ranks: what was a sum already was added up once "
      "more.",
      "how many all-reduces the numbers go through, also in what the function calls"}},
    {IS(SUMS),
     operator_by_ranks,
     {"averaged instead of summed",
      "Everything is divided by the number of ranks. Each rank has a term of one sum, and not a "
      "result of its own that is as good as the others'.",
      "what is divided by the number of ranks"}},
    {IS(SUMS),
     operator_maximum,
     {"maximum instead of sum", "Of the terms the largest is returned.",
      "the operation given to MPI: MPI_SUM"}},
    {IS(SUMS),
     operator_term_of_rank_0,
     {"rank 0's term instead of the sum", "Every rank gets the term of rank 0: it was broadcast.",
      "which collective adds up"}},
    {IS(SUMS),
     operator_sum_so_far,
     {"sum of the ranks so far",
      "Each rank has the sum of the terms up to its own: only the last one has all of it.",
      "which collective gives every rank the whole sum"}},
    {IS(SUMS),
     operator_sum_of_the_world,
     {"MPI_COMM_WORLD in place of the group's communicator",
      "Where only some of the ranks form the group, the terms of others are in the sum, too.",
      "the communicator: group->comm"}},
    {IS(NOTHINGS),
     operator_times_ranks,
     {"summed although it is whole",
      "What comes in is the same on every rank already, and their sum is that times the number of "
      "ranks.",
      "which of the two, forward or backward, has something to add up"}},
    {IS(NOTHINGS) | IS(CUTS) | IS(GATHERS),
     operator_by_ranks,
     {"divided by the number of ranks", "Everything is divided by the number of ranks.",
      "what is divided by the number of ranks"}},
    {IS(SUMS) | IS(NOTHINGS) | IS(CUTS) | IS(GATHERS),
     operator_returned_before,
     {"what an earlier call returned",
      "Where two calls one after the other have tensors of the same shape, the second gets what "
      "was due in the first. Its numbers are others: nothing that was returned serves again.",
      "static variables, and whether what was computed once is taken for what is asked for now"}},
    {IS(SUMS) | IS(NOTHINGS) | IS(CUTS) | IS(GATHERS),
     operator_zeros,
     {"all zeros", "What is returned was made, and never filled.", "what is copied where"}},
    {IS(CUTS),
     operator_as_it_came,
     {"not cut", "The whole is returned as it came.", "compute_copy_part in operations.h"}},
    {IS(CUTS),
     operator_part_of_rank_0,
     {"every rank has rank 0's part", "Every rank cuts out what rank 0 has.",
      "the rank that split is asked for: group->rank"}},
    {IS(CUTS),
     operator_first_ones,
     {"every rank has the first ones",
      "Every rank cuts out as many as it should, but from the begin of the whole.",
      "where the part begins in the whole"}},
    {IS(CUTS),
     operator_one_piece,
     {"cut out of memory in one piece",
      "What was cut lies in memory in one piece. Only a part of the first dimension does; in a "
      "part of any other, something of the other ranks stands behind each row.",
      "compute_copy_part in operations.h"}},
    {IS(CUTS),
     operator_dealt_out,
     {"dealt out in turns instead of cut into pieces",
      "The indices are dealt out like cards, one to each rank and round again. A part is what "
      "split says: begin, …, end - 1, all of them in one piece.",
      "which indices of the whole belong to a part"}},
    {IS(CUTS),
     operator_times_ranks,
     {"summed before it was cut",
      "What comes in is the same on every rank already. It was added up first (a reduce-scatter), "
      "so that everything is too large by the number of ranks.",
      "whether a message is needed at all"}},
    {IS(GATHERS),
     operator_as_it_came,
     {"not gathered", "Every rank gets its own part back.",
      "which collective brings the parts of the others"}},
    {IS(GATHERS),
     operator_pieces,
     {"gathered along the first dimension",
      "All numbers are there, but in another order: the parts stand one behind the other in "
      "memory. That is the whole only where the first dimension was cut; else each part's rows "
      "belong between those of the others.",
      "where each received part has to go: compute_copy_part"}},
    {IS(GATHERS),
     operator_dealt_back,
     {"dealt out in turns instead of cut into pieces",
      "The indices are dealt out like cards, one to each rank and round again. A part is what "
      "split says: begin, …, end - 1, all of them in one piece.",
      "where in the whole each number of a part goes"}},
    {IS(GATHERS),
     operator_own_part_at_0,
     {"own part at the begin",
      "Each rank puts its own part at the begin of the whole, and those of the others where they "
      "belong.",
      "where the part of this rank begins"}},
    {IS(GATHERS),
     operator_own_part_and_zeros,
     {"not gathered",
      "Each rank's own part is in its place, and where those of the others should be are zeros.",
      "which collective brings the parts of the others"}},
    {IS(GATHERS),
     operator_times_ranks,
     {"summed although it was gathered",
      "The whole is too large by the number of ranks: after the parts had been put together it "
      "was added up, too.",
      "which one is needed: parts are put together, terms are added up"}},
    {IS(GATHERS),
     operator_in_the_worlds_order,
     {"parts in the order of MPI_COMM_WORLD",
      "The parts are there, but in the order of the ranks in MPI_COMM_WORLD. Those of group->comm "
      "need not be numbered like that.",
      "the communicator, and whose rank counts: group->comm, group->rank"}},
};

static const struct rule only_its_own = {
    IS(GATHERS),
    operator_own_part_and_anything,
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
