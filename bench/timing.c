/*
 * Times of steps (timing.h).
 */
#include "bench/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        give_up("clock_gettime");
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void times_add(struct times *times, double milliseconds)
{
    if (times->count < MOST_TIMES)
        times->milliseconds[times->count++] = milliseconds;
}

double times_sum(const struct times *times)
{
    double sum = 0;
    for (int i = 0; i < times->count; i++)
        sum += times->milliseconds[i];
    return sum;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double times_median(struct times *times)
{
    if (times->count == 0)
        return 0;
    qsort(times->milliseconds, (size_t)times->count, sizeof *times->milliseconds, compare_doubles);
    return times->milliseconds[times->count / 2];
}

const char *processor_name(void)
{
    static char name[256];
    char line[256], model[128] = "a processor without a name";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "model name : %127[^\n]", model) == 1)
            break;
    if (file != NULL)
        fclose(file);
    snprintf(name, sizeof name, "%s, %ld cores", model, sysconf(_SC_NPROCESSORS_ONLN));
    return name;
}
