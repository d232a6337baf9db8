/* Tests of what stages cost, against the model's own figures. */
#include "assignments/pipeline/planner/pipeline_plan.h"
#include "common/files/dataset.h"
#include "tests/support/test.h"

#include <math.h>

static void close_to(double found, double expected, double relative, const char *what)
{
    ck_assert_msg(fabs(found - expected) <= relative * fabs(expected),
                  "%s: found %.12g, expected %.12g", what, found, expected);
}

/* The stages together cost what the model's layers say. */
START_TEST(stages_cost_what_layers_cost)
{
    static const struct {
        const char *model, *data;
        int stages;
    } cases[] = {{"transformer:depth=8", "synthetic", 4},
                 {"vit:depth=5", "synthetic", 3},
                 {"mlp:depth=6", "synthetic", 5},
                 {"cnn", "cifar10", 4}};
    const int stages = cases[_i].stages, samples = 3;
    char error[DATASET_ERROR_SIZE], model_error[MODEL_ERROR_SIZE];
    struct data_shape data;
    ck_assert(dataset_describe(cases[_i].data, &data, error));
    struct model *model = model_new(cases[_i].model, data.input, data.classes, model_error);
    ck_assert_ptr_nonnull(model);
    struct stage_cost *cost = pipeline_plan_costs(model, stages, samples);
    double forward = 0, weight = 0, parameters = 0;
    for (int l = 0; l < model->layers; l++) {
        forward += samples * model->layer[l].forward_flops;
        weight += samples * model->layer[l].backward_weight_flops;
        parameters += (double)model->layer[l].parameter_count;
    }
    struct stage_cost sum = {0};
    int first = 0;
    for (int s = 0; s < stages; s++) {
        sum.forward += cost[s].forward;
        sum.backward_weight += cost[s].backward_weight;
        sum.parameter_bytes += cost[s].parameter_bytes;
        sum.optimizer += cost[s].optimizer;
        const double bytes = 4.0 * samples * shape_count(model->layer[first].input);
        ck_assert(cost[s].input_bytes == bytes);
        ck_assert(s == 0 || cost[s - 1].output_bytes == bytes);
        first += cost[s].layers;
    }
    ck_assert_int_eq(first, model->layers);
    close_to(sum.forward, forward, 1e-9, "forward");
    close_to(sum.backward_weight, weight, 1e-9, "backward for the weights");
    /* A stage without parameters has an arena of one element. */
    ck_assert(fabs(sum.parameter_bytes - 4 * parameters) <= 4 * stages);
    ck_assert(fabs(sum.optimizer - 4 * parameters) <= 4 * stages);
    g_free(cost);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("costs of stages");
    TCase *tests = tcase_create("costs");
    tcase_add_loop_test(tests, stages_cost_what_layers_cost, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
