/*
 * For the diagnosis: source lines of calls that lead to where a rank was, and
 * which of them are the student's.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/source_line.h"

#include <string.h>

#define MOST_CALLS 3 /* of a sample that are told */

/* common/ROOM/file.c, assignments/NAME/program/file.c, …; a student's is NAME/file.c. */
bool diagnosis_is_of_the_kit(const char *path)
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
        if (!diagnosis_is_of_the_kit(source_line_path(program, caller[i])))
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
        if (line[0] && !diagnosis_is_of_the_kit(source_line_path(program, calls->place[i])))
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

/* ---- samples ---------------------------------------------------------------------------------- */

/* A source line, "step.c:31 (take_step)", is told as "take_step() at step.c:31", or "at :31" in the file
 * of the line before. */
static void add_call(const char *line, const char *before, GString *text)
{
    const size_t place = strcspn(line, " "), file = strcspn(line, ":");
    const char *function = line[place] ? line + place + 2 : "";
    if (function[0])
        g_string_append_printf(text, "%.*s() ", (int)strcspn(function, ")"), function);
    const bool same = before && strncmp(before, line, file + 1) == 0;
    g_string_append_printf(text, "at %.*s", (int)(same ? place - file : place),
                           same ? line + file : line);
}

bool scene_describe_sample(const struct scene *scene, int rank, GString *text)
{
    const struct last_words *words = scene->outcome->words ? &scene->outcome->words[rank] : NULL;
    const enum place_state state = scene->place[rank].state;
    if (!words || words->sampled == 0 || (state != PLACE_OUTSIDE && state != PLACE_COMPUTING))
        return false;
    g_autoptr(GPtrArray) lines = scene_lines_of_student(scene->outcome->program, &words->sample);
    for (guint i = 0; i < lines->len && i < MOST_CALLS; i++) {
        g_string_append(text, i == 0 ? " in " : ", called by ");
        add_call(lines->pdata[i], i > 0 ? lines->pdata[i - 1] : NULL, text);
    }
    return lines->len > 0;
}

double scene_sample_seconds(const struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    const uint64_t last = log->count > 0 ? log->record[log->count - 1].clock : 0;
    const uint64_t sampled = scene->outcome->words ? scene->outcome->words[rank].sampled : 0;
    /* A simulated clock stands still where nothing is computed or sent. */
    return scene->outcome->simulated || last == 0 || sampled <= last
               ? 0
               : (double)(sampled - last) * 1e-9;
}
