/*
 * For the diagnosis: source lines of calls that lead to where a rank was, and
 * which of them are the student's.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/source_line.h"

/* common/ROOM/file.c, assignments/NAME/program/file.c, …; a student's is NAME/file.c. */
static bool is_of_the_kit(const char *path)
{
    return g_regex_match_simple("(^|/)(common|assignments)/[^/]+/([^/]+/)?[^/]+$", path, 0, 0);
}

GPtrArray *scene_lines_of_calls(const char *program, const uint64_t *caller, guint count)
{
    GPtrArray *lines = g_ptr_array_new();
    int students = 0;
    source_line_prepare(program, caller, (int)count);
    for (guint i = 0; i < count; i++) {
        const char *line = source_line(program, caller[i]);
        if (!line[0])
            continue;
        g_ptr_array_add(lines, (char *)line);
        if (!is_of_the_kit(source_line_path(program, caller[i])))
            students = (int)lines->len;
    }
    g_ptr_array_set_size(lines, students);
    return lines;
}

GPtrArray *scene_lines_of_student(const char *program, const struct last_words_calls *calls)
{
    GPtrArray *lines = g_ptr_array_new();
    source_line_prepare(program, calls->place, calls->count);
    for (int i = 0; i < calls->count; i++) {
        const char *line = source_line(program, calls->place[i]);
        if (line[0] && !is_of_the_kit(source_line_path(program, calls->place[i])))
            g_ptr_array_add(lines, (char *)line);
    }
    return lines;
}

void scene_describe_lines(const GPtrArray *lines, GString *text)
{
    for (guint i = 0; i < lines->len; i++) {
        /* where it was, and the last two: in between may be the kit's own */
        if (i > 0 && i + 2 < lines->len)
            continue;
        bool skipped = i > 1 && i + 2 == lines->len;
        g_string_append_printf(text, "%s%s",
                               i == 0    ? ", at "
                               : skipped ? ", …, called at "
                                         : ", called at ",
                               (char *)lines->pdata[i]);
    }
}
