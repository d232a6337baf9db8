/* The calls of --probe segments; see segment_cases.h. */
#include "assignments/memory/segment_cases.h"

#include "common/base/random.h"

struct segment_case memory_segment_case(uint64_t seed, int number)
{
    const uint32_t first =
        random_below(seed, random_stream(RANDOM_TEST, 7, 0), (uint64_t)number, 30);
    return (struct segment_case){.first = number % 4 < 2 ? 0 : (int)first,
                                 .layers = number / 2 + 1,
                                 .by_root = number % 2 == 1};
}
