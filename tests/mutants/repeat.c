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

/* What the first round said about a mutant. */
struct first {
    char *verdicts, *headlines;
};

static void compare_one(const struct mutant_work *work, struct first *first,
                        struct mutants_repeats *repeats)
{
    const struct mutant_result *result = &work->result;
    const int round = repeats->done + 1;
    repeats->unexpected += result->surprises->len > 0;
    if (result->surprises->len > 0)
        printf("  round %d: %s is not as expected: %s", round, work->mutant->name,
               result->surprises->str);
    if (!first->verdicts) {
        first->verdicts = g_strdup(result->verdicts->str);
        first->headlines = g_strdup(result->headlines->str);
        printf("%s\n%s", work->mutant->name, first->headlines);
    }
    if (strcmp(first->verdicts, result->verdicts->str) != 0) {
        repeats->changed++;
        printf("  round %d: the verdict on %s changed\n    from %s\n    to   %s\n", round,
               work->mutant->name, first->verdicts, result->verdicts->str);
    } else if (strcmp(first->headlines, result->headlines->str) != 0) {
        repeats->headlines++;
        printf("  round %d: a headline on %s changed\n%s  to\n%s", round, work->mutant->name,
               first->headlines, result->headlines->str);
    }
}

/* Compares a round with the first one. */
static void compare(const struct mutant_work *work, struct first *first, guint number,
                    struct mutants_repeats *repeats)
{
    for (guint i = 0; i < number; i++)
        compare_one(&work[i], &first[i], repeats);
}

static void free_first(struct first *first, guint number)
{
    for (guint i = 0; i < number; i++) {
        g_free(first[i].verdicts);
        g_free(first[i].headlines);
    }
    g_free(first);
}

bool mutants_repeat(const struct mutants_kit *kit, struct mutant_work *work, guint number,
                    struct mutants_repeats *repeats)
{
    gint64 began = g_get_monotonic_time();
    struct first *first = g_new0(struct first, number + 1);
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
        printf("round %d of %d: %.0f s; %d verdicts and %d headlines changed, %d not as "
               "expected; all rounds will take about %.1f min\n",
               repeats->done, repeats->rounds, now - passed, repeats->changed, repeats->headlines,
               repeats->unexpected, now / repeats->done * repeats->rounds / 60);
        fflush(stdout);
    }
    busy_stop(repeats->busy, busy);
    g_free(busy);
    free_first(first, number);
    return started;
}
