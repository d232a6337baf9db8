/* Running programs; see run.h. */
#include "tests/support/run.h"

#include "tests/support/test.h"

#include <stdarg.h>
#include <sys/wait.h>

struct test_run test_run_command(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *command = g_strdup_vprintf(format, values);
    va_end(values);
    struct test_run run = {0};
    char *words[] = {"timeout", "100", "sh", "-c", command, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    GError *problem = NULL;
    ck_assert_msg(g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors,
                               &run.status, &problem),
                  "%s", problem ? problem->message : "");
    run.status = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1;
    run.output = g_strconcat(output, errors, NULL);
    return run;
}

struct test_run test_run_program(bool simulated, int ranks, const char *program,
                                 const char *arguments)
{
    g_autofree char *path = test_program(simulated, program);
    g_autofree char *command =
        g_strdup_printf("exec tools/%s %d %s%s %s", simulated ? "simulate" : "launch", ranks,
                        simulated ? "free " : "", path, arguments);
    struct test_run run = test_run_command("%s", command);
    if (simulated || run.status <= 128 || run.output[0])
        return run;
    test_run_clear(&run);
    return test_run_command("%s", command);
}

void test_run_clear(struct test_run *run)
{
    g_free(run->output);
    run->output = NULL;
}
