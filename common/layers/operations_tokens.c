/*
 * Arithmetic with whole tensors (operations.h): what has to do with tokens. Rows of a table, one number of
 * each row, and attention.
 */
#include "common/layers/operations.h"
#include "common/layers/operations_check.h"

/* ---- one number of each row ------------------------------------------------------------------------ */

static void check_integers(const char *function, struct operand x, const struct tensor *other)
{
    if (x.tensor == NULL)
        fatal_at(function, "%s is NULL", x.name);
    tensor_must_live(x.tensor, x.name, function);
    if (x.tensor->dtype != DTYPE_INT32)
        fatal_at(function, "%s is %s; expected int32", x.name, dtype_name(x.tensor->dtype));
    if (x.tensor->device != other->device)
        fatal_at(function, "%s is on another device than the other tensors", x.name);
}

static void check_index(const char *function, const struct tensor *index, struct operand x)
{
    check_integers(function, (struct operand){"index", index}, x.tensor);
    one_per(function, "rows", rows_of(x.tensor), (struct operand){"index", index}, x);
}

void compute_pick(const struct tensor *index, int first, const struct tensor *x,
                  struct tensor *values)
{
    const struct kernels *kernels = CHECK({"x", x}, {"values", values});
    check_index(__func__, index, (struct operand){"x", x});
    one_per(__func__, "rows", rows_of(x), (struct operand){"values", values},
            (struct operand){"x", x});
    kernels->pick(rows_of(x), columns_of(x), first, tensor_integers(index), tensor_floats(x),
                  tensor_floats(values));
}

void compute_add_to_picked(const struct tensor *index, int first, float value, struct tensor *y)
{
    const struct kernels *kernels = CHECK({"y", y});
    check_index(__func__, index, (struct operand){"y", y});
    flops_charge(rows_of(y));
    kernels->add_to_picked(rows_of(y), columns_of(y), first, tensor_integers(index), value,
                           tensor_floats(y));
}

/* ---- rows of a table ------------------------------------------------------------------------------- */

static struct embedding_sizes table_sizes(const char *function, const struct tensor *tokens,
                                          int first, struct operand table, struct operand y)
{
    char found[3][SHAPE_TEXT_SIZE];
    check_integers(function, (struct operand){"tokens", tokens}, y.tensor);
    const struct shape *rows = &table.tensor->shape;
    struct shape each = tokens->shape;
    const bool fits = rows->dimensions == 2 && each.dimensions < TENSOR_MAX_DIMENSIONS;
    if (fits)
        each.size[each.dimensions++] = rows->size[1];
    if (!fits || !shape_equal(each, y.tensor->shape))
        fatal_at(function,
                 "tokens is %s, %s is %s and %s is %s; expected a table (rows, width), and width "
                 "numbers for each token",
                 shape_text(tokens->shape, found[0]), table.name, shape_text(*rows, found[1]),
                 y.name, shape_text(y.tensor->shape, found[2]));
    return (struct embedding_sizes){.samples = 1,
                                    .tokens = tokens->count,
                                    .vocabulary = rows->size[0],
                                    .width = rows->size[1],
                                    .first = first};
}

void compute_look_up(const struct tensor *tokens, int first, const struct tensor *table,
                     struct tensor *y)
{
    const struct kernels *kernels = CHECK({"table", table}, {"y", y});
    const struct embedding_sizes sizes = table_sizes(
        __func__, tokens, first, (struct operand){"table", table}, (struct operand){"y", y});
    kernels->embedding(&sizes, tensor_integers(tokens), tensor_floats(table), NULL,
                       tensor_floats(y));
}

void compute_add_looked_up(const struct tensor *tokens, int first, const struct tensor *dy,
                           struct tensor *gradient)
{
    const struct kernels *kernels = CHECK({"dy", dy}, {"gradient", gradient});
    const struct embedding_sizes sizes =
        table_sizes(__func__, tokens, first, (struct operand){"gradient", gradient},
                    (struct operand){"dy", dy});
    charge(1, dy);
    kernels->embedding_backward(&sizes, tensor_integers(tokens), tensor_floats(dy),
                                tensor_floats(gradient));
}

/* ---- attention ------------------------------------------------------------------------------------- */

/* y: also dy. */
static struct attention_sizes heads_of(const char *function, bool causal, const struct tensor *qkv,
                                       const struct tensor *probabilities, struct operand y)
{
    char found[3][SHAPE_TEXT_SIZE];
    const int *square = probabilities->shape.size, *sizes = y.tensor->shape.size;
    const int samples = square[0], heads = square[1], tokens = square[2];
    const bool fits = probabilities->shape.dimensions == 4 && y.tensor->shape.dimensions == 3 &&
                      heads > 0 && square[3] == tokens && sizes[0] == samples &&
                      sizes[1] == tokens && sizes[2] % heads == 0;
    if (!fits || !shape_equal(qkv->shape, SHAPE(samples, tokens, 3 * sizes[2])))
        fatal_at(function,
                 "qkv is %s, %s is %s and probabilities is %s; expected (samples, tokens, 3 · "
                 "heads · width), (samples, tokens, heads · width) and (samples, heads, tokens, "
                 "tokens)",
                 shape_text(qkv->shape, found[0]), y.name, shape_text(y.tensor->shape, found[1]),
                 shape_text(probabilities->shape, found[2]));
    return (struct attention_sizes){.samples = samples,
                                    .tokens = tokens,
                                    .heads = heads,
                                    .head_width = sizes[2] / heads,
                                    .causal = causal};
}

/* For each pair of tokens that is looked at, of all heads. */
static void charge_pairs(const struct attention_sizes *sizes, double each)
{
    const double tokens = sizes->tokens;
    const double pairs = sizes->causal ? 0.5 * tokens * (tokens + 1) : tokens * tokens;
    flops_charge(each * pairs * sizes->samples * sizes->heads);
}

void compute_attention(bool causal, const struct tensor *qkv, struct tensor *y,
                       struct tensor *probabilities)
{
    const struct kernels *kernels = CHECK({"qkv", qkv}, {"y", y}, {"probabilities", probabilities});
    const struct attention_sizes sizes =
        heads_of(__func__, causal, qkv, probabilities, (struct operand){"y", y});
    charge_pairs(&sizes, 4.0 * sizes.head_width + 20);
    kernels->attention(&sizes, tensor_floats(qkv), tensor_floats(y), tensor_floats(probabilities));
}

void compute_attention_backward(bool causal, const struct tensor *qkv,
                                const struct tensor *probabilities, const struct tensor *dy,
                                struct tensor *dqkv)
{
    const struct kernels *kernels =
        CHECK({"qkv", qkv}, {"probabilities", probabilities}, {"dy", dy}, {"dqkv", dqkv});
    const struct attention_sizes sizes =
        heads_of(__func__, causal, qkv, probabilities, (struct operand){"dy", dy});
    same_shape(__func__, (struct operand){"qkv", qkv}, (struct operand){"dqkv", dqkv});
    charge_pairs(&sizes, 8.0 * sizes.head_width + 4);
    kernels->attention_backward(&sizes, tensor_floats(qkv), tensor_floats(probabilities),
                                tensor_floats(dy), tensor_floats(dqkv));
}
