/*
 * Residual networks (model.h; He et al. 2015, arXiv:1512.03385): groups of blocks, where each group
 * after the first halves the image's sides and doubles the width.
 */
#include "common/training/model_parts.h"

#include <limits.h>
#include <stdio.h>

#define MOST_GROUPS 4

/* What becomes a layer: a few of the kit's, in a row. */
struct row {
    struct layer layer[12];
    int layers;
    struct shape shape; /* that the last of them gives */
};

struct plan {
    bool bottleneck;
    int width; /* of the first group */
    int groups;
    int blocks[MOST_GROUPS]; /* in each group */
};

static void put(struct row *row, struct layer layer)
{
    row->layer[row->layers++] = layer;
    row->shape = layer.output;
}

static void put_convolution(struct row *row, int channels, int kernel, int stride)
{
    put(row, layer_convolution_with(row->shape, (struct convolution_options){.channels = channels,
                                                                             .kernel = kernel,
                                                                             .stride = stride,
                                                                             .padding = kernel / 2,
                                                                             .no_bias = true}));
    put(row, layer_batch_norm(row->shape));
}

static void put_relu(struct row *row)
{
    put(row, layer_relu(row->shape));
}

/* x + f(x), or, where f changes the shape, projection(x) + f(x); and a ReLU behind. */
static void put_residual(struct row *row, const struct row *through, int stride)
{
    const struct shape input = row->shape, output = through->shape;
    struct row round = {.shape = input};
    if (!shape_equal(input, output))
        put_convolution(&round, output.size[0], 1, stride);
    put(row,
        layer_residual_with(input, round.layer, round.layers, through->layer, through->layers));
    put_relu(row);
}

static void put_basic_block(struct row *row, int width, int stride)
{
    struct row through = {.shape = row->shape};
    put_convolution(&through, width, 3, stride);
    put_relu(&through);
    put_convolution(&through, width, 3, 1);
    put_residual(row, &through, stride);
}

static void put_bottleneck(struct row *row, int width, int stride)
{
    struct row through = {.shape = row->shape};
    put_convolution(&through, width, 1, 1);
    put_relu(&through);
    put_convolution(&through, width, 3, stride);
    put_relu(&through);
    put_convolution(&through, 4 * width, 1, 1);
    put_residual(row, &through, stride);
}

static void put_stem(struct row *row, const struct plan *plan)
{
    put_convolution(row, plan->width, plan->bottleneck ? 7 : 3, plan->bottleneck ? 2 : 1);
    put_relu(row);
    if (plan->bottleneck)
        put(row, layer_max_pool_with(
                     row->shape, (struct pooling_options){.kernel = 3, .stride = 2, .padding = 1}));
}

static void put_head(struct row *row, int classes)
{
    put(row, layer_global_average_pool(row->shape));
    put(row, layer_linear(row->shape, classes));
}

/* ---- options ---- */

static bool plan_small(struct plan *plan, int depth, char error[MODEL_ERROR_SIZE])
{
    const int blocks = (depth - 2) / 6;
    if (blocks < 1 || depth != 6 * blocks + 2) {
        snprintf(error, MODEL_ERROR_SIZE,
                 "depth=%d: a resnet has a depth of 6n + 2, so 8, 14, 20, 26, 32 and so on; with "
                 "bottleneck=1 one of 50, 101 or 152",
                 depth);
        return false;
    }
    plan->groups = 3;
    for (int group = 0; group < plan->groups; group++)
        plan->blocks[group] = blocks;
    return true;
}

static bool plan_bottlenecks(struct plan *plan, int depth, char error[MODEL_ERROR_SIZE])
{
    static const struct {
        int depth, blocks[MOST_GROUPS];
    } known[] = {{50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].depth != depth)
            continue;
        plan->groups = MOST_GROUPS;
        for (int group = 0; group < MOST_GROUPS; group++)
            plan->blocks[group] = known[i].blocks[group];
        return true;
    }
    snprintf(error, MODEL_ERROR_SIZE,
             "depth=%d: a resnet with bottleneck=1 has a depth of 50, 101 or 152; without, one of "
             "6n + 2: 8, 14, 20, 26, 32 and so on",
             depth);
    return false;
}

/* Every halving rounds up, so the smallest plane has a pixel at least; the largest is the first. */
static bool fits(const struct model *model, const struct plan *plan, char error[MODEL_ERROR_SIZE])
{
    const double pixels = (double)model->input.size[1] * model->input.size[2];
    const double widest = plan->width * (plan->bottleneck ? 32.0 : 4.0);
    if (pixels * plan->width * 4 <= INT_MAX && widest * widest * 9 <= INT_MAX)
        return true;
    snprintf(error, MODEL_ERROR_SIZE,
             "width=%d: for images of %d×%d a layer has more than %d numbers; make it smaller",
             plan->width, model->input.size[1], model->input.size[2], INT_MAX);
    return false;
}

static bool make_plan(struct model *model, const char *text, struct plan *plan,
                      char error[MODEL_ERROR_SIZE])
{
    static const char *const answers[] = {"0", "1", NULL};
    enum { DEPTH, WIDTH, BOTTLENECK, OPTIONS };
    struct model_option option[OPTIONS] = {[DEPTH] = WHOLE_OPTION("depth", 0, 1202),
                                           [WIDTH] = WHOLE_OPTION("width", 0, 4096),
                                           [BOTTLENECK] = WORD_OPTION("bottleneck", answers)};
    if (!model_read_options(text, option, OPTIONS, error))
        return false;
    plan->bottleneck = option[BOTTLENECK].value == 1;
    const int presets[OPTIONS] = {
        [DEPTH] = plan->bottleneck ? 50 : 8, [WIDTH] = plan->bottleneck ? 64 : 16};
    for (int i = DEPTH; i <= WIDTH; i++)
        option[i].value = option[i].value == 0 ? presets[i] : option[i].value;
    model_note_options(model, option, OPTIONS);
    plan->width = option[WIDTH].value;
    return (plan->bottleneck ? plan_bottlenecks : plan_small)(plan, option[DEPTH].value, error) &&
           fits(model, plan, error);
}

/* ---- the network ---- */

static void append_row(struct model *model, const struct row *row)
{
    model_append(model, layer_sequence(row->layer, row->layers));
}

static void append_stem(struct model *model, const struct plan *plan)
{
    struct row row = {.shape = model->input};
    put_stem(&row, plan);
    append_row(model, &row);
}

/* The last one brings the head. */
static void append_block(struct model *model, const struct plan *plan, int group, int number,
                         bool last)
{
    struct row row = {.shape = model_last_output(model)};
    const int width = plan->width << group, stride = group > 0 && number == 0 ? 2 : 1;
    if (plan->bottleneck)
        put_bottleneck(&row, width, stride);
    else
        put_basic_block(&row, width, stride);
    if (last)
        put_head(&row, model->outputs);
    append_row(model, &row);
}

bool model_build_resnet(struct model *model, const char *options, char error[MODEL_ERROR_SIZE])
{
    struct plan plan = {.groups = 0};
    if (!make_plan(model, options, &plan, error))
        return false;
    int blocks = 0;
    for (int group = 0; group < plan.groups; group++)
        blocks += plan.blocks[group];
    model_make_room(model, 1 + blocks);
    append_stem(model, &plan);
    for (int group = 0; group < plan.groups; group++)
        for (int i = 0; i < plan.blocks[group]; i++)
            append_block(model, &plan, group, i, model->layers == blocks);
    return true;
}
