/*
 * Everything that is in the folder of a class, for what is made of all of it at once: pages, tables, exports.
 */
#ifndef CLASS_STUDENTS_GATHERED_H
#define CLASS_STUDENTS_GATHERED_H

#include "class/students/class.h"
#include "class/students/points.h"

struct gathered_grade {
    const struct student *student;
    struct graded *graded; /* NULL: not graded yet */
    struct final_points points;
};

struct gathered {
    struct class *class;
    GPtrArray *students; /* of struct student *, by ID */
    GArray **
        grades; /* one for each of the class's assignments: of struct gathered_grade, as the students are ordered */
};

#define GATHERED_GRADE(gathered, assignment, i)                                                    \
    (&g_array_index((gathered)->grades[assignment], struct gathered_grade, i))

/* NULL, and an error, if there is no folder of a class at `out`. What can't be read is left out, with a line in error: a
 * student, a grade, a review. */
struct gathered *gathered_read(const char *out, GString *error);
void gathered_free(struct gathered *gathered);

/* Which of the class's assignments has this name; -1: none. */
int gathered_assignment(const struct gathered *gathered, const char *name);

#endif
