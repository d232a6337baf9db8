/*
 * Which version of its parameters a stage used for each forward and backward.
 *
 * In an asynchronous run the begin records of F, B, I and W and the end records
 * of the optimizer's steps carry the fingerprint of the stage's parameters.
 * Version k are those after the k-th optimizer step within the training step;
 * version 0 are those that the training step began with.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_VERSIONS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_VERSIONS_H

#include "grader/evidence/evidence.h"

enum {
    VERSION_NONE = -1,   /* there was no such forward or backward */
    VERSION_UNKNOWN = -2 /* parameters that were no version of this training step so far */
};

/* Of one micro-batch on one stage. */
struct version_use {
    int forward;
    int backward;
};

/* Reads one stage's part of a training step into use[micro_batches]; returns how many optimizer
 * steps it took. events: of the stage's rank. *newest is the fingerprint of version 0 and becomes
 * that of the last one. Where versions are equal (a gradient of zeros), the right one of
 * `stages` counts. */
int versions_read(const struct log_file *log, const GArray *events, int step, int stage, int stages,
                  int micro_batches, uint64_t *newest, struct version_use *use);

/* "those after 3 steps" and the like; the caller frees it. */
char *version_text(int version);

#endif
