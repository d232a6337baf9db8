/*
 * Rounded copies of a tensor: numbers worked out by hand, and copies of no known kind.
 */
#include "assignments/pipeline/judges/rounding.h"
#include "common/log/log.h"
#include "tests/support/test.h"

#include <string.h>

#define COUNT 4

static const float numbers[COUNT] = {1.0f / 3, 3.1415927f, -0.0012345f, 7};

/* 1/3 is 0x3eaaaaab, pi 0x40490fdb, -0.0012345 0xbaa1cf38: what stands in the upper half, and what
 * nearest to it; in 11 bits 1365/4096, 1608/512 and -1294/2^20. */
static const struct {
    const char *text;
    float copy[COUNT];
} copies[] = {
    {"rounded to bfloat16", {0x1.54p-2f, 0x1.92p+1f, -0x1.42p-10f, 7}},
    {"rounded to bfloat16", {0x1.56p-2f, 0x1.92p+1f, -0x1.44p-10f, 7}},
    {"rounded to float16", {1365 / 4096.0f, 1608 / 512.0f, -1294 / 1048576.0f, 7}},
    {"rounded to whole numbers", {0, 3, 0, 7}},
    {"rounded to whole numbers", {0, 3, -1, 7}},
    {"rounded to 1 decimal", {0.3f, 3.1f, 0, 7}},
    {"rounded to 3 decimals", {0.333f, 3.142f, -0.001f, 7}},
    {"multiplied by 2", {2.0f / 3, 6.2831854f, -0.002469f, 14}},
    {"multiplied by 0.5", {0.5f / 3, 1.57079635f, -0.00061725f, 3.5f}},
    {NULL, {1.0f / 3, 3.1415927f, -0.0012345f, 7}}, /* nothing was done to it */
    {NULL, {1.0f / 3, 3.1415927f, -0.0012345f, 8}},
    {NULL, {0, 0, 0, 0}},
};

START_TEST(copies_are_recognised)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(COUNT));
    memcpy(tensor->data, numbers, sizeof numbers);
    const char *found = rounding_find(tensor, log_fingerprint(copies[_i].copy, sizeof numbers));
    if (copies[_i].text)
        ck_assert_pstr_eq(found, copies[_i].text);
    else
        ck_assert_msg(found == NULL, "%s", found);
    ck_assert_mem_eq(tensor->data, numbers, sizeof numbers);
    tensor_free(tensor);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rounded copies");
    TCase *cases = tcase_create("rounding");
    tcase_add_loop_test(cases, copies_are_recognised, 0, sizeof copies / sizeof copies[0]);
    suite_add_tcase(suite, cases);
    return suite;
}
