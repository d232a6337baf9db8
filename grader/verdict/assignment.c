/* The assignments that have registered themselves. */
#include "grader/verdict/assignment.h"

#include "common/base/fatal.h"

#include <string.h>

static GPtrArray *registered; /* of const struct assignment * */

void assignment_register(const struct assignment *assignment)
{
    if (assignment_find(assignment->name))
        fatal("two assignments register themselves as \"%s\": give each the name of its folder",
              assignment->name);
    if (!registered)
        registered = g_ptr_array_new();
    g_ptr_array_add(registered, (gpointer)assignment);
}

char *assignment_default(const char *kit)
{
    g_autofree char *path = g_build_filename(kit, "assignments", "default", NULL);
    char *name = NULL;
    return g_file_get_contents(path, &name, NULL, NULL) ? g_strstrip(name) : g_strdup("");
}

const struct assignment *assignment_find(const char *name)
{
    for (guint i = 0; registered && i < registered->len; i++) {
        const struct assignment *assignment = registered->pdata[i];
        if (strcmp(assignment->name, name) == 0)
            return assignment;
    }
    return NULL;
}
