/*
 * The charge of floating-point operations (flops.h).
 */
#include "common/flops.h"

static uint64_t charged;

void flops_charge(double flops)
{
    charged += (uint64_t)(flops + 0.5);
}

uint64_t flops_charged(void)
{
    return charged;
}
