/*
 * Tests of handing in: what is read, what is refused, what the archive and the
 * Markdown file hold. The truth about Markdown is cmark's, about archives tar's.
 */
#include "grader/text.h"
#include "handin/archive.h"
#include "handin/handin.h"
#include "handin/submission_file.h"

#include <check.h>
#include <cmark-gfm.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a submission of three files ------------------------------------------------------------ */

static char *folder;
static struct rubric rubric;
static GString *problems;

static const char answers_text[] = "# My answers\n\nHello.\n\n## Q1\n\nThe same seed.\n\n"
                                   "### A heading of my own\n\n```c\n# Q9 is no heading here\n```\n"
                                   "## How it works\n\nWell.\n";

static void write_file(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void add_file(const char *name, const char *question)
{
    const struct rubric_file file = {.name = g_strdup(name), .question = g_strdup(question)};
    g_array_append_val(rubric.files, file);
}

static void begin(void)
{
    folder = g_dir_make_tmp("test-handin-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    problems = g_string_new(NULL);
    rubric = (struct rubric){.assignment = "pipeline",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    add_file("distribute.c", "Q2");
    add_file("compare.c", "Q3, Q4");
    add_file("naive.c", NULL);
    add_file("answers.md", NULL);
    write_file("distribute.c", "int a; /* ``` and ```` */\n");
    write_file("compare.c", "int b;");
    write_file("naive.c", "int c;\n");
    write_file("answers.md", answers_text);
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) open = g_dir_open(path, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        if (g_unlink(inside) != 0)
            remove_folder(inside);
    }
    g_rmdir(path);
}

static void end(void)
{
    remove_folder(folder);
}

static struct handed_in *read_all(void)
{
    struct handed_in *handed_in = handed_in_read(folder, &rubric, problems);
    ck_assert_msg(handed_in != NULL, "%s", problems->str);
    return handed_in;
}

static void refuse_to_read(const char *why)
{
    ck_assert_ptr_null(handed_in_read(folder, &rubric, problems));
    ck_assert_msg(strstr(problems->str, why) != NULL, "expected \"%s\" in: %s", why, problems->str);
}

/* ---- reading -------------------------------------------------------------------------------- */

START_TEST(files_are_read)
{
    struct handed_in *handed_in = read_all();
    ck_assert_uint_eq(handed_in->files->len, 4);
    ck_assert_str_eq(HANDED_IN_FILES(handed_in, 1)->text, "int b;");
    ck_assert_str_eq(handed_in_answers(handed_in)->name, "answers.md");
    handed_in_free(handed_in);
}
END_TEST

START_TEST(todos_are_seen)
{
    write_file("distribute.c", "void f(void)\n{\n    todo(\"do it\");\n}\n");
    write_file("compare.c", "/* todo(x) */\n    //| todo(\"do it\");\nint b;\n");
    write_file("answers.md", "## Q1\ntodo(x)\n");
    struct handed_in *handed_in = read_all();
    ck_assert(handed_in_has_todo(HANDED_IN_FILES(handed_in, 0)));
    for (int i = 1; i < 4; i++)
        ck_assert(!handed_in_has_todo(HANDED_IN_FILES(handed_in, i)));
    handed_in_free(handed_in);
}
END_TEST

START_TEST(missing_files_are_all_named)
{
    g_autofree char *one = g_build_filename(folder, "distribute.c", NULL);
    g_autofree char *other = g_build_filename(folder, "answers.md", NULL);
    g_unlink(one);
    g_unlink(other);
    refuse_to_read("distribute.c is missing");
    ck_assert_ptr_nonnull(strstr(problems->str, "answers.md is missing"));
}
END_TEST

START_TEST(a_link_is_refused)
{
    g_autofree char *path = g_build_filename(folder, "naive.c", NULL);
    g_unlink(path);
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
    refuse_to_read("naive.c is a symbolic link");
}
END_TEST

START_TEST(a_pipe_is_refused_without_waiting)
{
    g_autofree char *path = g_build_filename(folder, "naive.c", NULL);
    g_unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refuse_to_read("naive.c is not a plain file");
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
    g_autofree char *path = g_build_filename(folder, "naive.c", NULL);
    ck_assert_int_eq(truncate(path, HANDED_IN_MOST_BYTES + 1), 0);
    refuse_to_read("naive.c has 1048577 bytes");
}
END_TEST

START_TEST(a_binary_file_is_refused)
{
    g_autofree char *path = g_build_filename(folder, "naive.c", NULL);
    ck_assert(g_file_set_contents(path, "int\0c;", 6, NULL));
    refuse_to_read("naive.c is not a text file");
}
END_TEST

START_TEST(a_missing_folder_is_explained)
{
    remove_folder(folder);
    refuse_to_read("is not a folder");
}
END_TEST

/* ---- answers -------------------------------------------------------------------------------- */

START_TEST(questions_follow_the_rubric)
{
    const struct rubric_check by_person = {.name = "x", .question = "Q6, Style"};
    g_array_append_val(rubric.checks, by_person);
    GPtrArray *questions = answers_questions(&rubric);
    const char *expected[] = {
        "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Style", "How it works", "How it was tested"};
    ck_assert_uint_eq(questions->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < questions->len; i++)
        ck_assert_str_eq(questions->pdata[i], expected[i]);
    g_ptr_array_unref(questions);
}
END_TEST

static GPtrArray *split(const char *text)
{
    GPtrArray *questions = answers_questions(&rubric);
    return answers_split("answers.md", text, questions, problems);
}

START_TEST(sections_are_found)
{
    GPtrArray *answers = split(answers_text);
    ck_assert_msg(answers != NULL, "%s", problems->str);
    ck_assert_uint_eq(answers->len, 2);
    ck_assert_str_eq(answers_find(answers, "Q1")->text,
                     "The same seed.\n\n### A heading of my own\n\n```c\n"
                     "# Q9 is no heading here\n```");
    ck_assert_int_eq(answers_find(answers, "Q1")->line, 5);
    ck_assert_str_eq(answers_find(answers, "How it works")->text, "Well.");
    ck_assert_ptr_null(answers_find(answers, "Q2"));
}
END_TEST

START_TEST(headings_may_look_different)
{
    GPtrArray *answers = split("\xef\xbb\xbf# q1. The *seed*\r\n\r\nYes.\r\n\r\n"
                               "How it works: in short\r\n----\r\n    code\r\n");
    ck_assert_msg(answers != NULL, "%s", problems->str);
    ck_assert_str_eq(answers_find(answers, "Q1")->title, "The seed");
    ck_assert_str_eq(answers_find(answers, "Q1")->text, "Yes.");
    ck_assert_str_eq(answers_find(answers, "How it works")->title, "in short");
    ck_assert_str_eq(answers_find(answers, "How it works")->text, "    code");
}
END_TEST

static const struct {
    const char *text, *problem;
} refused_answers[] = {
    {"# T\n## Q1\nx\n## Q11\ny\n", "answers.md:4: the section \"Q11\" answers none"},
    {"# T\n## Q1\nx\n## Notes\ny\n", "answers.md:4: the section \"Notes\" answers none"},
    {"## Q1\nx\n# Title\ny\n", "answers.md:3: the section \"Title\" answers none"},
    {"## Q1\nx\n## Q1: again\ny\n", "answers.md:3: Q1 has a section already, in line 1"},
    {"## Q1\n```\nx\n", "never closed"},
    {"## Q1\n<!-- x\n", "never closed"},
    {"## Q1\n\xff\n", "not UTF-8"},
};

START_TEST(odd_answers_are_refused)
{
    ck_assert_ptr_null(split(refused_answers[_i].text));
    ck_assert_msg(strstr(problems->str, refused_answers[_i].problem) != NULL,
                  "expected \"%s\" in: %s", refused_answers[_i].problem, problems->str);
}
END_TEST

START_TEST(empty_answers_are_seen)
{
    GPtrArray *answers = split("## Q1\n<!-- a\nb -->\nTODO …\n## Q2\n(4, 8)\n## Q3\n");
    ck_assert(answer_is_empty(answers_find(answers, "Q1")));
    ck_assert(!answer_is_empty(answers_find(answers, "Q2")));
    ck_assert(answer_is_empty(answers_find(answers, "Q3")));
}
END_TEST

/* ---- the Markdown file ---------------------------------------------------------------------- */

static cmark_node *next_of_type(cmark_node *node, cmark_node_type type)
{
    while (node && cmark_node_get_type(node) != type)
        node = cmark_node_next(node);
    return node;
}

START_TEST(no_code_can_end_its_block)
{
    static const char *const texts[] = {"a\n```\n## Q1\n", "`````\n~~~\n`x`\n", "", "no newline"};
    g_autoptr(GString) markdown = g_string_new("before\n\n");
    submission_file_append_code(markdown, "c", texts[_i]);
    g_string_append(markdown, "\nbehind\n");
    cmark_node *document = cmark_parse_document(markdown->str, markdown->len, CMARK_OPT_DEFAULT);
    cmark_node *code = cmark_node_next(cmark_node_first_child(document));
    ck_assert_int_eq(cmark_node_get_type(code), CMARK_NODE_CODE_BLOCK);
    ck_assert_str_eq(cmark_node_get_fence_info(code), "c");
    g_autofree char *expected =
        g_strconcat(texts[_i], g_str_has_suffix(texts[_i], "\n") ? "" : "\n", NULL);
    ck_assert_str_eq(cmark_node_get_literal(code), expected);
    ck_assert_ptr_eq(cmark_node_next(code), cmark_node_last_child(document));
    cmark_node_free(document);
}
END_TEST

static char *make_submission_file(void)
{
    struct handed_in *handed_in = read_all();
    GPtrArray *questions = answers_questions(&rubric);
    GPtrArray *answers =
        answers_split("answers.md", handed_in_answers(handed_in)->text, questions, problems);
    ck_assert_msg(answers != NULL, "%s", problems->str);
    const struct submission_file file = {.assignment = "pipeline",
                                         .handed_in = handed_in,
                                         .questions = questions,
                                         .answers = answers,
                                         .how_to_train = "make train X=1"};
    g_autofree char *unanswered = submission_file_unanswered(&file);
    ck_assert_str_eq(unanswered, "How it was tested");
    GString *markdown = g_string_new(NULL);
    ck_assert(submission_file_write(&file, markdown, problems));
    return g_string_free(markdown, FALSE);
}

START_TEST(the_file_has_every_question_in_order)
{
    static const char *const expected[] = {"Submission: pipeline",
                                           "Q1",
                                           "Q2",
                                           "Q3",
                                           "Q4",
                                           "How it works",
                                           "How it was tested",
                                           "Other files",
                                           "Learning curves"};
    g_autofree char *text = make_submission_file();
    cmark_node *document = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);
    cmark_node *node = cmark_node_first_child(document);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        node = next_of_type(node, CMARK_NODE_HEADING);
        while (node && cmark_node_get_heading_level(node) > 2)
            node = next_of_type(cmark_node_next(node), CMARK_NODE_HEADING);
        ck_assert_ptr_nonnull(node);
        ck_assert_str_eq(cmark_node_get_literal(cmark_node_first_child(node)), expected[i]);
        node = cmark_node_next(node);
    }
    cmark_node_free(document);
}
END_TEST

START_TEST(the_file_has_answers_and_code_once)
{
    g_autofree char *text = make_submission_file();
    ck_assert_ptr_nonnull(strstr(text, "## Q1\n\nThe same seed."));
    ck_assert_ptr_nonnull(strstr(text, "## Q2\n\n`distribute.c`:\n\n`````c\nint a; "));
    ck_assert_ptr_nonnull(strstr(text, "## Q3\n\n`compare.c`:\n\n```c\nint b;\n```\n"));
    ck_assert_ptr_nonnull(strstr(text, "## Q4\n\n`compare.c` stands under Q3."));
    ck_assert_ptr_nonnull(strstr(text, "## How it was tested\n\n*(No answer.)*"));
    ck_assert_ptr_nonnull(strstr(text, "`naive.c`:\n\n```c\nint c;\n```\n"));
    ck_assert_ptr_nonnull(strstr(text, "make train X=1"));
}
END_TEST

/* ---- the archive ---------------------------------------------------------------------------- */

static char *run(const char *program, const char *option, const char *path)
{
    const char *arguments[] = {program, option, path, NULL};
    char *printed = NULL;
    int status = -1;
    ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                           &printed, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    return printed;
}

START_TEST(the_archive_has_exactly_the_files)
{
    write_file("extra.c", "int extra;\n");
    struct handed_in *handed_in = read_all();
    g_autofree char *path = g_build_filename(folder, "a:b.tar.gz", NULL);
    ck_assert_msg(archive_write(handed_in, "pipeline", path, problems), "%s", problems->str);
    /* tar would take a:b for a file b on another computer a: the path is absolute. */
    g_autofree char *names = run("tar", "-tzf", path);
    ck_assert_str_eq(names, "pipeline/\npipeline/answers.md\npipeline/compare.c\n"
                            "pipeline/distribute.c\npipeline/naive.c\n");
}
END_TEST

START_TEST(the_archive_is_reproducible)
{
    struct handed_in *handed_in = read_all();
    g_autofree char *path = g_build_filename(folder, "a.tar.gz", NULL);
    g_autofree char *first = NULL, *second = NULL;
    gsize first_length, second_length;
    ck_assert(archive_write(handed_in, "pipeline", path, problems));
    ck_assert(g_file_get_contents(path, &first, &first_length, NULL));
    g_usleep(1100000); /* times in archives are whole seconds */
    const mode_t before = umask(077);
    ck_assert(archive_write(handed_in, "pipeline", path, problems));
    umask(before);
    ck_assert(g_file_get_contents(path, &second, &second_length, NULL));
    ck_assert_uint_eq(first_length, second_length);
    ck_assert_mem_eq(first, second, first_length);
}
END_TEST

START_TEST(an_archive_that_cannot_be_written_is_reported)
{
    struct handed_in *handed_in = read_all();
    ck_assert(!archive_write(handed_in, "pipeline", "/nowhere/at/all/a.tar.gz", problems));
    ck_assert_ptr_nonnull(strstr(problems->str, "tar can't write /nowhere/at/all/a.tar.gz"));
}
END_TEST

/* ---- learning curves ------------------------------------------------------------------------ */

static void write_curve(const char *name, int steps, double first_loss)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FILE *file = curve_create(path);
    for (int step = 0; step < steps; step++) {
        const struct curve_point point = {.step = step,
                                          .samples = 64 * (step + 1),
                                          .loss = first_loss / (1 + step),
                                          .accuracy = 0.5};
        curve_append(file, &point);
    }
    curve_finish(file);
}

static struct learning_curves *read_curves(bool *found)
{
    g_autofree char *curves = g_build_filename(folder, "curves", NULL);
    g_autofree char *reference = g_build_filename(folder, "one.csv", NULL);
    return learning_curves_read(curves, reference, found, problems);
}

START_TEST(a_mean_of_neighbours)
{
    const double values[] = {1, 2, 6, NAN, 10};
    g_autofree double *smooth = learning_curves_smooth(values, 5, 1);
    const double expected[] = {1.5, 3, 4, 8, 10};
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq_tol(smooth[i], expected[i], 1e-12);
    g_autofree double *same = learning_curves_smooth(values, 3, 0);
    ck_assert_mem_eq(same, values, 3 * sizeof *values);
}
END_TEST

START_TEST(curves_are_drawn_and_listed)
{
    g_autofree char *curves_folder = g_build_filename(folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("one.csv", 130, 2);
    write_curve("curves/mine_{a}.csv", 102, 2.5);
    bool found;
    struct learning_curves *curves = read_curves(&found);
    ck_assert_msg(curves != NULL, "%s", problems->str);
    ck_assert_int_eq(curves->count, 2);

    g_autoptr(GString) table = g_string_new(NULL);
    learning_curves_table(curves, table);
    ck_assert_ptr_nonnull(strstr(table->str, "| loss at step | one (one process) | mine"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 0 | 2.000000 | 2.500000 |\n"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 100 | 0.019802 | 0.024752 |\n"));
    ck_assert_ptr_nonnull(strstr(table->str, "\n| 129 | 0.015385 | |\n"));

    ck_assert_msg(learning_curves_draw(curves, "a \"title\" of 100%", curves_folder, problems),
                  "%s", problems->str);
    g_autofree char *picture = g_build_filename(curves_folder, "curves.png", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    ck_assert(g_file_get_contents(picture, &bytes, &length, NULL));
    ck_assert_uint_gt(length, 5000);
    ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1a\n", 8);
    g_autofree char *drawing = g_build_filename(curves_folder, "curves.svg", NULL);
    g_autofree char *svg = NULL;
    ck_assert(g_file_get_contents(drawing, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "</svg>"));
    ck_assert_ptr_nonnull(strstr(svg, "mine_{a}"));
}
END_TEST

START_TEST(no_curve_is_no_problem_and_a_broken_one_is)
{
    g_autofree char *curves_folder = g_build_filename(folder, "curves", NULL);
    write_curve("one.csv", 3, 2);
    bool found;
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(!found);
    ck_assert_str_eq(problems->str, "");

    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("curves/empty.csv", 0, 2);
    write_file("curves/odd.csv", "step,loss\n1,2\n");
    ck_assert_ptr_null(read_curves(&found));
    ck_assert(found);
    ck_assert_ptr_nonnull(strstr(problems->str, "empty.csv: holds no step"));
    ck_assert_ptr_nonnull(strstr(problems->str, "odd.csv"));
}
END_TEST

/* ---- the program ---------------------------------------------------------------------------- */

static int handin(const char *command, const char *option, const char *value)
{
    g_autofree char *out = g_strconcat("--out=", folder, "/out", NULL);
    g_autofree char *curves = g_strconcat("--curves=", folder, "/curves", NULL);
    char *arguments[] = {"handin",       (char *)command, out, curves,
                         (char *)option, (char *)value,   NULL};
    return handin_main(option ? 6 : 4, arguments);
}

START_TEST(wrong_usage_is_status_2)
{
    ck_assert_int_eq(handin("frobnicate", NULL, NULL), 2);
    ck_assert_int_eq(handin("pack", "--assignment", "../pipeline"), 2);
    ck_assert_int_eq(handin("pack", "--colour", "red"), 2);
    ck_assert_int_eq(handin("timeline", NULL, NULL), 2); /* no folder */
}
END_TEST

START_TEST(wrong_input_is_status_1)
{
    ck_assert_int_eq(handin("pack", "--submission", "/nowhere"), 1);
    ck_assert_int_eq(handin("pack", "--assignment", "knitting"), 1);
    ck_assert_int_eq(handin("plot", "--reference", "../../x"), 1);
    ck_assert_int_eq(handin("plot", NULL, NULL), 1);               /* no curve */
    ck_assert_int_eq(handin("timeline", "--evidence", folder), 1); /* no log */
    write_file("rank-0.log", "not a log");
    ck_assert_int_eq(handin("timeline", "--evidence", folder), 1);
}
END_TEST

START_TEST(the_solutions_can_be_handed_in)
{
    g_autofree char *curves_folder = g_build_filename(folder, "curves", NULL);
    ck_assert_int_eq(g_mkdir(curves_folder, 0755), 0);
    write_curve("curves/curve.csv", 30, 2.4);
    ck_assert_int_eq(handin("pack", "--submission", "solutions"), 0);
    ck_assert_int_eq(handin("plot", "--submission", "solutions"), 0);
    g_autofree char *path = g_build_filename(folder, "out", "submission.md", NULL);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, "](data:image/png;base64,iVBOR"));
    ck_assert_ptr_nonnull(strstr(text, "void distribute_layers("));
    ck_assert_ptr_null(strstr(text, "No answer."));
    g_autofree char *archive = g_build_filename(folder, "out", "pipeline.tar.gz", NULL);
    g_autofree char *names = run("tar", "-tzf", archive);
    ck_assert_ptr_nonnull(strstr(names, "pipeline/train_step_afab.c\n"));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, files_are_read);
    tcase_add_test(tests, todos_are_seen);
    tcase_add_test(tests, missing_files_are_all_named);
    tcase_add_test(tests, a_link_is_refused);
    tcase_add_test(tests, a_pipe_is_refused_without_waiting);
    tcase_add_test(tests, a_huge_file_is_refused);
    tcase_add_test(tests, a_binary_file_is_refused);
    tcase_add_test(tests, a_missing_folder_is_explained);
    tcase_add_test(tests, questions_follow_the_rubric);
    tcase_add_test(tests, sections_are_found);
    tcase_add_test(tests, headings_may_look_different);
    tcase_add_loop_test(tests, odd_answers_are_refused, 0, G_N_ELEMENTS(refused_answers));
    tcase_add_test(tests, empty_answers_are_seen);
    tcase_add_loop_test(tests, no_code_can_end_its_block, 0, 4);
    tcase_add_test(tests, the_file_has_every_question_in_order);
    tcase_add_test(tests, the_file_has_answers_and_code_once);
    tcase_add_test(tests, the_archive_has_exactly_the_files);
    tcase_add_test(tests, the_archive_is_reproducible);
    tcase_add_test(tests, an_archive_that_cannot_be_written_is_reported);
    tcase_add_test(tests, a_mean_of_neighbours);
    tcase_add_test(tests, curves_are_drawn_and_listed);
    tcase_add_test(tests, no_curve_is_no_problem_and_a_broken_one_is);
    tcase_add_test(tests, wrong_usage_is_status_2);
    tcase_add_test(tests, wrong_input_is_status_1);
    tcase_add_test(tests, the_solutions_can_be_handed_in);
}

int main(void)
{
    Suite *suite = suite_create("handin");
    TCase *tests = tcase_create("handin");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 30);
    add_tests(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
