/* Was every micro-batch computed? See work.h. */
#include "assignments/pipeline/judges/work.h"

#include "assignments/pipeline/judges/stage_cost.h"
#include "assignments/pipeline/placement.h"

/* How often a stage ran each micro-batch of a step. */
struct tally {
    int *forward, *backward; /* [micro-batch]; an input gradient alone counts as a backward */
};

static void tally_step(const GArray *events, int step, int stage, int micro_batches,
                       const struct tally *tally)
{
    memset(tally->forward, 0, (size_t)micro_batches * sizeof(int));
    memset(tally->backward, 0, (size_t)micro_batches * sizeof(int));
    for (guint k = 0; k < events->len; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        int i = event->micro_batch;
        if (event->step != step || event->stage != stage || i < 0 || i >= micro_batches)
            continue;
        tally->forward[i] += event->operation == LOG_FORWARD;
        tally->backward[i] +=
            event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT;
    }
}

/* "micro-batches 3, 5 and 6": those that were never run; NULL if there are none. */
static char *never_run(const int *times, int micro_batches)
{
    enum { NAMED = 4 };
    GString *text = g_string_new(NULL);
    int count = 0, named = 0;
    for (int i = 0; i < micro_batches; i++)
        count += times[i] == 0;
    for (int i = 0; i < micro_batches && named < MIN(count, NAMED); i++)
        if (times[i] == 0) {
            bool last = ++named == count;
            g_string_append_printf(text, "%s%d", named == 1 ? "" : last ? " and " : ", ", i);
        }
    if (count > NAMED)
        g_string_append_printf(text, " and %d more", count - NAMED);
    g_string_prepend(text, count == 1 ? "micro-batch " : "micro-batches ");
    return g_string_free(text, count == 0);
}

/* How many training steps a rank ended. */
static int steps_of(const struct log_file *log)
{
    int steps = 0;
    for (size_t i = 0; i < log->count; i++)
        steps += log->record[i].operation == LOG_STEP_END;
    return steps;
}

static bool stage_did_its_work(const struct outcome *run, const GArray *events, int s,
                               bool needs_backward, struct verdict *verdict)
{
    int m = options_micro_batches(&run->options);
    int steps = steps_of(&run->log[placement_rank(s, run->ranks)]);
    g_autofree int *forward = g_new(int, m), *backward = g_new(int, m);
    for (int step = 0; step < steps; step++) {
        tally_step(events, step, s, m, &(struct tally){forward, backward});
        g_autofree char *not_forward = never_run(forward, m);
        g_autofree char *not_backward = needs_backward ? never_run(backward, m) : NULL;
        if (!not_forward && !not_backward)
            continue;
        evidence_fail(verdict, "rank %d (stage %d) ran no %s of %s in step %d: work was left out",
                      placement_rank(s, run->ranks), s, not_forward ? "forward" : "backward",
                      not_forward ? not_forward : not_backward, step);
        verdict_look(verdict,
                     "the bounds of the loops over micro-batches, and what is run in them");
        verdict_explain(verdict, "\nWhat this check is about can be judged only where each stage "
                                 "runs every micro-batch of the step forward and backward.\n");
        return false;
    }
    return true;
}

static bool everything_was_run(const struct outcome *run, const struct model *model,
                               const struct evidence_stage *stage, struct verdict *verdict)
{
    const double samples = run->options.batch_size / (double)options_micro_batches(&run->options);
    bool right = true, parameters = false; /* on this stage or one before it */
    for (int s = 0; s < stages_count(run) && right; s++) {
        EVIDENCE_ARRAY events = evidence_events(&run->log[stage[s].rank]);
        parameters = parameters || stage[s].parameter_bytes > 0;
        right = stage_did_its_work(run, events, s, parameters, verdict) &&
                stage_cost_is_right(events, model, &stage[s], s, samples, verdict);
    }
    return right;
}

bool work_is_sound(const struct outcome *run, struct verdict *verdict)
{
    if (run->options.probe[0])
        return true;
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    g_autofree struct evidence_stage *stage =
        model ? stages_read(run, model->layers, verdict) : NULL;
    bool sound = stage && work_inputs_came(run, model, stage, verdict) &&
                 everything_was_run(run, model, stage, verdict);
    model_free(model);
    return sound;
}
