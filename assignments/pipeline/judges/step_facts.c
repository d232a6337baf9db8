/* What the log states about a training step; see step_facts.h. */
#include "assignments/pipeline/judges/step_facts.h"

#include "common/log/log_fields.h"

#include <math.h>

struct loss_facts loss_facts_read(const struct outcome *run, int step)
{
    struct loss_facts facts = {.least = NAN, .most = NAN};
    for (int rank = 0; rank < run->ranks; rank++) {
        size_t first, last;
        log_find_step(&run->log[rank], step, &first, &last);
        for (size_t i = first; i < last; i++) {
            const struct log_record *record = &run->log[rank].record[i];
            facts.losses += record->operation == LOG_LOSS;
            if (record->operation != LOG_LOSS_BACKWARD)
                continue;
            facts.gradients++;
            facts.least = fmin(facts.least, log_loss_scale(record));
            facts.most = fmax(facts.most, log_loss_scale(record));
        }
    }
    return facts;
}

/* One backward more. */
static void add_backward(struct stage_facts *facts, const struct evidence_event *event)
{
    facts->backwards++;
    if (facts->optimizer_steps > 0 && facts->behind_optimizer++ == 0) {
        facts->first_behind = event->operation;
        facts->first_behind_of = event->micro_batch;
    }
}

struct stage_facts stage_facts_read(const GArray *events, int step, int stage, int micro_batches,
                                    bool *wiped)
{
    struct stage_facts facts = {.first_behind_of = -1};
    g_autofree bool *ran = g_new0(bool, MAX(micro_batches, 1));
    bool zeros = false;                /* set to zero, and nothing added since */
    bool behind = true, before = true; /* one step behind, or before, each backward so far? */
    for (guint k = 0; k < events->len; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        if (event->step != step || event->stage != stage)
            continue;
        if (event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_WEIGHT) {
            behind = behind && facts.optimizer_steps == facts.backwards;
            before = before && facts.optimizer_steps == facts.backwards + 1;
            facts.zeroed_between += facts.zeroed_last;
            facts.zeroed_last = 0;
            add_backward(&facts, event);
            zeros = false;
            if (event->micro_batch < 0 || event->micro_batch >= micro_batches)
                continue;
            ran[event->micro_batch] = true;
            if (wiped)
                wiped[event->micro_batch] = false;
        } else if (event->operation == LOG_FORWARD) {
            facts.forwards_behind_optimizer += facts.optimizer_steps > 0;
        } else if (event->operation == LOG_OPTIMIZER_STEP) {
            facts.optimizer_steps++;
            facts.steps_on_zeros += zeros;
        } else if (event->operation == LOG_ZERO_GRADIENTS) {
            zeros = true;
            facts.zeroed_before += facts.backwards == 0;
            facts.zeroed_last += facts.backwards > 0;
            for (int i = 0; wiped && i < micro_batches; i++)
                wiped[i] = ran[i];
        }
    }
    bool one_each = facts.backwards > 0 && facts.optimizer_steps == facts.backwards;
    facts.alternates = one_each && behind ? 1 : one_each && before ? -1 : 0;
    return facts;
}
