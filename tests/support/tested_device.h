/*
 * The device that a test is about: the processor, or, where the environment has TEST_DEVICE=emulated (or cuda), that
 * GPU (common/base/device.h). Such a test gives its numbers to the device, runs what it tries there, takes the
 * results back and compares them on the processor, so that it holds for both, with one expectation.
 *
 * On the processor all of these hand on what they are given.
 */
#ifndef TESTS_SUPPORT_TESTED_DEVICE_H
#define TESTS_SUPPORT_TESTED_DEVICE_H

#include "common/base/tensor.h"

/* Is it a GPU? Opens none: what is opened before Check forks is not there in a test. */
bool tests_a_gpu(void);
/* DEVICE_CPU, or DEVICE_CUDA, which is opened with the first call in a process. */
enum device tested_device(void);

/* The same numbers on the tested device, or where the processor can read them; of the same kind. Takes over
 * what it is given, and returns a new tensor to the caller; NULL is allowed. */
struct tensor *to_device(struct tensor *tensor);
struct tensor *to_host(struct tensor *tensor);

/* Are they the same to the bit, and as many? Each may be on any device with numbers. */
bool same_numbers(const struct tensor *a, const struct tensor *b);
/* Element i of a float32 tensor, and a new value for it. */
float number_at(const struct tensor *tensor, size_t i);
void set_number(struct tensor *tensor, size_t i, float number);

/* Numbers that are no tensor: the array itself, or a copy of it on the device, which nobody accounts. `lent` and
 * `count` are as of the array; NULL is allowed. take_back brings the numbers back, lent_free does not; both end it. */
void *lend(const void *numbers, size_t bytes);
void take_back(void *lent, void *numbers, size_t bytes);
void lent_free(void *lent, const void *numbers);
/* While it stays lent. */
void look_at_lent(const void *lent, void *numbers, size_t bytes);

#endif
