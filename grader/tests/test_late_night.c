/*
 * The grader against what a tired student writes: work that is half done, and mistakes that went
 * well by luck. Each must be judged for what it is, with the line to look at.
 */
#include "grader/tests/hostile.h"

/* The data is opened before the first step: a step that is still a TODO does not stand in the way. */
START_TEST(data_is_judged_before_there_is_a_step)
{
    write_file("train_step_naive.c", "#include \"assignments/pipeline/pipeline.h\"\n"
                                     "void train_step_naive(struct pipeline *pipeline)\n"
                                     "{\n    todo(\"take one training step\", pipeline);\n}\n");
    struct graded graded = grade_own("open_data,train_step_naive");
    assert_passed(&graded, "open_data");
    assert_failed(&graded, "train_step_naive", "train_step_naive.c:4 is still to be written");
    graded_clear(&graded);
    write_file("open_data.c", "#include \"assignments/pipeline/pipeline.h\"\n"
                              "void open_data(struct pipeline *pipeline)\n"
                              "{\n    batch_open_labels(pipeline->batch);\n}\n");
    graded = grade_own("open_data");
    assert_failed(&graded, "open_data", "rank 0, the first stage, did not open the inputs");
    graded_clear(&graded);
}
END_TEST

/* The simulator's compiler works with absolute paths of the sandbox; the student knows others. */
START_TEST(a_todo_is_named_alike_on_both_machines)
{
    if (system("command -v smpirun > /dev/null") != 0)
        return;
    write_file("train_step_1f1b.c", "#include \"assignments/pipeline/pipeline.h\"\n"
                                    "void train_step_1f1b(struct pipeline *pipeline)\n"
                                    "{\n    todo(\"take one training step\", pipeline);\n}\n");
    struct graded graded = grade_own("1f1b_own_stage,1f1b_order");
    assert_failed(&graded, "1f1b_own_stage", "pipeline/train_step_1f1b.c:4 is still to be written");
    assert_failed(&graded, "1f1b_order", "pipeline/train_step_1f1b.c:4 is still to be written");
    ck_assert_ptr_null(strstr(graded.printed, "/pipeline/train_step_1f1b.c:4"));
    graded_clear(&graded);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__
START_TEST(freeing_twice_names_the_line)
{
    hostile_baseline("", "struct tensor *x = batch_inputs(batch, 0);\n"
                         "    tensor_free(x);\n"
                         "    tensor_free(x);");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "tensor_free: this tensor was freed already");
    assert_failed(&graded, "baseline", "(called at baseline.c:");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_crash_names_the_line)
{
    hostile_baseline("", "*(volatile int *)8 = batch == NULL;");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "rank 0 crashed (Segmentation fault)");
    assert_failed(&graded, "baseline", ", at baseline.c:");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_full_stack_is_suspected)
{
    hostile_baseline("", "volatile char large[1ul << 30];\n"
                         "    for (size_t i = 0; i < sizeof large; i += 4096)\n"
                         "        large[i] = batch != NULL;");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "is its stack full");
    graded_clear(&graded);
}
END_TEST
#endif

START_TEST(what_was_never_filled_is_not_a_number)
{
    hostile_baseline("", "tensor_free(batch_inputs(batch, 0));");
    change_file("baseline.c", "stage_forward(model, 0, batch_inputs(batch, 0))",
                "stage_forward(model, 0, stage_input_new(model))");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "a tensor holds NaN until it is filled");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_scale_of_its_own_is_told)
{
    change_file("baseline.c", "batch_loss_backward(batch, 0, 1.0f)",
                "batch_loss_backward(batch, 0, 0.25f)");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "right but for a factor (stage 0: 0.25)");
    graded_clear(&graded);
}
END_TEST

START_TEST(finalizing_early_is_named)
{
    hostile_baseline("", "MPI_Finalize();");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "rank 0 called MPI_Finalize at baseline.c:");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_failing_call_on_any_communicator_is_named)
{
    hostile_baseline("", "mpi_check(MPI_Send(&(int){1}, 1, MPI_INT, 3, 0, MPI_COMM_SELF));");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "MPI_ERR_RANK");
    graded_clear(&graded);
}
END_TEST

/* Any MPI call is fine if the result is right: one-sided ones, too. (With a single rank Open MPI
 * itself has no windows.) */
START_TEST(windows_are_there)
{
    static const char first[] = "    stage_zero_gradients(pipeline->stage);\n";
    g_autofree char *code = g_strconcat(
        "    float room[4] = {0}, one = 1;\n    MPI_Win window;\n"
        "    if (pipeline->ranks > 1) {\n"
        "        mpi_check(MPI_Win_create(room, sizeof room, sizeof *room, MPI_INFO_NULL, "
        "pipeline->comm, &window));\n"
        "        mpi_check(MPI_Win_fence(0, window));\n"
        "        mpi_check(MPI_Put(&one, 1, MPI_FLOAT, (pipeline->rank + 1) % pipeline->ranks, 2, "
        "1, MPI_FLOAT, window));\n"
        "        mpi_check(MPI_Win_fence(0, window));\n"
        "        mpi_check(MPI_Win_free(&window));\n"
        "        if (room[2] != 1) todo(\"no window\", pipeline);\n    }\n",
        first, NULL);
    change_file("train_step_naive.c", first, code);
    struct graded graded = grade_own("train_step_naive");
    assert_passed(&graded, "train_step_naive");
    graded_clear(&graded);
}
END_TEST

START_TEST(exit_before_the_begin_is_no_refusal)
{
    hostile_baseline("#include <unistd.h>\n"
                     "__attribute__((constructor)) static void quit(void)\n{\n    _exit(2);\n}\n",
                     "");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "ended with exit status 2 and said nothing");
    graded_clear(&graded);
}
END_TEST

/* It goes well as long as nobody sends more. */
START_TEST(room_that_is_not_there_is_found)
{
    change_file("pipeline_communicate.c", "MPI_Irecv(tensor->data, tensor->count,",
                "MPI_Irecv(tensor->data, tensor->count * 4,");
    struct graded graded = grade_own("pipeline_communicate");
    assert_failed(&graded, "pipeline_communicate", "room for 768 bytes where its tensor has 192");
    graded_clear(&graded);
}
END_TEST

START_TEST(answers_in_another_encoding_are_told_where)
{
    write_file("answers.md", "# Answers\n\n## Q3\n\nl'id\xe9"
                             "e\n\nAnswer: (4, 64)\n");
    struct graded graded = grade_own("q3_shape");
    assert_failed(&graded, "q3_shape", "answers.md is not UTF-8 text from line 5 on");
    graded_clear(&graded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("late night");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_todo_is_named_alike_on_both_machines);
    tcase_add_test(tests, data_is_judged_before_there_is_a_step);
#ifndef __SANITIZE_ADDRESS__ /* which ends such programs itself, and says why at length */
    tcase_add_test(tests, freeing_twice_names_the_line);
    tcase_add_test(tests, a_crash_names_the_line);
    tcase_add_test(tests, a_full_stack_is_suspected);
#endif
    tcase_add_test(tests, what_was_never_filled_is_not_a_number);
    tcase_add_test(tests, a_scale_of_its_own_is_told);
    tcase_add_test(tests, finalizing_early_is_named);
    tcase_add_test(tests, windows_are_there);
    tcase_add_test(tests, a_failing_call_on_any_communicator_is_named);
    tcase_add_test(tests, exit_before_the_begin_is_no_refusal);
    tcase_add_test(tests, room_that_is_not_there_is_found);
    tcase_add_test(tests, answers_in_another_encoding_are_told_where);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
