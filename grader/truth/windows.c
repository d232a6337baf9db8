/* Training on from snapshots; see windows.h. windows_course.c looks at the run as a whole. */
#include "common/kernels/convert.h"
#include "grader/truth/windows_parts.h"

#include <math.h>
#include <string.h>

/* The worst of 240 right windows: 2.8e-7. The mildest wrong run: 1.2e-5. */
#define WINDOW_TOLERANCE 5e-6
/* With masters, and layers in 16 bits, the worst of 56 right windows: 2.1e-3. Runs in which one of six micro-batches is lost
 * on one rank: most above 1e-2, up to 9e-2, single windows down to 1.5e-3. What is wrong by less is seen in single steps. */
#define SIXTEEN_BITS_TOLERANCE 6e-3
/* One later window may be further off, where an activation lies so near to 0 that rounding decides
 * on which side. That changes a gradient and so the losses behind it, but not the loss of the
 * window's first step: forwards are continuous. */
#define FLIP_TOLERANCE 1e-2

static bool fits(const struct whole_part *part, struct shape shape)
{
    return part->tensor->dtype == DTYPE_FLOAT32 && shape_equal(part->is.slice.whole, shape);
}

/* One tensor of a snapshot, put together; NULL after setting the verdict. */
static const struct tensor *find(const struct windows *w, struct wholes *snapshot, int step,
                                 int layer, const char *name, struct shape shape, bool is_state,
                                 struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    const struct whole *whole = wholes_find(snapshot, name);
    int wrong = whole ? -1 : wholes_rank_of_layer(snapshot, layer);
    for (guint i = 0; whole && i < whole->parts->len && wrong < 0; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        wrong = fits(part, shape) ? -1 : part->from->rank;
    }
    const struct tensor *found =
        wrong >= 0 ? NULL
                   : wholes_assemble(snapshot, name, DTYPE_FLOAT32, &shape,
                                     is_state ? w->rules->state : w->rules->parameters, why);
    if (wrong >= 0)
        evidence_fail(verdict, "rank %d's snapshot before step %d has no %s of the right shape",
                      wrong, step, name);
    else if (!found)
        evidence_fail(verdict, "before step %d: %s", step, why->str);
    return found;
}

/* What a snapshot has of a parameter: the optimizer's states, from 0 on, or … */
enum { PARAMETER = -1, MASTER = -2 };

static char *name_of(const struct windows *w, int layer, const struct parameter *p, int what)
{
    const char *state = what >= 0 ? optimizer_state_name(w->reference->optimizer, what) : "master";
    return what == PARAMETER ? g_strdup_printf("layers.%d.%s", layer, p->name)
                             : g_strdup_printf("layers.%d.%s.%s", layer, p->name, state);
}

/* Is a tensor of a snapshot finite, and before the first step what the reference has? */
static bool numbers_are_right(struct wholes *snapshot, int step, const char *name,
                              const struct tensor *found, const struct tensor *place,
                              struct verdict *verdict)
{
    const float *numbers = tensor_floats(found), *own = tensor_floats(place);
    size_t i = 0;
    while (i < found->elements && isfinite(numbers[i]) &&
           (step > 0 || !memcmp(&numbers[i], &own[i], sizeof numbers[i])))
        i++;
    if (i == found->elements)
        return true;
    const int rank = whole_holder(wholes_find(snapshot, name), i);
    if (!isfinite(numbers[i]))
        evidence_fail(verdict, "rank %d, before step %d: element %zu of %s is %s", rank, step, i,
                      name, isnan(numbers[i]) ? "NaN" : "infinite");
    else
        evidence_fail(verdict,
                      "rank %d's %s before the first step is not the initial value that the seed "
                      "gives",
                      rank, name);
    return false;
}

/* Copies one tensor of a snapshot to its place in the reference. */
static bool take_over(const struct windows *w, struct wholes *snapshot, int step, int layer,
                      int parameter, int what, struct verdict *verdict)
{
    const struct parameter *p = &w->reference->model->layer[layer].parameter[parameter];
    g_autofree char *name = name_of(w, layer, p, what);
    const struct tensor *found =
        find(w, snapshot, step, layer, name, p->shape, what != PARAMETER, verdict);
    if (!found)
        return false;
    struct tensor *place = what < 0 ? reference_parameter(w->reference, layer, parameter)
                                    : reference_state(w->reference, what, layer, parameter);
    const bool right = numbers_are_right(snapshot, step, name, found, place, verdict);
    tensor_copy(place, found);
    tensor_free(place);
    return right;
}

/* Where there are masters: what is stored of the parameters has to be their roundings. */
static bool is_rounded(const struct windows *w, struct wholes *snapshot, int step, int layer,
                       int parameter, struct verdict *verdict)
{
    const struct parameter *p = &w->reference->model->layer[layer].parameter[parameter];
    const enum dtype dtype = stage_parameters(w->reference->stage)->dtype;
    g_autofree char *name = name_of(w, layer, p, PARAMETER);
    const struct tensor *found = find(w, snapshot, step, layer, name, p->shape, false, verdict);
    if (!found)
        return false;
    struct tensor *masters = reference_parameter(w->reference, layer, parameter);
    struct tensor *narrow = tensor_narrowed(masters, dtype, MEMORY_WORKSPACE);
    struct tensor *rounded = tensor_widened(narrow, MEMORY_WORKSPACE);
    size_t i = 0;
    while (i < found->elements && tensor_floats(found)[i] == tensor_floats(rounded)[i])
        i++;
    const bool right = i == found->elements;
    if (!right)
        evidence_fail(
            verdict,
            "rank %d, before step %d: element %zu of %s is %.9g, and its master %.9g is %.9g in %s",
            whole_holder(wholes_find(snapshot, name), i), step, i, name,
            (double)tensor_floats(found)[i], (double)tensor_floats(masters)[i],
            (double)tensor_floats(rounded)[i], dtype_name(dtype));
    tensor_free(masters);
    tensor_free(narrow);
    tensor_free(rounded);
    return right;
}

/* A parameter with its master, and its states. */
static bool take_over_all(const struct windows *w, struct wholes *snapshot, int step, int layer,
                          int parameter, struct verdict *verdict)
{
    const int states = optimizer_states(w->reference->optimizer);
    const int first = w->reference->masters ? MASTER : PARAMETER;
    bool right = take_over(w, snapshot, step, layer, parameter, first, verdict) &&
                 (first == PARAMETER || is_rounded(w, snapshot, step, layer, parameter, verdict));
    for (int state = 0; state < states && right; state++)
        right = take_over(w, snapshot, step, layer, parameter, state, verdict);
    return right;
}

/* Every rank's optimizers have stepped once in each training step; what has no parameters need not. */
static bool steps_are_done(struct wholes *snapshot, int step, struct verdict *verdict)
{
    for (int i = 0; i < wholes_files(snapshot); i++) {
        const struct wholes_file *file = wholes_file(snapshot, i);
        gint64 done;
        if (wholes_file_number(file, "steps_done", &done) &&
            (done == step || (done == 0 && file->parameter_bytes == 0)))
            continue;
        const char *text = tensor_file_metadata(file->file, "steps_done");
        evidence_fail(verdict, "rank %d's optimizer has stepped %.32s times before step %d",
                      file->rank, text ? text : "an unknown number of", step);
        return false;
    }
    return true;
}

static bool take_over_snapshot(const struct windows *w, int step, struct verdict *verdict)
{
    struct wholes *snapshot = wholes_read(w->run, "before", step, verdict);
    const struct model *model = w->reference->model;
    bool right = snapshot && steps_are_done(snapshot, step, verdict);
    for (int layer = 0; right && layer < model->layers; layer++)
        for (int p = 0; right && p < model->layer[layer].parameters; p++)
            right = take_over_all(w, snapshot, step, layer, p, verdict);
    wholes_free(snapshot);
    reference_round(w->reference);
    optimizer_set_steps_done(w->reference->optimizer, step);
    return right;
}

/* Did every layer's parameters move since the snapshot before? Keeps a copy of these. */
static bool parameters_moved(struct windows *w, int step, struct verdict *verdict)
{
    const struct tensor *now =
        w->reference->masters ? w->reference->masters : stage_parameters(w->reference->stage);
    const struct model *model = w->reference->model;
    for (int layer = 0; w->before && layer < model->layers; layer++) {
        size_t place = reference_offset(w->reference, layer);
        size_t bytes = model->layer[layer].parameter_count * sizeof(float);
        if (bytes > 0 &&
            !memcmp(tensor_floats(now) + place, tensor_floats(w->before) + place, bytes)) {
            evidence_fail(verdict,
                          "layer %d did not change at all between the snapshots up to step %d",
                          layer, step);
            return false;
        }
    }
    if (!w->before)
        w->before = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, now->shape);
    tensor_copy(w->before, now);
    return true;
}

static double tolerance_of(const struct windows *w)
{
    return w->reference->masters ? SIXTEEN_BITS_TOLERANCE : WINDOW_TOLERANCE;
}

/* Five steps of the judge's own from the snapshot that the reference holds now. */
static bool judge_window(struct windows *w, int step, struct verdict *verdict)
{
    const double tolerance = tolerance_of(w);
    double worst = 0, first = 0, expected = NAN, found = NAN;
    int worst_at = step;
    for (int k = step; k < step + WINDOW_STEPS && k < w->steps; k++) {
        reference_compute(w->reference, k);
        double own = w->reference->loss;
        double difference = fabs(w->loss[k] - own) / fmax(fabs(own), 1e-6);
        if (!(difference <= worst) || k == step) {
            worst = isnan(difference) ? INFINITY : difference;
            worst_at = k;
            expected = own;
            found = w->loss[k];
        }
        first = k == step ? worst : first;
        if (isinf(worst))
            break;
        reference_update(w->reference);
    }
    g_string_append_printf(w->table, "| %d to %d | %.2g | %d | %.7g | %.7g |\n", step,
                           MIN(step + WINDOW_STEPS, w->steps) - 1, worst, worst_at, expected,
                           found);
    if (worst <= tolerance)
        return true;
    if (step > 0 && first <= tolerance && worst <= FLIP_TOLERANCE && w->flips++ == 0)
        return true;
    if (isnan(found))
        evidence_fail(verdict, "step %d has no loss: not exactly one for each micro-batch, or NaN",
                      worst_at);
    else
        evidence_fail(
            verdict,
            "from the snapshot before step %d on, one process goes another way: loss %.7g "
            "expected in step %d, %.7g found (relative difference %.2g, allowed %.0g)",
            step, expected, worst_at, found, worst, tolerance);
    return false;
}

static void judge_snapshots(struct windows *w, struct verdict *verdict)
{
    const struct options *options = &w->run->options;
    bool right = windows_trained_step_by_step(w, verdict);
    g_string_assign(w->table,
                    "\n| steps | worst relative difference | in step | loss expected | loss "
                    "found |\n|---|---|---|---|---|\n");
    for (int i = 0; i < options->snapshots && right; i++) {
        int step = options->snapshot[i];
        right = step < w->steps
                    ? take_over_snapshot(w, step, verdict) && parameters_moved(w, step, verdict) &&
                          judge_window(w, step, verdict)
                    : true;
    }
    right = right && windows_loss_fell(w, verdict) && windows_curve_agrees(w, verdict);
    verdict_explain(verdict, "%s", w->table->str);
}

struct reference *windows_reference(const struct outcome *run, struct verdict *verdict)
{
    return windows_reference_in(run, DTYPE_FLOAT32, verdict);
}

struct reference *windows_reference_in(const struct outcome *run, enum dtype precision,
                                       struct verdict *verdict)
{
    if (run->options.snapshots > 0 && run->options.snapshot[0] == 0 && run->options.steps > 0)
        return reference_in_precision(run, precision, verdict);
    verdict_set(verdict, VERDICT_NOT_JUDGED,
                "there is no reference for this run: it stores no snapshot of its beginning");
    return NULL;
}

void windows_judge(const struct outcome *run, struct reference *reference,
                   const struct windows_rules *rules, struct verdict *verdict)
{
    struct windows w = {.run = run,
                        .rules = rules,
                        .reference = reference,
                        .steps = run->options.steps,
                        .loss = rules->loss,
                        .table = g_string_new(NULL)};
    judge_snapshots(&w, verdict);
    g_string_free(w.table, TRUE);
    tensor_free(w.before);
}
