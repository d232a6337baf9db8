/*
 * Computations of known duration on the simulated machine (simulated.h): ranks of one
 * computer, which make each other slower while they compute at the same time.
 *
 * A computation advances by a share of itself per second: 1/alone while it is the only
 * one, 1/together while there are as many as cores, in between by a duration in between.
 * More than there are cores take turns. Whenever one begins or ends, the others are woken
 * and go on at their new speed.
 */
#include "common/base/fatal.h"
#include "common/base/machines/simulated.h"

#include <simgrid/engine.h>
#include <simgrid/semaphore.h>
#include <stdlib.h>

struct computation {
    struct computation *next;
    sg_sem_t changed; /* how many compute */
};

/* Those of all ranks. */
struct computations {
    struct computation *first;
    int count;
};

static int cores(void)
{
    static int known;
    if (known > 0)
        return known;
    const char *text = machine_property("cores");
    known = text == NULL ? 0 : atoi(text);
    if (known < 1)
        fatal(
            "the platform has rates, but its property \"cores\" is \"%.20s\", not a number from 1",
            text == NULL ? "" : text);
    return known;
}

/* Of the whole computation, while so many compute. */
static double seconds(struct duration duration, int count)
{
    const int most = cores();
    if (count > most)
        return (most == 1 ? duration.alone : duration.together) * count / most;
    if (count == 1)
        return duration.alone;
    return duration.alone + (duration.together - duration.alone) * (count - 1) / (most - 1);
}

static void tell_others(const struct computations *all, const struct computation *own)
{
    for (struct computation *one = all->first; one != NULL; one = one->next)
        if (one != own)
            sg_sem_release(one->changed);
}

void simulated_compute_together(struct duration duration)
{
    static const double shortest = 1e-12; /* seconds */
    struct computations *all = simulated_shared_memory(SIMULATED_COMPUTATIONS, sizeof *all);
    /* Each rank has one of its own. Its semaphore may have been raised when it was over: that wakes
     * it for nothing the next time. */
    static struct computation own;
    if (own.changed == NULL)
        own.changed = sg_sem_init(0);
    own.next = all->first;
    all->first = &own;
    all->count++;
    tell_others(all, &own);

    double left = 1; /* share of the computation */
    while (left * seconds(duration, all->count) > shortest) {
        const double whole = seconds(duration, all->count), began = simgrid_get_clock();
        if (sg_sem_acquire_timeout(own.changed, left * whole) != 0)
            break;
        left -= (simgrid_get_clock() - began) / whole;
    }

    struct computation **place = &all->first;
    while (*place != &own)
        place = &(*place)->next;
    *place = own.next;
    all->count--;
    tell_others(all, NULL);
}
