/* What one reviewer decided, in a file; see review_table.h. */
#include "class/review/review_table.h"

#include "class/students/cells.h"
#include "class/students/records.h"
#include "class/students/student.h"
#include "grader/text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COMMENTS 1000000 /* the highest number of one */
#define FORMULA       "=+-@\t\r"

/* ---- text in cells ------------------------------------------------------------------------------------- */

const char *review_cell(const char *cell)
{
    return cell[0] == '\'' && cell[1] && strchr(FORMULA, cell[1]) ? cell + 1 : cell;
}

char *review_clean(const char *text, gsize most)
{
    g_autofree char *clean = text_clean(text, strlen(text), most);
    const char *from = g_strstrip(clean);
    while (review_cell(from) != from)
        from = review_cell(from);
    return g_strdup(from);
}

/* ---- judgements ------------------------------------------------------------------------------------------ */

static void clear_points(void *pointer)
{
    g_free(((struct review_points *)pointer)->item);
}

struct review_judgement *review_judgement_new(const char *student, const char *check)
{
    struct review_judgement *judgement = g_new0(struct review_judgement, 1);
    judgement->student = g_strdup(student);
    judgement->check = g_strdup(check);
    judgement->points = g_array_new(FALSE, TRUE, sizeof(struct review_points));
    g_array_set_clear_func(judgement->points, clear_points);
    judgement->comments = g_array_new(FALSE, TRUE, sizeof(int));
    judgement->note = g_strdup("");
    judgement->answer = g_strdup("");
    judgement->when = g_strdup("");
    return judgement;
}

void review_judgement_free(struct review_judgement *judgement)
{
    g_free(judgement->student);
    g_free(judgement->check);
    g_array_unref(judgement->points);
    g_array_unref(judgement->comments);
    g_free(judgement->note);
    g_free(judgement->answer);
    g_free(judgement->when);
    g_free(judgement);
}

double review_judgement_points(const struct review_judgement *judgement, const char *item)
{
    for (guint i = 0; i < judgement->points->len; i++)
        if (strcmp(REVIEW_POINTS(judgement, i)->item, item) == 0)
            return REVIEW_POINTS(judgement, i)->points;
    return NAN;
}

void review_judgement_set(struct review_judgement *judgement, const char *item, double points,
                          double max_points)
{
    const struct review_points given = {g_strdup(item), points, max_points};
    g_array_append_val(judgement->points, given);
}

static char *key_of(const char *student, const char *check)
{
    return g_strconcat(student, "/", check, NULL);
}

struct review_judgement *review_table_find(const struct review_table *table, const char *student,
                                           const char *check)
{
    g_autofree char *key = key_of(student, check);
    return g_hash_table_lookup(table->judgements, key);
}

void review_table_set(struct review_table *table, struct review_judgement *judgement)
{
    g_hash_table_replace(table->judgements, key_of(judgement->student, judgement->check),
                         judgement);
}

static gint in_order(gconstpointer a, gconstpointer b)
{
    const struct review_judgement *const *first = a, *const *second = b;
    const int students = strcmp((*first)->student, (*second)->student);
    return students != 0 ? students : strcmp((*first)->check, (*second)->check);
}

GPtrArray *review_table_sorted(const struct review_table *table)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer judgement;
    g_hash_table_iter_init(&iterator, table->judgements);
    while (g_hash_table_iter_next(&iterator, NULL, &judgement))
        g_ptr_array_add(all, judgement);
    g_ptr_array_sort(all, in_order);
    return all;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

enum { STUDENT, CHECK, ITEM, POINTS, MAX_POINTS, COMMENTS, NOTE, ANSWER, WHEN, COLUMNS };
static const char *const headings[COLUMNS] = {"student",  "check", "item",   "points", "max_points",
                                              "comments", "note",  "answer", "when"};

/* A number of a cell: false if it is none. */
static bool read_number(const char *cell, double *number)
{
    char *end;
    *number = g_ascii_strtod(cell, &end);
    return end != cell && *end == '\0' && isfinite(*number);
}

static bool read_points(struct review_judgement *judgement, const GPtrArray *row,
                        const int column[COLUMNS])
{
    const char *item = cells_at(row, column[ITEM]), *points = cells_at(row, column[POINTS]);
    double got = NAN, most;
    if (!*item || !read_number(cells_at(row, column[MAX_POINTS]), &most) || most < 0 ||
        (*points && !read_number(points, &got)) || got < 0 || got > most)
        return false;
    for (guint i = 0; i < judgement->points->len; i++)
        if (strcmp(REVIEW_POINTS(judgement, i)->item, item) == 0)
            return false;
    review_judgement_set(judgement, item, got, most);
    return true;
}

static bool read_comments(struct review_judgement *judgement, const char *cell)
{
    g_auto(GStrv) words = g_strsplit(cell, " ", -1);
    for (char **word = words; *word; word++) {
        guint64 number;
        if (!**word)
            continue;
        if (!g_ascii_string_to_unsigned(*word, 10, 1, MOST_COMMENTS, &number, NULL))
            return false;
        const int comment = (int)number;
        g_array_append_val(judgement->comments, comment);
    }
    return true;
}

static void replace_text(char **text, const char *with)
{
    if (!*with)
        return;
    g_free(*text);
    *text = g_strdup(with);
}

static bool read_row(struct review_table *table, const GPtrArray *row, const int column[COLUMNS])
{
    const char *student = cells_at(row, column[STUDENT]), *check = cells_at(row, column[CHECK]);
    if (!student_is_id(student) || !*check)
        return false;
    struct review_judgement *judgement = review_table_find(table, student, check);
    if (!judgement) {
        judgement = review_judgement_new(student, check);
        review_table_set(table, judgement);
    }
    g_autofree char *note = review_clean(review_cell(cells_at(row, column[NOTE])), TEXT_MOST_BYTES);
    replace_text(&judgement->note, note);
    replace_text(&judgement->answer, cells_at(row, column[ANSWER]));
    replace_text(&judgement->when, cells_at(row, column[WHEN]));
    return read_points(judgement, row, column) &&
           read_comments(judgement, review_cell(cells_at(row, column[COMMENTS])));
}

static bool read_rows(struct review_table *table, const GPtrArray *rows, GString *error)
{
    int column[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = rows->len > 0 ? cells_column(rows->pdata[0], headings[i]) : -1;
        if (column[i] < 0) {
            g_string_append_printf(error, "%s: has no column %s\n", table->path, headings[i]);
            return false;
        }
    }
    const gsize before = error->len;
    for (guint i = 1; i < rows->len; i++)
        if (!read_row(table, rows->pdata[i], column))
            g_string_append_printf(error,
                                   "%s: row %u: needs a student's ID, a check, an item once, and "
                                   "points from 0 to max_points\n",
                                   table->path, i + 1);
    return error->len == before;
}

static void free_judgement(gpointer judgement)
{
    review_judgement_free(judgement);
}

struct review_table *review_table_read(const char *path, GString *error)
{
    struct review_table *table = g_new0(struct review_table, 1);
    table->path = g_strdup(path);
    table->judgements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_judgement);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return table;
    GPtrArray *rows = cells_read(path, error);
    const bool read = rows && read_rows(table, rows, error);
    if (rows)
        g_ptr_array_unref(rows);
    if (read)
        return table;
    review_table_free(table);
    return NULL;
}

void review_table_free(struct review_table *table)
{
    if (!table)
        return;
    g_free(table->path);
    g_hash_table_unref(table->judgements);
    g_free(table);
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

static void append_rows(GString *to, const struct review_judgement *judgement)
{
    g_autoptr(GString) comments = g_string_new(NULL);
    for (guint i = 0; i < judgement->comments->len; i++)
        g_string_append_printf(comments, "%s%d", i > 0 ? " " : "",
                               g_array_index(judgement->comments, int, i));
    for (guint i = 0; i < judgement->points->len; i++) {
        const struct review_points *given = REVIEW_POINTS(judgement, i);
        cells_append(to, judgement->student);
        cells_append(to, judgement->check);
        cells_append(to, given->item);
        if (isnan(given->points))
            cells_append(to, "");
        else
            cells_append_number(to, given->points, 3);
        cells_append_number(to, given->max_points, 3);
        cells_append(to, i == 0 ? comments->str : "");
        cells_append(to, i == 0 ? judgement->note : "");
        cells_append(to, judgement->answer);
        cells_append(to, judgement->when);
        cells_end_row(to);
    }
}

bool review_table_write(const struct review_table *table, GString *error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) sorted = review_table_sorted(table);
    for (int i = 0; i < COLUMNS; i++)
        cells_append(text, headings[i]);
    cells_end_row(text);
    for (guint i = 0; i < sorted->len; i++)
        append_rows(text, sorted->pdata[i]);
    return record_write_text(table->path, text->str, (gssize)text->len, error);
}
