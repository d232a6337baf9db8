/* Multiples, terms, others' slices; see signature.h. */
#include "assignments/tensor/judges/facts/signature.h"

#include <math.h>

/* Of the norm of what is compared: rounding of float32 stays below, unlike numbers above. */
#define SAME 1e-4

const struct mistake tensor_signature_elsewhere = {
    .name = "the right numbers in the wrong places",
    .explanation =
        "It has the numbers that it should have, in another order: pieces of several ranks were "
        "put behind each other along another dimension than the one that was split, or in another "
        "order.",
    .look = "how pieces are put together in a gather: along which dimension, and in whose order",
};

static const struct whole_part *part_at(const struct whole *whole, guint i)
{
    return whole_part_at(whole, i);
}

bool tensor_signature_of_copies(const struct whole *whole)
{
    for (guint i = 0; i < whole->parts->len; i++)
        if (!slice_is_all(&part_at(whole, i)->is.slice))
            return false;
    return true;
}

struct tensor *tensor_signature_expected(const struct whole_part *part,
                                         const struct tensor *expected)
{
    return slice_part_new(&part->is.slice, expected);
}

static double product(const float *a, const float *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* ‖found - factor · expected‖ against the larger of the two. */
static bool is_multiple(const float *found, const float *expected, int count, double factor)
{
    double off = 0, size = 0;
    for (int i = 0; i < count; i++) {
        const double wanted = factor * (double)expected[i];
        off += ((double)found[i] - wanted) * ((double)found[i] - wanted);
        size += fmax((double)found[i] * (double)found[i], wanted * wanted);
    }
    return size > 0 && off <= SAME * SAME * size;
}

static int power_of(double factor, int ranks)
{
    if (!(factor > 0) || ranks < 2)
        return 0;
    const double power = log(factor) / log(ranks);
    return fabs(power - round(power)) < 1e-3 ? (int)round(power) : 0;
}

static bool multiple(const struct whole *whole, const struct tensor *expected, int ranks,
                     struct signature *signature)
{
    bool exact = true;
    for (guint i = 0; exact && i < whole->parts->len; i++) {
        const struct tensor *found = part_at(whole, i)->tensor;
        struct tensor *own = tensor_signature_expected(part_at(whole, i), expected);
        const double size = product(tensor_floats(own), tensor_floats(own), own->count);
        const double factor =
            size > 0 ? product(tensor_floats(found), tensor_floats(own), own->count) / size : NAN;
        if (i == 0)
            signature->factor = factor;
        exact = fabs(factor - signature->factor) <= SAME * fabs(factor) &&
                is_multiple(tensor_floats(found), tensor_floats(own), own->count, factor);
        tensor_free(own);
    }
    signature->kind = SIGNATURE_MULTIPLE;
    signature->power = power_of(signature->factor, ranks);
    return exact && fabs(signature->factor) > SAME;
}

/* All parts are of one size: their sum, a new tensor of the first one's shape; else NULL. */
static struct tensor *sum_of_parts(const struct whole *whole)
{
    const struct tensor *first = part_at(whole, 0)->tensor;
    struct tensor *sum = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, first->shape);
    tensor_zero(sum);
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct tensor *found = part_at(whole, i)->tensor;
        if (found->count != sum->count) {
            tensor_free(sum);
            return NULL;
        }
        for (int k = 0; k < sum->count; k++)
            tensor_floats(sum)[k] += tensor_floats(found)[k];
    }
    return sum;
}

static bool parts_are(const struct whole *whole, const float *numbers, double factor)
{
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct tensor *found = part_at(whole, i)->tensor;
        if (!is_multiple(tensor_floats(found), numbers, found->count, factor))
            return false;
    }
    return true;
}

/* Where all copies are alike, they are a multiple rather than terms. */
static enum signature_kind of_copies(const struct whole *whole, const struct tensor *expected,
                                     const struct tensor *sum)
{
    const bool terms =
        is_multiple(tensor_floats(sum), tensor_floats(expected), expected->count, 1.0) &&
        !parts_are(whole, tensor_floats(expected), 1.0 / whole->parts->len);
    return terms ? SIGNATURE_TERMS : SIGNATURE_NONE;
}

static enum signature_kind of_slices(const struct whole *whole, const struct tensor *expected)
{
    struct tensor *first = tensor_signature_expected(part_at(whole, 0), expected);
    struct tensor *all = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, first->shape);
    tensor_copy(all, first);
    for (guint i = 1; i < whole->parts->len; i++) {
        struct tensor *own = tensor_signature_expected(part_at(whole, i), expected);
        for (int k = 0; k < all->count; k++)
            tensor_floats(all)[k] += tensor_floats(own)[k];
        tensor_free(own);
    }
    const enum signature_kind kind =
        parts_are(whole, tensor_floats(first), 1.0) ? SIGNATURE_FIRST_SLICE
        : parts_are(whole, tensor_floats(all), 1.0) ? SIGNATURE_SUM_OF_SLICES
                                                    : SIGNATURE_NONE;
    tensor_free(first);
    tensor_free(all);
    return kind;
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static bool permuted(const struct whole *whole, const struct tensor *expected)
{
    bool same = true;
    for (guint i = 0; same && i < whole->parts->len; i++) {
        const struct tensor *found = part_at(whole, i)->tensor;
        struct tensor *own = tensor_signature_expected(part_at(whole, i), expected);
        const size_t count = (size_t)own->count;
        g_autofree float *sorted = g_memdup2(found->data, count * sizeof(float));
        qsort(sorted, count, sizeof(float), by_size);
        qsort(own->data, count, sizeof(float), by_size);
        same = count > 2 && is_multiple(sorted, tensor_floats(own), own->count, 1.0);
        tensor_free(own);
    }
    return same;
}

struct signature tensor_signature_of(const struct whole *whole, const struct tensor *expected,
                                     int ranks)
{
    struct signature signature = {0};
    struct tensor *sum = sum_of_parts(whole);
    const bool several = sum != NULL && whole->parts->len > 1;
    const bool copies = tensor_signature_of_copies(whole);
    if (several)
        signature.kind = copies ? of_copies(whole, expected, sum) : of_slices(whole, expected);
    if (sum != NULL)
        tensor_free(sum);
    if (signature.kind != SIGNATURE_NONE)
        return signature;
    if (multiple(whole, expected, ranks, &signature))
        return signature;
    return (struct signature){permuted(whole, expected) ? SIGNATURE_ELSEWHERE : SIGNATURE_NONE, 0,
                              0};
}
