/*
 * Transfers between device and host (transfer.h).
 *
 * The numbers are copied in the wait, not at the begin: so a program that reads them too early, or
 * never waits, goes wrong each time, and not only where a real link would be late.
 */
#include "common/training/transfer.h"

#include "common/base/callers.h"
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/log/log_caller.h"
#include "common/log/log_fields.h"

struct transfer {
    struct transfer *next; /* that was begun before */
    uint64_t number;       /* from 1 within the rank */
    struct tensor *to, *from;
    size_t to_first, from_first, count; /* elements */
    struct machine_transfer moves;
    uint64_t fingerprint; /* of what is copied, when it was begun; 0: not known */
    struct tensor_event begun;
};

static struct transfer *under_way; /* the latest first */
static uint64_t begun;             /* so far */

/* ---- what is copied ----------------------------------------------------------------------------- */

static size_t bytes_of(const struct transfer *transfer)
{
    return transfer->count * dtype_bytes(transfer->from->dtype);
}

static unsigned char *place(const struct tensor *tensor, size_t first)
{
    return (unsigned char *)tensor->data + first * dtype_bytes(tensor->dtype);
}

static unsigned char *source(const struct transfer *transfer)
{
    return place(transfer->from, transfer->from_first);
}

static unsigned char *target(const struct transfer *transfer)
{
    return place(transfer->to, transfer->to_first);
}

static bool has_numbers(const struct transfer *transfer)
{
    return transfer->to->device != DEVICE_META && transfer->count > 0;
}

static bool is_to_host(const struct transfer *transfer)
{
    return transfer->to->kind == MEMORY_HOST;
}

static uint64_t fingerprint(const struct transfer *transfer)
{
    return log_is_open() && has_numbers(transfer)
               ? log_fingerprint(source(transfer), bytes_of(transfer))
               : 0;
}

/* ---- misuse ------------------------------------------------------------------------------------- */

static const char refused[] = "transfer_begin"; /* in whose name */

static const char *where_begun(const struct transfer *transfer, char *text, size_t size)
{
    struct callers callers;
    return callers_look_up(transfer->begun.address, transfer->begun.frames, &callers)
               ? callers_text(&callers, text, size)
               : "a place that is not known";
}

static void check_tensors(const struct tensor *to, const struct tensor *from)
{
    tensor_must_live(to, "`to`", refused);
    tensor_must_live(from, "`from`", refused);
    if (to->kind == MEMORY_HOST && from->kind == MEMORY_HOST)
        fatal_at(refused,
                 "both tensors are in the host's memory: a transfer goes between host and device; "
                 "tensor_copy copies in one place");
    if (to->kind != MEMORY_HOST && from->kind != MEMORY_HOST)
        fatal_at(
            refused,
            "neither of the tensors is in the host's memory (they are of %s and %s): a transfer "
            "goes between host and device; tensor_new(MEMORY_HOST, …) makes one there",
            memory_kind_name(to->kind), memory_kind_name(from->kind));
    if (to->dtype != from->dtype)
        fatal_at(refused, "%s can't be moved into %s: a transfer copies and does not convert",
                 dtype_name(from->dtype), dtype_name(to->dtype));
    if ((to->device == DEVICE_META) != (from->device == DEVICE_META))
        fatal_at(refused, "one of the tensors has numbers, the other is on the meta device");
}

static void check_range(const char *what, const struct tensor *tensor, size_t first, size_t count)
{
    char text[SHAPE_TEXT_SIZE];
    if (first > tensor->elements || count > tensor->elements - first)
        fatal_at(refused, "%zu elements from element %zu on are not in `%s`, which is %s", count,
                 first, what, shape_text(tensor->shape, text));
}

/* Do they have a byte in common? */
static bool meet(const unsigned char *a, const unsigned char *b, size_t a_bytes, size_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

/* On the meta device all tensors lie on the same memory, and nothing is known. */
static void check_others(const struct transfer *own)
{
    char place_text[400];
    const size_t bytes = bytes_of(own);
    for (const struct transfer *other = under_way; other != NULL && has_numbers(own);
         other = other->next) {
        if (!has_numbers(other))
            continue;
        const size_t other_bytes = bytes_of(other);
        const char *wrong = NULL;
        if (meet(source(own), target(other), bytes, other_bytes))
            wrong = "reads what another one has not filled yet";
        else if (meet(target(own), target(other), bytes, other_bytes))
            wrong = "writes what another one has not filled yet";
        else if (meet(target(own), source(other), bytes, other_bytes))
            wrong = "writes what another one has not copied yet";
        if (wrong != NULL)
            fatal_at(
                refused,
                "this transfer %s: transfer_wait comes first, for the one that was begun at %s",
                wrong, where_begun(other, place_text, sizeof place_text));
    }
}

/* ---- begin and wait ------------------------------------------------------------------------------- */

static struct log_transfer begin_record(const struct transfer *transfer, const void *return_address)
{
    return (struct log_transfer){.number = transfer->number,
                                 .to_host = is_to_host(transfer),
                                 .bytes = bytes_of(transfer),
                                 .fingerprint = transfer->fingerprint,
                                 .clock = 1e9 * transfer->moves.begins,
                                 .caller = log_caller(return_address)};
}

static struct log_transfer end_record(const struct transfer *transfer, uint64_t waited_since,
                                      const void *return_address)
{
    struct log_transfer record = begin_record(transfer, return_address);
    record.ended = true;
    record.fingerprint = fingerprint(transfer);
    record.changed = record.fingerprint != transfer->fingerprint;
    record.clock = 1e9 * transfer->moves.ends;
    record.waited_since = waited_since;
    return record;
}

static struct transfer *begin(struct transfer what, const void *return_address)
{
    check_tensors(what.to, what.from);
    check_range("to", what.to, what.to_first, what.count);
    check_range("from", what.from, what.from_first, what.count);
    check_others(&what);
    flops_spend(); /* computation that was in front of it */
    struct transfer *transfer = memory_block_new(sizeof *transfer);
    *transfer = what;
    tensor_retain(transfer->to);
    tensor_retain(transfer->from);
    transfer->number = ++begun;
    transfer->next = under_way;
    under_way = transfer;
    transfer->begun.frames = callers_walk(transfer->begun.address, CALLERS_MOST);
    transfer->moves = machine_transfer_begin(
        is_to_host(transfer) ? MACHINE_TO_HOST : MACHINE_TO_DEVICE, bytes_of(transfer));
    transfer->fingerprint = fingerprint(transfer);
    log_append(log_record_of_transfer(begin_record(transfer, return_address)));
    if (has_numbers(transfer))
        memory_spoil_block(target(transfer), bytes_of(transfer));
    return transfer;
}

struct transfer *transfer_begin(struct tensor *to, const struct tensor *from)
{
    char target_text[SHAPE_TEXT_SIZE], source_text[SHAPE_TEXT_SIZE];
    if (to->elements != from->elements)
        fatal_at(refused,
                 "%s can't be moved into %s: they have not as many elements; transfer_begin_range "
                 "moves a part",
                 shape_text(from->shape, source_text), shape_text(to->shape, target_text));
    return begin((struct transfer){.to = to,
                                   .from = (struct tensor *)(uintptr_t)from,
                                   .count = from->elements},
                 __builtin_return_address(0));
}

struct transfer *transfer_begin_range(struct tensor *to, size_t to_first, const struct tensor *from,
                                      size_t from_first, size_t count)
{
    return begin((struct transfer){.to = to,
                                   .from = (struct tensor *)(uintptr_t)from,
                                   .to_first = to_first,
                                   .from_first = from_first,
                                   .count = count},
                 __builtin_return_address(0));
}

/* The one in the host's memory is the processor's to read. */
static void copy(const struct transfer *transfer)
{
    if (is_to_host(transfer))
        tensor_get(transfer->from, transfer->from_first, transfer->count, target(transfer));
    else
        tensor_put(transfer->to, transfer->to_first, transfer->count, source(transfer));
}

/* Out of the list; one that is not in it was waited for before, and may be anything. */
static void take_out(const struct transfer *transfer)
{
    struct transfer **link = &under_way;
    while (*link != NULL && *link != transfer)
        link = &(*link)->next;
    if (*link == NULL)
        fatal_at("transfer_wait",
                 "this transfer was waited for already, and is gone: each is waited for once");
    *link = transfer->next;
}

void transfer_wait(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    take_out(transfer);
    flops_spend();
    const uint64_t waited_since = machine_clock();
    log_call(LOG_BEGIN); /* the time in here is no computation, even where one goes on around it */
    machine_wait_until(transfer->moves.ends);
    log_call(LOG_END);
    log_append(
        log_record_of_transfer(end_record(transfer, waited_since, __builtin_return_address(0))));
    if (has_numbers(transfer))
        copy(transfer);
    tensor_free(transfer->to);
    tensor_free(transfer->from);
    memory_block_free(transfer, sizeof *transfer);
}

int transfers_under_way(void)
{
    int count = 0;
    for (const struct transfer *one = under_way; one != NULL; one = one->next)
        count++;
    return count;
}

void transfers_must_be_over(void)
{
    char text[400];
    const struct transfer *first = under_way;
    while (first != NULL && first->next != NULL)
        first = first->next;
    if (first != NULL)
        fatal("%d transfers between device and host were begun and never waited for, the first at "
              "%s: until transfer_wait, the numbers are not there",
              transfers_under_way(), where_begun(first, text, sizeof text));
}
