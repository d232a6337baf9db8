/*
 * CONFIG=ds_config.json: what a DeepSpeed configuration means here, what is ignored, and what is refused.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

static char *folder, *path;

static void begin(void)
{
    folder = test_folder_new();
    path = g_build_filename(folder, "ds_config.json", NULL);
}

static void end(void)
{
    g_free(path);
    test_folder_free(folder);
}

/* How DeepSpeed says it, for 4 ranks, and what comes out: the options, then what is told of the rest. */
static const struct {
    const char *json, *options, *told;
} readable[] = {
    {"{}", "", ""},
    {"{\"train_batch_size\": 32, \"train_micro_batch_size_per_gpu\": 4}",
     "--batch 32 --micro-batches 8", ""},
    {"{\"train_batch_size\": 32, \"gradient_accumulation_steps\": 4}",
     "--batch 32 --micro-batches 16", ""},
    {"{\"train_micro_batch_size_per_gpu\": 2, \"gradient_accumulation_steps\": 3}",
     "--batch 24 --micro-batches 12", ""},
    {"{\"train_batch_size\": 32}", "--batch 32 --micro-batches 4", ""},
    {"{\"zero_optimization\": {\"stage\": 3, \"overlap_comm\": true}}", "--zero 3",
     "ignored zero_optimization.overlap_comm"},
    {"{\"zero_optimization\": {\"stage\": 2, \"offload_optimizer\": {\"device\": \"cpu\"}}}",
     "--zero 2 --offload optimizer", ""},
    {"{\"zero_optimization\": {\"offload_optimizer\": {\"device\": \"none\"}}}", "", ""},
    {"{\"zero_optimization\": {\"offload_param\": {\"device\": \"cpu\"}}}", "",
     "ignored zero_optimization.offload_param.device: parameters stay on the device"},
    {"{\"zero_optimization\": {\"stage\": 3, \"offload_param\": {\"device\": \"cpu\"}}}",
     "--zero 3 --offload parameters", ""},
    {"{\"zero_optimization\": {\"stage\": 3, \"offload_optimizer\": {\"device\": \"cpu\"}, "
     "\"offload_param\": {\"device\": \"cpu\"}}}",
     "--zero 3 --offload parameters", ""},
    {"{\"zero_optimization\": {\"stage\": 2, \"offload_param\": {\"device\": \"cpu\"}}}",
     "--zero 2", "ignored zero_optimization.offload_param.device: parameters stay on the device"},
    {"{\"bf16\": {\"enabled\": true}, \"fp16\": {\"enabled\": false}}", "--precision bfloat16", ""},
    {"{\"fp16\": {\"enabled\": true, \"initial_scale_power\": 12, \"loss_scale_window\": 500, "
     "\"hysteresis\": 2}}",
     "--precision float16 --loss-scale 4096 --scale-window 500", "ignored fp16.hysteresis"},
    {"{\"gradient_clipping\": 0.5}", "--clip 0.5", ""},
    {"{\"gradient_clipping\": 0}", "", ""},
    {"{\"optimizer\": {\"type\": \"AdamW\", \"params\": {\"lr\": 0.001, \"betas\": [0.9, 0.95]}}}",
     "--optimizer adamw --learning-rate 0.001", "ignored optimizer.params.betas"},
    {"{\"optimizer\": {\"type\": \"SGD\", \"params\": {\"momentum\": 0.8}}}",
     "--optimizer sgd --momentum 0.8", ""},
    {"{\"train_batch_size\": \"auto\", \"steps_per_print\": 10}", "",
     "ignored train_batch_size: \"auto\""},
};

static struct test_run read_config(const char *json)
{
    ck_assert(g_file_set_contents(path, json, -1, NULL));
    return test_run_command("assignments/memory/tools/deepspeed_options %s 4 2> %s.told", path,
                            path);
}

static char *told(void)
{
    g_autofree char *name = g_strconcat(path, ".told", NULL);
    char *text;
    ck_assert(g_file_get_contents(name, &text, NULL, NULL));
    return text;
}

START_TEST(configurations_are_read)
{
    struct test_run run = read_config(readable[_i].json);
    g_autofree char *said = told();
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(g_strstrip(run.output), readable[_i].options);
    ck_assert_msg(strstr(said, readable[_i].told) != NULL, "%s", said);
    if (readable[_i].told[0] == '\0')
        ck_assert_str_eq(said, "");
    test_run_clear(&run);
}
END_TEST

static const struct {
    const char *json, *why;
} refused[] = {
    {"{\"train_batch_size\":", "this is no JSON"},
    {"[1, 2]", "a configuration is a JSON object"},
    {"{\"train_batch_size\": 30, \"train_micro_batch_size_per_gpu\": 4}",
     "train_batch_size 30 is not train_micro_batch_size_per_gpu 4"},
    {"{\"train_batch_size\": 32, \"train_micro_batch_size_per_gpu\": 4, "
     "\"gradient_accumulation_steps\": 3}",
     "gradient_accumulation_steps 3 · 4 ranks: change one of them, or NP"},
    {"{\"train_batch_size\": 2.5}", "train_batch_size: 2.5 is no whole number"},
    {"{\"train_batch_size\": -4}", "train_batch_size: -4 is no whole number of 1 or more"},
    {"{\"zero_optimization\": {\"stage\": \"3\"}}",
     "zero_optimization.stage: \"3\" must be 0, 1, 2"},
    {"{\"zero_optimization\": {\"offload_optimizer\": {\"device\": \"nvme\"}}}",
     "offload_optimizer.device: \"nvme\": the kit moves it to the host's memory"},
    {"{\"bf16\": {\"enabled\": true}, \"fp16\": {\"enabled\": true}}", "both enabled: choose one"},
    {"{\"bf16\": {\"enabled\": \"yes\"}}", "bf16.enabled: \"yes\" is neither true nor false"},
    {"{\"optimizer\": {\"type\": \"Lamb\"}}",
     "optimizer.type: \"Lamb\": the kit has AdamW and SGD"},
};

START_TEST(what_is_none_is_refused_with_the_reason)
{
    struct test_run run = read_config(refused[_i].json);
    g_autofree char *said = told();
    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(said, "ds_config.json: ") != NULL, "%s", said);
    ck_assert_msg(strstr(said, refused[_i].why) != NULL, "%s", said);
    test_run_clear(&run);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
    struct test_run run =
        test_run_command("assignments/memory/tools/deepspeed_options %s/none.json 4 2>&1", folder);
    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(run.output, "there is no such file") != NULL, "%s", run.output);
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("deepspeed");
    TCase *tests = tcase_create("deepspeed");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, configurations_are_read, 0, sizeof readable / sizeof *readable);
    tcase_add_loop_test(tests, what_is_none_is_refused_with_the_reason, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_file_that_is_not_there_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
