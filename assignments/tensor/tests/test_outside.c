/*
 * Tensors that are split by tokens or by samples between split layers: the solutions train as one process, on any
 * number of ranks; their bytes are those counted by hand; a model that can't be split so is refused with the
 * reason; and what is changed in the evidence is told by its name.
 */
#include "assignments/tensor/judges/facts/passages.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/tests/support/judged_run.h"
#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "grader/evidence/evidence.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define DUMP " --optimizer sgd --steps 3 --dump-gradients 0,1,2 --seed 7"
#define DATA " --data synthetic:channels=1,height=4,width=4,train=64,classes=7"
#define TEXT " --data synthetic-text:tokens=7,vocabulary=17,train=64"
#define VIT                                                                                        \
    "--parallel sequence --model vit:depth=1,width=12,heads=4,patch=1 --batch 4 --micro-batches "  \
    "2" DATA
#define GPT                                                                                        \
    "--parallel sequence --model gpt:depth=1,width=12,heads=3 --batch 6 --micro-batches 2" TEXT
#define IMAGES " --data synthetic:channels=2,height=16,width=17,train=64,classes=7"
#define CNN    "--parallel one-weird-trick --model cnn --batch 14 --micro-batches 2" IMAGES

/* ---- right ones ------------------------------------------------------------------------------------- */

static const struct {
    int ranks;
    bool simulated;
    judge_function *judge;
    const char *arguments;
} right[] = {
    {1, false, tensor_judge_sequence_parallel, VIT DUMP},
    {2, true, tensor_judge_sequence_parallel, VIT DUMP},
    {3, false, tensor_judge_sequence_parallel, VIT DUMP}, /* tokens 6, 5, 5 */
    {4, true, tensor_judge_sequence_parallel, VIT " --reverse-ranks" DUMP},
    {2, false, tensor_judge_sequence_parallel, GPT DUMP}, /* tokens 4, 3 */
    {3, true, tensor_judge_sequence_parallel,
     "--parallel sequence --model gpt:depth=3,width=12,heads=3,tied=1,dropout=0.3 --batch 4 "
     "--micro-batches 4" TEXT DUMP},
    {2, true, tensor_judge_sequence_parallel,
     "--parallel sequence --model transformer:depth=3,width=8,heads=2,patch=2 --batch 5 "
     "--micro-batches 1" DATA DUMP},
    {1, false, tensor_judge_one_weird_trick, CNN DUMP},
    {2, true, tensor_judge_one_weird_trick, CNN DUMP},
    {3, false, tensor_judge_one_weird_trick, CNN DUMP}, /* samples 3, 2, 2 */
    {4, true, tensor_judge_one_weird_trick,
     "--parallel one-weird-trick --model cnn:norm=layer --batch 5 --micro-batches 1" IMAGES DUMP},
};

START_TEST(the_solutions_are_right)
{
    if (right[_i].simulated && !test_has_simulator())
        return;
    struct outcome run = judged_run(right[_i].simulated, right[_i].ranks, right[_i].arguments);
    judged_run_expect(right[_i].judge, &run, VERDICT_PASS, NULL, "");
    judged_run_clear(&run);
}
END_TEST

/* The activations of 7 tokens, width 12, are 336 bytes. They pass 4 times into and out of attention, as often
 * the perceptron, once back to the embedding, and into the head and back; its outputs are 7 · 17 numbers. Of
 * three norms the gradients are 2 · 12 numbers each, and those of attention's projection's bias 12. */
START_TEST(bytes_are_those_counted_by_hand)
{
    const int ranks = 3, batch = 6;
    const double per_sample = 336 * (4 + 4 + 1 + 2) + 7 * 17 * 4, norms = 3 * 2 * 12 * 4,
                 bias = 12 * 4;
    struct outcome run = judged_run(false, ranks, GPT DUMP);
    ck_assert_double_eq(tensor_passages_found(&run, 1),
                        (ranks - 1) * (batch * per_sample + 2 * (norms + bias)));
    struct verdict *verdict = verdict_new();
    struct model *model = evidence_model(&run, verdict);
    const struct passages passages = tensor_passages_of(model);
    ck_assert_double_eq(
        tensor_passages_volume(&passages, &run, (struct passage_liberties){.gather_again = false}),
        (ranks - 1) * (batch * per_sample + 2 * norms));
    ck_assert_double_eq(
        tensor_passages_volume(&passages, &run, (struct passage_liberties){.gather_again = true}),
        (ranks - 1) * (batch * (per_sample + 3 * 336) + 2 * norms));
    model_free(model);
    verdict_free(verdict);
    judged_run_clear(&run);
}
END_TEST

START_TEST(activations_take_less)
{
    struct outcome run[] = {
        judged_run(false, 2, VIT DUMP),
        judged_run(false, 2,
                   "--parallel one-round --model vit:depth=1,width=12,heads=4,patch=1 --batch 4 "
                   "--micro-batches 2" DATA DUMP)};
    const struct judgement judgement = {.outcome = run, .outcomes = 2};
    struct verdict *verdict = verdict_new();
    tensor_judge_sequence_parallel(&judgement, verdict);
    ck_assert_msg(verdict->kind == VERDICT_PASS, "%s", verdict->headline->str);
    /* As if one-round had taken what the run by tokens did. */
    struct outcome pair[] = {run[0], run[0]};
    memcpy(pair[1].options.step, run[1].options.step, sizeof pair[1].options.step);
    tensor_judge_sequence_parallel(&(struct judgement){.outcome = pair, .outcomes = 2}, verdict);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_msg(strstr(verdict->headline->str, "bytes of activations"), "%s",
                  verdict->headline->str);
    verdict_free(verdict);
    judged_run_clear(&run[0]);
    judged_run_clear(&run[1]);
}
END_TEST

#define ONE_ROUND_VIT                                                                              \
    "--parallel one-round --model vit:depth=1,width=12,heads=4,patch=1 --batch 4 --micro-batches " \
    "2" DATA

/* From the last activation of the last step's first forward on, that many bytes more are live. */
static void keep_more(struct log_file *log, double bytes)
{
    size_t end = 0;
    EVIDENCE_ARRAY events = evidence_events(log);
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->operation == LOG_FORWARD && event->step == 2 && event->micro_batch == 0)
            end = event->end;
    }
    size_t last = 0;
    for (size_t i = 0; i < end; i++)
        if ((log->record[i].operation == LOG_ALLOCATE || log->record[i].operation == LOG_RELEASE) &&
            log_allocation(&log->record[i]).kind == MEMORY_ACTIVATION)
            last = i;
    struct log_allocation change = log_allocation(&log->record[last]);
    change.live += bytes;
    log->record[last].own_value = log_record_of_allocation(change).own_value;
}

/* 16 tokens of width 12, in 3 norms, 2 samples: on two ranks 8 · 3 · (12 + 2) · 2 numbers less are kept on each. The
 * solutions keep just that, to the byte; on three ranks, too, whose parts are 6, 5 and 5 tokens, but there two layers
 * may keep what they gathered filled up to 18 tokens. */
START_TEST(what_is_kept_is_exact)
{
    const int ranks = _i < 3 ? 2 : 3;
    const double padded = 3 * 2 * (18 - 16) * 12 * 2 * sizeof(float);
    const double more[] = {0, 4, -4, 0, padded, padded + 4};
    struct outcome run[] = {judged_run(false, ranks, VIT DUMP " --log-memory"),
                            judged_run(false, ranks, ONE_ROUND_VIT DUMP " --log-memory")};
    keep_more(&run[0].log[1], more[_i]);
    struct verdict *verdict = verdict_new();
    tensor_judge_sequence_parallel(&(struct judgement){.outcome = run, .outcomes = 2}, verdict);
    const bool accepted = _i != 1 && _i != 5;
    ck_assert_msg(verdict->kind == (accepted ? VERDICT_PASS : VERDICT_FAIL), "%s",
                  verdict->headline->str);
    ck_assert_msg(accepted ||
                      strstr(verdict->headline->str, "bytes of activations for the backward"),
                  "%s", verdict->headline->str);
    verdict_free(verdict);
    judged_run_clear(&run[0]);
    judged_run_clear(&run[1]);
}
END_TEST

/* ---- refused ------------------------------------------------------------------------------------------ */

static const struct {
    const char *arguments, *says;
} refused[] = {
    {"--parallel sequence --model mlp --batch 4 --micro-batches 1" DATA, "have no tokens"},
    {"--parallel sequence --model vit:patch=4 --batch 4 --micro-batches 1" DATA,
     "the tokens of a sample: 1 can't be split over 3 ranks"},
    {"--parallel one-weird-trick --model mlp --batch 4 --micro-batches 1" DATA, "is for cnn"},
    {"--parallel one-weird-trick --model cnn:norm=batch --batch 6 --micro-batches 1" IMAGES,
     "use norm=layer or norm=none"},
    {"--parallel one-weird-trick --model cnn --batch 4 --micro-batches 2" IMAGES,
     "a micro-batch has 2: make --batch larger"},
};

START_TEST(what_can_not_be_split_is_refused)
{
    g_autofree char *words = g_strdup_printf("--quiet --steps 1 %s", refused[_i].arguments);
    struct test_run ended = test_run_program(false, 3, "solutions/tensor", words);
    ck_assert_int_eq(ended.status, 2);
    ck_assert_msg(strstr(ended.output, refused[_i].says), "\"%s\" is not in:\n%s", refused[_i].says,
                  ended.output);
    test_run_clear(&ended);
}
END_TEST

/* ---- gradients that are changed ------------------------------------------------------------------------ */

/* A vit's layers: 0 the embedding, 1 and 2 the halves of a block, 3 the last norm, 5 the head. */
static const struct {
    judge_function *judge;
    const char *arguments, *prefix;
    float factor[2]; /* of each rank */
    const char *mistake;
} changes[] = {
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.1.0.",
     {0.25f, 0.75f},
     "gradients of the norms are not summed over the ranks"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.3.",
     {0.25f, 0.75f},
     "the gradient of the last norm is not summed over the ranks"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.2.3.bias",
     {0.25f, 0.75f},
     "the gradient of a row-parallel layer's bias is not summed over the ranks"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.0.",
     {0.25f, 0.75f},
     "the embedding gets back the gradients of the own tokens only"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.2.3.bias",
     {2.0f, 2.0f},
     "gradients are summed over the ranks although each rank has all of them"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.2.3.",
     {2.0f, 2.0f},
     "what comes back where the tokens are joined is summed over the ranks"},
    {tensor_judge_sequence_parallel,
     VIT DUMP,
     "layers.3.",
     {0.5f, 0.5f},
     "gradients are averaged over the ranks"},
    {tensor_judge_sequence_parallel, VIT DUMP, "layers.3.", {1.0f, 1.1f}, ""},
    {tensor_judge_one_weird_trick,
     CNN DUMP,
     "layers.0.",
     {0.25f, 0.75f},
     "gradients of the convolutions are not summed over the ranks"},
    {tensor_judge_one_weird_trick,
     CNN DUMP,
     "layers.3.",
     {0.5f, 0.5f},
     "gradients of the convolutions are averaged over the ranks"},
    {tensor_judge_one_weird_trick,
     CNN DUMP,
     "layers.0.",
     {2.0f, 2.0f},
     "gradients of the convolutions are summed twice"},
};

START_TEST(a_wrong_gradient_is_named)
{
    struct outcome run = judged_run(false, 2, changes[_i].arguments);
    for (int rank = 0; rank < 2; rank++)
        judged_run_scale_stored(&run, rank, changes[_i].prefix, changes[_i].factor[rank]);
    judged_run_expect(changes[_i].judge, &run, VERDICT_FAIL, "layers.", changes[_i].mistake);
    judged_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tensors split by tokens or samples");
    TCase *tests = tcase_create("tensors split by tokens or samples");
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, the_solutions_are_right, 0, G_N_ELEMENTS(right));
    tcase_add_test(tests, bytes_are_those_counted_by_hand);
    tcase_add_test(tests, activations_take_less);
    tcase_add_loop_test(tests, what_is_kept_is_exact, 0, 6);
    tcase_add_loop_test(tests, what_can_not_be_split_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_loop_test(tests, a_wrong_gradient_is_named, 0, G_N_ELEMENTS(changes));
    suite_add_tcase(suite, tests);
    return suite;
}
