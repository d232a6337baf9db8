/*
 * --scatter-messages: the student's scattered_messages.c stands between stages, where each of the ranks that share
 * a stage's layers has all of what goes there.
 */
#include "assignments/data/program/parts.h"
#include "assignments/tensor/given/split_model.h"
#include "common/base/fatal.h"

#include <stdio.h>

/* What the borders of this rank's stage are given: the last dimensions of what goes through, whole. */
static int entering, leaving;

static struct tensor *y_leaves(void *own, struct tensor *y)
{
    (void)own;
    return leave_stage_forward(tensor_run_group(), y);
}

static struct tensor *dy_returns(void *own, struct tensor *dy)
{
    (void)own;
    return leave_stage_backward(tensor_run_group(), dy, leaving);
}

static struct tensor *x_enters(void *own, struct tensor *x)
{
    (void)own;
    return enter_stage_forward(tensor_run_group(), x, entering);
}

static struct tensor *dx_returns(void *own, struct tensor *dx)
{
    (void)own;
    return enter_stage_backward(tensor_run_group(), dx);
}

/* Of what a layer gives to the next: this rank's part. */
static struct shape part_of(struct shape whole)
{
    const struct tensor_group *group = tensor_run_group();
    const struct part own = split(shape_last(whole), group->ranks, group->rank);
    return shape_with(whole, whole.dimensions - 1, own.end - own.begin);
}

/* The model as one process has it. */
static struct model *whole_model(const struct run *run)
{
    char error[MODEL_ERROR_SIZE];
    layer_replace_with(NULL, NULL); /* all models that are split have been made */
    struct model *whole =
        model_new(run->model->name, run->model->input, run->model->outputs, error);
    if (whole == NULL)
        fatal("--model %s: %s", run->model->name, error);
    return whole;
}

/* Does what this layer gives to the next leave it whole? */
static bool is_whole_behind(const struct run *run, const struct model *whole, int layer)
{
    return shape_equal(run->model->layer[layer].output, whole->layer[layer].output);
}

void data_put_borders(const struct run *run, struct stage_options *stage)
{
    struct model *whole = whole_model(run);
    const int first = stage->first_layer, last = first + stage->layers - 1;
    if (first > 0 && is_whole_behind(run, whole, first - 1)) {
        const struct shape x = run->model->layer[first].input;
        entering = shape_last(x);
        stage->before = (struct layer_border){.outside = part_of(x),
                                              .forward = x_enters,
                                              .backward = dx_returns,
                                              .forward_name = "enter_stage_forward",
                                              .backward_name = "enter_stage_backward"};
    }
    if (last + 1 < run->model->layers && is_whole_behind(run, whole, last)) {
        const struct shape y = run->model->layer[last].output;
        leaving = shape_last(y);
        stage->behind = (struct layer_border){.outside = part_of(y),
                                              .forward = y_leaves,
                                              .backward = dy_returns,
                                              .forward_name = "leave_stage_forward",
                                              .backward_name = "leave_stage_backward"};
    }
    model_free(whole);
}

/* Any layer may be the last of its stage. */
static bool parts_fit(const struct run *run, char *reason, size_t size)
{
    struct model *whole = whole_model(run);
    char why[256] = "";
    bool fit = true;
    for (int i = 0; fit && i + 1 < whole->layers; i++) {
        fit = !is_whole_behind(run, whole, i) ||
              can_split(shape_last(whole->layer[i].output), data_layout()->slices, why, sizeof why);
        why[sizeof why - 1] = '\0';
        if (!fit)
            snprintf(reason, size, "--scatter-messages: what leaves layer %d of --model %s: %s", i,
                     run->model->name, why);
    }
    model_free(whole);
    return fit;
}

bool data_scatter_fits(const struct run *run, char *reason, size_t reason_size)
{
    const struct data_options own = data_options(run->options);
    if (!own.scatters)
        return true;
    if (own.pipeline > 1 && own.tensor > 1)
        return parts_fit(run, reason, reason_size);
    snprintf(reason, reason_size,
             "--scatter-messages is for stages that several ranks share: use --pipeline 2 or more, "
             "and --tensor 2 or more");
    return false;
}
