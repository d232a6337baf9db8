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

static error_t read_own(int key, char *text, struct argp_state *state)
{
    (void)text;
    (void)state;
    return key == OPTIONS_OWN_KEYS || key == OPTIONS_OWN_KEYS + 1 ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp_option table[] = {{"colour", OPTIONS_OWN_KEYS, "N", 0, "any", 2},
                                           {"uneven", OPTIONS_OWN_KEYS + 1, NULL, 0, "any", 2},
                                           {0}};
static const struct argp own_argp = {.options = table, .parser = read_own};
static const struct own_options own = {.step_word = "pace", .argp = &own_argp};

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

/* A run goes on with what the assignment was told, and no other. */
START_TEST(the_words_of_the_assignment_are_kept)
{
    ck_assert(reads("--colour 2 --seed 7 --uneven"));
    ck_assert_str_eq(options.own_words, "--colour=2 --uneven");
    ck_assert(reads("--seed 7 --pace slow"));
    ck_assert_str_eq(options.own_words, "");
    g_autofree char *digits = g_strnfill(OPTIONS_OWN_WORDS, '1');
    g_autofree char *line = g_strconcat("--colour ", digits, NULL);
    ck_assert(!reads(line));
    ck_assert_msg(strstr(error, "--colour 111") != NULL && strstr(error, "too long") != NULL, "%s",
                  error);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options about checkpoints");
    TCase *tests = tcase_create("read");
    tcase_add_test(tests, they_are_read);
    tcase_add_loop_test(tests, what_does_not_go_together_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tests, the_words_of_the_assignment_are_kept);
    suite_add_tcase(suite, tests);
    return suite;
}
