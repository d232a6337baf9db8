/*
 * Conversions of many numbers against those of one (sixteen_bits.h, which has tests of its own against the
 * formulas), bit by bit: all patterns of 16 bits, what lies around the middle between any two, and any bits.
 */
#include "common/base/random.h"
#include "common/base/sixteen_bits.h"
#include "common/kernels/convert.h"
#include "common/kernels/kernels.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
    enum dtype dtype;
    float (*to)(uint16_t);
    uint16_t (*from)(float);
} kinds[] = {{DTYPE_BFLOAT16, bfloat16_to_float32, bfloat16_from_float32},
             {DTYPE_FLOAT16, float16_to_float32, float16_from_float32}};

enum { PATTERNS = 1 << 16 };

/* The table's functions, with numbers that lie on the processor. */
static void widen(enum dtype from, size_t count, const uint16_t *numbers, float *to)
{
    uint16_t *lent = lend(numbers, count * sizeof *numbers);
    float *lent_to = lend(to, count * sizeof *to);
    kernels_for(tested_device())->widen(from, count, lent, lent_to);
    lent_free(lent, numbers);
    take_back(lent_to, to, count * sizeof *to);
}

static void narrow(enum dtype to, size_t count, const float *numbers, uint16_t *narrowed)
{
    float *lent = lend(numbers, count * sizeof *numbers);
    uint16_t *lent_to = lend(narrowed, count * sizeof *narrowed);
    kernels_for(tested_device())->narrow(to, count, lent, lent_to);
    lent_free(lent, numbers);
    take_back(lent_to, narrowed, count * sizeof *narrowed);
}

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static float of_bits(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

START_TEST(all_patterns_are_widened)
{
    const struct kind *kind = &kinds[_i];
    static uint16_t patterns[PATTERNS];
    static float wide[PATTERNS];
    for (int i = 0; i < PATTERNS; i++)
        patterns[i] = (uint16_t)i;
    widen(kind->dtype, PATTERNS, patterns, wide);
    for (int i = 0; i < PATTERNS; i++)
        if (bits_of(wide[i]) != bits_of(kind->to(patterns[i])))
            ck_abort_msg("%s pattern %x", dtype_name(kind->dtype), (unsigned)i);
}
END_TEST

static void check_narrowed(const struct kind *kind, const float *numbers, size_t count)
{
    uint16_t *narrowed = malloc(count * sizeof *narrowed);
    narrow(kind->dtype, count, numbers, narrowed);
    for (size_t i = 0; i < count; i++)
        if (narrowed[i] != kind->from(numbers[i])) /* each assertion takes time of its own */
            ck_abort_msg("%s of %a (%x): %x, expected %x", dtype_name(kind->dtype),
                         (double)numbers[i], bits_of(numbers[i]), narrowed[i],
                         kind->from(numbers[i]));
    free(narrowed);
}

/* Every number of 16 bits, and the middle between it and the next one, with the float32 below and above. */
START_TEST(numbers_and_ties_are_narrowed)
{
    const struct kind *kind = &kinds[_i];
    static float numbers[4 * PATTERNS];
    size_t count = 0;
    for (unsigned i = 0; i < PATTERNS; i++) {
        const float number = kind->to((uint16_t)i), next = kind->to((uint16_t)(i + 1));
        numbers[count++] = number;
        if (!isfinite(number))
            continue;
        const float middle = isfinite(next) ? number / 2 + next / 2 : copysignf(65520, number);
        numbers[count++] = middle;
        numbers[count++] = nextafterf(middle, INFINITY);
        numbers[count++] = nextafterf(middle, -INFINITY);
    }
    check_narrowed(kind, numbers, count);
}
END_TEST

/* Any float32: subnormal ones, infinities and NaN with any payload among them. */
START_TEST(any_bits_are_narrowed)
{
    const struct kind *kind = &kinds[_i];
    enum { COUNT = 1 << 20 };
    float *numbers = malloc(COUNT * sizeof *numbers);
    const uint32_t step = 0xffffffffu / COUNT | 1;
    for (uint32_t i = 0; i < COUNT; i++)
        numbers[i] = of_bits(i * step + (i * 2654435761u >> 20));
    numbers[0] = of_bits(0x7f800001); /* a NaN whose upper half is infinity */
    numbers[1] = of_bits(0xff800000);
    numbers[2] = of_bits(1);
    numbers[3] = of_bits(0x7f7fffff);
    check_narrowed(kind, numbers, COUNT);
    free(numbers);
}
END_TEST

/* The processor's instructions take several numbers at a time; the rest is no worse. */
START_TEST(any_count_and_place)
{
    const struct kind *kind = &kinds[_i];
    enum { MOST = 40 };
    float numbers[MOST + 1];
    for (int i = 0; i <= MOST; i++)
        numbers[i] = ldexpf(1.0f + (float)i / 77, i - 30) * (i % 2 ? -1 : 1);
    for (size_t first = 0; first < 2; first++)
        for (size_t count = 0; count <= MOST - 1; count++) {
            uint16_t small[MOST + 2];
            float wide[MOST + 2];
            memset(small, 0xee, sizeof small);
            uint16_t *lent = lend(small, sizeof small);
            float *lent_numbers = lend(numbers, sizeof numbers);
            kernels_for(tested_device())
                ->narrow(kind->dtype, count, lent_numbers + first, lent + 1);
            look_at_lent(lent, small, sizeof small);
            for (size_t i = 0; i < count; i++)
                ck_assert_uint_eq(small[1 + i], kind->from(numbers[first + i]));
            ck_assert_uint_eq(small[0], 0xeeee);
            ck_assert_uint_eq(small[1 + count], 0xeeee);
            wide[count] = 12345;
            float *lent_wide = lend(wide, sizeof wide);
            kernels_for(tested_device())->widen(kind->dtype, count, lent + 1, lent_wide);
            take_back(lent_wide, wide, sizeof wide);
            lent_free(lent, small);
            lent_free(lent_numbers, numbers);
            for (size_t i = 0; i < count; i++)
                ck_assert(bits_of(wide[i]) == bits_of(kind->to(small[1 + i])));
            ck_assert_float_eq(wide[count], 12345);
        }
}
END_TEST

/* ---- tensors ---- */

START_TEST(tensors_are_converted)
{
    const struct kind *kind = &kinds[_i];
    struct tensor *wide = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(3, 5));
    for (int i = 0; i < wide->count; i++)
        tensor_floats(wide)[i] = (float)(i - 7) / 3;
    wide = to_device(wide);
    const size_t before = memory_live(MEMORY_ACTIVATION);
    struct tensor *small = tensor_narrowed(wide, kind->dtype, MEMORY_ACTIVATION);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION) - before, 3 * 5 * 2);
    ck_assert(shape_equal(small->shape, wide->shape) && small->dtype == kind->dtype);
    struct tensor *again = to_host(tensor_widened(small, MEMORY_WORKSPACE));
    ck_assert(shape_equal(again->shape, wide->shape) && again->dtype == DTYPE_FLOAT32);
    for (int i = 0; i < wide->count; i++)
        ck_assert(bits_of(tensor_floats(again)[i]) ==
                  bits_of(kind->to(kind->from((float)(i - 7) / 3))));
    tensor_free(wide);
    tensor_free(small);
    tensor_free(again);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before);
}
END_TEST

START_TEST(meta_tensors_have_sizes)
{
    struct tensor *wide = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META, SHAPE(7, 2));
    struct tensor *small = tensor_narrowed(wide, DTYPE_FLOAT16, MEMORY_WORKSPACE);
    ck_assert_uint_eq(tensor_bytes(small), 28);
    struct tensor *again = tensor_widened(small, MEMORY_WORKSPACE);
    ck_assert_uint_eq(tensor_bytes(again), 56);
    tensor_free(wide);
    tensor_free(small);
    tensor_free(again);
}
END_TEST

/* What can't be converted. */
static void misuse(int which)
{
    struct tensor *wide = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(2, 3));
    struct tensor *whole = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(6));
    struct tensor *small = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT16, DEVICE_CPU, SHAPE(5));
    struct tensor *other = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(5));
    if (which == 0)
        tensor_convert(wide, whole);
    if (which == 1)
        tensor_convert(small, wide);
    if (which == 2)
        tensor_convert(small, other);
    if (which == 3)
        tensor_narrowed(wide, DTYPE_INT32, MEMORY_WORKSPACE);
}

START_TEST(what_cannot_be_is_said)
{
    check_fatal(misuse, 0, "int32 (6) can't be converted into float32 (2, 3)");
    check_fatal(misuse, 1, "not as many elements");
    check_fatal(misuse, 2, "from float32 to 16 bits and back");
    check_fatal(misuse, 3, "float32 (2, 3) can't be converted into int32");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("convert");
    TCase *tests = tcase_create("convert");
    tcase_add_loop_test(tests, all_patterns_are_widened, 0, 2);
    tcase_add_loop_test(tests, numbers_and_ties_are_narrowed, 0, 2);
    tcase_add_loop_test(tests, any_bits_are_narrowed, 0, 2);
    tcase_add_loop_test(tests, any_count_and_place, 0, 2);
    tcase_add_loop_test(tests, tensors_are_converted, 0, 2);
    tcase_add_test(tests, meta_tensors_have_sizes);
    tcase_add_test(tests, what_cannot_be_is_said);
    suite_add_tcase(suite, tests);
    return suite;
}
