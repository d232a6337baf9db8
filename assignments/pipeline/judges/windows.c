/*
 * Judge "windows".
 *
 * Run:       hundreds of training steps on real data; parameters and optimizer state are stored
 *            before some of them. (Two right runs drift apart, so a band around a curve decides
 *            nothing.)
 * Must hold: the first snapshot has the judge's own initial values; from each one the judge trains
 *            on by itself, in one process, for five steps, and the losses agree; and what lies
 *            between two snapshots is training: a step of the optimizer in each step, parameters
 *            that change, a loss that falls.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/stages.h"
#include "common/files/curve.h"
#include "grader/truth/reference.h"

#include <math.h>
#include <string.h>

#define WINDOW_STEPS 5
/* The worst of 240 right windows: 2.8e-7. The mildest wrong run: 1.2e-5. */
#define WINDOW_TOLERANCE 5e-6
/* One later window may be further off, where an activation lies so near to 0 that rounding decides
 * on which side. That changes a gradient and so the losses behind it, but not the loss of the
 * window's first step: forwards are continuous. */
#define FLIP_TOLERANCE 1e-2

struct windows {
    const struct outcome *run;
    struct reference *reference;
    const struct evidence_stage *stage;
    int steps;             /* that the losses were read for */
    double *loss;          /* of the run, per step */
    int flips;             /* windows beyond the tolerance so far, within FLIP_TOLERANCE */
    struct tensor *before; /* all parameters of the snapshot before this one, or NULL */
    GString *table;
};

/* Copies one tensor of a snapshot to its place in the reference. */
static bool take_over(const struct windows *w, struct tensor_file *const *file, int step, int layer,
                      int parameter, int state, struct verdict *verdict)
{
    const struct parameter *p = &w->reference->model->layer[layer].parameter[parameter];
    int s = stages_owner(w->stage, stages_count(w->run), layer);
    int rank = w->stage[s].rank;
    g_autofree char *name =
        state < 0 ? g_strdup_printf("layers.%d.%s", layer, p->name)
                  : g_strdup_printf("layers.%d.%s.%s", layer, p->name,
                                    optimizer_state_name(w->reference->optimizer, state));
    const struct tensor *found = tensor_file_get(file[s], name);
    if (!found || found->dtype != DTYPE_FLOAT32 || !shape_equal(found->shape, p->shape)) {
        evidence_fail(verdict, "rank %d's snapshot before step %d has no %s of the right shape",
                      rank, step, name);
        return false;
    }
    for (int i = 0; i < found->count; i++)
        if (!isfinite(tensor_floats(found)[i])) {
            evidence_fail(verdict, "rank %d, before step %d: element %d of %s is %s", rank, step, i,
                          name, isnan(tensor_floats(found)[i]) ? "NaN" : "infinite");
            return false;
        }
    struct tensor *place = state < 0 ? reference_parameter(w->reference, layer, parameter)
                                     : reference_state(w->reference, state, layer, parameter);
    bool initial_differs = step == 0 && memcmp(place->data, found->data, tensor_bytes(found)) != 0;
    tensor_copy(place, found);
    tensor_free(place);
    if (initial_differs)
        evidence_fail(verdict,
                      "rank %d's %s before the first step is not the initial value that the seed "
                      "gives",
                      rank, name);
    return !initial_differs;
}

static bool take_over_snapshot(const struct windows *w, int step, struct verdict *verdict)
{
    struct tensor_file **file = stages_tensors(w->run, "before", step, w->stage, verdict);
    const struct model *model = w->reference->model;
    int states = optimizer_states(w->reference->optimizer);
    bool right = file;
    int stages = stages_count(w->run);
    for (int s = 0; right && s < stages; s++) {
        const char *done = tensor_file_metadata(file[s], "steps_done");
        /* What has no parameters need not step. */
        right = done && (g_ascii_strtoll(done, NULL, 10) == step ||
                         (g_str_equal(done, "0") && w->stage[s].parameter_bytes == 0));
        if (!right)
            evidence_fail(verdict, "rank %d's optimizer has stepped %s times before step %d",
                          w->stage[s].rank, done ? done : "an unknown number of", step);
    }
    for (int layer = 0; right && layer < model->layers; layer++)
        for (int p = 0; right && p < model->layer[layer].parameters; p++)
            for (int state = -1; right && state < states; state++)
                right = take_over(w, file, step, layer, p, state, verdict);
    stages_tensors_free(file, stages);
    optimizer_set_steps_done(w->reference->optimizer, step);
    return right;
}

/* Did every layer's parameters move since the snapshot before? Keeps a copy of these. */
static bool parameters_moved(struct windows *w, int step, struct verdict *verdict)
{
    const struct tensor *now = stage_parameters(w->reference->stage);
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

/* Five steps of the judge's own from the snapshot that the reference holds now. */
static bool judge_window(struct windows *w, int step, struct verdict *verdict)
{
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
    if (worst <= WINDOW_TOLERANCE)
        return true;
    if (step > 0 && first <= WINDOW_TOLERANCE && worst <= FLIP_TOLERANCE && w->flips++ == 0)
        return true;
    if (isnan(found))
        evidence_fail(verdict, "step %d has no loss: not exactly one for each micro-batch, or NaN",
                      worst_at);
    else
        evidence_fail(
            verdict,
            "from the snapshot before step %d on, one process goes another way: loss %.7g "
            "expected in step %d, %.7g found (relative difference %.2g, allowed %.0g)",
            step, expected, worst_at, found, worst, WINDOW_TOLERANCE);
    return false;
}

/* Exactly one optimizer step in each training step, and all steps in their order. */
static bool trained_step_by_step(const struct windows *w, struct verdict *verdict)
{
    int chunks = pipeline_chunks(&w->run->options);
    for (int rank = 0; rank < w->run->ranks; rank++) {
        const struct log_file *log = &w->run->log[rank];
        int next = 0, optimizer = 0;
        bool right = true;
        for (size_t i = 0; i < log->count && right; i++) {
            const struct log_record *record = &log->record[i];
            if (record->operation == LOG_OPTIMIZER_STEP && record->phase == LOG_BEGIN)
                optimizer++;
            else if (record->operation == LOG_STEP_BEGIN)
                right = log_step(record) == next;
            else if (record->operation == LOG_STEP_END)
                right = optimizer == ++next * chunks ||
                        (optimizer == 0 && !w->stage[rank].parameter_bytes);
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

static bool loss_fell(const struct windows *w, struct verdict *verdict)
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

/* The learning curve and the log have to tell the same losses. */
static bool curve_agrees(const struct windows *w, struct verdict *verdict)
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

static void judge_snapshots(struct windows *w, struct verdict *verdict)
{
    const struct options *options = &w->run->options;
    bool right = trained_step_by_step(w, verdict);
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
    right = right && loss_fell(w, verdict) && curve_agrees(w, verdict);
    verdict_explain(verdict, "%s", w->table->str);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    char error[REFERENCE_ERROR_SIZE] = "it stores no snapshot of its beginning";
    if (!evidence_logs(run, verdict))
        return;
    struct windows w = {.run = run, .steps = run->options.steps};
    bool judgeable = run->options.snapshots > 0 && run->options.snapshot[0] == 0 && w.steps > 0;
    w.reference = judgeable ? reference_new(&run->options, error) : NULL;
    if (!w.reference) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
        return;
    }
    g_autofree struct evidence_stage *stage = stages_read(run, w.reference->model->layers, verdict);
    int rank = evidence_loss_rank(run);
    if (stage && rank < 0)
        evidence_fail(verdict, "no rank computed a loss");
    if (stage && rank >= 0) {
        w.stage = stage;
        w.loss = g_new(double, w.steps);
        w.table = g_string_new(NULL);
        evidence_losses(&run->log[rank], options_micro_batches(&run->options), w.steps, w.loss);
        judge_snapshots(&w, verdict);
        g_string_free(w.table, TRUE);
        g_free(w.loss);
        tensor_free(w.before);
    }
    reference_free(w.reference);
}

void judge_windows(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "one process continues from each snapshot with the same losses");
}
