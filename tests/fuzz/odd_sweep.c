/* Each field, each odd value; see odd_sweep.h. */
#include "tests/fuzz/odd_sweep.h"

#include "tests/fuzz/odd_values.h"

#include <stdio.h>
#include <time.h>

#define TIMES_SLOWER 10.0
#define SPARED       0.5 /* seconds, which any may take */

enum where { FIRST_RANK, LAST_RANK, EVERYWHERE, PLACES };

struct odd_case {
    uint16_t operation;
    uint8_t phase;
    enum where where;
    enum odd_field field;
    int value;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- the logs, changed -------------------------------------------------------------------------------- */

static bool is_of(const struct log_record *record, const struct odd_case *one)
{
    return record->operation == one->operation && record->phase == one->phase;
}

static bool is_in(const struct odd_case *one, int rank, int ranks)
{
    return one->where == EVERYWHERE || rank == (one->where == FIRST_RANK ? 0 : ranks - 1);
}

static struct log_record *changed(const struct log_file *log, const struct odd_case *one)
{
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(struct log_record));
    g_array_append_vals(records, log->record, (guint)log->count);
    for (guint i = 0; i < records->len; i++) {
        struct log_record *record = &g_array_index(records, struct log_record, i);
        if (!is_of(record, one))
            continue;
        odd_field_set(record, one->field, one->value);
        if (one->where != EVERYWHERE)
            break;
    }
    odd_records_repair(records); /* leaves none out: their operations are as they were */
    return g_memdup2(records->data, (gsize)records->len * sizeof(struct log_record));
}

static double judge(const struct judged_runs *runs, const struct odd_case *one)
{
    g_autofree struct outcome *outcomes =
        g_memdup2(runs->outcome, (gsize)runs->outcomes * sizeof *outcomes);
    for (int i = 0; i < runs->outcomes; i++) {
        const struct outcome *from = &runs->outcome[i];
        outcomes[i].log = g_memdup2(from->log, (gsize)from->ranks * sizeof *from->log);
        for (int rank = 0; one && rank < from->ranks; rank++)
            if (is_in(one, rank, from->ranks))
                outcomes[i].log[rank].record = changed(&from->log[rank], one);
    }
    const double begin = seconds_now();
    judged_runs_judge(runs, outcomes);
    const double seconds = seconds_now() - begin;
    for (int i = 0; i < runs->outcomes; i++) {
        for (int rank = 0; one && rank < outcomes[i].ranks; rank++)
            if (is_in(one, rank, outcomes[i].ranks))
                g_free(outcomes[i].log[rank].record);
        g_free(outcomes[i].log);
    }
    return seconds;
}

/* ---- the cases ------------------------------------------------------------------------------------------ */

/* Operation and phase of all records, each pair once: struct odd_case without the rest. */
static GArray *kinds_of(const struct judged_runs *runs)
{
    bool seen[LOG_OPERATIONS][LOG_INSTANT + 1] = {{false}};
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(struct odd_case));
    for (int i = 0; i < runs->outcomes; i++)
        for (int rank = 0; rank < runs->outcome[i].ranks; rank++)
            for (size_t k = 0; k < runs->outcome[i].log[rank].count; k++) {
                const struct log_record *record = &runs->outcome[i].log[rank].record[k];
                const struct odd_case kind = {.operation = record->operation,
                                              .phase = record->phase};
                if (!seen[record->operation][record->phase])
                    g_array_append_val(kinds, kind);
                seen[record->operation][record->phase] = true;
            }
    return kinds;
}

static void describe(const struct judged_runs *runs, const struct odd_case *one, char *text,
                     size_t size)
{
    static const char *const phases[] = {"", "begin", "end", "instant"};
    static const char *const where[] = {"first rank", "last rank", "everywhere"};
    snprintf(text, size, "%s/%s (%s): %s, %s: %s = odd value %d, %s", runs->rubric->assignment,
             runs->check->name, runs->check->judge->name, log_operation_name(one->operation),
             phases[one->phase], odd_field_name(one->field), one->value, where[one->where]);
}

void odd_sweep(const struct judged_runs *runs, int first, int every, struct odd_sweep *sweep)
{
    g_autoptr(GArray) kinds = kinds_of(runs);
    const int each = ODD_FIELDS * ODD_VALUES * PLACES;
    const double allowed = TIMES_SLOWER * judge(runs, NULL) + SPARED;
    *sweep = (struct odd_sweep){.cases = (int)kinds->len * each};
    for (int number = first; number < sweep->cases; number += every) {
        struct odd_case one = g_array_index(kinds, struct odd_case, number / each);
        one.where = (enum where)(number % PLACES);
        one.value = number / PLACES % ODD_VALUES;
        one.field = (enum odd_field)(number / PLACES / ODD_VALUES % ODD_FIELDS);
        describe(runs, &one, sweep->last, sizeof sweep->last);
        const double seconds = judge(runs, &one);
        sweep->judged++;
        if (seconds <= allowed)
            continue;
        sweep->slow++;
        fprintf(stderr, "%s: %.2f s, and %.2f s are allowed\n", sweep->last, seconds, allowed);
    }
}
