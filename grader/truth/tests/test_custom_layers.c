/*
 * Real runs with linear layers that the kit does not know (common/tests/programs/custom_layers.c),
 * whole on one rank or split over several, with messages inside of their functions: evidence,
 * snapshots, optimizers and the simulated cluster take them as they take the kit's. The reference
 * is one process with the kit's layers.
 */
#include "grader/truth/windows.h"
#include "tests/support/program_outcome.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define PROGRAM "common/tests/programs/custom_layers"
#define MLP     "--model mlp:depth=3,width=20 --learning-rate 0.02"
#define VIT     "--model vit:depth=2,width=12,heads=3,patch=2 --optimizer adamw"
#define DATA    "--data synthetic:channels=1,height=4,width=4,train=64,test=8,classes=4 "
#define TRAIN                                                                                      \
    DATA "--batch 8 --micro-batches 4 --steps 14 --snapshots 0,8 --dump-gradients 0,1 --seed 5 "   \
         "--quiet"

static struct outcome run;
static GString *why;

/* Runs the program and reads what it left. */
static void train(bool simulated, int ranks, const char *layers, const char *model)
{
    static const struct own_options own = {.step_word = "layers"};
    g_autofree char *options = g_strdup_printf("--layers %s %s " TRAIN, layers, model);
    run = program_outcome(simulated, ranks, "common/tests/programs/custom_layers", &own, options);
    why = g_string_new(NULL);
}

static void clear(void)
{
    program_outcome_clear(&run);
    g_string_free(why, TRUE);
}

/* Copies of what is not split need not have the same bytes: sums over ranks went before. */
static struct tolerance between_copies;

static struct wholes_rules rules(void)
{
    between_copies = tolerance_gradient();
    return (struct wholes_rules){.closeness = &between_copies, .finite = true};
}

static void trains_as_one_process(void)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "as it should be");
    ck_assert_msg(evidence_logs(&run, verdict), "%s", verdict->headline->str);
    struct reference *reference = windows_reference(&run, verdict);
    ck_assert_msg(reference != NULL, "%s", verdict->headline->str);
    g_autofree double *loss = g_new(double, run.options.steps);
    evidence_losses(&run.log[run.ranks - 1], 4, run.options.steps, loss);
    windows_judge(&run, reference, &(struct windows_rules){loss, rules(), rules()}, verdict);
    ck_assert_msg(verdict->kind == VERDICT_PASS, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    reference_free(reference);
    verdict_free(verdict);
}

/* Is the whole that the ranks told there, and the same? */
static bool agrees(struct wholes *after, const char *name, const struct tensor *expected)
{
    const struct tensor *found =
        wholes_assemble(after, name, DTYPE_FLOAT32, &expected->shape, rules(), why);
    return found != NULL && closeness_of(found, expected, tolerance_gradient()).close;
}

/* How many of the gradients and outputs of the first two steps are not those of one process. */
static int disagreements(void)
{
    char error[REFERENCE_ERROR_SIZE];
    struct reference *reference = reference_new(&run.options, error);
    ck_assert_msg(reference != NULL, "%s", error);
    int wrong = 0;
    for (int step = 0; step < 2; step++) {
        struct verdict *verdict = verdict_new();
        struct wholes *after = wholes_read(&run, "after", step, verdict);
        ck_assert_msg(after != NULL, "%s", verdict->headline->str);
        verdict_free(verdict);
        reference_compute(reference, step);
        for (int layer = 0; layer < reference->model->layers; layer++)
            for (int p = 0; p < reference->model->layer[layer].parameters; p++) {
                g_autofree char *name =
                    g_strdup_printf("layers.%d.%s.gradient", layer,
                                    reference->model->layer[layer].parameter[p].name);
                struct tensor *expected = reference_gradient(reference, layer, p);
                wrong += !agrees(after, name, expected);
                tensor_free(expected);
            }
        wrong += !agrees(after, "outputs", batch_outputs(reference->batch));
        wholes_free(after);
        reference_update(reference);
    }
    reference_free(reference);
    return wrong;
}

/* Each rank's arena has less than the whole: what is split is nowhere whole. */
static void is_really_split(void)
{
    struct verdict *verdict = verdict_new();
    struct wholes *after = wholes_read(&run, "after", 0, verdict);
    ck_assert_msg(after != NULL, "%s", verdict->headline->str);
    const struct whole *weight = wholes_find(after, "layers.1.weight.gradient");
    ck_assert(weight != NULL && weight->parts->len == (guint)run.ranks);
    size_t elements = 0;
    for (guint i = 0; i < weight->parts->len; i++)
        elements += g_array_index(weight->parts, struct whole_part, i).tensor->elements;
    ck_assert_uint_eq(elements, 20 * 16);
    wholes_free(after);
    verdict_free(verdict);
}

/* Work is done while a sum is on its way, and charged there, so that in simulated time it hides the sum. */
static void computes_while_it_sums(void)
{
    const struct log_file *log = &run.log[0];
    uint64_t begun = 0, beside = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_IALLREDUCE && record->phase == LOG_END)
            begun = record->flops;
        if (record->operation == LOG_WAIT && record->phase == LOG_BEGIN)
            beside += record->flops - begun;
    }
    ck_assert_uint_gt(begun, 0);
    ck_assert_uint_gt(beside, 0);
}

static const struct {
    int ranks;
    const char *layers, *model;
} right[] = {{1, "kit", MLP},   {1, "plain", MLP},      {2, "split", MLP},
             {3, "split", MLP}, {1, "plain", VIT},      {2, "split", VIT},
             {3, "split", VIT}, {3, "overlapped", MLP}, {2, "overlapped", VIT}};

static void is_as_one_process(bool simulated, int i)
{
    train(simulated, right[i].ranks, right[i].layers, right[i].model);
    trains_as_one_process();
    ck_assert_msg(disagreements() == 0, "%s", why->str);
    if (right[i].ranks > 1 && strcmp(right[i].model, MLP) == 0)
        is_really_split();
    if (strcmp(right[i].layers, "overlapped") == 0)
        computes_while_it_sums();
    clear();
}

START_TEST(own_layers_train_as_the_kits_in_one_process)
{
    is_as_one_process(false, _i);
}
END_TEST

START_TEST(also_on_the_simulated_cluster)
{
    if (test_has_simulator())
        is_as_one_process(true, _i);
}
END_TEST

START_TEST(a_split_layer_that_sums_wrongly_is_told_apart)
{
    static const char *const wrong[] = {"no-sum", "bias-everywhere"};
    train(false, 2, wrong[_i], MLP);
    ck_assert_int_gt(disagreements(), 0);
    clear();
}
END_TEST

/* Without numbers the same layers, on either machine, cost the same memory. */
START_TEST(they_run_on_the_meta_device)
{
    if (_i == 1 && !test_has_simulator())
        return;
    char *folder = test_folder_new();
    double live[2];
    for (int meta = 0; meta < 2; meta++) {
        g_autofree char *words =
            g_strdup_printf("--layers split " VIT " " DATA "--batch 8 --steps 2 --quiet "
                            "--device %s --evidence %s/%d",
                            meta ? "meta" : "cpu", folder, meta);
        struct test_run ended = test_run_program(_i == 1, 3, PROGRAM, words);
        ck_assert_msg(ended.status == 0, "%s", ended.output);
        test_run_clear(&ended);
        g_autofree char *path = g_strdup_printf("%s/%d/rank-1.log", folder, meta);
        char error[LOG_ERROR_SIZE];
        struct log_file log;
        struct log_memory memory;
        ck_assert_msg(log_read(path, &log, error), "%s", error);
        ck_assert(log_find_memory(&log, MEMORY_ACTIVATION, &memory));
        live[meta] = (double)memory.peak;
        log_destroy(&log);
    }
    ck_assert_double_gt(live[0], 0);
    ck_assert_double_eq(live[0], live[1]);
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers of students on several ranks");
    TCase *cases = tcase_create("custom layers");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, own_layers_train_as_the_kits_in_one_process, 0, G_N_ELEMENTS(right));
    tcase_add_loop_test(cases, also_on_the_simulated_cluster, 1, G_N_ELEMENTS(right));
    tcase_add_loop_test(cases, a_split_layer_that_sums_wrongly_is_told_apart, 0, 2);
    tcase_add_loop_test(cases, they_run_on_the_meta_device, 0, 2);
    suite_add_tcase(suite, cases);
    return suite;
}
