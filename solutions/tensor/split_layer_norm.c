/*
 * Layer norm over columns of which each rank has some: mean and variance are those of all of them.
 *
 *     forward             n = (x - mean) / √(variance + ε),  y = γ n + β
 *     backward, input     dx = (g - mean of g - n · mean of g n) / √(variance + ε),  g = γ dy
 *     backward, weight    dγ += Σ dy n,  dβ += Σ dy
 *
 * The means are over a row: the columns of all ranks. Each rank has the γ and β of its own columns, and all
 * of dy that their gradients need. (Ba, Kiros and Hinton 2016.)
 */
#include "assignments/tensor/tensor.h"

enum { WEIGHT, BIAS };

static const float epsilon = 1e-5f;

/* BEGIN SOLUTION */
enum { NORMAL, INVERSE, DY };

/* A tensor (samples, …) as a matrix: one row for each mean, this rank's columns. The columns may have
 * several dimensions: channels, height and width. */
static struct tensor *rows_of(const struct layer_call *call, struct tensor *x)
{
    const int columns = call->parameter[WEIGHT]->count;
    return tensor_view(x, 0, SHAPE(x->count / columns, columns));
}

static struct tensor *copy_of(const struct tensor *x)
{
    struct tensor *copy = compute_new_like(x);
    compute_copy_part(x, 0, 0, copy, 0, x->shape.size[0]);
    return copy;
}

/* Of the rows on all ranks. */
static int all_columns(const struct tensor_place *place)
{
    return shape_count(place->whole->parameter[WEIGHT].shape);
}

/* What the rows of x add up to here. */
static struct tensor *row_sums(const struct tensor *x)
{
    struct tensor *sums = compute_new(x->device, SHAPE(x->shape.size[0]));
    compute_row_sums(x, sums);
    return sums;
}

/* One of the two rows of a tensor (2, numbers). */
static struct tensor *row_of(struct tensor *two, int row)
{
    const int numbers = two->shape.size[1];
    return tensor_view(two, (size_t)row * (size_t)numbers, SHAPE(numbers));
}

/* What the rows of a and those of b add up to, here: (2, rows). */
static struct tensor *row_sums_of_two(const struct tensor *a, const struct tensor *b)
{
    struct tensor *sums = compute_new(a->device, SHAPE(2, a->shape.size[0]));
    struct tensor *of_a = row_of(sums, 0), *of_b = row_of(sums, 1);
    compute_row_sums(a, of_a);
    compute_row_sums(b, of_b);
    tensor_free(of_a);
    tensor_free(of_b);
    return sums;
}

/* x becomes n, and what it was divided by is returned: 1/√(variance + ε), one for each row. First the mean,
 * then the squares of what is left: Σx² - mean² would be a small difference of large numbers. */
static struct tensor *normalise(const struct tensor_place *place, struct tensor *x)
{
    const float columns = (float)all_columns(place);
    struct tensor *mean = reduce_forward(place->group, row_sums(x));
    compute_scale(-1.0f / columns, mean);
    compute_add_to_rows(mean, x);
    tensor_free(mean);

    struct tensor *squares = compute_new_like(x);
    compute_multiply(x, x, squares);
    struct tensor *inverse = reduce_forward(place->group, row_sums(squares));
    tensor_free(squares);
    compute_scale(1.0f / columns, inverse);
    compute_inverse_square_root(epsilon, inverse);
    compute_multiply_rows(inverse, x);
    return inverse;
}

/* For each row -(mean of g) and -(mean of g n), over the columns of all ranks: (2, rows). Both sums take one
 * message. */
static struct tensor *minus_both_means(const struct tensor_place *place, const struct tensor *g,
                                       const struct tensor *normal)
{
    struct tensor *along = compute_new_like(g);
    compute_multiply(g, normal, along);
    struct tensor *sums = copy_backward(place->group, row_sums_of_two(g, along));
    compute_scale(-1.0f / (float)all_columns(place), sums);
    tensor_free(along);
    return sums;
}

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    struct tensor *x_rows = rows_of(call, x), *normal = copy_of(x_rows);
    struct tensor *y = layer_output_new(call), *y_rows = rows_of(call, y);
    layer_keep(call, INVERSE, normalise(call->own, normal));
    compute_copy_part(normal, 0, 0, y_rows, 0, normal->shape.size[0]);
    compute_multiply_columns(call->parameter[WEIGHT], y_rows);
    compute_add_bias(call->parameter[BIAS], y_rows);
    layer_keep(call, NORMAL, normal);
    tensor_free(y_rows);
    tensor_free(x_rows);
    tensor_free(x);
    return y;
    /* END SOLUTION */
    //| /* TODO: y from x, of which this rank has some columns (samples, …, this rank's), or channels (samples,
    //|  * this rank's, height, width).
    //|  *
    //|  * Given: call->own is the place; call->parameter[WEIGHT] and [BIAS], γ and β of this rank's columns; they
    //|  * have as many numbers as this rank has columns of a row. place->whole->parameter[WEIGHT].shape has those
    //|  * of all ranks; shape_count counts them. Keep what the backward needs (layer_keep): n, and 1/√(variance
    //|  * + ε). x is yours to free (tensor_free).
    //|  * Hint: look at x and y (layer_output_new) as matrices with tensor_view: one row for each mean. γ and β
    //|  * may have any shape. Two sums for each row (compute_row_sums, into a tensor of compute_new) go over all
    //|  * ranks (reduce_forward): that of x, and then that of the squares (compute_multiply) of what is left
    //|  * without the mean. By how many columns is each divided (compute_scale)? compute_copy_part and
    //|  * compute_new_like make a copy; compute_add_to_rows, compute_inverse_square_root, compute_multiply_rows,
    //|  * and then compute_multiply_columns and compute_add_bias.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=norm
    //|  */
    //| (void)epsilon;
    //| todo("split layer norm, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    layer_keep(call, DY, dy);
    if (!want_dx)
        return NULL;
    struct tensor *normal = layer_kept(call, NORMAL);
    struct tensor *dx = copy_of(dy), *rows = rows_of(call, dx);
    compute_multiply_columns(call->parameter[WEIGHT], rows); /* g, of which dx is made in place */

    struct tensor *means = minus_both_means(call->own, rows, normal);
    struct tensor *of_g = row_of(means, 0), *of_gn = row_of(means, 1);
    struct tensor *along = copy_of(normal);
    compute_multiply_rows(of_gn, along);
    compute_add_to_rows(of_g, rows);
    compute_add(along, rows);
    compute_multiply_rows(layer_kept(call, INVERSE), rows);
    tensor_free(of_g);
    tensor_free(of_gn);
    tensor_free(means);
    tensor_free(along);
    tensor_free(rows);
    return dx;
    /* END SOLUTION */
    //| /* TODO: dx of this rank's columns, from dy of the same; NULL unless want_dx.
    //|  *
    //|  * Every column of a row has moved mean and variance, so each dx depends on the dy of all ranks: two
    //|  * sums for each row again, that of g = γ dy and that of g n.
    //|  * Hint: the formula is at the top of this file; compute_multiply_columns makes g, compute_add puts
    //|  * together what it says. Both sums fit into one message (copy_backward). Keep dy for γ and β.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=norm
    //|  */
    //| todo("split layer norm, backward for the input", call, dy, want_dx);
}

static void backward_weight(struct layer_call *call)
{
    /* BEGIN SOLUTION */
    struct tensor *dy = rows_of(call, layer_kept(call, DY)), *product = compute_new_like(dy);
    compute_multiply(dy, layer_kept(call, NORMAL), product);
    compute_add_column_sums(product, call->gradient[WEIGHT]);
    compute_add_column_sums(dy, call->gradient[BIAS]);
    tensor_free(product);
    tensor_free(dy);
    /* END SOLUTION */
    //| /* TODO: add the gradients of this rank's γ and β.
    //|  * Hint: layer_kept, compute_multiply, compute_add_column_sums. Who else has anything to add to them?
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=norm
    //|  */
    //| todo("split layer norm, backward for the weights", call);
}

struct layer split_layer_norm(const struct tensor_place *place)
{
    struct custom_layer layer = tensor_layer(place);
    layer.kind = "split layer norm";
    layer.output = place->input;
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer.backward_weight = backward_weight;
    /* BEGIN SOLUTION */
    for (int k = WEIGHT; k <= BIAS; k++) {
        const struct parameter *whole = &place->whole->parameter[k];
        layer.parameter[k] = layer_parameter_part(
            whole, slice_along(whole->shape, 0, place->inputs.begin, place->inputs.end));
    }
    /* END SOLUTION */
    //| /* TODO: which slices of γ (layer.parameter[WEIGHT]) and β ([BIAS]) this rank has.
    //|  *
    //|  * Both have the shape of a row: (columns), or (channels, height, width).
    //|  * Hint: place->inputs are the columns, or channels, that come in; layer_parameter_part and slice_along, as
    //|  * in column_parallel_linear.c.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=norm, for which this norm or that of split_batch_norm.c is
    //|  * enough, then both_norms
    //|  */
    //| todo("slices of the split layer norm", place);
    return layer_custom(&layer);
}
