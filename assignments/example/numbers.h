/*
 * The numbers that the program hands out. The judge knows them from the seed, so
 * it need not believe what the program says about them.
 */
#ifndef ASSIGNMENTS_EXAMPLE_NUMBERS_H
#define ASSIGNMENTS_EXAMPLE_NUMBERS_H

#include <stdint.h>

enum { NUMBERS_ROUNDS = 4 };

/* What a rank has in a round: from 1 to 1000. */
double example_number(uint64_t seed, int rank, int round);

#endif
