/* bfloat16 and float16 from float32, by their bits; see sixteen_bits.h. */
#include "common/base/sixteen_bits.h"

enum { FLOAT32_INFINITE = 0x7f800000, FLOAT16_INFINITE = 0x7c00 };

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Without its lowest `places` bits, rounded to the nearest, to even. */
static uint32_t rounded(uint32_t bits, int places)
{
    const uint32_t half = (uint32_t)1 << (places - 1);
    const uint32_t is_odd = bits >> places & 1;
    return (bits + half - 1 + is_odd) >> places;
}

/* ---- bfloat16 ---------------------------------------------------------------------------- */

uint16_t bfloat16_from_float32(float number)
{
    const uint32_t bits = bits_of(number);
    if ((bits & 0x7fffffff) > FLOAT32_INFINITE)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)rounded(bits, 16);
}

/* ---- float16 ------------------------------------------------------------------------------- */

/* Exponents of both are counted from a bias: 127 and 15. */
enum { BIAS_DIFFERENCE = 127 - 15 };

uint16_t float16_from_float32(float number)
{
    const uint32_t bits = bits_of(number), magnitude = bits & 0x7fffffff;
    const uint32_t sign = bits >> 16 & 0x8000, exponent = magnitude >> 23;
    if (magnitude > FLOAT32_INFINITE)
        return (uint16_t)(sign | FLOAT16_INFINITE | 0x200 | (magnitude >> 13 & 0x3ff));
    if (number >= 65520 || number <= -65520) /* half a step beyond the largest */
        return (uint16_t)(sign | FLOAT16_INFINITE);
    if (exponent > BIAS_DIFFERENCE)
        return (uint16_t)(sign | rounded(magnitude - ((uint32_t)BIAS_DIFFERENCE << 23), 13));
    if (exponent < BIAS_DIFFERENCE - 10) /* less than half of the smallest */
        return (uint16_t)sign;
    const uint32_t fraction = (magnitude & 0x7fffff) | 0x800000;
    return (uint16_t)(sign | rounded(fraction, BIAS_DIFFERENCE + 14 - (int)exponent));
}
