/*
 * Activations over a step, as three rows; see curves.h. Where time is simulated all of a computation's changes have one:
 * so each forward and backward is as wide as any, and its changes are evenly spread.
 */
#include "assignments/memory/judges/recomputation/curves.h"

#include "grader/pictures/picture_memory.h"

enum { OWN, RIGHT, PLAIN, ROWS };

static void append(struct live_memory *curve, double time, double live, size_t record)
{
    struct live_moment moment = {.time = time, .record = record};
    moment.live[MEMORY_ACTIVATION] = live;
    g_array_append_val(curve->moments, moment);
    if (live_moment_bytes(&moment) > live_moment_bytes(live_moment(curve, curve->peak)))
        curve->peak = curve->moments->len - 1;
}

/* from: what was counted, of the run or of a trial; own: the run's. What comes and goes between its forwards and
 * backwards (inputs, messages) is taken for both. */
static struct live_memory curve_of(const struct computations *from, const struct computations *own,
                                   int step)
{
    struct live_memory curve = {.complete = true,
                                .moments = g_array_new(FALSE, FALSE, sizeof(struct live_moment))};
    int place = 0;
    double level = 0, behind = 0; /* of the curve, and of the run */
    for (guint i = 0; i < own->of->len; i++) {
        const struct computation *one = computation_at(from, i), *at = computation_at(own, i);
        if (at->step != step)
            continue;
        level += place == 0 ? at->before : at->before - behind;
        behind = at->behind;
        append(&curve, place, level, at->record);
        for (guint k = 0; k < one->changes; k++) {
            const double live = g_array_index(from->live, double, one->first + k);
            append(&curve, place + (k + 1.0) / (one->changes + 1.0), level + live - one->before,
                   at->record + 1);
        }
        level += computation_kept(one);
        place++;
    }
    if (curve.moments->len > 0) {
        const struct live_moment last = *live_moment(&curve, curve.moments->len - 1);
        append(&curve, place, last.live[MEMORY_ACTIVATION], last.record);
    }
    return curve;
}

void curves_draw(const struct judgement *judgement, const struct recomputation_case *one,
                 struct verdict *verdict)
{
    static const char *const names[ROWS] = {"this run", "as it can be", "all kept"};
    const struct outcome *run = one->run;
    g_autofree char *path = verdict_picture_path(judgement, run, "activations");
    if (!path || run != &judgement->outcome[0] || !one->computed[0].has_memory)
        return;
    const int step = run->options.steps - 1;
    const struct computations *from[ROWS] = {&one->computed[0], &one->right->computed[0],
                                             &one->plain->computed[0]};
    struct live_memory curves[ROWS];
    struct log_file logs[ROWS];
    for (int row = 0; row < ROWS; row++) {
        curves[row] = curve_of(from[row], &one->computed[0], step);
        logs[row] = run->log[0];
    }
    const struct memory_scene scene = {.memory = curves,
                                       .logs = logs,
                                       .ranks = ROWS,
                                       .step = step,
                                       .names = names,
                                       .axis = "forwards and backwards of rank 0, in their order"};
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *title = g_strdup_printf("activations in step %d", step);
    g_autofree char *words = g_strdup_printf(
        "Live bytes of %s of rank 0, over its forwards and backwards: %s, %s and %s", title,
        names[0], names[1], names[2]);
    if (picture_of_memory(&scene, title, path, error))
        verdict_add_picture(verdict, path, words);
    for (int row = 0; row < ROWS; row++)
        g_array_unref(curves[row].moments);
}
