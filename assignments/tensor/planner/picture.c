/* The picture: step time over the number of ranks, by formula and simulated, beside work / t. */
#include "assignments/tensor/planner/tensor_plan.h"

#include "grader/pictures/picture_series.h"
#include "grader/text/progress.h"

#include <errno.h>

enum { IDEAL, BY_FORMULA, SIMULATED, SERIES, MOST = 16 };

/* Only of the way that needs fewest rounds: false if a run fails. */
static bool work_out(const struct plan *plan, bool simulate, double x[MOST], double y[SERIES][MOST],
                     int *count, GString *error)
{
    const struct plan_method *methods = tensor_plan_methods(plan);
    int all = 0;
    while (methods[all].name)
        all++;
    struct text_progress progress = text_progress_begin("simulating for the picture", all);
    for (int i = 0; methods[i].name && *count < MOST; i++, text_progress_done(&progress)) {
        const struct plan_method *method = &methods[i];
        g_autofree char *refusal = plan->part->refusal(plan, method);
        if (refusal || way_named(method->value) != &way_table[WAY_ONE_ROUND])
            continue;
        text_progress_next(&progress, method->name);
        struct formula *formula = tensor_plan_formula(plan, method);
        struct simulated *simulated = simulate ? plan_simulated_new(plan, method, error) : NULL;
        x[*count] = method->ranks;
        y[IDEAL][*count] = 1e3 * formula->begin;
        y[BY_FORMULA][*count] = 1e3 * formula->seconds;
        y[SIMULATED][*count] = simulated ? 1e3 * simulated->seconds : 0;
        (*count)++;
        plan_formula_free(formula);
        plan_simulated_free(simulated);
        if (simulate && !simulated) {
            text_progress_end(&progress);
            return false;
        }
    }
    text_progress_end(&progress);
    return true;
}

bool tensor_plan_draw(const struct plan *plan, bool simulate, GString *text, GString *error)
{
    double x[MOST], y[SERIES][MOST];
    int count = 0;
    if (g_mkdir_with_parents(plan->out, 0755) != 0) {
        g_string_printf(error, "%s: %s", plan->out, g_strerror(errno));
        return false;
    }
    if (!work_out(plan, simulate, x, y, &count, error))
        return false;
    g_autofree char *title = g_strdup_printf("%s, batch of %d, platform %s", plan->model_name,
                                             plan->batch_size, plan->platform_name);
    g_autofree char *path = g_build_filename(plan->out, "scaling", NULL);
    const struct picture_axes axes = {title, "ranks that share each layer", "step time, ms", false};
    const struct picture_series series[] = {{"work / t", false, count, x, y[IDEAL]},
                                            {"formula", false, count, x, y[BY_FORMULA]},
                                            {"simulated", true, count, x, y[SIMULATED]}};
    if (!picture_series(&axes, series, SERIES, path, error))
        return false;
    g_string_append_printf(text, "\nstep time over the ranks: %s.svg\n", path);
    return true;
}
