/*
 * The picture: bubble against micro-batches for every schedule. Lines are the
 * closed forms, points simulated runs. A micro-batch has as many samples
 * everywhere, so that only their number changes.
 */
#include "assignments/pipeline/planner/pipeline_plan.h"

#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_legend.h"
#include "grader/text/progress.h"

#include <errno.h>

enum {
    MOST_FORWARDS = 1 << 13, /* of a simulated run: ranks × micro-batches */
    TIMES_RANKS = 16,        /* the axis ends at that many micro-batches per rank */
};

/* Those of Okabe and Ito, and dashes, for who can't tell them apart, or prints in grey. */
static const struct {
    const char *colour;
    int dash, point;
} styles[] = {{"#000000", 1, 1}, {"#0072B2", 1, 6},  {"#E69F00", 2, 4},
              {"#009E73", 4, 8}, {"#D55E00", 5, 12}, {"#CC79A7", 3, 2}};

static struct plan with_micro_batches(const struct plan *plan, int micro_batches)
{
    struct plan own = *plan;
    own.micro_batches = micro_batches;
    own.batch_size = plan->batch_size / plan->micro_batches * micro_batches;
    return own;
}

static bool can_run(const struct plan *plan, const struct schedule_kind *kind)
{
    g_autofree char *refusal = pipeline_plan_refusal(plan, kind);
    return !refusal;
}

/* 1, 2, 4 … below p, then p, 2p, 4p …: both what is small and what all schedules can. */
static int next_point(int m, int ranks)
{
    return m < ranks && 2 * m > ranks ? ranks : 2 * m;
}

/* Appends the data of a line; false if there is none. */
static bool append_line(GString *script, const struct plan *plan, const struct schedule_kind *kind,
                        int number, int last)
{
    struct schedule_shape shape = pipeline_plan_shape(plan, kind);
    struct stage_cost *cost = pipeline_plan_costs(plan->model, shape.ranks * shape.chunks,
                                                  plan->batch_size / plan->micro_batches);
    const struct stage_cost mean = pipeline_plan_mean_cost(cost, shape);
    bool any = false;
    g_free(cost);
    g_string_append_printf(script, "$formula_%d << END\n", number);
    for (int m = 1; m <= last; m++) {
        const struct plan own = with_micro_batches(plan, m);
        if (!can_run(&own, kind) || !pipeline_plan_formula_holds(&own, kind))
            continue;
        shape = pipeline_plan_shape(&own, kind);
        const double idle =
            kind->idle(shape, mean.forward, mean.backward_input, mean.backward_weight);
        const double makespan =
            schedule_makespan(kind, shape, mean.forward, mean.backward_input, mean.backward_weight);
        g_string_append_printf(script, "%d %.6f\n", m,
                               100 * schedule_bubble_of_makespan(idle, makespan));
        any = true;
    }
    g_string_append(script, "END\n");
    return any;
}

static bool append_points(GString *script, const struct plan *plan,
                          const struct plan_method *method, int number, int last, GString *error)
{
    g_string_append_printf(script, "$simulated_%d << END\n", number);
    for (int m = 1; m <= last; m = next_point(m, plan->ranks)) {
        const struct plan own = with_micro_batches(plan, m);
        if (m * plan->ranks > MOST_FORWARDS || !can_run(&own, pipeline_plan_kind(method)))
            continue;
        double bubble;
        if (!plan_simulated_bubble(&own, method, &bubble, error))
            return false;
        g_string_append_printf(script, "%d %.2f\n", m, 100 * bubble);
    }
    g_string_append(script, "END\n");
    return true;
}

static void append_frame(GString *script, const struct plan *plan, bool simulate, int last)
{
    g_autofree char *what = g_strdup_printf(
        "%s\n%d ranks, platform %s, samples per micro-batch: %d\nlines: formula%s",
        plan->model_name, plan->ranks, plan->platform_name, plan->batch_size / plan->micro_batches,
        simulate ? "; points: simulated" : "");
    g_autofree char *lines = picture_text_lines(what, 13, PICTURE_WIDTH - 20);
    g_autofree char *title = gnuplot_quote(lines);
    g_string_append_printf(
        script,
        "set terminal svg size %d,540 font 'sans-serif,13' background '#ffffff'\n"
        "set output 'bubble.svg'\n"
        "set title %s font ',13'\n"
        "set xlabel 'micro-batches' offset 0,0.6\nset ylabel 'bubble (idle share of the makespan) "
        "in %%'\n"
        "set logscale x 2\nset xrange [0.9:%g]\nset yrange [0:100]\n"
        "set grid linecolor '#dddddd'\nset border 3\nset tics nomirror\n"
        "set key below center horizontal samplen 4 width 2\n",
        PICTURE_WIDTH, title, 1.1 * last);
}

bool pipeline_plan_draw(const struct plan *plan, bool simulate, GString *text, GString *error)
{
    const int last = MAX(plan->micro_batches, TIMES_RANKS * plan->ranks);
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) curves = g_string_new(NULL);
    int all = 0;
    while (pipeline_plan_methods[all].name)
        all++;
    struct text_progress progress = text_progress_begin("simulating for the picture", all);
    for (int i = 0; i < all; i++, text_progress_done(&progress)) {
        const struct plan_method *method = &pipeline_plan_methods[i];
        const struct schedule_kind *kind = pipeline_plan_kind(method);
        const struct plan own = with_micro_batches(plan, plan->ranks);
        if (!can_run(&own, kind) || !append_line(script, plan, kind, i, last))
            continue;
        text_progress_next(&progress, method->name);
        if (simulate && !append_points(script, plan, method, i, last, error)) {
            text_progress_end(&progress);
            return false;
        }
        /* The legend shows both: which line is whose, and which points. */
        g_string_append_printf(
            curves,
            "%s$formula_%d with lines linewidth 2 linecolor '%s' dashtype %d "
            "notitle, \\\n  keyentry with %s linewidth 2 linecolor '%s' dashtype "
            "%d pointtype %d title '%s'",
            curves->len ? ", \\\n  " : "plot ", i, styles[i].colour, styles[i].dash,
            simulate ? "linespoints" : "lines", styles[i].colour, styles[i].dash, styles[i].point,
            kind->facts->name);
        if (simulate)
            g_string_append_printf(
                curves,
                ", \\\n  $simulated_%d with points pointsize 1 pointtype %d linecolor '%s' notitle",
                i, styles[i].point, styles[i].colour);
    }
    text_progress_end(&progress);
    append_frame(script, plan, simulate, last);
    g_string_append_printf(script, "%s\n", curves->str);
    if (g_mkdir_with_parents(plan->out, 0777) != 0) {
        g_string_printf(error, "OUT=%s: no such folder can be made: %s", plan->out,
                        g_strerror(errno));
        return false;
    }
    g_autofree char *path = g_build_filename(plan->out, "bubble.gnuplot", NULL);
    if (!gnuplot_run(script->str, path, error))
        return false;
    g_string_append_printf(text, "\nbubble against micro-batches: %s/bubble.svg\n", plan->out);
    return true;
}
