/* The whole folder of a class; see gathered.h. */
#include "class/students/gathered.h"

#include <string.h>

static GArray *read_grades(const struct gathered *gathered, const char *assignment, GString *error)
{
    GArray *grades = g_array_new(FALSE, TRUE, sizeof(struct gathered_grade));
    for (guint i = 0; i < gathered->students->len; i++) {
        struct gathered_grade one = {.student = gathered->students->pdata[i]};
        one.graded = graded_read(one.student, assignment, error);
        one.points = points_of(one.student, one.graded, error);
        g_array_append_val(grades, one);
    }
    return grades;
}

struct gathered *gathered_read(const char *out, GString *error)
{
    struct gathered *gathered = g_new0(struct gathered, 1);
    gathered->class = class_read(out, error);
    gathered->students = gathered->class ? students_read(out, error) : NULL;
    if (!gathered->students) {
        gathered_free(gathered);
        return NULL;
    }
    const guint count = gathered->class->assignments->len;
    gathered->grades = g_new0(GArray *, count);
    for (guint i = 0; i < count; i++)
        gathered->grades[i] = read_grades(gathered, gathered->class->assignments->pdata[i], error);
    return gathered;
}

void gathered_free(struct gathered *gathered)
{
    if (!gathered)
        return;
    for (guint a = 0; gathered->grades && a < gathered->class->assignments->len; a++) {
        for (guint i = 0; i < gathered->grades[a]->len; i++)
            graded_free(GATHERED_GRADE(gathered, a, i)->graded);
        g_array_unref(gathered->grades[a]);
    }
    g_free(gathered->grades);
    if (gathered->students)
        g_ptr_array_unref(gathered->students);
    class_free(gathered->class);
    g_free(gathered);
}

int gathered_assignment(const struct gathered *gathered, const char *name)
{
    for (guint i = 0; i < gathered->class->assignments->len; i++)
        if (strcmp(gathered->class->assignments->pdata[i], name) == 0)
            return (int)i;
    return -1;
}
