/*
 * Who writes a layer wrongly is told what is wrong, where, and what is expected.
 */
#include "common/training/tests/own_linear.h"
#include "tests/support/fatal.h"

/* ---- a step with a layer that is wrong in one thing ------------------------------------------------ */

static struct custom_layer wrong_layer;

static bool put_wrong(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    if (!is_linear(place) || place->number != 1)
        return false;
    struct custom_layer layer = linear_for(place->kit);
    if (wrong_layer.forward != NULL)
        layer.forward = wrong_layer.forward;
    if (wrong_layer.backward_input != NULL)
        layer.backward_input = wrong_layer.backward_input;
    if (wrong_layer.backward_weight != NULL)
        layer.backward_weight = wrong_layer.backward_weight;
    if (wrong_layer.input.dimensions > 0)
        layer.input = wrong_layer.input;
    if (wrong_layer.parameters > 0)
        layer.parameters = wrong_layer.parameters;
    if (wrong_layer.parameter[0].name[0] != '\0')
        layer.parameter[0] = wrong_layer.parameter[0];
    if (wrong_layer.kind != NULL)
        layer.kind = wrong_layer.kind;
    *own = layer_custom(&layer);
    return true;
}

/* A step with the wrong layer. The first linear layer of the model is the kit's. */
static void step_with(struct custom_layer layer)
{
    wrong_layer = layer;
    layer_replace_with(put_wrong, NULL);
    struct model *model = small_model(0);
    struct stage *stage = small_whole(model, 3, 2);
    tensor_free(stage_forward(stage, 0, small_samples(model->input, 0, 3, 0)));
    stage_backward(stage, 0, small_samples(SHAPE(10), 0, 3, 1));
}
#define STEP_WITH(...) step_with((struct custom_layer){__VA_ARGS__})

static struct tensor *returns_null(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return NULL;
}
static struct tensor *returns_shape(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return compute_new(call->device, SHAPE(3, 34));
}
static struct tensor *returns_integers(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, call->device, SHAPE(3, 33));
}
static struct tensor *returns_meta(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return compute_new(DEVICE_META, SHAPE(3, 33));
}
static struct tensor *returns_freed(struct layer_call *call, struct tensor *x)
{
    (void)call;
    tensor_free(x);
    return x;
}
static struct tensor *forgets_x(struct layer_call *call, struct tensor *x)
{
    (void)x;
    return layer_output_new(call);
}
static struct tensor *keeps_and_frees(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    tensor_free(x);
    return layer_output_new(call);
}
static struct tensor *keeps_and_returns(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    return x;
}
static struct tensor *keeps_twice(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    layer_keep(call, X, tensor_retain(x));
    return layer_output_new(call);
}
static struct tensor *keeps_elsewhere(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, 8, x);
    return layer_output_new(call);
}
static struct tensor *keeps_a_parameter(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    layer_keep(call, 5, tensor_retain(call->parameter[0]));
    return layer_output_new(call);
}
static struct tensor *frees_a_parameter(struct layer_call *call, struct tensor *x)
{
    layer_keep(call, X, x);
    tensor_free(call->parameter[1]);
    return layer_output_new(call);
}
static struct tensor *changes_a_parameter(struct layer_call *call, struct tensor *x)
{
    compute_scale(0.5f, call->parameter[1]);
    return forward(call, x);
}
static struct tensor *writes_into_x(struct layer_call *call, struct tensor *x)
{
    compute_scale(0.5f, x);
    return forward(call, x);
}
static struct tensor *adds_in_forward(struct layer_call *call, struct tensor *x)
{
    compute_add_column_sums(x, call->gradient[1]);
    return forward(call, x);
}
static struct tensor *needs_one_more(struct layer_call *call, struct tensor *x)
{
    compute_add_bias(call->parameter[2], x);
    return forward(call, x);
}
static void frees_what_is_kept(struct layer_call *call)
{
    tensor_free(layer_kept(call, DY));
}
static struct tensor *no_dx(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    (void)want_dx;
    layer_keep(call, DY, dy);
    return NULL;
}
static struct tensor *dx_as_dy(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    (void)call;
    (void)want_dx;
    struct tensor *dx = compute_new(dy->device, SHAPE(4, 33));
    tensor_free(dy);
    return dx;
}
static void takes_what_is_not_there(struct layer_call *call)
{
    layer_take(call, 4);
}
static void takes_and_forgets(struct layer_call *call)
{
    layer_take(call, X);
}

static void null(void)
{
    STEP_WITH(.forward = returns_null);
}
static void shape(void)
{
    STEP_WITH(.forward = returns_shape);
}
static void integers(void)
{
    STEP_WITH(.forward = returns_integers);
}
static void device(void)
{
    STEP_WITH(.forward = returns_meta);
}
static void freed(void)
{
    STEP_WITH(.forward = returns_freed);
}
static void forgotten(void)
{
    STEP_WITH(.forward = forgets_x);
}
static void kept_and_freed(void)
{
    STEP_WITH(.forward = keeps_and_frees);
}
static void kept_and_returned(void)
{
    STEP_WITH(.forward = keeps_and_returns);
}
static void kept_twice(void)
{
    STEP_WITH(.forward = keeps_twice);
}
static void no_slot(void)
{
    STEP_WITH(.forward = keeps_elsewhere);
}
static void parameter_kept(void)
{
    STEP_WITH(.forward = keeps_a_parameter);
}
static void parameter_freed(void)
{
    STEP_WITH(.forward = frees_a_parameter);
}
static void parameter_changed(void)
{
    STEP_WITH(.forward = changes_a_parameter);
}
static void x_written_into(void)
{
    STEP_WITH(.forward = writes_into_x);
}
static void gradient_in_forward(void)
{
    STEP_WITH(.forward = adds_in_forward);
}
static void no_such_parameter(void)
{
    STEP_WITH(.forward = needs_one_more);
}
static void kept_is_freed(void)
{
    STEP_WITH(.backward_weight = frees_what_is_kept);
}
static void dx_null(void)
{
    STEP_WITH(.backward_input = no_dx);
}
static void dx_shape(void)
{
    STEP_WITH(.backward_input = dx_as_dy);
}
static void empty_slot(void)
{
    STEP_WITH(.backward_weight = takes_what_is_not_there);
}
static void taken_and_forgotten(void)
{
    STEP_WITH(.backward_weight = takes_and_forgets);
}
static void unnamed(void)
{
    STEP_WITH(.kind = "");
}
static void other_input(void)
{
    STEP_WITH(.input = SHAPE(32));
}
static void one_parameter(void)
{
    STEP_WITH(.parameters = 1);
}
static void other_name(void)
{
    STEP_WITH(.parameter = {{.name = "w", .shape = SHAPE(33, 33)}});
}
static void other_values(void)
{
    STEP_WITH(.parameter = {{.name = "weight",
                             .shape = SHAPE(33, 33),
                             .initial = INITIAL_UNIFORM,
                             .scale = 0.5f}});
}
static void other_whole(void)
{
    STEP_WITH(.parameter = {{.name = "weight", .shape = SHAPE(33, 32)}});
}
#define MINE "mine, in place of linear 1: "
static const struct fatal_case misuses[] = {
    {null, MINE "forward returned NULL; expected y, a tensor (3, 33)"},
    {shape,
     MINE "forward returned float32 (3, 34); expected y, float32 (3, 33) (samples first, then "
          "what the layer's description says of one)"},
    {integers, MINE "forward returned int32 (3, 33); expected y, float32 (3, 33)"},
    {device, MINE "forward returned y on another device than its input is on"},
    {freed, MINE "forward gave away 1 reference more than it had: each tensor is freed, kept"},
    {forgotten, MINE "forward left 1 tensor behind: what it takes over (x, dy)"},
    {kept_and_freed,
     MINE "forward gave away 1 reference more than it had: each tensor is freed, kept"},
    {kept_and_returned,
     MINE "forward gave away 1 reference more than it had: each tensor is freed, kept"},
    {kept_twice, "layer_keep: " MINE "slot 0 still holds a tensor of this micro-batch"},
    {no_slot, "layer_keep: " MINE "there is no slot 8; they are numbered 0 to 7"},
    {parameter_kept, MINE "forward still refers to call->parameter[0] (\"weight\")"},
    {parameter_freed, MINE "forward freed call->parameter[1] (\"bias\")"},
    {parameter_changed,
     MINE "forward changed call->parameter[1] (\"bias\"): only an optimizer does"},
    {x_written_into, MINE "forward wrote into x, at which others look, too"},
    {gradient_in_forward, "compute_add_column_sums: sums is NULL"},
    {no_such_parameter, "compute_add_bias: bias is NULL"},
    {kept_is_freed, "a tensor that mine, in place of linear 1 keeps was freed"},
    {dx_null, MINE "backward_input returned NULL; expected dx, a tensor (3, 33)"},
    {dx_shape, MINE "backward_input returned float32 (4, 33); expected dx, float32 (3, 33)"},
    {empty_slot, "layer_take: " MINE "slot 4 is empty"},
    {taken_and_forgotten, MINE "backward_weight left 1 tensor behind"},
    {unnamed, "layer_custom: a layer needs a kind"},
    {other_input, MINE "it takes float32 (32), but what comes to its place is float32 (33)"},
    {one_parameter, MINE "it has 1 parameter tensor(s), and the kit's layer has 2"},
    {other_name, MINE "its parameter 0 is \"w\", as a whole (33, 33); in a model of the "
                      "kit's layers it is \"weight\" (33, 33)"},
    {other_whole, MINE "its parameter 0 is \"weight\", as a whole (33, 32)"},
    {other_values, MINE "its parameter 0 (\"weight\") begins with other values than that of the "
                        "kit's layer: take `initial` and `scale` from place->whole->parameter[0]"},
};

START_TEST(who_writes_a_layer_wrongly_is_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("misuse of layers of students");
    TCase *cases = tcase_create("misuse");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, who_writes_a_layer_wrongly_is_told, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
