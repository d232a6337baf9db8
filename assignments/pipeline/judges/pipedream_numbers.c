/*
 * Judge "pipedream", second part: losses, parameters and optimizer state. From
 * each snapshot the judge trains on by the rule (asynchronous.h); where the
 * numbers are others, it looks whether they are those of a known mistake.
 */
#include "assignments/pipeline/judges/pipedream.h"

#include <math.h>
#include <string.h>

#define WINDOW_STEPS 5
/* The judge computes micro-batch by micro-batch as the program does: rounding is much the same. */
#define LOSS_TOLERANCE 5e-6
/* Of a tensor's change since the snapshot before. */
#define CHANGE_TOLERANCE 1e-3
/* AdamW divides by the size of the gradient: where that is nothing but rounding, right parameters
 * differ by whole steps. Its state tells them apart; its parameters are judged by this. */
#define ADAMW_CHANGE_TOLERANCE 0.2

/* ---- snapshots --------------------------------------------------------------------------------- */

typedef bool tensor_function(const struct asynchronous_run *t, const struct tensor *found,
                             struct tensor *own, int step, const char *name, void *user,
                             struct verdict *verdict);

/* One tensor of a snapshot; NULL after setting the verdict. */
static const struct tensor *find(const struct asynchronous_run *t, struct wholes *snapshot,
                                 int step, int layer, const char *name, struct shape shape,
                                 struct verdict *verdict)
{
    int s = stages_owner(t->stage, t->stages, layer);
    const struct whole_part *part = stages_part(snapshot, name, s);
    g_autoptr(GString) why = g_string_new(NULL);
    const struct tensor *found = NULL;
    if (!part || part->tensor->dtype != DTYPE_FLOAT32 || !shape_equal(part->is.slice.whole, shape))
        evidence_fail(verdict, "rank %d's snapshot before step %d has no %s of the right shape",
                      t->stage[s].rank, step, name);
    else if (!(found = wholes_assemble(snapshot, name, DTYPE_FLOAT32, &shape,
                                       (struct wholes_rules){.copies = 1}, why)))
        evidence_fail(verdict, "before step %d: %s", step, why->str);
    return found;
}

/* Calls `each` for every tensor of the snapshot before a step with the judge's own of that place. */
static bool for_each_tensor(const struct asynchronous_run *t, struct asynchronous *own, int step,
                            tensor_function *each, void *user, struct verdict *verdict)
{
    struct wholes *snapshot = wholes_read(t->run, "before", step, verdict);
    const struct model *model = t->reference->model;
    bool right = snapshot;
    for (int layer = 0; right && layer < model->layers; layer++)
        for (int k = 0; right && k < model->layer[layer].parameters; k++)
            for (int state = -1; right && state < optimizer_states(own->optimizer[0]); state++) {
                struct tensor *place = asynchronous_tensor(own, layer, k, state);
                g_autofree char *name = g_strdup_printf(
                    "layers.%d.%s%s%s", layer, model->layer[layer].parameter[k].name,
                    state < 0 ? "" : ".",
                    state < 0 ? "" : optimizer_state_name(own->optimizer[0], state));
                const struct tensor *found =
                    find(t, snapshot, step, layer, name, place->shape, verdict);
                right = found && each(t, found, place, step, name, user, verdict);
                tensor_free(place);
            }
    wholes_free(snapshot);
    return right;
}

static bool take_over(const struct asynchronous_run *t, const struct tensor *found,
                      struct tensor *own, int step, const char *name, void *user,
                      struct verdict *verdict)
{
    (void)t, (void)user;
    bool right = step > 0 || !memcmp(found->data, own->data, tensor_bytes(own));
    if (!right)
        evidence_fail(
            verdict, "%s before the first step is not the initial value that the seed gives", name);
    for (int i = 0; i < found->count && right; i++) {
        right = isfinite(tensor_floats(found)[i]);
        if (!right)
            evidence_fail(verdict, "before step %d: element %d of %s is %s", step, i, name,
                          isnan(tensor_floats(found)[i]) ? "NaN" : "infinite");
    }
    tensor_copy(own, found);
    return right;
}

/* A copy of the judge's own at a snapshot; NULL after setting the verdict. */
static struct asynchronous *continue_from(const struct asynchronous_run *t, int step,
                                          struct verdict *verdict)
{
    struct asynchronous *own =
        asynchronous_new(t->reference, t->stage, t->stages, t->micro_batches);
    if (!for_each_tensor(t, own, step, take_over, NULL, verdict)) {
        asynchronous_free(own);
        return NULL;
    }
    for (int s = 0; s < t->stages; s++)
        optimizer_set_steps_done(own->optimizer[s], step * t->micro_batches);
    return own;
}

/* ---- comparing --------------------------------------------------------------------------------- */

struct comparison {
    GPtrArray *start; /* the tensors of the snapshot that the window began with, one by one */
    guint next;
    double worst; /* a tensor's difference over its change; above 1: beyond the tolerance */
    char *worst_name;
};

static bool remember(const struct asynchronous_run *t, const struct tensor *found,
                     struct tensor *own, int step, const char *name, void *user,
                     struct verdict *verdict)
{
    (void)t, (void)own, (void)step, (void)name, (void)verdict;
    struct comparison *comparison = user;
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, found->shape);
    tensor_copy(copy, found);
    g_ptr_array_add(comparison->start, copy);
    return true;
}

static bool compare(const struct asynchronous_run *t, const struct tensor *found,
                    struct tensor *own, int step, const char *name, void *user,
                    struct verdict *verdict)
{
    (void)step, (void)verdict;
    struct comparison *comparison = user;
    const float *start = tensor_floats(g_ptr_array_index(comparison->start, comparison->next++));
    const float *is = tensor_floats(found), *due = tensor_floats(own);
    double difference = 0, change = 0, size = 0;
    for (int i = 0; i < own->count; i++) {
        difference += ((double)is[i] - due[i]) * ((double)is[i] - due[i]);
        change += ((double)due[i] - start[i]) * ((double)due[i] - start[i]);
        size += (double)due[i] * due[i];
    }
    bool loose = t->run->options.optimizer.kind == OPTIMIZER_ADAMW && !strstr(name, ".exp_avg");
    /* Rounding of what hardly changes at all counts by its size. */
    double allowed =
        (loose ? ADAMW_CHANGE_TOLERANCE : CHANGE_TOLERANCE) * sqrt(change) + 1e-6 * sqrt(size);
    double worst = difference == 0 ? 0 : sqrt(difference) / allowed;
    if (!(worst <= comparison->worst)) {
        comparison->worst = isnan(worst) ? INFINITY : worst;
        g_free(comparison->worst_name);
        comparison->worst_name = g_strdup(name);
    }
    return true;
}

/* How far a rule's numbers are from the run's. */
struct distance {
    int steps;            /* that were compared */
    double loss;          /* worst relative difference */
    int loss_at;          /* the step of it … */
    double due, found;    /* … and the two losses */
    int parameters_at;    /* the snapshot before this step was compared; -1: none */
    double parameters;    /* worst difference, 1 being the tolerance */
    char *parameter_name; /* … of this tensor, to be freed */
};

static bool is_near(const struct distance *distance)
{
    return distance->loss <= LOSS_TOLERANCE && distance->parameters <= 1;
}

static void compare_loss(const struct asynchronous_run *t, int step, double due,
                         struct distance *distance)
{
    double difference = fabs(t->loss[step] - due) / fmax(fabs(due), 1e-6);
    if (distance->steps++ > 0 && difference <= distance->loss)
        return;
    distance->loss = isnan(difference) ? INFINITY : difference;
    distance->loss_at = step;
    distance->due = due;
    distance->found = t->loss[step];
}

static bool compare_parameters(const struct asynchronous_run *t, struct asynchronous *own, int from,
                               int to, struct distance *distance, struct verdict *verdict)
{
    struct comparison comparison = {
        .start = g_ptr_array_new_with_free_func((GDestroyNotify)tensor_free)};
    bool there = for_each_tensor(t, own, from, remember, &comparison, verdict) &&
                 for_each_tensor(t, own, to, compare, &comparison, verdict);
    g_ptr_array_unref(comparison.start);
    distance->parameters_at = to;
    distance->parameters = comparison.worst;
    distance->parameter_name = comparison.worst_name;
    return there;
}

/* Trains on from the snapshot before step `from` by a rule, up to the next snapshot or for some
 * steps. False after setting the verdict: the evidence can't be used. */
static bool measure(const struct asynchronous_run *t, int from, int next,
                    enum asynchronous_rule rule, struct distance *distance, struct verdict *verdict)
{
    *distance = (struct distance){.parameters_at = -1};
    struct asynchronous *own = continue_from(t, from, verdict);
    if (!own)
        return false;
    int last = MIN(t->run->options.steps, from + WINDOW_STEPS);
    int end = next > from ? MIN(next, last) : last;
    for (int step = from; step < end && !isinf(distance->loss); step++)
        compare_loss(t, step, asynchronous_step(own, step, rule), distance);
    bool there =
        !(next > from && end == next) || compare_parameters(t, own, from, next, distance, verdict);
    asynchronous_free(own);
    return there;
}

/* The numbers are wrong: whose are they? */
static void explain_numbers(const struct asynchronous_run *t, int from, int next,
                            struct verdict *verdict)
{
    struct asynchronous_evidence evidence = {.stages = t->stages,
                                             .micro_batches = t->micro_batches};
    g_autofree struct version_use *use = g_new(struct version_use, t->stages * t->micro_batches);
    for (int s = 0; s < t->stages; s++) /* else this would not have been reached */
        for (int i = 0; i < t->micro_batches; i++)
            use[s * t->micro_batches + i].forward = use[s * t->micro_batches + i].backward =
                asynchronous_version(t->stages, s, i);
    g_autofree bool *versioned = g_new(bool, t->stages);
    evidence.use = use;
    evidence.facts = pipedream_facts(t, from, versioned);
    evidence.loss = loss_facts_read(t->run, from);
    for (int rule = ASYNCHRONOUS_RIGHT + 1; rule < ASYNCHRONOUS_RULES; rule++) {
        struct distance distance;
        evidence.fits[rule] =
            measure(t, from, next, (enum asynchronous_rule)rule, &distance, verdict) &&
            is_near(&distance);
        g_free(distance.parameter_name);
    }
    pipedream_name_mistake(&evidence, verdict);
    struct matching *matching = matching_new(t->run->log, t->run->ranks);
    struct flow flow =
        flow_find(t->run, matching, (struct flow_sizes){t->reference->model, t->stage}, from,
                  t->micro_batches);
    if (verdict->mistake->len == 0)
        flow_explain(&flow, t->run, matching, verdict);
    matching_free(matching);
}

static bool judge_window(const struct asynchronous_run *t, int from, int next,
                         struct verdict *verdict)
{
    struct distance distance;
    bool there = measure(t, from, next, ASYNCHRONOUS_RIGHT, &distance, verdict);
    g_autofree char *name = distance.parameter_name;
    if (!there)
        return false;
    g_string_append_printf(t->table, "| %d to %d | %.2g | %d | %.7g | %.7g |\n", from,
                           from + distance.steps - 1, distance.loss, distance.loss_at, distance.due,
                           distance.found);
    if (is_near(&distance))
        return true;
    if (isnan(distance.found))
        evidence_fail(verdict, "step %d has no loss: not exactly one for each micro-batch, or NaN",
                      distance.loss_at);
    else if (distance.loss > LOSS_TOLERANCE)
        evidence_fail(verdict,
                      "from the snapshot before step %d on, the rule of PipeDream gives another "
                      "loss: %.7g expected in step %d, %.7g found (relative difference %.2g, "
                      "allowed %.0g)",
                      from, distance.due, distance.loss_at, distance.found, distance.loss,
                      LOSS_TOLERANCE);
    else
        evidence_fail(verdict,
                      "before step %d %s is not what the rule of PipeDream makes of the snapshot "
                      "before step %d (%.3g times as far off as rounding explains)",
                      distance.parameters_at, name, from, distance.parameters);
    verdict_explain(verdict, "%s", t->table->str);
    explain_numbers(t, from, next, verdict);
    return false;
}

static bool steps_done_are(const struct asynchronous_run *t, int step, struct verdict *verdict)
{
    struct wholes *snapshot = wholes_read(t->run, "before", step, verdict);
    bool right = snapshot;
    for (int i = 0; right && i < wholes_files(snapshot); i++) {
        const struct wholes_file *file = wholes_file(snapshot, i);
        gint64 done;
        /* What has no parameters need not step. */
        right =
            wholes_file_number(file, "steps_done", &done) &&
            (done == (gint64)step * t->micro_batches || (done == 0 && file->parameter_bytes == 0));
        const char *text = tensor_file_metadata(file->file, "steps_done");
        if (!right)
            evidence_fail(verdict,
                          "rank %d's optimizer has stepped %.32s times before step %d; %d steps "
                          "with %d micro-batches each lie before it",
                          file->rank, text ? text : "an unknown number of", step, step,
                          t->micro_batches);
    }
    wholes_free(snapshot);
    return right;
}

void pipedream_judge_numbers(const struct asynchronous_run *t, struct verdict *verdict)
{
    const struct options *options = &t->run->options;
    g_string_assign(t->table,
                    "\n| steps | worst relative difference | in step | loss expected | loss "
                    "found |\n|---|---|---|---|---|\n");
    bool right = true;
    for (int i = 0; i < options->snapshots && right; i++) {
        int from = options->snapshot[i];
        int next = i + 1 < options->snapshots ? options->snapshot[i + 1] : -1;
        right = from > options->steps || steps_done_are(t, from, verdict);
        if (right && from < options->steps)
            right = judge_window(t, from, next <= options->steps ? next : -1, verdict);
    }
    if (right)
        verdict_explain(verdict, "%s", t->table->str);
}
