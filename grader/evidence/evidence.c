/* What every judge reads from a run; see evidence.h. */
#include "grader/evidence/evidence.h"

#include "common/files/dataset.h"

#include <math.h>
#include <string.h>

void evidence_fail(struct verdict *verdict, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    verdict_set(verdict, VERDICT_FAIL, "%s", text);
}

static bool log_is_usable(const struct outcome *run, int rank, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    const char *error = run->log_error ? run->log_error[rank] : NULL;
    if (error || log->count == 0)
        evidence_fail(verdict, "rank %d left no usable log: %s", rank,
                      error ? error : "it is missing or empty");
    else if (log->damage[0])
        evidence_fail(verdict, "the log of rank %d is damaged: %s", rank, log->damage);
    else if (log->rank != rank || log->ranks != run->ranks || log->seed != run->options.seed)
        evidence_fail(
            verdict,
            "the log of rank %d is not of this run: it says rank %d of %d, seed %" G_GUINT64_FORMAT,
            rank, log->rank, log->ranks, (guint64)log->seed);
    else if (!log->complete)
        evidence_fail(verdict,
                      "rank %d did not come to its proper end: its log lacks the final record",
                      rank);
    else
        return true;
    return false;
}

bool evidence_logs(const struct outcome *run, struct verdict *verdict)
{
    if (run->ranks < 1 || !run->log) {
        evidence_fail(verdict, "the run left no logs");
        return false;
    }
    for (int rank = 0; rank < run->ranks; rank++)
        if (!log_is_usable(run, rank, verdict))
            return false;
    return true;
}

struct model *evidence_model(const struct outcome *run, struct verdict *verdict)
{
    struct data_shape data;
    char error[MAX(DATASET_ERROR_SIZE, MODEL_ERROR_SIZE)];
    struct model *model = dataset_describe(run->options.dataset, &data, error)
                              ? model_new(run->options.model, data.input, data.classes, error)
                              : NULL;
    if (!model)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
    return model;
}

GArray *evidence_events(const struct log_file *log)
{
    GArray *events = g_array_new(FALSE, TRUE, sizeof(struct evidence_event));
    /* Of each operation the event that the next end is of, and of each event the one around it; -1: none. */
    g_autoptr(GArray) outer = g_array_new(FALSE, FALSE, sizeof(int));
    int open[LOG_OPERATIONS], step = -1;
    for (int operation = 0; operation < LOG_OPERATIONS; operation++)
        open[operation] = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        if (!log_is_computation(record))
            continue;
        int *last = &open[record->operation];
        if (record->phase == LOG_BEGIN) {
            struct evidence_event event = {.operation = record->operation,
                                           .step = step,
                                           .stage = record->stage,
                                           .micro_batch = record->micro_batch,
                                           .begin = i,
                                           .end = log->count};
            g_array_append_val(outer, *last);
            *last = (int)events->len;
            g_array_append_val(events, event);
        } else if (record->phase == LOG_END && *last >= 0) {
            struct evidence_event *event = EVIDENCE_EVENT(events, *last);
            event->end = i;
            event->flops = record->flops - log->record[event->begin].flops;
            *last = g_array_index(outer, int, *last);
        }
    }
    return events;
}

int evidence_count(const GArray *events, int step, enum log_operation operation, int stage)
{
    int count = 0;
    for (guint i = 0; i < events->len; i++)
        count += EVIDENCE_EVENT(events, i)->step == step &&
                 EVIDENCE_EVENT(events, i)->stage == stage &&
                 EVIDENCE_EVENT(events, i)->operation == operation;
    return count;
}

void evidence_losses(const struct log_file *log, int micro_batches, int steps, double *loss)
{
    for (int step = 0; step < steps; step++)
        loss[step] = NAN;
    g_autofree bool *seen = g_new0(bool, micro_batches);
    int step = -1, count = 0;
    double sum = 0;
    bool sane = true;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STEP_BEGIN) {
            step = log_step(record);
            count = 0;
            sum = 0;
            sane = true;
            memset(seen, 0, (size_t)micro_batches * sizeof(*seen));
        } else if (record->operation == LOG_LOSS && step >= 0) {
            int part = record->micro_batch;
            sane = sane && part >= 0 && part < micro_batches && !seen[part];
            if (sane)
                seen[part] = true;
            sum += log_loss(record);
            count++;
        } else if (record->operation == LOG_STEP_END) {
            if (step >= 0 && step < steps && sane && count == micro_batches)
                loss[step] = sum / micro_batches;
            step = -1;
        }
    }
}

void evidence_losses_together(const struct outcome *run, int micro_batches, int steps, double *loss)
{
    g_autofree guint8 *times = g_new0(guint8, (gsize)steps * (gsize)micro_batches);
    for (int step = 0; step < steps; step++)
        loss[step] = 0;
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        int step = -1;
        for (size_t i = 0; i < log->count; i++) {
            const struct log_record *record = &log->record[i];
            log_follow_step(record, &step);
            if (record->operation != LOG_LOSS || step < 0 || step >= steps)
                continue;
            int part = record->micro_batch;
            bool sane = part >= 0 && part < micro_batches &&
                        times[(gsize)step * (gsize)micro_batches + (gsize)part]++ == 0;
            loss[step] = sane ? loss[step] + log_loss(record) / micro_batches : NAN;
        }
    }
    for (int step = 0; step < steps; step++)
        for (int part = 0; part < micro_batches; part++)
            if (times[(gsize)step * (gsize)micro_batches + (gsize)part] == 0)
                loss[step] = NAN;
}

int evidence_loss_rank(const struct outcome *run)
{
    for (int rank = run->ranks - 1; rank >= 0; rank--)
        for (size_t i = 0; i < run->log[rank].count; i++)
            if (run->log[rank].record[i].operation == LOG_LOSS)
                return rank;
    return -1;
}
