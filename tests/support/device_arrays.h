/*
 * For tests of the GPU's kernels on the emulated GPU: arrays in its memory, and the three orders in which it can run
 * the threads of a launch. A kernel that is right gives the same bits in each; one that reads what another
 * thread has not written yet does not.
 */
#ifndef TESTS_SUPPORT_DEVICE_ARRAYS_H
#define TESTS_SUPPORT_DEVICE_ARRAYS_H

#include "common/kernels/kernels.h"

#include <check.h>
#include <stddef.h>
#include <stdint.h>

/* Runs `check` in a process of its own for each order, and in one of them a second time. It computes with
 * device_kernels() and hands over what it got by device_results; that must be the same, bit by bit. Fails
 * with the message of a check that failed. */
void device_in_all_orders(void (*check)(const struct kernels *gpu));
/* A test that is that. */
#define DEVICE_TEST(name, check)                                                                   \
    START_TEST(name)                                                                               \
    {                                                                                              \
        device_in_all_orders(check);                                                               \
    }                                                                                              \
    END_TEST
void device_results(const void *numbers, size_t bytes);

/* Copies in the GPU's memory, which begin at no round address, between guards. Freeing one fails the test if what
 * stands beside it was written to. */
void *device_array(const void *numbers, size_t bytes);
void device_array_free(void *array, size_t bytes);
/* Takes the numbers out, counts them among the results and frees the array. */
void device_array_take(void *array, void *numbers, size_t bytes);

/* `count` numbers in [low, high): a new array for free(), always the same for one `stream`. */
float *numbers_between(float low, float high, size_t count, uint32_t stream);
/* Fails unless every got[i] is as near to truth[i] as `tolerance` · (magnitude[i] + 1); magnitude NULL: |truth[i]|.
 * NaN and infinities must be the same. what: of the failure, with a number for each of the sizes. */
void expect_near(const float *got, const double *truth, const double *magnitude, size_t count,
                 double tolerance, const char *what, ...) __attribute__((format(printf, 6, 7)));

#endif
