/* By how much processes grew; see resident.h. */
#include "assignments/memory/judges/recomputation/resident.h"

#include "common/base/units.h"

#include <math.h>

static const double slack = 24.0 * (1 << 20);

static double most_of(const struct computations *computed)
{
    double most = 0;
    for (guint i = 0; i < computed->of->len; i++)
        most = fmax(most, computation_at(computed, i)->most);
    return most;
}

static double parameter_bytes(const struct log_file *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE)
            return (double)log_stage(&log->record[i]).parameter_bytes;
    return 0;
}

void resident_is_small(const struct recomputation_case *one, struct verdict *verdict)
{
    const struct outcome *run = one->run;
    /* Of a GPU's memory, and of what its driver and its kernels take, the process's tells nothing. */
    for (int rank = 0; rank < run->ranks && !run->simulated && !run->device; rank++) {
        struct log_memory resident;
        char grown[UNITS_TEXT_SIZE], most[UNITS_TEXT_SIZE];
        if (!log_find_memory(&run->log[rank], LOG_MEMORY_RESIDENT, &resident)) {
            evidence_fail(verdict, "rank %d did not record how much memory it used", rank);
            return;
        }
        const double growth = (double)resident.peak - resident.live;
        const double allowed =
            most_of(&one->right->computed[rank]) + 4 * parameter_bytes(&run->log[rank]) + slack;
        if (growth <= allowed)
            continue;
        evidence_fail(verdict,
                      "the process of rank %d grew by %s during training; %s are allowed, though "
                      "its tensors hold less: it keeps memory elsewhere",
                      rank, units_bytes(growth, grown), units_bytes(allowed, most));
        verdict_look(verdict, "what is kept in memory of malloc's");
        return;
    }
}
