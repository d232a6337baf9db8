/* Do all ranks call the same collectives? See collectives_agree.h. */
#include "grader/evidence/collectives_agree.h"

#define MOST_FAULTS 8 /* that are told */

bool evidence_collectives_agree(const struct outcome *run, const struct collectives *collectives,
                                struct verdict *verdict)
{
    g_autoptr(GArray) faults = collectives_find_faults(run->log, collectives);
    for (guint i = 0; i < faults->len && i < MOST_FAULTS; i++) {
        const struct collectives_fault *fault = &g_array_index(faults, struct collectives_fault, i);
        g_autoptr(GString) words = g_string_new(NULL);
        collectives_tell_fault(run->program, run->log, collectives, fault, words);
        if (i == 0) {
            evidence_fail(verdict, "%s", words->str);
            verdict_look(verdict, "%s", collectives_fault_look(fault->kind));
        } else {
            verdict_explain(verdict, "%sAnd %s.\n", i == 1 ? "\n" : "", words->str);
        }
    }
    if (faults->len > MOST_FAULTS)
        verdict_explain(verdict, "And on %u communicators more.\n", faults->len - MOST_FAULTS);
    return faults->len == 0;
}
