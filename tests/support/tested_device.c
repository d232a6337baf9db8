/* The device that a test is about; see tested_device.h. */
#include "tests/support/tested_device.h"

#include "common/base/device.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *wanted(void)
{
    const char *name = getenv("TEST_DEVICE");
    return name == NULL ? "" : name;
}

bool tests_a_gpu(void)
{
    return *wanted() != '\0';
}

enum device tested_device(void)
{
    if (!tests_a_gpu())
        return DEVICE_CPU;
    device_open(wanted(), 0);
    return DEVICE_CUDA;
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

static struct tensor *moved(struct tensor *tensor, enum device device)
{
    if (tensor == NULL || tensor->device == device)
        return tensor;
    struct tensor *there = tensor_new(tensor->kind, tensor->dtype, device, tensor->shape);
    tensor_copy(there, tensor);
    tensor_free(tensor);
    return there;
}

struct tensor *to_device(struct tensor *tensor)
{
    return moved(tensor, tested_device());
}

struct tensor *to_host(struct tensor *tensor)
{
    return moved(tensor, DEVICE_CPU);
}

bool same_numbers(const struct tensor *a, const struct tensor *b)
{
    struct tensor *x = tensor_on_host(a, "be compared"), *y = tensor_on_host(b, "be compared");
    const bool same =
        tensor_bytes(x) == tensor_bytes(y) && memcmp(x->data, y->data, tensor_bytes(x)) == 0;
    tensor_free(x);
    tensor_free(y);
    return same;
}

float number_at(const struct tensor *tensor, size_t i)
{
    float number;
    ck_assert_int_eq(tensor->dtype, DTYPE_FLOAT32);
    tensor_get(tensor, i, 1, &number);
    return number;
}

void set_number(struct tensor *tensor, size_t i, float number)
{
    ck_assert_int_eq(tensor->dtype, DTYPE_FLOAT32);
    tensor_put(tensor, i, 1, &number);
}

/* ---- arrays ------------------------------------------------------------------------------------------ */

void *lend(const void *numbers, size_t bytes)
{
    if (numbers == NULL || tested_device() == DEVICE_CPU)
        return (void *)(uintptr_t)numbers;
    void *lent = device_block_new(bytes);
    ck_assert_msg(lent != NULL, "the GPU has no %zu bytes left", bytes);
    device_copy_in(lent, numbers, bytes);
    return lent;
}

void look_at_lent(const void *lent, void *numbers, size_t bytes)
{
    if (lent != numbers)
        device_copy_out(numbers, lent, bytes);
}

void lent_free(void *lent, const void *numbers)
{
    if (lent != numbers) {
        device_wait();
        device_block_free(lent);
    }
}

void take_back(void *lent, void *numbers, size_t bytes)
{
    look_at_lent(lent, numbers, bytes);
    lent_free(lent, numbers);
}
