/* Mutants, again and again; see repeat.h. */
#include "tests/mutants/repeat.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processes that do nothing but compute; pids: room for `count`. */
static void busy_start(int count, pid_t *pids)
{
    fflush(NULL);
    for (int i = 0; i < count; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned work = 0;; work++)
            continue;
    }
}

static void busy_stop(int count, const pid_t *pids)
{
    for (int i = 0; i < count; i++)
        if (pids[i] > 0) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
}

/* Compares a round with the first one. */
static void compare(const struct mutant_work *work, char **first, guint number,
                    struct mutants_repeats *repeats)
{
    for (guint i = 0; i < number; i++) {
        const char *now = work[i].result.verdicts->str;
        repeats->unexpected += work[i].result.surprises->len > 0;
        if (work[i].result.surprises->len > 0)
            printf("  round %d: %s is not as expected: %s", repeats->done + 1, work[i].mutant->name,
                   work[i].result.surprises->str);
        if (!first[i])
            first[i] = g_strdup(now);
        if (strcmp(first[i], now) == 0)
            continue;
        repeats->changed++;
        printf("  round %d: the verdict on %s changed\n    from %s\n    to   %s\n",
               repeats->done + 1, work[i].mutant->name, first[i], now);
    }
}

bool mutants_repeat(const struct mutants_kit *kit, struct mutant_work *work, guint number,
                    struct mutants_repeats *repeats)
{
    gint64 began = g_get_monotonic_time();
    g_auto(GStrv) first = g_new0(char *, number + 1);
    pid_t *busy = g_new0(pid_t, (gsize)repeats->busy + 1);
    bool started = true;
    busy_start(repeats->busy, busy);
    while (started && repeats->done < repeats->rounds) {
        double passed = (double)(g_get_monotonic_time() - began) * 1e-6;
        if (repeats->minutes > 0 && repeats->done > 0 && passed > 60.0 * repeats->minutes)
            break;
        started = mutants_look(kit, work, number, repeats->jobs, NULL);
        if (!started)
            break;
        compare(work, first, number, repeats);
        repeats->done++;
        double now = (double)(g_get_monotonic_time() - began) * 1e-6;
        printf("round %d of %d: %.0f s; %d verdicts changed, %d not as expected; all rounds will "
               "take about %.1f min\n",
               repeats->done, repeats->rounds, now - passed, repeats->changed, repeats->unexpected,
               now / repeats->done * repeats->rounds / 60);
        fflush(stdout);
    }
    busy_stop(repeats->busy, busy);
    g_free(busy);
    for (guint i = 0; i < number; i++) /* g_strfreev stops at the first NULL */
        if (!first[i])
            first[i] = g_strdup("");
    return started;
}
