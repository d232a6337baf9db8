/* Tests of last words: what a process leaves behind, and reading what anybody may have written. */
#include "common/base/last_words.h"

#include "common/base/fatal.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;
static struct last_words words;

static void read_words(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/rank-3.end", folder);
    last_words_read(path, &words);
}

static void write_words(const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/rank-3.end", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    read_words();
}

static void say_and_end(void)
{
    fatal("nothing goes\nany more");
}

static void crash(void)
{
    raise(SIGFPE);
}

static void leave(void)
{
    exit(7);
}

static void come_to_the_end(void)
{
    last_words_close();
    exit(0);
}

static void sleep_on(void)
{
    for (;;)
        pause();
}

/* Ends a process in this way, as rank 3, and reads what it left. `ask`: where it is, first. */
static void end_by(void (*way)(void), bool ask)
{
    folder = test_folder_new();
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        last_words_open(folder, 3);
        way();
        _exit(0);
    }
    for (int i = 0; ask && i < 500; i++) {
        usleep(20000);
        if (i == 10)
            kill(child, LAST_WORDS_ASK);
        read_words();
        if (words.sampled != 0)
            break;
    }
    if (ask)
        kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    read_words();
    test_folder_free(folder);
}

START_TEST(each_end_is_noted)
{
    end_by(say_and_end, false);
    ck_assert_int_eq(words.kind, LAST_WORDS_MESSAGE);
    ck_assert_msg(strstr(words.text, "say_and_end: nothing goes any more") != NULL, "%s",
                  words.text);
    ck_assert_uint_gt(words.clock, 0);
    ck_assert_int_gt(words.calls.count, 2);
    end_by(crash, false);
    ck_assert_int_eq(words.kind, LAST_WORDS_SIGNAL);
    ck_assert_int_eq(words.number, SIGFPE);
    ck_assert_int_le(words.code, 0); /* sent, by itself */
    ck_assert_int_gt(words.calls.count, 0);
    ck_assert(!words.full_stack);
    end_by(leave, false);
    ck_assert_int_eq(words.kind, LAST_WORDS_EXIT);
    ck_assert_int_eq(words.number, 7);
    end_by(come_to_the_end, false);
    ck_assert_int_eq(words.kind, LAST_WORDS_NONE);
}
END_TEST

START_TEST(who_is_asked_says_where_it_is)
{
    end_by(sleep_on, true);
    ck_assert_uint_gt(words.sampled, 0);
    ck_assert_int_gt(words.sample.count, 0);
    ck_assert_int_eq(words.kind, LAST_WORDS_NONE); /* that is no end */
}
END_TEST

START_TEST(the_first_event_counts)
{
    folder = test_folder_new();
    write_words("message 5 rank 1: f: x\nat 1f\nat 2e\nmessage 9 rank 1: f: x (called at a.c:1)\n"
                "at 3d\nsignal 10 11 1 0 0\nat 4c\nsample 12\nat 5b\n");
    ck_assert_int_eq(words.kind, LAST_WORDS_MESSAGE);
    ck_assert_str_eq(words.text, "rank 1: f: x (called at a.c:1)");
    ck_assert_uint_eq(words.clock, 5);
    ck_assert_int_eq(words.calls.count, 2);
    ck_assert_uint_eq(words.calls.place[1], 0x2e);
    ck_assert_uint_eq(words.sampled, 12);
    ck_assert_uint_eq(words.sample.place[0], 0x5b);
    write_words("signal 5 11 1 0 1\nat 1f\nmessage 9 rank 1: f: x\nat 2e\nexit 9 1\nat 3d\n");
    ck_assert_int_eq(words.kind, LAST_WORDS_SIGNAL);
    ck_assert(words.full_stack);
    ck_assert_int_eq(words.calls.count, 1);
    test_folder_free(folder);
}
END_TEST

START_TEST(nonsense_is_nothing)
{
    static const char *const nonsense[] = {"",          "message",    "message 5",  "signal 5 11\n",
                                           "at 1\n",    "at\nat x\n", "exit now\n", "\n\n\n",
                                           "sample x\n"};
    folder = test_folder_new();
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        write_words(nonsense[i]);
        ck_assert_int_eq(words.kind, LAST_WORDS_NONE);
        ck_assert_uint_eq(words.sampled, 0);
    }
    char *many = malloc(100000 * 6 + 64);
    ck_assert_ptr_nonnull(many);
    size_t used = (size_t)sprintf(many, "exit 5 1\n");
    for (int i = 0; i < 100000; i++)
        used += (size_t)sprintf(many + used, "at 1\n");
    write_words(many);
    ck_assert_int_eq(words.calls.count, LAST_WORDS_PLACES);
    free(many);
    last_words_read(folder, &words); /* no file */
    ck_assert_int_eq(words.kind, LAST_WORDS_NONE);
    last_words_read("/no/such/file", &words);
    ck_assert_int_eq(words.kind, LAST_WORDS_NONE);
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("last_words");
    TCase *tests = tcase_create("last_words");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_end_is_noted);
    tcase_add_test(tests, who_is_asked_says_where_it_is);
    tcase_add_test(tests, the_first_event_counts);
    tcase_add_test(tests, nonsense_is_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
