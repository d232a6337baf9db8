/*
 * Convolution with few channels (stride 1, no padding, one group): what the three
 * kernels share, planes laid out with room around them.
 *
 * The vectors' lanes are positions. All three walk over a plane's rows as if they were one long row. In a plane
 * of rows of `width`, the pixel that lies (down, right) of pixel p is pixel
 * p + down · width + right, so a window is a fixed set of offsets and the
 * position p can run over whole vectors, whatever the width. Positions at the
 * end of a row whose window would wrap into the next row are computed as well
 * and thrown away (forward) or multiplied by zero (backward).
 */
#ifndef COMMON_KERNELS_CONVOLUTION_NARROW_H
#define COMMON_KERNELS_CONVOLUTION_NARROW_H

#include "common/kernels/convolution/convolution.h"

/* The compiler takes a vector that is used several times for as many operands in memory if it
 * can; a load from an address that is no multiple of 64 takes two turns, each time. */
#if defined(__AVX512F__)
#define KEEP_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#else
#define KEEP_IN_REGISTER(vector) (void)(vector)
#endif

/* Positions are worked on in blocks of BLOCK vectors. */
#define BLOCK       3
#define BLOCK_LANES (BLOCK * LANES)

static inline int round_up_to_blocks(int positions)
{
    return (positions + BLOCK_LANES - 1) / BLOCK_LANES * BLOCK_LANES;
}

/* Positions of x at which a window begins: rows of full width, the last one cut short. */
static inline int window_positions(const struct convolution_sizes *sizes)
{
    return (output_height(sizes) - 1) * sizes->width + output_width(sizes);
}

#endif
