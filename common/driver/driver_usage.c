/*
 * How well the ranks were used: step time, bubble, utilisation and memory, for
 * --report and --against.
 *
 * Time is the machine's: on a simulated cluster it is exact. The first of
 * several steps is not counted, because memory and caches are still cold then.
 * The bubble is the idle share of the makespan: 1 - (mean busy time) / (step time).
 */
#include "common/base/device.h"
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/base/memory.h"
#include "common/base/mpi_check.h"
#include "common/base/units.h"
#include "common/driver/driver_parts.h"
#include "common/log/log.h"

#include <stdio.h>
#include <stdlib.h>

#define RANKS_SHOWN 16 /* with more, the table is summarised */

struct usage driver_usage_begin(const struct run *run)
{
    memory_reset_peak();
    return (struct usage){.step = run->step->name,
                          .timed = run->options->report || run->options->against[0] != '\0'};
}

void driver_usage_before_step(struct usage *usage)
{
    usage->busy_before = log_busy();
    usage->launches = device_launches();
    usage->began = machine_clock();
}

void driver_usage_after_step(struct usage *usage)
{
    if (usage->timed)
        driver_device_wait();
    usage->ended = machine_clock();
    usage->launches = device_launches() - usage->launches;
    if (usage->steps++ == 1) /* there is a warm step: forget the cold one */
        usage->seconds = usage->busy = 0;
    usage->seconds += 1e-9 * (double)(usage->ended - usage->began);
    usage->busy += 1e-9 * (double)(log_busy() - usage->busy_before);
}

void driver_usage_end(struct usage *usage)
{
    const double counted = usage->steps > 1 ? usage->steps - 1 : 1;
    usage->seconds /= counted;
    usage->busy /= counted;
    usage->activation_peak = memory_peak(MEMORY_ACTIVATION);
    usage->host_peak = memory_peak(MEMORY_HOST);
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
        usage->peak += memory_peak((enum memory_kind)kind);
}

/* What rank 0 gets to know about every rank. */
struct rank_usage {
    double seconds, busy, activation_peak, peak, host_peak;
};

enum { NUMBERS = sizeof(struct rank_usage) / sizeof(double) };

/* On rank 0: an array of all ranks' figures, to be freed; NULL elsewhere. */
static struct rank_usage *collect(const struct run *run, const struct usage *usage)
{
    const struct rank_usage own = {usage->seconds, usage->busy, (double)usage->activation_peak,
                                   (double)usage->peak, (double)usage->host_peak};
    struct rank_usage *all = NULL;
    if (run->rank == 0) {
        all = calloc((size_t)run->ranks, sizeof *all);
        if (all == NULL)
            fatal("no memory left for the figures of %d ranks", run->ranks);
    }
    mpi_check(PMPI_Gather(&own, NUMBERS, MPI_DOUBLE, all, NUMBERS, MPI_DOUBLE, 0, run->comm));
    return all;
}

/* The slowest rank's step, and the mean share of it in which ranks were busy. */
static double step_seconds(const struct rank_usage *all, int ranks)
{
    double longest = 0;
    for (int rank = 0; rank < ranks; rank++)
        if (all[rank].seconds > longest)
            longest = all[rank].seconds;
    return longest;
}

static double utilisation(const struct rank_usage *all, int ranks)
{
    double busy = 0;
    for (int rank = 0; rank < ranks; rank++)
        busy += all[rank].busy;
    return busy / ranks / step_seconds(all, ranks);
}

static void print_rank(const char *name, const struct rank_usage *usage, double step)
{
    char activation[UNITS_TEXT_SIZE], peak[UNITS_TEXT_SIZE], host[UNITS_TEXT_SIZE];
    printf("  %-8s  utilisation %5.1f%%   peak memory %10s, of it activations %10s", name,
           100 * usage->busy / step, units_bytes(usage->peak, peak),
           units_bytes(usage->activation_peak, activation));
    if (usage->host_peak > 0)
        printf("; on the host %10s", units_bytes(usage->host_peak, host));
    putchar('\n');
}

static struct rank_usage mean_of(const struct rank_usage *all, int ranks)
{
    struct rank_usage mean = {0};
    for (int rank = 0; rank < ranks; rank++) {
        mean.busy += all[rank].busy / ranks;
        mean.activation_peak += all[rank].activation_peak / ranks;
        mean.peak += all[rank].peak / ranks;
        mean.host_peak += all[rank].host_peak / ranks;
    }
    return mean;
}

static void print_ranks(const struct rank_usage *all, int ranks, double step)
{
    char name[UNITS_TEXT_SIZE];
    for (int rank = 0; rank < ranks; rank++) {
        if (ranks > RANKS_SHOWN && rank >= RANKS_SHOWN / 2 && rank < ranks - RANKS_SHOWN / 2) {
            if (rank == RANKS_SHOWN / 2)
                puts("  …");
            continue;
        }
        snprintf(name, sizeof name, "rank %d", rank);
        print_rank(name, &all[rank], step);
    }
    const struct rank_usage mean = mean_of(all, ranks);
    print_rank("mean", &mean, step);
}

static void print(const struct run *run, const struct usage *usage, const struct rank_usage *all)
{
    const double step = step_seconds(all, run->ranks);
    char text[UNITS_TEXT_SIZE];
    const char *device = driver_device_text();
    printf("%s: %d ranks, %d samples a step; step time %s, %.6g samples/s (%s%s%s)\n", usage->step,
           run->ranks, run->options->batch_size, units_seconds(step, text),
           run->options->batch_size / step, machine_name(), device[0] != '\0' ? ", " : "", device);
    printf("  bubble (idle share of the makespan) %.2f%%, utilisation %.2f%%\n",
           100 * (1 - utilisation(all, run->ranks)), 100 * utilisation(all, run->ranks));
    print_ranks(all, run->ranks, step);
    if (usage->launches > 0)
        printf("  rank 0 launched %llu kernels in its last step\n",
               (unsigned long long)usage->launches);
}

void driver_usage_report(const struct run *run, const struct usage *usage)
{
    struct rank_usage *all = collect(run, usage);
    if (run->rank == 0)
        print(run, usage, all);
    free(all);
}

void driver_usage_compare(const struct run *run, const struct usage *own, const struct usage *other)
{
    struct rank_usage *first = collect(run, own), *second = collect(run, other);
    if (run->rank == 0) {
        print(run, own, first);
        print(run, other, second);
        const double faster = step_seconds(second, run->ranks) / step_seconds(first, run->ranks);
        printf("%s is %.2f times as fast as %s\n", own->step, faster, other->step);
    }
    free(first);
    free(second);
}
