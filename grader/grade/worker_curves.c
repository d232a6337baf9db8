/* Learning curves for the report: the submission's beside that of one process. */
#include "grader/grade/worker_work.h"

#include "common/files/curve.h"
#include "grader/pictures/picture_curve.h"
#include "grader/truth/reference.h"

#define MOST_STEPS 2000 /* of a reference that is computed for the picture alone */

/* Trains in this process with a run's options and seed. False if that can't be done or would
 * take too long. */
static bool train_reference(const struct options *options, const char *path)
{
    char error[REFERENCE_ERROR_SIZE];
    if (options->steps < 1 || options->steps > MOST_STEPS)
        return false;
    struct reference *reference = reference_new(options, error);
    if (!reference)
        return false;
    FILE *file = curve_create(path);
    for (int step = 0; step < options->steps; step++) {
        reference_compute(reference, step);
        reference_update(reference);
        curve_append(file, &(struct curve_point){.step = step,
                                                 .samples = (long)(step + 1) * options->batch_size,
                                                 .loss = reference->loss});
    }
    curve_finish(file);
    reference_free(reference);
    return true;
}

/* Has the run come to the end of a step? */
static bool has_points(const char *path)
{
    struct curve curve = {0};
    char why[CURVE_ERROR_SIZE];
    const bool any = curve_read(path, &curve, why) && curve.count > 0;
    curve_destroy(&curve);
    return any;
}

static void draw_curve(const struct judgement *judgement, const struct rubric_check *check, int i,
                       const char *kit, struct verdict *verdict)
{
    const struct outcome *outcome = &judgement->outcome[i];
    g_autofree char *path = verdict_picture_path(judgement, outcome, "curve");
    if (!path)
        return;
    const char *given = RUBRIC_RUNS(check, i)->reference;
    g_autofree char *own = g_build_filename(outcome->folder, "curve.csv", NULL);
    if (!has_points(own))
        return;
    g_autofree char *beside = g_build_filename(outcome->folder, "reference.csv", NULL);
    g_autofree char *title =
        g_strdup_printf("%s, %s, on %d rank%s", outcome->options.model, outcome->options.dataset,
                        outcome->ranks, outcome->ranks == 1 ? "" : "s");
    bool has_reference = train_reference(&outcome->options, beside);
    if (!has_reference && given) {
        g_free(beside);
        beside = g_build_filename(kit, given, NULL);
        has_reference = true;
    }
    struct picture_line lines[] = {{"one process", beside, true}, {"this submission", own, false}};
    int first = has_reference ? 0 : 1;
    g_autoptr(GString) error = g_string_new(NULL);
    if (picture_curve(title, lines + first, 2 - first, path, error))
        verdict_add_picture(verdict, path);
}

void worker_draw_curves(const struct judgement *judgement, const struct rubric_check *check,
                        const char *kit, struct verdict *verdict)
{
    for (int i = 0; i < judgement->outcomes; i++)
        if (judgement->outcome[i].end != RUN_NOT_STARTED)
            draw_curve(judgement, check, i, kit, verdict);
}
