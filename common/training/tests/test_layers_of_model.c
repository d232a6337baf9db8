/*
 * What who replaces layers is told of the model as a whole: all its layers in the order of their making, which
 * of them take what a block begins with, and which give what it ends with.
 */
#include "common/layers/custom_layer.h"
#include "common/training/model.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static GString *told;
static int asked, wrong;

/* "[linear" is a first one, "linear]" a last one. */
static bool look(const struct layer_place *place, struct layer *own, void *user)
{
    (void)own;
    (void)user;
    wrong += place->place != asked++;
    wrong +=
        strcmp(place->all[place->place].whole.operations->kind, place->kit->operations->kind) != 0;
    if (place->place > 0)
        return false;
    for (int i = 0; i < place->places; i++)
        g_string_append_printf(told, "%s%s%s%s", i == 0 ? "" : " ", place->all[i].first ? "[" : "",
                               place->all[i].whole.operations->kind, place->all[i].last ? "]" : "");
    return false;
}

#define THROUGH  "[convolution batch_norm relu convolution batch_norm] "
#define ROUND    "[convolution batch_norm] "
#define DEEP     "[convolution batch_norm relu convolution batch_norm relu convolution batch_norm] "
#define ATTEND   "[layer_norm attention] "
#define PERCEIVE "[layer_norm linear gelu linear] "

static const struct {
    const char *model;
    struct shape input;
    const char *layers;
} models[] = {
    {"mlp:depth=3,width=8", {3, {1, 4, 4}}, "[flatten linear relu linear relu linear]"},
    {"vit:depth=1,width=8,heads=2",
     {3, {1, 8, 8}},
     "[patch_embedding " ATTEND "residual " PERCEIVE "residual layer_norm mean_tokens linear]"},
    /* The second of four is shared by the third. */
    {"transformer:depth=4,width=8,heads=2",
     {3, {1, 8, 8}},
     "[patch_embedding " ATTEND "residual " PERCEIVE "residual] [sequence " ATTEND
     "[residual " PERCEIVE "residual] sequence " ATTEND "[residual " PERCEIVE
     "residual layer_norm mean_tokens linear] sequence]"},
    {"resnet:depth=14,width=4",
     {3, {3, 8, 8}},
     "[convolution batch_norm relu] [sequence " THROUGH "[residual relu] sequence " THROUGH
     "[residual relu] sequence " THROUGH ROUND "[residual relu] sequence " THROUGH
     "[residual relu] sequence " THROUGH ROUND "[residual relu] sequence " THROUGH
     "[residual relu global_average_pool linear] sequence]"},
    {"gpt:depth=1,width=8,heads=2",
     {1, {6}},
     "[embedding [layer_norm causal_attention] residual " PERCEIVE
     "residual layer_norm linear] [sequence]"},
};

static void look_at(const char *name, struct shape input)
{
    char error[MODEL_ERROR_SIZE];
    told = g_string_new(NULL);
    asked = wrong = 0;
    layer_replace_with(look, NULL);
    struct model *model = model_new(name, input, 10, error);
    layer_replace_with(NULL, NULL);
    ck_assert_msg(model != NULL, "%s", error);
    ck_assert_int_eq(wrong, 0);
    model_free(model);
}

START_TEST(first_and_last_layers_are_told)
{
    look_at(models[_i].model, models[_i].input);
    ck_assert_str_eq(told->str, models[_i].layers);
    g_string_free(told, TRUE);
}
END_TEST

/* 3 + 4 + 6 + 3 blocks, the first of each group with a projection on its way round. */
START_TEST(bottlenecks_have_a_way_round_in_each_group)
{
    look_at("resnet:depth=50,bottleneck=1,width=4", SHAPE(3, 32, 32));
    g_autoptr(GString) expected = g_string_new("[convolution batch_norm relu max_pool] [sequence ");
    static const int blocks[] = {3, 4, 6, 3};
    for (int group = 0; group < 4; group++)
        for (int i = 0; i < blocks[group]; i++)
            g_string_append_printf(expected, "%s%s[residual relu%s sequence%s", DEEP,
                                   i == 0 ? ROUND : "",
                                   group == 3 && i == 2 ? " global_average_pool linear]" : "]",
                                   group == 3 && i == 2 ? "]" : " ");
    ck_assert_str_eq(told->str, expected->str);
    g_string_free(told, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("all layers of a model");
    TCase *cases = tcase_create("layers");
    tcase_add_loop_test(cases, first_and_last_layers_are_told, 0, sizeof models / sizeof *models);
    tcase_add_test(cases, bottlenecks_have_a_way_round_in_each_group);
    suite_add_tcase(suite, cases);
    return suite;
}
