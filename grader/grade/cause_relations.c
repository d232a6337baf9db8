/* Why one failure is no cause of its own; see cause_relations.h. */
#include "grader/grade/cause_relations.h"

#include <string.h>

/* ---- where a failure is -------------------------------------------------------------------- */

static bool is_one_of(const GPtrArray *names, const char *name)
{
    return names && g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

static bool is_about(const struct rubric_check *check, const char *file)
{
    for (int i = 0; i < rubric_check_abouts(check); i++)
        if (strcmp(rubric_check_about(check, i), file) == 0)
            return true;
    return false;
}

/* Does a check use the file, needed or not? */
static bool uses_file(const struct rubric_check *check, const char *file)
{
    return is_one_of(check->files, file) || is_one_of(check->builds_on, file) ||
           is_about(check, file);
}

/* Does a check use what the other is about? */
static bool uses_what_is_checked(const struct rubric_check *check, const struct rubric_check *other)
{
    for (int i = 0; i < rubric_check_abouts(other); i++)
        if (uses_file(check, rubric_check_about(other, i)))
            return true;
    return false;
}

/* Does it say so, whichever of them comes first in the rubric? */
static bool builds_on_what_is_checked(const struct rubric_check *check,
                                      const struct rubric_check *other)
{
    for (int i = 0; i < rubric_check_abouts(other); i++)
        if (is_one_of(check->builds_on, rubric_check_about(other, i)))
            return true;
    return false;
}

struct found {
    const char *at; /* in the headline; NULL: nowhere */
    gsize length;
};

/* Where a headline says "FILE:12". */
static struct found find_place(const char *headline, const char *file)
{
    const char *at = strstr(headline, file);
    const gsize digits =
        at && at[strlen(file)] == ':' ? strspn(at + strlen(file) + 1, "0123456789") : 0;
    return digits > 0 ? (struct found){at, strlen(file) + 1 + digits} : (struct found){NULL, 0};
}

/* The first "file.c:12" of a headline whose file the check uses: a new string; NULL. */
static char *place_of(const struct check_result *result)
{
    const char *headline = result->verdict->headline->str;
    const GPtrArray *lists[] = {result->check->files, result->check->builds_on,
                                result->check->about};
    struct found first = {NULL, 0};
    for (gsize list = 0; list < G_N_ELEMENTS(lists); list++)
        for (guint i = 0; lists[list] && i < lists[list]->len; i++) {
            const struct found found = find_place(headline, lists[list]->pdata[i]);
            if (found.at && (!first.at || found.at < first.at))
                first = found;
        }
    return first.at ? g_strndup(first.at, first.length) : NULL;
}

/* The file that a failure is in: that of its place, else the one that the check is about. */
static char *file_of(const struct check_result *result)
{
    g_autofree char *place = place_of(result);
    return place ? g_strndup(place, strcspn(place, ":"))
                 : g_strdup(rubric_check_about(result->check, 0));
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
    return strstr(result->verdict->headline->str, "the program stopped with a message: ") != NULL;
}

static bool is_same_code(const struct check_result *a, const struct check_result *b)
{
    g_autofree char *of_a = file_of(a), *of_b = file_of(b);
    return strcmp(of_a, of_b) == 0 || uses_what_is_checked(a->check, b->check) ||
           uses_what_is_checked(b->check, a->check);
}

bool cause_tells_the_same(const struct check_result *a, const struct check_result *b)
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

/* Both have to be about the same code: the file in which it was seen is the one that the other check is about, or
 * one that both use beside their own. */
bool cause_explains(const struct check_result *seen, const struct check_result *result)
{
    if (!seen->verdict->spoils || !is_result(result))
        return false;
    g_autofree char *file = file_of(seen);
    return is_about(result->check, file) ||
           (!is_about(seen->check, file) && uses_file(result->check, file));
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

bool cause_is_mentioned(const struct check_result *first, const struct check_result *result)
{
    for (int i = 0; i < rubric_check_abouts(first->check) && !is_result(first); i++) {
        const char *file = rubric_check_about(first->check, i);
        if (!is_about(result->check, file) && mentions(result, file))
            return true;
    }
    return false;
}

/* ---- what can be told later -------------------------------------------------------------------- */

/* Of several checks about one file: which of their failures says more, the smaller the more. */
static int weight(const struct check_result *result)
{
    switch (result->verdict->basis) {
    case BASIS_FITS:
        return 1;
    case BASIS_SYMPTOM:
        return 2;
    case BASIS_AMOUNT:
        return result->verdict->mistake->len > 0 ? 3 : 4;
    case BASIS_SEEN:
    case BASIS_UNWRITTEN:
        break;
    }
    return 0;
}

static bool has_unfinished_run(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++) {
        const enum run_end end = g_array_index(result->runs, struct run_summary, i).end;
        if (end != RUN_FINISHED && end != RUN_REFUSED && end != RUN_NOT_STARTED)
            return true;
    }
    return false;
}

/* Does it need all files that the other one needs, and more? */
static bool uses_all_of(const struct rubric_check *check, const struct rubric_check *other)
{
    for (guint i = 0; i < other->files->len; i++)
        if (!uses_file(check, other->files->pdata[i]))
            return false;
    return check->files->len > other->files->len;
}

/* Can a failure come of another one, in what its check is made of? A mistake that is known by name is told, unless
 * all of that other check is in this one. */
static bool can_come_of(const struct check_result *first, const struct check_result *result)
{
    if (result->verdict->basis == BASIS_FITS)
        return uses_all_of(result->check, first->check);
    if (weight(result) > 0)
        return true;
    if (has_unfinished_run(first) && has_unfinished_run(result))
        return true;
    g_autofree char *place = place_of(result);
    return is_kits_message(result) && !place;
}

bool cause_comes_first(const struct check_result *first, const struct check_result *result)
{
    if (first == result || first->verdict->basis == BASIS_UNWRITTEN ||
        result->verdict->basis == BASIS_UNWRITTEN)
        return false;
    bool same = false;
    for (int i = 0; i < rubric_check_abouts(first->check); i++)
        same |= is_about(result->check, rubric_check_about(first->check, i));
    if (same)
        return weight(first) > 0 && weight(result) > 1 &&
               (weight(first) < weight(result) ||
                (weight(first) == weight(result) && first < result));
    const bool may = first < result ? uses_what_is_checked(result->check, first->check)
                                    : builds_on_what_is_checked(result->check, first->check);
    return may && can_come_of(first, result);
}
