/* The progress display. */
#include "grader/grade/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct grade_progress grade_progress_begin(int all, bool quiet)
{
    return (struct grade_progress){.quiet = quiet,
                                   .terminal = isatty(STDERR_FILENO) == 1,
                                   .all = all,
                                   .began = g_get_monotonic_time()};
}

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static double elapsed(const struct grade_progress *progress)
{
    return (double)(g_get_monotonic_time() - progress->began) * 1e-6;
}

void grade_progress_update(const struct grade_progress *progress, const char *running)
{
    if (progress->quiet || !progress->terminal)
        return;
    g_autofree char *line =
        g_strdup_printf("[%d/%d] %3.0f s  %s%s%s", progress->done, progress->all, elapsed(progress),
                        progress->of ? progress->of : "", progress->of ? ": " : "", running);
    /* names are ASCII, so bytes are columns */
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    fflush(stderr);
}

void grade_progress_check_done(struct grade_progress *progress, const struct check_result *result)
{
    /* Failures stand out among the lines that pass by. */
    static const char *const words[] = {"pass", "FAIL", "not judged"};
    progress->done++;
    if (!progress->quiet && !progress->terminal)
        fprintf(stderr, "[%d/%d] %s%s%s: %s (%.1f s)\n", progress->done, progress->all,
                progress->of ? progress->of : "", progress->of ? "/" : "", result->check->name,
                words[result->verdict->kind], result->seconds);
}

void grade_progress_end(const struct grade_progress *progress)
{
    if (!progress->quiet && progress->terminal)
        fprintf(stderr, "\r\033[K");
}
