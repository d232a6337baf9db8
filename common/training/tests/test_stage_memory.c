/*
 * The memory of a stage: it must give back all that it holds, and once warm it
 * must ask the system for none.
 */
#include "common/training/loss.h"
#include "common/training/optimizer.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* ---- every request for memory in this program is counted, but for those of OpenBLAS, which
 * allocates and frees a little room inside some products of small matrices ---- */

/* Volatile, as compilers take malloc for a function that changes nothing of theirs. */
static volatile long requests;

#if !defined(__SANITIZE_ADDRESS__)
#define COUNTS_REQUESTS 1
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static void count_request(const void *caller)
{
    Dl_info where;
    if (dladdr(caller, &where) == 0 || strstr(where.dli_fname, "openblas") == NULL)
        requests++;
}

void *malloc(size_t bytes)
{
    count_request(__builtin_return_address(0));
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes)
{
    count_request(__builtin_return_address(0));
    return __libc_calloc(count, bytes);
}
void *realloc(void *block, size_t bytes)
{
    count_request(__builtin_return_address(0));
    return __libc_realloc(block, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes)
{
    count_request(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    count_request(__builtin_return_address(0));
    *block = __libc_memalign(alignment, bytes);
    return *block == NULL ? ENOMEM : 0;
}
#else
#define COUNTS_REQUESTS 0
#endif

/* What the C library has asked of the kernel so far, for whomever. */
static size_t from_kernel(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.arena + info.hblkhd;
}

START_TEST(a_micro_batch_gives_its_memory_back)
{
    struct model *model = small_model(_i);
    size_t before = memory_live(MEMORY_ACTIVATION);
    struct stage *stage = small_whole(model, 4, 2);
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 4, 0)));
    size_t one = memory_live(MEMORY_ACTIVATION) - before;
    ck_assert_uint_gt(one, 0);
    tensor_free(stage_forward(stage, 1, small_samples(model->input, 4, 4, 0)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION) - before, 2 * one);
    stage_backward(stage, 0, small_samples(SHAPE(10), 0, 4, 1));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION) - before, one);
    stage_backward_input(stage, 1, small_samples(SHAPE(10), 4, 4, 1));
    stage_backward_weight(stage, 1);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);

    /* A stage that ends with micro-batches in flight gives back what they held. */
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 4, 0)));
    stage_free(stage);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER), 0);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), 0);
    model_free(model);
}
END_TEST

static void train_step(struct stage *stage, struct optimizer *optimizer,
                       const struct tensor *images, const struct tensor *labels)
{
    stage_zero_gradients(stage);
    for (int m = 0; m < 2; m++) {
        struct tensor *x = stage_input_new(stage);
        tensor_copy(x, images);
        struct tensor *y = stage_forward(stage, m, x);
        int correct;
        loss_forward(LOSS_CROSS_ENTROPY, y, labels, &correct);
        struct tensor *dy = loss_backward(LOSS_CROSS_ENTROPY, y, labels, 0.5f);
        tensor_free(y);
        stage_backward(stage, m, dy);
    }
    optimizer_step(optimizer);
}

START_TEST(a_warm_step_asks_for_no_memory)
{
    struct model *model = small_model(_i);
    struct stage *stage = small_whole(model, 4, 2);
    struct optimizer_options options = optimizer_defaults(OPTIMIZER_SGD);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    struct tensor *images = small_samples(model->input, 0, 4, 0);
    struct tensor *labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(4));
    for (int i = 0; i < 4; i++)
        tensor_integers(labels)[i] = i;
    labels = to_device(labels);
    for (int step = 0; step < 2; step++)
        train_step(stage, optimizer, images, labels);
    size_t from_system = memory_from_system(), of_kernel = from_kernel();
    long before = requests;
    for (int step = 0; step < 5; step++)
        train_step(stage, optimizer, images, labels);
    long after = requests;
    ck_assert(!COUNTS_REQUESTS || memory_from_system() == from_system);
    if (COUNTS_REQUESTS && !tests_a_gpu()) { /* the library of one may ask */
        ck_assert_int_eq(after - before, 0);
        ck_assert_uint_eq(from_kernel(), of_kernel);
    }
    tensor_free(images);
    tensor_free(labels);
    optimizer_free(optimizer);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* Otherwise the test above would pass whatever the loop did. */
START_TEST(requests_are_counted)
{
    long before = requests;
    void *volatile block = malloc(10);
    free(block);
    if (COUNTS_REQUESTS)
        ck_assert_int_eq(requests - before, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_memory");
    TCase *tests = tcase_create("stage_memory");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_micro_batch_gives_its_memory_back, 0, SMALL_MODELS);
    tcase_add_loop_test(tests, a_warm_step_asks_for_no_memory, 0, SMALL_MODELS);
    tcase_add_test(tests, requests_are_counted);
    suite_add_tcase(suite, tests);
    return suite;
}
