/*
 * The conjugate operators, from which every layer here is made: copy and reduce, scatter and gather.
 *
 * Each pair is one linear map and its transpose. Copying x to t ranks adds up t gradients on the way back;
 * adding up t terms copies the gradient of the sum to each of them. (f and g of Shoeybi et al. 2019.)
 */
#include "assignments/tensor/tensor.h"

struct tensor *copy_forward(const struct tensor_group *group, struct tensor *x)
{
    /* TODO: what has to happen to x, which is whole, before each rank multiplies it by its slice?
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("copy, forward", group, x);
}

struct tensor *copy_backward(const struct tensor_group *group, struct tensor *dx)
{
    /* TODO: each rank has the part of dx that comes from its slice. All of them need the gradient of
     * what was copied.
     * Hint: mpi_check(…) around a call of MPI; MPI_IN_PLACE; dx->data, dx->count numbers of MPI_FLOAT,
     * group->comm.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("copy, backward", group, dx);
}

void copy_backward_begin(const struct tensor_group *group, struct tensor *dx, MPI_Request *request)
{
    /* TODO: the same, but don't wait for the others: begin, and leave in *request what to wait for.
     * There is a call of MPI for just that, whose name has an I.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("copy, backward: begin", group, dx, request);
}

struct tensor *copy_backward_end(struct tensor *dx, MPI_Request *request)
{
    /* TODO: … wait for it, and return dx, which is the sum then.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("copy, backward: end", dx, request);
}

struct tensor *reduce_forward(const struct tensor_group *group, struct tensor *y)
{
    /* TODO: y is a term of a sum, one term on each rank. All of them need the sum.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("reduce, forward", group, y);
}

struct tensor *reduce_backward(const struct tensor_group *group, struct tensor *dy)
{
    /* TODO: dy, the gradient of the sum, is whole. What is the gradient of this rank's term?
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("reduce, backward", group, dy);
}

struct tensor *scatter_forward(const struct tensor_group *group, struct tensor *x, int dimension)
{
    /* TODO: x is whole. Return a new tensor with this rank's part (split) of the dimension, and free x.
     *
     * x (4, 6), dimension 1, 3 ranks: rank 1 returns (4, 2), columns 2 and 3 of x.
     * Hint: compute_new and compute_copy_part (common/layers/operations.h), shape_with and tensor_free
     * (common/base/tensor.h). No message is needed.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("scatter, forward", group, x, dimension);
}

struct tensor *scatter_backward(const struct tensor_group *group, struct tensor *dx, int dimension,
                                int size)
{
    /* TODO: each rank has the gradient of its own part; return that of the whole, and free dx.
     *
     * Parts need not be of one size. And in memory a part of the columns is not in one piece: in row i
     * of the whole, rank 1's numbers come between those of rank 0 and rank 2.
     * Hint: receive all parts one behind the other (MPI_Allgatherv, or a broadcast from each rank),
     * look at each with tensor_view (common/base/tensor.h), and copy it to its place with
     * compute_copy_part.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("scatter, backward", group, dx, dimension, size);
}

struct tensor *gather_forward(const struct tensor_group *group, struct tensor *y, int dimension,
                              int size)
{
    /* TODO: each rank has its part of the dimension; return the whole, and free y.
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("gather, forward", group, y, dimension, size);
}

struct tensor *gather_backward(const struct tensor_group *group, struct tensor *dy, int dimension)
{
    /* TODO: dy is whole, and the same on every rank. What is the gradient of this rank's part?
     * Check: make grade ASSIGNMENT=tensor CHECK=operators
     */
    todo("gather, backward", group, dy, dimension);
}
