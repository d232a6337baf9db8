/* What a call says; see session.h. */
#include "class/intake/ids.h"
#include "class/intake/put.h"
#include "class/intake/session.h"
#include "grader/text/nearest.h"

#include <stdio.h>

static void tell_extensions(struct intake *intake)
{
    for (guint i = 0; i < intake->people->extensions->len; i++) {
        const struct intake_extension *extension = intake->people->extensions->pdata[i];
        if (extension->used)
            continue;
        g_string_append_printf(intake->remarks, "extensions.csv: row %d: nobody has the id \"%s\"",
                               extension->row, extension->id);
        g_autoptr(GPtrArray) known = g_ptr_array_new();
        for (guint k = 0; k < intake->students->len; k++) {
            const struct student *student = intake->students->pdata[k];
            for (guint m = 0; m < student->members->len; m++)
                g_ptr_array_add(known, ((struct member *)student->members->pdata[m])->id);
        }
        g_ptr_array_add(known, NULL);
        text_append_meant(intake->remarks, extension->id, (const char *const *)known->pdata);
        g_string_append_c(intake->remarks, '\n');
    }
}

static void tell_gone(struct intake *intake)
{
    g_autofree char *path = g_build_filename(intake->options->out, "students", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_autoptr(GHashTable) here = g_hash_table_new(g_str_hash, g_str_equal);
    const char *key;
    json_t *id;
    for (guint i = 0; i < intake->handed->len; i++) {
        const struct intake_handed *handed = intake->handed->pdata[i];
        g_hash_table_add(here, (char *)intake_ids_give(intake->ids, handed->key, handed->wanted));
    }
    json_object_foreach(intake->ids, key, id)
    {
        const char *name = json_string_value(id);
        g_autofree char *own = g_build_filename(path, name, NULL);
        if (!g_hash_table_contains(here, name) && g_file_test(own, G_FILE_TEST_IS_DIR))
            g_string_append_printf(intake->remarks,
                                   "%s was taken in before, and is in the folder of submissions no "
                                   "more: it stays as it is; to forget it, remove %s\n",
                                   name, own);
    }
}

void intake_tell(struct intake *intake)
{
    int gradable = 0, empty = 0;
    for (guint i = 0; i < intake->students->len; i++) {
        const struct student *student = intake->students->pdata[i];
        gradable += !student->refused;
        empty += student->refused && !student->source;
        if (student->refused)
            printf("%s: %s\n", student->id, student->refused);
    }
    tell_extensions(intake);
    tell_gone(intake);
    printf("%u students or groups: %d can be graded, %d can't, %d handed in nothing that counts; "
           "%d new, %d changed, "
           "%d as before\n",
           intake->students->len, gradable, (int)intake->students->len - gradable - empty, empty,
           intake->counts[INTAKE_NEW], intake->counts[INTAKE_CHANGED], intake->counts[INTAKE_SAME]);
    fflush(stdout);
    fputs(intake->remarks->str, stderr);
    fputs(intake->trouble->str, stderr);
}
