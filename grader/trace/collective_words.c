/* Collectives, and what is wrong with them, in words; see collective_faults.h. */
#include "grader/trace/call_place.h"
#include "grader/trace/collective_faults.h"

#include <inttypes.h>

static const struct collective *collective_of(const struct collectives *collectives, int rank,
                                              size_t record)
{
    const int index = collectives->by_record[rank][record];
    return index == NO_COLLECTIVE ? NULL : &collectives->collective[index];
}

/* " of 400 bytes among {0, 2}" */
static void describe(const struct log_file *logs, const struct collectives *collectives, int rank,
                     size_t record, GString *text)
{
    const struct log_record *call = &logs[rank].record[record];
    const struct collective *collective = collective_of(collectives, rank, record);
    if (call->bytes > 0 && log_is_collective(call->operation) &&
        log_blocking_form(call->operation) != LOG_BARRIER)
        g_string_append_printf(text, " of %" PRIu64 " bytes", call->bytes);
    if (!collective)
        return;
    g_autofree char *among = group_among(collective->group, collectives->ranks);
    g_string_append_printf(text, " %s", among);
}

void collectives_name(const struct log_file *logs, const struct collectives *collectives, int rank,
                      size_t record, GString *text)
{
    g_string_append(text, log_operation_name(logs[rank].record[record].operation));
    describe(logs, collectives, rank, record, text);
}

static void add_line(const char *program, const struct log_file *logs, int rank, size_t record,
                     GString *text)
{
    if (program)
        call_place_name_line(program, &logs[rank].record[record], text);
}

void collectives_name_with_line(const char *program, const struct log_file *logs,
                                const struct collectives *collectives, int rank, size_t record,
                                GString *text)
{
    const struct log_record *call = &logs[rank].record[record];
    g_string_append(text, program ? call_place_of(program, call).called
                                  : log_operation_name(call->operation));
    describe(logs, collectives, rank, record, text);
    add_line(program, logs, rank, record, text);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

struct telling {
    const char *program;
    const struct log_file *logs;
    const struct collectives *collectives;
    const struct collectives_fault *fault;
    GString *text;
};

static void name_call(const struct telling *telling, int rank, size_t record)
{
    collectives_name_with_line(telling->program, telling->logs, telling->collectives, rank, record,
                               telling->text);
}

static void add_root(const struct log_record *call, GString *text)
{
    g_string_append_printf(text, "root %d", call->peer);
}

static void add_type(const struct log_record *call, GString *text)
{
    g_string_append_printf(text, "%" PRIu64 " bytes of %s", call->bytes,
                           log_type_name(log_elements(call).type));
}

static void add_bytes(const struct log_record *call, GString *text)
{
    g_string_append_printf(text, "%" PRIu64 " bytes", call->bytes);
}

static void add_reduction(const struct log_record *call, GString *text)
{
    g_string_append(text, log_reduction_name(log_elements(call).reduction));
}

/* One argument: "rank 1 calls MPI_Bcast among all ranks with root 1 at …, where rank 0 calls it with root 0 at …" */
static void tell_argument(const struct telling *telling,
                          void (*add)(const struct log_record *call, GString *text))
{
    const struct collectives_fault *fault = telling->fault;
    const struct log_record *call = &telling->logs[fault->rank].record[fault->record];
    const struct log_record *other = &telling->logs[fault->other].record[fault->other_record];
    const struct collective *collective =
        collective_of(telling->collectives, fault->rank, fault->record);
    g_autofree char *among =
        group_among(collective ? collective->group : NULL, telling->collectives->ranks);
    g_string_append_printf(telling->text, "rank %d calls %s %s with ", fault->rank,
                           log_operation_name(call->operation), among);
    add(call, telling->text);
    add_line(telling->program, telling->logs, fault->rank, fault->record, telling->text);
    g_string_append_printf(telling->text, ", where rank %d calls it with ", fault->other);
    add(other, telling->text);
    add_line(telling->program, telling->logs, fault->other, fault->other_record, telling->text);
}

static void tell_operation(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    g_string_append_printf(telling->text, "rank %d calls ", fault->rank);
    name_call(telling, fault->rank, fault->record);
    g_string_append_printf(telling->text, ", where rank %d calls ", fault->other);
    name_call(telling, fault->other, fault->other_record);
    if (fault->kind == COLLECTIVES_NONBLOCKING)
        g_string_append(telling->text, ": a non-blocking collective does not match a blocking one");
}

static void tell_part(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    if (fault->rank == fault->other) {
        g_string_append_printf(telling->text, "rank %d hands in %" PRIu64 " bytes to ", fault->rank,
                               fault->bytes);
        name_call(telling, fault->rank, fault->record);
        g_string_append_printf(telling->text,
                               ", and expects %" PRIu64 " bytes of itself in the same call",
                               fault->other_bytes);
        return;
    }
    g_string_append_printf(telling->text, "rank %d gives rank %d %" PRIu64 " bytes in ",
                           fault->rank, fault->other, fault->bytes);
    name_call(telling, fault->rank, fault->record);
    g_string_append_printf(telling->text, ", where rank %d expects %" PRIu64 " bytes from it",
                           fault->other, fault->other_bytes);
    add_line(telling->program, telling->logs, fault->other, fault->other_record, telling->text);
}

static void tell_order(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    g_string_append_printf(telling->text, "rank %d calls ", fault->rank);
    name_call(telling, fault->rank, fault->record);
    g_string_append(telling->text, " before ");
    name_call(telling, fault->rank, fault->second);
    g_string_append_printf(telling->text, ", rank %d in the other order (", fault->other);
    name_call(telling, fault->other, fault->other_record);
    g_string_append(telling->text, " first)");
}

/* Is the call that the rank made instead its last, in the middle of the program? */
static bool is_last_of_all(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    const struct log_file *log = &telling->logs[fault->rank];
    if (fault->record == NO_RECORD || log->complete)
        return false;
    for (size_t i = fault->record + 1; i < log->count; i++)
        if (log->record[i].phase == LOG_BEGIN && collectives_include(log->record[i].operation))
            return false;
    return true;
}

static void tell_skipped(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    if (is_last_of_all(telling)) { /* it may have been about to call it later */
        g_string_append_printf(telling->text, "rank %d comes to ", fault->rank);
        name_call(telling, fault->rank, fault->record);
        g_string_append(telling->text, ", and has not called ");
        name_call(telling, fault->other, fault->other_record);
        g_string_append_printf(telling->text, " by then, as rank %d has", fault->other);
        return;
    }
    g_string_append_printf(telling->text, "rank %d does not call ", fault->rank);
    name_call(telling, fault->other, fault->other_record);
    g_string_append_printf(telling->text, ", as rank %d does", fault->other);
    if (fault->record == NO_RECORD)
        return;
    g_string_append(telling->text, ", and goes on to ");
    name_call(telling, fault->rank, fault->record);
}

static void tell_surplus(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    g_string_append_printf(telling->text, "rank %d calls ", fault->rank);
    name_call(telling, fault->rank, fault->record);
    g_string_append_printf(telling->text, ", which rank %d does not call", fault->other);
    if (fault->other_record == NO_RECORD)
        return;
    g_string_append(telling->text, ": its next is ");
    name_call(telling, fault->other, fault->other_record);
}

static void tell_group(const struct telling *telling)
{
    const struct collectives_fault *fault = telling->fault;
    const struct collective *own = collective_of(telling->collectives, fault->rank, fault->record);
    const struct collective *others =
        collective_of(telling->collectives, fault->other, fault->other_record);
    g_string_append_printf(telling->text, "rank %d calls ", fault->rank);
    name_call(telling, fault->rank, fault->record);
    if (own && others && own->group && others->group && group_equals(own->group, others->group)) {
        g_string_append_printf(telling->text,
                               ", where rank %d calls it on another communicator of the same ranks",
                               fault->other);
    } else {
        g_autofree char *among =
            group_among(others ? others->group : NULL, telling->collectives->ranks);
        g_string_append_printf(telling->text, ", where rank %d calls it %s", fault->other, among);
    }
    add_line(telling->program, telling->logs, fault->other, fault->other_record, telling->text);
}

void collectives_tell_fault(const char *program, const struct log_file *logs,
                            const struct collectives *collectives,
                            const struct collectives_fault *fault, GString *text)
{
    const struct telling telling = {program, logs, collectives, fault, text};
    switch (fault->kind) {
    case COLLECTIVES_SAME:
        return;
    case COLLECTIVES_OPERATION:
    case COLLECTIVES_NONBLOCKING:
        tell_operation(&telling);
        return;
    case COLLECTIVES_ROOT:
        tell_argument(&telling, add_root);
        return;
    case COLLECTIVES_TYPE:
        tell_argument(&telling, add_type);
        return;
    case COLLECTIVES_BYTES:
        tell_argument(&telling, add_bytes);
        return;
    case COLLECTIVES_REDUCTION:
        tell_argument(&telling, add_reduction);
        return;
    case COLLECTIVES_PART:
        tell_part(&telling);
        return;
    case COLLECTIVES_ORDER:
        tell_order(&telling);
        return;
    case COLLECTIVES_SKIPPED:
        tell_skipped(&telling);
        return;
    case COLLECTIVES_SURPLUS:
        tell_surplus(&telling);
        return;
    case COLLECTIVES_GROUP:
        tell_group(&telling);
        return;
    }
}

const char *collectives_fault_look(enum collectives_fault_kind kind)
{
    switch (kind) {
    case COLLECTIVES_GROUP:
        return "the communicator that each rank gives to this collective";
    case COLLECTIVES_SKIPPED:
    case COLLECTIVES_SURPLUS:
        return "the conditions around this collective, and the order in which each rank comes to "
               "it";
    case COLLECTIVES_ORDER:
    case COLLECTIVES_OPERATION:
        return "the order in which each rank comes to its collectives";
    case COLLECTIVES_PART:
        return "the counts of this call: what a rank hands in, and what the others expect of it";
    case COLLECTIVES_SAME:
    case COLLECTIVES_NONBLOCKING:
    case COLLECTIVES_ROOT:
    case COLLECTIVES_TYPE:
    case COLLECTIVES_BYTES:
    case COLLECTIVES_REDUCTION:
        break;
    }
    return "the arguments of both calls";
}
