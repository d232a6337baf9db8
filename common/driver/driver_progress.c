/*
 * The progress line of a training run, on standard error:
 *
 *     step 120/938  epoch 0  loss 0.5123  accuracy 81.2%  10240 samples/s  5 s left
 *
 * On the simulated cluster the samples per second are the cluster's, and called so; how long is left, and how
 * often the line is written, goes by the clock of whoever waits.
 *
 * On a terminal one line is written over and over; elsewhere a line every few
 * seconds. mpirun stands between a rank and the terminal, so whoever starts it
 * says with PROGRESS=line in the environment that there is one.
 */
#include "common/base/machine.h"
#include "common/base/machine_time.h"
#include "common/base/units.h"
#include "common/driver/driver_parts.h"
#include "common/mpi/staged_way.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double seconds_between_rewrites = 0.2;
static const double seconds_between_lines = 5.0;

double driver_seconds(void)
{
    return 1e-9 * (double)machine_clock();
}

static double waiting_seconds(void)
{
    return 1e-9 * (double)machine_waiting_clock();
}

static bool is_terminal(void)
{
    const char *asked = getenv("PROGRESS");
    return isatty(STDERR_FILENO) || (asked != NULL && strcmp(asked, "line") == 0);
}

struct progress driver_progress_begin(const struct options *options, int steps, bool shown)
{
    const double now = driver_seconds(), wait = waiting_seconds();
    if (shown && !options->quiet && driver_device_text()[0] != '\0')
        fprintf(stderr, "training %s\nmessages: %s\n", driver_device_text(), staged_description());
    return (struct progress){
        .shown = shown && !options->quiet,
        .terminal = is_terminal(),
        .steps = steps,
        .batch_size = options->batch_size,
        .began = now,
        .told = now,
        .wait_began = wait,
        .wait_came = wait,
        .wait_told = wait,
        .told_step = -1,
    };
}

void driver_progress_goes_on(struct progress *progress, int first, double seconds)
{
    if (first == 0)
        return;
    progress->began -= seconds;
    progress->wait_began -= machine_time_name()[0] == '\0' ? seconds : 0;
    progress->first = first;
    progress->told_step = first - 1;
    if (!progress->shown)
        return;
    fprintf(stderr, "going on from the checkpoint of step %d%s\n", first,
            first >= progress->steps ? ", the last: --steps with more of them trains further" : "");
    progress->shown = first < progress->steps;
}

static const char *duration_text(double seconds, char text[32])
{
    const long whole = (long)(seconds + 0.5);
    if (seconds < 10.0)
        snprintf(text, 32, "%.1f s", seconds);
    else if (whole < 120)
        snprintf(text, 32, "%ld s", whole);
    else if (whole < 7200)
        snprintf(text, 32, "%ld min %02ld s", whole / 60, whole % 60);
    else
        snprintf(text, 32, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    return text;
}

void driver_progress_step(struct progress *progress, const struct curve_point *point)
{
    const double now = driver_seconds(), wait = waiting_seconds();
    const bool last = point->step + 1 == progress->steps;
    const double pause = progress->terminal ? seconds_between_rewrites : seconds_between_lines;
    if (!progress->shown || (!last && wait - progress->wait_told < pause))
        return;

    const double since = now - progress->told;
    const double rate = (point->step - progress->told_step) / (since > 1e-9 ? since : 1e-9);
    const double left = (wait - progress->wait_came) / (point->step - progress->first + 1.0) *
                        (double)(progress->steps - point->step - 1);
    char text[32], accuracy[32] = ""; /* a loss of the program's own knows none */
    if (!isnan(point->accuracy))
        snprintf(accuracy, sizeof accuracy, "accuracy %.1f%%  ", 100.0 * point->accuracy);
    fprintf(stderr, "%sstep %d/%d  epoch %d  loss %.4f  %s%.0f %s%ssamples/s  %s left%s",
            progress->terminal ? "\r\033[K" : "", point->step + 1, progress->steps, point->epoch,
            point->loss, accuracy, rate * progress->batch_size, machine_time_name(),
            machine_time_name()[0] ? " " : "", duration_text(left, text),
            progress->terminal ? "" : "\n");
    fflush(stderr);
    progress->told = now;
    progress->wait_told = wait;
    progress->told_step = point->step;
}

void driver_progress_end(struct progress *progress)
{
    if (!progress->shown)
        return;
    char text[32], own[UNITS_TEXT_SIZE];
    fprintf(stderr, "%strained %d step%s in %s", progress->terminal ? "\n" : "", progress->steps,
            progress->steps == 1 ? "" : "s",
            duration_text(waiting_seconds() - progress->wait_began, text));
    if (machine_time_name()[0] != '\0')
        fprintf(stderr, " on this computer; %s time: %s", machine_time_name(),
                units_seconds(driver_seconds() - progress->began, own));
    fputc('\n', stderr);
}
