/*
 * Batch norm, layer norm over whole samples, residuals with a shortcut and recomputed layers: their
 * backwards against finite differences.
 */
#include "common/layers/tests/finite_differences.h"

#include <stdio.h>

START_TEST(backward_is_the_derivative)
{
    struct layer layer;
    int samples = 5;
    switch (_i) {
    case 0:
        layer = layer_batch_norm(SHAPE(6));
        break;
    case 1:
        layer = layer_batch_norm(SHAPE(3, 2, 5));
        break;
    case 2:
        layer = layer_batch_norm(SHAPE(2, 5, 4));
        samples = 1;
        break;
    case 3:
        layer = layer_norm_of(SHAPE(2, 3, 4), 3);
        break;
    case 4:
        layer = layer_norm_of(SHAPE(2, 3, 4), 2);
        break;
    case 5: {
        const struct layer round[] = {
            layer_linear_with(SHAPE(5), (struct linear_options){4, true})};
        const struct layer through[] = {layer_linear(SHAPE(5), 6), layer_gelu(SHAPE(6)),
                                        layer_linear(SHAPE(6), 4)};
        layer = layer_residual_with(SHAPE(5), round, 1, through, 3);
        break;
    }
    case 6: {
        const struct layer round[] = {layer_linear_with(SHAPE(5), (struct linear_options){4, true}),
                                      layer_batch_norm(SHAPE(4))};
        const struct layer through[] = {
            layer_linear_with(SHAPE(5), (struct linear_options){4, true}),
            layer_batch_norm(SHAPE(4)), layer_gelu(SHAPE(4))};
        const struct layer inner[] = {layer_gelu(SHAPE(5)),
                                      layer_residual_with(SHAPE(5), round, 2, through, 3)};
        layer = layer_sequence(inner, 2);
        break;
    }
    default: {
        const struct layer deepest[] = {layer_linear(SHAPE(5), 5), layer_gelu(SHAPE(5))};
        const struct layer through[] = {layer_batch_norm(SHAPE(5)), layer_recomputed(deepest, 2)};
        const struct layer inner[] = {layer_linear(SHAPE(4), 5),
                                      layer_residual(SHAPE(5), through, 2)};
        layer = layer_recomputed(inner, 2);
    }
    }
    char name[64];
    snprintf(name, sizeof name, "case %d, %s", _i, layer.operations->kind);
    backward_is_the_derivative_of(name, layer, samples, 100 + _i);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("norms and recomputation against finite differences");
    TCase *tests = tcase_create("layers");
    tcase_add_loop_test(tests, backward_is_the_derivative, 0, 8);
    suite_add_tcase(suite, tests);
    return suite;
}
