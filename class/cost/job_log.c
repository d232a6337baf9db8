/* See job_log.h. */
#include "class/cost/job_log.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

/* A job begins (+1), or ends (-1). */
struct event {
    double time;
    int change;
};

/* At the same moment one ends before another begins. */
static int in_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time) : x->change - y->change;
}

static bool is_number(const char *text, double *number)
{
    char *end;
    *number = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number) && *number >= 0;
}

static void read_line(const char *line, GArray *events, struct job_log *log)
{
    g_auto(GStrv) cells = g_strsplit(line, "\t", 9);
    double begin, seconds;
    if (g_strv_length(cells) < 9 || !is_number(g_strstrip(cells[2]), &begin) ||
        !is_number(g_strstrip(cells[3]), &seconds))
        return;
    const struct event both[] = {{begin, 1}, {begin + seconds, -1}};
    g_array_append_vals(events, both, 2);
    log->jobs++;
    log->total += seconds;
}

bool job_log_read(const char *path, struct job_log *log)
{
    g_autofree char *text = NULL;
    *log = (struct job_log){0};
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct event));
    for (char **line = lines; *line; line++)
        read_line(*line, events, log);
    g_array_sort(events, in_time);
    int running = 0;
    for (guint i = 0; i < events->len; i++) {
        const struct event *event = &g_array_index(events, struct event, i);
        if (running > 0)
            log->busy += event->time - event[-1].time;
        running += event->change;
        log->most_at_once = MAX(log->most_at_once, running);
    }
    return log->jobs > 0;
}
