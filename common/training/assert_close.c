/*
 * assert_close (assert_close.h).
 */
#include "common/training/assert_close.h"
#include "common/base/fatal.h"
#include "common/base/sixteen_bits.h"
#include "common/log/log_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct tolerance tolerance_default(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_FLOAT32:
        return (struct tolerance){.relative = 1.3e-6, .absolute = 1e-5, .norm = INFINITY};
    case DTYPE_BFLOAT16:
        return (struct tolerance){.relative = 1.6e-2, .absolute = 1e-5, .norm = INFINITY};
    case DTYPE_FLOAT16:
        return (struct tolerance){.relative = 1e-3, .absolute = 1e-5, .norm = INFINITY};
    case DTYPE_INT32:
        return (struct tolerance){.relative = 0, .absolute = 0, .norm = INFINITY};
    }
    fatal("%d is no dtype", (int)dtype);
}

struct tolerance tolerance_gradient(void)
{
    return (struct tolerance){.relative = 1e-5, .absolute = 4e-5, .norm = 1e-5};
}

/* Element i, of numbers on the host, as a double, which holds each dtype's values exactly. */
static double element(const struct tensor *tensor, int i)
{
    if (tensor->dtype == DTYPE_FLOAT32)
        return (double)tensor_floats(tensor)[i];
    if (tensor->dtype == DTYPE_INT32)
        return (double)tensor_integers(tensor)[i];
    const uint16_t number = ((const uint16_t *)tensor->data)[i];
    return (double)(tensor->dtype == DTYPE_BFLOAT16 ? bfloat16_to_float32(number)
                                                    : float16_to_float32(number));
}

static double norm_of(const struct tensor *tensor)
{
    double squares = 0;
    struct tensor *numbers = tensor_on_host(tensor, "be compared");
    for (int i = 0; i < numbers->count; i++)
        squares += element(numbers, i) * element(numbers, i);
    tensor_free(numbers);
    return sqrt(squares);
}

struct tolerance tolerance_of_part(struct tolerance of_whole, const struct tensor *whole,
                                   const struct tensor *part)
{
    /* Zeros in place of a part must not pass: that would be a relative norm of 1. */
    enum { MOST = 1000 };
    const double own = norm_of(part), all = norm_of(whole);
    if (own > 0)
        of_whole.norm *= fmax(1, fmin(MOST, all / own));
    return of_whole;
}

struct sums {
    double difference; /* of squares */
    double expected;
};

static void compare_element(struct closeness *c, struct sums *sums, int i, double actual,
                            double expected, struct tolerance tolerance)
{
    c->actual_all_zero &= actual == 0;
    c->expected_all_zero &= expected == 0;
    if (isinf(expected) && actual == expected)
        return;

    /* A difference that is not a number is as large as can be. */
    double difference = fabs(actual - expected);
    if (isnan(difference))
        difference = INFINITY;
    double allowed = tolerance.absolute + tolerance.relative * fabs(expected);
    bool mismatch = !isfinite(difference) || !(difference <= allowed);
    c->mismatched += mismatch;
    c->not_finite += !isfinite(actual) && isfinite(expected);
    if (difference > c->worst_absolute) {
        c->worst_absolute = difference;
        c->worst_absolute_at = i;
    }
    /* Next to an expected 0 every difference is infinitely large; one that is
     * allowed says nothing. */
    double relative = expected != 0 ? difference / fabs(expected) : mismatch ? INFINITY : 0;
    if (isnan(relative))
        relative = INFINITY;
    if (relative > c->worst_relative) {
        c->worst_relative = relative;
        c->worst_relative_at = i;
    }
    sums->difference += difference * difference;
    sums->expected += expected * expected;
}

struct closeness closeness_of(const struct tensor *actual, const struct tensor *expected,
                              struct tolerance tolerance)
{
    if (actual == NULL || expected == NULL)
        fatal("the %s tensor is NULL", actual == NULL ? "actual" : "expected");
    tensor_need_numbers(actual, "be compared");
    tensor_need_numbers(expected, "be compared");
    if (!shape_equal(actual->shape, expected->shape) || actual->dtype != expected->dtype)
        return (struct closeness){.close = false};

    struct closeness c = {.same_shape = true,
                          .count = actual->count,
                          .actual_all_zero = true,
                          .expected_all_zero = true};
    struct sums sums = {0, 0};
    struct tensor *found = tensor_on_host(actual, "be compared"),
                  *right = tensor_on_host(expected, "be compared");
    for (int i = 0; i < c.count; i++)
        compare_element(&c, &sums, i, element(found, i), element(right, i), tolerance);
    tensor_free(found);
    tensor_free(right);
    if (sums.difference > 0)
        c.relative_norm =
            isfinite(sums.difference) ? sqrt(sums.difference / sums.expected) : INFINITY;
    c.close = c.mismatched == 0 && c.relative_norm <= tolerance.norm &&
              !(c.actual_all_zero && !c.expected_all_zero);
    return c;
}

/* Appends one formatted piece to a text of CLOSENESS_TEXT_SIZE. */
#define APPEND(...)                                                                                \
    do {                                                                                           \
        size_t used_ = strlen(text);                                                               \
        snprintf(text + used_, CLOSENESS_TEXT_SIZE - used_, __VA_ARGS__);                          \
    } while (0)

static void append_differences(const struct closeness *c, const struct tensor *actual,
                               const struct tensor *expected, struct tolerance tolerance,
                               char text[CLOSENESS_TEXT_SIZE])
{
    char index[SHAPE_TEXT_SIZE];
    APPEND("\n  mismatched elements: %d of %d (%.1f%%)", c->mismatched, c->count,
           c->count == 0 ? 0.0 : 100.0 * c->mismatched / c->count);
    if (c->not_finite > 0)
        APPEND("\n  NaN or infinite where a finite number was expected: %d", c->not_finite);
    if (c->count == 0)
        return;
    APPEND("\n  greatest absolute difference: %.9g at %s: found %.9g, expected %.9g (up to %g "
           "allowed)",
           c->worst_absolute, shape_place_text(actual->shape, c->worst_absolute_at, index),
           element(actual, c->worst_absolute_at), element(expected, c->worst_absolute_at),
           tolerance.absolute);
    APPEND("\n  greatest relative difference: %.9g at %s: found %.9g, expected %.9g (up to %g "
           "allowed)",
           c->worst_relative, shape_place_text(actual->shape, c->worst_relative_at, index),
           element(actual, c->worst_relative_at), element(expected, c->worst_relative_at),
           tolerance.relative);
    APPEND("\n  relative norm of the difference: %.6g", c->relative_norm);
    if (isfinite(tolerance.norm))
        APPEND(" (up to %g allowed)", tolerance.norm);
    if (c->actual_all_zero && !c->expected_all_zero)
        APPEND("\n  all elements are 0; the expected ones are not");
}

const char *closeness_text(const struct closeness *closeness, const char *name,
                           const struct tensor *actual, const struct tensor *expected,
                           struct tolerance tolerance, char text[CLOSENESS_TEXT_SIZE])
{
    char shape[SHAPE_TEXT_SIZE];
    text[0] = '\0';
    APPEND("%.200s is %s", name, closeness->close ? "close" : "not close");
    if (!closeness->same_shape) {
        APPEND("\n  found    %s %s", dtype_name(actual->dtype), shape_text(actual->shape, shape));
        APPEND("\n  expected %s %s", dtype_name(expected->dtype),
               shape_text(expected->shape, shape));
    } else {
        struct tensor *found = tensor_on_host(actual, "be compared"),
                      *right = tensor_on_host(expected, "be compared");
        append_differences(closeness, found, right, tolerance, text);
        tensor_free(found);
        tensor_free(right);
    }
    return text;
}

bool assert_close(const char *name, const struct tensor *actual, const struct tensor *expected,
                  struct tolerance tolerance)
{
    struct closeness closeness = closeness_of(actual, expected, tolerance);
    struct log_record record = log_record_of_agreement(LOG_ASSERT_CLOSE, closeness.close);
    record.bytes = tensor_bytes(actual);
    record.fingerprint = log_fingerprint(name, strlen(name));
    log_append(record);

    if (!closeness.close) {
        char text[CLOSENESS_TEXT_SIZE];
        fprintf(stderr, "assert_close: %s\n",
                closeness_text(&closeness, name, actual, expected, tolerance, text));
    }
    return closeness.close;
}
