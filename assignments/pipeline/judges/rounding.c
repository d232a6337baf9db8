/* What may become of a tensor on its way; see rounding.h. */
#include "assignments/pipeline/judges/rounding.h"

#include "common/log/log.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* ---- one number ---------------------------------------------------------------------------------- */

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bfloat16 is the upper half of a float32. */
static float to_bfloat16_cut(float value, float unit)
{
    (void)unit;
    return of_bits(bits_of(value) & 0xffff0000u);
}

static float to_bfloat16(float value, float unit)
{
    (void)unit;
    uint32_t bits = bits_of(value);
    return of_bits((bits + 0x7fffu + ((bits >> 16) & 1)) & 0xffff0000u);
}

/* Eleven significant bits; below 2^-14 whole multiples of 2^-24; beyond 65504 infinite. */
static float to_float16(float value, float unit)
{
    (void)unit;
    if (!isfinite(value) || value == 0)
        return value;
    int exponent;
    frexpf(value, &exponent);
    float step = ldexpf(1, MAX(exponent - 11, -24));
    float rounded = rintf(value / step) * step;
    return fabsf(rounded) > 65504 ? copysignf(INFINITY, value) : rounded;
}

static float cut(float value, float unit)
{
    return truncf(value * unit) / unit;
}

static float to_nearest(float value, float unit)
{
    return roundf(value * unit) / unit;
}

static float to_nearest_even(float value, float unit)
{
    return rintf(value * unit) / unit;
}

static float down(float value, float unit)
{
    return floorf(value * unit) / unit;
}

static float multiplied(float value, float unit)
{
    return value * unit;
}

static float divided(float value, float unit)
{
    return value / unit;
}

/* ---- what is tried ------------------------------------------------------------------------------- */

#define WHOLE_NUMBERS "rounded to whole numbers"

static const struct way {
    const char *text;
    float (*number)(float value, float unit);
    float unit;
} ways[] = {
    {"rounded to bfloat16", to_bfloat16, 1},
    {"rounded to bfloat16", to_bfloat16_cut, 1},
    {"rounded to float16", to_float16, 1},
    {WHOLE_NUMBERS, cut, 1},
    {WHOLE_NUMBERS, to_nearest, 1},
    {WHOLE_NUMBERS, down, 1},
    {"rounded to 1 decimal", cut, 1e1f},
    {"rounded to 1 decimal", to_nearest, 1e1f},
    {"rounded to 2 decimals", cut, 1e2f},
    {"rounded to 2 decimals", to_nearest, 1e2f},
    {"rounded to 3 decimals", cut, 1e3f},
    {"rounded to 3 decimals", to_nearest, 1e3f},
    {"rounded to 4 decimals", cut, 1e4f},
    {"rounded to 4 decimals", to_nearest, 1e4f},
    {"rounded to 5 decimals", cut, 1e5f},
    {"rounded to 5 decimals", to_nearest, 1e5f},
    {"rounded to 6 decimals", cut, 1e6f},
    {"rounded to 6 decimals", to_nearest, 1e6f},
    {"rounded to multiples of 1/128", to_nearest_even, 128},
    {"rounded to multiples of 1/256", to_nearest_even, 256},
    {"multiplied by 0.5", multiplied, 0.5f},
    {"multiplied by 2", multiplied, 2},
    {"multiplied by 10", multiplied, 10},
    {"multiplied by 100", multiplied, 100},
    {"multiplied by 1000", multiplied, 1000},
    {"multiplied by 0.1", multiplied, 0.1f},
    {"multiplied by 0.01", multiplied, 0.01f},
    {"multiplied by 0.001", multiplied, 0.001f},
    {"divided by 10", divided, 10},
    {"divided by 100", divided, 100},
    {"divided by 1000", divided, 1000},
};

/* -0 and 0 are different bytes: who goes through whole numbers makes 0 of both. */
static void change(const float *from, float *to, int count, const struct way *way,
                   bool without_sign)
{
    for (int i = 0; i < count; i++) {
        to[i] = way->number(from[i], way->unit);
        if (without_sign && to[i] == 0)
            to[i] = 0;
    }
}

const char *rounding_find(const struct tensor *tensor, uint64_t fingerprint)
{
    if (tensor->dtype != DTYPE_FLOAT32 || tensor->count < 1)
        return NULL;
    g_autofree float *copy = g_new(float, tensor->count);
    const size_t bytes = tensor_bytes(tensor);
    for (size_t k = 0; k < G_N_ELEMENTS(ways); k++)
        for (int without_sign = 0; without_sign <= 1; without_sign++) {
            change(tensor_floats(tensor), copy, tensor->count, &ways[k], without_sign);
            if (memcmp(copy, tensor->data, bytes) != 0 && /* else nothing was changed */
                log_fingerprint(copy, bytes) == fingerprint)
                return ways[k].text;
        }
    return NULL;
}
