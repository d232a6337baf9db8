/* Inputs and outputs of collectives; see collective_sums.h. */
#include "grader/evidence/collective_ends.h"
#include "grader/evidence/collective_sum_parts.h"
#include "grader/trace/collective_faults.h"

#include <math.h>

/* ---- fingerprints ------------------------------------------------------------------------------------------- */

/* Has everybody got what the root of a broadcast has? */
static bool broadcast_differs(const struct sum_parts *sum, struct sum_difference *difference)
{
    const int root = sum->collective->root;
    if (root < 0 || root >= sum->run->ranks ||
        collective_entered(sum->collective, root) == NO_RECORD)
        return false;
    const uint64_t sent = sum_begin_of(sum, root)->fingerprint;
    for (int rank = 0; rank < sum->run->ranks && sent != 0; rank++) {
        const struct log_record *end =
            collective_entered(sum->collective, rank) == NO_RECORD ? NULL : sum_end_of(sum, rank);
        if (!end || end->fingerprint == 0 || end->bytes == 0 || end->fingerprint == sent)
            continue;
        *difference = (struct sum_difference){rank, NAN, NAN, NO_RECORD};
        return true;
    }
    return false;
}

/* ---- one collective ------------------------------------------------------------------------------------------------ */

/* Do all members' logs have it, with one type of number, and is it a sum if it is a reduction? */
static bool can_be_added(struct sum_parts *sum)
{
    int entered = 0;
    for (int slot = 0; slot < sum->collective->slots; slot++) {
        const int rank = collective_rank(sum->collective, slot);
        if (sum->collective->call[slot] == NO_RECORD)
            continue;
        const struct log_elements elements = log_elements(sum_begin_of(sum, rank));
        if (sum_begin_of(sum, rank)->operation != sum->collective->operation ||
            (sum->reduces && elements.reduction != LOG_REDUCTION_SUM) ||
            (elements.type != LOG_TYPE_NONE && sum->type != LOG_TYPE_NONE &&
             elements.type != sum->type))
            return false;
        sum->type =
            elements.type != LOG_TYPE_NONE ? elements.type : sum->type; /* or it has nothing */
        entered++;
    }
    return entered == sum->collective->size && sum->type != LOG_TYPE_NONE &&
           sum->type != LOG_TYPE_OTHER;
}

static bool differs(struct sum_parts *sum, struct sum_difference *difference)
{
    if (!sum->collective->group)
        return false;
    if (sum->operation == LOG_BCAST)
        return broadcast_differs(sum, difference);
    if (evidence_sum_shape(sum) == NOT_JUDGED || !can_be_added(sum))
        return false;
    bool known;
    if (evidence_numbers_differ(sum, difference, &known))
        return true;
    return !known && evidence_sketches_differ(sum, difference);
}

static void tell(const struct sum_parts *sum, const struct sum_difference *difference,
                 struct verdict *verdict)
{
    int rank = difference->rank;
    for (int other = 0; rank < 0; other++)
        rank = collective_entered(sum->collective, other) != NO_RECORD ? other : rank;
    g_autoptr(GString) call = g_string_new(NULL);
    collectives_name_with_line(sum->run->program, sum->run->log, sum->collectives, rank,
                               collective_entered(sum->collective, rank), call);
    g_autofree char *element =
        difference->element == NO_RECORD
            ? g_strdup("")
            : g_strdup_printf(" (element %zu: %.9g, not %.9g)", difference->element,
                              difference->found, difference->expected);
    const bool starts = log_is_nonblocking_collective(sum->collective->operation);
    const char *hint = starts ? ": was a buffer changed before its wait?" : "";
    if (sum->operation == LOG_BCAST)
        evidence_fail(verdict, "rank %d does not get what rank %d has from %s", rank,
                      sum->collective->root, call->str);
    else if (difference->rank < 0)
        evidence_fail(verdict, "what goes into %s is not what comes out of it", call->str);
    else
        evidence_fail(verdict, "what goes into %s does not %s what comes out on rank %d%s%s",
                      call->str, sum->reduces ? "add up to" : "make up", rank, element, hint);
    verdict_explain(
        verdict,
        "\nEvery rank's log says what it put into this collective and what it got out, and the two "
        "do not fit: %s.\n",
        starts ? "a buffer was changed or read while the collective was still under way, or the "
                 "logs are not true"
               : "buffers overlap, or the logs are not true");
    verdict_look(verdict, starts
                              ? "what the code does with these buffers between this call and its "
                                "wait"
                              : "the buffers of this call");
}

bool evidence_sums_agree(const struct outcome *run, const struct collectives *collectives,
                         struct verdict *verdict)
{
    g_autofree size_t *ends = evidence_ends_of_collectives(run->log, collectives);
    for (int i = 0; i < collectives->count; i++) {
        const struct collective *collective = &collectives->collective[i];
        const enum log_operation operation = log_blocking_form(collective->operation);
        struct sum_parts sum = {.run = run,
                                .collectives = collectives,
                                .collective = collective,
                                .operation = operation,
                                .end = ends,
                                .reduces = collectives_reduces(operation)};
        struct sum_difference difference;
        if (!differs(&sum, &difference))
            continue;
        tell(&sum, &difference, verdict);
        return false;
    }
    return true;
}
