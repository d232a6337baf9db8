/*
 * Memory over time: every change of live bytes becomes a record of the log.
 *
 * What the log knows always agrees with what is there at the begin and the end of
 * a step, and at each peak that has a record; between them, where a step has too
 * many changes, records are left out.
 */
#include "common/base/memory.h"
#include "common/driver/driver_parts.h"
#include "common/log/log_fields.h"

static struct {
    int most;                      /* records of a step, and as many again for peaks */
    int written;                   /* in this step */
    size_t recorded[MEMORY_KINDS]; /* live bytes, as the log knows them */
    size_t peak[MEMORY_KINDS];     /* in this step, as the log knows it; … */
    size_t peak_of_all;            /* … and of all kinds on the device together */
} logged;

static void note_peaks(enum memory_kind kind)
{
    const size_t live = memory_live(kind), all = memory_live_on_device();
    logged.peak[kind] = live > logged.peak[kind] ? live : logged.peak[kind];
    logged.peak_of_all = all > logged.peak_of_all ? all : logged.peak_of_all;
}

/* From what the log knows of a kind to what there is. */
static void append(enum memory_kind kind, bool cut)
{
    const size_t live = memory_live(kind), before = logged.recorded[kind];
    if (live == before)
        return;
    const bool released = live < before;
    log_append(log_record_of_allocation(
        (struct log_allocation){.kind = kind,
                                .released = released,
                                .cut = cut,
                                .bytes = released ? before - live : live - before,
                                .live = (double)live}));
    logged.recorded[kind] = live;
    logged.written++;
    note_peaks(kind);
}

static void append_all(void)
{
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        append((enum memory_kind)kind, true);
}

static void observe(enum memory_kind kind, int64_t bytes)
{
    if (bytes == 0)
        return;
    if (logged.written < logged.most)
        append(kind, false);
    else if (logged.written < 2 * logged.most && (memory_live(kind) > logged.peak[kind] ||
                                                  memory_live_on_device() > logged.peak_of_all))
        append_all();
}

void driver_memory_begin(const struct options *options)
{
    if (options->log_memory == 0 || !log_is_open())
        return;
    logged.most = options->log_memory;
    append_all();
    memory_set_observer(observe);
}

void driver_memory_step(void)
{
    if (logged.most == 0)
        return;
    append_all();
    logged.written = 0;
    logged.peak_of_all = memory_live_on_device();
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        logged.peak[kind] = memory_live((enum memory_kind)kind);
}
