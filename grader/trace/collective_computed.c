/*
 * How long a rank computed between two clocks.
 */
#include "grader/trace/collective_calls_parts.h"

#include <glib.h>
#include <stdbool.h>

static void append_computed(GArray *computed, uint64_t begin, uint64_t end)
{
    if (end <= begin)
        return;
    uint64_t before = 0;
    if (computed->len > 0) {
        const struct computed *last = &g_array_index(computed, struct computed, computed->len - 1);
        before = last->before + last->end - last->begin;
    }
    const struct computed one = {begin, end, before};
    g_array_append_val(computed, one);
}

/* A call inside of a computation interrupts it. */
void collective_find_computed(GArray *computed, const struct log_file *log, size_t first,
                              size_t last)
{
    uint64_t begin = 0;
    bool open = false, called = false;
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase == LOG_INSTANT)
            continue;
        if (open && !called && (record->phase == LOG_END || !log_is_computation(record)))
            append_computed(computed, begin, record->clock);
        if (log_is_computation(record)) {
            open = record->phase == LOG_BEGIN;
            called = false;
        } else {
            called = record->phase == LOG_BEGIN;
        }
        begin = record->clock;
    }
}

/* How long had been computed at that time? */
static uint64_t computed_until(const GArray *computed, uint64_t clock)
{
    guint low = 0, high = computed->len; /* the first that begins later */
    while (low < high) {
        guint middle = (low + high) / 2;
        if (g_array_index(computed, struct computed, middle).begin <= clock)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    const struct computed *last = &g_array_index(computed, struct computed, low - 1);
    return last->before + MIN(clock, last->end) - last->begin;
}

uint64_t collective_calls_computed(const struct collective_calls *calls, int rank, uint64_t from,
                                   uint64_t until)
{
    uint64_t before = computed_until(calls->computed[rank], from),
             then = computed_until(calls->computed[rank], until);
    return then > before ? then - before : 0;
}
