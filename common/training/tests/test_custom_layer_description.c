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
    {slice_too_short, "linear 0: its slices have 8634 numbers, and the layer was made with 8635"},
    {kits_says_no_slice,
     "linear 0: its parameter 0 is \"weight\", as a whole (11, 784); in a model of "
     "the kit's layers it is \"weight\" (33, 784)"},
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
