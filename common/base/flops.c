/*
 * The charge of floating-point operations (flops.h).
 */
#include "common/base/flops.h"

#include "common/base/machine.h"

static uint64_t charged, spent;

void flops_charge(double flops)
{
    charged += (uint64_t)(flops + 0.5);
}

uint64_t flops_charged(void)
{
    return charged;
}

void flops_spend(void)
{
    if (spent == charged)
        return;
    const uint64_t flops = charged - spent;
    spent = charged;
    machine_compute((double)flops);
}
