/*
 * Judges of training runs: the solutions are right in every way, model and number of ranks, and what is changed
 * in their evidence is told.
 */
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/work.h"
#include "assignments/tensor/tests/support/judged_run.h"
#include "common/files/tensor_file.h"
#include "common/log/log_fields.h"
#include "grader/evidence/evidence.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define DATA   " --data synthetic:channels=1,height=4,width=6,train=64,classes=7 --seed 11"
#define IMAGES " --data synthetic:channels=3,height=32,width=32,train=16 --seed 12"
#define DUMP   " --steps 2 --dump-gradients 0,1"
#define MLP    "--model mlp:depth=4,width=37 --batch 6 --micro-batches 2" DATA

/* ---- right ones ------------------------------------------------------------------------------------- */

static const struct {
    int ranks;
    bool simulated, in_chains; /* all that moves is between layers in chains */
    const char *arguments;
} right[] = {
    {1, false, true, "--parallel one-round " MLP DUMP},
    {2, true, true, "--parallel gathers " MLP DUMP},
    {3, false, true, "--parallel one-round " MLP DUMP},
    {4, true, true,
     "--parallel one-round --model mlp:depth=5,width=21 --batch 5 --micro-batches 1" DATA DUMP},
    {3, false, false,
     "--parallel one-round --model mlp:depth=4,width=37,norm=layer --batch 6 --micro-batches 2" DATA
         DUMP},
    {2, false, true,
     "--parallel gathers --model mlp:depth=4,width=37,norm=batch --batch 6 --micro-batches 1" DATA
         DUMP},
    {3, false, true, "--parallel one-round --model cnn --batch 2 --micro-batches 1" IMAGES DUMP},
    {2, false, false,
     "--parallel one-weird-trick --model cnn --batch 4 --micro-batches 1" IMAGES DUMP},
    {2, false, false,
     "--parallel sequence --model vit:depth=2,width=18,heads=3,patch=2 --batch 4 --micro-batches "
     "1" DATA DUMP},
    {2, false, true,
     "--parallel one-round --model gpt:depth=5,width=8,heads=2 --batch 4 --micro-batches 2 --data "
     "synthetic-text:tokens=6,vocabulary=17,train=64 --seed 13" DUMP},
    {3, false, true,
     "--parallel gathers --model transformer:depth=5,width=9,heads=3,patch=2 --batch 3 "
     "--micro-batches 1" DATA DUMP},
};

static void work_alone(const struct judgement *judgement, struct verdict *verdict)
{
    verdict_set(verdict, VERDICT_PASS, "the work was done");
    tensor_work_is_sound(&judgement->outcome[0], verdict);
}

START_TEST(the_solutions_are_right)
{
    if (right[_i].simulated && !test_has_simulator())
        return;
    struct outcome run = judged_run(right[_i].simulated, right[_i].ranks, right[_i].arguments);
    judged_run_expect(work_alone, &run, VERDICT_PASS, NULL, "");
    judged_run_expect(tensor_judge_gradients, &run, VERDICT_PASS, NULL, "");
    if (right[_i].in_chains) {
        judged_run_expect(tensor_judge_traffic, &run, VERDICT_PASS, NULL, "");
        judged_run_expect(tensor_judge_collectives, &run, VERDICT_PASS, NULL, "");
        judged_run_expect(tensor_judge_overlap, &run, VERDICT_PASS, NULL, "");
    }
    judged_run_clear(&run);
}
END_TEST

/* ---- gradients that are changed ------------------------------------------------------------------------ */

static const struct {
    const char *tensor[3]; /* NULL: no more */
    int rank;              /* -1: on all */
    float factor;
    const char *says, *mistake;
} changes[] = {
    {{"outputs"}, 1, 1.5f, "outputs on rank 1", ""},
    {{"outputs"},
     -1,
     3.0f,
     "outputs on rank 0",
     "outputs are summed although each rank has all of them"},
    {{"layers.7.bias.gradient"},
     -1,
     3.0f,
     "layers.7.bias.gradient",
     "the gradient of a parameter is summed although each rank has all of it"},
    {{"layers.7.bias.gradient"}, 2, 0.0f, NULL, NULL}, /* rank 2 need not have it */
    {{"layers.7.bias.gradient"}, -1, 0.0f, "is all zeros", ""},
    {{"layers.7.weight.gradient"}, 2, 1.01f, "layers.7.weight.gradient on rank 2", ""},
    {{"layers.5.weight.gradient", "layers.5.bias.gradient", "layers.3.weight.gradient"},
     -1,
     3.0f,
     "layers.5.weight.gradient",
     "a gradient that is whole is summed over the ranks"},
    {{"layers.1.weight.gradient", "layers.1.bias.gradient"},
     -1,
     1.0f / 3.0f,
     "layers.1.weight.gradient",
     "gradients are averaged over the ranks"},
};

START_TEST(a_wrong_tensor_is_told)
{
    struct outcome run = judged_run(false, 3, "--parallel one-round " MLP DUMP);
    for (int rank = 0; rank < 3; rank++)
        for (size_t k = 0; k < 3 && changes[_i].tensor[k]; k++)
            if (changes[_i].rank < 0 || changes[_i].rank == rank)
                judged_run_scale_stored(&run, rank, changes[_i].tensor[k], changes[_i].factor);
    judged_run_expect(tensor_judge_gradients, &run, changes[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                      changes[_i].says, changes[_i].mistake);
    judged_run_clear(&run);
}
END_TEST

/* ---- logs that are changed -------------------------------------------------------------------------------- */

/* Of the first record of that kind in a step of a rank: the place. */
static size_t find(const struct log_file *log, enum log_operation operation, enum log_phase phase)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase)
            return i;
    ck_abort_msg("no such record");
    return 0;
}

/* From a record on that many more FLOPs are charged. */
static void charge_more(struct log_file *log, size_t from, double factor)
{
    const size_t begin = find(log, LOG_FORWARD, LOG_BEGIN);
    const double cost = (double)(log->record[from].flops - log->record[begin].flops);
    const uint64_t more = (uint64_t)(int64_t)llround((factor - 1) * cost);
    for (size_t i = from; i < log->count; i++)
        log->record[i].flops += more;
}

START_TEST(too_much_and_too_little_work_is_told)
{
    static const struct {
        double factor;
        const char *mistake;
    } charged[] = {{3.0, "every rank computes the whole layers"},
                   {0.5, "less is computed than a rank's share"},
                   {1.05, NULL}};
    struct outcome run = judged_run(false, 3, "--parallel one-round " MLP " --steps 1");
    charge_more(&run.log[1], find(&run.log[1], LOG_FORWARD, LOG_END), charged[_i].factor);
    judged_run_expect(work_alone, &run, charged[_i].mistake ? VERDICT_FAIL : VERDICT_PASS,
                      charged[_i].mistake ? "rank 1" : NULL, charged[_i].mistake);
    judged_run_clear(&run);
}
END_TEST

START_TEST(a_forward_that_is_missing_is_told)
{
    struct outcome run = judged_run(false, 2, "--parallel one-round " MLP " --steps 1");
    run.log[1].record[find(&run.log[1], LOG_FORWARD, LOG_BEGIN)].operation = LOG_ZERO_GRADIENTS;
    run.log[1].record[find(&run.log[1], LOG_FORWARD, LOG_END)].operation = LOG_ZERO_GRADIENTS;
    judged_run_expect(work_alone, &run, VERDICT_FAIL, "rank 1 ran 1 forwards", NULL);
    judged_run_clear(&run);
}
END_TEST

/* Every sum of a run takes that many times the bytes. Nobody hands all terms to all others by an all-reduce. */
START_TEST(other_numbers_of_bytes_are_told)
{
    static const struct {
        int ranks;
        double factor;
        const char *says;
    } moved[] = {{2, 1.0, NULL},      {2, 43.0 / 42, "1 round"}, {2, 1.5, "1 round"},
                 {2, 2.0, "1 round"}, {2, 0.5, "1 round"},       {4, 44.0 / 42, NULL},
                 {4, 1.5, "1 round"}, {4, 2.0, "1 round"}};
    struct outcome run = judged_run(false, moved[_i].ranks,
                                    "--parallel one-round --model mlp:depth=2,width=30 "
                                    "--batch 6 --micro-batches 1 --steps 1" DATA);
    for (int rank = 0; rank < run.ranks; rank++)
        for (size_t i = 0; i < run.log[rank].count; i++)
            if (run.log[rank].record[i].operation == LOG_ALLREDUCE)
                run.log[rank].record[i].bytes =
                    (uint64_t)llround((double)run.log[rank].record[i].bytes * moved[_i].factor);
    judged_run_expect(tensor_judge_traffic, &run, moved[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                      moved[_i].says, NULL);
    judged_run_clear(&run);
}
END_TEST

/* The first sum of the first forward is made once more, of so many bytes. */
static void sum_once_more(struct log_file *log, size_t bytes, enum log_type type)
{
    size_t begin = find(log, LOG_FORWARD, LOG_BEGIN);
    while (log->record[begin].operation != LOG_ALLREDUCE)
        begin++;
    const size_t end = log_end_of(log, begin) + 1, more = end - begin;
    log->record = realloc(log->record, (log->count + more) * sizeof *log->record);
    ck_assert_ptr_nonnull(log->record);
    memmove(log->record + end, log->record + begin, (log->count - begin) * sizeof *log->record);
    log->record[end].bytes = log->record[end + more - 1].bytes = bytes;
    log_set_elements(&log->record[end], (struct log_elements){type, LOG_REDUCTION_SUM});
    log->count += more;
}

/* Once more the smallest tensor that there is to sum, 3 samples of 7 classes, or a single number; or how many come,
 * and more of these than there could be. */
START_TEST(a_small_sum_more_is_told)
{
    static const struct {
        int numbers;
        enum log_type type;
        const char *says;
    } sums[] = {{3 * 7, LOG_TYPE_FLOAT32, "2 rounds"},
                {1, LOG_TYPE_FLOAT32, "2 rounds"},
                {1, LOG_TYPE_INT32, NULL},
                {17, LOG_TYPE_INT32, "2 rounds"}};
    struct outcome run = judged_run(false, 3,
                                    "--parallel one-round --model mlp:depth=4,width=60 --batch 6 "
                                    "--micro-batches 2 --steps 1" DATA);
    for (int rank = 0; rank < 3; rank++)
        sum_once_more(&run.log[rank], (size_t)sums[_i].numbers * 4, sums[_i].type);
    judged_run_expect(tensor_judge_traffic, &run, sums[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                      sums[_i].says, NULL);
    judged_run_clear(&run);
}
END_TEST

/* What the layers of a rank tell of their costs, times a factor. Returns what it was. */
static double tell_costs(const struct outcome *run, const char *key, double factor)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path = g_strdup_printf("%s/rank-1.stage-0.after-0.safetensors", run->folder);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    const double told = g_ascii_strtod(tensor_file_metadata(file, key), NULL);
    g_autofree char *text = g_strdup_printf("%.0f", factor * told);
    tensor_file_set_metadata(file, key, text);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
    return told;
}

/* A linear layer of 24 inputs and 60 outputs, and one of 60 and 7: each rank tells a half of their products,
 * 2 · (24 · 60 + 60 · 7), and backwards of twice as much, and besides something for 60 + 7 biases and a ReLU; what is
 * half as much again is no share any more. It costs no points. */
START_TEST(costs_that_are_told_are_compared)
{
    static const struct {
        const char *key;
        double factor;
    } told[] = {{"forward_flops", 1},  {"forward_flops", 1.5}, {"forward_flops", 2.0 / 3},
                {"backward_flops", 1}, {"backward_flops", 2},  {"backward_flops", 0.4}};
    struct outcome run = judged_run(false, 2,
                                    "--parallel gathers --model mlp:depth=2,width=60 --batch 2 "
                                    "--micro-batches 1 --steps 1 --dump-gradients 0 "
                                    "--log-memory" DATA);
    const double found = tell_costs(&run, told[_i].key, told[_i].factor);
    const double products = (_i < 3 ? 1 : 2) * (24 * 60 + 60 * 7);
    ck_assert(found >= products && found <= products + 2 * (60 + 60 + 7));
    struct verdict *verdict = verdict_new();
    tensor_judge_really_split(&(struct judgement){.outcome = &run, .outcomes = 1}, verdict);
    ck_assert_msg(verdict->kind == VERDICT_PASS, "%s", verdict->headline->str);
    const char *says = strstr(verdict->remark->str, "on rank 1 a");
    ck_assert_msg((says != NULL) == (_i % 3 > 0), "%s", verdict->remark->str);
    verdict_free(verdict);
    judged_run_clear(&run);
}
END_TEST

START_TEST(a_tensor_as_large_as_a_weight_is_told)
{
    struct outcome run = judged_run(false, 2,
                                    "--parallel gathers --model mlp:depth=2,width=60 --batch 2 "
                                    "--micro-batches 1 --steps 1 --dump-gradients 0 "
                                    "--log-memory" DATA);
    judged_run_expect(tensor_judge_really_split, &run, VERDICT_PASS, NULL, NULL);
    const size_t forward = find(&run.log[1], LOG_FORWARD, LOG_BEGIN);
    size_t i = forward;
    while (run.log[1].record[i].operation != LOG_ALLOCATE)
        i++;
    run.log[1].record[i].bytes = 60 * 7 * sizeof(float) - 4; /* of the smaller weight, nearly */
    judged_run_expect(tensor_judge_really_split, &run, VERDICT_PASS, NULL, NULL);
    run.log[1].record[i].bytes += 4;
    judged_run_expect(tensor_judge_really_split, &run, VERDICT_FAIL,
                      "rank 1: a tensor of 1680 bytes", "a whole weight on a rank");
    judged_run_clear(&run);
}
END_TEST

/* In blocks, and of convolutions: each has weights that are larger than what passes between layers. A message
 * brings as many bytes as the smallest of these has. */
static const struct {
    const char *arguments;
    int smallest; /* numbers of the smallest whole weight that is larger than twice what passes */
} blocks[] = {
    {"--parallel one-round --model vit:depth=1,width=48,heads=3,patch=4 --batch 1 --data "
     "synthetic:channels=1,height=8,width=8,train=64,classes=5",
     48 * 48},
    {"--parallel one-round --model cnn --batch 1 --data "
     "synthetic:channels=2,height=16,width=16,train=64,classes=5",
     16 * 6 * 5 * 5},
};

START_TEST(a_weight_in_a_block_is_told)
{
    g_autofree char *arguments =
        g_strdup_printf("%s --micro-batches 1 --steps 1 --dump-gradients 0 --log-memory --seed 14",
                        blocks[_i].arguments);
    struct outcome run = judged_run(false, 3, arguments);
    judged_run_expect(tensor_judge_really_split, &run, VERDICT_PASS, NULL, NULL);
    struct log_file *log = &run.log[2];
    size_t i = find(log, LOG_FORWARD, LOG_BEGIN);
    while (log->record[i].operation != LOG_ALLREDUCE)
        i++;
    const uint64_t bytes = log->record[i].bytes;
    log->record[i].bytes = (uint64_t)blocks[_i].smallest * sizeof(float);
    judged_run_expect(tensor_judge_really_split, &run, VERDICT_FAIL, "rank 2: a message",
                      "a whole weight on a rank");
    log->record[i].bytes = bytes;
    judged_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of runs of split models");
    TCase *cases = tcase_create("judges");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, the_solutions_are_right, 0, G_N_ELEMENTS(right));
    tcase_add_loop_test(cases, a_wrong_tensor_is_told, 0, G_N_ELEMENTS(changes));
    tcase_add_loop_test(cases, too_much_and_too_little_work_is_told, 0, 3);
    tcase_add_test(cases, a_forward_that_is_missing_is_told);
    tcase_add_loop_test(cases, other_numbers_of_bytes_are_told, 0, 8);
    tcase_add_loop_test(cases, a_small_sum_more_is_told, 0, 4);
    tcase_add_loop_test(cases, costs_that_are_told_are_compared, 0, 6);
    tcase_add_test(cases, a_tensor_as_large_as_a_weight_is_told);
    tcase_add_loop_test(cases, a_weight_in_a_block_is_told, 0, G_N_ELEMENTS(blocks));
    suite_add_tcase(suite, cases);
    return suite;
}
