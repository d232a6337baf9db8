/*
 * Charging work by rates (work.h).
 */
#include "common/kernels/work/work.h"

#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/kernels/work/parts.h"
#include "common/kernels/work/rates.h"

#include <math.h>
#include <stddef.h>

static const struct {
    const char *name;
    int numbers;
} kinds[] = {
#define WORK_KIND(name, numbers) {#name, numbers},
    WORK_KINDS(WORK_KIND)
#undef WORK_KIND
};

const char *work_name(enum work_kind kind)
{
    return kinds[kind].name;
}

int work_numbers(enum work_kind kind)
{
    return kinds[kind].numbers;
}

/* The machine's; NULL: it has none. */
static struct rates *the_rates(void)
{
    static struct rates *rates;
    static bool read;
    char error[RATES_ERROR_SIZE];
    if (read)
        return rates;
    read = true;
    rates = rates_read(machine_property, error);
    if (rates == NULL && error[0] != '\0')
        fatal("the platform's rates can't be used: make calibrate measures them anew: its %s",
              error);
    return rates;
}

bool work_same(const struct work *a, const struct work *b)
{
    bool same = a->kind == b->kind && a->operations == b->operations;
    for (int i = 0; i < WORK_MOST_NUMBERS; i++)
        same = same && a->size[i] == b->size[i];
    return same;
}

size_t work_hash(const struct work *work)
{
    size_t hash = (size_t)work->kind;
    for (int i = 0; i < WORK_MOST_NUMBERS; i++)
        hash = 31 * hash + (size_t)work->size[i];
    return hash * 0x9e3779b97f4a7c15u >> 32;
}

double work_resident(void)
{
    return (double)memory_live(MEMORY_PARAMETER) + (double)memory_live(MEMORY_GRADIENT) +
           (double)memory_peak(MEMORY_ACTIVATION);
}

/* Pieces that were charged so far, and how many of them when those that are open began. */
static uint64_t charged;
static uint64_t charged_before[WORK_MOST_OPEN];
static int open_pieces;

/* Nothing to do takes time, too. */
static struct work at_least_one(struct work work)
{
    work.operations = fmax(work.operations, 1);
    for (int i = 0; i < work_numbers(work.kind); i++)
        work.size[i] = fmax(work.size[i], 1);
    return work;
}

void work_begin(struct work work)
{
    work = at_least_one(work);
    if (work_is_measured()) {
        work_measure_begin(work);
        return;
    }
    struct rates *rates = the_rates();
    if (rates == NULL)
        return;
    if (open_pieces == WORK_MOST_OPEN)
        fatal("pieces of work more than %d deep within each other", WORK_MOST_OPEN);
    flops_take(rates_duration(rates, work, work_resident()));
    charged_before[open_pieces++] = ++charged;
}

void work_end(void)
{
    work_end_of_flops(0);
}

void work_end_of_flops(double flops)
{
    if (work_is_measured()) {
        work_measure_end();
        return;
    }
    if (the_rates() == NULL)
        return;
    open_pieces--;
    const double seconds = flops / machine_speed();
    if (flops > 0 && charged_before[open_pieces] == charged)
        flops_take((struct duration){seconds, seconds});
}

const struct kernels *work_table(const struct kernels *table)
{
    return work_is_measured() || the_rates() != NULL ? timed_table(table) : table;
}
