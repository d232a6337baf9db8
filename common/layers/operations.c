/*
 * Arithmetic with whole tensors (operations.h): checks, charges, and calls the
 * kernel of the tensors' device.
 */
#include "common/layers/operations.h"

#include "common/layers/operations_check.h"

#include <stdio.h>

struct tensor *compute_new(enum device device, struct shape shape)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, device, shape);
}

struct tensor *compute_new_like(const struct tensor *x)
{
    return tensor_new(MEMORY_ACTIVATION, x->dtype, x->device, x->shape);
}

/* ---- matrix products ------------------------------------------------------------------------------- */

void compute_matrix_product(bool transpose_a, bool transpose_b, const struct tensor *a,
                            const struct tensor *b, float beta, struct tensor *c)
{
    const struct kernels *kernels = CHECK({"a", a}, {"b", b}, {"c", c});
    const int rows = transpose_a ? columns_of(a) : rows_of(a);
    const int depth = transpose_a ? rows_of(a) : columns_of(a);
    const int inner = transpose_b ? columns_of(b) : rows_of(b);
    const int columns = transpose_b ? rows_of(b) : columns_of(b);
    if (depth != inner || rows_of(c) != rows || columns_of(c) != columns) {
        char text[3][SHAPE_TEXT_SIZE],
            fault[128] = "is no product; expected as many columns on the left as rows on the right";
        if (depth == inner)
            snprintf(
                fault, sizeof fault,
                "does not make c; expected a c of %d rows (all sizes but the last, multiplied) "
                "and %d columns",
                rows, columns);
        fatal("a is %s%s, b is %s%s, c is %s: (%d, %d) by (%d, %d) %s",
              shape_text(a->shape, text[0]), transpose_a ? ", transposed" : "",
              shape_text(b->shape, text[1]), transpose_b ? ", transposed" : "",
              shape_text(c->shape, text[2]), rows, depth, inner, columns, fault);
    }
    flops_charge(2.0 * rows * columns * depth);
    kernels->matrix_product(transpose_a, transpose_b, rows, columns, depth, tensor_floats(a),
                            tensor_floats(b), beta, tensor_floats(c));
}

/* ---- element by element ---------------------------------------------------------------------------- */

void compute_add(const struct tensor *x, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"x", x}, {"y", y});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"y", y});
    charge(1, y);
    kernels->add(y->elements, tensor_floats(x), tensor_floats(y));
}

void compute_scale(float factor, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"y", y});
    charge(1, y);
    kernels->scale(y->elements, factor, tensor_floats(y));
}

void compute_multiply(const struct tensor *a, const struct tensor *b, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"a", a}, {"b", b}, {"y", y});
    same_shape(__func__, (struct operand){"a", a}, (struct operand){"b", b});
    same_shape(__func__, (struct operand){"a", a}, (struct operand){"y", y});
    charge(1, y);
    kernels->multiply(y->elements, tensor_floats(a), tensor_floats(b), tensor_floats(y));
}

void compute_relu(const struct tensor *x, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"x", x}, {"y", y});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"y", y});
    charge(1, y);
    kernels->relu(y->elements, tensor_floats(x), tensor_floats(y));
}

void compute_relu_backward(const struct tensor *y, const struct tensor *dy, struct tensor *dx)
{
    const struct kernels *kernels = CHECK({"y", y}, {"dy", dy}, {"dx", dx});
    same_shape(__func__, (struct operand){"y", y}, (struct operand){"dy", dy});
    same_shape(__func__, (struct operand){"y", y}, (struct operand){"dx", dx});
    charge(1, dx);
    kernels->relu_backward(dx->elements, tensor_floats(y), tensor_floats(dy), tensor_floats(dx));
}

void compute_gelu(const struct tensor *x, struct tensor *y, struct tensor *derivative)
{
    const struct kernels *kernels = CHECK({"x", x}, {"y", y}, {"derivative", derivative});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"y", y});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"derivative", derivative});
    charge(32, y);
    kernels->gelu(y->elements, tensor_floats(x), tensor_floats(y), tensor_floats(derivative));
}

void compute_exponential(const struct tensor *x, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"x", x}, {"y", y});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"y", y});
    charge(10, y);
    kernels->exponential(y->elements, tensor_floats(x), tensor_floats(y));
}

void compute_logarithm(const struct tensor *x, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"x", x}, {"y", y});
    same_shape(__func__, (struct operand){"x", x}, (struct operand){"y", y});
    charge(10, y);
    kernels->logarithm(y->elements, tensor_floats(x), tensor_floats(y));
}

void compute_inverse_square_root(float epsilon, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"y", y});
    charge(3, y);
    kernels->inverse_square_root(y->elements, epsilon, tensor_floats(y));
}

/* ---- rows and columns ------------------------------------------------------------------------------ */

void compute_add_bias(const struct tensor *bias, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"bias", bias}, {"y", y});
    one_per(__func__, "columns", columns_of(y), (struct operand){"bias", bias},
            (struct operand){"y", y});
    charge(1, y);
    kernels->add_to_columns(rows_of(y), columns_of(y), tensor_floats(bias), tensor_floats(y));
}

void compute_add_column_sums(const struct tensor *y, struct tensor *sums)
{
    const struct kernels *kernels = CHECK({"y", y}, {"sums", sums});
    one_per(__func__, "columns", columns_of(y), (struct operand){"sums", sums},
            (struct operand){"y", y});
    charge(1, y);
    kernels->add_column_sums(rows_of(y), columns_of(y), tensor_floats(y), tensor_floats(sums));
}

void compute_multiply_columns(const struct tensor *factors, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"factors", factors}, {"y", y});
    one_per(__func__, "columns", columns_of(y), (struct operand){"factors", factors},
            (struct operand){"y", y});
    charge(1, y);
    kernels->multiply_columns(rows_of(y), columns_of(y), tensor_floats(factors), tensor_floats(y));
}

void compute_row_sums(const struct tensor *x, struct tensor *sums)
{
    const struct kernels *kernels = CHECK({"x", x}, {"sums", sums});
    one_per(__func__, "rows", rows_of(x), (struct operand){"sums", sums}, (struct operand){"x", x});
    charge(1, x);
    kernels->row_sums(rows_of(x), columns_of(x), tensor_floats(x), tensor_floats(sums));
}

void compute_row_maxima(const struct tensor *x, struct tensor *maxima)
{
    const struct kernels *kernels = CHECK({"x", x}, {"maxima", maxima});
    one_per(__func__, "rows", rows_of(x), (struct operand){"maxima", maxima},
            (struct operand){"x", x});
    charge(1, x);
    kernels->row_maxima(rows_of(x), columns_of(x), tensor_floats(x), tensor_floats(maxima));
}

double compute_sum(const struct tensor *x)
{
    const struct kernels *kernels = CHECK({"x", x});
    charge(1, x);
    return kernels->sum(x->elements, tensor_floats(x));
}

void compute_add_to_rows(const struct tensor *values, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"values", values}, {"y", y});
    one_per(__func__, "rows", rows_of(y), (struct operand){"values", values},
            (struct operand){"y", y});
    charge(1, y);
    kernels->add_to_rows(rows_of(y), columns_of(y), tensor_floats(values), tensor_floats(y));
}

void compute_multiply_rows(const struct tensor *factors, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"factors", factors}, {"y", y});
    one_per(__func__, "rows", rows_of(y), (struct operand){"factors", factors},
            (struct operand){"y", y});
    charge(1, y);
    kernels->multiply_rows(rows_of(y), columns_of(y), tensor_floats(factors), tensor_floats(y));
}

/* ---- copying --------------------------------------------------------------------------------------- */

static void check_copy(const struct tensor *from, int from_begin, int dimension,
                       const struct tensor *to, int to_begin, int count)
{
    char source[SHAPE_TEXT_SIZE], target[SHAPE_TEXT_SIZE];
    const char *function = "compute_copy_part";
    if (from == NULL || to == NULL)
        fatal_at(function, "%s is NULL", from == NULL ? "from" : "to");
    tensor_must_live(from, "from", function);
    tensor_must_live(to, "to", function);
    if (from->dtype != to->dtype || from->device != to->device ||
        (from->dtype != DTYPE_FLOAT32 && from->dtype != DTYPE_INT32))
        fatal_at(function,
                 "from is %s and to is %s; expected both float32 or both int32, on one "
                 "device",
                 dtype_name(from->dtype), dtype_name(to->dtype));
    bool fits = from->shape.dimensions == to->shape.dimensions && dimension >= 0 &&
                dimension < from->shape.dimensions;
    for (int d = 0; fits && d < from->shape.dimensions; d++)
        fits = d == dimension || from->shape.size[d] == to->shape.size[d];
    if (!fits)
        fatal_at(function,
                 "from is %s and to is %s; expected the same sizes in all dimensions but number %d",
                 shape_text(from->shape, source), shape_text(to->shape, target), dimension);
    const int given = from->shape.size[dimension], room = to->shape.size[dimension];
    if (count < 0 || from_begin < 0 || to_begin < 0 || from_begin > given - count ||
        to_begin > room - count)
        fatal_at(function,
                 "%d indices from %d of %s do not go to %d of %s: dimension %d has %d and %d",
                 count, from_begin, shape_text(from->shape, source), to_begin,
                 shape_text(to->shape, target), dimension, given, room);
}

void compute_copy_part(const struct tensor *from, int from_begin, int dimension, struct tensor *to,
                       int to_begin, int count)
{
    check_copy(from, from_begin, dimension, to, to_begin, count);
    size_t blocks = 1, inner = 1;
    for (int d = 0; d < from->shape.dimensions; d++) {
        blocks *= d < dimension ? (size_t)from->shape.size[d] : 1;
        inner *= d > dimension ? (size_t)from->shape.size[d] : 1;
    }
    const size_t from_step = inner * (size_t)from->shape.size[dimension];
    const size_t to_step = inner * (size_t)to->shape.size[dimension];
    kernels_for(from->device)
        ->copy_blocks(blocks, inner * (size_t)count,
                      tensor_floats(from) + (size_t)from_begin * inner, from_step,
                      tensor_floats(to) + (size_t)to_begin * inner, to_step);
}
