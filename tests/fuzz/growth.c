/*
 * How does what the grader's side does with a log grow with its length?
 *
 *     growth CORPUS [WORD]
 *
 * Puts N and 4 N senseless records of one kind into the last training step of a run of the solutions, and has
 * all looked at that looks at any run, with the check's own judge. The time that the processor takes must not
 * grow much more than the log: what is quadratic takes sixteen times as long. Prints what does, and fails.
 * WORD: only judges with this in their name; "odd": all of them, on odd values alone, few and again and again.
 */
#include "common/base/fatal.h"
#include "tests/fuzz/judged_runs.h"
#include "tests/fuzz/nasty_logs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS    2000
#define GROWTH     7.0 /* of four times as many records, at most … */
#define ODD_ROUNDS 24
#define SPARED     0.25 /* … behind so many seconds, which anything may take */

static double seconds_of(const struct judged_runs *runs, enum nasty_log kind, int records,
                         bool shown)
{
    struct outcome *outcomes = nasty_logs_put(runs, kind, records);
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    if (shown)
        judged_runs_show(&outcomes[0]);
    else
        judged_runs_judge(runs, outcomes);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    nasty_logs_free(runs, outcomes);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
}

static bool grows_well(const struct judged_runs *runs, enum nasty_log kind, bool shown)
{
    const double one = seconds_of(runs, kind, RECORDS, shown),
                 four = seconds_of(runs, kind, 4 * RECORDS, shown);
    const bool well = four <= GROWTH * one + SPARED;
    if (!well || getenv("VERBOSE"))
        printf("%s%s/%s (%s): %s: %.2f s for %d records, %.2f s for %d\n", well ? "fine: " : "",
               runs->rubric->assignment, runs->check->name,
               shown ? "shown" : runs->check->judge->name, nasty_log_name(kind), one, RECORDS, four,
               4 * RECORDS);
    fflush(stdout);
    return well;
}

/* Nothing may crash: of each judge every check, with a few odd records and with many; those that are judged by
 * training on only once. */
static int try_odd_values(GArray *all)
{
    g_autofree bool *slow = g_new0(bool, all->len);
    for (int round = 0; round < ODD_ROUNDS; round++)
        for (guint i = 0; i < all->len; i++) {
            const struct judged_runs *runs = JUDGED_RUNS(all, i);
            if (getenv("VERBOSE"))
                fprintf(stderr, "%d %s %s\n", round, runs->rubric->assignment, runs->check->name);
            if (slow[i])
                continue;
            slow[i] = seconds_of(runs, NASTY_ODD, 1 << (round % 12), false) > SPARED;
            seconds_of(runs, NASTY_ODD, 1 << (round % 12), true);
        }
    return 0;
}

int main(int count, char **words)
{
    if (count < 2)
        fatal("usage: growth CORPUS [WORD]");
    setenv("PATH", "", 1); /* pictures are composed, and not drawn */
    GArray *all = judged_runs_load(words[1]);
    const struct judge *last = NULL;
    int tried = 0, failed = 0;
    if (count > 2 && strcmp(words[2], "odd") == 0)
        return try_odd_values(all);
    for (guint i = 0; i < all->len; i++) {
        const struct judged_runs *runs = JUDGED_RUNS(all, i);
        if (runs->check->judge == last ||
            (count > 2 && !strstr(runs->check->judge->name, words[2])))
            continue;
        const bool first = !last;
        last = runs->check->judge;
        for (enum nasty_log kind = 0; kind < NASTY_LOGS; kind++, tried++)
            failed += !grows_well(runs, kind, false);
        for (enum nasty_log kind = 0; first && kind < NASTY_LOGS; kind++, tried++)
            failed += !grows_well(runs, kind, true);
    }
    printf("growth: %d of %d grow too fast\n", failed, tried);
    return failed > 0;
}
