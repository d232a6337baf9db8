/* What moves between device and host; see offload_parts.h. */
#include "assignments/memory/judges/offload/offload_parts.h"

#include "common/log/log_fields.h"

#include <math.h>
#include <string.h>

static const struct mistake changed = {
    "a transfer's source is written while it is under way",
    "What a transfer was to copy is not what it copied: its source was written between begin and "
    "wait.",
    "when the gradients are complete: behind the last micro-batch's sum; and what else writes "
    "there before transfer_wait"};
static const struct mistake in_each_micro_batch = {
    "gradients go to the host in every micro-batch",
    "A step's micro-batches add up on the device, and their sums go to the host once. Whoever "
    "moves each micro-batch's sends as many times as much, and what is under way is written by "
    "the next micro-batch.",
    "offload_gradient_ready: which micro-batch is the last of this rank"};
static const struct mistake whole_gradients = {
    "more than a rank's own gradients goes to the host",
    "Of each layer a rank needs its shard on the host, and nothing else.",
    "the count that transfer_begin_range is given: unit->own_count"};
static const struct mistake nothing_back = {
    "parameters do not come back by a transfer",
    "In the step nothing is moved from the host to the device: the new parameters stay on the "
    "host, or are copied as if host and device shared a memory.",
    "offload_step: a transfer of each unit's parameters to stage_parameters"};
static const struct mistake nothing_there = {
    "gradients do not go to the host by a transfer",
    "In the step nothing is moved from the device to the host: the host has no gradients to step "
    "with, or reads the device's memory.",
    "offload_gradient_ready: a transfer of the layer's own gradients to zero->host_gradients"};
static const struct mistake wide_back = {
    "parameters come back more than once, or too wide",
    "Each step moves each of a rank's own parameters to its device once, in their own dtype.",
    "offload_step: what comes back are zero->host_parameters where the precision has 16 bits"};
static const struct mistake set_out_first = {
    "parameters come back before their gradients have arrived",
    "More parameters are on their way to the device than gradients have arrived on the host: what "
    "comes back are parameters that the step has not touched.",
    "offload_step: wait for a unit's gradients, step, then begin the transfer back"};
static const struct mistake not_arrived = {
    "the host steps with gradients that have not arrived",
    "The optimizer's state has numbers that are none: until transfer_wait the host's gradients are "
    "not there.",
    "transfer_wait of a unit's gradients, in front of its optimizer_step_on"};
static const struct mistake used_early = {
    "numbers are used before they have arrived",
    "Some numbers are none: until transfer_wait neither a layer's shard on the device nor the "
    "gradients on the host are there.",
    "transfer_wait in front of all_gather_parameters, and in front of step_own_parameters"};
static const struct mistake gathered_early = {
    "parameters are gathered before they are back",
    "Messages set out while the new parameters are still on their way to the device: until "
    "transfer_wait they are not there.",
    "the end of offload_step: it waits for every transfer"};

/* ---- a step ---------------------------------------------------------------------------------------- */

/* Bytes that were begun, and that ended, in each direction: [to host]. */
struct moved {
    double begun[2], ended[2];
    bool ahead; /* more set out for the device than had arrived on the host */
};

static void add_transfer(const struct offload_run *offload, const struct log_record *record,
                         struct moved *moved)
{
    const struct log_transfer transfer = log_transfer(record);
    (transfer.ended ? moved->ended : moved->begun)[transfer.to_host] += (double)transfer.bytes;
    if (moved->begun[false] / offload->sizes.parameter_bytes >
        moved->ended[true] / offload->gradient_bytes)
        moved->ahead = true;
}

static struct moved moved_in(const struct offload_run *offload, int rank, int step)
{
    const struct log_file *log = &offload->run->log[rank];
    struct moved moved = {0};
    size_t first, last;
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++)
        if (log_is_transfer(&log->record[i]))
            add_transfer(offload, &log->record[i], &moved);
    return moved;
}

static void fail_moved(const struct offload_run *offload, int rank, int step, bool to_host,
                       double found, double due, struct verdict *verdict)
{
    const double many = due > 0 ? found / due : 0;
    evidence_fail(verdict,
                  "step %d: rank %d moves %.0f bytes %s, and its own %s are %.0f (%.0f numbers)",
                  step, rank, found, to_host ? "to the host" : "to its device",
                  to_host ? "gradients" : "parameters", due, offload->own[rank]);
    verdict->basis = BASIS_AMOUNT;
    if (found <= 0)
        verdict_name_mistake(verdict, to_host ? &nothing_there : &nothing_back);
    else if (to_host && many > 1 && fabs(many - (double)offload->sizes.micro_batches) < 1e-9)
        verdict_name_mistake(verdict, &in_each_micro_batch);
    else if (many > 1)
        verdict_name_mistake(verdict, to_host ? &whole_gradients : &wide_back);
}

static bool step_is_right(const struct offload_run *offload, int rank, int step,
                          struct verdict *verdict)
{
    const struct moved moved = moved_in(offload, rank, step);
    const double own = offload->own[rank];
    const double due[] = {own * offload->sizes.parameter_bytes, own * offload->gradient_bytes};
    for (int to_host = 1; to_host >= (offload->parameters ? 1 : 0); to_host--)
        if (moved.begun[to_host] != due[to_host]) {
            fail_moved(offload, rank, step, to_host == 1, moved.begun[to_host], due[to_host],
                       verdict);
            return false;
        }
    if (offload->parameters)
        return memory_offload_fetched_right(offload, rank, step, moved.begun[false], verdict);
    if (!moved.ahead)
        return true;
    evidence_fail(verdict,
                  "step %d: rank %d begins to move parameters to its device before as many "
                  "gradients have arrived on the host",
                  step, rank);
    verdict_name_mistake(verdict, &set_out_first);
    return false;
}

/* ---- a rank ----------------------------------------------------------------------------------------- */

static bool is_undisturbed(const struct offload_run *offload, int rank, struct verdict *verdict)
{
    const struct log_file *log = &offload->run->log[rank];
    int step = -1;
    gint64 under_way = 0;
    for (size_t i = 0; i < log->count; i++) {
        log_follow_step(&log->record[i], &step);
        if (!log_is_transfer(&log->record[i]))
            continue;
        const struct log_transfer transfer = log_transfer(&log->record[i]);
        under_way += transfer.ended ? -1 : 1;
        if (!transfer.ended || !transfer.changed)
            continue;
        evidence_fail(verdict,
                      "step %d: what rank %d was moving %s (%" G_GUINT64_FORMAT
                      " bytes) was written before the transfer was waited for",
                      step, rank, transfer.to_host ? "to the host" : "to its device",
                      transfer.bytes);
        verdict_name_mistake(verdict, &changed);
        return false;
    }
    if (under_way != 0)
        evidence_fail(verdict,
                      "rank %d has begun %" G_GINT64_FORMAT " transfers that never came to an end",
                      rank, under_way);
    return under_way == 0;
}

bool memory_offload_transfers_are_right(const struct offload_run *offload, struct verdict *verdict)
{
    const int steps = offload->run->options.steps;
    for (int rank = 0; rank < offload->run->ranks; rank++)
        for (int step = 0; step < steps; step++)
            if (!step_is_right(offload, rank, step, verdict))
                return false;
    for (int rank = 0; rank < offload->run->ranks; rank++)
        if (!is_undisturbed(offload, rank, verdict))
            return false;
    if (offload->parameters)
        return true;
    verdict_explain(
        verdict,
        "\nBetween device and host: rank 0 moves %.0f bytes of gradients to the host in "
        "each step, and %.0f bytes of parameters back.\n",
        offload->own[0] * offload->gradient_bytes,
        offload->own[0] * offload->sizes.parameter_bytes);
    return true;
}

/* ---- explaining ---------------------------------------------------------------------------------------- */

/* Does a message set out behind the optimizer's step while parameters are on their way to the device? */
static bool gathers_early(const struct log_file *log, int step)
{
    size_t first, last;
    int under_way = 0;
    bool stepped = false;
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        stepped = stepped || record->operation == LOG_OPTIMIZER_STEP;
        if (log_is_transfer(record) && !log_transfer(record).to_host)
            under_way += log_transfer(record).ended ? -1 : 1;
        if (stepped && under_way > 0 && record->phase == LOG_BEGIN &&
            (log_is_collective(record->operation) || record->operation == LOG_SEND ||
             record->operation == LOG_ISEND || record->operation == LOG_SENDRECV))
            return true;
    }
    return false;
}

void memory_offload_explain_order(const struct offload_run *offload, struct verdict *verdict)
{
    if (verdict->mistake->len > 0)
        return;
    if (offload->parameters) {
        if (strstr(verdict->headline->str, "nan"))
            verdict_name_mistake(verdict, &used_early);
        return;
    }
    for (int rank = 0; rank < offload->run->ranks; rank++)
        for (int step = 0; step < offload->run->options.steps; step++)
            if (gathers_early(&offload->run->log[rank], step)) {
                verdict_name_mistake(verdict, &gathered_early);
                return;
            }
    if (strstr(verdict->headline->str, "nan"))
        verdict_name_mistake(verdict, &not_arrived);
}
