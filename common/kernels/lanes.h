/*
 * Planes (a channel's pixels side by side) and lanes (a pixel's channels side by side, sixteen in a
 * vector): from one to the other and back. layout.c.
 */
#ifndef COMMON_KERNELS_LANES_H
#define COMMON_KERNELS_LANES_H

#include "common/kernels/cpu.h"

/* Vectors that so many channels take; the last one may be partly empty. */
static inline int blocks_of(int channels)
{
    return round_up_to_lanes(channels) / LANES;
}

/* to[p][lane] = from[lane · plane + p]; lanes from `channels` on are 0. */
void cpu_planes_to_lanes(int channels, int positions, const float *from, size_t plane, float *to);
/* to[lane · plane + p] = from[p][lane] for lanes below `channels`. */
void cpu_lanes_to_planes(int channels, int positions, const float *from, float *to, size_t plane);
/* The same with +=. */
void cpu_add_lanes_to_planes(int channels, int positions, const float *from, float *to,
                             size_t plane);

#endif
