/*
 * Is every odd value judged, in every field of every kind of record?
 *
 *     sweep CORPUS EVERY [WORD]
 *
 * Each EVERY-th case of each check; WORD: only judges with this in their name. What ends the program says which case
 * that was.
 */
#include "common/base/fatal.h"
#include "tests/fuzz/odd_sweep.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct odd_sweep sweep;

static void say_last(int number)
{
    ssize_t ignored = write(STDERR_FILENO, sweep.last, strlen(sweep.last));
    ignored = write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    signal(number, SIG_DFL);
    raise(number);
}

int main(int count, char **words)
{
    if (count < 3)
        fatal("usage: sweep CORPUS EVERY [WORD]");
    setenv("PATH", "", 1); /* nothing is drawn or looked up */
    const int every = atoi(words[2]);
    if (every < 1)
        fatal("sweep: each how-manieth case? %s is no number from 1", words[2]);
    static const int signals[] = {SIGFPE, SIGSEGV, SIGBUS, SIGABRT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], say_last);
    GArray *all = judged_runs_load(words[1]);
    int cases = 0, judged = 0, slow = 0;
    for (guint i = 0; i < all->len; i++) {
        const struct judged_runs *runs = JUDGED_RUNS(all, i);
        if (count > 3 && !strstr(runs->check->judge->name, words[3]))
            continue;
        const clock_t begin = clock();
        odd_sweep(runs, (int)i % every, every, &sweep);
        printf("%s/%s (%s): %d of %d cases judged, %.1f s\n", runs->rubric->assignment,
               runs->check->name, runs->check->judge->name, sweep.judged, sweep.cases,
               (double)(clock() - begin) / CLOCKS_PER_SEC);
        fflush(stdout);
        cases += sweep.cases;
        judged += sweep.judged;
        slow += sweep.slow;
    }
    printf("sweep: %d of %d cases judged, %d of them too slowly\n", judged, cases, slow);
    return slow > 0;
}
