/*
 * The student's cross-entropy in the place of the kit's, in the way that splits the words of a language
 * model: what leaves the model on a rank are the logits of its words.
 */
#include "assignments/tensor/given/split_model.h"

#include "common/base/fatal.h"

static double forward(void *own, const struct tensor *logits, const struct tensor *labels,
                      struct tensor **probabilities)
{
    (void)own;
    return vocabulary_cross_entropy(tensor_run_group(), tensor_own_words(), logits, labels,
                                    probabilities);
}

static struct tensor *backward(void *own, const struct tensor *logits, const struct tensor *labels,
                               struct tensor *probabilities, float scale)
{
    (void)own;
    if (probabilities == NULL || !shape_equal(probabilities->shape, logits->shape))
        fatal("vocabulary_cross_entropy: *probabilities became no tensor of the logits' shape");
    return vocabulary_cross_entropy_backward(tensor_own_words(), probabilities, labels, scale);
}

void tensor_put_loss(struct run *run)
{
    const struct part words = tensor_own_words();
    batch_replace_loss(run->batch, &(struct custom_loss){.first_class = words.begin,
                                                         .classes = words.end - words.begin,
                                                         .forward = forward,
                                                         .backward = backward});
}
