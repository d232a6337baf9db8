/*
 * Grading with data that are missing, damaged, hard to reach or changed meanwhile: what can be
 * read is judged, with name spaces and without, as root and as somebody; of the rest the grader says once
 * what is wrong, and takes no point.
 */
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A check by one small run: its options of data and model; `otherwise`: those where the data are not there. */
struct data_check {
    const char *name, *options, *otherwise;
};

#define MLP "--model mlp:depth=2,width=8"
static const struct data_check data_checks[] = {
    {"clothes", "--data fashion-mnist " MLP, NULL},
    {"photographs", "--data cifar10 " MLP, NULL},
    {"letters", "--data text:tokens=4 --model gpt:depth=2,width=8,heads=2", NULL},
    {"none", "--data synthetic " MLP, NULL},
};

static char *folder; /* that both variables of images name */

static void judge_by(const struct data_check *checks, int count)
{
    static const char run[] = "--schedule afab --batch 4 --micro-batches 2 --steps 2";
    g_autoptr(GString) tiers = g_string_new(NULL);
    g_string_printf(tiers, "( { name = \"T\"; points = %d.0; checks = (", count);
    for (int i = 0; i < count; i++) {
        g_string_append_printf(
            tiers,
            "%s{ name = \"%s\"; title = \"t\"; points = 1.0; judge = \"order\";\n"
            "runs = ( { ranks = 2; seconds = 8.0; arguments = \"%s %s\";",
            i > 0 ? ",\n" : "\n", checks[i].name, run, checks[i].options);
        if (checks[i].otherwise)
            g_string_append_printf(tiers, " otherwise = \"%s %s\";", run, checks[i].otherwise);
        g_string_append(tiers, " } ); }");
    }
    g_string_append(tiers, " ) } );\n");
    grading_use_rubric(tiers->str);
}

static void setup(void)
{
    grading_begin("pipeline");
    ck_assert_int_eq(chmod(grading_folder, 0755), 0);
    folder = g_build_filename(grading_folder, "data", NULL);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    dataset_files_write_fashion_mnist(folder, 20, 3);
    dataset_files_write_cifar10(folder, 4);
    g_setenv("FASHION_MNIST_DIR", folder, TRUE);
    g_setenv("CIFAR10_DIR", folder, TRUE);
    judge_by(data_checks, G_N_ELEMENTS(data_checks));
}

static void teardown(void)
{
    g_unsetenv("FASHION_MNIST_DIR");
    g_unsetenv("CIFAR10_DIR");
    g_unsetenv("TEXT_FILE");
    grading_end();
    g_free(folder);
}

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void all_pass(void)
{
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "clothes", "");
    graded_passes(&graded, "photographs", "");
    graded_passes(&graded, "letters", "");
    graded_passes(&graded, "none", "");
    graded_clear(&graded);
}

/* ---- what can be read ------------------------------------------------------------------------------- */

/* As they often lie: links in a folder, to files that only their owner may read, behind closed doors. */
static void hide(void)
{
    g_autofree char *closed = g_build_filename(grading_folder, "closed", NULL);
    g_autofree char *text = g_build_filename(closed, "text", NULL);
    g_autofree char *link = g_build_filename(grading_folder, "text", NULL);
    ck_assert_int_eq(rename(folder, closed), 0);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    g_autoptr(GDir) listing = g_dir_open(closed, 0, NULL);
    for (const char *name; (name = g_dir_read_name(listing));) {
        g_autofree char *own = g_build_filename(closed, name, NULL), *other = in_folder(name);
        ck_assert_int_eq(symlink(own, other), 0);
        ck_assert_int_eq(g_chmod(own, strstr(name, "labels") ? 0600 : 0644), 0);
    }
    ck_assert(g_file_set_contents(text, "a text that nobody else may read", -1, NULL));
    ck_assert_int_eq(g_chmod(text, 0600), 0);
    ck_assert_int_eq(symlink(text, link), 0);
    ck_assert_int_eq(g_chmod(closed, 0700), 0);
    g_setenv("TEXT_FILE", link, TRUE);
}

START_TEST(what_training_can_read_is_judged)
{
    if (_i == 1)
        g_setenv("GRADER_NO_NAMESPACES", "1", TRUE);
    hide();
    all_pass();
}
END_TEST

/* Nobody in particular, who owns the data and the submission; the kit is somebody else's. */
START_TEST(it_is_judged_for_somebody)
{
    const uid_t somebody = 64321;
    g_autofree char *program = g_build_filename(test_build_folder(), "grade", NULL);
    hide();
    g_autofree char *command = g_strdup_printf("chown -R %d '%s'", (int)somebody, grading_folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert(setresgid(somebody, somebody, somebody) == 0 &&
              setresuid(somebody, somebody, somebody) == 0);
    if (access(program, X_OK) != 0)
        return; /* a kit that lies behind closed doors itself */
    all_pass();
}
END_TEST

/* ---- what can't be used ------------------------------------------------------------------------------- */

/* The grader's note at the beginning, in one line. */
static char *note_of(const struct graded *graded)
{
    const char *note = strstr(graded->printed, "This machine could not do what grading needs");
    ck_assert_msg(note != NULL, TEST_LONG, graded->printed);
    g_auto(GStrv) lines = g_strsplit(note, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strstrip(*line);
    return g_strjoinv(" ", lines);
}

/* The grader ends in 1, says at the beginning what is wrong, and judges the rest. */
START_TEST(what_can_not_be_used_is_the_machines_fault)
{
    static const char labels[] = {0, 0, 8, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    g_autofree char *path = in_folder("train-labels-idx1-ubyte");
    g_autofree char *batch = in_folder("data_batch_3.bin"), *words = NULL;
    words = g_strdup_printf("DATA: %s: 9000 bytes, expected a whole number of records", batch);
    ck_assert(g_file_set_contents(path, labels, sizeof labels, NULL));
    ck_assert_int_eq(truncate(batch, 9000), 0);
    g_setenv("TEXT_FILE", "/no/such/text", TRUE); /* how many classes it has no rubric can say */
    struct graded graded = grading_try(NULL);
    ck_assert_int_eq(graded.status, 1);
    graded_passes(&graded, "none", "");
    graded_is_open(&graded, "clothes", "has 20 images, but");
    graded_is_open(&graded, "clothes", "not the submission's fault");
    graded_is_open(&graded, "photographs", words);
    graded_is_open(&graded, "letters", "DATA: /no/such/text: can't be opened");
    g_autofree char *note = note_of(&graded);
    grading_assert_says(note, "has 9 labels");
    grading_assert_says(note, "data_batch_3.bin: 9000 bytes");
    grading_assert_says(note, "/no/such/text");
    graded_clear(&graded);
}
END_TEST

/* ---- what is not installed -------------------------------------------------------------------------------- */

START_TEST(what_is_not_installed_is_not_judged_or_replaced)
{
    static const struct data_check checks[] = {
        {"needs_it", "--data cifar10 " MLP, NULL},
        {"has_other", "--data cifar10 " MLP, "--data synthetic " MLP}};
    char error[DATASET_ERROR_SIZE];
    g_unsetenv("CIFAR10_DIR");
    if (dataset_look("cifar10", error) != DATASET_ABSENT)
        return; /* this machine has it */
    judge_by(checks, G_N_ELEMENTS(checks));
    struct graded graded = grading_run(NULL);
    graded_is_open(&graded, "needs_it", "CIFAR-10 is not in");
    graded_passes(&graded, "has_other", "");
    grading_assert_says(graded.printed, "CIFAR-10 is not here");
    graded_clear(&graded);
}
END_TEST

/* ---- what changes meanwhile ---------------------------------------------------------------------------------- */

/* Without name spaces, and with data that everybody may write to, a program can do what somebody else
 * might: it makes a file shorter while it is used, and is killed for reading behind the end. */
START_TEST(data_that_change_take_no_point)
{
    g_autofree char *images = in_folder("train-images-idx3-ubyte"), *code = NULL;
    code = g_strdup_printf("#include <unistd.h>\n#include \"assignments/pipeline/pipeline.h\"\n"
                           "static void shorten(void)\n{\n"
                           "    if (truncate(\"%s\", 100) != 0) _exit(77);\n}\n",
                           images);
    grading_change("open_data.c", "#include \"assignments/pipeline/pipeline.h\"\n", code);
    grading_change("open_data.c", "batch_open_inputs(pipeline->batch);",
                   "batch_open_inputs(pipeline->batch), shorten();");
    grading_allow_all_calls();
    ck_assert_int_eq(g_chmod(images, 0666), 0);
    g_setenv("GRADER_NO_NAMESPACES", "1", TRUE);
    struct graded graded = grading_try("clothes");
    ck_assert_int_eq(graded.status, 1);
    graded_is_open(&graded, "clothes", "DATA: ");
    graded_is_open(&graded, "clothes",
                   "train-images-idx3-ubyte: changed while it was used (it has 100 bytes");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("grading with data, of the pipeline");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, what_training_can_read_is_judged, 0, 2);
    if (geteuid() == 0)
        tcase_add_test(tests, it_is_judged_for_somebody);
    tcase_add_test(tests, what_can_not_be_used_is_the_machines_fault);
    tcase_add_test(tests, what_is_not_installed_is_not_judged_or_replaced);
    tcase_add_test(tests, data_that_change_take_no_point);
    suite_add_tcase(suite, tests);
    return suite;
}
