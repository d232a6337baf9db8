/* What scale_step.c can be told: NAME=VALUE. */
#ifndef BENCH_PROGRAMS_SCALE_SETTINGS_H
#define BENCH_PROGRAMS_SCALE_SETTINGS_H

#include "common/base/fatal.h"
#include "common/base/tensor.h" /* before `tensor` here is a number */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static long data = 1, pipeline = 1, tensor = 1;
static long layers = 24, width = 2304, sequence = 2048, vocabulary = 51200;
static long micro_batches = 1, samples = 1; /* of one pipeline, and in each micro-batch */
static long value_bytes = 2;                /* of an activation's number */
static long gradient_bytes = 4;             /* of a gradient's */
static long bucket_bytes = 25L << 20;
static long
    recompute; /* 1: all of a layer, 2: only the attention's products of queries, keys and values */
static long chunks = 1; /* of layers that each stage has, interleaved */
static const char *reduce = "kit", *log_folder;

static const struct {
    const char *name;
    long *value;
} settings[] = {{"data", &data},
                {"pipeline", &pipeline},
                {"tensor", &tensor},
                {"layers", &layers},
                {"width", &width},
                {"sequence", &sequence},
                {"vocabulary", &vocabulary},
                {"micro-batches", &micro_batches},
                {"samples", &samples},
                {"value-bytes", &value_bytes},
                {"gradient-bytes", &gradient_bytes},
                {"bucket-bytes", &bucket_bytes},
                {"recompute", &recompute},
                {"chunks", &chunks}};

static void set(char *argument)
{
    char *value = strchr(argument, '=');
    if (value == NULL)
        fatal("%s: must be a setting and =", argument);
    *value++ = '\0';
    bool known = true;
    if (strcmp(argument, "reduce") == 0)
        reduce = value;
    else if (strcmp(argument, "log") == 0)
        log_folder = value;
    else
        known = false;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (strcmp(settings[i].name, argument) == 0) {
            *settings[i].value = atol(value);
            known = true;
        }
    if (!known)
        fatal("there is no setting %s", argument);
}

#endif
