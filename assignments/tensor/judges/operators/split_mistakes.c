/*
 * Known mistakes of split, each as a rule by which it makes the parts. A right split puts the ranks that have
 * one more first or last, or spreads them, and a wrong one may be made of any of these.
 */
#include "assignments/tensor/judges/operators/split_mistakes.h"

/* ---- right ones ------------------------------------------------------------------------------------ */

enum order { MORE_FIRST, MORE_LAST, MORE_SPREAD, ORDERS };

/* Where the part of a rank begins; rank may be `ranks`. */
static int begin_of(enum order order, int size, int ranks, int rank)
{
    const int least = size / ranks, more = size % ranks;
    switch (order) {
    case MORE_FIRST:
        return least * rank + MIN(rank, more);
    case MORE_LAST:
        return least * rank + MAX(0, rank - (ranks - more));
    case MORE_SPREAD:
    case ORDERS:
        break;
    }
    return (int)((gint64)size * rank / ranks);
}

static struct part right(enum order order, int size, int ranks, int rank)
{
    return (struct part){begin_of(order, size, ranks, rank),
                         begin_of(order, size, ranks, rank + 1)};
}

/* ---- wrong ones ------------------------------------------------------------------------------------ */

static struct part remainder_lost(enum order order, int size, int ranks, int rank)
{
    (void)order;
    const int each = size / ranks;
    return (struct part){each * rank, each * (rank + 1)};
}

static struct part last_takes_all(enum order order, int size, int ranks, int rank)
{
    const struct part part = remainder_lost(order, size, ranks, rank);
    return (struct part){part.begin, rank == ranks - 1 ? size : part.end};
}

static struct part first_takes_all(enum order order, int size, int ranks, int rank)
{
    const struct part part = remainder_lost(order, size, ranks, rank);
    const int more = size % ranks;
    return (struct part){rank == 0 ? 0 : part.begin + more, part.end + more};
}

static struct part rounded_up(enum order order, int size, int ranks, int rank)
{
    (void)order;
    const int each = (size + ranks - 1) / ranks;
    return (struct part){each * rank, MIN(size, each * (rank + 1))};
}

/* The same, cut off at the size, so that ranks without anything begin and end there. */
static struct part rounded_up_cut_off(enum order order, int size, int ranks, int rank)
{
    const struct part part = rounded_up(order, size, ranks, rank);
    return (struct part){MIN(size, part.begin), part.end};
}

static struct part rounded_up_beyond(enum order order, int size, int ranks, int rank)
{
    (void)order;
    const int each = (size + ranks - 1) / ranks;
    return (struct part){each * rank, each * (rank + 1)};
}

static struct part end_is_in_it(enum order order, int size, int ranks, int rank)
{
    const struct part part = right(order, size, ranks, rank);
    return (struct part){part.begin, part.end - 1};
}

static struct part one_too_many(enum order order, int size, int ranks, int rank)
{
    const struct part part = right(order, size, ranks, rank);
    return (struct part){part.begin, MIN(size, part.end + 1)};
}

static struct part one_before(enum order order, int size, int ranks, int rank)
{
    const struct part part = right(order, size, ranks, rank);
    return (struct part){MAX(0, part.begin - 1), part.end};
}

static struct part ranks_from_one(enum order order, int size, int ranks, int rank)
{
    return right(order, size, ranks, rank + 1);
}

static struct part things_from_one(enum order order, int size, int ranks, int rank)
{
    const struct part part = right(order, size, ranks, rank);
    return (struct part){part.begin + 1, part.end + 1};
}

static struct part end_is_a_size(enum order order, int size, int ranks, int rank)
{
    const struct part part = right(order, size, ranks, rank);
    return (struct part){part.begin, part.end - part.begin};
}

static struct part from_the_last(enum order order, int size, int ranks, int rank)
{
    return right(order, size, ranks, ranks - 1 - rank);
}

static struct part shift_forgotten(enum order order, int size, int ranks, int rank)
{
    (void)order;
    const int each = size / ranks;
    return (struct part){each * rank, each * (rank + 1) + (rank < size % ranks ? 1 : 0)};
}

static struct part everything(enum order order, int size, int ranks, int rank)
{
    (void)order;
    (void)ranks;
    (void)rank;
    return (struct part){0, size};
}

#define UP_EXPLANATION                                                                             \
    "Every rank takes the quotient rounded up, so that the last ones get fewer than the others, "  \
    "or nothing at all."
#define UP_LOOK "how many ranks may have one more: size % ranks of them"
#define TWICE_EXPLANATION                                                                          \
    "Neighbouring parts overlap by one: what is at the border is on two ranks, so it counts "      \
    "twice in each sum."

static const struct rule {
    struct part (*part)(enum order order, int size, int ranks, int rank);
    struct mistake mistake;
} rules[] = {
    {remainder_lost,
     {"remainder lost",
      "Every rank has size / ranks things, rounded down. What that leaves over is nobody's.",
      "what becomes of size % ranks things"}},
    {last_takes_all,
     {"the last rank takes all of the remainder",
      "Every rank has size / ranks things, and the last one what is left over as well. The others "
      "wait for it in every layer.",
      "how the remainder can be spread: one each to some ranks"}},
    {first_takes_all,
     {"the first rank takes all of the remainder",
      "Every rank has size / ranks things, and the first one what is left over as well. The "
      "others wait for it in every layer.",
      "how the remainder can be spread: one each to some ranks"}},
    {rounded_up, {"rounded up", UP_EXPLANATION, UP_LOOK}},
    {rounded_up_cut_off, {"rounded up", UP_EXPLANATION, UP_LOOK}},
    {rounded_up_beyond, {"rounded up", UP_EXPLANATION, UP_LOOK}},
    {end_is_in_it,
     {"end is taken for the last one",
      "A part is begin, …, end - 1, and here end is the last of its things: each rank has one too "
      "few.",
      "struct part in tensor.h: does end belong to the part?"}},
    {one_too_many,
     {"parts overlap by one", TWICE_EXPLANATION,
      "struct part in tensor.h: does end belong to the part?"}},
    {one_before, {"parts overlap by one", TWICE_EXPLANATION, "where each part begins"}},
    {ranks_from_one,
     {"ranks are counted from 1",
      "Each rank has the part of the next one, and the last one a part that is not there.",
      "the part of rank 0"}},
    {things_from_one,
     {"things are counted from 1",
      "The parts are right, but for being one too far: things are numbered from 0.",
      "the begin of rank 0's part"}},
    {end_is_a_size,
     {"end is a size",
      "The second number of each part is how many things it has, and not where it ends.",
      "struct part in tensor.h"}},
    {from_the_last,
     {"parts in the order of falling ranks",
      "The last rank has the first things. Lower numbers are to be on lower ranks: gathers put "
      "the parts one behind the other by rank.",
      "the part of rank 0"}},
    {shift_forgotten,
     {"parts don't begin behind those that have one more",
      "The first ranks have one more each, as they should, but each part begins at rank · (size / "
      "ranks), as if they had not.",
      "where a part begins if the ranks before it have one more each"}},
    {everything,
     {"every rank has everything", "Each part is the whole: nothing is split.",
      "what `rank` is for"}},
};

static const struct mistake only_divisors = {"refuses what does not divide",
                                             "Everything is accepted whose size the number of "
                                             "ranks divides, and nothing else. Parts may differ "
                                             "by one.",
                                             "can_split: when does a rank get nothing?"};

/* ---- which it is ------------------------------------------------------------------------------------- */

static bool explains(const struct rule *rule, enum order order, const struct split_case *cases,
                     int count)
{
    int looked_at = 0;
    for (int i = 0; i < count; i++)
        for (int rank = 0; rank < cases[i].parts; rank++) {
            const struct part expected = rule->part(order, cases[i].size, cases[i].ranks, rank);
            if (cases[i].part[rank].begin != expected.begin ||
                cases[i].part[rank].end != expected.end)
                return false;
            looked_at++;
        }
    return looked_at > 0;
}

static bool accepts_divisors_only(const struct split_case *cases, int count)
{
    for (int i = 0; i < count; i++)
        if (cases[i].accepted != (cases[i].size % cases[i].ranks == 0))
            return false;
    return true;
}

const struct mistake *split_mistake(const struct split_case *cases, int count)
{
    if (accepts_divisors_only(cases, count))
        return &only_divisors;
    for (size_t r = 0; r < G_N_ELEMENTS(rules); r++)
        for (enum order order = 0; order < ORDERS; order++)
            if (explains(&rules[r], order, cases, count))
                return &rules[r].mistake;
    return NULL;
}
