/*
 * Models in every way on 1 to 4 ranks: the solutions train as one process does. Those with dropout, between split
 * layers and outside of them; and transformers, whose layers are whole blocks.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/tests/support/judged_run.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#define IMAGES " --data synthetic:channels=1,height=3,width=3,train=64,classes=7 --batch 12 "
#define TEXT   " --data synthetic-text:tokens=9,vocabulary=17,train=64 --batch 12 "
#define STEPS  " --steps 3 --dump-gradients 0,1,2 --seed 11"

static const struct {
    int ranks;
    bool simulated;
    judge_function *judge;
    const char *arguments;
} runs[] = {
    /* dropout between a column- and a row-parallel layer, and behind the sum of another */
    {1, false, tensor_judge_gradients,
     "--parallel one-round --model mlp:depth=4,width=23,dropout=0.3" IMAGES},
    {2, true, tensor_judge_gradients,
     "--parallel one-round --model mlp:depth=4,width=23,dropout=0.3" IMAGES},
    {3, false, tensor_judge_gradients,
     "--parallel one-round --model mlp:depth=5,width=23,norm=layer,dropout=0.5 "
     "--reverse-ranks" IMAGES},
    {4, false, tensor_judge_gradients,
     "--parallel gathers --model mlp:depth=3,width=23,dropout=0.3" IMAGES},
    {4, true, tensor_judge_gradients,
     "--parallel one-round --model vit:depth=1,width=12,heads=4,patch=1,dropout=0.2" IMAGES},
    /* … and with some tokens on each rank */
    {1, true, tensor_judge_sequence_parallel,
     "--parallel sequence --model vit:depth=1,width=12,heads=4,patch=1,dropout=0.2" IMAGES},
    {2, false, tensor_judge_sequence_parallel,
     "--parallel sequence --model vit:depth=1,width=12,heads=4,patch=1,dropout=0.2" IMAGES},
    {4, false, tensor_judge_sequence_parallel,
     "--parallel sequence --model transformer:depth=2,width=12,heads=4,patch=1,dropout=0.2 "
     "--micro-batches 3 --reverse-ranks" IMAGES},
    {3, false, tensor_judge_gradients,
     "--parallel vocabulary --model gpt:depth=2,width=12,heads=3,tied=1,dropout=0.2 "
     "--micro-batches 2" TEXT},
    /* transformers; heads 2, 2, 1 */
    {1, true, tensor_judge_gradients,
     "--parallel gathers --model transformer:depth=1,width=20,heads=5,patch=1 --loss mean" IMAGES},
    {2, false, tensor_judge_gradients,
     "--parallel gathers --model transformer:depth=3,width=20,heads=5,patch=1 --micro-batches "
     "2" IMAGES},
    {3, true, tensor_judge_gradients,
     "--parallel one-round --model transformer:depth=4,width=20,heads=5,patch=1 --micro-batches "
     "1" IMAGES},
    {4, true, tensor_judge_gradients,
     "--parallel one-round --model transformer:depth=2,width=20,heads=5,patch=1 --optimizer adamw "
     "--reverse-ranks" IMAGES},
    {3, false, tensor_judge_sequence_parallel,
     "--parallel sequence --model transformer:depth=3,width=20,heads=5,patch=1 --micro-batches "
     "2" IMAGES},
};

START_TEST(as_one_process)
{
    if (runs[_i].simulated && !test_has_simulator())
        return;
    g_autofree char *arguments = g_strdup_printf("%s" STEPS, runs[_i].arguments);
    struct outcome run = judged_run(runs[_i].simulated, runs[_i].ranks, arguments);
    judged_run_expect(runs[_i].judge, &run, VERDICT_PASS, NULL, "");
    judged_run_clear(&run);
}
END_TEST

/* Windows of 66 steps: what goes wrong behind the first ones. */
START_TEST(long_training_by_tokens)
{
    const int ranks = _i;
    if (ranks == 4 && !test_has_simulator())
        return;
    struct outcome run = judged_run(
        ranks == 4, ranks,
        "--parallel sequence --model transformer:depth=2,width=12,heads=4,patch=1,dropout=0.1 "
        "--data synthetic:channels=1,height=3,width=3,train=256,classes=4 --batch 8 "
        "--micro-batches 2 --optimizer adamw --steps 66 --snapshots 0,20,60 --seed 5");
    judged_run_expect(tensor_judge_windows, &run, VERDICT_PASS, "continues", "");
    judged_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("models, split");
    TCase *tests = tcase_create("models, split");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, as_one_process, 0, G_N_ELEMENTS(runs));
    tcase_add_loop_test(tests, long_training_by_tokens, 2, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
