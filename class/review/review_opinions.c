/* What all reviewers say; see review_opinions.h. */
#include "class/review/review_opinions.h"

#include "class/review/review_session.h"

#include <math.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void free_opinion(gpointer pointer)
{
    struct review_opinion *opinion = pointer;
    g_free(opinion->reviewer);
    review_table_free(opinion->table);
    review_comments_free(opinion->comments);
    g_free(opinion);
}

/* The reviewer of "ASSIGNMENT-REVIEWER.csv": a new string; NULL: it is another file. */
static char *reviewer_of(const char *name, const char *assignment)
{
    g_autofree char *begin = g_strconcat(assignment, "-", NULL);
    if (!g_str_has_prefix(name, begin) || !g_str_has_suffix(name, ".csv"))
        return NULL;
    const char *reviewer = name + strlen(begin);
    g_autofree char *own = g_strndup(reviewer, strlen(reviewer) - strlen(".csv"));
    return review_is_reviewer(own) ? g_steal_pointer(&own) : NULL;
}

static void read_one(struct review_opinions *opinions, const char *out, char *reviewer,
                     GString *error)
{
    const char *assignment = opinions->questions->rubric->assignment;
    g_autofree char *table = review_path(out, assignment, reviewer, ".csv"),
                    *comments = review_path(out, assignment, reviewer, "-comments.csv");
    struct review_opinion *opinion = g_new0(struct review_opinion, 1);
    opinion->reviewer = reviewer;
    opinion->table = review_table_read(table, error);
    opinion->comments = review_comments_read(comments, error);
    if (strcmp(reviewer, REVIEW_SETTLED) == 0)
        opinions->settled = opinion;
    else
        g_ptr_array_add(opinions->all, opinion);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct review_opinion *const *first = a, *const *second = b;
    return strcmp((*first)->reviewer, (*second)->reviewer);
}

struct review_opinions *review_opinions_read(const char *out,
                                             const struct review_questions *questions, double share,
                                             GString *error)
{
    const gsize before = error->len;
    struct review_opinions *opinions = g_new0(struct review_opinions, 1);
    opinions->questions = questions;
    opinions->share = share;
    opinions->all = g_ptr_array_new_with_free_func(free_opinion);
    g_autofree char *path = g_build_filename(out, "review", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        char *reviewer = reviewer_of(name, questions->rubric->assignment);
        if (reviewer)
            read_one(opinions, out, reviewer, error);
    }
    g_ptr_array_sort(opinions->all, by_name);
    if (error->len == before)
        return opinions;
    review_opinions_free(opinions);
    return NULL;
}

void review_opinions_free(struct review_opinions *opinions)
{
    if (!opinions)
        return;
    g_ptr_array_unref(opinions->all);
    if (opinions->settled)
        free_opinion(opinions->settled);
    g_free(opinions);
}

/* ---- points ---------------------------------------------------------------------------------------------------- */

static double points_by(const struct review_opinion *opinion, const char *student,
                        const char *check, const char *item)
{
    const struct review_judgement *judgement =
        opinion ? review_table_find(opinion->table, student, check) : NULL;
    return judgement ? review_judgement_points(judgement, item) : NAN;
}

enum review_agreement review_opinions_points(const struct review_opinions *opinions,
                                             const char *student, const struct review_check *check,
                                             const struct review_part *part, double *points,
                                             double *difference)
{
    double least = INFINITY, most = -INFINITY, sum = 0;
    guint count = 0;
    for (guint i = 0; i < opinions->all->len; i++) {
        const double own = points_by(opinions->all->pdata[i], student, check->name, part->name);
        if (isnan(own))
            continue;
        least = fmin(least, own);
        most = fmax(most, own);
        sum += own;
        count++;
    }
    *difference = count > 0 ? most - least : 0;
    *points = points_by(opinions->settled, student, check->name, part->name);
    if (!isnan(*points))
        return REVIEW_IS_SETTLED;
    if (count == 0)
        return REVIEW_NOTHING;
    if (*difference > opinions->share * part->max_points + REVIEW_STEP / 2)
        return REVIEW_TO_SETTLE;
    *points = sum / count;
    return *difference < REVIEW_STEP / 2 ? REVIEW_ALIKE : REVIEW_MEAN;
}

bool review_opinions_differ(const struct review_opinions *opinions, const char *student,
                            const struct review_check *check)
{
    for (guint i = 0; i < check->items->len; i++) {
        double points, difference;
        const enum review_agreement agreement = review_opinions_points(
            opinions, student, check, REVIEW_PARTS(check, i), &points, &difference);
        if (agreement == REVIEW_TO_SETTLE || agreement == REVIEW_IS_SETTLED)
            return true;
    }
    return false;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

static void append_words(GString *words, const struct review_opinion *opinion, const char *student,
                         const char *check, const char *item)
{
    const double points = points_by(opinion, student, check, item);
    if (!isnan(points))
        g_string_append_printf(words, "%s%s %g", words->len > 0 ? ", " : "", opinion->reviewer,
                               points);
}

char *review_opinions_words(const struct review_opinions *opinions, const char *student,
                            const char *check, const char *item)
{
    GString *words = g_string_new(NULL);
    for (guint i = 0; i < opinions->all->len; i++)
        append_words(words, opinions->all->pdata[i], student, check, item);
    append_words(words, opinions->settled, student, check, item);
    return g_string_free(words, FALSE);
}

static void add_comments(GPtrArray *to, const struct review_opinion *opinion, const char *student,
                         const char *check)
{
    const struct review_judgement *judgement =
        opinion ? review_table_find(opinion->table, student, check) : NULL;
    for (guint i = 0; judgement && i <= judgement->comments->len; i++) {
        const bool is_note = i == judgement->comments->len;
        const struct review_comment *comment =
            is_note ? NULL
                    : review_comments_find(opinion->comments,
                                           g_array_index(judgement->comments, int, i));
        const char *text = is_note ? judgement->note : comment ? comment->text : "";
        if (*text && !g_ptr_array_find_with_equal_func(to, text, g_str_equal, NULL))
            g_ptr_array_add(to, g_strdup(text));
    }
}

GPtrArray *review_opinions_of(const struct review_opinion *opinion, const char *student,
                              const char *check)
{
    GPtrArray *comments = g_ptr_array_new_with_free_func(g_free);
    add_comments(comments, opinion, student, check);
    return comments;
}

GPtrArray *review_opinions_comments(const struct review_opinions *opinions, const char *student,
                                    const char *check)
{
    GPtrArray *comments = g_ptr_array_new_with_free_func(g_free);
    add_comments(comments, opinions->settled, student, check);
    const bool is_settled = comments->len > 0;
    for (guint i = 0; !is_settled && i < opinions->all->len; i++)
        add_comments(comments, opinions->all->pdata[i], student, check);
    return comments;
}
