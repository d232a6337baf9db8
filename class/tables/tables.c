/* class tables; see tables.h. */
#include "class/tables/tables.h"

#include "class/students/records.h"

#include <stdio.h>

const char *tables_state(const struct gathered_grade *grade)
{
    if (grade->student->refused)
        return "refused";
    if (!grade->student->source)
        return "nothing handed in";
    if (!grade->graded)
        return "not graded";
    if (!grade->graded->has_record)
        return "not judged";
    return grade->graded->finished ? "graded" : "partly not judged";
}

char *tables_remark(const struct gathered_grade *grade)
{
    const struct student *student = grade->student;
    const struct graded *graded = grade->graded;
    if (student->refused)
        return g_strdup(student->refused);
    if (!student->source || !graded)
        return g_strdup("");
    char *remark = g_strdup(graded->finished || !graded->words ? "" : graded->words);
    return g_strstrip(g_strdelimit(remark, "\n\t", ' '));
}

static bool write_tables(const struct gathered *gathered, const char *out, GString *error)
{
    g_autofree char *csv_path = g_build_filename(out, "grades.csv", NULL),
                    *sqlite_path = g_build_filename(out, "grades.sqlite", NULL);
    g_autoptr(GString) csv = tables_csv(gathered);
    gsize length;
    g_autofree void *index = tables_sqlite(gathered, &length, error);
    return index && record_write_text(csv_path, csv->str, (gssize)csv->len, error) &&
           record_write_text(sqlite_path, index, (gssize)length, error);
}

int tables_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- makes grades.csv and grades.sqlite from the grades that are there");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out || argc > 1) {
        fprintf(stderr, "class tables: %s\n", wrong ? wrong->message : "which class? --out FOLDER");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) error = g_string_new(NULL);
    struct gathered *gathered = gathered_read(out, error);
    const bool written = gathered && write_tables(gathered, out, error);
    gathered_free(gathered);
    fputs(error->str, stderr);
    return written ? COMMAND_DONE : COMMAND_FAILED;
}
