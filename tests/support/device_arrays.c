/* Arrays of the emulated GPU and its orders; see device_arrays.h. */
#include "tests/support/device_arrays.h"

#include "common/base/device.h"
#include "common/base/random.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the orders ------------------------------------------------------------------------------------------------- */

static const char *const orders[] = {"forward", "reversed", "shuffled", "shuffled"};
enum { ORDERS = sizeof orders / sizeof *orders };

static uint64_t
    *results; /* of this process: a sum of all bits, shared with the one that compares */

void device_results(const void *numbers, size_t bytes)
{
    const unsigned char *byte = numbers;
    for (size_t i = 0; i < bytes; i++) /* FNV-1a */
        *results = (*results ^ byte[i]) * 0x100000001b3u;
}

static void run_in_order(void (*check)(const struct kernels *gpu), const char *order)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (setenv("EMULATED_ORDER", order, 1) != 0)
            _exit(2);
        device_open("emulated", 0);
        *results = 0xcbf29ce484222325u;
        check(device_kernels());
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(status == 0, "in order %s: status %d, and what it said is above", order, status);
}

void device_in_all_orders(void (*check)(const struct kernels *gpu))
{
    results =
        mmap(NULL, sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(results, MAP_FAILED);
    uint64_t first = 0;
    for (int i = 0; i < ORDERS; i++) {
        run_in_order(check, orders[i]);
        if (i == 0)
            first = *results;
        ck_assert_msg(*results == first, "other bits in order %s than in %s", orders[i], orders[0]);
    }
    ck_assert_int_eq(munmap(results, sizeof *results), 0);
}

/* ---- arrays ------------------------------------------------------------------------------------------------------- */

enum { GUARD = 260, NEVER_WRITTEN = 0xff }; /* bytes: floats that are NaN; not a multiple of 8 */

void *device_array(const void *numbers, size_t bytes)
{
    char *all = device_block_new(bytes + 2 * GUARD);
    ck_assert_ptr_nonnull(all);
    device_fill(all, NEVER_WRITTEN, bytes + 2 * GUARD);
    device_copy_in(all + GUARD, numbers, bytes);
    return all + GUARD;
}

static void expect_guard(const void *guard)
{
    unsigned char found[GUARD], untouched[GUARD];
    memset(untouched, NEVER_WRITTEN, sizeof untouched);
    device_copy_out(found, guard, sizeof found);
    ck_assert_msg(memcmp(found, untouched, sizeof found) == 0, "written beside an array");
}

void device_array_free(void *array, size_t bytes)
{
    char *begin = array;
    expect_guard(begin - GUARD);
    expect_guard(begin + bytes);
    device_block_free(begin - GUARD);
}

void device_array_take(void *array, void *numbers, size_t bytes)
{
    device_copy_out(numbers, array, bytes);
    device_results(numbers, bytes);
    device_array_free(array, bytes);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

float *numbers_between(float low, float high, size_t count, uint32_t stream)
{
    float *numbers = malloc((count + 1) * sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    random_uniform(numbers, count, 1, random_stream(RANDOM_TEST, stream, 7), 0, low, high);
    return numbers;
}

static bool is_near(float got, double truth, double within)
{
    if (isnan(truth) || isinf(truth))
        return isnan(truth) ? isnan(got) : (double)got == truth;
    return fabs((double)got - truth) <= within;
}

void expect_near(const float *got, const double *truth, const double *magnitude, size_t count,
                 double tolerance, const char *what, ...)
{
    for (size_t i = 0; i < count; i++) {
        const double size = magnitude == NULL ? fabs(truth[i]) : magnitude[i];
        if (is_near(got[i], truth[i], tolerance * (size + 1)))
            continue;
        char text[200];
        va_list sizes;
        va_start(sizes, what);
        vsnprintf(text, sizeof text, what, sizes);
        va_end(sizes);
        fprintf(stderr, "%s: number %zu of %zu is %.9g and not %.9g\n", text, i, count,
                (double)got[i], truth[i]);
        ck_abort_msg("%s: number %zu of %zu is %.9g and not %.9g", text, i, count, (double)got[i],
                     truth[i]);
    }
}
