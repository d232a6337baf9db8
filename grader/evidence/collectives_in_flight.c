/* Collectives that are under way; see collectives_in_flight.h. */
#include "grader/evidence/collectives_in_flight.h"

#include "common/log/log_fields.h"
#include "grader/trace/collective_faults.h"

size_t evidence_first_begun(GHashTable *begun)
{
    GHashTableIter iterator;
    gpointer begin;
    size_t first = NO_RECORD;
    g_hash_table_iter_init(&iterator, begun);
    while (g_hash_table_iter_next(&iterator, NULL, &begin))
        first = MIN(first, GPOINTER_TO_SIZE(begin) - 1);
    return first;
}

/* The first collective that a rank started in a training step and was never told of again: its begin;
 * NO_RECORD: there is none. */
static size_t find_forgotten(const struct log_file *log)
{
    g_autoptr(GHashTable) begun = g_hash_table_new(NULL, NULL); /* request → its begin + 1 */
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const gpointer request = GSIZE_TO_POINTER(log_request(record));
        log_follow_step(record, &step);
        if (step >= 0 && record->phase == LOG_BEGIN && collectives_only_start(record->operation))
            g_hash_table_insert(begun, request, GSIZE_TO_POINTER(i + 1));
        else if (record->operation == LOG_COMPLETED)
            g_hash_table_remove(begun, request);
    }
    return evidence_first_begun(begun);
}

bool evidence_collectives_waited_for(const struct outcome *run, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const size_t begin = find_forgotten(&run->log[rank]);
        if (begin == NO_RECORD)
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        struct collectives *collectives = collectives_new(run->log, run->ranks);
        collectives_name_with_line(run->program, run->log, collectives, rank, begin, call);
        collectives_free(collectives);
        evidence_fail(verdict, "rank %d never waited for its %s", rank, call->str);
        verdict->spoils = true;
        verdict_explain(verdict,
                        "\nA non-blocking collective is only started by its call. Its result "
                        "is there, and its buffers are the program's again, when an "
                        "MPI_Wait, an MPI_Waitall or a successful MPI_Test of its request "
                        "has returned. Each one that is under way needs a request of its "
                        "own.\n");
        verdict_look(verdict, "what becomes of the request that this call starts");
        return false;
    }
    return true;
}

static void tell_touched(const struct outcome *run, const struct collectives *collectives, int rank,
                         size_t begin, bool gone, struct verdict *verdict)
{
    g_autoptr(GString) call = g_string_new(NULL);
    collectives_name_with_line(run->program, run->log, collectives, rank, begin, call);
    evidence_fail(verdict, "rank %d %s what it had given to %s, while that was under way", rank,
                  gone ? "freed" : "changed or freed", call->str);
    verdict->spoils = true;
    verdict_explain(verdict,
                    "\nMPI may read the buffer at any time until the request is complete.\n");
    verdict_look(verdict, "what writes to this buffer, or frees it, before the MPI_Wait");
}

bool evidence_collectives_untouched(const struct outcome *run,
                                    const struct collectives *collectives, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < run->log[rank].count; i++) {
            const struct log_record *record = &run->log[rank].record[i];
            const int index = collectives->by_record[rank][i];
            const bool gone = record->flag & LOG_FLAG_BUFFER_GONE;
            if (record->operation != LOG_COMPLETED || index == NO_COLLECTIVE ||
                !(gone || (record->flag & LOG_FLAG_CHANGED)))
                continue;
            const size_t begin = collective_entered(&collectives->collective[index], rank);
            if (begin == NO_RECORD)
                continue;
            tell_touched(run, collectives, rank, begin, gone, verdict);
            return false;
        }
    return true;
}
