/* Bringing failures together by their cause; see causes.h. */
#include "grader/grade/causes.h"

#include <string.h>

/* ---- where a failure is -------------------------------------------------------------------- */

/* The file that a check is about: the last of those that it needs. */
static const char *own_file(const struct rubric_check *check)
{
    return check->files->len > 0 ? check->files->pdata[check->files->len - 1] : "";
}

static bool needs_file(const struct rubric_check *check, const char *file)
{
    for (guint i = 0; i < check->files->len; i++)
        if (strcmp(check->files->pdata[i], file) == 0)
            return true;
    return false;
}

/* The first "file.c:12" of a headline whose file the check needs: a new string; NULL. */
static char *place_of(const struct check_result *result)
{
    const char *headline = result->verdict->headline->str, *first = NULL;
    gsize length = 0;
    for (guint i = 0; i < result->check->files->len; i++) {
        const char *file = result->check->files->pdata[i];
        const char *found = strstr(headline, file);
        gsize digits = found && found[strlen(file)] == ':'
                           ? strspn(found + strlen(file) + 1, "0123456789")
                           : 0;
        if (digits == 0 || (first && found > first))
            continue;
        first = found;
        length = strlen(file) + 1 + digits;
    }
    return first ? g_strndup(first, length) : NULL;
}

/* The file that a failure is in: that of its place, else the one that the check is about. */
static char *file_of(const struct check_result *result)
{
    g_autofree char *place = place_of(result);
    return place ? g_strndup(place, strcspn(place, ":")) : g_strdup(own_file(result->check));
}

/* ---- failures that tell the same --------------------------------------------------------------- */

/* A headline without its numbers, and without what stands in round brackets: the line that called. */
static char *words_of(const struct check_result *result)
{
    GString *words = g_string_new(NULL);
    int depth = 0;
    for (const char *c = result->verdict->headline->str; *c; c++) {
        depth += *c == '(';
        if (depth == 0 && !g_ascii_isdigit(*c) && !strchr(" .,", *c))
            g_string_append_c(words, *c);
        depth -= *c == ')' && depth > 0;
    }
    return g_string_free(words, FALSE);
}

/* Did the kit itself end the run, with a message that is about no line in particular? */
static bool is_kits_message(const struct check_result *result)
{
    return g_str_has_prefix(result->verdict->headline->str, "the program stopped with a message: ");
}

static bool is_same_code(const struct check_result *a, const struct check_result *b)
{
    g_autofree char *of_a = file_of(a), *of_b = file_of(b);
    return strcmp(of_a, of_b) == 0 || needs_file(a->check, own_file(b->check)) ||
           needs_file(b->check, own_file(a->check));
}

static bool tells_the_same(const struct check_result *a, const struct check_result *b)
{
    const struct verdict *va = a->verdict, *vb = b->verdict;
    if (strcmp(va->headline->str, vb->headline->str) == 0)
        return true;
    g_autofree char *words_a = words_of(a), *words_b = words_of(b);
    /* The same complaint from several files of the student's has one cause somewhere else. */
    if (is_kits_message(a) && strcmp(words_a, words_b) == 0)
        return true;
    if (!is_same_code(a, b))
        return false;
    if (va->mistake->len > 0 && vb->mistake->len > 0)
        return strcmp(va->mistake->str, vb->mistake->str) == 0;
    g_autofree char *place_a = place_of(a), *place_b = place_of(b);
    return strcmp(words_a, words_b) == 0 ||
           (place_a && place_b && strcmp(place_a, place_b) == 0 && va->basis == vb->basis);
}

/* ---- results that follow ----------------------------------------------------------------------- */

static bool is_result(const struct check_result *result)
{
    return result->verdict->basis == BASIS_FITS || result->verdict->basis == BASIS_SYMPTOM;
}

/* Does what was seen in one check make another one's results wrong? Both have to be about the same
 * code: the file in which it was seen is the one that the other check is about, or one that both use
 * beside their own. */
static bool explains(const struct check_result *seen, const struct check_result *result)
{
    if (!seen->verdict->spoils || !is_result(result))
        return false;
    g_autofree char *file = file_of(seen);
    return strcmp(file, own_file(result->check)) == 0 ||
           (strcmp(file, own_file(seen->check)) != 0 && needs_file(result->check, file));
}

/* Does a failure speak of a file ("step.c:12", or the kit of its function, "step: …")? */
static bool mentions(const struct check_result *result, const char *file)
{
    const char *headline = result->verdict->headline->str;
    const char *dot = strrchr(file, '.');
    g_autofree char *line = g_strconcat(file, ":", NULL);
    g_autofree char *function = g_strdup_printf(" %.*s: ", (int)(dot ? dot - file : 0), file);
    return strstr(headline, line) != NULL || (dot && strstr(headline, function) != NULL);
}

/* Where the check about a file has failed, what others see of that file comes second. */
static bool comes_first(const struct check_result *first, const struct check_result *result)
{
    const char *file = own_file(first->check);
    return strcmp(file, own_file(result->check)) != 0 && !is_result(first) &&
           mentions(result, file);
}

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

static bool has_failed(const struct check_result *result)
{
    return result->done && result->verdict->kind == VERDICT_FAIL;
}

static void place_result(GPtrArray *causes, struct check_result *result)
{
    for (guint i = 0; i < causes->len; i++) {
        struct cause *cause = causes->pdata[i];
        if (!tells_the_same(cause->told, result))
            continue;
        /* who knows the mistake by name tells it better */
        if (cause->told->verdict->mistake->len == 0 && result->verdict->mistake->len > 0)
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

typedef bool relation(const struct check_result *cause, const struct check_result *result);

/* The cause to which all failures of another one have that relation, or NULL. */
static struct cause *find_explanation(const GPtrArray *causes, const struct cause *results,
                                      relation *is_related)
{
    for (guint i = 0; i < causes->len; i++) {
        struct cause *cause = causes->pdata[i];
        bool all = cause != results;
        for (guint k = 0; k < results->of->len && all; k++)
            all = is_related(cause->told, results->of->pdata[k]);
        if (all)
            return cause;
    }
    return NULL;
}

static void follow(GPtrArray *causes, relation *is_related)
{
    for (guint i = causes->len; i-- > 0;) {
        struct cause *results = causes->pdata[i];
        struct cause *cause = find_explanation(causes, results, is_related);
        for (guint k = 0; cause && k < results->of->len; k++)
            add(cause, results->of->pdata[k]);
        if (cause)
            g_ptr_array_remove_index(causes, i);
    }
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
        if (strcmp(RUBRIC_FILES(rubric, i)->name, own_file(check)) == 0)
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

void causes_find(struct grade *grade)
{
    GPtrArray *causes = g_ptr_array_new_with_free_func(cause_free);
    for (guint i = 0; i < grade->results->len; i++)
        if (has_failed(GRADE_RESULTS(grade, i)) && !GRADE_RESULTS(grade, i)->needs)
            place_result(causes, GRADE_RESULTS(grade, i));
    follow(causes, comes_first);
    follow(causes, explains);
    for (guint i = 0; i < grade->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(grade, i);
        const struct check_result *first = result;
        while (first->needs)
            first = first->needs;
        const int cause = first != result ? index_of(causes, first) : -1;
        if (cause >= 0 && has_failed(result))
            add(causes->pdata[cause], result);
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
    if (tells_the_same(cause->told, result))
        return CAUSE_SAME;
    return comes_first(cause->told, result) ? CAUSE_SECOND : CAUSE_FOLLOWS;
}

const char *cause_look(const struct cause *cause)
{
    const struct verdict *verdict = cause->told->verdict;
    if (verdict->basis == BASIS_UNWRITTEN)
        return NULL;
    return verdict->look->len > 0 ? verdict->look->str : cause->told->check->look;
}
