/* Asking the ranks where they are, before they are ended; see hang.h. */
#include "grader/run/hang.h"

#include "common/base/last_words.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE                                                                                   \
    3.0 /* seconds of the wall clock: handlers answer at once, on a crowded machine later */

/* A process that does not catch the signal would be ended by it, and one that blocks it would not
 * answer. */
static bool will_answer(pid_t pid)
{
    const uint64_t bit = UINT64_C(1) << (LAST_WORDS_ASK - 1);
    uint64_t blocked = 0, caught = 0;
    char line[256];
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "SigBlk: %" SCNx64, &blocked);
        sscanf(line, "SigCgt: %" SCNx64, &caught);
    }
    if (file)
        fclose(file);
    return (caught & bit) && !(blocked & bit);
}

static int count_answers(const struct hang_watch *watch)
{
    int answers = 0;
    for (int rank = 0; rank < watch->ranks; rank++) {
        struct last_words words;
        g_autofree char *path = g_strdup_printf("%s/rank-%d.end", watch->folder, rank);
        last_words_read(path, &words);
        answers += words.sampled != 0;
    }
    return answers;
}

void hang_ask_where(void *context, const GArray *pids)
{
    const struct hang_watch *watch = context;
    int asked = 0;
    for (guint i = 0; i < pids->len; i++) {
        const pid_t pid = g_array_index(pids, pid_t, i);
        asked += will_answer(pid) && kill(pid, LAST_WORDS_ASK) == 0;
    }
    const gint64 end = g_get_monotonic_time() + (gint64)(PATIENCE * G_USEC_PER_SEC);
    while (count_answers(watch) < MIN(asked, watch->ranks) && g_get_monotonic_time() < end)
        g_usleep(10000);
}
