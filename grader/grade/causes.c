/* Bringing failures together by their cause; see causes.h. */
#include "grader/grade/causes.h"
#include "grader/grade/cause_relations.h"
#include "grader/grade/grade_state.h"

#include <string.h>

/* ---- the list ---------------------------------------------------------------------------------- */

static void cause_free(void *pointer)
{
    struct cause *cause = pointer;
    g_ptr_array_free(cause->of, TRUE);
    g_free(cause);
}

static void add(struct cause *cause, struct check_result *result)
{
    g_ptr_array_add(cause->of, result);
    cause->points += result->check->points - result->points;
}

/* What is only not written yet has no cause. */
static bool has_failed(const struct check_result *result)
{
    return result->done && grade_state(result) == STATE_FAILED;
}

static void place_result(GPtrArray *causes, struct check_result *result)
{
    for (guint i = 0; i < causes->len; i++) {
        struct cause *cause = causes->pdata[i];
        if (!cause_tells_the_same(cause->told, result))
            continue;
        /* who knows the mistake by name tells it better, but not what is in a file with a check of its own, which
         * all that use the file come second to */
        if (cause->told->verdict->mistake->len == 0 && result->verdict->mistake->len > 0 &&
            !cause_is_mentioned(cause->told, result))
            cause->told = result;
        add(cause, result);
        return;
    }
    struct cause *cause = g_new0(struct cause, 1);
    cause->told = result;
    cause->of = g_ptr_array_new();
    add(cause, result);
    g_ptr_array_add(causes, cause);
}

/* Does it have that relation to all of the failures that tell one and the same? */
static bool is_behind(const struct cause *cause, const struct cause *results,
                      cause_relates *relates)
{
    for (guint k = 0; k < results->of->len; k++)
        if (!relates(cause->told, results->of->pdata[k]))
            return false;
    return true;
}

/* Of those behind a cause, the one that has nothing behind it. */
static guint first_behind(const guint *behind, guint i)
{
    while (behind[i] != i)
        i = behind[i];
    return i;
}

/* Sets behind[i] for each cause i that has another one behind it. */
static void find_behind(const GPtrArray *causes, cause_relates *relates, guint *behind)
{
    for (guint i = 0; i < causes->len; i++)
        for (guint k = 0; k < causes->len && behind[i] == i; k++)
            if (first_behind(behind, k) != i &&
                is_behind(causes->pdata[k], causes->pdata[i], relates))
                behind[i] = k;
}

/* What has a cause behind it goes to that one's failures. */
static void bring_together(GPtrArray *causes)
{
    static cause_relates *const relations[] = {cause_is_mentioned, cause_explains,
                                               cause_comes_first};
    g_autofree guint *behind = g_new(guint, causes->len + 1);
    for (guint i = 0; i < causes->len; i++)
        behind[i] = i;
    for (guint r = 0; r < G_N_ELEMENTS(relations); r++)
        find_behind(causes, relations[r], behind);
    for (guint i = 0; i < causes->len; i++) {
        struct cause *results = causes->pdata[i], *cause = causes->pdata[first_behind(behind, i)];
        for (guint k = 0; cause != results && k < results->of->len; k++)
            add(cause, results->of->pdata[k]);
    }
    for (guint i = causes->len; i-- > 0;)
        if (behind[i] != i)
            g_ptr_array_remove_index(causes, i);
}

/* The place of a result's cause in the list, or -1. */
static int index_of(const GPtrArray *causes, const struct check_result *result)
{
    for (guint i = 0; causes && i < causes->len; i++)
        if (g_ptr_array_find(((struct cause *)causes->pdata[i])->of, result, NULL))
            return (int)i;
    return -1;
}

/* The place of a check's own file among those that are handed in, in the order of the work. */
static int work_order(const struct rubric *rubric, const struct rubric_check *check)
{
    for (guint i = 0; i < rubric->files->len; i++)
        if (strcmp(RUBRIC_FILES(rubric, i)->name, rubric_check_about(check, 0)) == 0)
            return (int)i;
    return (int)rubric->files->len;
}

static gint surer_first(gconstpointer a, gconstpointer b, gpointer rubric)
{
    const struct cause *left = *(struct cause *const *)a, *right = *(struct cause *const *)b;
    int by_basis = (int)left->told->verdict->basis - (int)right->told->verdict->basis;
    if (by_basis != 0)
        return by_basis;
    int by_work = work_order(rubric, left->told->check) - work_order(rubric, right->told->check);
    if (by_work != 0)
        return by_work;
    if (left->points > right->points + 1e-9 || right->points > left->points + 1e-9)
        return left->points > right->points ? -1 : 1;
    return left->told < right->told ? -1 : 1; /* in the rubric's order */
}

/* The one that tells it, and then the others in the rubric's order. */
static gint told_first(gconstpointer a, gconstpointer b, gpointer told)
{
    const struct check_result *left = *(struct check_result *const *)a,
                              *right = *(struct check_result *const *)b;
    if ((left == told) != (right == told))
        return left == told ? -1 : 1;
    return left < right ? -1 : left > right;
}

void causes_find(struct grade *grade)
{
    GPtrArray *causes = g_ptr_array_new_with_free_func(cause_free);
    for (guint i = 0; i < grade->results->len; i++)
        if (has_failed(GRADE_RESULTS(grade, i)) && !GRADE_RESULTS(grade, i)->needs)
            place_result(causes, GRADE_RESULTS(grade, i));
    bring_together(causes);
    for (guint i = 0; i < grade->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(grade, i);
        const struct check_result *first = result;
        while (first->needs)
            first = first->needs;
        const int cause = first != result ? index_of(causes, first) : -1;
        if (cause >= 0 && has_failed(result))
            add(causes->pdata[cause], result);
    }
    for (guint i = 0; i < causes->len; i++) {
        const struct cause *cause = causes->pdata[i];
        g_ptr_array_sort_with_data(cause->of, told_first, (gpointer)cause->told);
    }
    g_ptr_array_sort_with_data(causes, surer_first, (gpointer)grade->rubric);
    grade->causes = causes;
}

int cause_number(const struct grade *grade, const struct check_result *result)
{
    return index_of(grade->causes, result) + 1;
}

enum cause_relation cause_relation(const struct cause *cause, const struct check_result *result)
{
    if (result == cause->told)
        return CAUSE_TOLD;
    if (result->needs)
        return CAUSE_NEEDS;
    if (cause_tells_the_same(cause->told, result))
        return CAUSE_SAME;
    return cause_explains(cause->told, result) ? CAUSE_FOLLOWS : CAUSE_SECOND;
}

const char *cause_look(const struct check_result *result)
{
    const struct verdict *verdict = result->verdict;
    if (verdict->look->len > 0)
        return verdict->look->str;
    /* what was not run has not shown what the rubric's words are about */
    const bool ran = result->check->runs->len == 0 || result->runs->len > 0;
    return ran && !result->lacks_file ? result->check->look : NULL;
}
