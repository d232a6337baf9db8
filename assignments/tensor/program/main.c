/*
 * The tensor assignment's program: tells the driver which ways there are to split a model, and trains it. The
 * training step is that of one process: what ranks say to each other is inside of the layers.
 */
#include "assignments/tensor/given/outside.h"
#include "assignments/tensor/program/parts.h"
#include "assignments/tensor/trials.h"
#include "assignments/tensor/way_table.h"

#include <stdio.h>

/* Every rank has all samples, all layers, and computes the loss. */
static void take(struct run *run)
{
    struct stage *stage = run->trained[0].stage;
    const float scale = 1.0f / (float)run->micro_batches;
    stage_zero_gradients(stage);
    for (int i = 0; i < run->micro_batches; i++)
        batch_loss(run->batch, i, stage_forward(stage, i, batch_inputs(run->batch, i)));
    for (int i = 0; i < run->micro_batches; i++)
        tensor_free(stage_backward(stage, i, batch_loss_backward(run->batch, i, scale)));
    tensor_sum_gradients(run);
    optimizer_step(run->trained[0].optimizer);
}

/* The ways as the driver wants them; ends with a NULL name. */
static const struct step *steps(void)
{
    static struct step steps[WAYS + 1];
    for (int way = 0; way < WAYS; way++)
        steps[way] = (struct step){way_table[way].name, way_table[way].what, take};
    return steps;
}

/* Single functions, and the kinds of layers, as the driver wants them; ends with a NULL name. */
static const struct probe *probes(void)
{
    enum { MOST = 32 };
    static struct probe probes[MOST] = {
        {"split", "can_split and split with many sizes (1 rank)", probe_split},
        {"operators", "copy, reduce, scatter and gather, forwards and backwards", probe_operators},
        {"forms", "the forms that --parallel chooses for many chains (1 rank)", probe_forms},
        {"vocabulary_cross_entropy", "the loss of split logits, and its gradient", probe_loss},
    };
    int count = 4;
    for (int i = 0; count < MOST - 1 && trial_kinds[i].name != NULL; i++)
        probes[count++] =
            (struct probe){trial_kinds[i].name, trial_kinds[i].what, tensor_probe_layer};
    return probes;
}

static bool fits(const struct run *run, char *reason, size_t reason_size)
{
    if (run->options->against[0] != '\0') {
        snprintf(reason, reason_size,
                 "--against %s: a model is split in one way from beginning to end; leave --against "
                 "out, and train once with each",
                 run->options->against);
        return false;
    }
    if (run->options->batch_size % options_micro_batches(run->options) != 0) {
        snprintf(
            reason, reason_size,
            "a batch of %d samples can't be cut into %d micro-batches of the same size: choose "
            "another --batch or --micro-batches",
            run->options->batch_size, options_micro_batches(run->options));
        return false;
    }
    if (tensor_way(run->options) == WAY_VOCABULARY && run->options->loss != LOSS_CROSS_ENTROPY) {
        snprintf(reason, reason_size,
                 "--parallel vocabulary has a loss of its own, a cross-entropy: leave --loss out");
        return false;
    }
    return tensor_fits(reason, reason_size);
}

/* A probe makes what it looks at; but it, too, has the group. */
static void put_layers(struct run *run)
{
    const struct tensor_group all = {.comm = run->comm, .rank = run->rank, .ranks = run->ranks};
    tensor_put_layers_among(&all, tensor_way(run->options),
                            run->options->batch_size / options_micro_batches(run->options));
    if (run->options->probe[0] != '\0')
        layer_replace_with(NULL, NULL);
}

static void build(struct run *run)
{
    driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
}

static void begin(struct run *run)
{
    batch_open_inputs(run->batch);
    batch_open_labels(run->batch);
    if (tensor_way(run->options) == WAY_VOCABULARY)
        tensor_put_loss(run);
}

int main(int argc, char **argv)
{
    const struct program tensor = {
        .name = "tensor",
        .options = &tensor_own_options,
        .steps = steps(),
        .probes = probes(),
        .layers = put_layers,
        .fits = fits,
        .build = build,
        .begin = begin,
    };
    return driver_main(argc, argv, &tensor);
}
