/* A snapshot in rows; see mixed_snapshot.h. */
#include "assignments/memory/judges/mixed/mixed_snapshot.h"
#include "assignments/memory/options.h"
#include "common/training/optimizer.h"
#include "grader/evidence/wholes.h"

#include <math.h>
#include <string.h>

static const struct mistake infinite = {
    .name = "an overflow gets into the model",
    .explanation = "Float16 ends at 65504. A gradient that is too large for it becomes infinite, "
                   "and a step with it makes masters "
                   "and moments infinite or NaN for good. Such a step must not be taken.",
    .look = "gradients_are_finite: whether it looks at all numbers of all of this rank's shards",
};

/* ---- one row ------------------------------------------------------------------------------------------- */

struct reading {
    const struct outcome *run;
    const struct mixed_truth *truth;
    struct wholes *wholes;
    int step;
    struct verdict *verdict;
};

static bool is_finite(const struct reading *r, const char *name, const struct tensor *found)
{
    for (size_t i = 0; i < found->elements; i++) {
        const float number = tensor_floats(found)[i];
        if (isfinite(number))
            continue;
        evidence_fail(r->verdict, "rank %d, before step %d: element %zu of %s is %s",
                      whole_holder(wholes_find(r->wholes, name), i), r->step, i, name,
                      isnan(number) ? "NaN" : "infinite");
        if (r->truth->precision == DTYPE_FLOAT16)
            verdict_name_mistake(r->verdict, &infinite);
        return false;
    }
    return true;
}

static bool read_one(const struct reading *r, int layer, int p, const char *ending, int copies,
                     float *row)
{
    const struct parameter *parameter = &r->truth->model->layer[layer].parameter[p];
    g_autofree char *name = g_strdup_printf("layers.%d.%s%s", layer, parameter->name, ending);
    g_autoptr(GString) why = g_string_new(NULL);
    const struct tensor *found = wholes_assemble(r->wholes, name, DTYPE_FLOAT32, &parameter->shape,
                                                 (struct wholes_rules){.copies = copies}, why);
    size_t begin, end;
    if (!found) {
        evidence_fail(r->verdict, "before step %d: %s", r->step, why->str);
        return false;
    }
    stage_layer_range(r->truth->stage, layer, &begin, &end);
    memcpy(row + begin + parameter->offset, tensor_floats(found), found->elements * sizeof *row);
    return is_finite(r, name, found);
}

/* copies: as struct wholes_rules. A new row; NULL after setting the verdict. */
static float *read_row(const struct reading *r, const char *ending, int copies)
{
    const struct model *model = r->truth->model;
    float *row = g_new0(float, r->truth->count + 1);
    bool right = true;
    for (int layer = 0; layer < model->layers && right; layer++)
        for (int p = 0; p < model->layer[layer].parameters && right; p++)
            right = read_one(r, layer, p, ending, copies, row);
    if (right)
        return row;
    g_free(row);
    return NULL;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static void count_own(const struct reading *r, const char *ending, struct mixed_snapshot *snapshot)
{
    for (int i = 0; i < wholes_count(r->wholes); i++) {
        const struct whole *whole = wholes_at(r->wholes, i);
        for (guint k = 0; g_str_has_suffix(whole->name, ending) && k < whole->parts->len; k++) {
            const struct whole_part *part = whole_part_at(whole, k);
            snapshot->own[part->from->rank] += part->is.count;
        }
    }
}

static void read_steps(const struct reading *r, struct mixed_snapshot *snapshot)
{
    for (int rank = 0; rank < r->run->ranks; rank++)
        snapshot->steps_done[rank] = -1;
    for (int i = 0; i < wholes_files(r->wholes); i++) {
        const struct wholes_file *file = wholes_file(r->wholes, i);
        gint64 done;
        if (wholes_file_number(file, "steps_done", &done))
            snapshot->steps_done[file->rank] = done;
    }
}

static bool read_all(const struct reading *r, struct mixed_snapshot *snapshot)
{
    const int zero = memory_options(&r->run->options).zero;
    const bool adamw = r->run->options.optimizer.kind == OPTIMIZER_ADAMW;
    snapshot->states = adamw ? 2 : 1;
    snapshot->state_name[0] = adamw ? "exp_avg" : "momentum_buffer";
    snapshot->state_name[1] = "exp_avg_sq";
    snapshot->parameters = read_row(r, "", zero == 3 ? 1 : r->run->ranks);
    bool right = snapshot->parameters != NULL;
    if (right && r->truth->precision != DTYPE_FLOAT32) {
        snapshot->masters = read_row(r, ".master", zero == 0 ? r->run->ranks : 1);
        right = snapshot->masters != NULL;
        count_own(r, ".master", snapshot);
    }
    for (int i = 0; i < snapshot->states && right; i++) {
        g_autofree char *ending = g_strdup_printf(".%s", snapshot->state_name[i]);
        snapshot->state[i] = read_row(r, ending, zero == 0 ? r->run->ranks : 1);
        right = snapshot->state[i] != NULL;
        if (!snapshot->masters && i == 0)
            count_own(r, ending, snapshot);
    }
    read_steps(r, snapshot);
    return right;
}

struct mixed_snapshot *mixed_snapshot_read(const struct outcome *run,
                                           const struct mixed_truth *truth, int step,
                                           struct verdict *verdict)
{
    const struct reading r = {run, truth, wholes_read(run, "before", step, verdict), step, verdict};
    if (!r.wholes)
        return NULL;
    struct mixed_snapshot *snapshot = g_new0(struct mixed_snapshot, 1);
    snapshot->step = step;
    snapshot->count = truth->count;
    snapshot->steps_done = g_new0(gint64, run->ranks);
    snapshot->own = g_new0(size_t, run->ranks);
    if (!read_all(&r, snapshot)) {
        mixed_snapshot_free(snapshot);
        snapshot = NULL;
    }
    wholes_free(r.wholes);
    return snapshot;
}

void mixed_snapshot_free(struct mixed_snapshot *snapshot)
{
    if (!snapshot)
        return;
    g_free(snapshot->parameters);
    g_free(snapshot->masters);
    for (int i = 0; i < snapshot->states; i++)
        g_free(snapshot->state[i]);
    g_free(snapshot->steps_done);
    g_free(snapshot->own);
    g_free(snapshot);
}

char *mixed_place_name(const struct mixed_truth *truth, size_t place)
{
    for (int layer = 0; layer < truth->model->layers; layer++) {
        size_t begin, end;
        stage_layer_range(truth->stage, layer, &begin, &end);
        if (place < begin || place >= end)
            continue;
        const struct layer *one = &truth->model->layer[layer];
        int p = 0;
        while (p + 1 < one->parameters && begin + one->parameter[p + 1].offset <= place)
            p++;
        return g_strdup_printf("element %zu of layers.%d.%s",
                               place - begin - one->parameter[p].offset, layer,
                               one->parameter[p].name);
    }
    return g_strdup_printf("number %zu", place);
}
