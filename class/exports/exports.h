/*
 * class export: grades in the forms that other systems take, and feedback for students. Each form is a file of its own here.
 * Points are final ones (class/students/points.h); of checks that are hidden from students nothing is said in what they read.
 */
#ifndef CLASS_EXPORTS_EXPORTS_H
#define CLASS_EXPORTS_EXPORTS_H

#include "class/students/command.h"
#include "class/students/gathered.h"
#include "grader/report/report_shown.h"

command_function exports_command;

struct exports {
    const char *out; /* the folder of the class */
    const char *to;  /* the folder that exports go to */
    const struct gathered *gathered;
    guint assignment;      /* which of the class's */
    const char *roster;    /* the file of the course's own system, or NULL */
    const char *column;    /* of its column for this assignment; NULL: by the assignment's name */
    enum report_time time; /* what students may see */
    GString *problems;     /* lines about what could not be done; the export is made all the same */
};

/* Each writes its files and returns whether it could. */
bool exports_canvas(struct exports *exports);
bool exports_moodle(struct exports *exports);
bool exports_gradescope(struct exports *exports);
bool exports_autolab(struct exports *exports);
bool exports_prairielearn(struct exports *exports);
bool exports_junit(struct exports *exports);
bool exports_feedback(struct exports *exports);

/* ---- shared ---------------------------------------------------------------------------------------------------- */

const char *exports_assignment(const struct exports *exports);
struct gathered_grade *exports_grade(const struct exports *exports, guint student);
guint exports_students(const struct exports *exports);

/* Writes a file in exports->to, in one go. */
bool exports_write(struct exports *exports, const char *name, const char *text, gssize length);

/* May students see it now? */
bool exports_shows(const struct exports *exports, const struct graded_check *check);
/* Is there one that they may not see? Then they are told no sum of points, either. */
bool exports_hides_any(const struct exports *exports, const struct graded *graded);

/* The points of a check: a judge's, or a person's; times the factor. */
struct exports_points {
    double points;
    bool decided; /* false: not judged, or no person has read it yet */
};
struct exports_points exports_points_of(const struct gathered_grade *grade,
                                        const struct graded_check *check,
                                        const struct review *review);

/* Numbers as JSON: two decimals, or as many as a share of points needs. */
json_t *exports_number(double value);

#endif
