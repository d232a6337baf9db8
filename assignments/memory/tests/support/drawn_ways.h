/* Ways to train that are possible, drawn at random. */
#ifndef ASSIGNMENTS_MEMORY_TESTS_SUPPORT_DRAWN_WAYS_H
#define ASSIGNMENTS_MEMORY_TESTS_SUPPORT_DRAWN_WAYS_H

#include "assignments/memory/arithmetic.h"

/* *seed: of rand_r. */
struct way drawn_way(unsigned *seed, const struct job *job);

#endif
