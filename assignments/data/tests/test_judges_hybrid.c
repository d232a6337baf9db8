/*
 * The judges of hybrids: the solutions are right as any grid; what is changed in the evidence of a run of theirs, is
 * told, and by its name.
 */
#include "assignments/data/judges/hybrid_groups.h"
#include "assignments/data/tests/hybrid_runs.h"
#include "common/files/tensor_file.h"
#include "common/log/log_fields.h"

static const struct {
    int ranks;
    bool simulated;
    judge_function *judge;
    const char *arguments;
} right[] = {
    {6, false, data_judge_hybrid, "--pipeline 3 --batch 18 --micro-batches 3 " MLP},
    {6, true, data_judge_hybrid, "--pipeline 2 --batch 12 --micro-batches 2 --reverse-ranks " MLP},
    {6, true, data_judge_three_dimensions,
     "--pipeline 3 --tensor 2 --batch 4 --micro-batches 2 " MLP},
    {8, true, data_judge_three_dimensions,
     "--pipeline 2 --tensor 2 --batch 8 --micro-batches 2 --reverse-ranks " MLP},
    {12, true, data_judge_three_dimensions,
     "--pipeline 2 --tensor 3 --scatter-messages --batch 8 --micro-batches 2 " MLP},
    {6, true, data_judge_three_dimensions,
     "--pipeline 3 --tensor 2 --scatter-messages --batch 4 --micro-batches 2 " TIED},
    {4, true, data_judge_tied_embedding, "--pipeline 2 --batch 4 --micro-batches 2 " TIED},
    {6, true, data_judge_tied_embedding, "--pipeline 3 --batch 4 --micro-batches 1 " TIED},
    {8, true, data_judge_tied_embedding,
     "--pipeline 2 --tensor 2 --batch 4 --micro-batches 2 " TIED},
};

START_TEST(the_solutions_are_right)
{
    if (right[_i].simulated && !test_has_simulator())
        return;
    struct outcome run = run_of(right[_i].simulated, right[_i].ranks, right[_i].arguments);
    expect(right[_i].judge, &run, VERDICT_PASS, NULL, "");
    expect(data_judge_hybrid_messages, &run, VERDICT_PASS, NULL, "");
    program_outcome_clear(&run);
}
END_TEST

/* ---- gradients that are changed -------------------------------------------------------------------------------- */

/* Multiplies what a rank stored after step 0 under names with this prefix and ending. */
static void scale_stored(const struct outcome *run, int rank, const char *prefix, float factor)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    int stage = -1;
    for (size_t i = 0; i < run->log[rank].count && stage < 0; i++)
        if (run->log[rank].record[i].operation == LOG_STAGE)
            stage = log_stage(&run->log[rank].record[i]).stage;
    g_autofree char *path =
        g_strdup_printf("%s/rank-%d.stage-%d.after-0.safetensors", run->folder, rank, stage);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    for (int i = 0; i < tensor_file_count(file); i++) {
        const char *name = tensor_file_name(file, i);
        if (!g_str_has_prefix(name, prefix) || !strstr(name, ".gradient"))
            continue;
        struct tensor *tensor = tensor_file_get(file, name);
        for (int k = 0; k < tensor->count; k++)
            tensor_floats(tensor)[k] *= factor;
    }
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
}

/* Of six ranks, two pipelines of three stages, or three of two. */
static const struct {
    int stages;
    int rank; /* -1: all */
    float factor;
    const char *mistake;
} factors[] = {
    {3, -1, 1.0f / 3, "gradients are divided by all ranks in place of the replicas"},
    {2, -1, 1.0f / 2, "gradients are divided by all ranks in place of the replicas"},
    {3, -1, 2, "the sum of gradients, not their mean"},
    {2, -1, 3, "the sum of gradients, not their mean"},
    {3, -1, 1.0f / 2, "gradients are divided by the number of ranks twice"},
    {3, -1, 1.0f / 7, ""},
    {3, 4, 1.0f / 3, ""}, /* of one rank alone */
};

START_TEST(a_factor_is_told)
{
    g_autofree char *arguments =
        g_strdup_printf("--pipeline %d --batch 18 --micro-batches 3 " MLP, factors[_i].stages);
    struct outcome run = run_of(false, 6, arguments);
    for (int rank = 0; rank < 6; rank++)
        if (factors[_i].rank < 0 || factors[_i].rank == rank)
            scale_stored(&run, rank, "layers.", factors[_i].factor);
    expect(data_judge_hybrid, &run, VERDICT_FAIL, "after step 0: layers.", factors[_i].mistake);
    program_outcome_clear(&run);
}
END_TEST

/* Of three stages on two ranks each, which the first two have gradients that are so many times those of one process. */
static const struct {
    float first, second;
    const char *mistake;
} borders[] = {
    {4, 2, "a gradient that every rank has is added up on its way to the stage before"},
    {0.25f, 0.5f, "the gradient that comes back to a stage is divided by its ranks"},
    {4, 1, ""},
};

START_TEST(factors_that_grow_from_stage_to_stage_are_told)
{
    struct outcome run = run_of(
        false, 6, "--pipeline 3 --tensor 2 --scatter-messages --batch 4 --micro-batches 2 " MLP);
    for (int rank = 0; rank < 4; rank++)
        scale_stored(&run, rank, "layers.", rank / 2 ? borders[_i].second : borders[_i].first);
    expect(data_judge_hybrid, &run, VERDICT_FAIL, "after step 0: layers.", borders[_i].mistake);
    program_outcome_clear(&run);
}
END_TEST

/* What two stages have of the table's gradient, as parts of it. Ranks are in the order of three dimensions: of two
 * stages and two replicas, rank / 2 is the stage. */
static const struct {
    float first, last;
    const char *mistake;
} tables[] = {
    {0.25f, 0.75f, "each stage keeps its own gradient of the table"},
    {1.5f, -0.5f, "each stage keeps its own gradient of the table"},
    {0.5f, 0.5f, "the table's gradients are averaged over the two stages"},
    {2, 2, "the table's gradients are summed twice"},
    {0.25f, 0.5f, ""},
};

START_TEST(what_became_of_the_table_is_told)
{
    struct outcome run = run_of(false, 4, "--pipeline 2 --batch 4 --micro-batches 2 " TIED);
    for (int rank = 0; rank < 4; rank++)
        scale_stored(&run, rank, "layers.0.0.token", rank / 2 ? tables[_i].last : tables[_i].first);
    expect(data_judge_tied_embedding, &run, VERDICT_FAIL, "layers.0.", tables[_i].mistake);
    program_outcome_clear(&run);
}
END_TEST

/* What no program writes: layers that the model has not, steps without samples, and other steps than were asked for. */
START_TEST(forged_logs_are_refused)
{
    struct outcome run = run_of(false, 4, "--pipeline 2 --batch 8 --micro-batches 2 " MLP);
    run.options.steps = 3;
    expect(data_judge_hybrid, &run, VERDICT_FAIL, "have 2 steps, and the run was to take 3", "");
    run.options.steps = 2;
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < run.log[rank].count; i++)
            if (run.log[rank].record[i].operation == LOG_STAGE)
                run.log[rank].record[i].own_value = INT_MAX;
    expect(data_judge_hybrid_messages, &run, VERDICT_FAIL, "layers from layer 2147483647 on", "");
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < run.log[rank].count; i++) {
            struct log_record *record = &run.log[rank].record[i];
            if (record->operation != LOG_SAMPLES)
                continue;
            const uint64_t clock = record->clock, flops = record->flops;
            *record = log_record_of_samples(&(struct log_samples){0});
            record->clock = clock;
            record->flops = flops;
        }
    expect(data_judge_hybrid, &run, VERDICT_FAIL, "in step 0 no rank has a sample", "");
    program_outcome_clear(&run);
}
END_TEST

/* The first all-reduce of a step goes behind the optimizer's step. */
static void average_behind_the_step(struct log_file *log)
{
    size_t begin, behind;
    ck_assert(log_find_step(log, 0, &begin, &behind));
    while (log->record[begin].operation != LOG_ALLREDUCE)
        begin++;
    while (log->record[behind].operation != LOG_OPTIMIZER_STEP)
        behind--;
    ck_assert(behind > begin);
    const size_t end = log_end_of(log, begin) + 1;
    struct log_record *moved = g_memdup2(log->record + begin, (end - begin) * sizeof *moved);
    memmove(log->record + begin, log->record + end, (behind + 1 - end) * sizeof *moved);
    memcpy(log->record + begin + (behind + 1 - end), moved, (end - begin) * sizeof *moved);
    g_free(moved);
}

START_TEST(an_optimizer_that_steps_too_early_is_told)
{
    struct outcome run = run_of(false, 4, "--pipeline 2 --batch 8 --micro-batches 2 " MLP);
    g_autoptr(GString) cause = g_string_new(NULL);
    ck_assert(hybrid_mistake_of_order(&run, cause) == NULL);
    average_behind_the_step(&run.log[2]);
    const struct mistake *mistake = hybrid_mistake_of_order(&run, cause);
    ck_assert(mistake != NULL);
    ck_assert_str_eq(mistake->name, "the optimizer steps before the ranks have averaged");
    ck_assert_str_eq(cause->str,
                     "in step 0 gradients are added up on rank 2 behind its optimizer's step");
    program_outcome_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of hybrids");
    TCase *cases = tcase_create("judges");
    tcase_set_timeout(cases, 90);
    tcase_add_loop_test(cases, the_solutions_are_right, 0, G_N_ELEMENTS(right));
    tcase_add_loop_test(cases, a_factor_is_told, 0, G_N_ELEMENTS(factors));
    tcase_add_loop_test(cases, factors_that_grow_from_stage_to_stage_are_told, 0,
                        G_N_ELEMENTS(borders));
    tcase_add_loop_test(cases, what_became_of_the_table_is_told, 0, G_N_ELEMENTS(tables));
    tcase_add_test(cases, forged_logs_are_refused);
    tcase_add_test(cases, an_optimizer_that_steps_too_early_is_told);
    suite_add_tcase(suite, cases);
    return suite;
}
