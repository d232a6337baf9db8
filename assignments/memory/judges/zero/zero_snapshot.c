/* Snapshots as flat arrays; see zero_snapshot.h. */
#include "assignments/memory/judges/zero/zero_snapshot.h"

#include <math.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------------- */

const char *memory_zero_kind_name(enum zero_kind kind, enum optimizer_kind optimizer)
{
    static const char *const adamw[] = {"", ".exp_avg", ".exp_avg_sq", ".master"};
    static const char *const sgd[] = {"", ".momentum_buffer", NULL, ".master"};
    return optimizer == OPTIMIZER_ADAMW ? adamw[kind] : sgd[kind];
}

char *memory_zero_place(const struct model *model, size_t element)
{
    for (int layer = 0; layer < model->layers; layer++) {
        const struct layer *of = &model->layer[layer];
        for (int p = of->parameters; element < of->parameter_count && p-- > 0;)
            if ((size_t)of->parameter[p].offset <= element)
                return g_strdup_printf("element %zu of layers.%d.%s",
                                       element - (size_t)of->parameter[p].offset, layer,
                                       of->parameter[p].name);
        element -= of->parameter_count;
    }
    return g_strdup("an element that is none");
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* Where a part goes. */
struct filling {
    struct zero_numbers *to;
    const float *from;
    size_t begin, in_tensor, first; /* of the whole, in the row; see struct tensor_part */
};

static void fill(size_t in_part, size_t in_whole, size_t length, void *user)
{
    const struct filling *filling = user;
    for (size_t i = 0; i < length; i++) {
        const size_t at = filling->begin + in_whole + i;
        filling->to->value[at] = filling->from[filling->in_tensor + in_part - filling->first + i];
        filling->to->count += !filling->to->there[at];
        filling->to->there[at] = true;
    }
}

static void take_part(struct zero_snapshot *snapshot, enum zero_kind kind,
                      const struct whole_part *part, size_t begin)
{
    struct filling filling = {.to = &snapshot->of[kind][part->from->rank],
                              .from = tensor_floats(part->tensor),
                              .begin = begin,
                              .in_tensor = part->is.in_tensor,
                              .first = part->is.first};
    slice_walk(&part->is.slice, part->is.first, part->is.count, fill, &filling);
}

static bool take_whole(struct zero_snapshot *snapshot, const struct wholes *wholes, int layer,
                       const struct parameter *p, enum zero_kind kind, const char *ending,
                       size_t begin, struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf("layers.%d.%s%s", layer, p->name, ending);
    const struct whole *whole = wholes_find(wholes, name);
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->tensor->dtype != DTYPE_FLOAT32 || !shape_equal(part->is.slice.whole, p->shape)) {
            evidence_fail(verdict, "before step %d: rank %d's %s is not of the model's shape",
                          snapshot->step, part->from->rank, name);
            return false;
        }
        take_part(snapshot, kind, part, begin);
    }
    return true;
}

static void make_room(struct zero_snapshot *snapshot)
{
    for (int kind = 0; kind < ZERO_KINDS; kind++) {
        snapshot->of[kind] = g_new0(struct zero_numbers, snapshot->ranks);
        for (int rank = 0; rank < snapshot->ranks; rank++) {
            snapshot->of[kind][rank].value = g_new0(float, snapshot->count + 1);
            snapshot->of[kind][rank].there = g_new0(bool, snapshot->count + 1);
        }
    }
}

struct zero_snapshot *memory_zero_snapshot_new(const struct outcome *run, const struct model *model,
                                               enum optimizer_kind optimizer, int step,
                                               struct verdict *verdict)
{
    struct wholes *wholes = wholes_read(run, "before", step, verdict);
    if (!wholes)
        return NULL;
    struct zero_snapshot *snapshot = g_new0(struct zero_snapshot, 1);
    *snapshot = (struct zero_snapshot){.step = step, .ranks = run->ranks, .model = model};
    for (int layer = 0; layer < model->layers; layer++)
        snapshot->count += model->layer[layer].parameter_count;
    make_room(snapshot);
    bool right = true;
    size_t begin = 0;
    for (int layer = 0; layer < model->layers; layer++) {
        const struct layer *of = &model->layer[layer];
        for (int p = 0; p < of->parameters; p++)
            for (int kind = 0; right && kind < ZERO_KINDS; kind++) {
                const char *ending = memory_zero_kind_name((enum zero_kind)kind, optimizer);
                right = !ending ||
                        take_whole(snapshot, wholes, layer, &of->parameter[p], (enum zero_kind)kind,
                                   ending, begin + (size_t)of->parameter[p].offset, verdict);
            }
        begin += of->parameter_count;
    }
    wholes_free(wholes);
    if (right)
        return snapshot;
    memory_zero_snapshot_free(snapshot);
    return NULL;
}

void memory_zero_snapshot_free(struct zero_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (int kind = 0; kind < ZERO_KINDS; kind++) {
        for (int rank = 0; rank < snapshot->ranks; rank++) {
            g_free(snapshot->of[kind][rank].value);
            g_free(snapshot->of[kind][rank].there);
        }
        g_free(snapshot->of[kind]);
    }
    g_free(snapshot);
}

/* ---- all ranks together ----------------------------------------------------------------------------- */

int memory_zero_holder(const struct zero_snapshot *snapshot, enum zero_kind kind, size_t element)
{
    for (int rank = 0; rank < snapshot->ranks; rank++)
        if (snapshot->of[kind][rank].there[element])
            return rank;
    return -1;
}

static const struct mistake nobodys = {
    "some numbers are in nobody's shard",
    "No rank keeps the optimizer's state of some parameters, or these themselves: they are never "
    "updated.",
    "shard: what is left over when the ranks do not divide the count, and where each shard ends"};
static const struct mistake twice = {"shards overlap",
                                     "Some numbers are in the shards of two ranks.",
                                     "shard: each shard begins where the one before it ends"};

static bool element_is_held(const struct zero_snapshot *snapshot, enum zero_kind kind, bool copies,
                            size_t at, struct verdict *verdict)
{
    const int holder = memory_zero_holder(snapshot, kind, at);
    int holders = 0;
    for (int rank = 0; rank < snapshot->ranks; rank++)
        holders += snapshot->of[kind][rank].there[at];
    const int due = copies ? snapshot->ranks : 1;
    if (holders == due && isfinite(snapshot->of[kind][holder].value[at]))
        return true;
    static const char *const what[] = {"", "the optimizer's state of ", "the optimizer's state of ",
                                       "the master of "};
    g_autofree char *place = memory_zero_place(snapshot->model, at);
    if (holders == due)
        evidence_fail(verdict, "before step %d: on rank %d %s%s is %g", snapshot->step, holder,
                      what[kind], place, (double)snapshot->of[kind][holder].value[at]);
    else
        evidence_fail(verdict, "before step %d: %s%s is on %d ranks, not on %d", snapshot->step,
                      what[kind], place, holders, due);
    if (holders != due && !copies)
        verdict_name_mistake(verdict, holders == 0 ? &nobodys : &twice);
    return false;
}

float *memory_zero_merge(const struct zero_snapshot *snapshot, enum zero_kind kind, bool copies,
                         struct verdict *verdict)
{
    float *all = g_new(float, snapshot->count + 1);
    for (size_t at = 0; at < snapshot->count; at++) {
        if (!element_is_held(snapshot, kind, copies, at, verdict)) {
            g_free(all);
            return NULL;
        }
        const int holder = memory_zero_holder(snapshot, kind, at);
        all[at] = snapshot->of[kind][holder].value[at];
    }
    return all;
}
