/*
 * Layers and models in bfloat16 and float16 against PyTorch (fixtures/generate_sixteen_bits.py): against what
 * it computes in 16 bits, and against what is exact for the same numbers.
 *
 * How near? A layer rounds once what it computes in float32, so y is within half a unit in the last place of
 * the exact one, and what float32 itself loses. What goes through several roundings (a model, a
 * backward that works with what was kept) must not be further from the exact numbers, as a whole, than
 * PyTorch's is, which rounds at least as often; and near to PyTorch's by the tolerance of
 * torch.testing.assert_close for the dtype, beside the largest number of the tensor; for a model, in which
 * some ten roundings add up, by four times that.
 */
#include "common/layers/tests/precision_cases.h"

#include <math.h>

/* ---- comparing ---- */

/* ‖a - b‖ / ‖b‖ */
static double distance(const struct tensor *a, const struct tensor *b)
{
    double difference = 0, all = 0;
    for (int i = 0; i < b->count; i++) {
        const double x = (double)tensor_floats(a)[i], y = (double)tensor_floats(b)[i];
        difference += (x - y) * (x - y);
        all += y * y;
    }
    return all == 0 ? sqrt(difference) : sqrt(difference / all);
}

static double largest(const struct tensor *tensor)
{
    double most = 0;
    for (int i = 0; i < tensor->count; i++)
        most = fmax(most, fabs((double)tensor_floats(tensor)[i]));
    return most;
}

/* Half a unit in the last place, of 1. */
static double half_unit(enum dtype dtype)
{
    return dtype == DTYPE_BFLOAT16 ? 0x1p-8 : 0x1p-11;
}

/* there: float32, or of 16 bits; on either device. */
static void compare(const struct trial *trial, const char *what, const struct tensor *there,
                    bool rounded_once)
{
    char name[128];
    struct tensor *found = tensor_on_host(there, "be compared");
    snprintf(name, sizeof name, "exact.%s", what);
    const struct tensor *exact = get(trial, name);
    struct tensor *wide = found->dtype == DTYPE_FLOAT32 ? fixture_copy(found)
                                                        : tensor_widened(found, MEMORY_WORKSPACE);
    struct tensor *torch = tensor_widened(get(trial, what), MEMORY_WORKSPACE);
    struct tolerance tolerance = tolerance_default(trial->dtype);
    tolerance.relative *= trial->model != NULL ? 4 : 1;
    tolerance.absolute += tolerance.relative * largest(torch);
    fixture_compare(trial->name, what, wide, torch, tolerance);
    const double own = distance(wide, exact), theirs = distance(torch, exact);
    ck_assert_msg(own <= 1.2 * fmax(theirs, half_unit(trial->dtype)),
                  "%s: %s: %g from what is exact; PyTorch's is %g", trial->name, what, own, theirs);
    for (int i = 0; rounded_once && i < wide->count; i++) {
        const double is = (double)tensor_floats(wide)[i], should = (double)tensor_floats(exact)[i];
        ck_assert_msg(fabs(is - should) <= half_unit(trial->dtype) * fabs(should) + 2e-6,
                      "%s: %s: number %d is %.9g, exactly %.9g", trial->name, what, i, is, should);
    }
    tensor_free(found);
    tensor_free(wide);
    tensor_free(torch);
}

/* ---- running ---- */

static struct layer_memory memory_of(const struct trial *trial, int l, const struct pass *pass)
{
    struct layer_memory memory = {.parameters = tensor_floats(trial->parameters) + trial->offset[l],
                                  .gradients = tensor_floats(trial->gradients) + trial->offset[l],
                                  .pass = pass,
                                  .layer = l};
    if (trial->layer[l]->buffers > 0)
        memory.buffers = tensor_floats(trial->buffers);
    if (trial->tied != NULL) {
        memory.tied = tensor_floats(trial->tied);
        memory.tied_gradient = tensor_floats(trial->tied_gradient);
        memory.tied_shape = trial->tied_shape;
    }
    return memory;
}

static void check_gradients_of(const struct trial *trial)
{
    char name[128];
    struct tensor *all = tensor_on_host(trial->gradients, "be compared");
    for (int l = 0; l < trial->layers; l++)
        for (int k = 0; k < trial->layer[l]->parameters; k++) {
            const struct parameter *parameter = &trial->layer[l]->parameter[k];
            parameter_name(trial, l, k, "gradient", name);
            struct tensor *found =
                tensor_view(all, trial->offset[l] + parameter->offset, parameter->shape);
            compare(trial, name, found, false);
            tensor_free(found);
        }
    tensor_free(all);
    if (trial->own.tied) {
        all = tensor_on_host(trial->tied_gradient, "be compared");
        struct tensor *found = tensor_view(all, 0, trial->tied_shape);
        compare(trial, "tied_gradient", found, false);
        tensor_free(found);
        tensor_free(all);
    }
}

static void check_nothing_lives(const struct trial *trial, size_t workspace)
{
    ck_assert_msg(memory_live(MEMORY_ACTIVATION) == 0, "%s: %zu bytes are still held", trial->name,
                  memory_live(MEMORY_ACTIVATION));
    ck_assert_msg(memory_live(MEMORY_WORKSPACE) == workspace, "%s: workspace grew by %ld bytes",
                  trial->name, (long)memory_live(MEMORY_WORKSPACE) - (long)workspace);
}

START_TEST(agrees_with_pytorch)
{
    struct trial trial;
    const int which = _i % CASES;
    trial_new(&trial, which, _i < CASES ? DTYPE_BFLOAT16 : DTYPE_FLOAT16);
    const struct pass pass = {.precision = trial.dtype};
    const long references = tensor_references_held();
    const size_t workspace = memory_live(MEMORY_WORKSPACE);
    const bool once = cases[which].once;
    struct saved *saved[MOST_LAYERS];
    struct tensor *x = to_device(fixture_copy(get(&trial, "x")));
    const bool has_dx = x->dtype != DTYPE_INT32;
    for (int l = 0; l < trial.layers; l++) {
        saved[l] = saved_new(trial.layer[l]);
        x = layer_forward(trial.layer[l], memory_of(&trial, l, &pass), saved[l], x);
        ck_assert_int_eq(x->dtype, trial.dtype);
        ck_assert_int_eq(x->kind, MEMORY_ACTIVATION);
    }
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), workspace);
    compare(&trial, "y", x, once);
    tensor_free(x);
    struct tensor *dy = to_device(fixture_copy(get(&trial, "dy")));
    for (int l = trial.layers - 1; l >= 0; l--) {
        dy = layer_backward_input(trial.layer[l], memory_of(&trial, l, &pass), saved[l], dy, true);
        ck_assert((dy == NULL) == (l == 0 && !has_dx));
        ck_assert(dy == NULL || dy->dtype == trial.dtype);
        layer_backward_weight(trial.layer[l], memory_of(&trial, l, &pass), saved[l]);
        saved_free(saved[l]);
    }
    if (dy != NULL)
        compare(&trial, "dx", dy, false);
    tensor_free(dy);
    check_gradients_of(&trial);
    check_nothing_lives(&trial, workspace);
    ck_assert_int_eq(tensor_references_held(), references);
    trial_free(&trial);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers in 16 bits against PyTorch");
    TCase *tests = tcase_create("layers and models");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, agrees_with_pytorch, 0, 2 * CASES);
    suite_add_tcase(suite, tests);
    return suite;
}
