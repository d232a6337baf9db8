/* Other data in place of what is not here; see data_instead.h. */
#include "grader/grade/data_instead.h"

#include "common/files/dataset.h"

#include <string.h>

bool data_instead(const struct rubric_run *run, const char **meant, const char **used)
{
    struct options options, otherwise;
    char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
    if (!run->otherwise || !rubric_parse_arguments(run, run->arguments, &options, error) ||
        dataset_look(options.dataset, why) != DATASET_ABSENT ||
        !rubric_parse_arguments(run, run->otherwise, &otherwise, error) ||
        dataset_look(otherwise.dataset, why) != DATASET_READY)
        return false;
    *meant = dataset_title(options.dataset);
    *used = dataset_title(otherwise.dataset);
    return true;
}

bool data_instead_of_check(const struct rubric_check *check, const char **meant, const char **used)
{
    for (guint i = 0; i < check->runs->len; i++)
        if (data_instead(RUBRIC_RUNS(check, i), meant, used))
            return true;
    return false;
}

void data_instead_titles(struct rubric *rubric)
{
    for (guint i = 0; i < rubric->checks->len; i++) {
        struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        const char *meant, *used;
        if (!data_instead_of_check(check, &meant, &used))
            continue;
        const char *at = strstr(check->title, meant);
        if (!at)
            continue;
        char *title = g_strdup_printf("%.*s%s in place of %s", (int)(at - check->title),
                                      check->title, used, at);
        g_free(check->title);
        check->title = title;
    }
}
