/*
 * A linear layer that is not the kit's, for tests of layers that students write.
 */
#ifndef COMMON_TRAINING_TESTS_OWN_LINEAR_H
#define COMMON_TRAINING_TESTS_OWN_LINEAR_H

#include "common/layers/custom_layer.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

enum { X, DY };

static struct pass seen; /* in the last forward */
static int own_layers;   /* that live */

static inline struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    seen = *call->pass;
    struct tensor *y = layer_output_new(call);
    compute_matrix_product(false, true, x, call->parameter[0], 0.0f, y);
    compute_add_bias(call->parameter[1], y);
    layer_keep(call, X, x);
    return y;
}

static inline struct tensor *backward_input(struct layer_call *call, struct tensor *dy,
                                            bool want_dx)
{
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    if (want_dx)
        compute_matrix_product(false, false, dy, call->parameter[0], 0.0f, dx);
    layer_keep(call, DY, dy);
    return dx;
}

static inline void backward_weight(struct layer_call *call)
{
    struct tensor *x = layer_take(call, X); /* what is not taken is freed without being told */
    compute_matrix_product(true, false, layer_kept(call, DY), x, 1.0f, call->gradient[0]);
    compute_add_column_sums(layer_kept(call, DY), call->gradient[1]);
    tensor_free(x);
}

static inline void free_own(void *own)
{
    own_layers--;
    free(own);
}

static inline struct custom_layer linear_for(const struct layer *kit)
{
    return (struct custom_layer){.kind = "mine",
                                 .input = kit->input,
                                 .output = kit->output,
                                 .parameters = 2,
                                 .parameter = {kit->parameter[0], kit->parameter[1]},
                                 .forward_flops = kit->forward_flops,
                                 .backward_input_flops = kit->backward_input_flops,
                                 .backward_weight_flops = kit->backward_weight_flops,
                                 .own = malloc(1),
                                 .forward = forward,
                                 .backward_input = backward_input,
                                 .backward_weight = backward_weight,
                                 .free = free_own};
}

static inline bool is_linear(const struct layer_place *place)
{
    return strcmp(place->kit->operations->kind, "linear") == 0;
}

#endif
