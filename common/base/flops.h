/*
 * The charge: floating-point operations that kernels did, or, on a simulated
 * machine, would have done. Charges are collected, and take their time in one
 * piece: at the end of a computation and before any MPI call. On a real machine
 * they took it already, and are only counted.
 */
#ifndef COMMON_BASE_FLOPS_H
#define COMMON_BASE_FLOPS_H

#include "common/base/machine.h"

#include <stdint.h>

void flops_charge(double flops);
uint64_t flops_charged(void); /* by this process so far */

/* Charges time, where the machine's rates are known (common/kernels/work/work.h). Operations that are
 * charged in the same piece then take none of their own. */
void flops_take(struct duration duration);

/* Operations that the host's processor does, and the bytes that it reads and writes for them in the host's
 * memory. They are counted like all others. Where the machine's rates are known, device and host are the same
 * processor, and a computation takes what it was charged by flops_take. */
void flops_charge_on_host(double flops, double bytes);

/* Lets what was charged since the last call take its time (machine.h). */
void flops_spend(void);

#endif
