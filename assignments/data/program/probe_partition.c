/*
 * --probe partition: epoch_steps() and partition() for many sizes, for each rank that there could be, which the
 * processes of the run deal out among themselves. Numbers around the arrays show whether something is written
 * outside of them.
 */
#include "assignments/data/partition_cases.h"
#include "assignments/data/probes.h"
#include "assignments/data/program/parts.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

enum { GUARDS = 64, GUARD = -987654321 };

/* An array with guards on both sides. */
struct guarded {
    int *space;
    int count;
};

static struct guarded guarded_new(int count)
{
    struct guarded own = {malloc(((size_t)count + 2 * GUARDS) * sizeof(int)), count};
    if (own.space == NULL)
        fatal("no memory left for %d numbers", count);
    for (int i = 0; i < count + 2 * GUARDS; i++)
        own.space[i] = i < GUARDS || i >= GUARDS + count ? GUARD : PARTITION_UNSET;
    return own;
}

static bool guarded_free(struct guarded own)
{
    bool overrun = false;
    for (int i = 0; i < GUARDS; i++)
        overrun |= own.space[i] != GUARD || own.space[GUARDS + own.count + i] != GUARD;
    free(own.space);
    return overrun;
}

static json_t *numbers(const int *number, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        if (json_array_append_new(array, json_integer(number[i])) != 0)
            fatal("no memory left for the table");
    return array;
}

/* How many of the samples that were written are meant. */
static int meant(const int *first, int steps, int samples)
{
    int last = 0;
    for (int step = 0; step <= steps; step++)
        last = first[step] > last ? first[step] : last;
    return last > samples ? samples : last;
}

/* Whose part this process works out: all of them together work out every rank's. */
static bool is_own(const struct run *run, int rank)
{
    return rank % run->ranks == run->rank;
}

static json_t *one_call(const struct run *run, const struct epoch *epoch, int ranks)
{
    const int steps = epoch_steps(epoch);
    json_t *first = json_array(), *sample = json_array();
    bool overrun = false;
    for (int rank = 0; rank < ranks && steps >= 0 && steps <= epoch->samples; rank++) {
        if (!is_own(run, rank)) {
            if (json_array_append_new(first, json_null()) != 0 ||
                json_array_append_new(sample, json_null()) != 0)
                fatal("no memory left for the table");
            continue;
        }
        struct guarded firsts = guarded_new(steps + 1), samples = guarded_new(epoch->samples);
        const int *begin = firsts.space + GUARDS;
        partition(epoch, ranks, rank, firsts.space + GUARDS, samples.space + GUARDS);
        if (json_array_append_new(first, numbers(begin, steps + 1)) != 0 ||
            json_array_append_new(
                sample, numbers(samples.space + GUARDS, meant(begin, steps, epoch->samples))) != 0)
            fatal("no memory left for the table");
        overrun |= guarded_free(firsts);
        overrun |= guarded_free(samples);
    }
    return json_pack("{si so so sb}", "steps", steps, "first", first, "sample", sample, "overrun",
                     overrun);
}

void probe_partition(struct run *run)
{
    json_t *table = json_array();
    for (int i = 0; i < PARTITION_CASES; i++) {
        const struct partition_case one = data_partition_case(run->options->seed, i);
        for (int call = 0; call < PARTITION_CALLS; call++) {
            const struct epoch epoch = {.number = one.number[call],
                                        .samples = one.samples,
                                        .batch_size = one.batch_size,
                                        .keeps_last = one.keeps_last,
                                        .seed = one.seed[call]};
            if (json_array_append_new(table, one_call(run, &epoch, one.ranks)) != 0)
                fatal("no memory left for the table");
        }
    }
    char name[64];
    snprintf(name, sizeof name, PROBE_PARTITION, run->rank);
    driver_probe_write(run, name, table);
}
