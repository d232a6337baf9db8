/*
 * The planner's search (search.h) beside the judge's closed formulas (costs.h): one fact, which stands in two places.
 */
#include "assignments/memory/costs/costs.h"
#include "assignments/memory/costs/search.h"
#include "assignments/memory/tests/search_cases.h"
#include "tests/support/test.h"

#include <math.h>

static const struct way judged[] = {
    {.data = 8, .tensor = 1, .pipeline = 1, .micro_batches = 2},
    {.data = 8, .tensor = 1, .pipeline = 1, .micro_batches = 2, .zero_stage = 1},
    {.data = 2, .tensor = 4, .pipeline = 1, .micro_batches = 8, .recompute = RECOMPUTE_ATTENTION},
    {.data = 1, .tensor = 8, .pipeline = 1, .micro_batches = 16, .recompute = RECOMPUTE_LAYERS},
    {.data = 2, .tensor = 2, .pipeline = 2, .micro_batches = 8, .zero_stage = 1},
    {.data = 1, .tensor = 1, .pipeline = 8, .micro_batches = 16, .recompute = RECOMPUTE_LAYERS},
};

static double input_of(const struct transformer *model, const struct way *way)
{
    return 2.0 * model->sequence * way->micro_batch_samples * model->width;
}

/* What the first stage keeps besides its layers, which costs.h leaves out: the mask of the embedding's dropout; and, if it
 * is the last one, too, what norm and head keep, and the logits in float32. */
static double ends_of(const struct transformer *model, const struct way *way)
{
    const double input = input_of(model, way);
    const double logits =
        4.0 * model->sequence * way->micro_batch_samples * model->vocabulary / way->tensor;
    return input / 2 + (way->pipeline == 1 ? 2 * input + logits : 0);
}

/* The planner counts the input of a layer that runs again twice, the judge once. */
/* One server and a small vocabulary, so that what costs.h leaves out is little: the ends' activations, the head's place. */
START_TEST(the_judge_says_the_same)
{
    const struct job job = {{16, 2048, 16, 1024, 512}, {8, 8, 80e9, 1e14, 300e9, 25e9}, 16};
    struct model *model = gpt(16, 2048, 16, 1024, 512);
    struct platform platform = rack;
    platform.latency = platform.between_latency = 0;
    struct way way = judged[_i];
    way.optimizer = STATE_ADAM;
    way.format = FORMAT_SIXTEEN_BITS;
    way.order = ORDER_ONE_FORWARD_ONE_BACKWARD;
    way.micro_batch_samples = 16 / way.data / way.micro_batches;
    ck_assert(way_is_possible(&job, &way, NULL));
    const struct search_job searched = {.model = model,
                                        .platform = &platform,
                                        .ranks = 8,
                                        .batch_size = 16,
                                        .published = true,
                                        .format = FORMAT_SIXTEEN_BITS,
                                        .optimizer = STATE_ADAM};
    const struct search_way found = {way, 1};
    struct search_stages *stages = search_stages_new(&searched);
    struct search_cost cost;
    search_memory_of(&searched, stages, &found, &cost);
    search_seconds_of(&searched, stages, &found, &cost);
    const struct way_costs said = way_costs(&job, &way);
    const double states = said.bytes - said.memory.activations;
    close_to(search_memory_sum(&cost.memory) - cost.memory.activations, states, 0.01, "state");
    ck_assert_int_eq(cost.stage, 0);
    close_to(cost.memory.activations,
             said.memory.activations + search_in_flight(&found, 0) * ends_of(&job.model, &way) +
                 (way.recompute == RECOMPUTE_LAYERS ? input_of(&job.model, &way) : 0),
             1e-6, "activations");
    close_to(cost.seconds, said.seconds, 0.1, "seconds");
    search_stages_free(stages);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("a search and the judge");
    TCase *tests = tcase_create("formulas");
    tcase_add_loop_test(tests, the_judge_says_the_same, 0, (int)G_N_ELEMENTS(judged));
    suite_add_tcase(suite, tests);
    return suite;
}
