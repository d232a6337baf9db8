/*
 * Models that are small enough to be run many times, and stages of them. All
 * their outputs are of 10 classes.
 */
#ifndef TESTS_SUPPORT_SMALL_MODELS_H
#define TESTS_SUPPORT_SMALL_MODELS_H

#include "common/training/stage.h"

/* The first is an mlp of 6 layers; its first layer has no parameters. */
#define SMALL_MODELS 6
extern const struct small_model_case {
    const char *name;
    struct shape input;
} small_models[SMALL_MODELS];

struct model *small_model(int i);

/* On the tested device (tested_device.h), as what small_samples makes: the stage of layers first … first+layers-1. */
struct stage *small_stage(const struct model *model, int index, int stages, int first, int layers,
                          int size, int micro_batches);
struct stage *small_whole(const struct model *model, int size, int micro_batches);

/* Samples first … first+count-1 of an endless random tensor. */
struct tensor *small_samples(struct shape sample, int first, int count, uint32_t which);

#endif
