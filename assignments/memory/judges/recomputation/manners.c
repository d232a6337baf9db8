/* Runs a stage's layers, in any manner; see manners.h. */
#include "assignments/memory/judges/recomputation/manners.h"

#include <glib.h>
#include <math.h>

struct manner_run {
    const struct manner *manner;
    struct memory_options own;
    struct stage *stage;
    int micro_batches, segments, layers;
    int *first_layer;
    struct tensor **input;  /* [micro_batch * segments + segment] */
    int *draw;              /* likewise */
    struct tensor **latest; /* [segment]: of the latest forward */
    GPtrArray *each;        /* keeps_all_inputs: of struct tensor *, of this micro-batch */
    GPtrArray *leaked;      /* likewise, for ever */
};

/* ---- segments -------------------------------------------------------------------------------------- */

static int cut_equally(int first, int layers, int segments, int *first_layer)
{
    for (int s = 0; s <= segments; s++)
        first_layer[s] = first + s * (layers / segments) + MIN(s, layers % segments);
    return segments;
}

/* Layers of a segment. */
static int layers_each(enum manner_size size, int layers, bool by_root)
{
    const double root = sqrt(layers);
    if (size == SIZE_ALL)
        return layers;
    if (size == SIZE_ONE || (!by_root && size != SIZE_ROOT))
        return 1;
    if (size == SIZE_DOWN)
        return (int)root;
    return size == SIZE_UP ? (int)ceil(root) : (int)floor(root + 0.5);
}

int manner_segments(enum manner_size size, int first, int layers, bool by_root, int *first_layer)
{
    const int each = layers_each(size, layers, by_root);
    if (size == SIZE_EQUAL && by_root)
        return cut_equally(first, layers, each, first_layer);
    int segments = 0;
    for (int layer = 0; layer < layers; layer += each)
        first_layer[segments++] = first + layer;
    first_layer[segments] = first + layers;
    return segments;
}

/* ---- which ------------------------------------------------------------------------------------------- */

static enum manner_when when_of(const struct manner_run *run)
{
    const enum manner_when asked = (enum manner_when)(WHEN_NEVER + run->own.when);
    const enum manner_when when = run->manner->when;
    const bool is_asked =
        (when == WHEN_ALL_BUT_FIRST || when == WHEN_LAST) && asked != WHEN_ALL_BUT_LAST;
    return when == WHEN_ASKED || is_asked ? asked : when;
}

static bool is_repeated(const struct manner_run *run, int micro_batch, int segment)
{
    const bool is_last = micro_batch == run->micro_batches - 1;
    if (run->manner->last_is_kept && segment == run->segments - 1)
        return false;
    switch (when_of(run)) {
    case WHEN_ALL_BUT_LAST:
        return !is_last;
    case WHEN_ALL_BUT_FIRST:
        return micro_batch > 0;
    case WHEN_LAST:
        return is_last;
    case WHEN_ALWAYS:
        return true;
    default:
        return false;
    }
}

static int draw_of(const struct manner_run *run, int micro_batch, int segment, int drawn)
{
    switch (run->manner->draws) {
    case DRAWS_EACH_SEGMENT:
        return segment == 0 ? drawn : stage_next_draw(run->stage, micro_batch);
    case DRAWS_NONE:
        return 0;
    case DRAWS_MICRO_BATCH:
        return micro_batch;
    case DRAWS_SEGMENT:
        return segment;
    default:
        return drawn;
    }
}

static int draw_again_of(const struct manner_run *run, int micro_batch, int segment)
{
    switch (run->manner->draws) {
    case DRAWS_AGAIN:
        return stage_next_draw(run->stage, micro_batch);
    case DRAWS_AGAIN_NONE:
        return 0;
    default:
        return run->draw[micro_batch * run->segments + segment];
    }
}

/* ---- forwards ------------------------------------------------------------------------------------------ */

static struct tensor *run_segment(const struct manner_run *run, int micro_batch, int segment,
                                  struct tensor *x, enum stage_run how, int draw)
{
    const int first = run->first_layer[segment], end = run->first_layer[segment + 1];
    return stage_run_forward(run->stage, micro_batch, first, end - first, x, how, draw);
}

/* Layer by layer. */
static struct tensor *run_and_keep_inputs(const struct manner_run *run, int micro_batch,
                                          int segment, struct tensor *x, int draw)
{
    const int end = run->first_layer[segment + 1];
    for (int layer = run->first_layer[segment]; layer < end; layer++) {
        g_ptr_array_add(run->each, tensor_retain(x));
        x = stage_run_forward(run->stage, micro_batch, layer, 1, x, RUN_FORGETS, draw);
    }
    return x;
}

static struct tensor *forward(void *own, int micro_batch, struct tensor *x)
{
    struct manner_run *run = own;
    const int drawn = stage_next_draw(run->stage, micro_batch);
    for (int s = 0; s < run->segments; s++) {
        const int place = micro_batch * run->segments + s;
        const int draw = run->draw[place] = draw_of(run, micro_batch, s, drawn);
        if (!is_repeated(run, micro_batch, s)) {
            x = run_segment(run, micro_batch, s, x, RUN_KEEPS, draw);
            continue;
        }
        run->input[place] = tensor_retain(x);
        if (run->manner->input_of_latest) {
            tensor_free(run->latest[s]);
            run->latest[s] = tensor_retain(x);
        }
        x = run->manner->keeps_all_inputs ? run_and_keep_inputs(run, micro_batch, s, x, draw)
                                          : run_segment(run, micro_batch, s, x, RUN_FORGETS, draw);
    }
    return x;
}

/* ---- backwards -------------------------------------------------------------------------------------------- */

/* A new reference to what the repetition of a segment begins with. */
static struct tensor *input_of(const struct manner_run *run, int micro_batch, int segment)
{
    struct tensor *const *own = &run->input[micro_batch * run->segments + segment];
    const struct manner *manner = run->manner;
    if (manner->input_of_before && segment > 0 && own[-1]->dtype == own[0]->dtype &&
        shape_equal(own[-1]->shape, own[0]->shape))
        return tensor_retain(own[-1]);
    if (manner->input_of_latest)
        return tensor_retain(run->latest[segment]);
    struct tensor *x = tensor_retain(manner->repeats_from_first ? own[-segment] : own[0]);
    for (int s = 0; s < segment && manner->repeats_from_first; s++)
        x = run_segment(run, micro_batch, s, x, RUN_FORGETS,
                        run->draw[micro_batch * run->segments + s]);
    return x;
}

static void give_back(struct tensor **tensor)
{
    tensor_free(*tensor);
    *tensor = NULL;
}

static struct tensor *repeat(struct manner_run *run, int micro_batch, int segment)
{
    const struct manner *manner = run->manner;
    const int draw = draw_again_of(run, micro_batch, segment);
    struct tensor *x = input_of(run, micro_batch, segment);
    if (!manner->input_stays && !manner->inputs_stay && !manner->input_leaks)
        give_back(&run->input[micro_batch * run->segments + segment]);
    if (manner->repeats_twice)
        tensor_free(run_segment(run, micro_batch, segment, tensor_retain(x), RUN_FORGETS, draw));
    return run_segment(run, micro_batch, segment, x,
                       manner->averages_twice ? RUN_KEEPS : RUN_REPEATS, draw);
}

/* Repeats it where it has to be, and runs it backwards. */
static struct tensor *segment_backward(struct manner_run *run, int micro_batch, int segment,
                                       struct tensor *dy)
{
    const struct manner *manner = run->manner;
    struct tensor *y =
        is_repeated(run, micro_batch, segment) ? repeat(run, micro_batch, segment) : NULL;
    if (!manner->y_stays && !manner->y_leaks)
        give_back(&y);
    const int first = run->first_layer[segment];
    dy = stage_run_backward(run->stage, micro_batch, first, run->first_layer[segment + 1] - first,
                            dy);
    struct tensor **input = &run->input[micro_batch * run->segments + segment];
    if (manner->y_leaks && y)
        g_ptr_array_add(run->leaked, y);
    else
        tensor_free(y);
    if (manner->input_leaks && *input) {
        g_ptr_array_add(run->leaked, *input);
        *input = NULL;
    }
    if (!manner->inputs_stay)
        give_back(input);
    return dy;
}

static struct tensor *backward(void *own, int micro_batch, struct tensor *dy)
{
    struct manner_run *run = own;
    for (int s = run->segments - 1; s >= 0; s--) {
        if (s > 0 || !run->manner->first_stays) {
            dy = segment_backward(run, micro_batch, s, dy);
        } else {
            g_ptr_array_add(run->leaked, run->input[micro_batch * run->segments]);
            run->input[micro_batch * run->segments] = NULL;
        }
    }
    for (int s = 0; s < run->segments; s++)
        give_back(&run->input[micro_batch * run->segments + s]);
    g_ptr_array_set_size(run->each, 0);
    return dy;
}

/* ---- beginning and end ----------------------------------------------------------------------------------------- */

static void free_tensor(void *tensor)
{
    tensor_free(tensor);
}

struct manner_run *manner_run_new(const struct manner *manner, const struct memory_options *own,
                                  struct stage *stage, int micro_batches)
{
    const int layers = stage_layers(stage);
    struct manner_run *run = g_new0(struct manner_run, 1);
    *run = (struct manner_run){.manner = manner,
                               .own = *own,
                               .stage = stage,
                               .micro_batches = micro_batches,
                               .layers = layers,
                               .first_layer = g_new(int, layers + 2),
                               .each = g_ptr_array_new_with_free_func(free_tensor),
                               .leaked = g_ptr_array_new_with_free_func(free_tensor)};
    run->segments = manner_segments(manner->size, stage_first_layer(stage), layers,
                                    own->recompute == RECOMPUTE_WAY_SEGMENTS, run->first_layer);
    run->input = g_new0(struct tensor *, micro_batches * run->segments);
    run->draw = g_new0(int, micro_batches * run->segments);
    run->latest = g_new0(struct tensor *, run->segments);
    stage_replace_run(stage, &(struct stage_runner){.forward = forward,
                                                    .backward = backward,
                                                    .forward_name = "the judge's forward",
                                                    .backward_name = "the judge's backward",
                                                    .own = run});
    return run;
}

void manner_run_free(struct manner_run *run)
{
    if (!run)
        return;
    stage_replace_run(run->stage, NULL);
    for (int s = 0; s < run->segments; s++)
        tensor_free(run->latest[s]);
    g_free(run->latest);
    g_ptr_array_unref(run->each);
    g_ptr_array_unref(run->leaked);
    g_free(run->first_layer);
    g_free(run->input);
    g_free(run->draw);
    g_free(run);
}
