/* The calls of --probe all-reduce; see sum_cases.h. */
#include "assignments/data/sum_cases.h"

#include "common/base/random.h"

enum {
    FACTORS = 61
}; /* with the digits of SUM_MOST_RANKS less than the 2^24 that a float counts exactly */

struct sum_group sum_group_of(int ranks, int rank, int round)
{
    if (round == 0)
        return (struct sum_group){.ranks = ranks, .rank = rank};
    const int first = rank % 2, members = (ranks - first + 1) / 2;
    return (struct sum_group){.ranks = members,
                              .rank = members - 1 - rank / 2,
                              .last = first + 2 * (members - 1),
                              .stride = 2};
}

int sum_member(const struct sum_group *group, int member)
{
    return group->stride == 0 ? member : group->last - member * group->stride;
}

/* Long enough for messages that MPI does not send before somebody receives them. */
static int long_count(uint64_t seed, int number, int ranks)
{
    const int drawn =
        (int)random_below(seed, random_stream(RANDOM_TEST, 11, (uint32_t)number), 0, 400);
    return 9000 / ranks * ranks + drawn * ranks;
}

struct sum_case sum_case_of(uint64_t seed, int ranks, int rank, int number)
{
    struct sum_case one = {.group = sum_group_of(ranks, rank, number / SUM_ROUND_CALLS),
                           .seed = seed,
                           .number = number,
                           .whole = true};
    const int p = one.group.ranks;
    switch (number % SUM_ROUND_CALLS) {
    case 0:
        one.count = p + 1;
        break;
    case 1:
        one.count = 1;
        break;
    case 2:
        one.count = 0;
        break;
    case 3:
        one.count = p;
        break;
    case 4:
        one.count = p - 1;
        break;
    case 5: /* twice in a row, of other numbers */
    case 6:
        one.count = 2 * p + 1;
        break;
    case 7:
        one.count = 16 * p;
        break;
    case 8:
        one.count = long_count(seed, number, p) + p - 1;
        break;
    case 9:
        one.count = long_count(seed, number, p);
        one.whole = false;
        break;
    default:
        one.count = 7 * p + 3;
        one.whole = false;
        break;
    }
    return one;
}

int sum_factor(const struct sum_case *one, int i)
{
    const uint64_t stream = random_stream(RANDOM_TEST, 12, (uint32_t)one->number);
    return 1 + (int)random_below(one->seed, stream, (uint64_t)i, FACTORS);
}

void sum_numbers(const struct sum_case *one, int member, float *numbers)
{
    const uint32_t rank = (uint32_t)sum_member(&one->group, member);
    if (!one->whole)
        random_normal(numbers, (size_t)one->count, one->seed,
                      random_stream(RANDOM_TEST, 13 + rank, (uint32_t)one->number), 0, 0, 1);
    for (int i = 0; i < one->count && one->whole; i++)
        numbers[i] = (float)(sum_factor(one, i) << 2 * member);
}
