/*
 * What ranks of a hybrid call: sums and messages of the solutions' runs that are changed are told, and a call is named
 * by who makes it.
 */
#include "assignments/data/judges/hybrid_groups.h"
#include "assignments/data/tests/hybrid_runs.h"
#include "common/log/log_fields.h"
#include "grader/trace/call_place.h"

/* ---- calls that are changed -------------------------------------------------------------------------------------- */

enum change { MORE_BYTES, THREE_TIMES, IN_DOUBLE, OF_WORLD, OF_PIPELINE };

/* The communicator of the messages between a rank and its stage's neighbours. */
static uint64_t communicator_of_messages(const struct log_file *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_ISEND || log->record[i].operation == LOG_IRECV)
            return log->record[i].communicator;
    ck_abort_msg("no message");
    return 0;
}

static void change_sums(struct log_file *log, enum change change)
{
    const uint64_t pipeline = communicator_of_messages(log);
    for (size_t i = 0; i < log->count; i++) {
        struct log_record *record = &log->record[i];
        if (record->operation != LOG_ALLREDUCE)
            continue;
        if (change == IN_DOUBLE)
            log_set_elements(
                record, (struct log_elements){LOG_TYPE_FLOAT64, log_elements(record).reduction});
        if (change == MORE_BYTES || change == THREE_TIMES || change == IN_DOUBLE)
            record->bytes *= change == THREE_TIMES ? 3 : 2;
        else
            record->communicator = change == OF_WORLD ? LOG_WORLD : pipeline;
    }
}

static const struct {
    enum change change;
    const char *says, *mistake;
} sums[] = {
    {MORE_BYTES, "bytes move between the ranks with stage 0", "gradients are averaged twice"},
    {THREE_TIMES, "bytes move between the ranks with stage 0",
     "gradients are averaged in every micro-batch"},
    {OF_WORLD, "all-reduce, among all ranks",
     "gradients are added up over all ranks in place of those with the same stage"},
    {OF_PIPELINE, "all-reduce, among {", "gradients are added up over the stages of a pipeline"},
};

START_TEST(other_sums_are_told)
{
    struct outcome run = run_of(false, 6, "--pipeline 3 --batch 18 --micro-batches 3 " MLP);
    for (int rank = 0; rank < 6; rank++)
        change_sums(&run.log[rank], sums[_i].change);
    expect(data_judge_hybrid_messages, &run, VERDICT_FAIL, sums[_i].says, sums[_i].mistake);
    program_outcome_clear(&run);
}
END_TEST

/* What ranks that share a stage put together in the middle of it goes through the world. */
START_TEST(parts_that_go_through_the_world_are_told)
{
    struct outcome run =
        run_of(false, 4,
               "--pipeline 2 --tensor 2 --scatter-messages --batch 4 --micro-batches 2 --schedule "
               "afab --model mlp:depth=4,width=80" DATA DUMP);
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < run.log[rank].count; i++)
            if (run.log[rank].record[i].operation == LOG_ALLGATHERV)
                run.log[rank].record[i].communicator = LOG_WORLD;
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = hybrid_mistake_of_groups(&run, cause);
    ck_assert(mistake != NULL);
    ck_assert_str_eq(mistake->name,
                     "ranks that share a stage's layers exchange parts with others, too");
    ck_assert_msg(g_str_has_prefix(cause->str, "in step 0 there is a collective, all-gather (v), "
                                               "among all ranks: "),
                  "%s", cause->str);
    program_outcome_clear(&run);
}
END_TEST

START_TEST(sums_in_double_are_right)
{
    struct outcome run = run_of(false, 6, "--pipeline 3 --batch 18 --micro-batches 3 " MLP);
    for (int rank = 0; rank < 6; rank++)
        change_sums(&run.log[rank], IN_DOUBLE);
    expect(data_judge_hybrid_messages, &run, VERDICT_PASS, NULL, "");
    program_outcome_clear(&run);
}
END_TEST

/* Messages between stages that are twice as long, or a number shorter, on both ends. Twice as long they would be right on
 * two ranks that share layers, if they were not scattered. */
static const char *const messages_of[] = {
    "--pipeline 3 --batch 18 --micro-batches 3 " MLP,
    "--pipeline 3 --tensor 2 --scatter-messages --batch 12 --micro-batches 3 " MLP};

START_TEST(other_messages_are_told)
{
    for (int less = 0; less < 2; less++) {
        struct outcome run = run_of(false, 6, messages_of[_i]);
        for (int rank = 0; rank < 6; rank++)
            for (size_t i = 0; i < run.log[rank].count; i++) {
                struct log_record *record = &run.log[rank].record[i];
                const bool moves = record->operation == LOG_ISEND ||
                                   record->operation == LOG_IRECV ||
                                   record->operation == LOG_COMPLETED;
                if (moves && record->bytes > 64)
                    record->bytes = less ? record->bytes - 4 : record->bytes * 2;
            }
        expect(data_judge_hybrid_messages, &run, VERDICT_FAIL, "bytes go from stage ", "");
        program_outcome_clear(&run);
    }
}
END_TEST

/* Where a hybrid's messages are begun: by the line of the pipeline assignment's file, and by what that calls, not by the
 * function of the kit that runs a whole schedule. */
static const struct {
    const char *schedule, *called, *through;
} places[] = {
    {"afab", "MPI_Isend", "pipeline_communicate.c:"},
    {"1f1b", "micro_batch_pass_output", "pipeline_communicate.c:"},
};

START_TEST(calls_are_named_by_who_makes_them)
{
    g_autofree char *options = g_strdup_printf(
        "--pipeline 2 --batch 4 --micro-batches 2 --schedule %s --model mlp:depth=2,width=8 " DATA
        "--steps 1",
        places[_i].schedule);
    struct outcome run = run_of(false, 2, options);
    const struct log_file *log = &run.log[0];
    size_t i = 0;
    while (i < log->count && log->record[i].operation != LOG_ISEND)
        i++;
    ck_assert(i < log->count);
    g_autofree char *program = test_program(false, "solutions/data");
    const struct call_place call = call_place_of(program, &log->record[i]);
    ck_assert_str_eq(call.called, places[_i].called);
    ck_assert_msg(g_str_has_prefix(call.line, "train_step_hybrid.c:"), "%s", call.line);
    ck_assert_msg(g_str_has_prefix(call.through, places[_i].through), "%s", call.through);
    program_outcome_clear(&run);
}
END_TEST

/* Who averages twice, and says that its stage has twice as many parameters, or more layers. */
START_TEST(more_parameters_than_there_are_gain_nothing)
{
    struct outcome run = run_of(false, 6, "--pipeline 3 --batch 18 --micro-batches 3 " MLP);
    for (int rank = 0; rank < 6; rank++) {
        change_sums(&run.log[rank], MORE_BYTES);
        for (size_t i = 0; i < run.log[rank].count; i++)
            if (run.log[rank].record[i].operation == LOG_STAGE)
                run.log[rank].record[i].bytes *= 2;
    }
    expect(data_judge_hybrid_messages, &run, VERDICT_FAIL,
           "bytes move between the ranks with stage 0", "gradients are averaged twice");
    for (int rank = 0; rank < 6; rank++)
        for (size_t i = 0; i < run.log[rank].count; i++) {
            struct log_record *record = &run.log[rank].record[i];
            if (record->operation != LOG_STAGE)
                continue;
            const struct log_stage part = log_stage(record);
            record->own_value = 0;
            record->own_number = (uint64_t)(part.first_layer + part.layers);
        }
    expect(data_judge_hybrid_messages, &run, VERDICT_FAIL, "it begins with layer ", "");
    program_outcome_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("calls of hybrids");
    TCase *cases = tcase_create("calls");
    tcase_set_timeout(cases, 90);
    tcase_add_loop_test(cases, other_sums_are_told, 0, G_N_ELEMENTS(sums));
    tcase_add_test(cases, parts_that_go_through_the_world_are_told);
    tcase_add_loop_test(cases, other_messages_are_told, 0, G_N_ELEMENTS(messages_of));
    tcase_add_loop_test(cases, calls_are_named_by_who_makes_them, 0, G_N_ELEMENTS(places));
    tcase_add_test(cases, more_parameters_than_there_are_gain_nothing);
    tcase_add_test(cases, sums_in_double_are_right);
    suite_add_tcase(suite, cases);
    return suite;
}
