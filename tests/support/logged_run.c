/* Runs with logs written by hand; see logged_run.h. */
#include "tests/support/logged_run.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logged_run *logged_run_new(int ranks)
{
    struct logged_run *run = g_new0(struct logged_run, 1);
    strcpy(run->folder, "/tmp/logged-run-XXXXXX");
    if (!g_mkdtemp(run->folder))
        abort();
    run->outcome = (struct outcome){.ranks = ranks,
                                    .options = options_defaults(NULL),
                                    .end = RUN_FINISHED,
                                    .folder = run->folder,
                                    .command = (char *)"(the command)",
                                    .output = (char *)"",
                                    .log = run->log,
                                    .log_error = run->log_error};
    run->outcome.options.seed = 77;
    for (int rank = 0; rank < ranks; rank++)
        script_init(&run->script[rank], rank, ranks);
    return run;
}

void logged_run_end(struct logged_run *run)
{
    for (int rank = 0; rank < run->outcome.ranks; rank++) {
        script_final(&run->script[rank]);
        run->log[rank] = run->script[rank].log;
        run->log[rank].seed = run->outcome.options.seed;
    }
}

void logged_run_free(struct logged_run *run)
{
    g_autofree char *command = g_strdup_printf("rm -rf %s", run->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", run->folder);
    for (int rank = 0; rank < LOGGED_RANKS; rank++)
        free(run->script[rank].log.record);
    g_free(run);
}

void logged_run_expect(struct verdict *verdict, enum verdict_kind kind, const char *says)
{
    ck_assert_uint_gt(verdict->headline->len, 0);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    verdict_free(verdict);
}
