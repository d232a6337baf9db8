/*
 * A few layers of a stage, forwards and backwards: what the stage runs, or what a program does that decides itself
 * what is kept (stage_run_forward).
 */
#include "common/training/stage_parts.h"

#include "common/base/fatal.h"

/* ---- telling the program ---- */

/* A layer with parameters is about to run, or has run: who wants to know is told, between two parts of a
 * computation. */
static void announce(struct stage *stage, enum stage_moment moment, int micro_batch, int i)
{
    const int index = stage->options.index, layer = stage->options.first_layer + i;
    const enum log_operation operation = stage->operation;
    if (stage->visit == NULL || stage->layer[i].parameter_count == 0)
        return;
    stage_computation_end(stage, operation, micro_batch, NULL);
    log_append(log_record_of_layer(index, micro_batch, layer, moment));
    stage->visit(stage->visitor, moment, micro_batch, layer);
    stage_computation_begin(stage, operation, micro_batch, NULL);
}

/* Layer i's gradient has been added. */
static void tell(struct stage *stage, int micro_batch, int i)
{
    const int index = stage->options.index, layer = stage->options.first_layer + i;
    const enum log_operation operation = stage->operation;
    if (stage->gradient_ready == NULL)
        return;
    stage_computation_end(stage, operation, micro_batch, NULL);
    log_append(log_record_of_gradient(index, micro_batch, layer));
    stage->gradient_ready(stage->told, micro_batch, layer);
    stage_computation_begin(stage, operation, micro_batch, NULL);
}

void stage_visit_layers(struct stage *stage, stage_at_layer *visit, void *own)
{
    stage->visit = visit;
    stage->visitor = own;
}

void stage_tell_gradients(struct stage *stage, stage_gradient_ready *ready, void *own)
{
    stage->gradient_ready = ready;
    stage->told = own;
}

/* ---- layers ---- */

static struct saved *saved_of(const struct stage *stage, int micro_batch, int i)
{
    return stage->flight[micro_batch]->saved[i];
}

struct tensor *stage_layers_forward(struct stage *stage, int micro_batch, int first, int end,
                                    struct tensor *x, enum stage_run run)
{
    struct pass pass = stage->pass;
    pass.again = run == RUN_REPEATS;
    for (int i = first; i < end; i++) {
        struct saved *saved = saved_of(stage, micro_batch, i);
        announce(stage, BEFORE_LAYER_FORWARD, micro_batch, i);
        struct layer_numbers numbers = stage_numbers_begin(stage, i, &pass, false);
        x = layer_forward(&stage->layer[i], numbers.memory, saved, x);
        stage_numbers_end(stage, i, &numbers);
        if (run == RUN_FORGETS)
            saved_release_all(saved);
        else
            stage->flight[micro_batch]->draw[i] = pass.step;
        announce(stage, AFTER_LAYER_FORWARD, micro_batch, i);
    }
    return x;
}

/* What a dropout drops backwards is what it dropped forwards. */
static struct pass pass_back(const struct stage *stage, int micro_batch, int i)
{
    struct pass pass = stage->pass;
    pass.step = stage->flight[micro_batch]->draw[i];
    return pass;
}

struct tensor *stage_layer_back(struct stage *stage, int micro_batch, int i, struct tensor *dy)
{
    const bool wanted = stage->options.index > 0 || i >= stage->first_dx;
    if (dy == NULL)
        return NULL;
    const struct pass pass = pass_back(stage, micro_batch, i);
    struct layer_numbers numbers = stage_numbers_begin(stage, i, &pass, false);
    struct tensor *dx = layer_backward_input(&stage->layer[i], numbers.memory,
                                             saved_of(stage, micro_batch, i), dy, wanted);
    stage_numbers_end(stage, i, &numbers);
    return dx;
}

void stage_layer_back_weight(struct stage *stage, int micro_batch, int i)
{
    const struct pass pass = pass_back(stage, micro_batch, i);
    struct layer_numbers numbers = stage_numbers_begin(stage, i, &pass, true);
    layer_backward_weight(&stage->layer[i], numbers.memory, saved_of(stage, micro_batch, i));
    stage_numbers_end(stage, i, &numbers);
    tell(stage, micro_batch, i);
}

/* Both halves layer by layer, so that what a layer saved is released soonest. */
struct tensor *stage_layers_backward(struct stage *stage, int micro_batch, int first, int end,
                                     struct tensor *dy)
{
    for (int i = end - 1; i >= first; i--) {
        announce(stage, BEFORE_LAYER_BACKWARD, micro_batch, i);
        dy = stage_layer_back(stage, micro_batch, i, dy);
        stage_layer_back_weight(stage, micro_batch, i);
    }
    return dy;
}

/* ---- parts, for the program ---- */

/* Fatal unless the micro-batch is running, and the layers are the stage's. Returns the place of the first. */
static int check_part(const struct stage *stage, const char *function, int micro_batch,
                      int first_layer, int layers)
{
    const struct stage_options *options = &stage->options;
    const int first = first_layer - options->first_layer;
    if (micro_batch < 0 || micro_batch != stage->running)
        fatal_at(function,
                 "stage %d: neither stage_forward nor stage_backward of micro-batch %d is running",
                 options->index, micro_batch);
    if (layers < 1 || first < 0 || first > options->layers - layers)
        fatal_at(function,
                 "stage %d: %d layers from layer %d on: this stage has layers %d to %d. Layers are "
                 "counted from the begin of the model",
                 options->index, layers, first_layer, options->first_layer,
                 options->first_layer + options->layers - 1);
    return first;
}

static void check_tensor(const struct stage *stage, const char *function, const char *what,
                         const struct tensor *tensor, struct shape sample)
{
    char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
    const struct shape shape = shape_with_batch(tensor->shape.size[0], sample);
    if (!shape_equal(tensor->shape, shape))
        fatal_at(function, "stage %d: %s is %s, and these layers want %s", stage->options.index,
                 what, shape_text(tensor->shape, found), shape_text(shape, expected));
}

struct tensor *stage_run_forward(struct stage *stage, int micro_batch, int first_layer, int layers,
                                 struct tensor *x, enum stage_run run, int draw)
{
    const int first = check_part(stage, __func__, micro_batch, first_layer, layers);
    if (x == NULL)
        fatal_at(__func__, "stage %d, micro-batch %d: x is NULL", stage->options.index,
                 micro_batch);
    tensor_taken(x, "x", __func__);
    check_tensor(stage, __func__, "x", x, stage->layer[first].input);
    tensor_take_over(x);
    stage_set_pass(stage, micro_batch);
    stage->pass.step = draw;
    return tensor_handed_out(
        stage_layers_forward(stage, micro_batch, first, first + layers, x, run));
}

struct tensor *stage_run_backward(struct stage *stage, int micro_batch, int first_layer, int layers,
                                  struct tensor *dy)
{
    const int first = check_part(stage, __func__, micro_batch, first_layer, layers);
    if (dy != NULL) {
        tensor_taken(dy, "dy", __func__);
        check_tensor(stage, __func__, "dy", dy, stage->layer[first + layers - 1].output);
        tensor_take_over(dy);
    }
    stage_set_pass(stage, micro_batch);
    return tensor_handed_out(stage_layers_backward(stage, micro_batch, first, first + layers, dy));
}

/* The first one of a micro-batch is what its dropouts would draw without anybody asking. */
int stage_next_draw(struct stage *stage, int micro_batch)
{
    enum { APART = 10000019 }; /* more than there are steps, and a prime */
    if (micro_batch < 0 || micro_batch != stage->running)
        fatal("stage %d: neither stage_forward nor stage_backward of micro-batch %d is running",
              stage->options.index, micro_batch);
    struct flight *flight = stage->flight[micro_batch];
    return flight->step + APART * (flight->draws++ % 200);
}

void stage_replace_run(struct stage *stage, const struct stage_runner *runner)
{
    stage->runner = runner != NULL ? *runner : (struct stage_runner){0};
}
