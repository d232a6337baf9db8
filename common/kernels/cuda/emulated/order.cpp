/*
 * In which order the blocks of a launch run, and the threads of a block (cuda_runtime.h).
 */
#include "common/kernels/cuda/emulated/emulation.h"

enum { FORWARD, REVERSED, SHUFFLED };

static uint64_t draw(void)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t divisor(size_t a, size_t b)
{
    return b == 0 ? a : divisor(b, a % b);
}

/* A shuffled one goes by steps that have no divisor in common with the count. */
emulated_order::emulated_order(size_t wanted_count) : count(wanted_count), first(0), step(1)
{
    static const char *const words[] = {"forward", "reversed", "shuffled", NULL};
    static const int wanted = emulated_choice("EMULATED_ORDER", words);
    if (wanted == FORWARD || count < 2)
        return;
    first = wanted == REVERSED ? count - 1 : draw() % count;
    step = wanted == REVERSED ? count - 1 : 1 + draw() % (count - 1);
    while (divisor(step, count) != 1)
        step = 1 + draw() % (count - 1);
}
