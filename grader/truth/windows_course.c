/* The course of a run from step to step; see windows_parts.h. */
#include "grader/truth/windows_parts.h"

#include "common/files/curve.h"

#include <math.h>

/* A rank's stages, those with parameters by themselves: made before the first training step. */
static void count_stages(const struct log_file *log, int *stages, int *with_parameters)
{
    *stages = *with_parameters = 0;
    for (size_t i = 0; i < log->count && log->record[i].operation != LOG_STEP_BEGIN; i++)
        if (log->record[i].operation == LOG_STAGE) {
            ++*stages;
            *with_parameters += log_stage(&log->record[i]).parameter_bytes > 0;
        }
}

bool windows_trained_step_by_step(const struct windows *w, struct verdict *verdict)
{
    for (int rank = 0; rank < w->run->ranks; rank++) {
        const struct log_file *log = &w->run->log[rank];
        int next = 0, optimizer = 0, stages, with_parameters;
        bool right = true;
        count_stages(log, &stages, &with_parameters);
        for (size_t i = 0; i < log->count && right; i++) {
            const struct log_record *record = &log->record[i];
            if (record->operation == LOG_OPTIMIZER_STEP && record->phase == LOG_BEGIN)
                optimizer++;
            else if (record->operation == LOG_STEP_BEGIN)
                right = log_step(record) == next;
            else if (record->operation == LOG_STEP_END) {
                next++;
                right = optimizer >= next * with_parameters && optimizer <= next * stages;
            }
        }
        if (right && next == w->steps)
            continue;
        evidence_fail(
            verdict,
            "rank %d: after training step %d the optimizer had stepped %d times (%d steps "
            "were to be trained)",
            rank, next - 1, optimizer, w->steps);
        return false;
    }
    return true;
}

bool windows_loss_fell(const struct windows *w, struct verdict *verdict)
{
    int part = w->steps / 6;
    double first = 0, last = 0;
    for (int k = 0; k < part; k++) {
        first += w->loss[k] / part;
        last += w->loss[w->steps - 1 - k] / part;
    }
    if (part == 0 || last < 0.98 * first)
        return true;
    evidence_fail(verdict,
                  "the loss did not fall: %.4g on average over the first %d steps, %.4g over "
                  "the last",
                  first, part, last);
    return false;
}

bool windows_curve_agrees(const struct windows *w, struct verdict *verdict)
{
    char error[CURVE_ERROR_SIZE];
    struct curve curve;
    g_autofree char *path = g_strdup_printf("%s/curve.csv", w->run->folder);
    if (!w->run->options.curve[0])
        return true;
    if (!curve_read(path, &curve, error)) {
        evidence_fail(verdict, "the learning curve can't be used: %s", error);
        return false;
    }
    bool right = curve.count == w->steps;
    for (int k = 0; k < curve.count && right; k++)
        right = curve.point[k].step == k &&
                fabs(curve.point[k].loss - w->loss[k]) <= 1e-4 * fmax(1, fabs(w->loss[k]));
    if (!right)
        evidence_fail(verdict, "the learning curve and the log do not tell the same losses");
    curve_destroy(&curve);
    return right;
}
