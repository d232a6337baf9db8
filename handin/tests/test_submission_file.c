/*
 * The one Markdown file of a submission. The truth about Markdown is cmark's.
 */
#include "handin/submission_file.h"
#include "tests/support/lesson.h"
#include "tests/support/test.h"

#include <cmark-gfm.h>
#include <string.h>

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
    struct handed_in *handed_in = lesson_read();
    GPtrArray *questions = rubric_questions(&lesson_rubric);
    GPtrArray *answers = sections_split("answers.md", handed_in_answers(handed_in)->text, questions,
                                        lesson_problems);
    ck_assert_msg(answers != NULL, "%s", lesson_problems->str);
    const struct submission_file file = {.assignment = "lesson",
                                         .handed_in = handed_in,
                                         .questions = questions,
                                         .sections = answers,
                                         .how_to_train = "make train X=1"};
    g_autofree char *unanswered = submission_file_unanswered(&file);
    ck_assert_str_eq(unanswered, "How it was tested");
    GString *markdown = g_string_new(NULL);
    ck_assert(submission_file_write(&file, markdown, lesson_problems));
    return g_string_free(markdown, FALSE);
}

START_TEST(the_file_has_every_question_in_order)
{
    static const char *const expected[] = {"Submission: lesson",
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
    ck_assert_ptr_nonnull(strstr(text, "`reduce.c`:\n\n```c\nint c;\n```\n"));
    ck_assert_ptr_nonnull(strstr(text, "make train X=1"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("submission_file");
    TCase *tests = tcase_create("submission_file");
    tcase_add_checked_fixture(tests, lesson_begin, lesson_end);
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, no_code_can_end_its_block, 0, 4);
    tcase_add_test(tests, the_file_has_every_question_in_order);
    tcase_add_test(tests, the_file_has_answers_and_code_once);
    suite_add_tcase(suite, tests);
    return suite;
}
