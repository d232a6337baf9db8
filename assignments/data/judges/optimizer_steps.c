/* How often the optimizers stepped; see optimizer_steps.h. */
#include "assignments/data/judges/optimizer_steps.h"

bool data_optimizers_stepped_once(const struct outcome *run, int first, int last,
                                  struct verdict *verdict)
{
    g_autofree int *steps = g_new(int, MAX(0, last - first + 1) + 1);
    for (int rank = 0; rank < run->ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
        for (int step = first; step <= last; step++)
            steps[step - first] = 0;
        for (guint i = 0; i < events->len; i++) {
            const struct evidence_event *event = EVIDENCE_EVENT(events, i);
            if (event->operation == LOG_OPTIMIZER_STEP && event->step >= first &&
                event->step <= last)
                steps[event->step - first]++;
        }
        for (int step = first; step <= last; step++) {
            if (steps[step - first] == 1)
                continue;
            evidence_fail(verdict, "the optimizer of rank %d stepped %d times in step %d, not once",
                          rank, steps[step - first], step);
            return false;
        }
    }
    return true;
}
