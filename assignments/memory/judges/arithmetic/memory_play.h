/*
 * One stage, played: by the right rules, or by others.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ARITHMETIC_MEMORY_PLAY_H
#define ASSIGNMENTS_MEMORY_JUDGES_ARITHMETIC_MEMORY_PLAY_H

#include "assignments/memory/judges/arithmetic/arithmetic.h"

/* A stage, and the rules that are taken for right. */
struct memory_play {
    const struct model_numbers *model;
    const struct way *way;
    unsigned rules;
    int stage, first, layers;
    double number, gradient; /* bytes */
    /* What is alive of all micro-batches, and the most that was. */
    double alive, most;
    int segment; /* layers of one; 0: there are none */
};

bool memory_arithmetic_has(const struct memory_play *play, unsigned rule);
/* What one of the tensor ranks has of a size. */
double memory_arithmetic_split(const struct memory_play *play, double split_size,
                               double whole_size);

/* memory_play.c: the most that is alive of the micro-batches that go through the stage. */
double memory_arithmetic_play(struct memory_play *play);

#endif
