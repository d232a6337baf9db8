/*
 * The grader against submissions that misbehave, through build/grade as a person would call it:
 * each must get the right verdict and a message that helps, and leave nothing behind.
 *
 * Most of them put hostile code into the solved baseline.c, whose check runs one rank twice.
 */
#include "grader/sandbox.h"
#include "grader/tests/hostile.h"

/* ---- files ----------------------------------------------------------------------------- */

START_TEST(untouched_skeleton_gets_nothing_and_is_told_where_to_begin)
{
    struct graded graded = grade("skeleton", NULL);
    ck_assert_int_eq(graded.status, 0);
    ck_assert_double_eq(json_number_value(json_object_get(graded.results, "score")), 0);
    assert_says(json_string_value(json_object_get(graded.results, "output")),
                "Begin with `check_arguments.c`");
    assert_says(graded.printed, "Begin with `check_arguments.c`");
    assert_failed(&graded, "check_arguments", "is still to be written");
    graded_clear(&graded);
}
END_TEST

START_TEST(syntax_error_costs_only_what_needs_the_file)
{
    write_file("train_step_naive.c", "void train_step_naive(int x)\n{\n    x = ;\n}\n");
    struct graded graded = grade_own("train_step_naive,baseline,no_luck");
    assert_failed(&graded, "train_step_naive", "does not compile");
    assert_failed(&graded, "train_step_naive",
                  "train_step_naive.c:3:9: error: expected expression");
    assert_failed(&graded, "no_luck", "train_step_naive.c does not compile");
    assert_passed(&graded, "baseline");
    graded_clear(&graded);
}
END_TEST

START_TEST(missing_file_is_named)
{
    ck_assert_int_eq(g_unlink(file_path("baseline.c")), 0);
    struct graded graded = grade_own("baseline,distribute_layers");
    assert_failed(&graded, "baseline", "baseline.c is missing");
    assert_passed(&graded, "distribute_layers");
    graded_clear(&graded);
}
END_TEST

START_TEST(extra_files_are_left_alone)
{
    write_file("helper.c", "#error this must not be compiled\n");
    write_file("pipeline.h", "#error this must not be included\n");
    ck_assert_int_eq(g_mkdir(file_path("common"), 0755), 0);
    struct graded graded = grade_own("baseline");
    assert_passed(&graded, "baseline");
    assert_says(json_string_value(json_object_get(graded.results, "output")), "Ignored");
    assert_says(json_string_value(json_object_get(graded.results, "output")), "`helper.c`");
    graded_clear(&graded);
}
END_TEST

START_TEST(symbolic_link_is_not_followed)
{
    g_autofree char *top = g_get_current_dir();
    g_autofree char *target = g_build_filename(top, "solutions/pipeline/baseline.c", NULL);
    ck_assert_int_eq(g_unlink(file_path("baseline.c")), 0);
    ck_assert_int_eq(symlink(target, file_path("baseline.c")), 0);
    struct graded graded = grade_own("baseline,distribute_layers");
    assert_failed(&graded, "baseline", "symbolic link");
    assert_passed(&graded, "distribute_layers");
    graded_clear(&graded);
}
END_TEST

/* What can be reached is a matter of name spaces: where they are refused, limits are all there is,
 * and the report says so. */
#define NEEDS_ISOLATION                                                                            \
    if (!sandbox_isolates(NULL))                                                                   \
    return

START_TEST(solutions_can_not_be_included)
{
    NEEDS_ISOLATION;
    g_autofree char *top = g_get_current_dir();
    g_autofree char *text =
        g_strdup_printf("#if __has_include(\"%s/solutions/pipeline/baseline.c\")\n"
                        "#include \"%s/solutions/pipeline/baseline.c\"\n"
                        "#else\n"
                        "#include \"../solutions/pipeline/baseline.c\"\n"
                        "#endif\n",
                        top, top);
    write_file("baseline.c", text);
    struct graded graded = grade_own("baseline,distribute_layers");
    assert_failed(&graded, "baseline",
                  "fatal error: ../solutions/pipeline/baseline.c: No such file");
    assert_passed(&graded, "distribute_layers");
    graded_clear(&graded);
}
END_TEST

START_TEST(device_can_not_be_included)
{
    write_file("baseline.c", "#include \"/dev/zero\"\n");
    struct graded graded = grade_own("baseline,distribute_layers");
    assert_failed(&graded, "baseline", "Does the file include a device");
    assert_passed(&graded, "distribute_layers");
    graded_clear(&graded);
}
END_TEST

/* ---- what runs too long, or takes too much -------------------------------------------- */

START_TEST(endless_loop_is_stopped)
{
    hostile_baseline("", "for (volatile unsigned i = 0;; i = i + 1)\n        continue;");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "took too long");
    graded_clear(&graded);
}
END_TEST

START_TEST(endless_output_is_stopped)
{
    hostile_baseline("#include <stdio.h>\n", "for (;;)\n        puts(\"and on and on\");");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "wrote too much");
    graded_clear(&graded);
}
END_TEST

START_TEST(fork_bomb_is_stopped)
{
    hostile_baseline("#include <unistd.h>\n",
                     "for (;;)\n        if (fork() < 0)\n            usleep(1000);");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "processes");
    graded_clear(&graded);
}
END_TEST

START_TEST(endless_allocation_is_stopped)
{
    hostile_baseline(
        "#include <stdlib.h>\n#include <string.h>\n",
        "for (;;) {\n        void *more = malloc(1 << 24);\n        if (more != NULL)\n"
        "            memset(more, 1, 1 << 24);\n    }");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "too much memory");
    graded_clear(&graded);
}
END_TEST

/* Left behind on purpose: in a session of its own, its parent gone, deaf to polite signals. */
START_TEST(what_goes_into_the_background_is_ended)
{
    hostile_baseline("#include <signal.h>\n#include <unistd.h>\n",
                     "if (fork() == 0) {\n        setsid();\n        signal(SIGTERM, SIG_IGN);\n"
                     "        signal(SIGHUP, SIG_IGN);\n        for (int i = 0; i < 64; i++)\n"
                     "            close(i);\n        if (fork() == 0)\n"
                     "            for (;;)\n                pause();\n        _exit(0);\n    }");
    struct graded graded = grade_own("baseline");
    assert_passed(&graded, "baseline");
    graded_clear(&graded);
}
END_TEST

/* ---- ends before the end ---------------------------------------------------------------- */

START_TEST(crash_on_one_rank_is_named)
{
    change_file("train_step_naive.c", "#include \"assignments/pipeline/pipeline.h\"\n",
                "#include \"assignments/pipeline/pipeline.h\"\n\n#include <stdlib.h>\n");
    change_file("train_step_naive.c", "    stage_zero_gradients(pipeline->stage);\n",
                "    if (pipeline->rank == 1)\n        abort();\n");
    struct graded graded = grade_own("train_step_naive");
    assert_failed(&graded, "train_step_naive", "rank 1 crashed (Aborted)");
    graded_clear(&graded);
}
END_TEST

START_TEST(early_exit_is_no_pass)
{
    hostile_baseline("#include <stdlib.h>\n", "exit(0);");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "rank 0");
    assert_failed(&graded, "baseline", "exit");
    graded_clear(&graded);
}
END_TEST

START_TEST(early_exit_of_one_rank_is_no_pass)
{
    change_file("train_step_naive.c", "#include \"assignments/pipeline/pipeline.h\"\n",
                "#include \"assignments/pipeline/pipeline.h\"\n\n#include <unistd.h>\n");
    change_file("train_step_naive.c", "    optimizer_step(pipeline->optimizer);\n",
                "    if (pipeline->rank == 0)\n        _exit(0);\n");
    struct graded graded = grade_own("train_step_naive");
    assert_failed(&graded, "train_step_naive", "rank 0");
    graded_clear(&graded);
}
END_TEST

START_TEST(exit_from_a_constructor_is_no_pass)
{
    hostile_baseline("#include <stdlib.h>\n__attribute__((constructor)) static void leave(void)\n"
                     "{\n    _Exit(0);\n}\n",
                     "");
    struct graded graded = grade_own("baseline,distribute_layers");
    assert_failed(&graded, "baseline", "came to its end");
    assert_failed(&graded, "distribute_layers", "came to its end");
    graded_clear(&graded);
}
END_TEST

START_TEST(printed_score_is_not_believed)
{
    write_file(
        "baseline.c",
        "#include \"assignments/pipeline/pipeline.h\"\n#include <stdio.h>\n"
        "void baseline_forward_backward(struct stage *model, struct batch *batch)\n{\n"
        "    (void)model, (void)batch;\n"
        "    FILE *file = fopen(\"/evidence/results.json\", \"w\");\n"
        "    const char *text = \"{\\\"score\\\": 100, \\\"verdict\\\": {\\\"kind\\\": 0}}\\n\";\n"
        "    printf(\"%sPASS 0.10 of 0.10 baseline\\nscore: 100%%\\n\", text);\n"
        "    if (file) {\n        fputs(text, file);\n        fclose(file);\n    }\n}\n");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "");
    ck_assert_double_eq(json_number_value(json_object_get(graded.results, "score")), 0);
    graded_clear(&graded);
}
END_TEST

/* ---- reaching out ------------------------------------------------------------------------ */

/* A file of its own in every folder that it can think of; what it could make, it prints. */
START_TEST(nothing_is_written_outside_of_the_evidence)
{
    NEEDS_ISOLATION;
    g_autofree char *top = g_get_current_dir();
    g_autofree char *mark = g_strdup_printf("hostile-mark-%d", getpid());
    g_autofree char *code = g_strdup_printf(
        "static const char *const folder[] = {\"/\", \"/etc\", \"/usr\", \"/usr/lib\", \"/kit\", "
        "\"/kit/lib\","
        " \"/program\", \"..\", \"../..\", \".\", \"%s\", \"%s\", \"/var/tmp\", \"/tmp/..\", "
        "\"/sys\"};\n"
        "    for (int i = 0; i < (int)(sizeof folder / sizeof folder[0]); i++) {\n"
        "        char path[4096];\n        snprintf(path, sizeof path, \"%%s/%s\", folder[i]);\n"
        "        FILE *file = fopen(path, \"w\");\n        if (file)\n            fclose(file);\n"
        "        rename(\"/program/program\", path);\n        unlink(\"/program/program\");\n    "
        "}\n",
        top, submission, mark);
    hostile_baseline("#include <stdio.h>\n#include <unistd.h>\n", code);
    struct graded graded = grade_own("baseline");
    assert_passed(&graded, "baseline");
    const char *const places[] = {"/",    "/etc",     "/usr", "/usr/lib",
                                  "/tmp", "/var/tmp", top,    submission};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(places[i], mark, NULL);
        ck_assert_msg(!g_file_test(path, G_FILE_TEST_EXISTS), "%s was written", path);
    }
    graded_clear(&graded);
}
END_TEST

START_TEST(solutions_and_grader_can_not_be_read)
{
    NEEDS_ISOLATION;
    g_autofree char *top = g_get_current_dir();
    g_autofree char *code = g_strdup_printf(
        "if (access(\"%s/solutions\", F_OK) == 0 || access(\"../solutions\", F_OK) == 0 ||\n"
        "        access(\"%s/grader\", F_OK) == 0 || access(\"%s\", F_OK) == 0)\n        abort();",
        top, top, submission);
    hostile_baseline("#include <stdlib.h>\n#include <unistd.h>\n", code);
    struct graded graded = grade_own("baseline");
    assert_passed(&graded, "baseline");
    graded_clear(&graded);
}
END_TEST

/* ---- evidence ---------------------------------------------------------------------------- */

START_TEST(not_a_number_is_named)
{
    change_file("baseline.c",
                "    stage_backward(model, 0, batch_loss_backward(batch, 0, 1.0f));\n",
                "    struct tensor *dy = batch_loss_backward(batch, 0, 1.0f);\n"
                "    tensor_floats(dy)[0] = 0.0f / 0.0f;\n"
                "    stage_backward(model, 0, dy);\n");
    struct graded graded = grade_own("baseline");
    assert_failed(&graded, "baseline", "NaN");
    graded_clear(&graded);
}
END_TEST

static const struct damage {
    const char *name;
    const char *code;    /* path: of rank 0's log; tensors: of its tensors after step 0 */
    const char *message; /* what the report says */
} damages[] = {
    {"log missing", "unlink(path);", "rank 0"},
    {"log cut in half", "truncate(path, size / 2);", "rank 0"},
    {"log cut to one byte", "truncate(path, 1);", "rank 0"},
    {"log empty", "truncate(path, 0);", "rank 0"},
    {"log overwritten in the middle",
     "int f = open(path, O_WRONLY); lseek(f, size / 2, SEEK_SET);"
     " for (int i = 0; i < 400; i++) if (write(f, \"garbage\", 7) != 7) break; close(f);",
     "rank 0"},
    {"log of another run",
     "int f = open(path, O_WRONLY); lseek(f, 8, SEEK_SET);"
     " if (write(f, \"12345678901234567890123456789012\", 32) != 32) abort();",
     "rank 0"},
    {"log is a link to a device", "unlink(path); if (symlink(\"/dev/zero\", path)) abort();",
     "rank 0"},
    {"log is a pipe", "unlink(path); if (mkfifo(path, 0644)) abort();", "rank 0"},
    {"log is a folder", "unlink(path); if (mkdir(path, 0755)) abort();", "rank 0"},
    {"log can't be read", "chmod(path, 0);", NULL},
    {"tensors missing", "unlink(tensors);", "tensors"},
    {"tensors cut in half", "truncate(tensors, 3000);", "tensors"},
    {"tensors with a huge header",
     "int f = open(tensors, O_WRONLY);"
     " if (write(f, \"\\377\\377\\377\\377\\377\\377\\377\\177\", 8) != 8) abort();",
     "tensors"},
    {"tensors with a broken header",
     "int f = open(tensors, O_WRONLY); lseek(f, 8, SEEK_SET);"
     " if (write(f, \"{\\\"a\\\":{\\\"a\\\":{\\\"a\\\":[[[[[[[[\", 24) != 24) abort();",
     "tensors"},
};

START_TEST(damaged_evidence_is_no_pass)
{
    const struct damage *damage = &damages[_i];
    g_autofree char *before = g_strdup_printf(
        "#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
        "#include <sys/stat.h>\n#include <unistd.h>\n"
        "#pragma GCC diagnostic ignored \"-Wunused-result\"\n"
        "__attribute__((destructor)) static void spoil(void)\n{\n"
        "    static char line[4096];\n    char path[1024], tensors[1024];\n    struct stat "
        "status;\n"
        "    FILE *file = fopen(\"/proc/self/cmdline\", \"r\");\n"
        "    size_t length = file ? fread(line, 1, sizeof line - 1, file) : 0;\n"
        "    const char *folder = \"\";\n"
        "    for (size_t i = 0; i < length; i += strlen(line + i) + 1)\n"
        "        if (strcmp(line + i, \"--evidence\") == 0)\n"
        "            folder = line + i + strlen(line + i) + 1;\n"
        "    snprintf(path, sizeof path, \"%%s/rank-0.log\", folder);\n"
        "    snprintf(tensors, sizeof tensors, \"%%s/stage-0.after-0.safetensors\", folder);\n"
        "    long size = stat(path, &status) == 0 ? (long)status.st_size : 0;\n"
        "    if (size == 0)\n        _Exit(77);\n    %s\n}\n",
        damage->code);
    hostile_baseline(before, "");
    struct graded graded = grade_own("baseline");
    if (damage->message)
        assert_failed(&graded, "baseline", damage->message);
    else
        assert_passed(&graded, "baseline"); /* it is the grader's now */
    graded_clear(&graded);
}
END_TEST

/* ---- the machine --------------------------------------------------------------------------- */

START_TEST(more_ranks_than_cores_are_no_trouble)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    ck_assert_int_eq(sched_getaffinity(0, sizeof one, &one), 0);
    for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &one) && kept++ > 0)
            CPU_CLR(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    struct graded graded = grade_own("pipeline_communicate,train_step_naive");
    assert_passed(&graded, "pipeline_communicate");
    assert_passed(&graded, "train_step_naive");
    graded_clear(&graded);
}
END_TEST

START_TEST(missing_data_set_is_not_the_students_fault)
{
    g_autofree char *empty = g_build_filename(folder, "empty", NULL);
    ck_assert_int_eq(g_mkdir(empty, 0755), 0);
    g_setenv("FASHION_MNIST_DIR", empty, TRUE);
    struct graded graded = grade_own("loss_goes_down,baseline");
    assert_not_judged(&graded, "loss_goes_down", empty);
    assert_not_judged(&graded, "loss_goes_down", "not the submission's fault");
    assert_passed(&graded, "baseline");
    graded_clear(&graded);
}
END_TEST

/* A file system of its own for the reports, seen by this process and its children only. */
static bool mount_small(const char *where, const char *options)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", where, "tmpfs", 0, options) == 0;
}

START_TEST(full_output_folder_is_said_at_once)
{
    ck_assert_int_eq(g_mkdir(out, 0755), 0);
    if (!mount_small(out, "size=8k"))
        return;
    g_autofree char *filler = g_build_filename(out, "filler", NULL);
    static const char zeros[65536];
    int file = open(filler, O_WRONLY | O_CREAT, 0644);
    while (write(file, zeros, sizeof zeros) > 0)
        continue;
    close(file);
    struct graded graded = grade_own("distribute_layers");
    ck_assert_int_eq(graded.status, 1);
    assert_says(graded.printed, out);
    assert_says(graded.printed, "can't be written to");
    assert_says(graded.printed, "No space left on device");
    graded_clear(&graded);
}
END_TEST

START_TEST(output_folder_that_fills_up_loses_no_word_on_the_terminal)
{
    ck_assert_int_eq(g_mkdir(out, 0755), 0);
    if (!mount_small(out, "size=8k"))
        return;
    struct graded graded = grade_own("distribute_layers,check_arguments");
    ck_assert_int_eq(graded.status, 1);
    assert_says(graded.printed, "No space left on device");
    assert_says(graded.printed, "the report on the terminal is complete");
    assert_says(graded.printed, "0.25 of 0.25");
    graded_clear(&graded);
}
END_TEST

/* The pictures are in the HTML: of the files that do not all fit, the copies of pictures go first. */
START_TEST(output_folder_that_fills_up_loses_pictures_first)
{
    ck_assert_int_eq(g_mkdir(out, 0755), 0);
    if (!mount_small(out, "size=1m"))
        return;
    struct graded graded = grade_own("afab_parallel");
    gsize all = 0;
    static const char *const names[] = {"results.json", "report.md", "report.html"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(out, names[i], NULL), *text = NULL;
        gsize length = 0;
        ck_assert_msg(g_file_get_contents(path, &text, &length, NULL), "%s", names[i]);
        all += (length + 4095) / 4096 * 4096;
    }
    graded_clear(&graded);
    ck_assert_int_eq(umount(out), 0);
    g_autofree char *size = g_strdup_printf("size=%zu", (size_t)all + 8192);
    ck_assert_int_eq(mount("tmpfs", out, "tmpfs", 0, size), 0);
    graded = grade_own("afab_parallel");
    ck_assert_int_eq(graded.status, 0);
    assert_says(graded.printed, "report.html is complete");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(out, names[i], NULL), *text = NULL;
        ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", names[i]);
        ck_assert(i < 2 || strstr(text, "data:image/svg+xml"));
    }
    graded_clear(&graded);
}
END_TEST

START_TEST(read_only_output_folder_is_said_at_once)
{
    ck_assert_int_eq(g_mkdir(out, 0755), 0);
    if (!mount_small(out, "ro,size=64k"))
        return;
    struct graded graded = grade_own("distribute_layers");
    ck_assert_int_eq(graded.status, 1);
    assert_says(graded.printed, "Read-only file system");
    graded_clear(&graded);
}
END_TEST

START_TEST(output_folder_that_is_a_file_is_said_at_once)
{
    ck_assert(g_file_set_contents(out, "a file", -1, NULL));
    struct graded graded = grade_own("distribute_layers");
    ck_assert_int_eq(graded.status, 1);
    assert_says(graded.printed, out);
    graded_clear(&graded);
}
END_TEST

START_TEST(wrong_use_is_explained)
{
    struct graded graded = grade_own("no_such_check");
    ck_assert_int_eq(graded.status, 2);
    assert_says(graded.printed, "there is no check \"no_such_check\"");
    assert_says(graded.printed, "train_step_afab");
    graded_clear(&graded);
    graded = grade("/no/such/folder", NULL);
    ck_assert_int_eq(graded.status, 1);
    assert_says(graded.printed, "/no/such/folder");
    graded_clear(&graded);
}
END_TEST

int main(void)
{
    const struct {
        const char *name;
        const TTest *tests[12];
    } cases[] = {
        {"files",
         {untouched_skeleton_gets_nothing_and_is_told_where_to_begin,
          syntax_error_costs_only_what_needs_the_file, missing_file_is_named,
          extra_files_are_left_alone, symbolic_link_is_not_followed, solutions_can_not_be_included,
          device_can_not_be_included}},
        {"too much",
         {endless_loop_is_stopped, endless_output_is_stopped, fork_bomb_is_stopped,
          endless_allocation_is_stopped, what_goes_into_the_background_is_ended}},
        {"early ends",
         {crash_on_one_rank_is_named, early_exit_is_no_pass, early_exit_of_one_rank_is_no_pass,
          exit_from_a_constructor_is_no_pass, printed_score_is_not_believed}},
        {"reaching out",
         {nothing_is_written_outside_of_the_evidence, solutions_and_grader_can_not_be_read}},
        {"machine",
         {more_ranks_than_cores_are_no_trouble, missing_data_set_is_not_the_students_fault,
          full_output_folder_is_said_at_once,
          output_folder_that_fills_up_loses_no_word_on_the_terminal,
          output_folder_that_fills_up_loses_pictures_first, read_only_output_folder_is_said_at_once,
          output_folder_that_is_a_file_is_said_at_once, wrong_use_is_explained}},
    };
    Suite *suite = suite_create("hostile submissions");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        TCase *tcase = tcase_create(cases[i].name);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 120);
        for (int k = 0; cases[i].tests[k]; k++)
            tcase_add_test(tcase, cases[i].tests[k]);
        suite_add_tcase(suite, tcase);
    }
    TCase *evidence = tcase_create("evidence");
    tcase_add_checked_fixture(evidence, setup, teardown);
    tcase_set_timeout(evidence, 120);
    tcase_add_test(evidence, not_a_number_is_named);
    tcase_add_loop_test(evidence, damaged_evidence_is_no_pass, 0, G_N_ELEMENTS(damages));
    suite_add_tcase(suite, evidence);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
