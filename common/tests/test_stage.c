/*
 * Stages: cut in time (micro-batches), in space (stages) and in halves (input
 * and weight gradients), a model must give what it gives whole; it must give
 * back all memory; and once warm it must ask the system for none.
 */
#include "common/assert_close.h"
#include "common/flops.h"
#include "common/log_reader.h"
#include "common/loss.h"
#include "common/optimizer.h"
#include "common/random.h"
#include "common/stage.h"

#include <cblas.h>
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- every request for memory in this program is counted, but for those of OpenBLAS, which
 * allocates and frees a little room inside some products of small matrices ---- */

static long requests;

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

/* ---- making things ---- */

static const struct model_case {
    const char *name;
    struct shape input;
} models[] = {
    {"mlp:depth=3,width=33", {3, {1, 28, 28}}},
    {"cnn", {3, {3, 32, 32}}},
    {"cnn", {3, {1, 28, 28}}},
    {"vit:depth=2,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
    {"vit:depth=1", {3, {3, 32, 32}}},
    {"transformer:depth=3,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
};
#define MODELS (sizeof models / sizeof *models)

static struct model *make_model(int i)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(models[i].name, models[i].input, 10, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

static struct stage *make_stage(const struct model *model, int index, int stages, int first,
                                int layers, int size, int micro_batches)
{
    struct stage_options options = {.index = index,
                                    .stages = stages,
                                    .first_layer = first,
                                    .layers = layers,
                                    .micro_batch_size = size,
                                    .micro_batches = micro_batches,
                                    .seed = 11,
                                    .device = DEVICE_CPU};
    return stage_new(model, &options);
}

static struct stage *make_whole(const struct model *model, int size, int micro_batches)
{
    return make_stage(model, 0, 1, 0, model->layers, size, micro_batches);
}

/* Samples first … first+count-1 of an endless random tensor. */
static struct tensor *samples(struct shape sample, int first, int count, uint32_t which)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape_with_batch(count, sample));
    random_normal(tensor_floats(tensor), (size_t)tensor->count, 5,
                  random_stream(RANDOM_TEST, which, 0), (uint64_t)first * shape_count(sample), 0,
                  1);
    return tensor;
}

static struct tensor *copy_of(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(MEMORY_WORKSPACE, tensor->dtype, DEVICE_CPU, tensor->shape);
    tensor_copy(copy, tensor);
    return copy;
}

/* Forward and backward of 12 samples in the whole model: the truth of the other tests. */
static struct stage *run_whole(const struct model *model, struct tensor **y)
{
    struct stage *stage = make_whole(model, 12, 1);
    struct tensor *output = stage_forward(stage, 0, samples(model->input, 0, 12, 0));
    *y = copy_of(output);
    tensor_free(output);
    ck_assert_ptr_null(stage_backward(stage, 0, samples(SHAPE(10), 0, 12, 1)));
    return stage;
}

static void check_same(const struct tensor *actual, const struct tensor *expected,
                       struct tolerance tolerance)
{
    char text[CLOSENESS_TEXT_SIZE];
    struct closeness closeness = compare_tensors(actual, expected, tolerance);
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, "tensor", actual, expected, tolerance, text));
}

static void check_bits(const struct tensor *actual, const struct tensor *expected)
{
    ck_assert_int_eq(actual->count, expected->count);
    ck_assert_mem_eq(actual->data, expected->data, tensor_bytes(expected));
}

/* The gradients add up to a few times the size of a mean loss's, so the absolute bound does, too. */
static struct tolerance sum_tolerance(void)
{
    return (struct tolerance){.relative = 1e-5, .absolute = 4e-4, .norm = 1e-5};
}

/* ---- cut in time, in space, in halves ---- */

START_TEST(micro_batches_add_up_to_the_batch)
{
    struct model *model = make_model(_i);
    struct tensor *y;
    struct stage *whole = run_whole(model, &y);
    for (int size = 1; size <= 6; size++) {
        if (12 % size != 0)
            continue;
        int count = 12 / size;
        struct stage *stage = make_whole(model, size, count);
        for (int m = 0; m < count; m++) {
            struct tensor *part = stage_forward(stage, m, samples(model->input, m * size, size, 0));
            struct tensor *expected = tensor_view(y, (size_t)(m * size * 10), SHAPE(size, 10));
            check_same(part, expected, tolerance_default(DTYPE_FLOAT32));
            tensor_free(part);
            tensor_free(expected);
        }
        ck_assert_int_eq(stage_in_flight(stage), count);
        for (int m = count - 1; m >= 0; m--)
            stage_backward(stage, m, samples(SHAPE(10), m * size, size, 1));
        check_same(stage_gradients(stage), stage_gradients(whole), sum_tolerance());
        ck_assert_int_eq(stage_in_flight(stage), 0);
        stage_free(stage);
    }
    tensor_free(y);
    stage_free(whole);
    model_free(model);
}
END_TEST

START_TEST(stages_are_the_whole_model)
{
    struct model *model = make_model(_i);
    struct tensor *y;
    struct stage *whole = run_whole(model, &y);
    for (int stages = 2; stages <= model->layers; stages++) {
        struct stage *stage[32];
        struct tensor *tensor = samples(model->input, 0, 12, 0);
        for (int s = 0; s < stages; s++) {
            int first = s * model->layers / stages, next = (s + 1) * model->layers / stages;
            stage[s] = make_stage(model, s, stages, first, next - first, 12, 1);
            ck_assert(shape_equal(shape_with_batch(12, model->layer[first].input), tensor->shape));
            tensor = stage_forward(stage[s], 0, tensor);
        }
        check_bits(tensor, y);
        tensor_free(tensor);
        tensor = samples(SHAPE(10), 0, 12, 1);
        for (int s = stages - 1; s >= 0; s--)
            tensor = stage_backward(stage[s], 0, tensor);
        ck_assert_ptr_null(tensor);
        for (int s = 0; s < stages; s++) {
            for (int layer = stage_first_layer(stage[s]);
                 layer < stage_first_layer(stage[s]) + stage_layers(stage[s]); layer++) {
                struct tensor *actual = stage_layer_gradients(stage[s], layer);
                struct tensor *expected = stage_layer_gradients(whole, layer);
                ck_assert_int_eq(actual == NULL, expected == NULL);
                if (actual != NULL)
                    check_bits(actual, expected);
                tensor_free(actual);
                tensor_free(expected);
            }
            stage_free(stage[s]);
        }
    }
    tensor_free(y);
    stage_free(whole);
    model_free(model);
}
END_TEST

/* A stage in the middle gives the same dx in both ways, and the weights can come much later. */
START_TEST(two_halves_are_one_backward)
{
    struct model *model = make_model(_i);
    int first = 1, layers = model->layers - 1;
    struct shape input = model->layer[first].input;
    struct stage *one = make_stage(model, 1, 2, first, layers, 4, 3);
    struct stage *two = make_stage(model, 1, 2, first, layers, 4, 3);
    for (int m = 0; m < 3; m++) {
        tensor_free(stage_forward(one, m, samples(input, 4 * m, 4, 0)));
        tensor_free(stage_forward(two, m, samples(input, 4 * m, 4, 0)));
    }
    for (int m = 0; m < 3; m++) {
        struct tensor *dx = stage_backward(one, m, samples(SHAPE(10), 4 * m, 4, 1));
        struct tensor *same = stage_backward_input(two, m, samples(SHAPE(10), 4 * m, 4, 1));
        ck_assert(shape_equal(dx->shape, shape_with_batch(4, input)));
        check_bits(same, dx);
        tensor_free(dx);
        tensor_free(same);
    }
    ck_assert_int_eq(stage_in_flight(one), 0);
    ck_assert_int_eq(stage_in_flight(two), 3);
    for (int m = 0; m < 3; m++)
        stage_backward_weight(two, m);
    ck_assert_int_eq(stage_in_flight(two), 0);
    check_bits(stage_gradients(two), stage_gradients(one));
    stage_free(one);
    stage_free(two);
    model_free(model);
}
END_TEST

/* A tensor that the caller keeps a reference to must not change under its hands. */
START_TEST(kept_tensors_stay_as_they_are)
{
    struct model *model = make_model(_i);
    for (int layer = 0; layer < model->layers; layer++) {
        struct stage *stage = make_stage(model, 1, 2, layer, 1, 3, 1);
        struct tensor *x = samples(model->layer[layer].input, 0, 3, 0), *x_before = copy_of(x);
        struct tensor *y = stage_forward(stage, 0, tensor_retain(x)), *y_before = copy_of(y);
        struct tensor *dy = samples(model->layer[layer].output, 0, 3, 1), *dy_before = copy_of(dy);
        tensor_free(stage_backward(stage, 0, tensor_retain(dy)));
        check_bits(x, x_before);
        check_bits(y, y_before);
        check_bits(dy, dy_before);
        struct tensor *all[] = {x, x_before, y, y_before, dy, dy_before};
        for (int i = 0; i < 6; i++)
            tensor_free(all[i]);
        stage_free(stage);
    }
    model_free(model);
}
END_TEST

/* Twice with two threads: the same bits. Against one thread: the same up to rounding. */
START_TEST(threads_change_nothing_but_rounding)
{
    struct model *model = make_model(_i);
    struct stage *stage[3];
    struct tensor *y[3];
    for (int i = 0; i < 3; i++) {
        omp_set_num_threads(i == 0 ? 1 : 2);
        stage[i] = run_whole(model, &y[i]);
    }
    check_bits(y[2], y[1]);
    check_bits(stage_gradients(stage[2]), stage_gradients(stage[1]));
    check_same(y[1], y[0], tolerance_default(DTYPE_FLOAT32));
    check_same(stage_gradients(stage[1]), stage_gradients(stage[0]), sum_tolerance());
    for (int i = 0; i < 3; i++) {
        tensor_free(y[i]);
        stage_free(stage[i]);
    }
    model_free(model);
}
END_TEST

/* OpenBLAS older than the processor falls back to code for the Pentium 4. */
START_TEST(products_use_the_processors_vectors)
{
    struct model *model = make_model(0);
    struct stage *stage = make_whole(model, 1, 1);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && getenv("OPENBLAS_CORETYPE") == NULL)
        ck_assert_str_ne(openblas_get_corename(), "Prescott");
#endif
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- what need not be computed is not ---- */

START_TEST(stage_0_computes_no_input_gradient)
{
    struct model *model = make_model(_i);
    struct stage *stage = make_whole(model, 2, 1);
    tensor_free(stage_forward(stage, 0, samples(model->input, 0, 2, 0)));
    uint64_t before = flops_charged();
    ck_assert_ptr_null(stage_backward(stage, 0, samples(SHAPE(10), 0, 2, 1)));
    int first_with_parameters = models[_i].name[0] == 'm' ? 1 : 0;
    double expected = 0;
    for (int i = 0; i < model->layers; i++) {
        expected += 2 * model->layer[i].backward_weight_flops;
        if (i > first_with_parameters)
            expected += 2 * model->layer[i].backward_input_flops;
        else /* layers inside it */
            expected += 2 * model->layer[i].backward_input_flops_without_dx;
    }
    ck_assert_double_eq((double)(flops_charged() - before), expected);
    stage_free(stage);
    model_free(model);
}
END_TEST

START_TEST(a_first_stage_without_parameters)
{
    struct model *model = make_model(0);
    struct stage *stage = make_stage(model, 0, 2, 0, 1, 2, 1);
    ck_assert_int_eq(stage_parameters(stage)->count, 1);
    ck_assert_ptr_null(stage_layer_gradients(stage, 0));
    size_t live = memory_live(MEMORY_ACTIVATION);
    tensor_free(stage_forward(stage, 0, samples(model->input, 0, 2, 0)));
    ck_assert_ptr_null(stage_backward(stage, 0, samples(SHAPE(784), 0, 2, 1)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), live);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_micro_batch_gives_its_memory_back)
{
    struct model *model = make_model(_i);
    size_t before = memory_live(MEMORY_ACTIVATION);
    struct stage *stage = make_whole(model, 4, 2);
    tensor_free(stage_forward(stage, 0, samples(model->input, 0, 4, 0)));
    size_t one = memory_live(MEMORY_ACTIVATION) - before;
    ck_assert_uint_gt(one, 0);
    tensor_free(stage_forward(stage, 1, samples(model->input, 4, 4, 0)));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION) - before, 2 * one);
    stage_backward(stage, 0, samples(SHAPE(10), 0, 4, 1));
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION) - before, one);
    stage_backward_input(stage, 1, samples(SHAPE(10), 4, 4, 1));
    stage_backward_weight(stage, 1);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);

    /* A stage that ends with micro-batches in flight gives back what they held. */
    tensor_free(stage_forward(stage, 0, samples(model->input, 0, 4, 0)));
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
    struct model *model = make_model(_i);
    struct stage *stage = make_whole(model, 4, 2);
    struct optimizer_options options = optimizer_defaults(OPTIMIZER_SGD);
    struct optimizer *optimizer = optimizer_new(&options, stage);
    struct tensor *images = samples(model->input, 0, 4, 0);
    struct tensor *labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, SHAPE(4));
    for (int i = 0; i < 4; i++)
        tensor_integers(labels)[i] = i;
    for (int step = 0; step < 2; step++)
        train_step(stage, optimizer, images, labels);
    size_t from_system = memory_from_system(), of_kernel = from_kernel();
    long before = requests;
    for (int step = 0; step < 5; step++)
        train_step(stage, optimizer, images, labels);
    long after = requests;
    if (COUNTS_REQUESTS) {
        ck_assert_int_eq(after - before, 0);
        ck_assert_uint_eq(memory_from_system(), from_system);
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

/* ---- what is recorded ---- */

static const struct log_record *find(const struct log_file *log, enum log_operation operation,
                                     enum log_phase phase)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase)
            return &log->record[i];
    ck_abort_msg("no record of %s", log_operation_name(operation));
}

START_TEST(calls_are_recorded)
{
    char folder[] = "/tmp/test_stage.XXXXXX", path[64], error[LOG_ERROR_SIZE];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    log_open(folder, 0, 1, 11);
    struct model *model = make_model(0);
    struct stage *stage = make_stage(model, 1, 3, 1, 3, 2, 4);
    stage_zero_gradients(stage);
    tensor_free(stage_forward(stage, 2, samples(SHAPE(784), 0, 2, 0)));
    tensor_free(stage_backward(stage, 2, samples(SHAPE(33), 0, 2, 1)));
    tensor_free(stage_forward(stage, 3, samples(SHAPE(784), 0, 2, 0)));
    tensor_free(stage_backward_input(stage, 3, samples(SHAPE(33), 0, 2, 1)));
    stage_backward_weight(stage, 3);
    log_close();

    struct log_file log;
    snprintf(path, sizeof path, "%s/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    const struct log_record *fact = find(&log, LOG_STAGE, LOG_INSTANT);
    ck_assert_int_eq(fact->stage, 1);
    ck_assert_double_eq(fact->value, 1);
    ck_assert_uint_eq(fact->request, 3);
    ck_assert_uint_eq(fact->bytes, 4 * (784 * 33 + 33 + 33 * 33 + 33));
    find(&log, LOG_ZERO_GRADIENTS, LOG_END);
    const struct log_record *begin = find(&log, LOG_FORWARD, LOG_BEGIN);
    const struct log_record *end = find(&log, LOG_FORWARD, LOG_END);
    ck_assert_int_eq(begin->stage, 1);
    ck_assert_int_eq(begin->micro_batch, 2);
    double flops = 0;
    for (int i = 1; i < 4; i++)
        flops += 2 * model->layer[i].forward_flops;
    ck_assert_double_eq((double)(end->flops - begin->flops), flops);
    ck_assert_int_eq(find(&log, LOG_BACKWARD, LOG_END)->micro_batch, 2);
    ck_assert_int_eq(find(&log, LOG_BACKWARD_INPUT, LOG_END)->micro_batch, 3);
    ck_assert_int_eq(find(&log, LOG_BACKWARD_WEIGHT, LOG_END)->micro_batch, 3);
    log_destroy(&log);
    unlink(path);
    rmdir(folder);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- misuse ---- */

static struct stage *misused; /* stage 1 of 2, two micro-batches of 2, mlp's layers 1 to 5 */

static struct tensor *an_input(void)
{
    return samples(SHAPE(784), 0, 2, 0);
}
static struct tensor *a_gradient(void)
{
    return samples(SHAPE(10), 0, 2, 1);
}
static void backward_first(void)
{
    stage_backward(misused, 0, a_gradient());
}
static void forward_twice(void)
{
    stage_forward(misused, 1, an_input());
    stage_forward(misused, 1, an_input());
}
static void backward_twice(void)
{
    stage_forward(misused, 1, an_input());
    stage_backward(misused, 1, a_gradient());
    stage_backward(misused, 1, a_gradient());
}
static void weight_without_input(void)
{
    stage_forward(misused, 0, an_input());
    stage_backward_weight(misused, 0);
}
static void no_such_micro_batch(void)
{
    stage_forward(misused, 2, an_input());
}
static void negative_micro_batch(void)
{
    stage_forward(misused, -1, an_input());
}
static void wrong_shape(void)
{
    stage_forward(misused, 0, samples(SHAPE(784), 0, 3, 0));
}
static void wrong_gradient_shape(void)
{
    stage_forward(misused, 0, an_input());
    stage_backward(misused, 0, samples(SHAPE(11), 0, 2, 0));
}
static void null_input(void)
{
    stage_forward(misused, 0, NULL);
}
static void foreign_layer(void)
{
    stage_layer_gradients(misused, 0);
}
static void no_layers(void)
{
    struct model *model = make_model(0);
    make_stage(model, 0, 2, 0, 0, 2, 1);
}
static void layers_beyond_the_model(void)
{
    struct model *model = make_model(0);
    make_stage(model, 0, 2, 3, 4, 2, 1);
}
static void no_gpu(void)
{
    struct model *model = make_model(0);
    stage_new(model, &(struct stage_options){.stages = 1,
                                             .layers = 6,
                                             .micro_batch_size = 1,
                                             .micro_batches = 1,
                                             .device = DEVICE_CUDA});
}

static const struct {
    void (*misuse)(void);
    const char *part; /* of the message */
} misuses[] = {
    {backward_first, "stage 1: a backward of micro-batch 0"},
    {forward_twice, "stage 1: a forward of micro-batch 1"},
    {backward_twice, "stage 1: a backward of micro-batch 1"},
    {weight_without_input, "stage 1: a stage_backward_weight of micro-batch 0"},
    {no_such_micro_batch, "micro-batch 2: they are numbered 0 to 1"},
    {negative_micro_batch, "micro-batch -1: they are numbered 0 to 1"},
    {wrong_shape, "x is float32 (3, 784); expected float32 (2, 784)"},
    {wrong_gradient_shape, "dy is float32 (2, 11); expected float32 (2, 10)"},
    {null_input, "x is NULL; expected a tensor (2, 784)"},
    {foreign_layer, "layer 0 is not here; this stage has layers 1 to 5"},
    {no_layers, "stage 0: layers 0 to -1 are not in the model"},
    {layers_beyond_the_model, "stage 0: layers 3 to 6 are not in the model"},
    {no_gpu, "without kernels for the GPU (cuda)"},
};

START_TEST(misuse_ends_the_program_with_a_message)
{
    struct model *model = make_model(0);
    misused = make_stage(model, 1, 2, 1, 5, 2, 2);
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        misuses[_i].misuse();
        _exit(0);
    }
    close(ends[1]);
    char text[2048];
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, misuses[_i].part) != NULL, "%s", text);
    close(ends[0]);
    stage_free(misused);
    model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stages");
    TCase *tests = tcase_create("stages");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, micro_batches_add_up_to_the_batch, 0, MODELS);
    tcase_add_loop_test(tests, stages_are_the_whole_model, 0, MODELS);
    tcase_add_loop_test(tests, two_halves_are_one_backward, 0, MODELS);
    tcase_add_loop_test(tests, kept_tensors_stay_as_they_are, 0, MODELS);
    tcase_add_loop_test(tests, threads_change_nothing_but_rounding, 0, MODELS);
    tcase_add_test(tests, products_use_the_processors_vectors);
    tcase_add_loop_test(tests, stage_0_computes_no_input_gradient, 0, MODELS);
    tcase_add_test(tests, a_first_stage_without_parameters);
    tcase_add_loop_test(tests, a_micro_batch_gives_its_memory_back, 0, MODELS);
    tcase_add_loop_test(tests, a_warm_step_asks_for_no_memory, 0, MODELS);
    tcase_add_test(tests, requests_are_counted);
    tcase_add_test(tests, calls_are_recorded);
    tcase_add_loop_test(tests, misuse_ends_the_program_with_a_message, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
