/* Do two calls of one collective agree? See collective_faults.h. */
#include "grader/trace/collective_search.h"

static bool is_bytes(enum log_type type)
{
    return type == LOG_TYPE_UINT8 || type == LOG_TYPE_INT8;
}

/* Types that are known and can't be the same. What is only moved may be taken for bytes. */
static bool types_differ(const struct log_record *a, const struct log_record *b)
{
    const enum log_type one = log_elements(a).type, other = log_elements(b).type;
    if (one == other || one == LOG_TYPE_NONE || other == LOG_TYPE_NONE || one == LOG_TYPE_OTHER ||
        other == LOG_TYPE_OTHER)
        return false;
    return collectives_reduces(a->operation) || (!is_bytes(one) && !is_bytes(other));
}

static bool reductions_differ(const struct log_record *a, const struct log_record *b)
{
    const enum log_reduction one = log_elements(a).reduction, other = log_elements(b).reduction;
    return one != other && one != LOG_REDUCTION_NONE && other != LOG_REDUCTION_NONE;
}

/* Does the record say how much this rank gives, or would get? With MPI_IN_PLACE it may not, nor where
 * the root alone gives. */
static bool knows_size(const struct log_record *record)
{
    return record->bytes > 0 || collectives_reduces(record->operation);
}

static bool sizes_differ(const struct log_record *a, const struct log_record *b)
{
    return collectives_of_one_size(a->operation) && knows_size(a) && knows_size(b) &&
           a->bytes != b->bytes;
}

/* Arguments that depend on the side of an intercommunicator are not compared. */
enum collectives_fault_kind collectives_compare_records(const struct log_record *a,
                                                        const struct log_record *b, bool between)
{
    if (log_blocking_form(a->operation) != log_blocking_form(b->operation))
        return COLLECTIVES_OPERATION;
    if (a->operation != b->operation)
        return COLLECTIVES_NONBLOCKING;
    if (between)
        return COLLECTIVES_SAME;
    if (collectives_has_root(a->operation) && a->peer != b->peer)
        return COLLECTIVES_ROOT;
    if (!log_is_collective(a->operation))
        return COLLECTIVES_SAME;
    if (types_differ(a, b))
        return COLLECTIVES_TYPE;
    if (sizes_differ(a, b))
        return COLLECTIVES_BYTES;
    return reductions_differ(a, b) ? COLLECTIVES_REDUCTION : COLLECTIVES_SAME;
}

enum collectives_fault_kind collectives_compare(const struct log_file *a, size_t a_begin,
                                                const struct log_file *b, size_t b_begin)
{
    return collectives_compare_records(&a->record[a_begin], &b->record[b_begin], false);
}
