/*
 * A batch from inside: for the files batch*.c, and nobody else.
 *
 *     batch.c          making, opening and loading
 *     batch_step.c     its micro-batches and their losses in a training step
 */
#ifndef COMMON_TRAINING_BATCH_PARTS_H
#define COMMON_TRAINING_BATCH_PARTS_H

#include "common/training/batch.h"
#include "common/training/share.h"

#define NOT_RECEIVED (-1) /* a label that is not here yet */

/* What became of one micro-batch in this step. */
struct micro_batch {
    struct tensor *labels; /* a view into the batch's labels; NULL until somebody wants it */
    double loss;
    int correct;
    struct tensor *kept; /* by a loss of the program's, between its forward and backward; or NULL */
    bool loss_computed;
    bool backward_computed;
};

struct batch {
    struct batch_options options;
    struct custom_loss own_loss; /* of the program's; classes is 0: the kit's */
    char dataset_name[128];
    int loaded;        /* samples of this step on this rank … */
    int micro_batches; /* … in so many micro-batches */
    int samples;       /* in the data set; 0: not known here */
    bool inputs_open, labels_open;
    struct dataset *inputs; /* on the meta device there are none */
    struct dataset *labels;
    int *
        order; /* of the samples in one epoch, or of a share of a batch; NULL while nothing is open */
    int epoch; /* whose order that is; -1: none yet */
    int first; /* where this step's samples begin in the order; -1: no step loaded */
    struct tensor *all_labels;
    struct tensor *outputs; /* NULL until the first loss is computed */
    struct micro_batch *micro_batch;
};

static inline bool batch_has_own_loss(const struct batch *batch)
{
    return batch->own_loss.classes > 0;
}

static inline bool batch_is_meta(const struct batch *batch)
{
    return batch->options.device == DEVICE_META;
}

/* So many numbers of each label: (samples), of tokens (samples, tokens); and with the classes as the
 * last dimension. */
struct shape batch_labels_shape(const struct batch *batch, int samples);
struct shape batch_outputs_shape(const struct batch *batch, int samples);

/* batch_step.c: what the last step computed counts no longer. */
void batch_forget_outputs(struct batch *batch);

#endif
