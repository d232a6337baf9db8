/*
 * A layer of a student's that is tied to the model's first parameter: a head in place of the kit's computes what
 * that does, and adds its gradient to the same one.
 */
#include "common/layers/custom_layer.h"
#include "common/training/stage.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <string.h>

enum { SAMPLES = 2, TOKENS = 3, WORDS = 7 };

static bool says_so = true; /* that it is tied */
static bool keeps_it;       /* the tensor that it must not keep */

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    struct tensor *y = layer_output_new(call);
    compute_matrix_product(false, true, x, call->tied, 0.0f, y);
    layer_keep(call, 0, x);
    if (keeps_it)
        layer_keep(call, 2, tensor_retain(call->tied));
    return y;
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_matrix_product(false, false, dy, call->tied, 0.0f, dx);
    compute_matrix_product(true, false, dy, layer_kept(call, 0), 1.0f, call->tied_gradient);
    tensor_free(dy);
    return dx;
}

static bool replace(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    if (strcmp(place->kit->operations->kind, "tied_head") != 0)
        return false;
    *own = layer_custom(&(struct custom_layer){.kind = "own head",
                                               .input = place->kit->input,
                                               .output = place->kit->output,
                                               .tied = says_so,
                                               .forward = forward,
                                               .backward_input = backward_input});
    return true;
}

static struct model *make(bool own)
{
    char error[MODEL_ERROR_SIZE];
    layer_replace_with(own ? replace : NULL, NULL);
    struct model *model =
        model_new("gpt:depth=1,width=4,heads=2,tied=1", SHAPE(TOKENS), WORDS, error);
    layer_replace_with(NULL, NULL);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

struct result {
    struct tensor *y, *gradients;
};

static struct result run(bool own)
{
    struct model *model = make(own);
    struct stage *stage = stage_new(model, &(struct stage_options){.stages = 1,
                                                                   .layers = model->layers,
                                                                   .micro_batch_size = SAMPLES,
                                                                   .micro_batches = 1,
                                                                   .seed = 3,
                                                                   .device = tested_device()});
    struct tensor *tokens =
        tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, SHAPE(SAMPLES, TOKENS));
    for (int i = 0; i < tokens->count; i++)
        tensor_integers(tokens)[i] = (5 * i + 2) % WORDS;
    stage_zero_gradients(stage);
    struct result result = {.y = to_host(stage_forward(stage, 0, to_device(tokens)))};
    struct tensor *dy = compute_new_like(result.y);
    for (int i = 0; i < dy->count; i++)
        tensor_floats(dy)[i] = 0.01f * (float)(i % 11 - 5);
    tensor_free(stage_backward(stage, 0, to_device(dy)));
    result.gradients = compute_new_like(stage_gradients(stage));
    tensor_copy(result.gradients, stage_gradients(stage));
    result.gradients = to_host(result.gradients);
    stage_free(stage);
    model_free(model);
    return result;
}

static int differing(const struct tensor *a, const struct tensor *b)
{
    ck_assert_uint_eq(a->elements, b->elements);
    int different = 0;
    for (int i = 0; i < a->count; i++)
        different += tensor_floats(a)[i] != tensor_floats(b)[i];
    return different;
}

START_TEST(it_works_with_the_embeddings_table)
{
    const struct result kits = run(false), own = run(true);
    ck_assert_int_eq(differing(kits.y, own.y), 0);
    ck_assert_int_eq(differing(kits.gradients, own.gradients), 0);
    ck_assert(tensor_floats(kits.gradients)[0] != 0);
}
END_TEST

static void not_told(void)
{
    says_so = false;
    make(true);
}
static void kept(void)
{
    keeps_it = true;
    run(true);
}

static const struct fatal_case misuses[] = {
    {not_told,
     "own head, in place of tied_head 0: it is not tied to the model's first parameter, and "
     "the kit's layer is"},
    {kept, "own head, in place of tied_head 0: forward freed or still refers to call->tied"},
};

START_TEST(misuse_is_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers of students that are tied");
    TCase *cases = tcase_create("tied");
    tcase_add_test(cases, it_works_with_the_embeddings_table);
    tcase_add_loop_test(cases, misuse_is_told, 0, sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
