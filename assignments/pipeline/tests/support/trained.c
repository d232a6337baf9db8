/* The assignment's program, run; see trained.h. */
#include "assignments/pipeline/tests/support/trained.h"

#include "assignments/pipeline/options.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>

/* The options as the program reads them; those that can't be read stay at their defaults. */
static struct options read_options(const char *arguments)
{
    g_autofree char *line = g_strconcat("program ", arguments, NULL);
    g_auto(GStrv) word = NULL;
    int count;
    char error[OPTIONS_ERROR_SIZE];
    struct options options;
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    if (!options_read(&options, &pipeline_own_options, count, word, error))
        options = options_defaults(&pipeline_own_options);
    return options;
}

static struct trained run(bool simulated, const char *submission, int ranks, const char *arguments)
{
    struct trained run = {.ranks = ranks, .options = read_options(arguments)};
    run.stages = ranks * pipeline_chunks(&run.options);
    run.folder = test_folder_new();
    g_autofree char *program = g_strdup_printf("%s/pipeline", submission);
    g_autofree char *words = g_strdup_printf("--evidence %s %s", run.folder, arguments);
    struct test_run ended = test_run_program(simulated, ranks, program, words);
    run.status = ended.status;
    run.output = ended.output;
    return run;
}

struct trained trained_run(const char *submission, int ranks, const char *arguments)
{
    return run(false, submission, ranks, arguments);
}

struct trained trained_well(bool simulated, int ranks, const char *arguments)
{
    struct trained well = run(simulated, "solutions", ranks, arguments);
    ck_assert_msg(well.status == 0, "%d ranks, %s: status %d:\n%s", ranks, arguments, well.status,
                  well.output);
    return well;
}

void trained_clear(struct trained *run)
{
    test_folder_free(run->folder);
    g_free(run->output);
}

struct log_file trained_log(const struct trained *run, int rank)
{
    g_autofree char *path = g_strdup_printf("%s/rank-%d.log", run->folder, rank);
    char error[LOG_ERROR_SIZE];
    struct log_file log;
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert_msg(log.damage[0] == '\0', "%s: %s", path, log.damage);
    ck_assert_msg(log.complete, "%s has no final record", path);
    return log;
}

int trained_count(const struct log_file *log, enum log_operation operation, enum log_phase phase,
                  double *value)
{
    int count = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase) {
            count++;
            if (value != NULL)
                *value = log_stated(&log->record[i]);
        }
    return count;
}
