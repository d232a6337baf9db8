/* Ranks without samples; see empty_share.h. */
#include "assignments/data/judges/empty_share.h"

#include "common/log/log_fields.h"

static const struct mistake empty_share = {
    "a rank without samples does not take part",
    "In a step in which a rank has no sample it calls nothing, and the others wait for it, or meet "
    "what it calls in the next step. Its gradients are zeros, and they count nothing; but a sum "
    "over the ranks takes all of them.",
    "conditions on data->samples and data->micro_batches: all ranks average, in every step"};

/* What a rank did in each step. */
struct doing {
    int samples;
    int calls; /* of collectives, and messages; -1: it did not come to the end of the step */
};

/* To wait for nothing says nothing. */
static bool is_call(const struct log_record *record)
{
    return record->phase == LOG_BEGIN &&
           ((record->operation >= LOG_SEND && record->operation < LOG_WAIT) ||
            log_is_collective(record->operation));
}

static GArray *doings_of(const struct log_file *log)
{
    GArray *doings = g_array_new(FALSE, FALSE, sizeof(struct doing));
    struct doing now = {0, 0};
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        if (record->operation == LOG_SAMPLES)
            now.samples = log_samples(record).all;
        else if (record->operation == LOG_STEP_BEGIN)
            now.calls = 0;
        else if (step >= 0 && is_call(record))
            now.calls++;
        else if (record->operation == LOG_STEP_END)
            g_array_append_val(doings, now);
    }
    now.calls = step >= 0 && now.calls > 0 ? now.calls : -1;
    g_array_append_val(doings, now);
    return doings;
}

static const struct doing *doing_in(const GArray *doings, guint step)
{
    return step < doings->len ? &g_array_index(doings, struct doing, step) : NULL;
}

/* A rank that says something in this step; -1: none does. */
static int who_calls(GArray *const *doings, int ranks, guint step)
{
    for (int rank = 0; rank < ranks; rank++) {
        const struct doing *doing = doing_in(doings[rank], step);
        if (doing && doing->calls > 0)
            return rank;
    }
    return -1;
}

static const struct mistake *find_empty(GArray *const *doings, int ranks, GString *cause)
{
    for (int rank = 0; rank < ranks; rank++)
        for (guint step = 0; step < doings[rank]->len; step++) {
            const struct doing *doing = doing_in(doings[rank], step);
            const int other = who_calls(doings, ranks, step);
            if (doing->samples != 0 || doing->calls != 0 || other < 0)
                continue;
            g_string_append_printf(
                cause,
                "rank %d has no sample in step %u and calls nothing, where rank %d waits for all",
                rank, step, other);
            return &empty_share;
        }
    return NULL;
}

const struct mistake *data_mistake_of_empty_share(const struct outcome *run, GString *cause)
{
    g_autofree GArray **doings = g_new(GArray *, run->ranks);
    for (int rank = 0; rank < run->ranks; rank++)
        doings[rank] = doings_of(&run->log[rank]);
    const struct mistake *mistake = find_empty(doings, run->ranks, cause);
    for (int rank = 0; rank < run->ranks; rank++)
        g_array_unref(doings[rank]);
    return mistake;
}
