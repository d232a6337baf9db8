/*
 * Batches of a few tiny samples of the synthetic data set, on the tested device (tested_device.h).
 */
#ifndef TESTS_SUPPORT_SMALL_BATCH_H
#define TESTS_SUPPORT_SMALL_BATCH_H

#include "common/training/batch.h"

#define SMALL_BATCH_DATA    "synthetic:channels=1,height=2,width=3,train=26,test=8,classes=4"
#define SMALL_BATCH_CLASSES 4
#define SMALL_BATCH_SIZE    8
/* Micro-batches, and the samples of each. */
#define SMALL_BATCH_MICRO 4
#define SMALL_BATCH_PART  (SMALL_BATCH_SIZE / SMALL_BATCH_MICRO)

struct batch *small_batch_new(enum loss_kind loss);
/* Fails the test if there is any memory left. */
void small_batch_free(struct batch *batch);

/* An output of a micro-batch whose element (i, c) is a function of micro-batch, i and c. */
struct tensor *small_batch_output(int micro_batch);

#endif
