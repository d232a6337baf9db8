/*
 * The table of memory.
 */
#include "grader/pictures/table_memory.h"

#include "common/base/units.h"

#include <math.h>

#define MOST_RANKS 32 /* that are listed */
#define BLOCKS     32 /* of a course */

static double peak_of(const struct live_memory *memory)
{
    return memory->moments->len > 0 ? live_moment_bytes(live_moment(memory, memory->peak)) : 0;
}

static double least_of(const struct live_memory *memory)
{
    double least = INFINITY;
    for (guint i = 0; i < memory->moments->len; i++)
        least = fmin(least, live_moment_bytes(live_moment(memory, i)));
    return least;
}

/* The most that was live in each of BLOCKS parts of the time. */
static void add_course(const struct live_memory *memory, double end, GString *text)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double least = least_of(memory), span = peak_of(memory) - least;
    guint next = 0;
    double live = least; /* at the end of the part before */
    for (int part = 0; part < BLOCKS; part++) {
        double most = live, until = end * (part + 1) / BLOCKS;
        for (; next < memory->moments->len && live_moment(memory, next)->time <= until; next++) {
            live = live_moment_bytes(live_moment(memory, next));
            most = fmax(most, live);
        }
        int level = span > 0 ? (int)ceil(7 * (most - least) / span) : 0;
        g_string_append(text, blocks[CLAMP(level, 0, 7)]);
    }
}

/* The host's memory has a column where anything was moved there. */
static int columns(const struct memory_scene *scene)
{
    for (int rank = 0; rank < scene->ranks; rank++)
        for (guint i = 0; i < scene->memory[rank].moments->len; i++)
            if (live_moment(&scene->memory[rank], i)->live[MEMORY_HOST] > 0)
                return MEMORY_KINDS;
    return MEMORY_DEVICE_KINDS;
}

static void add_rank(const struct memory_scene *scene, int rank, int kinds, double end,
                     GString *text)
{
    const struct live_memory *memory = &scene->memory[rank];
    char bytes[UNITS_TEXT_SIZE];
    if (memory->moments->len == 0) {
        g_string_append_printf(text, "  %-8d it did not begin the step\n", rank);
        return;
    }
    const struct live_moment *peak = live_moment(memory, memory->peak);
    g_autofree char *doing = live_moment_doing(&scene->logs[rank], peak, scene->step);
    g_string_append_printf(text, "  %-4d %10s%s", rank, units_bytes(live_moment_bytes(peak), bytes),
                           memory->cut ? "*" : " ");
    g_string_append_printf(text, " %10s", units_seconds(1e-9 * peak->time, bytes));
    g_string_append_printf(text, "  %-28s", doing);
    for (int kind = 0; kind < kinds; kind++)
        g_string_append_printf(text, " %10s", units_bytes(peak->live[kind], bytes));
    g_string_append(text, "  ");
    add_course(memory, end, text);
    g_string_append_c(text, '\n');
}

void table_of_memory(const struct memory_scene *scene, GString *text)
{
    const int kinds = columns(scene);
    double end = 0;
    bool cut = false;
    for (int rank = 0; rank < scene->ranks; rank++) {
        const struct live_memory *memory = &scene->memory[rank];
        if (memory->moments->len > 0)
            end = fmax(end, live_moment(memory, memory->moments->len - 1)->time);
        cut |= memory->cut;
    }
    g_string_append(text, kinds > MEMORY_DEVICE_KINDS
                              ? "live bytes of tensors, at the peak of the step on the device; "
                                "the host's are not in the peak:\n"
                              : "live bytes of tensors, at the peak of the step:\n");
    g_string_append_printf(text, "  %-4s %10s  %10s  %-28s", "rank", "peak", "when",
                           "what was done");
    for (int kind = 0; kind < kinds; kind++)
        g_string_append_printf(text, " %10s", memory_kind_name((enum memory_kind)kind));
    g_string_append(text, "  over the step, from its least to its peak\n");
    for (int rank = 0; rank < scene->ranks; rank++) {
        const bool listed = scene->ranks <= MOST_RANKS || rank < MOST_RANKS / 2 ||
                            rank >= scene->ranks - MOST_RANKS / 2;
        if (listed)
            add_rank(scene, rank, kinds, end, text);
        else if (rank == MOST_RANKS / 2)
            g_string_append(text, "  …\n");
    }
    if (cut)
        g_string_append(text,
                        "  * not all changes were recorded: --log-memory=N has room for more\n");
}
