/* A probe of one rank, judged; see judged_probe.h. */
#include "assignments/tensor/tests/support/judged_probe.h"

#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <string.h>

static struct logged_run *run;

void judged_probe_begin(void)
{
    run = logged_run_new(1);
    logged_run_end(run);
}

void judged_probe_end(void)
{
    logged_run_free(run);
}

void judged_probe_set_way(const char *way)
{
    g_strlcpy(run->outcome.options.step, way, sizeof run->outcome.options.step);
}

void judged_probe_write(const char *name, json_t *table)
{
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert_int_eq(json_dump_file(table, path, 0), 0);
    json_decref(table);
}

void judged_probe_expect(judge_function *judge, enum verdict_kind kind, const char *says,
                         const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake ? mistake : "") == 0, "named \"%s\": %s",
                  verdict->mistake->str, verdict->headline->str);
    logged_run_expect(verdict, kind, says);
}

void judged_probe_expect_unusable(judge_function *judge, const char *name)
{
    static const char *const unusable[] = {
        "", "[", "{}", "[]", "[1, 2]", "[{\"size\": \"x\"}]", "[{\"links\": [9], \"forms\": [0]}]"};
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    judged_probe_expect(judge, VERDICT_FAIL, name, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(unusable); i++) {
        ck_assert(g_file_set_contents(path, unusable[i], -1, NULL));
        judged_probe_expect(judge, VERDICT_FAIL, name, NULL);
    }
}
