/*
 * The charge: floating-point operations that kernels did, or, on a simulated
 * machine, would have done. On a real machine the charge is only counted.
 */
#ifndef COMMON_FLOPS_H
#define COMMON_FLOPS_H

#include <stdint.h>

void flops_charge(double flops);
uint64_t flops_charged(void); /* by this process so far */

#endif
