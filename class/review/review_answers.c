/* The answers that a reviewer reads; see review_answers.h. */
#include "class/review/review_answers.h"

#include "class/review/review_pseudonyms.h"
#include "grader/answers/answers.h"
#include "grader/sandbox/sandbox_folder.h"
#include "grader/submission/place.h"

#include <string.h>
#include <unistd.h>

static void free_answer(gpointer pointer)
{
    struct review_answer *answer = pointer;
    g_free(answer->handle);
    g_free(answer->pseudonym);
    g_free(answer->words);
    g_free(answer);
}

static void unref_list(gpointer list)
{
    g_ptr_array_unref(list);
}

static gint in_order(gconstpointer a, gconstpointer b)
{
    const struct review_answer *const *first = a, *const *second = b;
    return memcmp((*first)->rank, (*second)->rank, sizeof(*first)->rank);
}

/* ---- where they are ------------------------------------------------------------------------------------ */

/* As the grader finds it; the folder itself where it finds nothing, so that the page says so. */
static char *folder_of(const struct student *student, const char *out,
                       const struct review_questions *questions)
{
    g_autofree char *submission = g_build_filename(student->folder, "submission", NULL);
    g_autofree char *name = g_strdup_printf(".unpacked-%d", (int)getpid()),
                    *work = g_build_filename(out, "review", name, NULL);
    g_autoptr(GString) ignored = g_string_new(NULL);
    struct place *place = place_find(submission, questions->rubric, work, ignored);
    char *folder = g_strdup(place ? place->folder : submission);
    g_autofree char *answers = g_build_filename(folder, "answers.md", NULL);
    if (!g_file_test(answers,
                     G_FILE_TEST_EXISTS)) { /* of programs without one, and the other way */
        g_autofree char *own = folder;
        folder = g_build_filename(submission, questions->rubric->assignment, NULL);
    }
    place_free(place);
    if (g_file_test(work, G_FILE_TEST_EXISTS))
        sandbox_remove(work, ignored);
    return folder;
}

static const char *folder_for(const struct review_answers *answers, const struct student *student)
{
    for (guint i = 0; i < answers->students->len; i++)
        if (answers->students->pdata[i] == student)
            return answers->folders->pdata[i];
    return "";
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* NULL: nothing is written there, as the grader finds, too. */
static struct review_answer *answer_of(const struct review_answers *answers, guint i,
                                       const struct review_check *check, const char *pseudonym,
                                       const guint8 *key, const char *reviewer)
{
    g_autoptr(GString) what = g_string_new(NULL);
    if (answers_written(answers->folders->pdata[i], answers->template, check->heading,
                        answers->questions->names, what) != ANSWERS_WRITTEN)
        return NULL;
    struct review_answer *answer = g_new0(struct review_answer, 1);
    answer->student = answers->students->pdata[i];
    answer->pseudonym = g_strdup(pseudonym);
    answer->words = g_strdup(what->str);
    guint8 digest[32];
    review_digest(key, digest, "handle", check->name, "", answer->student->id);
    GString *handle = g_string_new(NULL);
    for (int byte = 0; byte < 8; byte++)
        g_string_append_printf(handle, "%02x", digest[byte]);
    answer->handle = g_string_free(handle, FALSE);
    review_digest(key, answer->rank, "order", check->name, reviewer, answer->student->id);
    return answer;
}

static void put_in_order(struct review_answers *answers, const guint8 *key, const char *reviewer)
{
    g_autoptr(GPtrArray) pseudonyms = review_pseudonyms(answers->students, key);
    for (guint c = 0; c < answers->questions->checks->len; c++) {
        const struct review_check *check = answers->questions->checks->pdata[c];
        GPtrArray *of = g_ptr_array_new_with_free_func(free_answer);
        for (guint i = 0; i < answers->students->len; i++) {
            struct review_answer *answer =
                answer_of(answers, i, check, pseudonyms->pdata[i], key, reviewer);
            if (answer)
                g_ptr_array_add(of, answer);
        }
        g_ptr_array_sort(of, in_order);
        g_hash_table_insert(answers->by_check, g_strdup(check->name), of);
    }
}

/* Nothing of theirs can be read. */
static void leave_out_refused(struct review_answers *answers)
{
    for (guint i = answers->students->len; i-- > 0;) {
        const struct student *student = answers->students->pdata[i];
        g_autofree char *submission = g_build_filename(student->folder, "submission", NULL);
        if (student->refused || !g_file_test(submission, G_FILE_TEST_IS_DIR))
            g_ptr_array_remove_index(answers->students, i);
    }
}

struct review_answers *review_answers_read(const char *out, const char *kit, const char *reviewer,
                                           const struct review_questions *questions, GString *error)
{
    guint8 key[REVIEW_KEY_BYTES];
    g_autofree char *folder = g_build_filename(out, "review", NULL);
    if (!review_key(folder, key, error))
        return NULL;
    GPtrArray *students = students_read(out, error);
    if (!students)
        return NULL;
    struct review_answers *answers = g_new0(struct review_answers, 1);
    answers->students = students;
    answers->folders = g_ptr_array_new_with_free_func(g_free);
    answers->by_check = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_list);
    answers->questions = questions;
    answers->template = g_build_filename(kit, "skeleton", questions->rubric->assignment, NULL);
    leave_out_refused(answers);
    for (guint i = 0; i < students->len; i++)
        g_ptr_array_add(answers->folders, folder_of(students->pdata[i], out, questions));
    put_in_order(answers, key, reviewer);
    return answers;
}

void review_answers_free(struct review_answers *answers)
{
    if (!answers)
        return;
    g_hash_table_unref(answers->by_check);
    g_ptr_array_unref(answers->students);
    g_ptr_array_unref(answers->folders);
    g_free(answers->template);
    g_free(answers);
}

const GPtrArray *review_answers_of(const struct review_answers *answers, const char *check)
{
    return g_hash_table_lookup(answers->by_check, check);
}

int review_answers_find(const GPtrArray *of, const char *handle)
{
    for (guint i = 0; i < of->len; i++)
        if (strcmp(((const struct review_answer *)of->pdata[i])->handle, handle) == 0)
            return (int)i;
    return -1;
}

/* ---- one answer ---------------------------------------------------------------------------------------------- */

static char *section_of(const struct review_answers *answers, const char *folder,
                        const char *heading)
{
    g_autoptr(GString) why = g_string_new(NULL);
    struct answers *file = answers_read(folder, answers->questions->names, why);
    const int at = file ? answers_find(file, heading) : -1;
    char *source = at >= 0 ? answers_source(file, at) : NULL;
    answers_free(file);
    return source;
}

char *review_answer_source(const struct review_answers *answers, const struct review_answer *answer,
                           const struct review_check *check)
{
    g_autofree char *source =
        section_of(answers, folder_for(answers, answer->student), check->heading);
    return source ? review_without_names(source, answer->student) : NULL;
}

char *review_question_source(const struct review_answers *answers, const struct review_check *check)
{
    return section_of(answers, answers->template, check->heading);
}

char *review_fingerprint(const char *source)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, source, -1);
    return g_strndup(digest, 12);
}
