/*
 * For the diagnosis: a crash. Which rank it was, and where, by the trace that
 * MPI printed.
 */
#include "grader/diagnose_parts.h"
#include "grader/source_line.h"

#include <stdlib.h>
#include <string.h>

/* ---- where it crashed ------------------------------------------------------------------------ */

struct frame {
    int number;       /* 0: the signal's own */
    bool offset_only; /* without the name of a function: offset counts from the program's begin */
    uint64_t offset, address;
};

/* Reads the frames that lie in the program, of the first process that printed a trace:
 * "[sandbox:00006] [ 1] /program/program(train_step_afab+0x105)[0x5572de41e1d5]". */
static GArray *read_frames(const char *output)
{
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line = g_regex_new("^(\\[\\S+:\\d+\\]) \\[ *(\\d{1,3})\\] \\S*/program"
                                         "\\((\\w*)\\+0x([0-9a-f]+)\\)\\[0x([0-9a-f]+)\\]",
                                         G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *process = NULL;
    for (g_regex_match(line, output, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *who = g_match_info_fetch(match, 1);
        g_autofree char *number = g_match_info_fetch(match, 2);
        g_autofree char *function = g_match_info_fetch(match, 3);
        g_autofree char *offset = g_match_info_fetch(match, 4);
        g_autofree char *address = g_match_info_fetch(match, 5);
        if (!process)
            process = g_strdup(who);
        if (strcmp(process, who) != 0)
            continue;
        struct frame frame = {(int)g_ascii_strtoull(number, NULL, 10), !function[0],
                              g_ascii_strtoull(offset, NULL, 16),
                              g_ascii_strtoull(address, NULL, 16)};
        g_array_append_val(frames, frame);
    }
    return frames;
}

/* Where the program was loaded; 0 if no frame tells. */
static uint64_t load_address(const GArray *frames)
{
    for (guint i = 0; i < frames->len; i++) {
        const struct frame *frame = &g_array_index(frames, struct frame, i);
        if (frame->offset_only)
            return frame->address - frame->offset;
    }
    return 0;
}

/* Behind the student's functions come those of the kit that called them. */
static bool is_caller_of_all(const char *line)
{
    static const char *const files[] = {"main.c:", "driver.c:", "probe"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        if (g_str_has_prefix(line, files[i]))
            return true;
    return false;
}

/* The source lines of a trace, from the crash to the step that the kit called. */
static GPtrArray *read_lines(const struct scene *scene, const char *output)
{
    g_autoptr(GArray) frames = read_frames(output);
    GPtrArray *lines = g_ptr_array_new();
    uint64_t base = load_address(frames);
    for (guint i = 0; base && i < frames->len; i++) {
        const struct frame *frame = &g_array_index(frames, struct frame, i);
        /* frame 1 is where it was; the others are return addresses */
        uint64_t place = frame->address - base + (frame->number == 1);
        const char *line = source_line(scene->outcome->program, place);
        if (is_caller_of_all(line))
            break;
        if (line[0])
            g_ptr_array_add(lines, (char *)line);
    }
    return lines;
}

/* ", at tensor.c:145 (tensor_free), called at train_step_afab.c:31 (train_step_afab)", as far as the
 * output shows it; plain text. */
static void describe_crash(const struct scene *scene, GString *text)
{
    const char *output = scene->outcome->output ? scene->outcome->output : "";
    g_autoptr(GPtrArray) lines = read_lines(scene, output);
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
    if (strstr(output, "Segmentation fault") && !strstr(output, "*** Process received signal"))
        g_string_append(text, "; is its stack full, by a large array in a function or by a "
                              "recursion without end?");
}

/* ---- who it was --------------------------------------------------------------------------- */

static int only_one_in(const struct scene *scene, enum place_state state)
{
    int found = -1;
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        if (scene->place[rank].state != state)
            continue;
        if (found >= 0)
            return -1;
        found = rank;
    }
    return found;
}

/* All ranks of a simulated run are in one process; but only one goes on at a time. The others are
 * in an MPI call, or paused at the end of a computation. */
int one_that_ran(const struct scene *scene)
{
    static const enum place_state states[] = {PLACE_OUTSIDE, PLACE_POLLING, PLACE_COMPUTING,
                                              PLACE_BETWEEN_STEPS};
    int found = -1;
    for (gsize i = 0; scene->outcome->simulated && found < 0 && i < G_N_ELEMENTS(states); i++)
        found = only_one_in(scene, states[i]);
    return found;
}

static void say_where(struct scene *scene, int rank, GString *headline)
{
    if (rank < 0 || rank >= scene->outcome->ranks)
        return;
    const struct place *place = &scene->place[rank];
    scene->culprit = rank;
    g_string_append_c(headline, ' ');
    if (place->state == PLACE_IN_CALL) {
        g_string_append(headline, "in ");
        name_call(scene, rank, place->call, headline);
    } else {
        describe_computation(scene, rank, headline);
    }
}

/* In a simulated run the kit itself says it: "rank 1 crashed (Aborted) at train_step_1f1b.c:12". */
static bool told_by_the_kit(struct scene *scene, const char *output, GString *headline)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line =
        g_regex_new("^rank (\\d{1,6}) crashed \\(([^)\n]{1,99})\\)( at \\S{1,200})?$",
                    G_REGEX_MULTILINE, 0, NULL);
    if (!scene->outcome->simulated || !g_regex_match(line, output, 0, &match))
        return false;
    g_autofree char *rank = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 2);
    g_autofree char *place = g_match_info_fetch(match, 3);
    g_string_append_printf(headline, "rank %d crashed (%s)%s%s", atoi(rank), what, place,
                           place[0] != '\0' ? "," : "");
    say_where(scene, atoi(rank), headline);
    return true;
}

/* mpirun says which rank got which signal. The program can print the same; it then only
 * misleads its own author. */
bool crashed(struct scene *scene, GString *headline)
{
    if (scene->outcome->end != RUN_CRASHED)
        return false;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) line =
        g_regex_new("process rank (\\d+)\\b.*?exited\\s+on\\s+signal (\\d+) \\(([^)]*)\\)",
                    G_REGEX_DOTALL, 0, NULL);
    const char *output = scene->outcome->output != NULL ? scene->outcome->output : "";
    int alone = one_that_ran(scene);
    if (told_by_the_kit(scene, output, headline))
        return true;
    if (g_regex_match(line, output, 0, &match)) {
        g_autofree char *rank = g_match_info_fetch(match, 1), *what = g_match_info_fetch(match, 3);
        g_string_append_printf(headline, "rank %d crashed (%s)", atoi(rank), what);
        say_where(scene, atoi(rank), headline);
        describe_crash(scene, headline);
    } else if (alone >= 0) {
        g_string_append_printf(headline, "rank %d crashed", alone);
        if (scene->outcome->trouble != NULL)
            g_string_append_printf(headline, " (%s)", scene->outcome->trouble);
        say_where(scene, alone, headline);
    } else {
        g_string_append(headline, "the program crashed");
        if (scene->outcome->trouble != NULL)
            g_string_append_printf(headline, ": %s", scene->outcome->trouble);
    }
    return true;
}
