/*
 * Submissions of the pipeline from end to end: evidence of training that is damaged, and what a
 * tired student writes. Files that don't go together: test_grading_files.c.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void setup(void)
{
    grading_begin("pipeline");
}

/* The solved baseline with something before its function, and as its first statements. */
static void change_baseline(const char *before, const char *code)
{
    static const char include[] = "#include \"assignments/pipeline/pipeline.h\"\n";
    static const char first[] = "    stage_zero_gradients(model);\n";
    g_autofree char *all = g_strconcat(include, before, NULL);
    g_autofree char *statements = g_strconcat("    ", code, "\n", first, NULL);
    grading_change("baseline.c", include, all);
    grading_change("baseline.c", first, statements);
}

static void begin_step_with(const char *code)
{
    static const char head[] = "void train_step_afab(struct pipeline *pipeline)\n{\n";
    g_autofree char *changed = g_strconcat(head, code, NULL);
    grading_change("train_step_afab.c", head, changed);
}

/* The check "baseline" must fail with these words. */
static void baseline_fails(const char *words, const char *more)
{
    struct graded graded = grading_run("baseline");
    graded_fails(&graded, "baseline", words);
    graded_fails(&graded, "baseline", more);
    graded_clear(&graded);
}

/* ---- evidence of training ------------------------------------------------------------------------------ */

START_TEST(not_a_number_is_named)
{
    grading_change("baseline.c",
                   "    stage_backward(model, 0, batch_loss_backward(batch, 0, 1.0f));\n",
                   "    struct tensor *dy = batch_loss_backward(batch, 0, 1.0f);\n"
                   "    tensor_floats(dy)[0] = 0.0f / 0.0f;\n"
                   "    stage_backward(model, 0, dy);\n");
    baseline_fails("NaN", "");
}
END_TEST

START_TEST(parameters_that_are_no_numbers_are_named)
{
    begin_step_with("    tensor_floats(stage_parameters(pipeline->stage))[3] = 0.0f / 0.0f;\n");
    struct graded graded = grading_run("train_step_afab");
    graded_fails(&graded, "train_step_afab", "NaN");
    graded_clear(&graded);
}
END_TEST

/* What is done to the tensors behind step 0, when the program ends. */
static const char *const damages[] = {
    "unlink(tensors);",
    "truncate(tensors, 3000);",
    "int f = open(tensors, O_WRONLY);"
    " if (write(f, \"\\377\\377\\377\\377\\377\\377\\377\\177\", 8) != 8) abort();",
    "int f = open(tensors, O_WRONLY); lseek(f, 8, SEEK_SET);"
    " if (write(f, \"{\\\"a\\\":{\\\"a\\\":{\\\"a\\\":[[[[[[[[\", 24) != 24) abort();",
};

START_TEST(damaged_tensors_are_no_pass)
{
    g_autofree char *before = g_strdup_printf(
        "#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
        "#include <unistd.h>\n#pragma GCC diagnostic ignored \"-Wunused-result\"\n"
        "__attribute__((destructor)) static void spoil(void)\n{\n"
        "    static char line[4096];\n    char tensors[1024] = \"\";\n"
        "    FILE *file = fopen(\"/proc/self/cmdline\", \"r\");\n"
        "    size_t length = file ? fread(line, 1, sizeof line - 1, file) : 0;\n"
        "    for (size_t i = 0; i < length; i += strlen(line + i) + 1)\n"
        "        if (strcmp(line + i, \"--evidence\") == 0)\n"
        "            snprintf(tensors, sizeof tensors, "
        "\"%%s/rank-0.stage-0.after-0.safetensors\",\n"
        "                     line + i + strlen(line + i) + 1);\n    %s\n}\n",
        damages[_i]);
    grading_allow_all_calls();
    change_baseline(before, "");
    baseline_fails("tensors", "");
}
END_TEST

/* ---- late at night ----------------------------------------------------------------------------------- */

/* The data is opened before the first step: a step that is still a TODO does not stand in the way. */
START_TEST(data_is_judged_before_there_is_a_step)
{
    grading_write("train_step_naive.c", "#include \"assignments/pipeline/pipeline.h\"\n"
                                        "void train_step_naive(struct pipeline *pipeline)\n"
                                        "{\n    todo(\"take one training step\", pipeline);\n}\n");
    struct graded graded = grading_run("open_data,train_step_naive");
    graded_passes(&graded, "open_data", "");
    graded_fails(&graded, "train_step_naive", "train_step_naive.c:4 is still to be written");
    graded_clear(&graded);
    grading_write("open_data.c", "#include \"assignments/pipeline/pipeline.h\"\n"
                                 "void open_data(struct pipeline *pipeline)\n"
                                 "{\n    batch_open_labels(pipeline->batch);\n}\n");
    graded = grading_run("open_data");
    graded_fails(&graded, "open_data", "rank 0, the first stage, did not open the inputs");
    graded_clear(&graded);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which ends such programs itself */
/* A line that crashes; the program's functions that called it are not named. */
static void assert_crash_is_located(const char *check, const char *file, const char *before,
                                    const char *where)
{
    g_autofree char *after = g_strconcat(
        "    volatile int *volatile nowhere = NULL;\n    *nowhere = 1;\n", before, NULL);
    grading_change(file, before, after);
    struct graded graded = grading_run(check);
    graded_fails(&graded, check, " crashed (Segmentation fault) ");
    graded_fails(&graded, check, where);
    ck_assert_ptr_null(strstr(graded.printed, ", called at "));
    graded_clear(&graded);
}

START_TEST(crash_is_located_where_all_ranks_crash)
{
    grading_change("distribute_layers.c", "#include \"assignments",
                   "#include <stddef.h>\n#include \"assignments");
    assert_crash_is_located(
        "open_data", "distribute_layers.c", "    int next = 0;\n",
        "before any computation, at distribute_layers.c:17 (distribute_layers)");
}
END_TEST

START_TEST(crash_is_located_behind_the_step)
{
    assert_crash_is_located("compare_with_baseline", "compare_with_baseline.c",
                            "    bool agree = true;\n",
                            ", at compare_with_baseline.c:30 (compare_with_baseline)");
}
END_TEST
#endif

static void use_one_check(const char *judge)
{
    g_autofree char *tiers = g_strdup_printf(
        "( { name = \"T\"; points = 1.0; checks = (\n"
        "{ name = \"check\"; title = \"c\"; points = 1.0; judge = \"%s\"; runs = ( { ranks = 2; "
        "seconds = 3.0; arguments = \"--schedule afab --data synthetic --model mlp:depth=2,width=8 "
        "--batch 2 --micro-batches 2 --steps 3\"; } ); } ) } );\n",
        judge);
    grading_use_rubric(tiers);
}

START_TEST(luck_is_a_remark)
{
    use_one_check("order");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "check", "");
    ck_assert_ptr_null(strstr(graded.printed, "remark"));
    graded_clear(&graded);
    begin_step_with("    static float x[8], y[8];\n"
                    "    MPI_Send(x, 8, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm);\n"
                    "    MPI_Recv(y, 8, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm, "
                    "MPI_STATUS_IGNORE);\n");
    graded = grading_run(NULL);
    graded_passes(&graded, "check", "messages of 32 bytes or more");
    grading_assert_says(graded.printed, "check: a remark that costs no points");
    g_autofree char *path = g_build_filename(grading_out, "report.md", NULL);
    g_autofree char *report = grading_read(path);
    grading_assert_says(report, "works only by luck");
    graded_clear(&graded);
}
END_TEST

/* Opening the data is right although the run hangs behind it; it would hang without luck, too. */
START_TEST(what_hangs_has_no_luck)
{
    use_one_check("data");
    begin_step_with("    float x;\n"
                    "    MPI_Recv(&x, 1, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm, "
                    "MPI_STATUS_IGNORE);\n");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "check", "");
    ck_assert_ptr_null(strstr(graded.printed, "remark"));
    graded_clear(&graded);
}
END_TEST

START_TEST(what_was_never_filled_is_not_a_number)
{
    change_baseline("", "tensor_free(batch_inputs(batch, 0));");
    grading_change("baseline.c", "stage_forward(model, 0, batch_inputs(batch, 0))",
                   "stage_forward(model, 0, stage_input_new(model))");
    baseline_fails("a tensor holds NaN until it is filled", "");
}
END_TEST

START_TEST(a_scale_of_its_own_is_told)
{
    grading_change("baseline.c", "batch_loss_backward(batch, 0, 1.0f)",
                   "batch_loss_backward(batch, 0, 0.25f)");
    baseline_fails("batch_loss_backward was given a scale of 0.25; 1/m is 1",
                   "loss scaled by another number than 1/m");
}
END_TEST

START_TEST(finalizing_early_is_named)
{
    change_baseline("", "MPI_Finalize();");
    baseline_fails("rank 0 called MPI_Finalize at baseline.c:", "");
}
END_TEST

/* It goes well as long as nobody sends more. */
START_TEST(room_that_is_not_there_is_found)
{
    grading_change("pipeline_communicate.c", "MPI_Irecv(tensor->data, tensor->count,",
                   "MPI_Irecv(tensor->data, tensor->count * 4,");
    struct graded graded = grading_run("pipeline_communicate");
    graded_fails(&graded, "pipeline_communicate", "room for 768 bytes where its tensor has 192");
    graded_clear(&graded);
}
END_TEST

START_TEST(answers_in_another_encoding_are_told_where)
{
    grading_write("answers.md", "# Answers\n\n## Q3\n\nl'id\xe9"
                                "e\n\nAnswer: (4, 64)\n");
    struct graded graded = grading_run("q3_shape");
    graded_fails(&graded, "q3_shape", "answers.md is not UTF-8 text from line 5 on");
    graded_clear(&graded);
}
END_TEST

/* ---- pictures --------------------------------------------------------------------------------------------- */

/* The pictures are in the HTML: of the files that do not all fit, the copies of pictures go first. */
START_TEST(output_folder_that_fills_up_loses_pictures_first)
{
    static const char *const names[] = {"results.json", "report.md", "report.html"};
    ck_assert_int_eq(g_mkdir(grading_out, 0755), 0);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return;
    struct graded graded = grading_run("afab_parallel");
    gsize all = 0;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(grading_out, names[i], NULL);
        g_autofree char *text = grading_read(path);
        all += (strlen(text) + 4095) / 4096 * 4096;
    }
    graded_clear(&graded);
    g_autofree char *size = g_strdup_printf("size=%zu", (size_t)all + 8192);
    ck_assert_int_eq(mount("tmpfs", grading_out, "tmpfs", 0, size), 0);
    graded = grading_run("afab_parallel");
    grading_assert_says(graded.printed, "report.html is complete");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(grading_out, names[i], NULL);
        g_autofree char *text = grading_read(path);
        ck_assert(i < 2 || strstr(text, "data:image/svg+xml"));
    }
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("grading the pipeline");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, not_a_number_is_named);
    tcase_add_test(tests, parameters_that_are_no_numbers_are_named);
    tcase_add_loop_test(tests, damaged_tensors_are_no_pass, 0, G_N_ELEMENTS(damages));
    tcase_add_test(tests, data_is_judged_before_there_is_a_step);
#ifndef __SANITIZE_ADDRESS__
    tcase_add_test(tests, crash_is_located_where_all_ranks_crash);
    tcase_add_test(tests, crash_is_located_behind_the_step);
#endif
    tcase_add_test(tests, luck_is_a_remark);
    tcase_add_test(tests, what_hangs_has_no_luck);
    tcase_add_test(tests, what_was_never_filled_is_not_a_number);
    tcase_add_test(tests, a_scale_of_its_own_is_told);
    tcase_add_test(tests, finalizing_early_is_named);
    tcase_add_test(tests, room_that_is_not_there_is_found);
    tcase_add_test(tests, answers_in_another_encoding_are_told_where);
    tcase_add_test(tests, output_folder_that_fills_up_loses_pictures_first);
    suite_add_tcase(suite, tests);
    return suite;
}
