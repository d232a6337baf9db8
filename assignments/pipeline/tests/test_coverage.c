/*
 * The runs of the rubric against docs/coverage.md: for each function that a student writes, every
 * value of every dimension along which it can be wrong is in some run that would show it. Who
 * changes a run's numbers learns here what nobody tries any more.
 */
#include "assignments/pipeline/options.h"
#include "common/files/dataset.h"
#include "common/training/model.h"
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

#include <string.h>

#define UNDER_EAGER (4 << 10)  /* bytes: Open MPI sends these along without asking */
#define OVER_EAGER  (64 << 10) /* neither Open MPI nor SMPI does that with more */

static struct rubric *rubric;

static void set_up(void)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    rubric = rubric_load("assignments/pipeline/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
}

static void tear_down(void)
{
    rubric_free(rubric);
}

/* ---- what a run tries ------------------------------------------------------------------------- */

struct tried {
    int ranks, chunks, micro_batches;
    struct options options;
    struct pipeline_options own;
    int layers;
    uint64_t least_bytes, most_bytes;    /* of the messages between stages of equal size; 0: none */
    bool first_has_parameters;           /* the first layer */
    bool whole_stage_without_parameters; /* some stage, where they are of equal size */
};

/* The messages behind each stage but the last, and which stages have parameters. */
static void look_at_stages(const struct model *model, struct tried *tried)
{
    const int stages = tried->ranks * tried->chunks, each = model->layers / stages;
    if (model->layers % stages != 0)
        return;
    const int samples = tried->options.batch_size / tried->micro_batches;
    for (int s = 0; s < stages; s++) {
        tried->whole_stage_without_parameters |= model_parameter_count(model, s * each, each) == 0;
        if (s == stages - 1)
            return;
        const struct shape shape = model->layer[(s + 1) * each - 1].output;
        uint64_t bytes = sizeof(float) * (uint64_t)samples;
        for (int d = 0; d < shape.dimensions; d++)
            bytes *= (uint64_t)shape.size[d];
        tried->most_bytes = MAX(tried->most_bytes, bytes);
        tried->least_bytes = s == 0 ? bytes : MIN(tried->least_bytes, bytes);
    }
}

static struct tried look_at(const struct rubric_run *run)
{
    struct tried tried = {.ranks = run->ranks};
    char error[OPTIONS_ERROR_SIZE], model_error[MODEL_ERROR_SIZE], data_error[DATASET_ERROR_SIZE];
    ck_assert(rubric_parse_arguments(run, run->arguments, &tried.options, error));
    tried.own = pipeline_options(&tried.options);
    tried.chunks = pipeline_chunks(&tried.options);
    tried.micro_batches = options_micro_batches(&tried.options);
    struct data_shape data;
    ck_assert(dataset_describe(tried.options.dataset, &data, data_error));
    struct model *model = model_new(tried.options.model, data.input, data.classes, model_error);
    ck_assert_ptr_nonnull(model);
    tried.layers = model->layers;
    tried.first_has_parameters = model->layer[0].parameter_count > 0;
    look_at_stages(model, &tried);
    model_free(model);
    return tried;
}

/* ---- the dimensions --------------------------------------------------------------------------- */

/* Along which a function can be wrong, and a value there. */
struct dimension {
    const char *name;
    bool (*covers)(const struct tried *tried);
};

#define DIMENSION(name, what)                                                                      \
    static bool name##_is_tried(const struct tried *t)                                             \
    {                                                                                              \
        return what;                                                                               \
    }                                                                                              \
    static const struct dimension name[1] = {{#name, name##_is_tried}};

DIMENSION(one_rank, t->ranks == 1)
DIMENSION(two_ranks, t->ranks == 2)
DIMENSION(odd_ranks, t->ranks > 1 && t->ranks % 2 == 1)
DIMENSION(four_or_more_ranks, t->ranks >= 4)
DIMENSION(other_rank_numbers, t->options.reverse_ranks && t->ranks > 1)
DIMENSION(one_micro_batch, t->micro_batches == 1)
DIMENSION(odd_micro_batches, t->micro_batches > 1 && t->micro_batches % 2 == 1)
DIMENSION(fewer_micro_batches_than_ranks, t->micro_batches < t->ranks)
DIMENSION(no_multiple_of_ranks, t->micro_batches > t->ranks && t->micro_batches % t->ranks != 0)
DIMENSION(more_than_16, t->micro_batches > 16)
DIMENSION(more_than_64, t->micro_batches > 64)
DIMENSION(small_messages, t->least_bytes > 0 && t->least_bytes < UNDER_EAGER)
DIMENSION(large_messages, t->most_bytes > OVER_EAGER)
DIMENSION(later_step, t->options.steps > 1)
DIMENSION(parameters_at_the_front, t->first_has_parameters)
DIMENSION(none_at_the_front, !t->first_has_parameters)
DIMENSION(a_stage_without_parameters, t->whole_stage_without_parameters)
DIMENSION(uneven_stages, t->layers % (t->ranks * t->chunks) != 0)
DIMENSION(cross_entropy, t->options.loss == LOSS_CROSS_ENTROPY)
DIMENSION(mean_of_outputs, t->options.loss == LOSS_MEAN)
DIMENSION(sgd, t->options.optimizer.kind == OPTIMIZER_SGD)
DIMENSION(adamw, t->options.optimizer.kind == OPTIMIZER_ADAMW)
DIMENSION(two_chunks, t->chunks == 2)
DIMENSION(more_chunks, t->chunks > 2)
DIMENSION(every_number_spoiled, t->own.corrupt_everywhere)

#define MOST_DIMENSIONS 24
#define EVERY_STEP                                                                                 \
    one_rank, two_ranks, odd_ranks, four_or_more_ranks, other_rank_numbers, later_step,            \
        small_messages, large_messages, none_at_the_front, a_stage_without_parameters,             \
        cross_entropy, mean_of_outputs, sgd, adamw
#define MICRO_BATCHES                                                                              \
    one_micro_batch, odd_micro_batches, more_than_16, more_than_64, parameters_at_the_front

/* Runs with such a --schedule or --probe, of the checks of that judge, must try all of these. */
static const struct function {
    const char *file, *judge, *step, *probe;
    const struct dimension *all[MOST_DIMENSIONS];
} functions[] = {
    {"open_data.c", "data", "naive", "", {one_rank, four_or_more_ranks}},
    {"baseline.c",
     "gradients",
     "baseline",
     "",
     {later_step, parameters_at_the_front, none_at_the_front, cross_entropy, mean_of_outputs}},
    {"pipeline_communicate.c",
     "communicate",
     NULL,
     "communicate",
     {one_rank, two_ranks, odd_ranks, four_or_more_ranks, other_rank_numbers}},
    {"compare_with_baseline.c",
     "comparison",
     "naive",
     "",
     {one_rank, two_ranks, odd_ranks, every_number_spoiled, parameters_at_the_front,
      none_at_the_front}},
    {"train_step_naive.c",
     "gradients",
     "naive",
     "",
     {EVERY_STEP, uneven_stages, parameters_at_the_front}},
    {"train_step_afab.c",
     "gradients",
     "afab",
     "",
     {EVERY_STEP, MICRO_BATCHES, uneven_stages, fewer_micro_batches_than_ranks,
      no_multiple_of_ranks}},
    {"train_step_1f1b.c",
     "gradients",
     "1f1b",
     "",
     {EVERY_STEP, MICRO_BATCHES, uneven_stages, fewer_micro_batches_than_ranks,
      no_multiple_of_ranks}},
    {"train_step_bounded.c",
     "gradients",
     "bounded",
     "",
     {one_rank, two_ranks, odd_ranks, other_rank_numbers, later_step, small_messages,
      large_messages, none_at_the_front, a_stage_without_parameters, cross_entropy, mean_of_outputs,
      sgd, adamw, MICRO_BATCHES, fewer_micro_batches_than_ranks, no_multiple_of_ranks}},
    {"train_step_interleaved.c",
     "gradients",
     "interleaved",
     "",
     {EVERY_STEP, MICRO_BATCHES, uneven_stages, two_chunks, more_chunks}},
    {"train_step_zero_bubble.c",
     "gradients",
     "zero-bubble",
     "",
     {EVERY_STEP, MICRO_BATCHES, uneven_stages, fewer_micro_batches_than_ranks,
      no_multiple_of_ranks}},
    {"train_step_pipedream.c",
     "pipedream",
     "pipedream",
     "",
     {EVERY_STEP, MICRO_BATCHES, uneven_stages, fewer_micro_batches_than_ranks,
      no_multiple_of_ranks}},
};

static bool is_about(const struct rubric_check *check, const struct tried *tried,
                     const struct function *function)
{
    return check->judge && strcmp(check->judge->name, function->judge) == 0 &&
           strcmp(tried->options.probe, function->probe) == 0 &&
           (!function->step || strcmp(tried->options.step, function->step) == 0);
}

static bool is_tried(const struct function *function, const struct dimension *dimension)
{
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        for (guint k = 0; k < check->runs->len; k++) {
            const struct tried tried = look_at(RUBRIC_RUNS(check, k));
            if (is_about(check, &tried, function) && dimension->covers(&tried))
                return true;
        }
    }
    return false;
}

START_TEST(every_value_is_tried)
{
    const struct function *function = &functions[_i];
    for (int d = 0; d < MOST_DIMENSIONS && function->all[d]; d++)
        ck_assert_msg(is_tried(function, function->all[d]), "no run shows whether %s is right: %s",
                      function->file, function->all[d]->name);
}
END_TEST

/* Each file that is handed in is in the table, but for those that a probe tries with all sizes. */
START_TEST(every_function_is_in_the_table)
{
    static const char *const probed[] = {"check_arguments.c", "distribute_layers.c", "answers.md"};
    for (guint i = 0; i < rubric->files->len; i++) {
        const char *name = RUBRIC_FILES(rubric, i)->name;
        bool found = false;
        for (size_t k = 0; k < G_N_ELEMENTS(functions); k++)
            found |= strcmp(functions[k].file, name) == 0;
        for (size_t k = 0; k < G_N_ELEMENTS(probed); k++)
            found |= strcmp(probed[k], name) == 0;
        ck_assert_msg(found, "%s is in no line", name);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("coverage");
    TCase *tcase = tcase_create("rubric");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, every_value_is_tried, 0, G_N_ELEMENTS(functions));
    tcase_add_test(tcase, every_function_is_in_the_table);
    suite_add_tcase(suite, tcase);
    return suite;
}
