/* One student's review; see merge.h. */
#include "class/review/merge.h"

#include "class/students/cells.h"
#include "class/students/records.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* What came of one check. */
struct review_outcome {
    json_t *parts;
    double points;
    int with_points, to_settle;
};

static double rounded(double points)
{
    return round(points / REVIEW_STEP) * REVIEW_STEP;
}

/* ---- disagreements ------------------------------------------------------------------------------------------------ */

static void note_disagreement(const struct review_opinions *opinions, const char *student,
                              const struct review_check *check, const struct review_part *part,
                              enum review_agreement agreement, double points, double difference,
                              struct review_merged *merged)
{
    g_autofree char *said = review_opinions_words(opinions, student, check->name, part->name);
    g_autofree char *became = agreement == REVIEW_TO_SETTLE ? g_strdup("to be settled")
                              : agreement == REVIEW_IS_SETTLED
                                  ? g_strdup_printf("settled: %g", points)
                                  : g_strdup_printf("mean: %g", points);
    const char *const texts[] = {opinions->questions->rubric->assignment, student, check->name,
                                 part->name};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        cells_append(merged->rows, texts[i]);
    cells_append_number(merged->rows, part->max_points, 3);
    cells_append_number(merged->rows, difference, 3);
    cells_append(merged->rows, said);
    cells_append(merged->rows, became);
    cells_end_row(merged->rows);
    g_string_append_printf(merged->words, "  %s, %s, %s: %s of %g: %s\n", student, check->name,
                           part->name, said, part->max_points, became);
}

/* ---- points ---------------------------------------------------------------------------------------------------------- */

static struct review_outcome outcome_of(const struct review_opinions *opinions, const char *student,
                                        const struct review_check *check,
                                        struct review_merged *merged)
{
    struct review_outcome outcome = {.parts = json_array()};
    for (guint i = 0; i < check->items->len; i++) {
        const struct review_part *part = REVIEW_PARTS(check, i);
        double points, difference;
        const enum review_agreement agreement =
            review_opinions_points(opinions, student, check, part, &points, &difference);
        if (difference > REVIEW_STEP / 2)
            note_disagreement(opinions, student, check, part, agreement, points, difference,
                              merged);
        outcome.to_settle += agreement == REVIEW_TO_SETTLE;
        if (isnan(points))
            continue;
        outcome.with_points++;
        outcome.points += points;
        json_array_append_new(outcome.parts,
                              json_pack("{s:s,s:f,s:f}", "item", part->name, "points",
                                        rounded(points), "max_points", part->max_points));
    }
    return outcome;
}

static json_t *reviewers_of(const struct review_opinions *opinions, const char *student,
                            const char *check)
{
    json_t *names = json_array();
    for (guint i = 0; i < opinions->all->len; i++) {
        const struct review_opinion *opinion = opinions->all->pdata[i];
        if (review_table_find(opinion->table, student, check))
            json_array_append_new(names, json_string(opinion->reviewer));
    }
    if (opinions->settled && review_table_find(opinions->settled->table, student, check))
        json_array_append_new(names, json_string(opinions->settled->reviewer));
    return names;
}

static json_t *item_of(const struct review_opinions *opinions, const char *student,
                       const struct review_check *check, const struct review_outcome *outcome)
{
    GPtrArray *texts = review_opinions_comments(opinions, student, check->name);
    json_t *comments = json_array();
    for (guint i = 0; i < texts->len; i++)
        json_array_append_new(comments, record_string(texts->pdata[i]));
    g_ptr_array_unref(texts);
    return json_pack("{s:s,s:f,s:f,s:o,s:o,s:O}", "check", check->name, "points",
                     rounded(outcome->points), "max_points", check->max_points, "comments",
                     comments, "reviewers", reviewers_of(opinions, student, check->name), "parts",
                     outcome->parts);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------ */

static void add_check(const struct review_opinions *opinions, const char *student,
                      const struct review_check *check, json_t *items, json_t *open,
                      struct review_merged *merged)
{
    const struct review_outcome outcome = outcome_of(opinions, student, check, merged);
    const int all = (int)check->items->len;
    if (outcome.with_points == all) {
        json_array_append_new(items, item_of(opinions, student, check, &outcome));
        merged->complete++;
    } else if (outcome.with_points + outcome.to_settle > 0) {
        json_array_append_new(open, json_pack("{s:s,s:s}", "check", check->name, "why",
                                              outcome.to_settle > 0
                                                  ? "reviewers differ, and it has to be settled"
                                                  : "not all items have points"));
        merged->to_settle += outcome.to_settle > 0;
        merged->unfinished += outcome.to_settle == 0;
    }
    json_decref(outcome.parts);
}

static bool put_away(const char *path, GString *error)
{
    if (g_unlink(path) == 0 || errno == ENOENT)
        return true;
    g_string_append_printf(error, "%s can't be removed: %s\n", path, g_strerror(errno));
    return false;
}

bool review_merge_student(const struct review_opinions *opinions, const struct student *student,
                          struct review_merged *merged, GString *error)
{
    const struct review_questions *questions = opinions->questions;
    g_autofree char *name = g_strdup_printf("review-%s.json", questions->rubric->assignment),
                    *path = g_build_filename(student->folder, name, NULL);
    json_t *items = json_array(), *open = json_array();
    for (guint i = 0; i < questions->checks->len; i++)
        add_check(opinions, student->id, questions->checks->pdata[i], items, open, merged);
    const bool any = json_array_size(items) + json_array_size(open) > 0;
    json_t *root = json_pack("{s:s,s:o,s:o}", "assignment", questions->rubric->assignment, "items",
                             items, "open", open);
    const bool written = any ? record_write(path, root, error) : put_away(path, error);
    json_decref(root);
    return written;
}
