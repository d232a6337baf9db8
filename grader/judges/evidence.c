/* What every judge reads from a run; see evidence.h. */
#include "grader/judges/evidence.h"

#include "common/dataset.h"

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
    struct shape sample;
    int classes;
    char error[MAX(DATASET_ERROR_SIZE, MODEL_ERROR_SIZE)];
    struct model *model = dataset_describe(run->options.dataset, &sample, &classes, error)
                              ? model_new(run->options.model, sample, classes, error)
                              : NULL;
    if (!model)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
    return model;
}

int evidence_chunks(const struct options *options)
{
    if (strcmp(options->schedule, "interleaved") != 0)
        return 1;
    return options->chunks > 0 ? options->chunks : 2; /* as the driver has it */
}

int evidence_stage_count(const struct outcome *run)
{
    return evidence_chunks(&run->options) * run->ranks;
}

/* The record of a rank's stage number `chunk`. --compare makes further stages later. */
static const struct log_record *stage_record(const struct log_file *log, int chunk)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE && chunk-- == 0)
            return &log->record[i];
    return NULL;
}

struct evidence_stage *evidence_stages(const struct outcome *run, int layers,
                                       struct verdict *verdict)
{
    int stages = evidence_stage_count(run), next = 0;
    struct evidence_stage *stage = g_new0(struct evidence_stage, stages);
    for (int s = 0; s < stages; s++) {
        int rank = s % run->ranks;
        const struct log_record *record = stage_record(&run->log[rank], s / run->ranks);
        if (!record) {
            evidence_fail(verdict, "rank %d never made its stage %d", rank, s);
            goto fail;
        }
        bool sane = record->value >= 0 && record->value <= layers &&
                    record->request <= (uint64_t)layers && record->stage == s;
        stage[s] = (struct evidence_stage){rank, sane ? (int)record->value : -1,
                                           sane ? (int)record->request : -1, record->bytes};
        if (!sane || stage[s].first_layer != next || stage[s].layers < 1) {
            evidence_fail(
                verdict,
                "rank %d is stage %d with %g layers from layer %g on, but stage %d has to "
                "begin with layer %d",
                rank, record->stage, (double)record->request, record->value, s, next);
            goto fail;
        }
        next += stage[s].layers;
    }
    if (next == layers)
        return stage;
    evidence_fail(verdict, "the stages hold layers 0 to %d of %d: the last %d belong to nobody",
                  next - 1, layers, layers - next);
fail:
    g_free(stage);
    return NULL;
}

int evidence_owner(const struct evidence_stage *stage, int stages, int layer)
{
    for (int s = stages - 1; s > 0; s--)
        if (layer >= stage[s].first_layer)
            return s;
    return 0;
}

GArray *evidence_events(const struct log_file *log)
{
    GArray *events = g_array_new(FALSE, TRUE, sizeof(struct evidence_event));
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STEP_BEGIN)
            step = record->request <= INT_MAX ? (int)record->request : -1;
        else if (record->operation == LOG_STEP_END)
            step = -1;
        else if (record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP &&
                 record->phase == LOG_BEGIN) {
            size_t end = log_end_of(log, i);
            struct evidence_event event = {
                .operation = record->operation,
                .step = step,
                .stage = record->stage,
                .micro_batch = record->micro_batch,
                .flops = end < log->count ? log->record[end].flops - record->flops : 0,
                .begin = i,
                .end = end};
            g_array_append_val(events, event);
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
    uint64_t step = UINT64_MAX;
    int count = 0;
    double sum = 0;
    bool sane = true;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STEP_BEGIN) {
            step = record->request;
            count = 0;
            sum = 0;
            sane = true;
            memset(seen, 0, (size_t)micro_batches * sizeof(*seen));
        } else if (record->operation == LOG_LOSS && step != UINT64_MAX) {
            int part = record->micro_batch;
            sane = sane && part >= 0 && part < micro_batches && !seen[part];
            if (sane)
                seen[part] = true;
            sum += record->value;
            count++;
        } else if (record->operation == LOG_STEP_END) {
            if (step < (uint64_t)steps && sane && count == micro_batches)
                loss[step] = sum / micro_batches;
            step = UINT64_MAX;
        }
    }
}

int evidence_loss_rank(const struct outcome *run)
{
    for (int rank = run->ranks - 1; rank >= 0; rank--)
        for (size_t i = 0; i < run->log[rank].count; i++)
            if (run->log[rank].record[i].operation == LOG_LOSS)
                return rank;
    return -1;
}

int evidence_micro_batches(const struct options *options)
{
    bool whole = !strcmp(options->schedule, "naive") || !strcmp(options->schedule, "baseline");
    return whole ? 1 : options->micro_batches;
}

static bool metadata_is(const struct tensor_file *file, const char *key, int expected)
{
    const char *text = tensor_file_metadata(file, key);
    return text && g_ascii_strtoll(text, NULL, 10) == expected && g_ascii_isdigit(text[0]);
}

struct tensor_file **evidence_tensors(const struct outcome *run, const char *when, int step,
                                      const struct evidence_stage *stage, struct verdict *verdict)
{
    int stages = evidence_stage_count(run);
    struct tensor_file **file = g_new0(struct tensor_file *, stages);
    for (int s = 0; s < stages; s++) {
        char error[TENSOR_FILE_ERROR_SIZE];
        g_autofree char *path =
            g_strdup_printf("%s/stage-%d.%s-%d.safetensors", run->folder, s, when, step);
        file[s] = tensor_file_read(path, MEMORY_WORKSPACE, error);
        if (!file[s])
            evidence_fail(verdict, "rank %d left no usable tensors %s step %d: %s", stage[s].rank,
                          when, step, error);
        else if (!metadata_is(file[s], "rank", stage[s].rank) ||
                 !metadata_is(file[s], "first_layer", stage[s].first_layer) ||
                 !metadata_is(file[s], "layers", stage[s].layers))
            evidence_fail(verdict,
                          "the tensors of rank %d (stage %d) %s step %d do not state the rank and "
                          "the layers that its log states",
                          stage[s].rank, s, when, step);
        else
            continue;
        evidence_tensors_free(file, stages);
        return NULL;
    }
    return file;
}

void evidence_tensors_free(struct tensor_file **file, int stages)
{
    if (!file)
        return;
    for (int s = 0; s < stages; s++)
        tensor_file_free(file[s]);
    g_free(file);
}
