/* See program_outcome.h. */
#include "tests/support/program_outcome.h"

#include "tests/support/run.h"
#include "tests/support/test.h"

struct outcome program_outcome(bool simulated, int ranks, const char *program,
                               const struct own_options *own, const char *options)
{
    char error[LOG_ERROR_SIZE], options_error[OPTIONS_ERROR_SIZE];
    g_autofree char *line = g_strdup_printf("%s %s", program, options);
    g_autofree char *path = g_strdup_printf("common/tests/programs/%s", program);
    g_auto(GStrv) word = NULL;
    int count;
    struct outcome outcome = {.ranks = ranks, .folder = test_folder_new()};
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(&outcome.options, own, count, word, options_error), "%s",
                  options_error);
    g_autofree char *words = g_strdup_printf("--evidence %s %s", outcome.folder, options);
    struct test_run ended = test_run_program(simulated, ranks, path, words);
    ck_assert_msg(ended.status == 0, "%s", ended.output);
    test_run_clear(&ended);
    outcome.log = g_new0(struct log_file, ranks);
    for (int r = 0; r < ranks; r++) {
        g_autofree char *log = g_strdup_printf("%s/rank-%d.log", outcome.folder, r);
        ck_assert_msg(log_read(log, &outcome.log[r], error), "%s", error);
    }
    return outcome;
}

void program_outcome_clear(struct outcome *outcome)
{
    for (int r = 0; r < outcome->ranks; r++)
        log_destroy(&outcome->log[r]);
    g_free(outcome->log);
    test_folder_free(outcome->folder);
}
