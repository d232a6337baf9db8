/* Who is where in a hybrid; see hybrid_layout.h. */
#include "assignments/data/judges/hybrid_layout.h"

#include "assignments/data/options.h"
#include "common/log/log_fields.h"

/* What a log says first of its stage, and of where its share of the first batch begins. */
static int find_place(const struct log_file *log, struct log_stage *part)
{
    bool has_part = false;
    *part = (struct log_stage){.stage = PLACE_UNKNOWN};
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STAGE && !has_part) {
            *part = log_stage(record);
            has_part = true;
        }
        if (record->operation == LOG_SAMPLES)
            return log_samples(record).place;
    }
    return PLACE_UNKNOWN;
}

/* How many different places there are before this one. */
static int number_of(const int *place, int ranks, int own)
{
    int number = 0;
    for (int i = 0; i < ranks; i++) {
        bool first = place[i] >= 0 && place[i] < own;
        for (int k = 0; k < i && first; k++)
            first = place[k] != place[i];
        number += first;
    }
    return number;
}

struct hybrid_layout *hybrid_layout_new(const struct outcome *run)
{
    struct hybrid_layout *layout = g_new0(struct hybrid_layout, 1);
    const struct data_options options = data_options(&run->options);
    layout->ranks = run->ranks;
    layout->stages = options.pipeline;
    layout->tensor = options.tensor;
    layout->stage = g_new(int, run->ranks);
    layout->replica = g_new(int, run->ranks);
    layout->part = g_new0(struct log_stage, run->ranks);
    g_autofree int *place = g_new(int, run->ranks);
    for (int rank = 0; rank < run->ranks; rank++) {
        place[rank] = find_place(&run->log[rank], &layout->part[rank]);
        layout->stage[rank] = layout->part[rank].stage;
    }
    for (int rank = 0; rank < run->ranks; rank++)
        layout->replica[rank] =
            place[rank] < 0 ? PLACE_UNKNOWN : number_of(place, run->ranks, place[rank]);
    return layout;
}

void hybrid_layout_free(struct hybrid_layout *layout)
{
    if (!layout)
        return;
    g_free(layout->stage);
    g_free(layout->replica);
    g_free(layout->part);
    g_free(layout);
}

bool hybrid_layout_is_whole(const struct hybrid_layout *layout, const struct outcome *run,
                            struct verdict *verdict)
{
    const int replicas = data_replicas(&run->options, run->ranks);
    for (int replica = 0; replica < replicas; replica++)
        for (int stage = 0; stage < layout->stages; stage++) {
            int ranks = 0;
            for (int rank = 0; rank < layout->ranks; rank++)
                ranks += layout->stage[rank] == stage && layout->replica[rank] == replica;
            if (ranks == layout->tensor)
                continue;
            evidence_fail(verdict,
                          "%d ranks say that they have stage %d and the samples of replica %d: "
                          "there should be %d",
                          ranks, stage, replica, layout->tensor);
            return false;
        }
    return true;
}

/* Does every rank say that it has layers that the model has … */
static bool parts_are_of(const struct model *model, const struct hybrid_layout *layout,
                         struct verdict *verdict)
{
    for (int rank = 0; rank < layout->ranks; rank++) {
        const struct log_stage *part = &layout->part[rank];
        if (part->first_layer >= 0 && part->layers > 0 &&
            part->first_layer <= model->layers - part->layers)
            continue;
        evidence_fail(verdict,
                      "rank %d says that it has %d layers from layer %d on: the model has %d", rank,
                      part->layers, part->first_layer, model->layers);
        return false;
    }
    return true;
}

/* … and do the stages have all of them, one after the other? */
static bool parts_follow(const struct model *model, const struct hybrid_layout *layout,
                         struct verdict *verdict)
{
    int next = 0;
    for (int stage = 0; stage < layout->stages; stage++) {
        int layers = 0;
        for (int rank = 0; rank < layout->ranks; rank++) {
            const struct log_stage *part = &layout->part[rank];
            if (layout->stage[rank] != stage)
                continue;
            layers = layers > 0 ? layers : part->layers;
            if (part->first_layer == next && part->layers == layers &&
                (stage < layout->stages - 1 || next + layers == model->layers))
                continue;
            evidence_fail(verdict,
                          "rank %d says that stage %d has %d layers from layer %d on; it begins "
                          "with layer %d, and the model has %d",
                          rank, stage, part->layers, part->first_layer, next, model->layers);
            return false;
        }
        next += layers;
    }
    return true;
}

bool hybrid_layout_is_of(const struct hybrid_layout *layout, const struct model *model,
                         struct verdict *verdict)
{
    return parts_are_of(model, layout, verdict) && parts_follow(model, layout, verdict);
}

/* Do all members have the same number? */
static bool are_alike(const int *number, const struct group *group)
{
    for (int i = 1; i < group->size[0]; i++)
        if (number[group->rank[0][i]] != number[group->rank[0][0]])
            return false;
    return true;
}

static bool is_known(const struct hybrid_layout *layout, const struct group *group)
{
    if (!group || group->sides != 1 || group->contradicts || group->size[0] < 1)
        return false;
    for (int i = 0; i < group->size[0]; i++) {
        const int rank = group->rank[0][i];
        if (rank < 0 || rank >= layout->ranks || layout->stage[rank] < 0 ||
            layout->replica[rank] < 0)
            return false;
    }
    return true;
}

enum among hybrid_layout_among(const struct hybrid_layout *layout, const struct group *group)
{
    if (!is_known(layout, group))
        return AMONG_UNKNOWN;
    const bool replica = are_alike(layout->replica, group);
    if (!are_alike(layout->stage, group))
        return replica ? AMONG_STAGES : AMONG_ALL;
    if (replica)
        return group->size[0] > 1 ? AMONG_SLICES : AMONG_REPLICAS;
    /* With three dimensions tensor comes first. */
    for (int i = 1; i < group->size[0]; i++)
        if (group->rank[0][i] % layout->tensor != group->rank[0][0] % layout->tensor)
            return AMONG_BOTH;
    return AMONG_REPLICAS;
}

bool hybrid_layout_are_ends(const struct hybrid_layout *layout, const struct group *group)
{
    if (!is_known(layout, group) || !are_alike(layout->replica, group))
        return false;
    for (int i = 0; i < group->size[0]; i++) {
        const int stage = layout->stage[group->rank[0][i]];
        if (stage != 0 && stage != layout->stages - 1)
            return false;
    }
    return true;
}
