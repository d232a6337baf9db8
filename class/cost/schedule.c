/* Jobs on cores, from one job's end to the next; see schedule.h. */
#include "class/cost/schedule.h"

#include <glib.h>

struct running {
    double left;  /* seconds of an undisturbed run */
    double wants; /* cores */
};

/* Times slower than alone, where what computes is `factor` times slower: waiting takes no longer. */
static double slowness(const struct running *running, double factor)
{
    return 1 + MIN(running->wants, 1) * (factor - 1);
}

static double cores_used(const struct running *running, int count, double factor)
{
    double used = 0;
    for (int i = 0; i < count; i++)
        used += running[i].wants / slowness(&running[i], factor);
    return used;
}

/* Times slower that what computes has to be, so that the cores are enough. */
static double factor_for(const struct running *running, int count, int cores)
{
    double low = 1, high = 1;
    while (cores_used(running, count, high) > cores)
        low = high, high *= 2;
    for (int i = 0; i < 40 && low < high; i++) {
        const double middle = (low + high) / 2;
        if (cores_used(running, count, middle) > cores)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Until the first of them ends. Those that have are taken away. */
static double go_on(struct running *running, int *count, int cores)
{
    const double factor = factor_for(running, *count, cores);
    double passed = G_MAXDOUBLE;
    int first = 0, left = 0;
    for (int i = 0; i < *count; i++)
        if (running[i].left * slowness(&running[i], factor) < passed) {
            passed = running[i].left * slowness(&running[i], factor);
            first = i;
        }
    for (int i = 0; i < *count; i++) {
        running[i].left -= passed / slowness(&running[i], factor);
        if (i != first && running[i].left > 0)
            running[left++] = running[i];
    }
    *count = left;
    return passed;
}

double cost_schedule(const struct cost_job *jobs, int count, struct cost_machine machine)
{
    g_autofree struct running *running = g_new0(struct running, MAX(machine.at_once, 1));
    int begun = 0, now = 0;
    double time = 0;
    while (begun < count || now > 0) {
        while (begun < count && now < MAX(machine.at_once, 1)) {
            const struct cost_job *job = &jobs[begun++];
            if (job->wall > 0)
                running[now++] = (struct running){job->wall, job->processor / job->wall};
        }
        if (now == 0)
            break;
        time += go_on(running, &now, machine.cores);
    }
    return time;
}
