/*
 * assert_close: are two tensors equal up to rounding?
 *
 * Follows torch.testing.assert_close: element by element
 *
 *     |actual - expected| <= absolute + relative * |expected|
 *
 * equal shapes and dtypes are required, infinities must be equal, and NaN is
 * close to nothing. The defaults per dtype are PyTorch's (float32: relative
 * 1.3e-6, absolute 1e-5; bfloat16: 1.6e-2, 1e-5; float16: 1e-3, 1e-5; int32: exact).
 *
 * An element-wise tolerance alone is blind where all elements are small, so the
 * result also carries the relative norm ‖actual - expected‖ / ‖expected‖.
 */
#ifndef COMMON_TRAINING_ASSERT_CLOSE_H
#define COMMON_TRAINING_ASSERT_CLOSE_H

#include "common/base/tensor.h"

struct tolerance {
    double relative;
    double absolute;
    double norm; /* bound on the relative norm; INFINITY: not looked at */
};

struct tolerance tolerance_default(enum dtype dtype);
/* For gradients: relative 1e-5, absolute 4e-5, relative norm 1e-5. */
struct tolerance tolerance_gradient(void);
/* The tolerance for a whole tensor, for a part of it: rounding is as large as it is elsewhere in the whole, so the
 * part's relative norm may be larger by as much as the part's own norm is smaller, up to a thousand times. */
struct tolerance tolerance_of_part(struct tolerance of_whole, const struct tensor *whole,
                                   const struct tensor *part);

struct closeness {
    bool close;
    bool same_shape; /* shapes and dtypes agree; the rest is 0 when they do not */
    int count;
    int mismatched;
    int not_finite;        /* NaN or infinite elements of actual that expected has not */
    double worst_absolute; /* the largest |actual - expected| … */
    int worst_absolute_at; /* … and the index of that element */
    double worst_relative;
    int worst_relative_at;
    double relative_norm;
    bool actual_all_zero;
    bool expected_all_zero;
};

/* Compares and says nothing. An all-zero actual is never close to an expected that is not. */
struct closeness closeness_of(const struct tensor *actual, const struct tensor *expected,
                              struct tolerance tolerance);
/* The failure in words, several lines, as assert_close prints it. Returns text. */
#define CLOSENESS_TEXT_SIZE 1024
const char *closeness_text(const struct closeness *closeness, const char *name,
                           const struct tensor *actual, const struct tensor *expected,
                           struct tolerance tolerance, char text[CLOSENESS_TEXT_SIZE]);

/* Compares, records the result in the log, prints the failure to standard error
 * under `name`, and returns whether they are close. */
bool assert_close(const char *name, const struct tensor *actual, const struct tensor *expected,
                  struct tolerance tolerance);

#endif
