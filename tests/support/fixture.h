/*
 * Reading the fixtures that PyTorch made (common/tests/fixtures/generate.py). What is
 * missing or not close fails the test that asked.
 */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include "common/files/tensor_file.h"
#include "common/training/assert_close.h"

/* To be freed by tensor_file_free. */
struct tensor_file *fixture_open(const char *name);

/* The tensor of that name; stays the file's. */
struct tensor *fixture_get(const struct tensor_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A new tensor with the same contents. */
struct tensor *fixture_copy(const struct tensor *tensor);
/* `count` numbers that lie somewhere, as a new tensor of that shape. */
struct tensor *fixture_wrap(const float *numbers, struct shape shape);

/* Fails the test, as "WHAT: WHICH: …", if the two are not close; `actual` may be on any device with numbers. */
void fixture_compare(const char *what, const char *which, const struct tensor *actual,
                     const struct tensor *expected, struct tolerance tolerance);

#endif
