/* Check by check: how many got it, and which known mistake those made who did not; see page_parts.h. */
#include "class/page/page_parts.h"

#include "grader/grade/grade_state.h"

#include <string.h>

#define STATES (STATE_FOR_A_PERSON + 1)

/* One check of the rubric in all grades. */
struct row {
    const struct graded_check *check;
    guint in[STATES];
};

struct mistake_row {
    const char *mistake;
    GPtrArray *grades; /* of struct gathered_grade *: who made it, each once */
    GPtrArray *checks; /* of char *: the names of those that saw it, in the rubric's order … */
    GArray *of;        /* … and in how many grades each, of guint */
};

static int state_of(const struct graded_check *check)
{
    for (int state = 0; state < STATES; state++)
        if (strcmp(check->state, grade_state_name((enum grade_state)state)) == 0)
            return state;
    return STATE_NOT_JUDGED;
}

static struct row *row_of(GHashTable *table, GPtrArray *rows, const struct graded_check *check)
{
    struct row *row = g_hash_table_lookup(table, check->name);
    if (row)
        return row;
    row = g_new0(struct row, 1);
    row->check = check;
    g_hash_table_insert(table, (gpointer)check->name, row);
    g_ptr_array_add(rows, row);
    return row;
}

/* In the rubric's order, as far as the first grade has it. */
static GPtrArray *rows_of(const struct gathered *gathered, guint assignment)
{
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct graded *graded = GATHERED_GRADE(gathered, assignment, i)->graded;
        for (guint k = 0; graded && k < graded->checks->len; k++) {
            const struct graded_check *check = GRADED_CHECKS(graded, k);
            row_of(table, rows, check)->in[state_of(check)]++;
        }
    }
    return rows;
}

static void append_check(GString *html, const struct graded_check *check)
{
    g_string_append(html, "<th scope=\"row\">");
    page_text(html, check->title);
    g_string_append(html, " <code>");
    page_text(html, check->name);
    g_string_append(html, "</code></th>");
}

static void append_state(GString *html, guint count)
{
    if (count > 0)
        page_number(html, count, 0);
    else
        g_string_append(html, "<td class=\"number none\">0</td>");
}

static void append_checks(GString *html, const GPtrArray *rows, const char *caption)
{
    static const char *const headings[] = {
        "check",       "#points",       "#passed", "#failed", "#not yet written",
        "#not judged", "#for a person", NULL};
    page_begin_table(html, caption, headings);
    for (guint i = 0; i < rows->len; i++) {
        const struct row *row = rows->pdata[i];
        g_string_append(html, "<tr>");
        append_check(html, row->check);
        page_number(html, row->check->max_points, 2);
        for (int state = 0; state < STATES; state++)
            append_state(html, row->in[state]);
        g_string_append(html, "</tr>\n");
    }
    page_end_table(html);
}

/* ---- known mistakes ------------------------------------------------------------------------------------- */

static void free_mistake(gpointer pointer)
{
    struct mistake_row *row = pointer;
    g_ptr_array_unref(row->grades);
    g_ptr_array_unref(row->checks);
    g_array_unref(row->of);
    g_free(row);
}

static struct mistake_row *mistake_row(GHashTable *table, GPtrArray *rows, const char *mistake)
{
    struct mistake_row *row = g_hash_table_lookup(table, mistake);
    if (row)
        return row;
    row = g_new0(struct mistake_row, 1);
    row->mistake = mistake;
    row->grades = g_ptr_array_new();
    row->checks = g_ptr_array_new();
    row->of = g_array_new(FALSE, TRUE, sizeof(guint));
    g_hash_table_insert(table, (gpointer)mistake, row);
    g_ptr_array_add(rows, row);
    return row;
}

static void add_mistake(struct mistake_row *row, const struct graded_check *check,
                        struct gathered_grade *grade)
{
    guint at = 0;
    if (row->grades->len == 0 || row->grades->pdata[row->grades->len - 1] != grade)
        g_ptr_array_add(row->grades, grade);
    if (!g_ptr_array_find_with_equal_func(row->checks, check->name, g_str_equal, &at)) {
        at = row->checks->len;
        g_ptr_array_add(row->checks, (gpointer)check->name);
        g_array_set_size(row->of, at + 1);
    }
    g_array_index(row->of, guint, at)++;
}

static int most_first(gconstpointer a, gconstpointer b)
{
    const struct mistake_row *one = *(struct mistake_row *const *)a,
                             *other = *(struct mistake_row *const *)b;
    if (one->grades->len != other->grades->len)
        return one->grades->len > other->grades->len ? -1 : 1;
    return strcmp(one->mistake, other->mistake);
}

static GPtrArray *mistakes_of(const struct gathered *gathered, guint assignment)
{
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *rows = g_ptr_array_new_with_free_func(free_mistake);
    for (guint i = 0; i < gathered->students->len; i++) {
        struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        for (guint k = 0; grade->graded && k < grade->graded->checks->len; k++) {
            const struct graded_check *check = GRADED_CHECKS(grade->graded, k);
            if (check->mistake)
                add_mistake(mistake_row(table, rows, check->mistake), check, grade);
        }
    }
    g_ptr_array_sort(rows, most_first);
    return rows;
}

static void append_mistake(GString *html, const struct mistake_row *row)
{
    g_string_append(html, "<tr><th scope=\"row\">");
    page_text(html, row->mistake);
    g_string_append(html, "</th>");
    page_number(html, row->grades->len, 0);
    g_string_append(html, "<td>");
    for (guint i = 0; i < row->checks->len; i++) {
        g_string_append(html, i > 0 ? ", <code>" : "<code>");
        page_text(html, row->checks->pdata[i]);
        g_string_append_printf(html, "</code> (%u)", g_array_index(row->of, guint, i));
    }
    g_string_append(html, "</td><td>");
    page_some_students(html, row->grades);
    g_string_append(html, "</td></tr>\n");
}

static void append_mistakes(GString *html, const GPtrArray *rows, const char *caption)
{
    static const char *const headings[] = {"known mistake", "#students", "checks that saw it",
                                           "who", NULL};
    page_begin_table(html, caption, headings);
    for (guint i = 0; i < rows->len; i++)
        append_mistake(html, rows->pdata[i]);
    page_end_table(html);
}

void page_checks(GString *html, const struct gathered *gathered, guint assignment)
{
    g_autoptr(GPtrArray) rows = rows_of(gathered, assignment),
                         mistakes = mistakes_of(gathered, assignment);
    g_autoptr(GString) name = g_string_new(NULL);
    page_text(name, gathered->class->assignments->pdata[assignment]);
    g_autofree char *checks = g_strdup_printf("Checks of %s", name->str),
                    *known = g_strdup_printf("Known mistakes in %s", name->str);
    g_string_append(html, "<h3>Check by check</h3>\n");
    append_checks(html, rows, checks);
    g_string_append(html, "<h3>Known mistakes</h3>\n");
    if (mistakes->len > 0)
        append_mistakes(html, mistakes, known);
    else
        g_string_append(html, "<p>None was seen.</p>\n");
}
