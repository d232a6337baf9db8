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

/* How many micro-batches were never run; *first: the first of them. */
static int never_run(const int *times, int micro_batches, int *first)
{
    int count = 0;
    for (int i = micro_batches - 1; i >= 0; i--)
        if (times[i] == 0) {
            count++;
            *first = i;
        }
    return count;
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
        int first = -1;
        int forwards = never_run(forward, m, &first);
        int backwards = needs_backward && forwards == 0 ? never_run(backward, m, &first) : 0;
        if (forwards + backwards == 0)
            continue;
        evidence_fail(verdict,
                      "rank %d (stage %d) ran no %s of %d of its %d micro-batches in step %d, the "
                      "first of them micro-batch %d: work was left out",
                      placement_rank(s, run->ranks), s, forwards > 0 ? "forward" : "backward",
                      forwards + backwards, m, step, first);
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
