/* One reviewer at work; see review_session.h. */
#include "class/review/review_session.h"

#include "class/students/class.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool review_is_reviewer(const char *name)
{
    return *name && strlen(name) <= 40 && strcmp(name, "comments") != 0 && g_ascii_isalnum(*name) &&
           strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._") == strlen(name);
}

char *review_path(const char *out, const char *assignment, const char *reviewer, const char *end)
{
    g_autofree char *name = g_strconcat(assignment, "-", reviewer, end, NULL);
    return g_build_filename(out, "review", name, NULL);
}

/* ---- begin and end ------------------------------------------------------------------------------------------ */

static int take_lock(const char *path, const char *reviewer, GString *error)
{
    const int lock = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        g_string_append_printf(
            error,
            "reviewer %s is at work already: another make review has locked %s; end that one, or "
            "take another name (REVIEWER=)\n",
            reviewer, path);
    else
        g_string_append_printf(error, "%s can't be locked: %s\n", path, g_strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

/* Those of all reviewers are offered to each. */
static bool take_over_comments(struct review_session *session, const char *path, GString *error)
{
    struct review_comments *shared = review_comments_read(path, error);
    const guint own = session->comments->all->len;
    for (guint i = 0; shared && i < shared->all->len; i++) {
        const struct review_comment *comment = shared->all->pdata[i];
        review_comments_add(session->comments, comment->check, comment->text);
    }
    review_comments_free(shared);
    return shared &&
           (session->comments->all->len == own || review_comments_write(session->comments, error));
}

/* Whoever settles reads what differs, and sees what the others said. */
static bool read_others(struct review_session *session, const char *out, double share,
                        GString *error)
{
    if (strcmp(session->reviewer, REVIEW_SETTLED) != 0)
        return true;
    session->others = review_opinions_read(out, session->questions, share, error);
    for (guint c = 0; session->others && c < session->questions->checks->len; c++) {
        const struct review_check *check = session->questions->checks->pdata[c];
        GPtrArray *of = g_hash_table_lookup(session->answers->by_check, check->name);
        for (guint i = of->len; i-- > 0;) {
            const struct review_answer *answer = of->pdata[i];
            if (!review_opinions_differ(session->others, answer->student->id, check))
                g_ptr_array_remove_index(of, i);
        }
    }
    return session->others != NULL;
}

static bool read_all(struct review_session *session, const char *kit, const char *out, double share,
                     GString *error)
{
    const char *assignment = session->assignment, *reviewer = session->reviewer;
    g_autofree char *lock = review_path(out, assignment, reviewer, ".lock"),
                    *table = review_path(out, assignment, reviewer, ".csv"),
                    *comments = review_path(out, assignment, reviewer, "-comments.csv"),
                    *shared = review_path(out, assignment, "comments", ".csv");
    session->questions = review_questions_load(kit, assignment, error);
    if (!session->questions)
        return false;
    session->answers = review_answers_read(out, kit, reviewer, session->questions, error);
    if (!session->answers || (session->lock = take_lock(lock, reviewer, error)) < 0)
        return false;
    session->table = review_table_read(table, error);
    session->comments = review_comments_read(comments, error);
    return session->table && session->comments && take_over_comments(session, shared, error) &&
           read_others(session, out, share, error);
}

struct review_session *review_session_open(const char *kit, const char *out, const char *assignment,
                                           const char *reviewer, double share, GString *error)
{
    struct review_session *session = g_new0(struct review_session, 1);
    session->lock = -1;
    session->assignment = g_strdup(assignment);
    session->reviewer = g_strdup(reviewer);
    if (read_all(session, kit, out, share, error))
        return session;
    review_session_close(session);
    return NULL;
}

void review_session_close(struct review_session *session)
{
    review_opinions_free(session->others);
    review_table_free(session->table);
    review_comments_free(session->comments);
    review_answers_free(session->answers);
    review_questions_free(session->questions);
    if (session->lock >= 0)
        close(session->lock);
    g_free(session->assignment);
    g_free(session->reviewer);
    g_free(session);
}

/* ---- what is sent ------------------------------------------------------------------------------------------- */

/* In range, and on a step; null: not given yet. */
static bool read_points(const json_t *value, double most, double *points)
{
    *points = json_is_null(value) ? NAN : json_number_value(value);
    if (json_is_null(value))
        return true;
    const double steps = *points / REVIEW_STEP;
    return json_is_number(value) && *points >= 0 && *points <= most + REVIEW_STEP / 2 &&
           fabs(steps - round(steps)) < 1e-6;
}

static bool take_points(struct review_judgement *judgement, const struct review_check *check,
                        const json_t *given, GString *error)
{
    if (!json_is_object(given) || json_object_size(given) != check->items->len) {
        g_string_append(error, "points has to be an object with each item of the check");
        return false;
    }
    for (guint i = 0; i < check->items->len; i++) {
        const struct review_part *part = REVIEW_PARTS(check, i);
        const json_t *value = json_object_get(given, part->name);
        double points;
        if (!value || !read_points(value, part->max_points, &points)) {
            g_string_append_printf(error, "%s: points from 0 to %g in steps of %g, or none",
                                   part->title, part->max_points, REVIEW_STEP);
            return false;
        }
        review_judgement_set(judgement, part->name,
                             points > part->max_points ? part->max_points : points,
                             part->max_points);
    }
    return true;
}

static bool take_comments(struct review_judgement *judgement, const struct review_session *session,
                          const json_t *given, GString *error)
{
    bool usable = json_is_array(given);
    for (size_t i = 0; usable && i < json_array_size(given); i++) {
        const json_int_t number = json_integer_value(json_array_get(given, i));
        const struct review_comment *comment =
            number > 0 && number < G_MAXINT ? review_comments_find(session->comments, (int)number)
                                            : NULL;
        usable = comment && strcmp(comment->check, judgement->check) == 0;
        for (guint had = 0; usable && had < judgement->comments->len; had++)
            usable = g_array_index(judgement->comments, int, had) != comment->number;
        if (usable)
            g_array_append_val(judgement->comments, comment->number);
    }
    if (!usable)
        g_string_append(error, "comments has to be a list of numbers of comments for this check");
    return usable;
}

static bool take_note(struct review_judgement *judgement, const json_t *given, GString *error)
{
    const char *note = json_string_value(given);
    if (!note || strlen(note) > REVIEW_MOST_NOTE) {
        g_string_append_printf(error, "note has to be a text of at most %d bytes",
                               REVIEW_MOST_NOTE);
        return false;
    }
    g_free(judgement->note);
    judgement->note = review_clean(note, REVIEW_MOST_NOTE);
    return true;
}

/* ---- writing it down ------------------------------------------------------------------------------------------ */

/* The old one comes back where the new one can't be written. */
static bool keep(struct review_table *table, struct review_judgement *judgement, GString *error)
{
    g_autofree char *key = g_strconcat(judgement->student, "/", judgement->check, NULL);
    gpointer old_key = NULL, old = NULL;
    g_hash_table_steal_extended(table->judgements, key, &old_key, &old);
    g_free(old_key);
    review_table_set(table, judgement);
    const bool written = review_table_write(table, error);
    if (written && old)
        review_judgement_free(old);
    else if (!written && old)
        review_table_set(table, old);
    else if (!written)
        g_hash_table_remove(table->judgements, key);
    return written;
}

enum review_saved review_session_save(struct review_session *session,
                                      const struct review_check *check,
                                      const struct review_answer *answer, const json_t *given,
                                      GString *error)
{
    struct review_judgement *judgement = review_judgement_new(answer->student->id, check->name);
    if (!take_points(judgement, check, json_object_get(given, "points"), error) ||
        !take_comments(judgement, session, json_object_get(given, "comments"), error) ||
        !take_note(judgement, json_object_get(given, "note"), error)) {
        review_judgement_free(judgement);
        return REVIEW_REFUSED;
    }
    g_autofree char *source = review_answer_source(session->answers, answer, check);
    g_free(judgement->answer);
    g_free(judgement->when);
    judgement->answer = review_fingerprint(source ? source : "");
    judgement->when = class_now();
    return keep(session->table, judgement, error) ? REVIEW_SAVED : REVIEW_NOT_WRITTEN;
}

enum review_saved review_session_comment(struct review_session *session,
                                         const struct review_check *check, const json_t *given,
                                         const struct review_comment **comment, GString *error)
{
    const char *text = json_string_value(json_object_get(given, "text"));
    g_autofree char *clean = review_clean(text ? text : "", REVIEW_MOST_COMMENT);
    if (!*clean || strlen(text) > REVIEW_MOST_COMMENT) {
        g_string_append_printf(error, "a comment is a text of 1 to %d bytes", REVIEW_MOST_COMMENT);
        return REVIEW_REFUSED;
    }
    const guint before = session->comments->all->len;
    *comment = review_comments_add(session->comments, check->name, clean);
    if (review_comments_write(session->comments, error))
        return REVIEW_SAVED;
    if (session->comments->all->len > before)
        review_comments_drop_last(session->comments);
    return REVIEW_NOT_WRITTEN;
}

/* ---- how far it is -------------------------------------------------------------------------------------------- */

bool review_is_complete(const struct review_judgement *judgement, const struct review_check *check)
{
    for (guint i = 0; judgement && i < check->items->len; i++)
        if (isnan(review_judgement_points(judgement, REVIEW_PARTS(check, i)->name)))
            return false;
    return judgement != NULL;
}

static bool is_done(const struct review_session *session, const struct review_check *check,
                    const struct review_answer *answer)
{
    return review_is_complete(review_table_find(session->table, answer->student->id, check->name),
                              check);
}

int review_session_next(const struct review_session *session, const struct review_check *check,
                        int from)
{
    const GPtrArray *of = review_answers_of(session->answers, check->name);
    for (guint i = 0; i < of->len; i++) {
        const guint at = ((guint)from + i) % of->len;
        if (!is_done(session, check, of->pdata[at]))
            return (int)at;
    }
    return -1;
}

int review_session_done(const struct review_session *session, const struct review_check *check)
{
    const GPtrArray *of = review_answers_of(session->answers, check->name);
    int done = 0;
    for (guint i = 0; i < of->len; i++)
        done += is_done(session, check, of->pdata[i]);
    return done;
}
