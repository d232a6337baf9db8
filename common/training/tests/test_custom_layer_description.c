/*
 * Who describes a layer of his own wrongly, or puts one into a place where it does not fit, is told
 * before anything is computed.
 */
#include "common/training/tests/own_linear.h"
#include "tests/support/fatal.h"

/* ---- descriptions ---------------------------------------------------------------------------------- */

static void describe(struct custom_layer layer)
{
    layer.kind = "mine";
    layer.forward = forward;
    layer.backward_input = backward_input;
    layer_custom(&layer);
}
static void no_sizes(void)
{
    describe((struct custom_layer){.input = SHAPE(3)});
}
static void no_numbers(void)
{
    describe((struct custom_layer){.input = SHAPE(3, 0), .output = SHAPE(3)});
}
static void negative_cost(void)
{
    describe(
        (struct custom_layer){.input = SHAPE(3), .output = SHAPE(3), .backward_weight_flops = -2});
}
static void no_backward_weight(void)
{
    describe((struct custom_layer){.input = SHAPE(3),
                                   .output = SHAPE(3),
                                   .parameters = 1,
                                   .parameter = {{.name = "w", .shape = SHAPE(3)}}});
}

/* ---- places ---------------------------------------------------------------------------------------- */

/* The kit's own layer with half of the outputs, which says that it is a slice, or does not. */
static bool put_half(const struct layer_place *place, struct layer *own, void *user)
{
    if (!is_linear(place) || place->number != 0)
        return false;
    *own = layer_linear(place->kit->input, 11);
    for (int k = 0; k < 2 && user == NULL; k++) {
        const struct parameter *whole = &place->whole->parameter[k];
        own->parameter[k] = layer_parameter_part(whole, slice_along(whole->shape, 0, 0, 11));
    }
    return true;
}
static bool put_third(const struct layer_place *place, struct layer *own, void *user)
{
    if (!put_half(place, own, user))
        return false;
    own->parameter[1] =
        layer_parameter_part(&place->whole->parameter[1], slice_along(SHAPE(33), 0, 0, 10));
    return true;
}
static void slice_too_short(void)
{
    layer_replace_with(put_third, NULL);
    small_model(0);
}
static void next_is_split(void)
{
    layer_replace_with(put_half, NULL);
    small_model(0);
}
static void kits_says_no_slice(void)
{
    layer_replace_with(put_half, "");
    small_model(0);
}
static bool says_true_only(const struct layer_place *place, struct layer *own, void *user)
{
    (void)own;
    (void)user;
    return is_linear(place);
}
static void nothing_made(void)
{
    layer_replace_with(says_true_only, NULL);
    small_model(0);
}
static void slice_of_another(void)
{
    const struct parameter whole = {.name = "weight", .shape = SHAPE(8, 4)};
    layer_parameter_part(&whole, slice_along(SHAPE(4, 4), 0, 0, 2));
}

/* ---- buffers --------------------------------------------------------------------------------------- */

/* The kit's batch norm in place of the kit's, but for one thing. */
static struct buffer buffer;
static int buffers;
static bool put_batch_norm(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    if (strcmp(place->kit->operations->kind, "batch_norm") != 0)
        return false;
    *own = layer_batch_norm(place->kit->input);
    own->buffers = buffers;
    if (buffer.name[0] != '\0')
        own->buffer[1] = buffer;
    return true;
}
static void with_buffers(int count, struct buffer second)
{
    char error[MODEL_ERROR_SIZE];
    buffers = count;
    buffer = second;
    layer_replace_with(put_batch_norm, NULL);
    model_new("mlp:depth=2,width=8,norm=batch", SHAPE(1, 4, 4), 10, error);
}
static void one_buffer(void)
{
    with_buffers(1, (struct buffer){.shape = SHAPE(0)});
}
static void other_buffer(void)
{
    with_buffers(2, (struct buffer){.name = "variance", .shape = SHAPE(8)});
}
static void shorter_buffer(void)
{
    with_buffers(2, (struct buffer){.name = "running_var", .shape = SHAPE(6)});
}
static void other_begin(void)
{
    with_buffers(2, (struct buffer){.name = "running_var", .shape = SHAPE(8)});
}
static void other_slice(void)
{
    const struct buffer whole = {.name = "running_var", .shape = SHAPE(8), .initial = INITIAL_ONE};
    with_buffers(2, layer_buffer_part(&whole, slice_along(SHAPE(8), 0, 2, 6)));
}
static void buffer_of_another(void)
{
    const struct buffer whole = {.name = "running_var", .shape = SHAPE(8)};
    layer_buffer_part(&whole, slice_along(SHAPE(4), 0, 0, 2));
}
static void wrong_slice_of_buffer(void)
{
    const struct buffer wrong = {
        .name = "running_var", .shape = SHAPE(3), .slice = slice_along(SHAPE(8), 0, 0, 2)};
    layer_buffer_slice(&wrong);
}

static const struct fatal_case mistakes[] = {
    {no_sizes, "layer_custom: mine: output has no sizes"},
    {no_numbers, "layer_custom: mine: input has a size of 0"},
    {negative_cost, "layer_custom: mine: backward_weight_flops is -2"},
    {no_backward_weight, "layer_custom: mine has parameters, and no backward_weight for their "
                         "gradients; if backward_input adds them already"},
    {nothing_made, "said true for linear 0, and made no layer"},
    {next_is_split,
     "linear 1: its parameter 0 is \"weight\", as a whole (33, 11); in a model of the "
     "kit's layers it is \"weight\" (33, 33); there, (33) comes to its place, and here (11)"},
    {slice_too_short,
     "linear 0: the slices of its parameters have 8634 numbers, and the layer was made with "
     "8635"},
    {kits_says_no_slice,
     "linear 0: its parameter 0 is \"weight\", as a whole (11, 784); in a model of "
     "the kit's layers it is \"weight\" (33, 784)"},
    {one_buffer, "batch_norm 0: it has 1 buffer(s), and the kit's layer has 2"},
    {other_buffer, "batch_norm 0: its buffer 1 is \"variance\", as a whole (8); in a model of the "
                   "kit's layers it is \"running_var\" (8)"},
    {shorter_buffer, "its buffer 1 is \"running_var\", as a whole (6); in a model of the kit's "
                     "layers it is \"running_var\" (8)"},
    {other_begin, "batch_norm 0: its buffer 1 (\"running_var\") begins with other values"},
    {other_slice,
     "batch_norm 0: the slices of its buffers have 12 numbers, and the layer was made with 16"},
    {buffer_of_another, "\"running_var\" is (8), and the slice is of a whole (4)"},
    {wrong_slice_of_buffer, "buffer \"running_var\" has shape (3), but its slice has (2)"},
    {slice_of_another, "\"weight\" is (8, 4), and the slice is of a whole (4, 4)"},
};

START_TEST(who_describes_a_layer_wrongly_is_told)
{
    fatal_expect(&mistakes[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("descriptions of layers of students");
    TCase *cases = tcase_create("descriptions");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, who_describes_a_layer_wrongly_is_told, 0,
                        sizeof mistakes / sizeof *mistakes);
    suite_add_tcase(suite, cases);
    return suite;
}
