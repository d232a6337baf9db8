/*
 * The charge of floating-point operations (flops.h).
 */
#include "common/base/flops.h"

static uint64_t charged, spent;
static struct duration taken; /* since the last flops_spend */

void flops_charge(double flops)
{
    charged += (uint64_t)(flops + 0.5);
}

uint64_t flops_charged(void)
{
    return charged;
}

void flops_take(struct duration duration)
{
    taken.alone += duration.alone;
    taken.together += duration.together;
}

void flops_spend(void)
{
    const uint64_t flops = charged - spent;
    const struct duration duration = taken;
    spent = charged;
    taken = (struct duration){0};
    if (duration.alone > 0)
        machine_compute_for(duration);
    else if (flops > 0)
        machine_compute((double)flops);
}
