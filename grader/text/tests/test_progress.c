/* What stands on the terminal, and elsewhere, while something takes its time. */
#include "grader/text/progress.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int kept = -1;
static FILE *caught;

static void catch_errors(void)
{
    caught = tmpfile();
    kept = dup(STDERR_FILENO);
    ck_assert(caught != NULL && kept >= 0);
    fflush(stderr);
    ck_assert_int_ge(dup2(fileno(caught), STDERR_FILENO), 0);
}

static void let_errors_go(void)
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    fclose(caught);
    g_unsetenv("PROGRESS");
}

/* What was written since the last call. */
static const char *written(void)
{
    static char text[1000];
    static long behind;
    fflush(stderr);
    const long end = ftell(caught);
    if (end < behind || kept < 0)
        behind = 0;
    const ssize_t size = pread(fileno(caught), text, sizeof text - 1, behind);
    text[MAX(size, 0)] = '\0';
    behind += MAX(size, 0);
    return text;
}

START_TEST(a_terminal_has_one_line_that_goes)
{
    g_setenv("PROGRESS", "line", TRUE);
    struct text_progress progress = text_progress_begin("planning", 4);
    text_progress_next(&progress, "the second");
    ck_assert_str_eq(written(), "\r\033[Kplanning: 0 of 4 done (the second)");
    text_progress_done(&progress);
    progress.began = g_get_monotonic_time() - 20 * G_USEC_PER_SEC;
    text_progress_next(&progress, NULL);
    ck_assert_str_eq(written(), "\r\033[Kplanning: 1 of 4 done, about 60 s left");
    text_progress_clear(&progress);
    ck_assert_str_eq(written(), "\r\033[K");
    text_progress_end(&progress); /* nothing stands there */
    ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(a_file_has_a_line_now_and_then)
{
    struct text_progress progress = text_progress_begin("planning", 2);
    ck_assert(!progress.terminal);
    text_progress_next(&progress, "the second");
    ck_assert_str_eq(written(), "");
    progress.told -= 11 * G_USEC_PER_SEC;
    text_progress_next(&progress, "the second");
    ck_assert_str_eq(written(), "planning: 0 of 2 done (the second)\n");
    text_progress_next(&progress, "the third");
    text_progress_end(&progress);
    ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(durations)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.2, "0 s"}, {119, "119 s"}, {125, "2 min 05 s"}, {11400, "3 h 10 min"}};
    g_autofree char *text = text_duration(cases[_i].seconds);
    ck_assert_str_eq(text, cases[_i].text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("progress in text");
    TCase *shown = tcase_create("shown"), *tests = tcase_create("durations");
    tcase_add_checked_fixture(shown, catch_errors, let_errors_go);
    tcase_add_test(shown, a_terminal_has_one_line_that_goes);
    tcase_add_test(shown, a_file_has_a_line_now_and_then);
    suite_add_tcase(suite, shown);
    tcase_add_loop_test(tests, durations, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
