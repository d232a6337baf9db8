/*
 * A training step of one network, as the benchmarks measure it: zero the gradients, forward, cross-entropy,
 * backward, one step of SGD with momentum, on a batch that is already in memory.
 */
#ifndef BENCH_TRAINING_H
#define BENCH_TRAINING_H

#include "common/training/optimizer.h"
#include "common/training/stage.h"

struct network {
    const char *name; /* as PyTorch's side calls it, too (networks.py) */
    const char *model;
    struct shape sample;
    int classes;
    enum dtype
        precision; /* of parameters, gradients and activations; the optimizer's masters are float32 */
};

struct training {
    struct model *model;
    struct stage *stage;
    struct optimizer *optimizer;
    struct tensor *masters; /* parameters of 16 bits in float32; NULL: the parameters are */
    struct tensor *inputs, *labels;
};

/* A network that can't be built ends the program with the reason. `device` has been opened, if it is DEVICE_CUDA. */
struct training training_new(const struct network *network, int batch, enum device device);
void training_free(struct training *training);
/* training: a struct training. On a GPU it returns when the loss is there; what comes behind may not be done yet. */
void training_step(void *training);

#endif
