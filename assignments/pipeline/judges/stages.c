/* Which stages a run had; see stages.h. */
#include "assignments/pipeline/judges/stages.h"

#include "assignments/pipeline/placement.h"

int stages_count(const struct outcome *run)
{
    return pipeline_chunks(&run->options) * run->ranks;
}

/* The record of a rank's stage number `chunk`. --compare makes further stages later. */
static const struct log_record *stage_record(const struct log_file *log, int chunk)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE && chunk-- == 0)
            return &log->record[i];
    return NULL;
}

struct evidence_stage *stages_read(const struct outcome *run, int layers, struct verdict *verdict)
{
    int stages = stages_count(run), next = 0;
    struct evidence_stage *stage = g_new0(struct evidence_stage, stages);
    for (int s = 0; s < stages; s++) {
        int rank = placement_rank(s, run->ranks);
        const struct log_record *record =
            stage_record(&run->log[rank], placement_chunk(s, run->ranks));
        if (!record) {
            evidence_fail(verdict, "rank %d never made its stage %d", rank, s);
            goto fail;
        }
        struct log_stage fact = log_stage(record);
        bool sane = fact.first_layer >= 0 && fact.first_layer <= layers && fact.layers <= layers &&
                    fact.stage == s;
        stage[s] = (struct evidence_stage){rank, sane ? fact.first_layer : -1,
                                           sane ? fact.layers : -1, fact.parameter_bytes};
        if (!sane || stage[s].first_layer != next || stage[s].layers < 1) {
            evidence_fail(
                verdict,
                "rank %d is stage %d with %d layers from layer %d on, but stage %d has to "
                "begin with layer %d",
                rank, fact.stage, fact.layers, fact.first_layer, s, next);
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

int stages_owner(const struct evidence_stage *stage, int stages, int layer)
{
    for (int s = stages - 1; s > 0; s--)
        if (layer >= stage[s].first_layer)
            return s;
    return 0;
}

static bool metadata_is(const struct tensor_file *file, const char *key, int expected)
{
    const char *text = tensor_file_metadata(file, key);
    return text && g_ascii_strtoll(text, NULL, 10) == expected && g_ascii_isdigit(text[0]);
}

struct tensor_file **stages_tensors(const struct outcome *run, const char *when, int step,
                                    const struct evidence_stage *stage, struct verdict *verdict)
{
    int stages = stages_count(run);
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
        stages_tensors_free(file, stages);
        return NULL;
    }
    return file;
}

void stages_tensors_free(struct tensor_file **file, int stages)
{
    if (!file)
        return;
    for (int s = 0; s < stages; s++)
        tensor_file_free(file[s]);
    g_free(file);
}
