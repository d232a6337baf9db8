/*
 * The sketch of a payload: Σ w_i·x_i; see log_fields.h.
 *
 * A weight is the product of two: one for the place within a row of ROW elements, one for the row.
 * The first kind is a table that stays in the cache, so that an element costs one multiplication and
 * one addition.
 */
#include "common/log/log_fields.h"

#include "common/base/sixteen_bits.h"

#include <math.h>

enum { ROW = 1024, LANES = 16 };

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014), as a number in [0.75, 1.25). */
static double mixed(uint64_t i)
{
    uint64_t bits = (i + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    return 0.75 + (double)(bits >> 11) * 0x1p-54;
}

static double weight_of_row(uint64_t row)
{
    return mixed(~row);
}

double log_sketch_weight(uint64_t i)
{
    return mixed(i % ROW) * weight_of_row(i / ROW);
}

static const double *weights_within_row(void)
{
    static double weight[ROW];
    if (weight[0] == 0.0)
        for (uint64_t i = ROW; i-- > 0;)
            weight[i] = mixed(i);
    return weight;
}

#define AS_IT_IS(x) (x)

/* Σ of a part of one row. In lanes, which the compiler makes vectors of: it may not reorder a sum. */
#define DEFINE_SUM(name, type, value)                                                              \
    static double name(const void *data, const double *weight, size_t count)                       \
    {                                                                                              \
        typedef type unaligned __attribute__((aligned(1), may_alias));                             \
        const unaligned *x = data;                                                                 \
        double lane[LANES] = {0}, sum = 0.0;                                                       \
        size_t i = 0;                                                                              \
        for (; i + LANES <= count; i += LANES)                                                     \
            for (size_t j = 0; j < LANES; j++)                                                     \
                lane[j] += weight[i + j] * (double)value(x[i + j]);                                \
        for (; i < count; i++)                                                                     \
            sum += weight[i] * (double)value(x[i]);                                                \
        for (size_t j = 0; j < LANES; j++)                                                         \
            sum += lane[j];                                                                        \
        return sum;                                                                                \
    }

DEFINE_SUM(sum_float32, float, AS_IT_IS)
DEFINE_SUM(sum_float64, double, AS_IT_IS)
DEFINE_SUM(sum_bfloat16, uint16_t, bfloat16_to_float32)
DEFINE_SUM(sum_float16, uint16_t, float16_to_float32)
DEFINE_SUM(sum_int8, int8_t, AS_IT_IS)
DEFINE_SUM(sum_int16, int16_t, AS_IT_IS)
DEFINE_SUM(sum_int32, int32_t, AS_IT_IS)
DEFINE_SUM(sum_int64, int64_t, AS_IT_IS)
DEFINE_SUM(sum_uint8, uint8_t, AS_IT_IS)
DEFINE_SUM(sum_uint16, uint16_t, AS_IT_IS)
DEFINE_SUM(sum_uint32, uint32_t, AS_IT_IS)
DEFINE_SUM(sum_uint64, uint64_t, AS_IT_IS)

double log_sketch_of(enum log_type type, const void *data, size_t count, uint64_t start)
{
    typedef double sum_function(const void *, const double *, size_t);
    static sum_function *const sums[LOG_TYPES] = {
        [LOG_TYPE_FLOAT32] = sum_float32,   [LOG_TYPE_FLOAT64] = sum_float64,
        [LOG_TYPE_BFLOAT16] = sum_bfloat16, [LOG_TYPE_FLOAT16] = sum_float16,
        [LOG_TYPE_INT8] = sum_int8,         [LOG_TYPE_INT16] = sum_int16,
        [LOG_TYPE_INT32] = sum_int32,       [LOG_TYPE_INT64] = sum_int64,
        [LOG_TYPE_UINT8] = sum_uint8,       [LOG_TYPE_UINT16] = sum_uint16,
        [LOG_TYPE_UINT32] = sum_uint32,     [LOG_TYPE_UINT64] = sum_uint64};
    const size_t size = log_type_size(type);
    if (size == 0)
        return NAN;
    const double *weight = weights_within_row();
    const unsigned char *bytes = data;
    double sketch = 0.0;
    while (count > 0) {
        const size_t place = start % ROW;
        const size_t here = count < ROW - place ? count : ROW - place;
        sketch += weight_of_row(start / ROW) * sums[type](bytes, weight + place, here);
        bytes += here * size;
        start += here;
        count -= here;
    }
    return sketch;
}
