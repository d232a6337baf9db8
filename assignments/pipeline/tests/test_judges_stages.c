/*
 * The judges that look at what each stage did (comparison, own_stage,
 * loss_falls), on made-up runs.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/judged.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "common/log/log_fields.h"
#include "grader/judges/judges.h"
#include "tests/support/test.h"

#define SMALL "--model mlp:depth=2,width=8 --data synthetic:height=8,width=8 --seed 5 "

/* ---- comparison -------------------------------------------------------------------------------- */

/* Layers 1 and 3 have parameters; ranks 0 and 1 of 2 own one each. */
static struct made_run *compared_run(const char *corrupt, int skip, bool answer0, bool answer1)
{
    static const int two[] = {0, 2, 4};
    g_autofree char *arguments =
        g_strconcat(SMALL "--batch 4 --micro-batches 2 --steps 1 --compare ", corrupt, NULL);
    struct made_run *run = made_run_new(arguments, 2, two);
    made_step(run, 0, NO_SABOTAGE);
    uint64_t bytes[] = {(64 * 8 + 8) * sizeof(float), (8 * 10 + 10) * sizeof(float),
                        4 * 10 * sizeof(float)};
    for (int k = 0; k < 3; k++) {
        struct log_record record = log_record_new(LOG_ASSERT_CLOSE, LOG_INSTANT);
        record.bytes = bytes[k];
        if (k != skip)
            script_put(&run->script[k > 0], record);
    }
    for (int r = 0; r < 2; r++) {
        struct log_record record = log_record_new(LOG_PROBE, LOG_INSTANT);
        record.own_value = r == 0 ? answer0 : answer1;
        script_put(&run->script[r], record);
    }
    made_finish(run);
    return run;
}

START_TEST(comparison)
{
    static const struct {
        const char *corrupt;
        int skip; /* which comparison is not made */
        bool answer0, answer1;
        const char *says;
    } cases[] = {
        {"", -1, true, true, NULL},
        {"", -1, true, false, "rank 1: compare_with_baseline() returned false"},
        {"", 0, true, true, "layer 1"},
        {"", 1, true, true, "layer 3"},
        {"", 2, true, true, "outputs"},
        {"--corrupt gradients:1", -1, false, true, NULL},
        {"--corrupt gradients:1", -1, false, false, NULL}, /* told to everybody */
        {"--corrupt gradients:1", -1, true, true, "rank 0"},
        {"--corrupt gradients:3", -1, true, true, "rank 1"},
        {"--corrupt gradients:3", 1, true, false, NULL}, /* it may stop at the first difference */
        {"--corrupt outputs", -1, true, true, "rank 1"},
        {"--corrupt outputs", -1, true, false, NULL},
    };
    struct made_run *run =
        compared_run(cases[_i].corrupt, cases[_i].skip, cases[_i].answer0, cases[_i].answer1);
    judged_expect(judge_comparison, &run->judgement, cases[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                  cases[_i].says);
    made_run_free(run);
}
END_TEST

/* ---- --corrupt everywhere ---- */

/* What a comparison makes of a number that was moved so far. */
struct comparer {
    bool agrees[4]; /* by enum corruption_size */
    bool looks;     /* assert_close found what it says itself */
    const char *says;
};

static void put_looks(struct made_run *run, int rank, bool close)
{
    const uint64_t bytes[] = {(64 * 8 + 8) * sizeof(float), (8 * 10 + 10) * sizeof(float),
                              4 * 10 * sizeof(float)};
    for (int k = rank == 0 ? 0 : 1; k < (rank == 0 ? 1 : 3); k++) {
        struct log_record record = log_record_of_agreement(LOG_ASSERT_CLOSE, close);
        record.bytes = bytes[k];
        script_put(&run->script[rank], record);
    }
}

/* 2 layers with parameters and the outputs, each once clearly and 3 times by each of the others,
 * and the layers once by their norm. */
START_TEST(comparison_of_every_number)
{
    static const struct comparer comparers[] = {
        {{false, false, true, false}, true, NULL},
        {{false, false, true, true}, true, "rank 0: the norm is not compared"},
        {{true, true, true, true},
         true,
         "rank 0: the tolerance is too wide: assert_close found the "
         "gradients of layer 1 close although one number was off by 1%"},
        {{true, true, true, true},
         false,
         "rank 0: compare_with_baseline() returned true although one "
         "number of the gradients of layer 1 was spoiled"},
        {{false, true, true, true}, true, "off by ten times what is allowed"},
        {{false, false, false, false}, true, "rank 0: the tolerance is too tight"},
    };
    static const int two[] = {0, 2, 4};
    const struct comparer *comparer = &comparers[_i];
    struct made_run *run = made_run_new(
        SMALL "--batch 4 --micro-batches 2 --steps 1 --compare --corrupt everywhere", 2, two);
    made_step(run, 0, NO_SABOTAGE);
    for (int k = 0; k < 3 + 9 + 9 + 2; k++) {
        bool agrees = comparer->agrees[k < 3 ? 0 : k < 12 ? 1 : k < 21 ? 2 : 3];
        for (int r = 0; r < 2; r++) {
            put_looks(run, r, comparer->looks && agrees);
            script_put(&run->script[r], log_record_of_agreement(LOG_PROBE, agrees));
        }
    }
    for (int r = 0; r < 2; r++) { /* the step as it is */
        put_looks(run, r, true);
        script_put(&run->script[r], log_record_of_agreement(LOG_PROBE, true));
    }
    judged_expect(judge_comparison, made_finish(run), comparer->says ? VERDICT_FAIL : VERDICT_PASS,
                  comparer->says);
    made_run_free(run);
}
END_TEST

START_TEST(comparison_without_result)
{
    static const int two[] = {0, 2, 4};
    struct made_run *run =
        made_run_new(SMALL "--batch 4 --micro-batches 2 --steps 1 --compare", 2, two);
    judged_expect(judge_comparison, made_train(run, NO_SABOTAGE), VERDICT_FAIL, "no result");
    made_run_free(run);
}
END_TEST

/* ---- own stage --------------------------------------------------------------------------------- */

enum theft {
    NO_THEFT,
    COMPUTES_MORE,
    COMPUTES_OUTSIDE,
    COMPUTES_LESS,
    HOLDS_MORE,
    SAYS_NOTHING,
    ONE_PROCESS,
    THEFTS
};

static void write_process(struct made_run *run, int rank, uint64_t pid)
{
    struct log_header header = {.magic = LOG_MAGIC, .pid = pid};
    g_autofree char *path = g_strdup_printf("%s/rank-%d.log", run->folder, rank);
    ck_assert(g_file_set_contents(path, (const char *)&header, sizeof header, NULL));
}

static void put_memory(struct made_run *run, int rank, uint64_t versions, uint64_t more)
{
    uint64_t own = run->script[rank].log.record[0].bytes; /* LOG_STAGE's */
    struct log_memory memory = {.kind = MEMORY_PARAMETER, .peak = versions * own + more};
    script_put(&run->script[rank], log_record_of_memory(memory));
}

START_TEST(own_stage)
{
    static const int two[] = {0, 2, 4};
    static const char *const says[] = {
        NULL,          "rank 1: F of micro-batch 0", "rank 1 computed", "rank 1", "rank 1 held",
        "rank 1 held", "processes of their own"};
    enum theft theft = (enum theft)_i;
    struct made_run *run = made_run_new(
        "--model mlp:depth=2,width=64 --data synthetic --seed 5 --batch 16 --micro-batches 2 "
        "--steps 2",
        2, two);
    for (int step = 0; step < 2; step++)
        made_step(run, step, NO_SABOTAGE);
    if (theft == COMPUTES_MORE || theft == COMPUTES_LESS) {
        script_step(&run->script[1], LOG_STEP_BEGIN, 2);
        script_compute(&run->script[1], LOG_FORWARD, 1, 0, theft == COMPUTES_MORE ? 5000000 : 0);
        script_step(&run->script[1], LOG_STEP_END, 2);
    }
    if (theft == COMPUTES_OUTSIDE)
        run->script[1].flops += 5000000;
    for (int r = 0; r < 2; r++) {
        if (theft != SAYS_NOTHING || r != 1)
            put_memory(run, r, 1, theft == HOLDS_MORE && r == 1 ? 64 * 1024 : 0);
        write_process(run, r, theft == ONE_PROCESS ? 10 : 10 + (uint64_t)r);
    }
    judged_expect(judge_own_stage, made_finish(run),
                  theft == NO_THEFT ? VERDICT_PASS : VERDICT_FAIL, says[theft]);
    made_run_free(run);
}
END_TEST

/* Two micro-batches in flight on two ranks: their versions, the newest and one on its way. */
START_TEST(versions_of_parameters)
{
    static const int two[] = {0, 2, 4};
    static const struct {
        const char *schedule;
        uint64_t versions;
        bool right;
    } cases[] = {{"afab", 1, true},      {"afab", 2, false},     {"pipedream", 1, true},
                 {"pipedream", 3, true}, {"pipedream", 4, true}, {"pipedream", 5, false}};
    g_autofree char *arguments =
        g_strdup_printf("--schedule %s --model mlp:depth=2,width=64 --data synthetic --seed 5 "
                        "--batch 16 --micro-batches 2 --steps 1",
                        cases[_i].schedule);
    struct made_run *run = made_run_new(arguments, 2, two);
    made_step(run, 0, NO_SABOTAGE);
    for (int r = 0; r < 2; r++) {
        put_memory(run, r, cases[_i].versions, 0);
        write_process(run, r, 10 + (uint64_t)r);
    }
    judged_expect(judge_own_stage, made_finish(run), cases[_i].right ? VERDICT_PASS : VERDICT_FAIL,
                  cases[_i].right ? NULL : "rank 0 held");
    made_run_free(run);
}
END_TEST

/* ---- loss -------------------------------------------------------------------------------------- */

static struct made_run *run_with_losses(double first, double last, int bad_step)
{
    static const int one[] = {0, 4};
    struct made_run *run = made_run_new(SMALL "--batch 4 --micro-batches 1 --steps 60", 1, one);
    for (int step = 0; step < 60; step++) {
        struct log_record record = log_record_new(LOG_LOSS, LOG_INSTANT);
        record.micro_batch = 0;
        record.own_value = first + (last - first) * step / 59;
        if (step == bad_step)
            record.own_value = NAN;
        script_step(&run->script[0], LOG_STEP_BEGIN, (uint64_t)step);
        script_put(&run->script[0], record);
        script_step(&run->script[0], LOG_STEP_END, (uint64_t)step);
    }
    made_finish(run);
    return run;
}

START_TEST(loss_falls)
{
    static const struct {
        double first, last;
        int bad_step;
        enum verdict_kind kind;
    } cases[] = {{2.3, 1.0, -1, VERDICT_PASS},
                 {2.3, 2.3, -1, VERDICT_FAIL},
                 {2.3, 2.2, -1, VERDICT_FAIL},
                 {2.3, 9.0, -1, VERDICT_FAIL},
                 {2.3, 1.0, 30, VERDICT_FAIL}};
    struct made_run *run = run_with_losses(cases[_i].first, cases[_i].last, cases[_i].bad_step);
    judged_expect(judge_loss_falls, &run->judgement, cases[_i].kind, NULL);
    run->outcome.options.steps = 70; /* ten of them are missing */
    judged_expect(judge_loss_falls, &run->judgement, VERDICT_FAIL, NULL);
    made_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of stages");
    TCase *made = tcase_create("made-up runs");
    tcase_add_loop_test(made, comparison, 0, 12);
    tcase_add_loop_test(made, comparison_of_every_number, 0, 6);
    tcase_add_test(made, comparison_without_result);
    tcase_add_loop_test(made, own_stage, 0, THEFTS);
    tcase_add_loop_test(made, versions_of_parameters, 0, 6);
    tcase_add_loop_test(made, loss_falls, 0, 5);
    suite_add_tcase(suite, made);
    return suite;
}
