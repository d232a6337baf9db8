/* The numbers of all ranks; see numbers.h. */
#include "assignments/example/numbers.h"

#include "common/base/random.h"

double example_number(uint64_t seed, int rank, int round)
{
    const uint64_t place = (uint64_t)rank * NUMBERS_ROUNDS + (uint64_t)round;
    return 1.0 + random_below(seed, random_stream(RANDOM_TEST, 1, 0), place, 1000);
}
