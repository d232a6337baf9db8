/*
 * Memory of a training on a GPU: byte for byte that of the same one on the processor, kind by kind, but for workspace.
 */
#include "common/base/memory.h"
#include "common/training/tests/trained_on.h"

struct bytes {
    size_t peak[MEMORY_KINDS], live[MEMORY_KINDS]; /* live: between two steps */
};

/* Two steps: state that is made in the first is there in the second. */
static struct bytes used_by(const struct recipe *recipe, enum device device)
{
    struct bytes bytes;
    memory_reset_peak();
    struct trained trained = trained_new(recipe, device);
    trained_step(&trained);
    trained_step(&trained);
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        bytes.peak[kind] = memory_peak((enum memory_kind)kind);
        bytes.live[kind] = memory_live((enum memory_kind)kind);
    }
    trained_free(&trained);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        ck_assert_msg(memory_live((enum memory_kind)kind) == 0, "%s: %zu bytes of %s are left",
                      recipe->model, memory_live((enum memory_kind)kind),
                      memory_kind_name((enum memory_kind)kind));
    return bytes;
}

START_TEST(peaks_are_the_processors)
{
    const struct recipe *recipe = &recipes[_i];
    const enum device gpu = a_gpu();
    const struct bytes expected = used_by(recipe, DEVICE_CPU), found = used_by(recipe, gpu);
    ck_assert_uint_gt(expected.peak[MEMORY_PARAMETER], 0);
    ck_assert_uint_gt(expected.peak[MEMORY_ACTIVATION], 0);
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        const char *name = memory_kind_name((enum memory_kind)kind);
        ck_assert_msg(found.live[kind] == expected.live[kind], "%s, %s: %zu bytes, expected %zu",
                      recipe->model, name, found.live[kind], expected.live[kind]);
        if (kind != MEMORY_WORKSPACE)
            ck_assert_msg(found.peak[kind] == expected.peak[kind],
                          "%s, %s: a peak of %zu bytes, expected %zu", recipe->model, name,
                          found.peak[kind], expected.peak[kind]);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("memory on a GPU");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, peaks_are_the_processors, 0, RECIPES);
    suite_add_tcase(suite, tests);
    return suite;
}
