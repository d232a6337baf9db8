/*
 * For the diagnosis: what a sanitizer said when it ended a rank (make grade SANITIZE=1). What went
 * wrong, and where in the student's file; of a block of memory, where it came from.
 *
 * Anybody can print such lines; that only misleads its own author.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/text/text.h"

#include <string.h>

#define MOST_LINES 40 /* of a report that are shown */

/* A function of a stack trace: "    #1 0x5604 in take_step lesson/step.c:12:5". */
struct frame {
    char *function;
    char *place; /* "step.c:12", or NULL */
    bool is_students;
};

static void frame_clear(void *pointer)
{
    struct frame *frame = pointer;
    g_free(frame->function);
    g_free(frame->place);
}

/* Neither the kit's, nor of a library: those were compiled elsewhere. */
static bool is_students(const char *path)
{
    return !diagnosis_is_of_the_kit(path) && path[0] != '.' && !g_str_has_prefix(path, "/usr/") &&
           !g_str_has_prefix(path, "/build/");
}

/* The frames of the first stack trace of a text. */
static GArray *read_frames(const char *text)
{
    static const char pattern[] =
        "^\\s*#\\d+ 0x[0-9a-f]+ in (\\S+)(?: ([^\\s():]+):(\\d+)(?::\\d+)?)?";
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_array_set_clear_func(frames, frame_clear);
    for (char **line = lines; *line; line++) {
        g_autoptr(GMatchInfo) match = NULL;
        if (!g_regex_match(regex, *line, 0, &match)) {
            if (frames->len > 0)
                break;
            continue;
        }
        g_autofree char *function = g_match_info_fetch(match, 1);
        g_autofree char *path = g_match_info_fetch(match, 2);
        g_autofree char *number = g_match_info_fetch(match, 3);
        g_autofree char *file = path && *path ? g_path_get_basename(path) : NULL;
        const char *behind = g_str_has_prefix(function, "__interceptor_")
                                 ? function + strlen("__interceptor_")
                                 : function;
        const struct frame frame = {
            .function = g_strdup(behind),
            .place = file ? g_strdup_printf("%s:%s", file, number) : NULL,
            .is_students = file && is_students(path),
        };
        g_array_append_val(frames, frame);
    }
    return frames;
}

/* " at step.c:12 (take_step)": where the student's own code was; nothing if no frame is the student's.
 * with_called: " in memset, called at …" if it was in another function. */
static void append_place(const char *text, bool with_called, GString *to)
{
    g_autoptr(GArray) frames = read_frames(text);
    for (guint i = 0; i < frames->len; i++) {
        const struct frame *frame = &g_array_index(frames, struct frame, i);
        if (!frame->is_students)
            continue;
        if (i > 0 && with_called)
            g_string_append_printf(to, " in %s, called",
                                   g_array_index(frames, struct frame, i - 1).function);
        g_string_append_printf(to, " at %s (%s)", frame->place, frame->function);
        return;
    }
}

/* ---- AddressSanitizer --------------------------------------------------------------------------- */

/* The first group that a pattern finds, a new string, or NULL. */
static char *find(const char *text, const char *pattern)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    return g_regex_match(regex, text, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* The place in a stack trace behind a line: "freed by thread T0 here:". */
static void append_origin(const char *report, const char *line, const char *what, GString *headline)
{
    const char *found = strstr(report, line);
    g_autoptr(GString) place = g_string_new(NULL);
    if (found)
        append_place(found, false, place);
    if (place->len > 0)
        g_string_append_printf(headline, ", %s%s", what, place->str);
}

static void describe_address(const char *report, GString *headline)
{
    g_autofree char *kind = find(report, "^SUMMARY: AddressSanitizer: ([\\w-]{1,60})");
    g_autofree char *access = find(report, "^(READ|WRITE) of size \\d+");
    g_autofree char *bytes = find(report, "^(?:READ|WRITE) of size (\\d{1,19})");
    g_autofree char *variable = find(report, "'([^'\\n]{1,60})'[^\\n]*<== Memory access at offset");
    g_string_append(headline, kind ? kind : "a wrong access to memory");
    if (access)
        g_string_append_printf(headline, ", %s %s byte%s",
                               strcmp(access, "READ") == 0 ? "reads" : "writes", bytes,
                               strcmp(bytes, "1") == 0 ? "" : "s");
    append_place(report, true, headline);
    if (variable)
        g_string_append_printf(headline, ", outside of “%s”", variable);
    if (strstr(report, "Hint: address points to the zero page"))
        g_string_append(headline, ": the pointer is NULL, or nearly");
    append_origin(report, "\nfreed by thread", "of a block that was freed", headline);
    if (!strstr(report, "\nfreed by thread"))
        append_origin(report, "\nallocated by thread", "of a block that was allocated", headline);
}

/* ---- UndefinedBehaviorSanitizer -------------------------------------------------------------------- */

/* "lesson/step.c:12:5: runtime error: index 8 out of bounds for type 'int [8]'", then a stack
 * trace. */
static bool describe_undefined(const char *output, GString *headline)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex =
        g_regex_new("^(\\S+?):(\\d+):\\d+: runtime error: (.{1,200})", G_REGEX_MULTILINE, 0, NULL);
    int end;
    if (!g_regex_match(regex, output, 0, &match) || !g_match_info_fetch_pos(match, 0, NULL, &end))
        return false;
    g_autofree char *path = g_match_info_fetch(match, 1), *line = g_match_info_fetch(match, 2);
    g_autofree char *words = g_match_info_fetch(match, 3);
    /* which address it was differs from rank to rank and tells nobody anything */
    g_autoptr(GRegex) address = g_regex_new("address 0x[0-9a-f]+", 0, 0, NULL);
    g_autofree char *what = g_regex_replace_literal(address, words, -1, 0, "an address", 0, NULL);
    g_autofree char *file = g_path_get_basename(path);
    if (strstr(what, "with insufficient space for an object"))
        g_string_append(headline, "outside of an array or of a block: ");
    g_string_append(headline, what);
    if (is_students(path))
        g_string_append_printf(headline, " at %s:%s", file, line);
    else
        append_place(output + end, true, headline);
    return true;
}

/* ---- both ----------------------------------------------------------------------------------------- */

bool scene_sanitizer_spoke(struct scene *scene, GString *headline)
{
    const struct outcome *outcome = scene->outcome;
    if (outcome->end == RUN_FINISHED)
        return false;
    if (!outcome->fault)
        return outcome->output && describe_undefined(outcome->output, headline);
    if (outcome->fault_rank >= 0)
        g_string_append_printf(headline, "rank %d: ", outcome->fault_rank);
    scene->culprit = outcome->fault_rank;
    describe_address(outcome->fault, headline);
    return true;
}

void scene_show_sanitizer(const struct scene *scene, GString *markdown)
{
    const char *fault = scene->outcome->fault;
    if (!fault)
        return;
    g_autoptr(GString) shown = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(fault, "\n", -1);
    int count = 0;
    for (char **line = lines; *line && count < MOST_LINES; line++) {
        if (g_str_has_prefix(*line, "Shadow bytes") || g_str_has_prefix(*line, "SUMMARY"))
            break;
        if (g_str_has_prefix(*line, "=====") || (count == 0 && !**line))
            continue;
        g_string_append_printf(shown, "%s\n", *line);
        count++;
    }
    g_string_append(markdown, "What AddressSanitizer said:\n\n");
    text_append_code_block(markdown, shown->str);
    g_string_append_c(markdown, '\n');
}
