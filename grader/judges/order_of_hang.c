/* The order of a run that hung, step by step as far as it came. */
#include "grader/judges/order_of_hang.h"

#include "grader/judges/evidence.h"
#include "grader/judges/order_rules.h"

/* Training steps that some rank began. */
static int steps_begun(const struct outcome *outcome)
{
    int most = 0;
    for (int rank = 0; rank < outcome->ranks; rank++) {
        int steps = 0;
        for (size_t i = 0; i < outcome->log[rank].count; i++)
            steps += outcome->log[rank].record[i].operation == LOG_STEP_BEGIN;
        most = MAX(most, steps);
    }
    return MIN(most, MAX(1, outcome->options.steps));
}

static const struct mistake *find(const struct outcome *outcome, const struct schedule_kind *kind)
{
    const struct schedule_shape shape = {outcome->ranks, evidence_chunks(&outcome->options),
                                         evidence_micro_batches(&outcome->options)};
    const int steps = steps_begun(outcome);
    const struct mistake *mistake = NULL;
    struct schedule **schedule =
        order_of_steps(outcome->log, outcome->ranks, steps, kind->asynchronous);
    for (int step = 0; step < steps && mistake == NULL; step++)
        mistake = order_recognise_cut_off(kind, schedule[step], shape);
    order_of_steps_free(schedule, steps);
    return mistake;
}

void order_of_hang_name(const struct outcome *outcome, struct diagnosis *diagnosis)
{
    const struct schedule_kind *kind = schedule_find(outcome->options.schedule);
    const bool waits = diagnosis->kind >= DIAGNOSIS_TAG_MISMATCH &&
                       diagnosis->kind != DIAGNOSIS_ENDED_EARLY &&
                       diagnosis->kind != DIAGNOSIS_ENDLESS_LOOP;
    if (!waits || diagnosis->mistake->len > 0 || kind == NULL || order_rule(kind) == NULL)
        return;
    const struct mistake *mistake = find(outcome, kind);
    if (mistake == NULL)
        return;
    g_autofree char *text = g_strdup_printf("%s Look at %s.", mistake->explanation, mistake->look);
    diagnosis_name_mistake(diagnosis, mistake->name, text);
}
