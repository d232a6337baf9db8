/*
 * For the diagnosis: where a program crashed, by the trace that MPI printed.
 *
 * Ranks that crash together print into each other's lines, piece by piece: what
 * tells them apart is the address at which each was loaded.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/trace/source_line.h"

#include <string.h>

#define MOST_FRAMES 512 /* anybody can print more */

struct frame {
    uint64_t loaded; /* where this rank's program begins in memory */
    uint64_t caller; /* for source_line */
    bool is_first;   /* of its rank */
    bool is_main;
};

static bool is_known(const GArray *frames, uint64_t loaded)
{
    for (guint i = 0; i < frames->len; i++)
        if (g_array_index(frames, struct frame, i).loaded == loaded)
            return true;
    return false;
}

static uint64_t fetch_number(const GMatchInfo *match, int group, guint base)
{
    g_autofree char *digits = g_match_info_fetch(match, group);
    return digits ? g_ascii_strtoull(digits, NULL, base) : 0;
}

/* "program(take_step+0x105)[0x5572de41e1d5]", where the offset is that in the function, or that in the
 * program where a function is not exported: "program(+0x2e105)[…]". */
static void add_frame(GArray *frames, const char *program, const GMatchInfo *match)
{
    g_autofree char *function = g_match_info_fetch(match, 2);
    uint64_t begin = 0;
    if (function[0] && !source_line_function(program, function, &begin))
        return;
    uint64_t place = begin + fetch_number(match, 3, 16);
    struct frame frame = {.loaded = fetch_number(match, 4, 16) - place,
                          .caller = place,
                          .is_main = strcmp(function, "main") == 0};
    frame.is_first = !is_known(frames, frame.loaded);
    /* Frame 1 is where it was, the others are return addresses. Without a number it may be either:
     * the first of the program most likely is where it was. */
    if (frame.is_first && fetch_number(match, 1, 10) <= 1)
        frame.caller++;
    g_array_append_val(frames, frame);
}

/* The frames that lie in the program, of all ranks:
 * "[sandbox:00006] [ 1] /program/program(take_step+0x105)[0x5572de41e1d5]". */
static GArray *read_frames(const char *program, const char *output)
{
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
    g_autofree char *name = g_path_get_basename(program); /* in the sandbox its folder is another */
    g_autofree char *escaped = g_regex_escape_string(name, -1);
    g_autofree char *pattern = g_strdup_printf("^(?:\\[\\S+:\\d+\\] \\[ *(\\d{1,3})\\] |.* )?"
                                               "\\S*/%s\\((\\w*)\\+0x([0-9a-f]+)\\)"
                                               "\\[0x([0-9a-f]+)\\]",
                                               escaped);
    g_autoptr(GRegex) line = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(line, output, 0, &match);
         frames->len < MOST_FRAMES && g_match_info_matches(match); g_match_info_next(match, NULL))
        add_frame(frames, program, match);
    return frames;
}

/* The lines of the rank that frame `first` is the first of. */
static GPtrArray *lines_of_rank(const char *program, const GArray *frames, guint first)
{
    g_autoptr(GArray) callers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = first; i < frames->len; i++) {
        const struct frame *frame = &g_array_index(frames, struct frame, i);
        if (frame->loaded != g_array_index(frames, struct frame, first).loaded)
            continue;
        if (frame->is_main)
            break;
        g_array_append_val(callers, frame->caller);
    }
    return scene_lines_of_calls(program, (const uint64_t *)(void *)callers->data, callers->len);
}

/* The source lines of the first rank that was in a student's function; just where the first was, if
 * none was. */
static GPtrArray *read_lines(const char *program, const char *output)
{
    g_autoptr(GArray) frames = read_frames(program, output);
    for (guint i = 0; i < frames->len; i++) {
        if (!g_array_index(frames, struct frame, i).is_first)
            continue;
        GPtrArray *lines = lines_of_rank(program, frames, i);
        if (lines->len > 0)
            return lines;
        g_ptr_array_free(lines, TRUE);
    }
    GPtrArray *lines = g_ptr_array_new();
    const char *line =
        frames->len > 0 ? source_line(program, g_array_index(frames, struct frame, 0).caller) : "";
    if (line[0])
        g_ptr_array_add(lines, (char *)line);
    return lines;
}

void scene_describe_crash(const struct outcome *outcome, GString *text)
{
    const char *output = outcome->output ? outcome->output : "";
    g_autoptr(GPtrArray) lines = read_lines(outcome->program ? outcome->program : "", output);
    scene_describe_lines(lines, text);
    if (strstr(output, "Segmentation fault") && !strstr(output, "*** Process received signal"))
        g_string_append(text, "; is its stack full, by a large array in a function or by a "
                              "recursion without end?");
}
