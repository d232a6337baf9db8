/* Loss scales from step to step; see mixed_scales.h. */
#include "assignments/memory/judges/mixed/mixed_scales.h"
#include "common/log/log_fields.h"

#include <math.h>

static const struct mistake each_for_itself = {
    .name = "overflow is not agreed among the ranks",
    .explanation = "Each rank looks at its own shard alone. The one whose numbers overflowed skips "
                   "the step and halves its scale, the "
                   "others step: from then on they have other counts of steps and other scales.",
    .look = "gradients_are_finite: what all ranks together have to find out",
};
static const struct mistake changed_within = {
    .name = "the loss scale changes between micro-batches",
    .explanation = "Gradients that add up have to be multiplied by the same number.",
    .look = "when update_loss_scale is called",
};
/* ---- what ranks did ---------------------------------------------------------------------------------------- */

/* What one rank did in a step. */
struct done {
    double least, most; /* scales of its micro-batches, times all micro-batches */
    int optimizer_steps;
};

static struct done done_by(const struct log_file *log, int step, int micro_batches)
{
    struct done done = {INFINITY, -INFINITY, 0};
    size_t first, last;
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_LOSS_BACKWARD) {
            const double scale = log_loss_scale(record) * micro_batches;
            done.least = fmin(done.least, scale);
            done.most = fmax(done.most, scale);
        }
        done.optimizer_steps +=
            record->operation == LOG_OPTIMIZER_STEP && record->phase == LOG_BEGIN;
    }
    return done;
}

static bool near(double a, double b)
{
    return mixed_scales_are_near(a, b);
}

static bool step_is_agreed(const struct outcome *run, int step, const struct done *done,
                           struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        if (!near(done[rank].least, done[rank].most)) {
            evidence_fail(verdict,
                          "step %d: rank %d's micro-batches have loss scales from %.10g to %.10g",
                          step, rank, done[rank].least, done[rank].most);
            verdict_name_mistake(verdict, &changed_within);
            return false;
        }
        const bool other = done[rank].optimizer_steps != done[0].optimizer_steps;
        if (other)
            evidence_fail(verdict, "step %d is %s by rank 0 and %s by rank %d", step,
                          done[0].optimizer_steps ? "taken" : "skipped",
                          done[rank].optimizer_steps ? "taken" : "skipped", rank);
        else if (!near(done[rank].most, done[0].most))
            evidence_fail(verdict,
                          "step %d: rank 0 has a loss scale of %.10g, and rank %d one of %.10g",
                          step, done[0].most, rank, done[rank].most);
        else
            continue;
        verdict_name_mistake(verdict, &each_for_itself);
        return false;
    }
    return true;
}

/* ---- all steps ---------------------------------------------------------------------------------------------------- */

static bool read_all(const struct outcome *run, struct mixed_scales *scales,
                     struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&run->options);
    g_autofree struct done *done = g_new0(struct done, run->ranks);
    for (int step = 0; step < scales->steps; step++) {
        for (int rank = 0; rank < run->ranks; rank++)
            done[rank] = done_by(&run->log[rank], step, micro_batches);
        if (!step_is_agreed(run, step, done, verdict))
            return false;
        scales->scale[step] = done[0].most;
        scales->taken[step] = done[0].optimizer_steps > 0;
    }
    return true;
}

struct mixed_scales *mixed_scales_of_run(const struct outcome *run, struct verdict *verdict)
{
    struct mixed_scales *scales = g_new0(struct mixed_scales, 1);
    scales->steps = run->options.steps;
    scales->scale = g_new0(double, scales->steps);
    scales->taken = g_new0(bool, scales->steps);
    if (read_all(run, scales, verdict) && mixed_scales_follow_the_rule(run, scales, verdict))
        return scales;
    mixed_scales_free(scales);
    return NULL;
}

void mixed_scales_free(struct mixed_scales *scales)
{
    if (!scales)
        return;
    g_free(scales->scale);
    g_free(scales->taken);
    g_free(scales);
}
