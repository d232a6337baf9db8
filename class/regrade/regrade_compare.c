/* Two grades side by side; see regrade_compare.h. */
#include "class/regrade/regrade_compare.h"

#include "class/students/records.h"

#include <math.h>
#include <string.h>

#define NEAR 5e-7 /* of points, which files have with six digits or more */

/* ---- what they were made from ------------------------------------------------------------------------------ */

static void clear_fact(void *pointer)
{
    struct regrade_fact *fact = pointer;
    g_free(fact->then);
    g_free(fact->now);
}

/* why: NULL: it is only told. */
static void add_fact(struct regrade_comparison *comparison, const char *name, const char *then,
                     const char *now, bool is_input, const char *why)
{
    const struct regrade_fact fact = {.name = name,
                                      .then = g_strdup(then ? then : "not known"),
                                      .now = g_strdup(now ? now : "not known"),
                                      .why = why,
                                      .differs = g_strcmp0(then, now) != 0,
                                      .is_input = is_input};
    if (is_input && fact.differs)
        comparison->same_inputs = false;
    g_array_append_val(comparison->facts, fact);
}

/* A member of the record in words: a new string; NULL: it has none. */
static char *member(const struct graded *graded, const char *key)
{
    const json_t *value = graded->record ? json_object_get(graded->record, key) : NULL;
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (json_is_integer(value) && json_integer_value(value) != 0)
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return graded->record ? g_strdup("-") : NULL;
}

static void add_member(struct regrade_comparison *comparison, const char *name, const char *key,
                       const struct graded *then, const struct graded *now, const char *why)
{
    g_autofree char *before = member(then, key), *after = member(now, key);
    add_fact(comparison, name, before, after, true, why);
}

static char *points_of(const struct graded *graded)
{
    if (!graded->has_record)
        return g_strdup("none: it could not be graded");
    return g_strdup_printf("%.2f of %.2f judged, bonus %.2f", graded->got, graded->judged,
                           graded->bonus);
}

static char *end_of(const struct graded *graded)
{
    if (graded->finished)
        return g_strdup("all could be judged");
    if (graded->has_record)
        return g_strdup("some checks could not be judged on that machine");
    return g_strdup_printf("it did not come to its end (exit status %d)", graded->exit_status);
}

static void add_facts(struct regrade_comparison *comparison, const struct graded *then,
                      const struct graded *now)
{
    add_fact(comparison, "submission (SHA-256)", then->sha256, now->sha256, true,
             "The files are others than those that were graded then: what is in submission/ was "
             "changed or handed in again since.");
    add_fact(comparison, "kit", then->kit, now->kit, true,
             "Another version of the kit graded then; what changed between the two is in its "
             "history.");
    add_fact(comparison, "secret (fingerprint)", then->secret, now->secret, true,
             "Another secret (GRADER_SECRET): the runs had other seeds, and other sizes where a "
             "rubric varies them.");
    add_member(comparison, "year", "year", then, now,
               "Another year: the runs had other seeds and sizes.");
    add_member(comparison, "seed", "seed", then, now, "Another seed was asked for.");
    add_member(comparison, "device", "device", then, now, "Programs computed on another device.");
    add_fact(comparison, "machine", then->machine, now->machine, true,
             "Another machine: what is timed, and what a machine can't do, may differ.");
    add_fact(comparison, "when", then->began, now->began, false, NULL);
    g_autofree char *end_then = end_of(then), *end_now = end_of(now), *points = points_of(then),
                    *points_now = points_of(now);
    add_fact(comparison, "end", end_then, end_now, false, NULL);
    add_fact(comparison, "points", points, points_now, false, NULL);
}

/* ---- what they say --------------------------------------------------------------------------------------------- */

static const struct graded_check *find(const struct graded *graded, const char *name)
{
    for (guint i = 0; i < graded->checks->len; i++)
        if (strcmp(GRADED_CHECKS(graded, i)->name, name) == 0)
            return GRADED_CHECKS(graded, i);
    return NULL;
}

static void compare_check(struct regrade_comparison *comparison, const struct graded_check *then,
                          const struct graded_check *now)
{
    const struct graded_check *some = now ? now : then;
    struct regrade_check check = {
        .name = some->name, .title = some->title, .then = then, .now = now};
    check.verdict_differs = !then || !now || strcmp(then->state, now->state) != 0 ||
                            fabs(then->points - now->points) > NEAR ||
                            fabs(then->max_points - now->max_points) > NEAR ||
                            g_strcmp0(then->mistake, now->mistake) != 0;
    check.words_differ = then && now && strcmp(then->seen, now->seen) != 0;
    if (!check.verdict_differs && !check.words_differ)
        return;
    comparison->verdicts += check.verdict_differs;
    g_array_append_val(comparison->checks, check);
}

struct regrade_comparison *regrade_compare(const struct graded *then, const struct graded *now)
{
    struct regrade_comparison *comparison = g_new0(struct regrade_comparison, 1);
    comparison->facts = g_array_new(FALSE, TRUE, sizeof(struct regrade_fact));
    comparison->checks = g_array_new(FALSE, TRUE, sizeof(struct regrade_check));
    comparison->same_inputs = true;
    comparison->was_unfinished = !then->finished;
    comparison->is_unfinished = !now->finished;
    g_array_set_clear_func(comparison->facts, clear_fact);
    add_facts(comparison, then, now);
    for (guint i = 0; i < now->checks->len; i++)
        compare_check(comparison, find(then, GRADED_CHECKS(now, i)->name), GRADED_CHECKS(now, i));
    for (guint i = 0; i < then->checks->len; i++)
        if (!find(now, GRADED_CHECKS(then, i)->name))
            compare_check(comparison, GRADED_CHECKS(then, i), NULL);
    return comparison;
}

void regrade_comparison_free(struct regrade_comparison *comparison)
{
    g_array_unref(comparison->facts);
    g_array_unref(comparison->checks);
    g_free(comparison);
}
