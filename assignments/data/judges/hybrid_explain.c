/*
 * Known mistakes of hybrids, by what their wrong gradients are, each beside that of one process: so many times
 * it, on all ranks; or from stage to stage once more; or, of a table on two stages, its two parts.
 */
#include "assignments/data/judges/hybrid.h"
#include "assignments/data/judges/hybrid_layout.h"
#include "assignments/data/options.h"
#include "common/log/log_fields.h"

#include <math.h>

static const struct mistake
    by_world =
        {"gradients are divided by all ranks in place of the replicas",
         "The gradient is what one process has, divided by the number of ranks that a replica is "
         "made of: the sum over the replicas was divided by the number of all ranks.",
         "the number that gradients are divided by: data->ranks are the replicas"},
    not_divided = {"the sum of gradients, not their mean",
                   "The gradient is what one process has, times the number of replicas: each "
                   "replica's mean went into the sum, and nobody divided.",
                   "by what each rank's gradients are multiplied before they are added up"},
    divided_twice = {"gradients are divided by the number of ranks twice",
                     "The gradient is what one process has, divided by the number of replicas.",
                     "divisions by the number of ranks, and what the all-reduce does itself"},
    table_apart =
        {"each stage keeps its own gradient of the table",
         "The first stage has the gradient of looking words up, the last that of comparing with "
         "them. The table's gradient is the sum of the two, on both.",
         "sum_tied_gradients: whether it is called, by which stages, and what becomes of the sum"},
    table_twice = {"the table's gradients are summed twice",
                   "The table's gradient is twice that of one process: what was a sum of both "
                   "parts on both stages was added up again.",
                   "how often sum_tied_gradients is called, and what else adds up"},
    table_averaged = {"the table's gradients are averaged over the two stages",
                      "The table's gradient is half of that of one process. The two stages have "
                      "two parts of one gradient, not two samples of it.",
                      "sum_tied_gradients: a sum, and no mean"},
    border_summed =
        {"a gradient that every rank has is added up on its way to the stage before",
         "The last stage's gradients are right. The stage before has t times those of one process, "
         "and each further one t times more, where t ranks share a stage: what goes back is whole "
         "on each of them, and the sum over them is t times it.",
         "enter_stage_backward and leave_stage_backward: a part is taken, and parts are put "
         "together; nothing is added up"},
    border_averaged = {
        "the gradient that comes back to a stage is divided by its ranks",
        "The last stage's gradients are right. The stage before has those of one process divided "
        "by t, and each further one divided by t again, where t ranks share a stage.",
        "leave_stage_backward and enter_stage_backward: what is divided there"};

static const struct whole_part *part_of(const struct wrong_gradient *one, guint i)
{
    return whole_part_at(one->whole, i);
}

static bool is_close(const struct tensor *found, const struct tensor *expected,
                     const struct tensor *own, double factor)
{
    struct tensor *times = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, own->shape);
    for (int i = 0; i < own->count; i++)
        tensor_floats(times)[i] = (float)(factor * (double)tensor_floats(own)[i]);
    struct tolerance tolerance = tolerance_of_part(tolerance_gradient(), expected, own);
    tolerance.absolute *= MIN(1.0, factor);
    const bool close = closeness_of(found, times, tolerance).close;
    tensor_free(times);
    return close;
}

/* Is every copy and slice of a gradient so many times that of one process? */
static bool is_times(const struct wrong_gradient *one, double factor)
{
    for (guint i = 0; i < one->whole->parts->len; i++) {
        const struct whole_part *part = part_of(one, i);
        struct tensor *own = slice_part_new(&part->is.slice, one->expected);
        const bool close = is_close(part->tensor, one->expected, own, factor);
        tensor_free(own);
        if (!close)
            return false;
    }
    return true;
}

static bool all_are_times(const struct results *c, double factor)
{
    for (guint i = 0; i < c->wrong->len; i++)
        if (!is_times(&g_array_index(c->wrong, struct wrong_gradient, i), factor))
            return false;
    return true;
}

/* Is the gradient of each micro-batch's loss scaled as is right? Then the number of micro-batches explains
 * nothing. */
static bool losses_are_scaled(const struct results *c)
{
    const double m = options_micro_batches(&c->run->options);
    int losses = 0;
    for (int rank = 0; rank < c->run->ranks; rank++)
        for (size_t i = 0; i < c->run->log[rank].count; i++) {
            const struct log_record *record = &c->run->log[rank].record[i];
            if (record->operation != LOG_LOSS_BACKWARD)
                continue;
            losses++;
            if (fabs(log_loss_scale(record) * m - 1) > 1e-5)
                return false;
        }
    return losses > 0;
}

/* Of several explanations with the same factor none is named. */
static const struct mistake *mistake_of_factor(const struct results *c)
{
    const struct data_options own = data_options(&c->run->options);
    const double d = data_replicas(&c->run->options, c->run->ranks);
    const double each = own.pipeline * own.tensor;
    const double m = losses_are_scaled(c) ? 1 : options_micro_batches(&c->run->options);
    const struct {
        const struct mistake *mistake;
        double factor;
    } factors[] = {{&by_world, 1 / each}, {&not_divided, d}, {&divided_twice, 1 / d},
                   {NULL, 1 / m},         {NULL, m},         {NULL, each}};
    const struct mistake *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(factors); i++) {
        if (factors[i].factor == 1 || !all_are_times(c, factors[i].factor))
            continue;
        for (size_t k = 0; k < G_N_ELEMENTS(factors); k++)
            if (k != i && factors[k].factor == factors[i].factor)
                return NULL;
        found = factors[i].mistake;
    }
    return found;
}

/* ---- between stages ---------------------------------------------------------------------------------------- */

/* The stage of the first rank that says it has the layer. */
static int stage_of(const struct hybrid_layout *layout, int layer)
{
    for (int rank = 0; rank < layout->ranks; rank++) {
        const struct log_stage *part = &layout->part[rank];
        if (layer >= part->first_layer && layer - MAX(0, part->first_layer) < part->layers)
            return layout->stage[rank];
    }
    return PLACE_UNKNOWN;
}

/* Are the stages before the last wrong, and each gradient `factor` times that of one process for each step from its stage
 * to the last? */
static bool grow_backwards(const struct results *c, double factor)
{
    struct hybrid_layout *layout = hybrid_layout_new(c->run);
    bool grow = true, next_to_last = false;
    for (guint i = 0; grow && i < c->wrong->len; i++) {
        const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, i);
        const int stage = stage_of(layout, one->layer);
        grow = stage != PLACE_UNKNOWN && stage < layout->stages - 1 &&
               is_times(one, pow(factor, layout->stages - 1 - stage));
        next_to_last = next_to_last || stage == layout->stages - 2;
    }
    hybrid_layout_free(layout);
    return grow && next_to_last;
}

static const struct mistake *mistake_of_borders(const struct results *c)
{
    const struct data_options own = data_options(&c->run->options);
    if (!own.scatters)
        return NULL;
    if (grow_backwards(c, own.tensor))
        return &border_summed;
    return grow_backwards(c, 1.0 / own.tensor) ? &border_averaged : NULL;
}

/* ---- a table on two stages --------------------------------------------------------------------------------- */

static bool is_of_table(const struct results *c)
{
    const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, 0);
    return c->wrong->len == 1 && one->layer == 0 && one->parameter == 0 &&
           model_is_tied(c->reference->model) && data_options(&c->run->options).pipeline > 1;
}

/* Do the parts of two ranks with the same slice add up to the gradient? */
static bool add_up(const struct wrong_gradient *one, const struct whole_part *a,
                   const struct whole_part *b)
{
    if (!shape_equal(a->tensor->shape, b->tensor->shape))
        return false;
    struct tensor *own = slice_part_new(&a->is.slice, one->expected);
    struct tensor *other = slice_part_new(&b->is.slice, one->expected);
    struct tensor *sum = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, own->shape);
    bool close = shape_equal(own->shape, other->shape) && own->count == a->tensor->count;
    for (int i = 0; close && i < own->count; i++)
        tensor_floats(sum)[i] = tensor_floats(a->tensor)[i] + tensor_floats(b->tensor)[i];
    close = close && is_close(sum, one->expected, own, 1);
    tensor_free(own);
    tensor_free(other);
    tensor_free(sum);
    return close;
}

/* Does every rank's part add up to the gradient with that of a rank of the other stage? */
static bool are_apart(const struct results *c, const struct wrong_gradient *one)
{
    struct hybrid_layout *layout = hybrid_layout_new(c->run);
    bool apart = true;
    for (guint i = 0; i < one->whole->parts->len && apart; i++) {
        const struct whole_part *part = part_of(one, i);
        bool found = false;
        for (guint k = 0; k < one->whole->parts->len && !found; k++) {
            const struct whole_part *other = part_of(one, k);
            found = layout->stage[part->from->rank] != layout->stage[other->from->rank] &&
                    add_up(one, part, other);
        }
        apart = found;
    }
    hybrid_layout_free(layout);
    return apart;
}

static const struct mistake *mistake_of_table(const struct results *c)
{
    const struct wrong_gradient *one = &g_array_index(c->wrong, struct wrong_gradient, 0);
    if (is_times(one, 0.5))
        return &table_averaged;
    if (is_times(one, 2))
        return &table_twice;
    return are_apart(c, one) ? &table_apart : NULL;
}

void hybrid_explain(const struct results *c, struct verdict *verdict)
{
    if (!data_options(&c->run->options).hybrid || verdict->mistake->len > 0 || c->wrong->len == 0)
        return;
    const struct mistake *mistake = mistake_of_borders(c);
    if (!mistake)
        mistake = is_of_table(c) ? mistake_of_table(c) : mistake_of_factor(c);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}
