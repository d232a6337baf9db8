/*
 * Tests of the options about checkpoints: which go together, and that none of them goes with what a run is
 * judged by.
 */
#include "common/driver/options_parts.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static char error[OPTIONS_ERROR_SIZE];
static struct options options;

static const struct own_options own = {.step_word = "pace"};

static bool reads(const char *line)
{
    g_autofree char *whole =
        g_strconcat("program --data synthetic", line[0] ? " " : "", line, NULL);
    g_auto(GStrv) word = g_strsplit(whole, " ", -1);
    return options_read(&options, &own, (int)g_strv_length(word), word, error);
}

START_TEST(they_are_read)
{
    ck_assert(reads(""));
    ck_assert(options.checkpoint == 0 && !options.resume && !options.checkpoint_folder[0]);
    ck_assert_msg(reads("--checkpoint 50 --checkpoint-folder some"), "%s", error);
    ck_assert(options.checkpoint == 50 && !options.resume);
    ck_assert_str_eq(options.checkpoint_folder, "some");
    ck_assert_msg(reads("--checkpoint-folder some --resume"), "%s", error);
    ck_assert(options.checkpoint == 0 && options.resume);
    /* The last one counts, as make puts its own before those of the user. */
    ck_assert_msg(reads("--checkpoint-folder some --resume --checkpoint-folder other"), "%s",
                  error);
    ck_assert_str_eq(options.checkpoint_folder, "other");
}
END_TEST

static const struct {
    const char *line, *says[2];
} refused[] = {
    {"--checkpoint 0 --checkpoint-folder f", {"--checkpoint 0", "from 1 to"}},
    {"--checkpoint 5", {"--checkpoint:", "needs --checkpoint-folder FOLDER"}},
    {"--resume", {"--resume:", "needs --checkpoint-folder FOLDER"}},
    {"--checkpoint-folder 50", {"--checkpoint-folder 50", "--checkpoint N says how often"}},
    {"--resume --checkpoint-folder f --device meta", {"--resume:", "has no numbers"}},
    {"--checkpoint 5 --checkpoint-folder f --device meta", {"--checkpoint:", "has no numbers"}},
    /* The grader adds --evidence to each run: a run that it judges begins at its first step. */
    {"--resume --checkpoint-folder f --evidence e", {"--resume:", "with --evidence"}},
    {"--evidence e --checkpoint 5 --checkpoint-folder f", {"--checkpoint:", "with --evidence"}},
    {"--resume --checkpoint-folder f --against x", {"--resume:", "with --against"}},
    {"--resume --checkpoint-folder f --probe x", {"--resume:", "with --probe"}},
    {"--resume --checkpoint-folder f --compare", {"--resume:", "with --compare"}},
};

START_TEST(what_does_not_go_together_is_refused)
{
    ck_assert_msg(!reads(refused[_i].line), "%s is accepted", refused[_i].line);
    for (int i = 0; i < 2; i++)
        ck_assert_msg(strstr(error, refused[_i].says[i]) != NULL, "expected %s in %s",
                      refused[_i].says[i], error);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options about checkpoints");
    TCase *tests = tcase_create("read");
    tcase_add_test(tests, they_are_read);
    tcase_add_loop_test(tests, what_does_not_go_together_is_refused, 0, G_N_ELEMENTS(refused));
    suite_add_tcase(suite, tests);
    return suite;
}
