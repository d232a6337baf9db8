/*
 * What a rank has in a way that the search looks at. The truths are published tables (Rajbhandari et al. 2020, Korthikanti
 * et al. 2022, Narayanan et al. 2021), and what this kit's layers really hold when they run.
 */
#include "assignments/memory/costs/search.h"
#include "assignments/memory/tests/search_cases.h"
#include "common/base/memory.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <math.h>

/* ---- parameters: Narayanan et al. 2021, table 1 ------------------------------------------------------- */

static const struct {
    double billions;
    int heads, width, layers, tensor, pipeline;
} published[] = {
    {1.7, 24, 2304, 24, 1, 1},       {3.6, 32, 3072, 30, 2, 1},
    {7.5, 32, 4096, 36, 4, 1},       {18.4, 48, 6144, 40, 8, 1},
    {39.1, 64, 8192, 48, 8, 2},      {76.1, 80, 10240, 60, 8, 4},
    {145.6, 96, 12288, 80, 8, 8},    {310.1, 128, 16384, 96, 8, 16},
    {529.6, 128, 20480, 105, 8, 35}, {1008.0, 160, 25600, 128, 8, 64},
};

START_TEST(parameters_are_as_many_as_published)
{
    struct model *model =
        gpt(published[_i].layers, published[_i].width, published[_i].heads, 2048, 51200);
    const struct search_job job = {.model = model, .platform = &rack, .published = true};
    double all = 0;
    for (int layer = 0; layer < model->layers; layer++)
        all += search_published_parameters(&job, 1, layer, 1);
    ck_assert_msg(fabs(all / 1e9 - published[_i].billions) <= 0.0501, "%.3f billion, published %g",
                  all / 1e9, published[_i].billions);
    model_free(model);
}
END_TEST

/* ---- state: Rajbhandari et al. 2020, table 1, 7.5 billion parameters, in GB -------------------------- */

static const double zero_table[3][6] = {{120, 52.5, 35.6, 31.4, 30.4, 30.1},
                                        {120, 41.3, 21.6, 16.6, 15.4, 15.1},
                                        {120, 30, 7.5, 1.88, 0.47, 0.12}};

/* Apart from the layer that is whole for a moment: gradients in stage 2, parameters, too, in stage 3. */
START_TEST(state_is_as_published)
{
    static const int ranks[] = {1, 4, 16, 64, 256, 1024};
    struct model *model = gpt(36, 4096, 32, 2048, 51200);
    for (int stage = 1; stage <= 3; stage++)
        for (gsize i = 0; i < G_N_ELEMENTS(ranks); i++) {
            const struct search_job job = {.model = model,
                                           .platform = &rack,
                                           .published = true,
                                           .format = FORMAT_SIXTEEN_BITS,
                                           .optimizer = STATE_ADAM};
            const struct search_way way = {{.data = ranks[i],
                                            .tensor = 1,
                                            .pipeline = 1,
                                            .zero_stage = ranks[i] > 1 ? stage : 0,
                                            .micro_batch_samples = 1,
                                            .micro_batches = 1},
                                           1};
            struct search_stages *stages = search_stages_new(&job);
            struct search_cost cost;
            search_memory_of(&job, stages, &way, &cost);
            const double *numbers = search_stages_parameters(stages, &way);
            double all = 0, largest = 0;
            for (int layer = 0; layer < model->layers; layer++) {
                all += numbers[layer];
                largest = fmax(largest, numbers[layer]);
            }
            const double whole = ranks[i] == 1 ? 0 : 2 * largest * (stage - 1);
            const double bytes = search_memory_sum(&cost.memory) - cost.memory.activations - whole;
            const double found = bytes / all * 7.5, expected = zero_table[stage - 1][i];
            ck_assert_msg(fabs(found - expected) <= 0.051 || fabs(found - expected) < 5e-3,
                          "stage %d, %d ranks: %.3f GB, published %g", stage, ranks[i], found,
                          expected);
            search_stages_free(stages);
        }
    model_free(model);
}
END_TEST

/* ---- activations: Korthikanti et al. 2022 ---------------------------------------------------------------- */

static const struct {
    int heads, width, layers;
    double attention; /* 5as/h, as the paper says it for two of them; else by its table 3 */
} korthikanti[] = {{96, 12288, 96, 80}, {128, 20480, 105, 64}, {64, 6144, 48, 106.6667}};

/* A layer between the ends: sbh (10 + 24/t + 5as/(ht)); 34 sbh alone, without the probabilities. */
START_TEST(activations_are_as_published)
{
    struct model *model =
        gpt(korthikanti[_i].layers, korthikanti[_i].width, korthikanti[_i].heads, 2048, 51200);
    const struct search_job job = {
        .model = model, .platform = &rack, .published = true, .format = FORMAT_SIXTEEN_BITS};
    for (int samples = 1; samples <= 4; samples *= 4)
        for (int t = 1; t <= 8; t *= 8) {
            const double sbh = 2048.0 * samples * korthikanti[_i].width;
            const struct search_stage stage = search_published_stage(&job, t, samples, 1, 3);
            close_to(stage.kept, 3 * sbh * (10 + 24.0 / t + korthikanti[_i].attention / t), 1e-6,
                     "kept");
            close_to(stage.attention, 3 * sbh * korthikanti[_i].attention / t, 1e-6,
                     "probabilities");
            close_to(stage.inputs, 3 * 2 * sbh, 1e-12, "inputs");
        }
    model_free(model);
}
END_TEST

/* FLOPs of a step with everything recomputed: 96 B s l h² (1 + s/(6h) + V/(16lh)), of which the head's are not
 * recomputed: 4 instead of 3 times 2 B s h V are in the formula's 6. */
START_TEST(flops_are_as_published)
{
    const double B = 3, s = 2048, V = 51200;
    const double h = published[_i].width, l = published[_i].layers;
    struct model *model =
        gpt(published[_i].layers, published[_i].width, published[_i].heads, 2048, 51200);
    const struct search_job job = {.model = model, .platform = &rack, .published = true};
    const struct search_stage stage = search_published_stage(&job, 1, 3, 0, model->layers);
    const double head = 2 * B * s * h * V;
    close_to(2 * stage.forward + stage.backward - head,
             96 * B * s * l * h * h * (1 + s / (6 * h) + V / (16 * l * h)), 1e-9, "FLOPs");
    model_free(model);
}
END_TEST

/* ---- this kit's layers ------------------------------------------------------------------------------------- */

static const struct {
    const char *model, *data;
    int first, layers, samples;
} kit[] = {
    {"transformer:depth=6", "fashion-mnist", 1, 3, 4},
    {"gpt:depth=4,width=32,heads=2", "synthetic-text:tokens=16,vocabulary=50", 1, 2, 3},
    {"gpt:depth=4,width=32,heads=2", "synthetic-text:tokens=16,vocabulary=50", 0, 2, 2},
    {"vit:depth=3", "fashion-mnist", 1, 4, 2},
    {"mlp:depth=4", "fashion-mnist", 2, 4, 5},
};

/* A stage in the middle of a model, run forward: its parameters, and what it keeps, to the byte. */
START_TEST(a_stage_holds_what_is_said)
{
    char error[DATASET_ERROR_SIZE + MODEL_ERROR_SIZE];
    struct data_shape data;
    ck_assert_msg(dataset_describe(kit[_i].data, &data, error), "%s", error);
    struct model *model = model_new(kit[_i].model, data.input, data.classes, error);
    ck_assert_msg(model != NULL, "%s", error);
    const struct search_share share = {
        .model = model, .platform = &rack, .ranks = 1, .samples = kit[_i].samples};
    const struct search_stage said = search_kit_stage(&share, kit[_i].first, kit[_i].layers);
    double parameters = 0;
    for (int i = 0; i < kit[_i].layers; i++)
        parameters += search_kit_parameters(&share, kit[_i].first + i);
    const struct stage_options options = {.index = kit[_i].first > 0,
                                          .stages = 3,
                                          .first_layer = kit[_i].first,
                                          .layers = kit[_i].layers,
                                          .micro_batch_size = kit[_i].samples,
                                          .micro_batches = 2,
                                          .seed = 1,
                                          .device = DEVICE_META};
    struct stage *stage = stage_new(model, &options);
    close_to(parameters, (double)model_parameter_count(model, kit[_i].first, kit[_i].layers), 0,
             "parameters");
    double live[2];
    for (int i = 0; i < 2; i++) {
        const size_t before = memory_live(MEMORY_ACTIVATION);
        tensor_free(stage_forward(stage, i, stage_input_new(stage)));
        live[i] = (double)(memory_live(MEMORY_ACTIVATION) - before);
    }
    close_to(live[1], live[0], 0, "the second micro-batch");
    close_to(said.kept, live[0], 0, "kept");
    memory_reset_peak();
    const size_t first = memory_live(MEMORY_ACTIVATION);
    for (int i = 1; i >= 0; i--)
        tensor_free(stage_backward(stage, i, stage_output_new(stage)));
    const double backward = (double)(memory_peak(MEMORY_ACTIVATION) - first) + live[0];
    ck_assert_msg(said.kept + said.working >= backward, "%.0f at most, found %.0f",
                  said.kept + said.working, backward);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- in flight --------------------------------------------------------------------------------------------- */

/* By walking through the order, chunk by chunk: forwards first, then one and one (Narayanan et al. 2021, figure 4). */
static int most_in_flight(int stages, int stage, int chunks, int micro_batches)
{
    const int all = micro_batches * chunks;
    const int first =
        chunks == 1 ? stages - 1 - stage : 2 * (stages - 1 - stage) + (chunks - 1) * stages;
    int forwards = 0, backwards = 0, most = 0;
    while (backwards < all) {
        if (forwards < all && forwards - backwards <= first)
            forwards++;
        else
            backwards++;
        most = MAX(most, forwards - backwards);
    }
    return most;
}

START_TEST(as_many_are_in_flight_as_the_order_has)
{
    for (int stages = 1; stages <= 6; stages++)
        for (int chunks = 1; chunks <= (stages > 1 ? 4 : 1); chunks++)
            for (int groups = 1; groups <= 4; groups++)
                for (int stage = 0; stage < stages; stage++) {
                    const struct search_way way = {
                        {.pipeline = stages, .micro_batches = groups * stages}, chunks};
                    ck_assert_int_eq(search_in_flight(&way, stage),
                                     most_in_flight(stages, stage, chunks, groups * stages));
                }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("costs of a search");
    TCase *tests = tcase_create("costs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, parameters_are_as_many_as_published, 0,
                        (int)G_N_ELEMENTS(published));
    tcase_add_test(tests, state_is_as_published);
    tcase_add_loop_test(tests, activations_are_as_published, 0, (int)G_N_ELEMENTS(korthikanti));
    tcase_add_loop_test(tests, flops_are_as_published, 0, (int)G_N_ELEMENTS(published));
    tcase_add_loop_test(tests, a_stage_holds_what_is_said, 0, (int)G_N_ELEMENTS(kit));
    tcase_add_test(tests, as_many_are_in_flight_as_the_order_has);
    suite_add_tcase(suite, tests);
    return suite;
}
