/* How far something is; see progress.h. */
#include "grader/text/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const gint64 between_lines = 10 * G_USEC_PER_SEC;

char *text_duration(double seconds)
{
    const long whole = (long)(seconds + 0.5);
    if (whole < 120)
        return g_strdup_printf("%ld s", whole);
    if (whole < 7200)
        return g_strdup_printf("%ld min %02ld s", whole / 60, whole % 60);
    return g_strdup_printf("%ld h %02ld min", whole / 3600, whole / 60 % 60);
}

struct text_progress text_progress_begin(const char *what, int all)
{
    const gint64 now = g_get_monotonic_time();
    const bool terminal =
        isatty(STDERR_FILENO) == 1 || g_strcmp0(g_getenv("PROGRESS"), "line") == 0;
    return (struct text_progress){
        .what = what, .all = all, .terminal = terminal, .began = now, .told = now};
}

void text_progress_next(struct text_progress *progress, const char *name)
{
    const gint64 now = g_get_monotonic_time();
    if (!progress->terminal && now - progress->told < between_lines)
        return;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s: %d of %d done", progress->what, progress->done,
                           progress->all);
    if (progress->done > 0) {
        const double each = 1e-6 * (double)(now - progress->began) / progress->done;
        g_autofree char *left = text_duration(each * MAX(progress->all - progress->done, 0));
        g_string_append_printf(line, ", about %s left", left);
    }
    if (name)
        g_string_append_printf(line, " (%s)", name);
    fprintf(stderr, progress->terminal ? "\r\033[K%s" : "%s\n", line->str);
    fflush(stderr);
    progress->shown = progress->terminal;
    progress->told = now;
}

void text_progress_done(struct text_progress *progress)
{
    progress->done++;
}

void text_progress_clear(struct text_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}

void text_progress_end(struct text_progress *progress)
{
    text_progress_clear(progress);
}
