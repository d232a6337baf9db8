/*
 * Between two stages that are split over t ranks: a part each, in place of t copies.
 *
 * What leaves a stage is the same on all of its t ranks, so a part from each is enough. It takes a gather at
 * the other side, and that is the bargain: links between servers, over which stages talk, carry a t-th, and
 * links within one, over which the t ranks do, carry a little more. (Narayanan et al. 2021, section 4.1)
 */
#include "assignments/data/data.h"
#include "assignments/tensor/tensor.h"

struct tensor *leave_stage_forward(const struct tensor_group *group, struct tensor *y)
{
    /* TODO: y is whole. Return this rank's part of the last dimension, which goes to the next stage.
     *
     * Given: the operators of the tensor assignment, yours; y->shape.size[y->shape.dimensions - 1] is what is split.
     * Hint: which of the operators goes from whole to split, and sends no message?
     * Check: make grade ASSIGNMENT=data CHECK=scattered_messages
     */
    todo("take this rank's part of what leaves the stage", group, y);
}

struct tensor *leave_stage_backward(const struct tensor_group *group, struct tensor *dy, int size)
{
    /* TODO: dy of this rank's part has come back from the next stage, and the layers need all of it.
     * Check: make grade ASSIGNMENT=data CHECK=scattered_messages
     */
    todo("put the parts of dy together", group, dy, size);
}

struct tensor *enter_stage_forward(const struct tensor_group *group, struct tensor *x, int size)
{
    /* TODO: this rank's part of x has come from the stage before, and the layers need all of it.
     * Check: make grade ASSIGNMENT=data CHECK=scattered_messages
     */
    todo("put the parts of x together", group, x, size);
}

struct tensor *enter_stage_backward(const struct tensor_group *group, struct tensor *dx)
{
    /* TODO: dx is whole, and goes back to the stage before: this rank's part of it.
     *
     * Hint: have all ranks the same dx, or each a term of a sum? Look at what your column-parallel layer does with
     * dx before it returns it.
     * Check: make grade ASSIGNMENT=data CHECK=scattered_messages
     */
    todo("take this rank's part of dx", group, dx);
}
