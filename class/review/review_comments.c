/* Comments to use again; see review_comments.h. */
#include "class/review/review_comments.h"

#include "class/review/review_table.h"
#include "class/students/cells.h"
#include "class/students/class.h"
#include "class/students/records.h"

#include <string.h>

#define MOST 100000 /* of a file */

static void free_comment(gpointer pointer)
{
    struct review_comment *comment = pointer;
    g_free(comment->check);
    g_free(comment->text);
    g_free(comment->when);
    g_free(comment);
}

static int highest(const struct review_comments *comments)
{
    const guint count = comments->all->len;
    return count > 0 ? ((struct review_comment *)comments->all->pdata[count - 1])->number : 0;
}

static void append(struct review_comments *comments, int number, const char *check,
                   const char *text, const char *when)
{
    struct review_comment *comment = g_new0(struct review_comment, 1);
    comment->number = number;
    comment->check = g_strdup(check);
    comment->text = g_strdup(text);
    comment->when = g_strdup(when);
    g_ptr_array_add(comments->all, comment);
}

static bool read_row(struct review_comments *comments, const GPtrArray *header,
                     const GPtrArray *row)
{
    guint64 number;
    const char *check = cells_at(row, cells_column(header, "check")),
               *when = cells_at(row, cells_column(header, "when"));
    g_autofree char *text =
        review_clean(review_cell(cells_at(row, cells_column(header, "text"))), REVIEW_MOST_COMMENT);
    if (!g_ascii_string_to_unsigned(cells_at(row, cells_column(header, "number")), 10, 1, MOST,
                                    &number, NULL) ||
        (int)number <= highest(comments) || !*check || !*text)
        return false;
    append(comments, (int)number, check, text, when);
    return true;
}

static bool read_rows(struct review_comments *comments, GString *error)
{
    const gsize before = error->len;
    GPtrArray *rows = cells_read(comments->path, error);
    for (guint i = 1; rows && i < rows->len; i++)
        if (!read_row(comments, rows->pdata[0], rows->pdata[i]))
            g_string_append_printf(
                error, "%s: row %u: needs a check, a text, and a number above those before it\n",
                comments->path, i + 1);
    if (rows)
        g_ptr_array_unref(rows);
    return error->len == before;
}

struct review_comments *review_comments_read(const char *path, GString *error)
{
    struct review_comments *comments = g_new0(struct review_comments, 1);
    comments->path = g_strdup(path);
    comments->all = g_ptr_array_new_with_free_func(free_comment);
    if (!g_file_test(path, G_FILE_TEST_EXISTS) || read_rows(comments, error))
        return comments;
    review_comments_free(comments);
    return NULL;
}

bool review_comments_write(const struct review_comments *comments, GString *error)
{
    g_autoptr(GString) text = g_string_new("number,check,text,when\n");
    for (guint i = 0; i < comments->all->len; i++) {
        const struct review_comment *comment = comments->all->pdata[i];
        cells_append_number(text, comment->number, 0);
        cells_append(text, comment->check);
        cells_append(text, comment->text);
        cells_append(text, comment->when);
        cells_end_row(text);
    }
    return record_write_text(comments->path, text->str, (gssize)text->len, error);
}

void review_comments_free(struct review_comments *comments)
{
    if (!comments)
        return;
    g_free(comments->path);
    g_ptr_array_unref(comments->all);
    g_free(comments);
}

const struct review_comment *review_comments_find(const struct review_comments *comments,
                                                  int number)
{
    for (guint i = 0; i < comments->all->len; i++) {
        const struct review_comment *comment = comments->all->pdata[i];
        if (comment->number == number)
            return comment;
    }
    return NULL;
}

const struct review_comment *review_comments_add(struct review_comments *comments,
                                                 const char *check, const char *text)
{
    for (guint i = 0; i < comments->all->len; i++) {
        const struct review_comment *comment = comments->all->pdata[i];
        if (strcmp(comment->check, check) == 0 && strcmp(comment->text, text) == 0)
            return comment;
    }
    g_autofree char *now = class_now();
    append(comments, highest(comments) + 1, check, text, now);
    return comments->all->pdata[comments->all->len - 1];
}

void review_comments_drop_last(struct review_comments *comments)
{
    g_ptr_array_set_size(comments->all, (gint)comments->all->len - 1);
}
