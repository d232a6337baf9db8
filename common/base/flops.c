/*
 * The charge of floating-point operations (flops.h).
 */
#include "common/base/flops.h"

static uint64_t charged, spent;
static double on_host, bytes_on_host; /* of those that are not spent yet */
static struct duration taken;         /* since the last flops_spend */

void flops_charge(double flops)
{
    charged += (uint64_t)(flops + 0.5);
}

void flops_charge_on_host(double flops, double bytes)
{
    flops_charge(flops);
    on_host += flops;
    bytes_on_host += bytes;
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
    const double host_flops = on_host, host_bytes = bytes_on_host;
    const double flops = (double)(charged - spent) - host_flops;
    const struct duration duration = taken;
    spent = charged;
    on_host = bytes_on_host = 0;
    taken = (struct duration){0};
    if (duration.alone > 0) {
        machine_compute_for(duration);
        return;
    }
    if (flops >= 1)
        machine_compute(flops);
    if (host_flops > 0 || host_bytes > 0)
        machine_compute_on_host(host_flops, host_bytes);
}
