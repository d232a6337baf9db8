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

const struct whole_part *stages_part(const struct wholes *wholes, const char *name, int stage)
{
    const struct whole *whole = wholes_find(wholes, name);
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->from->stage == stage)
            return part;
    }
    return NULL;
}
