/* Learning curves for the report: the submission's beside that of one process. */
#include "grader/grade/worker_work.h"

#include "common/files/curve.h"
#include "common/files/dataset.h"
#include "grader/grade/data_instead.h"
#include "grader/pictures/picture_curve.h"
#include "grader/truth/windows.h"

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
    struct curve_writer *file = curve_create(path);
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

/* What the curves are of, and on which data. */
static char *title_of(const struct outcome *outcome, const struct rubric_run *run)
{
    const char *meant, *used;
    g_autofree char *instead = data_instead(run, &meant, &used)
                                   ? g_strdup_printf(" (%s is not here)", meant)
                                   : g_strdup("");
    return g_strdup_printf("%s on %d rank%s, trained on %s%s", outcome->options.model,
                           outcome->ranks, outcome->ranks == 1 ? "" : "s",
                           dataset_title(outcome->options.dataset), instead);
}

/* Two right runs drift apart, and who sees that must not take it for the fault. */
static const char told_of_windows[] =
    "Judged is each window by itself: one process goes on from the run's own\n"
    "snapshot there, and its losses must be the run's. Between windows\n"
    "rounding parts two right runs, which costs nothing.";

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
    g_autofree char *title = title_of(outcome, RUBRIC_RUNS(check, i));
    bool has_reference = train_reference(&outcome->options, beside);
    if (!has_reference && given) {
        g_free(beside);
        beside = g_build_filename(kit, given, NULL);
        has_reference = true;
    }
    struct picture_line lines[] = {{"one process", beside, true}, {"this submission", own, false}};
    int first = has_reference ? 0 : 1;
    const struct picture_curves curves = {
        .title = title,
        .told = outcome->options.snapshots > 0 ? told_of_windows : NULL,
        .line = lines + first,
        .lines = 2 - first,
        .window = outcome->options.snapshot,
        .windows = outcome->options.snapshots,
        .window_steps = WINDOW_STEPS,
        .window_title = "what is judged: " G_STRINGIFY(WINDOW_STEPS) " steps each",
    };
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *words = g_strdup_printf("The loss over the steps of training: %s%s", title,
                                             has_reference ? ", beside that of one process" : "");
    if (picture_curve(&curves, path, error))
        verdict_add_picture(verdict, path, words);
}

void worker_draw_curves(const struct judgement *judgement, const struct rubric_check *check,
                        const char *kit, struct verdict *verdict)
{
    for (int i = 0; i < judgement->outcomes; i++)
        if (judgement->outcome[i].end != RUN_NOT_STARTED)
            draw_curve(judgement, check, i, kit, verdict);
}
