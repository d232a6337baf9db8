/* PyTorch's fixtures; see fixture.h. */
#include "tests/support/fixture.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

struct tensor_file *fixture_open(const char *name)
{
    char path[256], error[TENSOR_FILE_ERROR_SIZE];
    snprintf(path, sizeof path, "common/tests/fixtures/%s.safetensors", name);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    return file;
}

struct tensor *fixture_get(const struct tensor_file *file, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    struct tensor *tensor = tensor_file_get(file, name);
    ck_assert_msg(tensor != NULL, "the fixture has no \"%s\"", name);
    return tensor;
}

struct tensor *fixture_copy(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(MEMORY_ACTIVATION, tensor->dtype, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}

struct tensor *fixture_wrap(const float *numbers, struct shape shape)
{
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (int i = 0; i < copy->count; i++)
        tensor_floats(copy)[i] = numbers[i];
    return copy;
}

void fixture_compare(const char *what, const char *which, const struct tensor *actual,
                     const struct tensor *expected, struct tolerance tolerance)
{
    char name[160], text[CLOSENESS_TEXT_SIZE];
    snprintf(name, sizeof name, "%s: %s", what, which);
    struct tensor *found = tensor_on_host(actual, "be compared");
    struct closeness closeness = closeness_of(found, expected, tolerance);
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, name, found, expected, tolerance, text));
    tensor_free(found);
}
