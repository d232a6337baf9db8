/*
 * The host of a simulated device: the link to its memory, and its processor (machine.h).
 *
 * Each rank has a link of its own, whose directions are two queues: what is known of them is
 * when they will be free. So nobody has to carry anything: how long a copy takes is known when it
 * begins.
 */
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/base/machines/simulated.h"

#include <math.h>
#include <simgrid/engine.h>
#include <stdlib.h>

/* A property of the platform that is a number, at least `least`. */
static double number(const char *name, const char *unit, double least)
{
    const char *text = machine_property(name);
    char *end = NULL;
    const double value = text == NULL ? NAN : strtod(text, &end);
    if (text == NULL)
        fatal("the platform says nothing of its hosts: offload needs the property \"%s\" (%s; see "
              "common/platforms/README.md). On the platform \"this\", make calibrate writes it",
              name, unit);
    if (end == text || *end != '\0' || !(value >= least) || isinf(value))
        fatal("the platform's property \"%s\" is \"%.40s\", which is no number of %s", name, text,
              unit);
    return value;
}

static double rate(const char *name, const char *unit)
{
    return number(name, unit, 1e-300);
}

struct machine_transfer machine_transfer_begin(enum machine_direction direction, size_t bytes)
{
    static double is_free[2]; /* this rank's; [direction] */
    static double bandwidth, latency;
    if (bandwidth <= 0) {
        latency = number("host_latency", "seconds", 0);
        bandwidth = rate("host_bandwidth", "bytes per second");
    }
    struct machine_transfer transfer = {.begins = fmax(simgrid_get_clock(), is_free[direction])};
    transfer.ends = transfer.begins + latency + (double)bytes / bandwidth;
    is_free[direction] = transfer.ends;
    return transfer;
}

void machine_wait_until(double seconds)
{
    const double left = seconds - simgrid_get_clock();
    if (left > 0)
        simulated_be_busy_for(left);
}

void machine_compute_on_host(double flops, double bytes)
{
    static double speed, bandwidth; /* bandwidth: of the host's memory */
    if (speed <= 0) {
        bandwidth = rate("host_memory_bandwidth", "bytes per second");
        speed = rate("host_speed", "floating-point operations per second");
    }
    simulated_be_busy_for(fmax(flops / speed, bytes / bandwidth));
}
