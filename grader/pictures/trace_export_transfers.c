/*
 * Transfers between device and host in a trace: slices beside those of their rank, from when the link
 * began with one, in its turn, until it was done.
 */
#include "grader/pictures/trace_export_parts.h"

#include "common/log/log_fields.h"

/* One that has begun and not yet ended. */
struct open_transfer {
    int rank;
    uint64_t number; /* within the rank */
    uint64_t begin;  /* clock */
    int id;          /* in the trace */
    char *name;
};

static guint hash_of(gconstpointer key)
{
    const struct open_transfer *transfer = key;
    return (guint)transfer->number * 31 + (guint)transfer->rank;
}

static gboolean are_equal(gconstpointer a, gconstpointer b)
{
    const struct open_transfer *one = a, *other = b;
    return one->rank == other->rank && one->number == other->number;
}

static void free_transfer(gpointer transfer)
{
    g_free(((struct open_transfer *)transfer)->name);
    g_free(transfer);
}

/* Its number stands behind those of the collectives that are in flight. */
static void write_half(struct trace *trace, const char *kind, const struct open_transfer *transfer,
                       uint64_t clock, json_t *arguments)
{
    json_t *event =
        trace_new_event(trace, kind, transfer->name, "in flight", transfer->rank, clock);
    json_object_set_new(event, "id", json_integer(trace->calls->count + transfer->id));
    if (arguments)
        json_object_set_new(event, "args", arguments);
    trace_write_event(trace, event);
}

static void begin(struct trace *trace, struct open_transfer transfer,
                  const struct log_transfer *what, uint64_t clock)
{
    if (g_hash_table_contains(trace->transfers, &transfer))
        return; /* no honest log has one number twice */
    struct open_transfer *kept = g_new(struct open_transfer, 1);
    *kept = transfer;
    kept->id = ++trace->transfers_begun;
    kept->begin = MAX(clock, (uint64_t)what->clock);
    kept->name = g_strdup_printf("rank %d: transfer to %s", transfer.rank,
                                 what->to_host ? "the host" : "the device");
    g_hash_table_add(trace->transfers, kept);
    write_half(trace, "b", kept, kept->begin,
               json_pack("{s:I}", "bytes", (json_int_t)MIN(what->bytes, (uint64_t)INT64_MAX)));
}

void trace_write_transfer(struct trace *trace, int rank, const struct log_record *record)
{
    const struct log_transfer what = log_transfer(record);
    const struct open_transfer transfer = {.rank = rank, .number = what.number};
    if (!trace->transfers)
        trace->transfers = g_hash_table_new_full(hash_of, are_equal, free_transfer, NULL);
    if (!what.ended) {
        begin(trace, transfer, &what, record->clock);
        return;
    }
    const struct open_transfer *found = g_hash_table_lookup(trace->transfers, &transfer);
    if (!found)
        return;
    write_half(trace, "e", found, MAX(found->begin, MIN(record->clock, (uint64_t)what.clock)),
               NULL);
    g_hash_table_remove(trace->transfers, &transfer);
}

void trace_write_pending_transfers(struct trace *trace, uint64_t latest)
{
    GHashTableIter all;
    gpointer key;
    if (!trace->transfers)
        return;
    g_hash_table_iter_init(&all, trace->transfers);
    while (g_hash_table_iter_next(&all, &key, NULL)) {
        const struct open_transfer *transfer = key;
        write_half(trace, "e", transfer, MAX(latest, transfer->begin), NULL);
    }
}
