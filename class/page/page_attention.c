/* What a person has to look at, and what took long; see page_parts.h. */
#include "class/page/page_parts.h"
#include "class/page/signature.h"
#include "class/page/suspicious.h"
#include "class/students/records.h"
#include "grader/grade/grade_state.h"

#include <string.h>

#define SLOWEST 15

static char *caption(const struct gathered *gathered, guint assignment, const char *words)
{
    g_autoptr(GString) name = g_string_new(NULL);
    page_text(name, gathered->class->assignments->pdata[assignment]);
    return g_strdup_printf("%s %s", words, name->str);
}

/* ---- evidence ------------------------------------------------------------------------------------------- */

static void append_suspicious(GString *rows, const struct gathered_grade *grade, const char *why,
                              const char *check, const char *seen)
{
    g_string_append(rows, "<tr><th scope=\"row\">");
    page_student(rows, grade->student, grade->graded);
    g_string_append_printf(rows, "</th><td>%s</td><td><code>", why);
    page_text(rows, check);
    g_string_append(rows, "</code></td><td>");
    page_text(rows, seen);
    g_string_append(rows, "</td></tr>\n");
}

/* Each thing once for a student: the same call fails many checks. */
static void append_evidence_of(GString *rows, const struct gathered_grade *grade)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    const struct graded *graded = grade->graded;
    for (guint i = 0; i < graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(graded, i);
        const bool failed = strcmp(check->state, grade_state_name(STATE_FAILED)) == 0;
        const char *why = failed ? suspicious_headline(check->seen) : NULL;
        if (why && g_hash_table_add(told, (gpointer)check->seen))
            append_suspicious(rows, grade, why, check->name, check->seen);
    }
    record_texts(graded->record, "notes", notes);
    for (guint i = 0; i < notes->len; i++)
        if (suspicious_note(notes->pdata[i]))
            append_suspicious(rows, grade, suspicious_note(notes->pdata[i]), "", notes->pdata[i]);
}

void page_evidence(GString *html, const struct gathered *gathered, guint assignment)
{
    static const char *const headings[] = {"student", "why", "check", "what was seen", NULL};
    g_autoptr(GString) rows = g_string_new(NULL);
    g_autofree char *words = caption(gathered, assignment, "Evidence to look at in");
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        if (grade->graded && grade->graded->has_record)
            append_evidence_of(rows, grade);
    }
    g_string_append(html, "<h3>Suspicious evidence</h3>\n");
    if (rows->len == 0) {
        g_string_append(html, "<p>None was seen.</p>\n");
        return;
    }
    g_string_append(html, "<p class=\"worth\">For a person to look at, and no verdict: what honest "
                          "mistakes hardly make.</p>\n");
    page_begin_table(html, words, headings);
    g_string_append(html, rows->str);
    page_end_table(html);
}

/* ---- not judged ----------------------------------------------------------------------------------------- */

struct open_row {
    const struct graded_check *check;
    GPtrArray *grades;
};

static void free_open(gpointer pointer)
{
    struct open_row *row = pointer;
    g_ptr_array_unref(row->grades);
    g_free(row);
}

static void add_open(GHashTable *table, GPtrArray *rows, const struct graded_check *check,
                     struct gathered_grade *grade)
{
    g_autofree char *signature = signature_of(check->seen);
    g_autofree char *key =
        g_strjoin("\n", check->name, check->culprit ? check->culprit : "", signature, NULL);
    struct open_row *row = g_hash_table_lookup(table, key);
    if (!row) {
        row = g_new0(struct open_row, 1);
        row->check = check;
        row->grades = g_ptr_array_new();
        g_hash_table_insert(table, g_steal_pointer(&key), row);
        g_ptr_array_add(rows, row);
    }
    g_ptr_array_add(row->grades, grade);
}

static GPtrArray *open_rows(const struct gathered *gathered, guint assignment)
{
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *rows = g_ptr_array_new_with_free_func(free_open);
    for (guint i = 0; i < gathered->students->len; i++) {
        struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        for (guint k = 0; grade->graded && k < grade->graded->checks->len; k++) {
            const struct graded_check *check = GRADED_CHECKS(grade->graded, k);
            if (strcmp(check->state, grade_state_name(STATE_NOT_JUDGED)) == 0)
                add_open(table, rows, check, grade);
        }
    }
    return rows;
}

static void append_open(GString *html, const struct open_row *row)
{
    g_string_append(html, "<tr><th scope=\"row\">");
    page_text(html, row->check->culprit ? row->check->culprit : "nobody");
    g_string_append(html, "</th><td><code>");
    page_text(html, row->check->name);
    g_string_append(html, "</code></td><td>");
    page_text(html, row->check->seen);
    g_string_append(html, "</td>");
    page_number(html, row->grades->len, 0);
    g_string_append(html, "<td>");
    page_some_students(html, row->grades);
    g_string_append(html, "</td></tr>\n");
}

/* Grades that ended without points: the submission has to be graded again. */
static void append_failed_grades(GString *html, const struct gathered *gathered, guint assignment)
{
    static const char *const headings[] = {"student", "how it ended", "its last words", NULL};
    g_autofree char *words = caption(gathered, assignment, "Grades that failed of");
    bool begun = false;
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        if (!grade->graded || grade->graded->has_record)
            continue;
        if (!begun) {
            g_string_append(html, "<h4>Grades that ended without points: grade them again</h4>\n");
            page_begin_table(html, words, headings);
        }
        begun = true;
        g_string_append(html, "<tr><th scope=\"row\">");
        page_student(html, grade->student, NULL);
        g_string_append_printf(html, "</th><td>%s%.0d</td><td>",
                               grade->graded->exit_status < 0 ? "its time was over"
                                                              : "exit status ",
                               MAX(grade->graded->exit_status, 0));
        page_text(html, grade->graded->words ? grade->graded->words : "");
        g_string_append(html, "</td></tr>\n");
    }
    if (begun)
        page_end_table(html);
}

void page_not_judged(GString *html, const struct gathered *gathered, guint assignment)
{
    static const char *const headings[] = {"whose doing", "check", "what was seen",
                                           "#students",   "who",   NULL};
    g_autoptr(GPtrArray) rows = open_rows(gathered, assignment);
    g_autofree char *words = caption(gathered, assignment, "Not judged in");
    g_string_append(html, "<h3>Not judged</h3>\n");
    if (rows->len > 0) {
        page_begin_table(html, words, headings);
        for (guint i = 0; i < rows->len; i++)
            append_open(html, rows->pdata[i]);
        page_end_table(html);
    } else {
        g_string_append(html, "<p>In all grades that there are, every check was judged.</p>\n");
    }
    append_failed_grades(html, gathered, assignment);
}

/* ---- slowest -------------------------------------------------------------------------------------------- */

static int slowest_first(gconstpointer a, gconstpointer b)
{
    const struct gathered_grade *one = *(struct gathered_grade *const *)a,
                                *other = *(struct gathered_grade *const *)b;
    return (one->graded->processor_seconds < other->graded->processor_seconds) -
           (one->graded->processor_seconds > other->graded->processor_seconds);
}

void page_slowest(GString *html, const struct gathered *gathered, guint assignment)
{
    static const char *const headings[] = {
        "student", "#processor seconds", "#seconds", "#attempt", "machine", NULL};
    g_autoptr(GPtrArray) grades = g_ptr_array_new();
    g_autofree char *words = caption(gathered, assignment, "The slowest grades of");
    for (guint i = 0; i < gathered->students->len; i++)
        if (GATHERED_GRADE(gathered, assignment, i)->graded)
            g_ptr_array_add(grades, GATHERED_GRADE(gathered, assignment, i));
    if (grades->len == 0)
        return;
    g_ptr_array_sort(grades, slowest_first);
    g_string_append(html, "<h3>Slowest</h3>\n");
    page_begin_table(html, words, headings);
    for (guint i = 0; i < grades->len && i < SLOWEST; i++) {
        const struct gathered_grade *grade = grades->pdata[i];
        g_string_append(html, "<tr><th scope=\"row\">");
        page_student(html, grade->student, grade->graded);
        g_string_append(html, "</th>");
        page_number(html, grade->graded->processor_seconds, 1);
        page_number(html, grade->graded->wall_seconds, 1);
        page_number(html, grade->graded->attempt, 0);
        g_string_append(html, "<td>");
        page_text(html, grade->graded->machine ? grade->graded->machine : "");
        g_string_append(html, "</td></tr>\n");
    }
    page_end_table(html);
}
