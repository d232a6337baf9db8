/* See program_outcome.h. */
#include "tests/support/program_outcome.h"

#include "tests/support/run.h"
#include "tests/support/test.h"

static void read_options(const char *program, const struct own_options *own, const char *options,
                         struct options *read)
{
    char error[OPTIONS_ERROR_SIZE];
    g_autofree char *line = g_strdup_printf("%s %s", program, options);
    g_auto(GStrv) word = NULL;
    int count;
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(read, own, count, word, error), "%s", error);
}

struct outcome program_outcome(bool simulated, int ranks, const char *program,
                               const struct own_options *own, const char *options)
{
    struct outcome outcome = {
        .ranks = ranks, .simulated = simulated, .end = RUN_FINISHED, .folder = test_folder_new()};
    g_autofree char *words = g_strdup_printf("--quiet --evidence %s %s", outcome.folder, options);
    read_options(program, own, words, &outcome.options);
    struct test_run ended = test_run_program(simulated, ranks, program, words);
    ck_assert_msg(ended.status == 0, "%d ranks, %s: exit status %d\n" TEST_LONG, ranks, options,
                  ended.status, ended.output);
    test_run_clear(&ended);
    outcome.log = g_new0(struct log_file, ranks);
    outcome.log_error = g_new0(char *, ranks);
    for (int r = 0; r < ranks; r++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", outcome.folder, r);
        ck_assert_msg(log_read(path, &outcome.log[r], error), "%s", error);
    }
    return outcome;
}

void program_outcome_clear(struct outcome *outcome)
{
    for (int r = 0; r < outcome->ranks; r++)
        log_destroy(&outcome->log[r]);
    g_free(outcome->log);
    g_free(outcome->log_error);
    test_folder_free(outcome->folder);
}
