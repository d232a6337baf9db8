/* Numbers of pipelines that share the optimizer's state, against one process; see combination.h. */
#include "assignments/memory/judges/combination/combination_parts.h"

#include <math.h>
#include <string.h>

static const struct mistake stale = {
    "parameters are not gathered behind the step",
    "Outside of its own shard a rank still has the parameters from before the step.",
    "all_gather_parameters, of every unit, behind update_own_parameters"};

static const char *ending(const struct combination *c, int state)
{
    static const char *const adamw[] = {".exp_avg", ".exp_avg_sq"};
    const bool is_adamw = c->run->options.optimizer.kind == OPTIMIZER_ADAMW;
    return state < 0 ? "" : is_adamw ? adamw[state] : ".momentum_buffer";
}

char *memory_combination_name(const struct combination *c, int layer, int parameter, int state)
{
    return g_strdup_printf("layers.%d.%s%s", layer,
                           c->reference->model->layer[layer].parameter[parameter].name,
                           ending(c, state));
}

/* ---- putting together --------------------------------------------------------------------------------- */

/* Where two ranks' copies differ, does one of them have what was there before the step? */
static bool is_stale(const struct combination *c, const char *name)
{
    const struct tensor *old = wholes_tensor(c->before, name);
    const struct whole *whole = wholes_find(c->after, name);
    for (guint i = 0; old && whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        struct tensor *own = slice_part_new(&part->is.slice, old);
        int same = 0;
        for (int k = 0; k < own->count && own->count == part->tensor->count; k++)
            same += tensor_floats(own)[k] == tensor_floats(part->tensor)[k];
        const bool stays = own->count > 0 && 4 * same > own->count;
        tensor_free(own);
        if (stays)
            return true;
    }
    return false;
}

const struct tensor *memory_combination_assemble(const struct combination *c, struct wholes *wholes,
                                                 int layer, int parameter, int state,
                                                 struct verdict *verdict)
{
    g_autofree char *name = memory_combination_name(c, layer, parameter, state);
    g_autoptr(GString) why = g_string_new(NULL);
    /* Of ranks that share a layer one alone may add its bias for all. */
    const struct wholes_rules rules = {
        .finite = true, .one_is_enough = c->place.slices > 1 ? whole_is_of_a_bias : NULL};
    const struct shape *shape = &c->reference->model->layer[layer].parameter[parameter].shape;
    const struct tensor *whole = wholes_assemble(wholes, name, DTYPE_FLOAT32, shape, rules, why);
    if (whole)
        return whole;
    evidence_fail(verdict, "%s step %d: %s", wholes == c->before ? "before" : "behind", c->step,
                  why->str);
    if (wholes == c->after && state < 0 && is_stale(c, name))
        verdict_name_mistake(verdict, &stale);
    return NULL;
}

static bool copy(const struct tensor *from, struct tensor *to)
{
    if (from)
        memcpy(to->data, from->data, tensor_bytes(to));
    tensor_free(to);
    return from != NULL;
}

/* The reference goes on from what the ranks had. */
static bool take_over(struct combination *c, int layer, int parameter, struct verdict *verdict)
{
    struct reference *r = c->reference;
    bool right = copy(memory_combination_assemble(c, c->before, layer, parameter, -1, verdict),
                      reference_parameter(r, layer, parameter));
    for (int i = 0; right && i < optimizer_states(r->optimizer); i++)
        right = copy(memory_combination_assemble(c, c->before, layer, parameter, i, verdict),
                     reference_state(r, i, layer, parameter));
    return right;
}

/* ---- behind the step --------------------------------------------------------------------------------------- */

static bool parameter_is_right(struct combination *c, int layer, int parameter,
                               struct verdict *verdict)
{
    g_autofree char *name = memory_combination_name(c, layer, parameter, -1);
    const struct tensor *old = wholes_tensor(c->before, name);
    const struct tensor *found =
        memory_combination_assemble(c, c->after, layer, parameter, -1, verdict);
    struct tensor *due = reference_parameter(c->reference, layer, parameter);
    const double rate = c->run->options.optimizer.learning_rate;
    bool right = found != NULL;
    for (int i = 0; right && i < due->count; i++) {
        const double is = (double)tensor_floats(found)[i], now = (double)tensor_floats(old)[i];
        const double must = (double)tensor_floats(due)[i];
        right = fabs(is - must) <= 4e-7 * fabs(now) + 1e-5 * fabs(must - now) + 1e-4 * rate;
        if (right)
            continue;
        evidence_fail(verdict,
                      "behind step %d element %d of %s is %.8g: the optimizer makes it %.8g",
                      c->step, i, name, is, must);
        if (is == now)
            verdict_name_mistake(verdict, &stale);
    }
    tensor_free(due);
    return right;
}

/* ---- a step ------------------------------------------------------------------------------------------------ */

typedef bool for_parameter(struct combination *c, int layer, int parameter,
                           struct verdict *verdict);

static bool for_all(struct combination *c, for_parameter *call, struct verdict *verdict)
{
    const struct model *model = c->reference->model;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            if (!call(c, layer, p, verdict))
                return false;
    return true;
}

static bool judge_step(struct combination *c, struct verdict *verdict)
{
    if (!for_all(c, take_over, verdict))
        return false;
    optimizer_set_steps_done(c->reference->optimizer, c->step);
    reference_compute(c->reference, c->step);
    if (!for_all(c, memory_combination_gradient_is_right, verdict))
        return false;
    reference_update(c->reference);
    return for_all(c, parameter_is_right, verdict);
}

static bool judge_steps(struct combination *c, struct verdict *verdict)
{
    const struct options *options = &c->run->options;
    bool right = true;
    for (int i = 0; right && i + 1 < options->snapshots; i++) {
        c->step = options->snapshot[i];
        c->before = wholes_read(c->run, "before", c->step, verdict);
        c->after =
            c->before ? wholes_read(c->run, "before", options->snapshot[i + 1], verdict) : NULL;
        right = c->after && (options->snapshot[i + 1] != c->step + 1 || judge_step(c, verdict));
        wholes_free(c->before);
        wholes_free(c->after);
    }
    return right;
}

static bool batches_are_whole(struct shares *shares, struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    for (int step = 0, count; step < shares_steps(shares); step++)
        if (!shares_assemble(shares, step, &count, why)) {
            evidence_fail(verdict, "%s", why->str);
            return false;
        }
    return true;
}

bool memory_combination_numbers_are_right(const struct outcome *run, struct combination_place place,
                                          struct verdict *verdict)
{
    struct combination c = {.run = run, .place = place, .shares = shares_read(run, verdict)};
    bool right = c.shares && batches_are_whole(c.shares, verdict);
    c.reference = right ? reference_of_shares(run, c.shares, 0, verdict) : NULL;
    right = c.reference && judge_steps(&c, verdict);
    reference_free(c.reference);
    shares_free(c.shares);
    return right;
}
