/*
 * Parts of a stage's forward and backward, run by the program: in segments, with nothing kept but their inputs, the
 * gradients, the outputs and the running averages are to the bit those of a stage that runs itself.
 */
#include "common/training/stage.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <string.h>

enum { SAMPLES = 4, MICRO_BATCHES = 2, MOST_LAYERS = 32 };

static const struct {
    const char *name;
    struct shape input;
} models[] = {{"mlp:depth=4,width=12,dropout=0.4", {3, {1, 4, 5}}},
              {"mlp:depth=3,width=9,norm=batch", {3, {1, 4, 5}}},
              {"cnn:norm=batch", {3, {3, 32, 32}}},
              {"vit:depth=2,width=8,heads=2,patch=7,dropout=0.3", {3, {1, 28, 28}}}};
enum { MODELS = sizeof models / sizeof *models };

/* A program that keeps the inputs of segments of `size` layers. */
struct forgetful {
    struct stage *stage;
    int layers, size;
    bool draws_again;
    struct tensor *input[MICRO_BATCHES][MOST_LAYERS];
    int draw[MICRO_BATCHES];
};

static int segment_layers(const struct forgetful *f, int first)
{
    return f->layers - first < f->size ? f->layers - first : f->size;
}

static struct tensor *forward(void *own, int m, struct tensor *x)
{
    struct forgetful *f = own;
    f->draw[m] = stage_next_draw(f->stage, m);
    for (int first = 0; first < f->layers; first += f->size) {
        f->input[m][first] = tensor_retain(x);
        x = stage_run_forward(f->stage, m, first, segment_layers(f, first), x, RUN_FORGETS,
                              f->draw[m]);
    }
    return x;
}

static struct tensor *backward(void *own, int m, struct tensor *dy)
{
    struct forgetful *f = own;
    const int draw = f->draws_again ? stage_next_draw(f->stage, m) : f->draw[m];
    for (int first = (f->layers - 1) / f->size * f->size; first >= 0; first -= f->size) {
        const int layers = segment_layers(f, first);
        tensor_free(
            stage_run_forward(f->stage, m, first, layers, f->input[m][first], RUN_REPEATS, draw));
        dy = stage_run_backward(f->stage, m, first, layers, dy);
    }
    return dy;
}

static struct stage *new_stage(const struct model *model)
{
    return stage_new(model, &(struct stage_options){.stages = 1,
                                                    .layers = model->layers,
                                                    .micro_batch_size = SAMPLES,
                                                    .micro_batches = MICRO_BATCHES,
                                                    .seed = 5,
                                                    .device = tested_device()});
}

static struct model *new_model(int i)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(models[i].name, models[i].input, 10, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

/* Bytes that live between forward and backward, besides the outputs, or 0. */
static size_t run(struct stage *stage, const struct model *model, int step)
{
    struct tensor *y[MICRO_BATCHES];
    const size_t before = memory_live(MEMORY_ACTIVATION);
    size_t kept = 0;
    stage_set_step(stage, step);
    for (int m = 0; m < MICRO_BATCHES; m++)
        y[m] = stage_forward(stage, m, small_samples(model->input, m * SAMPLES, SAMPLES, 0));
    kept = memory_live(MEMORY_ACTIVATION) - before;
    for (int m = 0; m < MICRO_BATCHES; m++) {
        kept -= tensor_bytes(y[m]);
        tensor_free(y[m]);
        tensor_free(stage_backward(stage, m, small_samples(SHAPE(10), m * SAMPLES, SAMPLES, 1)));
    }
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before);
    return kept;
}

static void same_averages(struct stage *a, struct stage *b, const struct model *model)
{
    for (int i = 0; i < model->layers; i++) {
        struct tensor *one = stage_layer_buffers(a, i), *other = stage_layer_buffers(b, i);
        if (one != NULL)
            ck_assert(same_numbers(one, other));
        tensor_free(one);
        tensor_free(other);
    }
}

static bool same_gradients(struct stage *a, struct stage *b)
{
    return same_numbers(stage_gradients(a), stage_gradients(b));
}

/* A flatten alone does. */
static bool gives_out_its_input(const struct model *model, int first, int layers)
{
    return layers == 1 && first >= 0 &&
           strcmp(model->layer[first].operations->kind, "flatten") == 0;
}

START_TEST(a_repeated_forward_changes_nothing)
{
    struct model *model = new_model(_i % MODELS);
    struct stage *plain = new_stage(model);
    struct forgetful f = {
        .stage = new_stage(model), .layers = model->layers, .size = _i / MODELS + 1};
    stage_replace_run(f.stage,
                      &(struct stage_runner){forward, backward, "forward", "backward", &f});
    size_t inputs = 0;
    for (int first = 0; first < f.layers; first += f.size)
        if (!gives_out_its_input(model, first - f.size, f.size))
            inputs +=
                MICRO_BATCHES * SAMPLES * shape_elements(model->layer[first].input) * sizeof(float);
    for (int step = 0; step < 2; step++) {
        run(plain, model, step);
        ck_assert_uint_eq(run(f.stage, model, step), inputs);
    }
    ck_assert(same_gradients(plain, f.stage));
    same_averages(plain, f.stage, model);
    stage_free(plain);
    stage_free(f.stage);
    model_free(model);
}
END_TEST

/* A dropout that draws again drops something else: gradients of another function. */
START_TEST(another_draw_is_another_function)
{
    struct model *model = new_model(0);
    struct stage *plain = new_stage(model);
    struct forgetful f = {
        .stage = new_stage(model), .layers = model->layers, .size = 3, .draws_again = true};
    stage_replace_run(f.stage,
                      &(struct stage_runner){forward, backward, "forward", "backward", &f});
    run(plain, model, 0);
    run(f.stage, model, 0);
    ck_assert(!same_gradients(plain, f.stage));
    stage_free(plain);
    stage_free(f.stage);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_runs");
    TCase *tests = tcase_create("stage_runs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_repeated_forward_changes_nothing, 0, 3 * MODELS);
    tcase_add_test(tests, another_draw_is_another_function);
    suite_add_tcase(suite, tests);
    return suite;
}
