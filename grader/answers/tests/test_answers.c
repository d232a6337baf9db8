/*
 * Reading answers.md: where a section begins and ends, and what is shown of the
 * answers that a person judges.
 */
#include "grader/answers/answers.h"
#include "grader/text/text.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

static char *folder;
static GPtrArray *questions; /* Q1 to Q9 */
static GString *error;

static void begin(void)
{
    folder = test_folder_new();
    error = g_string_new(NULL);
    questions = g_ptr_array_new_with_free_func(g_free);
    for (int i = 1; i <= 9; i++)
        g_ptr_array_add(questions, g_strdup_printf("Q%d", i));
}

static void end(void)
{
    test_folder_free(folder);
    g_string_free(error, TRUE);
    g_ptr_array_unref(questions);
}

static void write_answers(const char *where, const char *content)
{
    g_autofree char *path = g_build_filename(where, "answers.md", NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
}

/* The line "Answer:" of Q3. */
static void expect_line(const char *content, const char *line)
{
    struct answers *answers = answers_parse(content, strlen(content), questions, error);
    ck_assert_msg(answers != NULL, "%s", error->str);
    g_autofree char *found = answers_line(answers, "Q3", "Answer:");
    ck_assert_msg(g_strcmp0(found, line) == 0, "%s: \"%s\"", content, found ? found : "nothing");
    answers_free(answers);
}

START_TEST(sections_begin_with_any_heading)
{
    expect_line("## Q3\n\nAnswer: 7\n", "7");
    expect_line("### q3: why\n\nanswer: 7\n", "7");
    expect_line("Q3\n==\n\nAnswer: 7\n", "7");
    expect_line("\xef\xbb\xbf## Q3\r\n\r\nAnswer: 7\r\n", "7");
    expect_line("## Q1\n\n### Q3 in short\nAnswer: 5\n\n## Q3\n\nAnswer: 7\n", "7");
    expect_line("## Q3\nAnswer: 7\n\n## Q3\nAnswer: 8\n", "7");
    expect_line("## Q30\n\nAnswer: 7\n", NULL);
    expect_line("```\n## Q3\n```\n\nAnswer: 7\n", NULL);
}
END_TEST

START_TEST(sections_end_where_another_begins)
{
    expect_line("## Q3\n\n### Mine\n\nAnswer: 7\n", "7");
    expect_line("## Q3\n\n## Q4\n\nAnswer: 7\n", NULL);
    expect_line("### Q3\n\n## Other\n\nAnswer: 7\n", NULL);
    expect_line("## Q3\n\n### Q4\n\nAnswer: 7\n", NULL);
    expect_line("## Q3\n\n### Q4 in short\n\nAnswer: 7\n\n## Q4\n", "7");
}
END_TEST

/* Source, text and table of a section end at the same place. */
START_TEST(a_section_has_one_end)
{
    static const char content[] = "## Q1\n\nOne.\n\n### Q2\n\nTwo.\n\n| a |\n| --- |\n| b |\n";
    struct answers *answers = answers_parse(content, strlen(content), questions, error);
    g_autofree char *source = answers_source(answers, answers_find(answers, "Q1"));
    g_autofree char *text = answers_text(answers, "Q1");
    ck_assert_str_eq(source, "One.");
    ck_assert_str_eq(g_strstrip(text), "One.");
    ck_assert_ptr_null(answers_table(answers, "Q1"));
    GPtrArray *table = answers_table(answers, "Q2");
    ck_assert_uint_eq(table->len, 2);
    g_ptr_array_unref(table);
    answers_free(answers);
}
END_TEST

/* Must not be taken for an answer, for this reason. */
static void not_written(const char *from, const char *untouched, const char *name,
                        const char *words)
{
    GString *what = g_string_new(NULL);
    ck_assert_int_ne(answers_written(from, untouched, name, questions, what), ANSWERS_WRITTEN);
    ck_assert_msg(strstr(what->str, words) != NULL, "\"%s\" is not in: %s", words, what->str);
    g_string_free(what, TRUE);
}

START_TEST(written_or_not)
{
    char *other = test_folder_new();
    write_answers(other, "## Q1\n\nWhat is a seed?\n\n## Q2\n\nAnd?\n");
    GString *what = g_string_new(NULL);
    write_answers(folder, "## Q1\n\nWhat is a seed?\n\n## Q2\n\nAnd?\n");
    not_written(folder, other, "Q1", "nothing is written");
    write_answers(folder,
                  "## Q1\n\nWhat is a seed?\n\nThe beginning of everything.\n\n## Q2\n\nAnd?\n");
    ck_assert_int_eq(answers_written(folder, other, "Q1", questions, what), ANSWERS_WRITTEN);
    ck_assert_str_eq(what->str, "4 words, to be judged by a person");
    not_written(folder, other, "Q2", "nothing is written");
    ck_assert_int_eq(answers_written(folder, other, "Q2", questions, what), ANSWERS_EMPTY);
    not_written(folder, other, "Q9", "answers.md has no section “Q9”");
    ck_assert_int_eq(answers_written(folder, other, "Q9", questions, what), ANSWERS_UNREADABLE);
    write_answers(folder, "## Q1\n\nWhat is a seed?\n\n### Q2\n\nAnd? Much more than that.\n");
    not_written(folder, other, "Q1", "nothing is written");
    g_string_free(what, TRUE);
    test_folder_free(other);
}
END_TEST

/* A student edits the template itself. */
START_TEST(an_answer_in_the_template_s_own_place_is_one)
{
    g_autoptr(GString) text = g_string_new("## Q1\n\nWhat is a seed?\n\n"),
                       what = g_string_new(NULL);
    write_answers(folder, text->str);
    not_written(folder, folder, "Q1", "nothing is written");
    for (int i = 0; i < 60; i++)
        g_string_append(text, "word ");
    write_answers(folder, text->str);
    ck_assert_int_eq(answers_written(folder, folder, "Q1", questions, what), ANSWERS_WRITTEN);
    ck_assert_msg(strstr(what->str, "to be judged by a person") != NULL, "%s", what->str);
}
END_TEST

/* However long the question is, and however short the answer. */
START_TEST(a_long_question_is_no_answer)
{
    g_autoptr(GString) text = g_string_new("## Q1\n\n"), what = g_string_new(NULL);
    for (int i = 0; i < 70; i++)
        g_string_append(text, i % 10 == 9 ? "long\n" : "long ");
    g_string_append(text, "question?\n");
    write_answers(folder, text->str);
    not_written(folder, folder, "Q1", "nothing is written");
    not_written(folder, "/no/such/folder", "Q1", "nothing is written");
    g_string_append(text, "\nYes, because.\n");
    write_answers(folder, text->str);
    ck_assert_int_eq(answers_written(folder, folder, "Q1", questions, what), ANSWERS_WRITTEN);
    ck_assert_str_eq(what->str, "2 words, to be judged by a person");
}
END_TEST

START_TEST(without_a_template_an_answer_is_longer_than_a_question)
{
    g_autoptr(GString) text = g_string_new("## Q1\n\n"), what = g_string_new(NULL);
    for (int i = 0; i < 45; i++)
        g_string_append(text, "word ");
    write_answers(folder, text->str);
    not_written(folder, "/no/such/folder", "Q1", "nothing is written");
    g_string_append(text, "more");
    write_answers(folder, text->str);
    ck_assert_int_eq(answers_written(folder, "/no/such/folder", "Q1", questions, what),
                     ANSWERS_WRITTEN);
    ck_assert_str_eq(what->str, "1 words, to be judged by a person");
}
END_TEST

START_TEST(what_can_not_be_read_is_told)
{
    g_autofree char *path = g_build_filename(folder, "answers.md", NULL);
    not_written(folder, folder, "Q1", "there is no answers.md");
    write_answers(folder, "## Q1\n\nSo w\xe4r es.\n");
    not_written(folder, folder, "Q1", "answers.md is not UTF-8 text from line 3 on");
    ck_assert_int_eq(truncate(path, TEXT_MOST_BYTES + 1), 0);
    not_written(folder, folder, "Q1", "answers.md is larger than 1 MiB");
}
END_TEST

/* Lines end as Markdown has them end; an answer of a classic Macintosh is one, too. */
START_TEST(lines_end_in_three_ways)
{
    static const char *const texts[] = {"## Q1\n\nfirst\nsecond\n\n## Q2\nlast\n",
                                        "## Q1\r\n\r\nfirst\r\nsecond\r\n\r\n## Q2\r\nlast\r\n",
                                        "## Q1\r\rfirst\rsecond\r\r## Q2\rlast\r"};
    for (int i = 0; i < 3; i++) {
        int count;
        struct answers *answers = answers_parse(texts[i], strlen(texts[i]), questions, error);
        ck_assert_ptr_nonnull(answers_headings(answers, &count));
        ck_assert_int_eq(count, 2);
        g_autofree char *first = answers_source(answers, 0), *last = answers_source(answers, 1);
        ck_assert_str_eq(first, "first\nsecond");
        ck_assert_str_eq(last, "last");
        answers_free(answers);
    }
}
END_TEST

START_TEST(a_file_without_headings_has_none)
{
    int count = 1;
    struct answers *answers = answers_parse("", 0, questions, error);
    ck_assert_ptr_null(answers_headings(answers, &count));
    ck_assert_int_eq(count, 0);
    answers_free(answers);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("answers");
    TCase *tests = tcase_create("answers.md");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, lines_end_in_three_ways);
    tcase_add_test(tests, a_file_without_headings_has_none);
    tcase_add_test(tests, sections_begin_with_any_heading);
    tcase_add_test(tests, sections_end_where_another_begins);
    tcase_add_test(tests, a_section_has_one_end);
    tcase_add_test(tests, written_or_not);
    tcase_add_test(tests, an_answer_in_the_template_s_own_place_is_one);
    tcase_add_test(tests, a_long_question_is_no_answer);
    tcase_add_test(tests, without_a_template_an_answer_is_longer_than_a_question);
    tcase_add_test(tests, what_can_not_be_read_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
