/*
 * Losses of a batch of outputs (samples, classes), or (samples, tokens, classes), each the mean over
 * its samples and tokens.
 * On the meta device the loss is 0, labels are not looked at, and the gradient is
 * a tensor of the right shape.
 */
#ifndef COMMON_TRAINING_LOSS_H
#define COMMON_TRAINING_LOSS_H

#include "common/base/tensor.h"

enum loss_kind {
    LOSS_CROSS_ENTROPY, /* softmax, then negative log-likelihood of the label */
    LOSS_MEAN           /* the mean of all outputs: labels are not looked at */
};

/* Returns the loss; correct becomes the number of samples, or tokens, whose largest output
 * is the label's (0 for LOSS_MEAN). labels: int32 (samples) or (samples, tokens), each 0 … classes-1
 * (fatal otherwise), NULL allowed for LOSS_MEAN. */
double loss_forward(enum loss_kind kind, const struct tensor *outputs, const struct tensor *labels,
                    int *correct);
/* A new tensor: the gradient of scale · loss for the outputs. */
struct tensor *loss_backward(enum loss_kind kind, const struct tensor *outputs,
                             const struct tensor *labels, float scale);

#endif
