/* The progress display. */
#include "grader/grade/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINES       5    /* about so many, where no terminal shows them */
#define LEAST_SHARE 0.05 /* of the work, before which nobody knows how long the rest takes */
#define LOOK        0.2  /* seconds for what is looked at and not run */

struct grade_progress grade_progress_begin(bool quiet)
{
    return (struct grade_progress){
        .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .began = g_get_monotonic_time()};
}

static double work_of(const struct rubric_check *check)
{
    double seconds = LOOK;
    for (guint i = 0; i < check->runs->len; i++)
        seconds += RUBRIC_RUNS(check, i)->seconds;
    return seconds;
}

void grade_progress_add(struct grade_progress *progress, const struct rubric_check *check)
{
    progress->all++;
    progress->work += work_of(check);
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

double grade_progress_left(const struct grade_progress *progress, double elapsed)
{
    return progress->work_done < LEAST_SHARE * progress->work
               ? -1
               : elapsed * (progress->work - progress->work_done) / progress->work_done;
}

void grade_progress_update(const struct grade_progress *progress, const char *running)
{
    if (progress->quiet || !progress->terminal)
        return;
    const double so_far = elapsed(progress), left = grade_progress_left(progress, so_far);
    g_autofree char *rest = left < 0 ? g_strdup("") : g_strdup_printf(", %.0f s left", left);
    g_autofree char *line =
        g_strdup_printf("[%d/%d] %.0f s%s  %s%s%s", progress->done, progress->all, so_far, rest,
                        progress->of ? progress->of : "", progress->of ? ": " : "", running);
    /* names are ASCII, so bytes are columns */
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    fflush(stderr);
}

/* "[20/53] 9 s: 18 PASS, 2 FAIL" */
static void print_states(const struct grade_progress *progress)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (int state = 0; state <= STATE_FOR_A_PERSON; state++)
        if (progress->states[state] > 0)
            g_string_append_printf(line, "%s%d %s", line->len > 0 ? ", " : "",
                                   progress->states[state],
                                   grade_state_name((enum grade_state)state));
    fprintf(stderr, "[%d/%d] %s%s%.0f s: %s\n", progress->done, progress->all,
            progress->of ? progress->of : "", progress->of ? ", " : "", elapsed(progress),
            line->str);
}

void grade_progress_check_done(struct grade_progress *progress, const struct check_result *result)
{
    const int before = progress->done * LINES / progress->all;
    progress->done++;
    progress->states[grade_state(result)]++;
    progress->work_done += work_of(result->check);
    if (!progress->quiet && !progress->terminal && progress->done * LINES / progress->all > before)
        print_states(progress);
}

void grade_progress_end(const struct grade_progress *progress)
{
    if (!progress->quiet && progress->terminal)
        fprintf(stderr, "\r\033[K");
}
