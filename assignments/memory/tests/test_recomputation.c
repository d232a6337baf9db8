/*
 * What the judges of recomputation take for right: bits that do not depend on it, bytes and operations by formulas that are
 * worked out here by hand, and known mistakes of which each is something else.
 */
#include "assignments/memory/judges/recomputation/costs.h"
#include "assignments/memory/judges/recomputation/segments.h"
#include "assignments/memory/segment_cases.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define MLP                                                                                        \
    "--model mlp:depth=4,width=23 --data "                                                         \
    "synthetic:channels=1,height=4,width=5,train=64,classes=7 "
/* 14 layers, or 10: roots that are nearest to what is above them, and below. */
#define ALL                                                                                        \
    "--model mlp:depth=4,width=20,norm=batch,dropout=0.3 --data "                                  \
    "synthetic:channels=1,height=4,width=5,train=64,classes=7 "
#define FEWER                                                                                      \
    "--model mlp:depth=3,width=20,norm=batch,dropout=0.3 --data "                                  \
    "synthetic:channels=1,height=4,width=5,train=64,classes=7 "
#define EVIDENCE " --batch 12 --micro-batches 3 --steps 2 --dump-gradients 0,1 --snapshots 2"

/* ---- runs --------------------------------------------------------------------------------------------- */

static struct options options_of(const char *arguments)
{
    struct options options = options_defaults(&memory_own_options);
    char error[OPTIONS_ERROR_SIZE];
    g_autofree char *line = g_strconcat("memory ", arguments, NULL);
    g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", -1);
    GPtrArray *given = g_ptr_array_new();
    for (int i = 0; words[i]; i++)
        if (words[i][0])
            g_ptr_array_add(given, words[i]);
    g_ptr_array_add(given, NULL);
    ck_assert_msg(options_read(&options, &memory_own_options, (int)given->len - 1,
                               (char **)given->pdata, error),
                  "%s", error);
    g_ptr_array_unref(given);
    return options;
}

static void put_stage(struct script *script, int stage, int first, int layers)
{
    script_put(script, log_record_of_stage((struct log_stage){
                           .stage = stage, .first_layer = first, .layers = layers}));
}

static void put_back(struct script *script, int stage, int m, int micro_batches)
{
    struct log_record record = log_record_of_loss_backward(m, 1.0 / micro_batches);
    record.stage = stage;
    script_put(script, record);
    script_compute(script, LOG_BACKWARD, stage, m, 1);
}

/* As the programs do it: replicas one micro-batch after the other, stages all forwards first. */
static struct logged_run *new_run(const char *arguments, int ranks)
{
    struct logged_run *run = logged_run_new(ranks);
    struct options *options = &run->outcome.options;
    *options = options_of(arguments);
    struct verdict *verdict = verdict_new();
    struct model *model = evidence_model(&run->outcome, verdict);
    ck_assert_msg(model != NULL, "%s", verdict->headline->str);
    const bool stages = memory_ranks_are(options) == RANKS_ARE_STAGES;
    const int all = options_micro_batches(options), own = stages ? all : all / ranks;
    for (int rank = 0; rank < ranks; rank++) {
        struct script *script = &run->script[rank];
        const int half = model->layers / ranks, first = stages ? 0 : rank * own;
        put_stage(script, stages ? rank : 0, stages ? rank * half : 0,
                  !stages             ? model->layers
                  : rank == ranks - 1 ? model->layers - rank * half
                                      : half);
        for (int step = 0; step < options->steps; step++) {
            script_step(script, LOG_STEP_BEGIN, step);
            for (int m = first; m < first + own; m++) {
                script_compute(script, LOG_FORWARD, stages ? rank : 0, m, 1);
                if (!stages)
                    put_back(script, 0, m, all);
            }
            for (int m = first; m < first + own && stages; m++)
                put_back(script, rank, m, all);
            script_step(script, LOG_STEP_END, step);
        }
    }
    logged_run_end(run);
    model_free(model);
    verdict_free(verdict);
    return run;
}

static struct computations *computed_of(const struct logged_run *run)
{
    struct verdict *verdict = verdict_new();
    struct model *model = evidence_model(&run->outcome, verdict);
    struct computations *computed = computations_of_run(&run->outcome, model->layers, verdict);
    ck_assert_msg(computed != NULL, "%s", verdict->headline->str);
    model_free(model);
    verdict_free(verdict);
    return computed;
}

static struct trial *trial_of(const struct logged_run *run, const struct computations *computed,
                              const struct manner *manner)
{
    struct verdict *verdict = verdict_new();
    struct trial *trial = recomputation_trial_new(&run->outcome, computed, manner, verdict);
    ck_assert_msg(verdict->kind != VERDICT_FAIL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return trial;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

static bool same_numbers(const struct trial *a, const struct trial *b)
{
    ck_assert_uint_eq(a->stored->len, b->stored->len);
    for (guint i = 0; i < a->stored->len; i++) {
        const struct trial_tensor *one = recomputation_trial_tensor_at(a, i),
                                  *other = recomputation_trial_tensor_at(b, i);
        ck_assert_str_eq(one->name, other->name);
        if (memcmp(one->tensor->data, other->tensor->data, tensor_bytes(one->tensor)) != 0)
            return false;
    }
    return true;
}

static const struct {
    const char *arguments;
    int ranks;
} runs[] = {
    {"--recompute layers " ALL EVIDENCE, 1},
    {"--recompute segments " FEWER EVIDENCE, 3},
    {"--recompute segments --recompute-when all-but-last " ALL EVIDENCE, 1},
    {"--ranks-are stages --recompute segments --recompute-when all-but-last " ALL EVIDENCE, 2},
    {"--ranks-are stages --recompute layers --recompute-when never " ALL EVIDENCE, 2},
    {"--recompute segments --model gpt:depth=5,width=8,heads=2,dropout=0.2 --data "
     "synthetic-text:tokens=6,vocabulary=11,train=64" EVIDENCE,
     1},
    {"--recompute segments --model cnn:norm=batch --data "
     "synthetic:channels=3,height=32,width=32,train=64 --batch 4 --micro-batches 2 --steps 1 "
     "--dump-gradients 0 --snapshots 1",
     1},
};
enum { RUNS = sizeof runs / sizeof runs[0] };

START_TEST(right_numbers_do_not_depend_on_it)
{
    struct logged_run *run = new_run(runs[_i].arguments, runs[_i].ranks);
    struct computations *computed = computed_of(run);
    struct trial *plain = trial_of(run, computed, NULL);
    struct trial *right = trial_of(run, computed, &manner_right);
    ck_assert_uint_gt(plain->stored->len, 0);
    ck_assert(same_numbers(plain, right));
    recomputation_trial_free(plain);
    recomputation_trial_free(right);
    computations_free(computed, runs[_i].ranks);
    logged_run_free(run);
}
END_TEST

/* Within the trial ranks share batches, or layers, and it is one process's training nevertheless. */
START_TEST(ranks_train_as_one_process)
{
    static const char *const ways[] = {"--recompute nothing ",
                                       "--ranks-are stages --recompute nothing "};
    g_autofree char *arguments = g_strconcat(ways[_i], MLP, EVIDENCE, NULL);
    g_autofree char *alone = g_strconcat(ways[0], MLP, EVIDENCE, NULL);
    struct logged_run *run = new_run(arguments, 3), *one = new_run(alone, 1);
    struct computations *computed = computed_of(run), *of_one = computed_of(one);
    struct trial *trial = trial_of(run, computed, NULL), *due = trial_of(one, of_one, NULL);
    int compared = 0;
    for (guint i = 0; i < trial->stored->len; i++)
        for (guint k = 0; k < due->stored->len; k++) {
            const struct trial_tensor *a = recomputation_trial_tensor_at(trial, i),
                                      *b = recomputation_trial_tensor_at(due, k);
            if (strcmp(a->name, b->name) != 0 || a->step != b->step || a->after != b->after ||
                !shape_equal(a->tensor->shape, b->tensor->shape))
                continue;
            compared++;
            ck_assert_msg(closeness_of(a->tensor, b->tensor, tolerance_gradient()).close, "%s",
                          a->name);
        }
    ck_assert_int_gt(compared, 10);
    recomputation_trial_free(trial);
    recomputation_trial_free(due);
    computations_free(computed, 3);
    computations_free(of_one, 1);
    logged_run_free(run);
    logged_run_free(one);
}
END_TEST

/* ---- operations and bytes, by hand -------------------------------------------------------------------------- */

/* flatten (20), linear to 23, ReLU, linear to 23, ReLU, linear to 23, ReLU, linear to 7; four samples. What a flatten puts
 * out is what it was given. */
enum { SAMPLES = 4, FLOAT = 4 };

static double forward_flops(const struct logged_run *run)
{
    double flops[64], sum = 0;
    struct verdict *verdict = verdict_new();
    struct model *model = evidence_model(&run->outcome, verdict);
    model_layer_flops(model, flops);
    for (int i = 0; i < model->layers; i++)
        sum += flops[i] * SAMPLES;
    model_free(model);
    verdict_free(verdict);
    return sum;
}

static void check_costs(const char *way, double kept, double most)
{
    g_autofree char *arguments = g_strconcat(way, MLP, EVIDENCE, NULL);
    struct logged_run *run = new_run(arguments, 1);
    struct computations *computed = computed_of(run);
    struct trial *right = trial_of(run, computed, &manner_right),
                 *plain = trial_of(run, computed, NULL);
    for (guint i = 0; i < right->computed[0].of->len; i++) {
        const struct computation *one = computation_at(&right->computed[0], i),
                                 *less = computation_at(&plain->computed[0], i);
        const double more = (double)one->flops - (double)less->flops;
        ck_assert_double_eq(more, one->back ? forward_flops(run) : 0);
        if (!one->back)
            ck_assert_double_eq(computation_kept(one), kept * SAMPLES * FLOAT);
        if (one->back && most > 0)
            ck_assert_double_eq(computation_most(one), most * SAMPLES * FLOAT);
    }
    recomputation_trial_free(right);
    recomputation_trial_free(plain);
    computations_free(computed, 1);
    logged_run_free(run);
}

START_TEST(layers_cost_what_the_formula_says)
{
    /* What enters layers 2 to 7, and y. */
    check_costs("--recompute layers ", 6 * 23 + 7, 0);
}
END_TEST

START_TEST(segments_cost_what_the_formula_says)
{
    /* 8 layers: segments of 3, 3 and 2. Kept: what enters layers 3 and 6, and y. At the most there is more than at the
     * begin when layer 5 has its dx: it came with dy (7), which went; and what layers 4 and 5 keep (23, shared) and dx
     * (23). */
    check_costs("--recompute segments ", 2 * 23 + 7, 23 + 23 - 7);
}
END_TEST

/* ---- known mistakes ------------------------------------------------------------------------------------------- */

static bool same_costs(const struct trial *a, const struct trial *b)
{
    for (int rank = 0; rank < a->ranks; rank++)
        for (guint i = 0; i < a->computed[rank].of->len; i++) {
            const struct computation *one = computation_at(&a->computed[rank], i),
                                     *other = computation_at(&b->computed[rank], i);
            if (one->flops != other->flops || computation_kept(one) != computation_kept(other) ||
                computation_most(one) != computation_most(other))
                return false;
        }
    return true;
}

enum { MOST_MISTAKES = 64, RIGHT = MOST_MISTAKES };

/* In the first runs: the manners that are told apart. */
START_TEST(each_mistake_is_something_else)
{
    int count;
    const struct manner *manner = manner_mistakes(&count);
    static bool differ[MOST_MISTAKES + 1][MOST_MISTAKES + 1];
    ck_assert_int_le(count, MOST_MISTAKES);
    for (int r = 0; r < 5; r++) {
        struct logged_run *run = new_run(runs[r].arguments, runs[r].ranks);
        struct computations *computed = computed_of(run);
        struct trial *trial[MOST_MISTAKES + 1] = {NULL};
        for (int i = 0; i < count; i++)
            if (!manner[i].first_stays || r < 2)
                trial[i] = trial_of(run, computed, &manner[i]);
        trial[RIGHT] = trial_of(run, computed, &manner_right);
        for (int i = 0; i <= RIGHT; i++)
            for (int k = i + 1; k <= RIGHT; k++)
                if (trial[i] && trial[k])
                    differ[i][k] = differ[i][k] || !same_numbers(trial[i], trial[k]) ||
                                   !same_costs(trial[i], trial[k]);
        for (int i = 0; i <= RIGHT; i++)
            recomputation_trial_free(trial[i]);
        computations_free(computed, runs[r].ranks);
        logged_run_free(run);
    }
    for (int i = 0; i < count; i++) {
        ck_assert_msg(differ[i][RIGHT], "“%s” is right", manner[i].mistake.name);
        for (int k = i + 1; k < count; k++)
            ck_assert_msg(differ[i][k], "“%s” is “%s”", manner[i].mistake.name,
                          manner[k].mistake.name);
    }
}
END_TEST

/* ---- segments ---------------------------------------------------------------------------------------------------- */

START_TEST(segments_are_by_the_nearest_root)
{
    for (int layers = 1; layers <= 200; layers++) {
        int nearest = 1, first_layer[202];
        for (int k = 1; k <= layers; k++)
            if (fabs(k - sqrt(layers)) < fabs(nearest - sqrt(layers)))
                nearest = k;
        const int segments = manner_segments(SIZE_NEAREST, 5, layers, true, first_layer);
        ck_assert_int_eq(segments, (layers + nearest - 1) / nearest);
        for (int s = 0; s < segments; s++)
            ck_assert_int_eq(first_layer[s], 5 + s * nearest);
        ck_assert_int_eq(first_layer[segments], 5 + layers);
        ck_assert_int_eq(manner_segments(SIZE_NEAREST, 5, layers, false, first_layer), layers);
        ck_assert_int_eq(first_layer[layers - 1], 5 + layers - 1);
    }
}
END_TEST

/* ---- logs ----------------------------------------------------------------------------------------------------------- */

static void put_allocation(struct script *script, enum memory_kind kind, double live, bool cut)
{
    script_put(script, log_record_of_allocation((struct log_allocation){
                           .kind = (int)kind, .bytes = 1, .live = live, .cut = cut}));
}

START_TEST(logs_are_read)
{
    struct logged_run *run = logged_run_new(1);
    run->outcome.options = options_of(MLP "--batch 4 --micro-batches 1 --steps 1");
    struct script *script = &run->script[0];
    put_stage(script, 0, 0, 8);
    script_step(script, LOG_STEP_BEGIN, 0);
    put_allocation(script, MEMORY_ACTIVATION, 100, false);
    struct log_record part = {.operation = LOG_FORWARD, .phase = LOG_BEGIN, .micro_batch = 0};
    script_put(script, part);
    put_allocation(script, MEMORY_ACTIVATION, 700, false);
    put_allocation(script, MEMORY_WORKSPACE, 30, false);
    put_allocation(script, MEMORY_ACTIVATION, 250, _i == 1);
    script_end(script, part);
    /* The forward goes on, in a second part. */
    script_compute(script, LOG_FORWARD, 0, 0, 40);
    put_back(script, 0, 0, 1);
    script_step(script, LOG_STEP_END, 0);
    logged_run_end(run);
    struct computations *computed = computed_of(run);
    ck_assert_int_eq(computed->has_memory, _i == 0);
    ck_assert_uint_eq(computed->of->len, 2);
    const struct computation *forward = computation_at(computed, 0);
    ck_assert_double_eq(forward->before, 100);
    ck_assert_double_eq(computation_kept(forward), 150);
    ck_assert_double_eq(computation_most(forward), 600);
    ck_assert_double_eq(forward->others, 30);
    ck_assert_uint_eq(forward->flops, 40);
    ck_assert_double_eq((double)computation_at(computed, 1)->scale, 1);
    computations_free(computed, 1);
    logged_run_free(run);
}
END_TEST

/* A backward without a forward, two forwards, and a forward alone. */
START_TEST(what_is_out_of_order_is_refused)
{
    struct logged_run *run = logged_run_new(1);
    run->outcome.options = options_of(MLP "--batch 4 --micro-batches 2 --steps 1");
    struct script *script = &run->script[0];
    put_stage(script, 0, 0, 8);
    script_step(script, LOG_STEP_BEGIN, 0);
    script_compute(script, _i == 0 ? LOG_BACKWARD : LOG_FORWARD, 0, 0, 1);
    if (_i == 1) {
        script_compute(script, LOG_FORWARD, 0, 1, 1);
        script_compute(script, LOG_FORWARD, 0, 0, 1);
    }
    script_step(script, LOG_STEP_END, 0);
    logged_run_end(run);
    struct verdict *verdict = verdict_new();
    ck_assert_ptr_null(computations_of_run(&run->outcome, 8, verdict));
    logged_run_expect(verdict, VERDICT_FAIL, "micro-batch 0");
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("recomputation");
    TCase *tests = tcase_create("recomputation");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, right_numbers_do_not_depend_on_it, 0, RUNS);
    tcase_add_loop_test(tests, ranks_train_as_one_process, 0, 2);
    tcase_add_test(tests, layers_cost_what_the_formula_says);
    tcase_add_test(tests, segments_cost_what_the_formula_says);
    tcase_add_test(tests, each_mistake_is_something_else);
    tcase_add_test(tests, segments_are_by_the_nearest_root);
    tcase_add_loop_test(tests, logs_are_read, 0, 2);
    tcase_add_loop_test(tests, what_is_out_of_order_is_refused, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
