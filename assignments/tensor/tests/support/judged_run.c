/* The solutions, run and judged; see judged_run.h. */
#include "assignments/tensor/tests/support/judged_run.h"

#include "assignments/tensor/way_table.h"
#include "common/files/tensor_file.h"
#include "tests/support/program_outcome.h"
#include "tests/support/test.h"

#include <string.h>

void judged_run_options(const char *arguments, struct options *options)
{
    char error[OPTIONS_ERROR_SIZE];
    g_autofree char *line = g_strdup_printf("tensor %s", arguments);
    g_auto(GStrv) word = NULL;
    int count;
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(options, &tensor_own_options, count, word, error), "%s", error);
}

struct tensor_places *judged_run_places(const char *arguments, struct outcome *run)
{
    struct verdict *verdict = verdict_new();
    judged_run_options(arguments, &run->options);
    struct tensor_places *places = tensor_places_new(run, verdict);
    ck_assert_msg(places != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return places;
}

struct outcome judged_run(bool simulated, int ranks, const char *arguments)
{
    return program_outcome(simulated, ranks, "solutions/tensor", &tensor_own_options, arguments);
}

void judged_run_clear(struct outcome *outcome)
{
    program_outcome_clear(outcome);
}

void judged_run_scale_stored(const struct outcome *outcome, int rank, const char *prefix,
                             float factor)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path =
        g_strdup_printf("%s/rank-%d.stage-0.after-0.safetensors", outcome->folder, rank);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    int scaled = 0;
    for (int i = 0; i < tensor_file_count(file); i++) {
        if (!g_str_has_prefix(tensor_file_name(file, i), prefix))
            continue;
        struct tensor *tensor = tensor_file_get(file, tensor_file_name(file, i));
        for (int k = 0; k < tensor->count; k++)
            tensor_floats(tensor)[k] *= factor;
        scaled++;
    }
    ck_assert_int_gt(scaled, 0);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
}

void judged_run_expect(judge_function *judge, const struct outcome *outcome, enum verdict_kind kind,
                       const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    ck_assert_msg(!mistake || strcmp(verdict->mistake->str, mistake) == 0,
                  "\"%s\" is not \"%s\"\n%s", verdict->mistake->str, mistake,
                  verdict->explanation->str);
    verdict_free(verdict);
}
