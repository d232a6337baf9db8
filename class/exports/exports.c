/* class export; see exports.h. */
#include "class/exports/exports.h"

#include "class/students/records.h"
#include "grader/grade/grade_state.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool (*write)(struct exports *exports);
    bool is_one_file; /* else it is a file for each student */
    bool is_of_all;   /* it is not of one assignment */
    bool needs_roster;
} formats[] = {{"canvas", exports_canvas, true, false, false},
               {"moodle", exports_moodle, true, false, true},
               {"gradescope", exports_gradescope, true, false, false},
               {"autolab", exports_autolab, false, false, false},
               {"prairielearn", exports_prairielearn, false, false, false},
               {"junit", exports_junit, true, false, false},
               {"feedback", exports_feedback, true, true, false}};

/* ---- shared ------------------------------------------------------------------------------------------------ */

const char *exports_assignment(const struct exports *exports)
{
    return exports->gathered->class->assignments->pdata[exports->assignment];
}

struct gathered_grade *exports_grade(const struct exports *exports, guint student)
{
    return GATHERED_GRADE(exports->gathered, exports->assignment, student);
}

guint exports_students(const struct exports *exports)
{
    return exports->gathered->students->len;
}

bool exports_write(struct exports *exports, const char *name, const char *text, gssize length)
{
    g_autofree char *path = g_build_filename(exports->to, name, NULL),
                    *folder = g_path_get_dirname(path);
    if (g_mkdir_with_parents(folder, 0755) == 0)
        return record_write_text(path, text, length, exports->problems);
    g_string_append_printf(exports->problems, "%s can't be made\n", folder);
    return false;
}

bool exports_shows(const struct exports *exports, const struct graded_check *check)
{
    return report_is_shown(check->visibility, exports->time);
}

bool exports_hides_any(const struct exports *exports, const struct graded *graded)
{
    for (guint i = 0; i < graded->checks->len; i++)
        if (!exports_shows(exports, GRADED_CHECKS(graded, i)))
            return true;
    return false;
}

struct exports_points exports_points_of(const struct gathered_grade *grade,
                                        const struct graded_check *check,
                                        const struct review *review)
{
    const struct review_item *item =
        points_are_for_a_person(check) ? points_reviewed(review, check->name) : NULL;
    if (points_are_for_a_person(check))
        return (struct exports_points){
            item ? grade->points.factor * CLAMP(item->points, 0, check->max_points) : 0,
            item != NULL};
    return (struct exports_points){grade->points.factor * check->points,
                                   strcmp(check->state, grade_state_name(STATE_NOT_JUDGED)) != 0};
}

json_t *exports_number(double value)
{
    return json_real(round(value * 1e6) / 1e6);
}

/* ---- the command --------------------------------------------------------------------------------------------- */

struct asked {
    char *out, *to, *format, *assignment, *roster, *column, *at;
    gboolean published;
};

static void asked_clear(struct asked *asked)
{
    g_free(asked->out);
    g_free(asked->to);
    g_free(asked->format);
    g_free(asked->assignment);
    g_free(asked->roster);
    g_free(asked->column);
    g_free(asked->at);
}

static bool read_words(int argc, char **argv, struct asked *asked)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &asked->out, "the folder of the class", "FOLDER"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &asked->format,
         "canvas, moodle, gradescope, autolab, prairielearn, junit, feedback, or all that need no "
         "roster (all)",
         "NAME"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &asked->assignment,
         "one of the class's alone (all)", "NAME"},
        {"roster", 'r', 0, G_OPTION_ARG_FILENAME, &asked->roster,
         "the course's own grade book (Canvas) or grading worksheet (Moodle), to be filled",
         "FILE"},
        {"column", 'c', 0, G_OPTION_ARG_STRING, &asked->column,
         "the grade book's column (the assignment's name)", "HEADING"},
        {"to", 't', 0, G_OPTION_ARG_FILENAME, &asked->to, "where exports go (OUT/exports)",
         "FOLDER"},
        {"published", 0, 0, G_OPTION_ARG_NONE, &asked->published,
         "students may see what is shown after grades are published", NULL},
        {"at", 0, 0, G_OPTION_ARG_STRING, &asked->at,
         "when students read it, for what is shown after the deadline (now)", "TIME"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- grades for other systems, feedback for students");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &wrong) && asked->out && argc == 1)
        return true;
    fprintf(stderr, "class export: %s\n",
            wrong         ? wrong->message
            : !asked->out ? "which class? --out FOLDER"
                          : "too many words");
    return false;
}

/* What students may see. A class without a deadline has none that is over. */
static bool time_of(const struct asked *asked, const struct class *class, enum report_time *time,
                    GString *problems)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) at =
        asked->at ? g_date_time_new_from_iso8601(asked->at, utc) : g_date_time_new_now_utc();
    g_autoptr(GDateTime) due =
        class->deadline ? g_date_time_new_from_iso8601(class->deadline, utc) : NULL;
    if (!at || (class->deadline && !due)) {
        g_string_append_printf(problems, "%s is no time: 2026-11-20T21:03:00Z is one\n",
                               at ? class->deadline : asked->at);
        return false;
    }
    const bool is_over = due && g_date_time_compare(at, due) >= 0;
    *time = asked->published ? REPORT_PUBLISHED
            : is_over        ? REPORT_AFTER_DUE_DATE
                             : REPORT_BEFORE_DUE_DATE;
    return true;
}

/* Of what is in a grade book before all is decided, a person should know. */
static void complain_of_open(struct exports *exports)
{
    guint open = 0, waiting = 0;
    for (guint i = 0; i < exports_students(exports); i++) {
        open += exports_grade(exports, i)->points.not_judged > 0;
        waiting += exports_grade(exports, i)->points.not_reviewed > 0;
    }
    if (open + waiting > 0)
        printf("%s: not final yet: %u wait for a person, %u have checks that were not judged\n",
               exports_assignment(exports), waiting, open);
}

static bool export_one(struct exports *exports, guint format)
{
    if (!formats[format].write(exports))
        return false;
    if (!formats[format].is_of_all)
        printf("%s/%s%s%s%s\n", exports->to, formats[format].name,
               formats[format].is_one_file ? "-" : "/*-", exports_assignment(exports),
               formats[format].is_one_file
                   ? strcmp(formats[format].name, "junit") == 0 ? ".xml" : ".csv"
                   : ".*");
    return true;
}

/* Is it among what was asked for, and of this assignment? */
static bool wants(const struct asked *asked, guint format, bool first)
{
    const bool all = !asked->format || strcmp(asked->format, "all") == 0;
    if (formats[format].is_of_all && !asked->roster && !first)
        return false;
    return all ? !formats[format].needs_roster && !asked->roster
               : strcmp(asked->format, formats[format].name) == 0;
}

static bool export_all(struct exports *exports, const struct asked *asked)
{
    bool done = true, first = true;
    for (guint a = 0; a < exports->gathered->class->assignments->len; a++) {
        exports->assignment = a;
        if (asked->assignment && strcmp(asked->assignment, exports_assignment(exports)) != 0)
            continue;
        for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
            if (wants(asked, i, first))
                done = export_one(exports, i) && done;
        complain_of_open(exports);
        first = false;
    }
    return done;
}

/* Whatever is wrong with what was asked for; NULL: nothing. */
static const char *wrong_with(const struct asked *asked, const struct gathered *gathered)
{
    bool known = !asked->format || strcmp(asked->format, "all") == 0;
    for (guint i = 0; i < G_N_ELEMENTS(formats) && !known; i++)
        known = strcmp(asked->format, formats[i].name) == 0;
    if (!known)
        return "there is no such format; there are canvas, moodle, gradescope, autolab, "
               "prairielearn, junit and feedback";
    if (asked->assignment && gathered_assignment(gathered, asked->assignment) < 0)
        return "the class has no assignment of that name";
    if (asked->roster && !asked->assignment && gathered->class->assignments->len > 1)
        return "a roster is filled with one assignment: which? --assignment NAME (ASSIGNMENT=name)";
    if (asked->roster && (!asked->format || strcmp(asked->format, "all") == 0))
        return "whose roster is it? --format canvas, moodle or feedback";
    return NULL;
}

static int export_class(const struct asked *asked, GString *problems)
{
    struct gathered *gathered = gathered_read(asked->out, problems);
    const char *wrong = gathered ? wrong_with(asked, gathered) : NULL;
    g_autofree char *to =
        asked->to ? g_strdup(asked->to) : g_build_filename(asked->out, "exports", NULL);
    struct exports exports = {.out = asked->out,
                              .to = to,
                              .gathered = gathered,
                              .roster = asked->roster,
                              .column = asked->column,
                              .problems = problems};
    int status = COMMAND_FAILED;
    if (wrong) {
        g_string_append_printf(problems, "class export: %s\n", wrong);
        status = COMMAND_USAGE;
    } else if (gathered && time_of(asked, gathered->class, &exports.time, problems)) {
        status = export_all(&exports, asked) && problems->len == 0 ? COMMAND_DONE : COMMAND_FAILED;
    }
    gathered_free(gathered);
    return status;
}

/* Several formats meet the same review that can't be used. */
static void print_once(const char *problems)
{
    g_auto(GStrv) lines = g_strsplit(problems, "\n", -1);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (char **line = lines; *line; line++)
        if (**line && g_hash_table_add(told, *line))
            fprintf(stderr, "%s\n", *line);
}

int exports_command(int argc, char **argv)
{
    struct asked asked = {0};
    g_autoptr(GString) problems = g_string_new(NULL);
    const int status =
        read_words(argc, argv, &asked) ? export_class(&asked, problems) : COMMAND_USAGE;
    print_once(problems->str);
    asked_clear(&asked);
    return status;
}
