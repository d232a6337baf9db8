/* grades.sqlite: for whoever asks questions of a whole class. It is made in memory and written in one go. */
#include "class/tables/tables.h"
#include "class/tables/tables_schema.h"

#include <sqlite3.h>
#include <string.h>

/* One row is put together at a time; the first thing that goes wrong is kept, and nothing is done any more. */
struct filling {
    sqlite3 *database;
    sqlite3_stmt *row;
    int column;
    bool failed;
    GString *error;
};

static void complain(struct filling *filling)
{
    if (!filling->failed)
        g_string_append_printf(filling->error, "grades.sqlite can't be made: %s\n",
                               sqlite3_errmsg(filling->database));
    filling->failed = true;
}

static void run(struct filling *filling, const char *sql)
{
    if (!filling->failed && sqlite3_exec(filling->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        complain(filling);
}

/* A row of a table: then its values, from left to right; then end. */
static void begin(struct filling *filling, const char *sql)
{
    filling->column = 0;
    if (!filling->failed &&
        sqlite3_prepare_v2(filling->database, sql, -1, &filling->row, NULL) != SQLITE_OK)
        complain(filling);
}

static void text(struct filling *filling, const char *value)
{
    if (!filling->failed && sqlite3_bind_text(filling->row, ++filling->column, value, -1,
                                              SQLITE_TRANSIENT) != SQLITE_OK)
        complain(filling);
}

static void number(struct filling *filling, double value)
{
    if (!filling->failed &&
        sqlite3_bind_double(filling->row, ++filling->column, value) != SQLITE_OK)
        complain(filling);
}

static void whole(struct filling *filling, int value)
{
    if (!filling->failed && sqlite3_bind_int(filling->row, ++filling->column, value) != SQLITE_OK)
        complain(filling);
}

static void known(struct filling *filling, bool is_known, double value)
{
    if (is_known)
        number(filling, value);
    else
        text(filling, NULL);
}

static void end(struct filling *filling)
{
    if (!filling->failed && sqlite3_step(filling->row) != SQLITE_DONE)
        complain(filling);
    sqlite3_finalize(filling->row);
    filling->row = NULL;
}

/* ---- the tables ---------------------------------------------------------------------------------- */

static void add_class(struct filling *to, const struct class *class)
{
    begin(to, "INSERT INTO class VALUES (?,?,?,?)");
    text(to, class->title);
    text(to, class->deadline);
    text(to, class->taken_in_at);
    text(to, class->kit);
    end(to);
}

static void add_student(struct filling *to, const struct student *student)
{
    begin(to, "INSERT INTO students VALUES (?,?,?,?,?,?,?,?)");
    text(to, student->id);
    text(to, student->name);
    text(to, student->source);
    text(to, student->sha256);
    text(to, student->handed_in_at);
    whole(to, student->late_days);
    number(to, student->factor);
    text(to, student->refused);
    end(to);
    for (guint i = 0; i < student->members->len; i++) {
        const struct member *member = student->members->pdata[i];
        begin(to, "INSERT OR REPLACE INTO members VALUES (?,?,?,?)");
        text(to, student->id);
        text(to, member->id);
        text(to, member->name);
        text(to, member->email);
        end(to);
    }
    for (guint i = 0; i < student->notes->len; i++) {
        begin(to, "INSERT INTO notes VALUES (?,?)");
        text(to, student->id);
        text(to, student->notes->pdata[i]);
        end(to);
    }
}

static void add_grade(struct filling *to, const struct gathered_grade *grade,
                      const char *assignment)
{
    const struct final_points *points = &grade->points;
    g_autofree char *remark = tables_remark(grade);
    begin(to, "INSERT INTO grades VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
    text(to, grade->student->id);
    text(to, assignment);
    text(to, tables_state(grade));
    known(to, points->is_graded, points->final);
    known(to, points->is_graded, points->got);
    known(to, points->is_graded, points->by_person);
    known(to, points->is_graded, points->bonus);
    known(to, points->is_graded, points->all);
    known(to, points->is_graded, points->bonus_all);
    number(to, points->factor);
    number(to, points->not_judged);
    number(to, points->not_reviewed);
    text(to, remark);
    end(to);
}

static void add_run(struct filling *to, const char *student, const struct graded *graded)
{
    begin(to, "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    text(to, student);
    text(to, graded->assignment);
    whole(to, graded->finished);
    whole(to, graded->exit_status);
    whole(to, graded->attempt);
    text(to, graded->began);
    text(to, graded->ended);
    text(to, graded->machine);
    text(to, graded->kit);
    text(to, graded->secret);
    text(to, graded->sha256);
    text(to, graded->same_as);
    number(to, graded->wall_seconds);
    number(to, graded->processor_seconds);
    text(to, graded->words);
    end(to);
}

static void add_check(struct filling *to, const char *student, const char *assignment,
                      const struct graded_check *check)
{
    begin(to, "INSERT OR REPLACE INTO checks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    text(to, student);
    text(to, assignment);
    text(to, check->name);
    text(to, check->title);
    whole(to, check->tier);
    text(to, check->question);
    whole(to, check->bonus);
    text(to, check->visibility);
    text(to, check->state);
    text(to, check->culprit);
    text(to, check->seen);
    text(to, check->mistake);
    number(to, check->points);
    number(to, check->max_points);
    whole(to, check->cause);
    number(to, check->seconds);
    end(to);
}

static void fill(struct filling *to, const struct gathered *gathered)
{
    run(to, tables_schema);
    run(to, "BEGIN");
    add_class(to, gathered->class);
    for (guint i = 0; i < gathered->students->len; i++)
        add_student(to, gathered->students->pdata[i]);
    for (guint a = 0; a < gathered->class->assignments->len; a++)
        for (guint i = 0; i < gathered->students->len; i++) {
            const struct gathered_grade *grade = GATHERED_GRADE(gathered, a, i);
            const struct graded *graded = grade->graded;
            add_grade(to, grade, gathered->class->assignments->pdata[a]);
            if (graded)
                add_run(to, grade->student->id, graded);
            for (guint k = 0; graded && k < graded->checks->len; k++)
                add_check(to, grade->student->id, graded->assignment, GRADED_CHECKS(graded, k));
        }
    run(to, "COMMIT");
}

void *tables_sqlite(const struct gathered *gathered, gsize *length, GString *error)
{
    struct filling filling = {.error = error};
    void *copy = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_open(":memory:", &filling.database) != SQLITE_OK)
        complain(&filling);
    else
        fill(&filling, gathered);
    unsigned char *bytes =
        filling.failed ? NULL : sqlite3_serialize(filling.database, "main", &size, 0);
    if (bytes)
        copy = g_memdup2(bytes, (gsize)size);
    else
        complain(&filling);
    *length = (gsize)size;
    sqlite3_free(bytes);
    sqlite3_close(filling.database);
    return copy;
}
