/*
 * class review-merge --out OUT [--assignment NAME] [--larger-than SHARE] [--kit FOLDER]
 *
 * Reads what all reviewers said, writes students/ID/review-ASSIGNMENT.json, OUT/review/disagreements.csv and
 * OUT/review/ASSIGNMENT-comments.csv, and says who differs.
 * Exit status: 0 done, also where something has to be settled; 1 something is wrong, as the message says; 2 wrong usage.
 */
#include "class/review/merge.h"

#include "class/review/merge_doubts.h"
#include "class/review/review.h"
#include "class/review/review_session.h"
#include "class/students/class.h"
#include "class/students/records.h"

#include <stdio.h>
#include <string.h>

struct merge_words {
    char *out, *assignment, *kit;
    double share;
};

/* ---- one assignment ------------------------------------------------------------------------------------------------- */

static void take_all(struct review_comments *shared, const struct review_comments *from)
{
    for (guint i = 0; i < from->all->len; i++) {
        const struct review_comment *comment = from->all->pdata[i];
        review_comments_add(shared, comment->check, comment->text);
    }
}

/* The comments of all, for whoever reviews next. */
static bool share_comments(const struct review_opinions *opinions, const char *out, GString *error)
{
    g_autofree char *path =
        review_path(out, opinions->questions->rubric->assignment, "comments", ".csv");
    struct review_comments *shared = review_comments_read(path, error);
    for (guint i = 0; shared && i < opinions->all->len; i++)
        take_all(shared, ((struct review_opinion *)opinions->all->pdata[i])->comments);
    if (shared && opinions->settled)
        take_all(shared, opinions->settled->comments);
    const bool written = shared && review_comments_write(shared, error);
    review_comments_free(shared);
    return written;
}

static void tell(const struct review_opinions *opinions, const struct review_merged *merged,
                 const char *doubts)
{
    const char *assignment = opinions->questions->rubric->assignment;
    printf("%s: %u reviewer%s%s; answers: %d with points that stand", assignment,
           opinions->all->len, opinions->all->len == 1 ? "" : "s",
           opinions->settled ? ", and what was settled" : "", merged->complete);
    if (merged->unfinished > 0)
        printf("; %d without points for an item", merged->unfinished);
    if (merged->to_settle > 0)
        printf("; %d to be settled (make review REVIEWER=%s ASSIGNMENT=%s OUT=…)",
               merged->to_settle, REVIEW_SETTLED, assignment);
    printf("\n%s%s", merged->words->str, doubts);
}

static bool merge_students(const struct review_opinions *opinions, const char *out,
                           struct review_merged *merged, GString *error)
{
    GPtrArray *students = students_read(out, error);
    bool fine = students != NULL;
    for (guint i = 0; fine && i < students->len; i++)
        fine = review_merge_student(opinions, students->pdata[i], merged, error);
    if (students)
        g_ptr_array_unref(students);
    return fine;
}

static bool merge_opinions(struct review_opinions *opinions, const struct merge_words *words,
                           GString *rows, GString *error)
{
    struct review_answers *answers =
        review_answers_read(words->out, words->kit, "", opinions->questions, error);
    if (!answers)
        return false;
    g_autoptr(GString) doubts = g_string_new(NULL), told = g_string_new(NULL);
    struct review_merged merged = {.rows = rows, .words = told};
    review_merge_doubts(opinions, answers, doubts);
    review_answers_free(answers);
    if (!merge_students(opinions, words->out, &merged, error) ||
        !share_comments(opinions, words->out, error))
        return false;
    tell(opinions, &merged, doubts->str);
    return true;
}

/* Of an assignment that nobody has reviewed there is nothing to do. */
static bool merge_assignment(const struct merge_words *words, const char *assignment,
                             bool must_have_some, GString *rows, GString *error)
{
    g_autoptr(GString) nothing = g_string_new(NULL);
    struct review_questions *questions =
        review_questions_load(words->kit, assignment, must_have_some ? error : nothing);
    if (!questions)
        return !must_have_some;
    struct review_opinions *opinions =
        review_opinions_read(words->out, questions, words->share, error);
    bool fine = opinions != NULL;
    if (opinions && (opinions->all->len > 0 || opinions->settled))
        fine = merge_opinions(opinions, words, rows, error);
    else if (opinions)
        printf("%s: nobody has reviewed it yet\n", assignment);
    review_opinions_free(opinions);
    review_questions_free(questions);
    return fine;
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static bool merge_class(const struct merge_words *words, GString *error)
{
    struct class *class = class_read(words->out, error);
    g_autoptr(GString) rows =
        g_string_new("assignment,student,check,item,max_points,difference,points,became\n");
    bool fine = class != NULL;
    for (guint i = 0; fine && i < class->assignments->len; i++)
        fine = merge_assignment(words, class->assignments->pdata[i],
                                g_strcmp0(class->assignments->pdata[i], words->assignment) == 0,
                                rows, error);
    if (fine && words->assignment &&
        !g_ptr_array_find_with_equal_func(class->assignments, words->assignment, g_str_equal,
                                          NULL)) {
        g_string_append_printf(error, "this class has no assignment \"%s\"\n", words->assignment);
        fine = false;
    }
    g_autofree char *path = g_build_filename(words->out, "review", "disagreements.csv", NULL),
                    *folder = g_path_get_dirname(path);
    if (fine && g_file_test(folder, G_FILE_TEST_IS_DIR))
        fine = record_write_text(path, rows->str, (gssize)rows->len, error);
    class_free(class);
    return fine;
}

static bool parse(struct merge_words *words, int *argc, char ***argv, GString *error)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &words->out, "the folder of the class", "FOLDER"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &words->assignment,
         "it has to be reviewed already (all that are)", "NAME"},
        {"larger-than", 0, 0, G_OPTION_ARG_DOUBLE, &words->share,
         "differences above this share of an item's points have to be settled (0.25)", "SHARE"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &words->kit, "the kit's folder (.)", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- merges reviews");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &wrong))
        g_string_append(error, wrong->message);
    else if (!words->out || !*words->out)
        g_string_append(error, "which class? --out FOLDER (make review-merge OUT=FOLDER)");
    else if (!(words->share >= 0 && words->share <= 1))
        g_string_append(error, "--larger-than is a share, from 0 to 1");
    if (!words->kit)
        words->kit = g_strdup(".");
    return error->len == 0;
}

int review_merge_command(int argc, char **argv)
{
    struct merge_words words = {.share = REVIEW_SHARE};
    g_autoptr(GString) error = g_string_new(NULL);
    int status = COMMAND_USAGE;
    if (parse(&words, &argc, &argv, error))
        status = merge_class(&words, error) ? COMMAND_DONE : COMMAND_FAILED;
    if (error->len > 0)
        fprintf(stderr, "class review-merge: %s%s", error->str,
                g_str_has_suffix(error->str, "\n") ? "" : "\n");
    g_free(words.out);
    g_free(words.assignment);
    g_free(words.kit);
    return status;
}
