/*
 * The judge's own truth: the same model, data, batch and seed in one process.
 *
 * It uses the kit's layers (which are tested against PyTorch) but nothing that
 * a student wrote, and takes nothing from the evidence but the options. Where a model takes statistics
 * over samples, they are those of the run's micro-batches.
 *
 * In a precision of 16 bits the layers' parameters and activations have 16 bits, gradients are float32, and the optimizer steps
 * with float32 masters, of which the parameters are the roundings.
 */
#ifndef GRADER_TRUTH_REFERENCE_H
#define GRADER_TRUTH_REFERENCE_H

#include "common/driver/options.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "grader/evidence/shares.h"
#include "grader/evidence/wholes.h"
#include "grader/verdict/judge.h"

struct reference {
    struct options options;
    struct model *model;
    struct stage *stage;         /* all layers */
    struct batch *batch;         /* the batch as a whole: one micro-batch */
    const struct shares *shares; /* what that consists of, where ranks shared it; else NULL */
    struct optimizer *optimizer;
    struct tensor
        *masters;     /* of all parameters, in their order; NULL where the parameters are float32 */
    struct pass pass; /* of the micro-batch that is looked at */
    double loss;      /* of the last reference_compute() */
};

#define REFERENCE_ERROR_SIZE 768

/* At its initial parameters. NULL, with an error, if the options or the data set don't allow it. */
struct reference *reference_new(const struct options *options, char error[REFERENCE_ERROR_SIZE]);
/* The same for a run that is judged: NULL after setting the verdict to "not judged". */
struct reference *reference_of_run(const struct outcome *run, struct verdict *verdict);
/* The same of one with parameters and activations of this dtype. */
struct reference *reference_in_precision(const struct outcome *run, enum dtype precision,
                                         struct verdict *verdict);
/* For a run whose ranks share each batch: it consists of the samples that they had, in the order of their
 * places. Statistics over samples are taken over each `together` of them; 0: over all. shares must outlive the
 * reference. reference_parts_new and reference_passage, which cut batches by themselves, are not for it. */
struct reference *reference_of_shares(const struct outcome *run, const struct shares *shares,
                                      int together, struct verdict *verdict);
void reference_free(struct reference *reference); /* NULL is allowed */

/* A batch of the reference's own data, open, cut into that many micro-batches; the caller's. */
struct batch *reference_batch_new(const struct reference *reference, int micro_batches);

/* Forward and backward of the batch of a training step: leaves gradients, outputs
 * (batch_outputs) and loss. Does not change parameters. */
void reference_compute(struct reference *reference, int step);
/* The same, of a reference_of_shares, of any samples, by their numbers in the data set, as if they stood in the whole
 * batch from `place` on. Of none the gradients are 0, and the loss NaN. */
void reference_compute_samples(struct reference *reference, int step, const int *sample, int count,
                               int place);
/* One optimizer step with the gradients as they are. */
void reference_update(struct reference *reference);

/* The parameters become the masters, rounded. Nothing happens where there are none. */
void reference_round(struct reference *reference);

/* New views (the caller frees them) of one parameter tensor of a layer: where there are masters, of its masters. */
struct tensor *reference_parameter(const struct reference *reference, int layer, int parameter);
struct tensor *reference_gradient(const struct reference *reference, int layer, int parameter);
/* What a run calls that gradient when it stores it. A new string. */
char *reference_gradient_name(const struct reference *reference, int layer, int parameter);
/* The gradients of a run, as they were assembled and as far as they are right, take the place of the reference's: so it
 * goes on with a run that is right up to rounding. (AdamW divides by a gradient's size, and where that is nothing but
 * rounding two right updates differ by the whole rate.) */
void reference_take_over_gradients(struct reference *reference, const struct wholes *after);
/* The same of optimizer state i. */
struct tensor *reference_state(const struct reference *reference, int i, int layer, int parameter);

/* The batch of one step in parts: what each micro-batch alone contributes. */
struct reference_parts {
    int micro_batches;
    int layers;
    struct tensor **gradients; /* [micro_batch]: all gradients, flat, of loss / micro_batches */
    struct tensor **
        outputs; /* [micro_batch]: (micro-batch size, classes), (micro-batch size, tokens, classes) */
    struct tensor **x;  /* [micro_batch · layers + layer]: the layer's input, and … */
    struct tensor **dy; /* … the gradient for its output; NULL unless the layer is linear */
};

/* At the reference's present parameters, whose gradients it overwrites. NULL if the batch can't
 * be cut like this. */
struct reference_parts *reference_parts_new(struct reference *reference, int step,
                                            int micro_batches);
void reference_parts_free(struct reference_parts *parts); /* NULL is allowed */

/* What enters a layer (1 …) when one of so many micro-batches goes forwards through those before it,
 * or, `back`, what comes back out of that layer with the loss scaled by 1/micro_batches: a new tensor.
 * Of a program that computes with the kit's layers it has the same bytes. At the reference's present
 * parameters, whose gradients it overwrites. NULL if the batch can't be cut like this. */
struct tensor *reference_passage(struct reference *reference, int step, int micro_batches, int part,
                                 int layer, bool back);

/* Elements of the flat gradients that stand before a layer's; 0 for one without parameters. */
size_t reference_offset(const struct reference *reference, int layer);

#endif
