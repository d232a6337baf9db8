/*
 * The fuzzer's target: judges, on runs of the solutions whose logs were changed.
 *
 * The input is a list of changes and not a log: records with right checksums in an order that a log can have are what
 * judges are given, and what the fuzzer spends its time on. Its first two bytes choose the check, each further eight
 * are one change (struct change). Whatever it does to the records, what log_reader.c makes sure of stays true.
 *
 * FUZZ_RUNS names the folder with the runs, FUZZ_JUDGE the only judge to try. Every judge must come back: no crash, no
 * undefined behaviour, no fatal error, no memory that is kept.
 */
#include "common/base/fatal.h"
#include "common/log/log_fields.h"
#include "tests/fuzz/judged_runs.h"
#include "tests/fuzz/odd_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***words);

enum kind { SET, DROP, DOUBLE, SWAP, MOVE, REPEAT, CUT, OTHER_RANK, OPERATION, PHASE, KINDS };

struct change {
    uint8_t kind; /* enum kind */
    uint8_t rank; /* of all runs of the check, one after the other */
    uint8_t record[2];
    uint8_t field;
    uint8_t value; /* one that is odd, or small */
    uint8_t more[2];
};

#define MOST_CHANGES 40
#define SHOWN        250 /* the second byte: pictures and diagnosis, too, which take longer */
#define MOST_RECORDS 6000

/* What a judge may take for the solutions' own logs, or it is left to FUZZ_SLOW=1. */
#define FEW_SECONDS 0.02

/* Of struct judged_runs: of each judge what is judged fastest. */
static GArray *all;

/* What a judge takes for the solutions' own logs; infinity where they do not pass. */
static double seconds_of(const struct judged_runs *runs)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    const bool passes = judged_runs_judge(runs, runs->outcome) == VERDICT_PASS;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    const double seconds =
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
    return passes ? seconds : INFINITY;
}

/* All runs of a check, or one alone where that is enough for its judge. */
static void choose_among(const struct judged_runs *runs, struct judged_runs *best, double *least)
{
    for (int alone = -1; alone < (runs->outcomes > 1 ? runs->outcomes : 0); alone++) {
        struct judged_runs some = *runs;
        if (alone >= 0) {
            some.outcome += alone;
            some.outcomes = 1;
        }
        const double seconds = seconds_of(&some);
        if (seconds < *least || !best->check)
            *best = some;
        *least = MIN(*least, seconds);
    }
}

static void choose(GArray *loaded)
{
    const bool slow = getenv("FUZZ_SLOW") != NULL;
    const char *wanted = getenv("FUZZ_JUDGE");
    all = g_array_new(FALSE, FALSE, sizeof(struct judged_runs));
    for (guint first = 0, next; first < loaded->len; first = next) {
        struct judged_runs best = {0};
        double least = INFINITY;
        const struct judge *judge = JUDGED_RUNS(loaded, first)->check->judge;
        for (next = first; next < loaded->len && JUDGED_RUNS(loaded, next)->check->judge == judge;
             next++)
            if (least > FEW_SECONDS || slow)
                choose_among(JUDGED_RUNS(loaded, next), &best, &least);
        fprintf(stderr, "%s %s: %.4f s\n", judge->name, best.check->name, least);
        if ((least > FEW_SECONDS) == slow && (!wanted || strcmp(wanted, judge->name) == 0))
            g_array_append_val(all, best);
    }
    if (all->len == 0)
        fatal("no judge to fuzz");
}

static int compare_judges(gconstpointer left, gconstpointer right)
{
    const struct judged_runs *a = left, *b = right;
    return strcmp(a->check->judge->name, b->check->judge->name);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    const char *folder = getenv("FUZZ_RUNS");
    if (folder == NULL)
        fatal("FUZZ_RUNS: no folder with runs");
    setenv("PATH", "", 1); /* nothing is drawn or looked up */
    static GArray *loaded; /* the rest of it stays, too */
    loaded = judged_runs_load(folder);
    g_array_sort(loaded, compare_judges);
    choose(loaded);
    return 0;
}

/* ---- one log ------------------------------------------------------------------------------------- */

static void repeat(GArray *records, guint at, guint times)
{
    const struct log_record copy = g_array_index(records, struct log_record, at);
    times = records->len < MOST_RECORDS ? MIN(times, MOST_RECORDS - records->len) : 0;
    g_autofree struct log_record *copies = g_new(struct log_record, times + 1);
    for (guint i = 0; i < times; i++)
        copies[i] = copy;
    g_array_insert_vals(records, at, copies, times);
}

static void apply(GArray *records, const struct log_file *other, const struct change *change)
{
    if (records->len == 0)
        return;
    const guint at = (guint)(change->record[0] + 256 * change->record[1]) % records->len;
    struct log_record *record = &g_array_index(records, struct log_record, at), copy = *record;
    const guint to = (guint)(change->more[0] + 256 * change->more[1]) % records->len;
    switch (change->kind % KINDS) {
    case SET:
        odd_field_set(record, change->field % ODD_FIELDS, change->value);
        break;
    case DROP:
        g_array_remove_range(records, at, MIN(1 + change->value % 8u, records->len - at));
        break;
    case DOUBLE:
        g_array_insert_val(records, at, copy);
        break;
    case SWAP:
        *record = g_array_index(records, struct log_record, to);
        g_array_index(records, struct log_record, to) = copy;
        break;
    case MOVE:
        g_array_remove_index(records, at);
        g_array_insert_val(records, MIN(to, records->len), copy);
        break;
    case REPEAT:
        repeat(records, at, 4u * change->value);
        break;
    case CUT:
        if (change->value > 200)
            g_array_set_size(records, at);
        break;
    case OTHER_RANK:
        if (other->count > 0)
            *record = other->record[to % other->count];
        break;
    case OPERATION:
        record->operation =
            (uint16_t)(1 + (change->value + 256 * change->field) % (LOG_OPERATIONS - 1));
        break;
    default:
        record->phase = (uint8_t)(1 + change->value % 3);
    }
}

static struct log_file changed(const struct log_file *log, const struct log_file *other, int number,
                               const struct change *change, int changes, int logs)
{
    struct log_file with = *log;
    GArray *records = g_array_new(FALSE, FALSE, sizeof(struct log_record));
    g_array_append_vals(records, log->record, (guint)log->count);
    for (int i = 0; i < changes; i++)
        if (change[i].rank % logs == number)
            apply(records, other, &change[i]);
    odd_records_repair(records);
    with.count = records->len;
    with.complete =
        with.count > 0 &&
        g_array_index(records, struct log_record, with.count - 1).operation == LOG_FINAL;
    with.record = (struct log_record *)(void *)g_array_free(records, FALSE);
    return with;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static void judge(const struct judged_runs *runs, const struct change *change, int changes,
                  bool shown)
{
    struct outcome *outcomes = g_memdup2(runs->outcome, (gsize)runs->outcomes * sizeof *outcomes);
    int logs = 0, number = 0;
    for (int i = 0; i < runs->outcomes; i++)
        logs += outcomes[i].ranks;
    for (int i = 0; i < runs->outcomes; i++) {
        const struct outcome *from = &runs->outcome[i];
        outcomes[i].log = g_new0(struct log_file, from->ranks);
        outcomes[i].log_error = g_new0(char *, from->ranks);
        for (int rank = 0; rank < from->ranks; rank++, number++) {
            outcomes[i].log[rank] = changed(&from->log[rank], &from->log[(rank + 1) % from->ranks],
                                            number, change, changes, logs);
            if (!outcomes[i].log[rank].complete)
                outcomes[i].end = RUN_FAILED;
        }
    }
    judged_runs_judge(runs, outcomes);
    if (shown)
        judged_runs_show(&outcomes[0]);
    for (int i = 0; i < runs->outcomes; i++) {
        for (int rank = 0; rank < outcomes[i].ranks; rank++)
            g_free(outcomes[i].log[rank].record);
        g_free(outcomes[i].log);
        g_free(outcomes[i].log_error);
    }
    g_free(outcomes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct change change[MOST_CHANGES];
    if (size < 2)
        return 0;
    const int changes = (int)MIN((size - 2) / sizeof *change, MOST_CHANGES);
    memcpy(change, data + 2, (size_t)changes * sizeof *change);
    judge(JUDGED_RUNS(all, data[0] % all->len), change, changes, data[1] == SHOWN);
    return 0;
}
