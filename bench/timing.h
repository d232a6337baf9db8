/*
 * Times of steps, and what is typical of them: the median, which one slow step does not move.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#define MOST_TIMES 20000 /* more are not counted */

struct times {
    int count;
    double milliseconds[MOST_TIMES];
};

/* Prints the system's message and ends the program. */
_Noreturn void give_up(const char *what);

double seconds_now(void);
void times_add(struct times *times, double milliseconds);
double times_sum(const struct times *times);
/* 0 where there are none; sorts them. */
double times_median(struct times *times);

/* The processor's name as the system has it, and its cores: what a table needs to mean something. */
const char *processor_name(void);

#endif
