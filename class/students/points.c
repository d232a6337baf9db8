/* Final points; see points.h. */
#include "class/students/points.h"

#include "class/students/records.h"
#include "grader/grade/grade_state.h"

#include <math.h>
#include <string.h>

/* Points in files have six digits or more: a tie is what is one within these. */
#define TIE 1e-9

static double rounded(double points)
{
    return floor(points * 100 + 0.5 + TIE) / 100;
}

bool points_are_for_a_person(const struct graded_check *check)
{
    return strcmp(check->state, grade_state_name(STATE_FOR_A_PERSON)) == 0;
}

static bool read_items(struct review *review)
{
    size_t i;
    json_t *one;
    const json_t *items = json_object_get(review->root, "items");
    json_array_foreach(items, i, one)
    {
        const struct review_item item = {.check = record_text(one, "check"),
                                         .points = record_number(one, "points", NAN),
                                         .comments = json_object_get(one, "comments")};
        if (!item.check || !isfinite(item.points))
            return false;
        g_array_append_val(review->items, item);
    }
    return json_is_array(items);
}

struct review *points_review(const struct student *student, const char *assignment, GString *error)
{
    g_autofree char *name = g_strdup_printf("review-%s.json", assignment);
    g_autofree char *path = g_build_filename(student->folder, name, NULL);
    struct review *review = g_new0(struct review, 1);
    review->items = g_array_new(FALSE, TRUE, sizeof(struct review_item));
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return review;
    review->root = record_read(path, error);
    if (!review->root || read_items(review))
        return review;
    g_array_set_size(review->items, 0);
    g_string_append_printf(
        error, "%s: is no review: its items need a check and points; it counts as none\n", path);
    return review;
}

void points_review_free(struct review *review)
{
    if (!review)
        return;
    g_array_unref(review->items);
    json_decref(review->root);
    g_free(review);
}

const struct review_item *points_reviewed(const struct review *review, const char *check)
{
    for (guint i = 0; i < review->items->len; i++) {
        const struct review_item *item = &g_array_index(review->items, struct review_item, i);
        if (strcmp(item->check, check) == 0)
            return item;
    }
    return NULL;
}

/* What a person gave for a check, within what the rubric allows. */
static double given(const struct student *student, const struct graded_check *check,
                    const struct review_item *item, GString *error)
{
    const double points = CLAMP(item->points, 0, check->max_points);
    if (fabs(points - item->points) > TIE)
        g_string_append_printf(
            error, "%s: the review gives %g points for %s, which has 0 to %g; %g count\n",
            student->id, item->points, check->name, check->max_points, points);
    return points;
}

/* A check that a person reads. */
static void add_reviewed(struct final_points *points, const struct student *student,
                         const struct graded_check *check, const struct review *review,
                         GString *error)
{
    const struct review_item *item = points_reviewed(review, check->name);
    const double got = item ? given(student, check, item, error) : 0;
    points->for_a_person += check->max_points;
    points->not_reviewed += item ? 0 : check->max_points;
    points->bonus += check->bonus ? got : 0;
    points->by_person += check->bonus ? 0 : got;
}

/* Review of what a judge decides, or of what is not in the rubric, is somebody's mistake. */
static void complain_of_others(const struct student *student, const struct graded *graded,
                               const struct review *review, GString *error)
{
    for (guint i = 0; i < review->items->len; i++) {
        const char *name = g_array_index(review->items, struct review_item, i).check;
        bool counts = false;
        for (guint k = 0; k < graded->checks->len && !counts; k++)
            counts = strcmp(GRADED_CHECKS(graded, k)->name, name) == 0 &&
                     points_are_for_a_person(GRADED_CHECKS(graded, k));
        if (!counts)
            g_string_append_printf(error,
                                   "%s: the review is about \"%s\" of %s, which is not for a "
                                   "person: it does not count\n",
                                   student->id, name, graded->assignment);
    }
}

struct final_points points_of(const struct student *student, const struct graded *graded,
                              GString *error)
{
    struct final_points points = {.factor = student->factor};
    if (!graded || !graded->has_record)
        return points;
    points.is_graded = true;
    points.got = graded->got;
    points.bonus = graded->bonus;
    points.all = graded->all;
    points.bonus_all = graded->bonus_all;
    struct review *review = points_review(student, graded->assignment, error);
    complain_of_others(student, graded, review, error);
    for (guint i = 0; i < graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(graded, i);
        if (points_are_for_a_person(check))
            add_reviewed(&points, student, check, review, error);
        else if (strcmp(check->state, grade_state_name(STATE_NOT_JUDGED)) == 0)
            points.not_judged += check->max_points;
    }
    points_review_free(review);
    points.final = rounded(points.factor * (points.got + points.bonus + points.by_person));
    return points;
}
