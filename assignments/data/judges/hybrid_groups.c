/* Among whom gradients are added up; see hybrid_groups.h. */
#include "assignments/data/judges/hybrid_groups.h"

#include "assignments/data/options.h"
#include "common/log/log_fields.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/collective_calls.h"

#include <string.h>

static const struct mistake
    over_all = {"gradients are added up over all ranks in place of those with the same stage",
                "A collective has ranks of different stages and of different replicas among its "
                "members. Only the ranks that have the same layers have gradients of the same "
                "parameters: hybrid->groups.data are they.",
                "the communicator of the average"},
    over_stages = {"gradients are added up over the stages of a pipeline",
                   "A collective has the stages of one pipeline among its members, which have "
                   "gradients of different layers. To be averaged are those of the ranks with the "
                   "same stage, one of each pipeline: hybrid->groups.data.",
                   "the communicator of the average: groups.data and groups.pipeline"},
    over_slices = {"gradients are added up over the ranks that share a layer, too",
                   "A collective has ranks among its members that have different slices of the "
                   "same layers. To be averaged are the gradients of ranks with the same slices, "
                   "one of each replica: hybrid->groups.data.",
                   "the communicator of the average"},
    parts_of_others = {"ranks that share a stage's layers exchange parts with others, too",
                       "In the middle of a forward or backward of a stage there is a collective "
                       "with ranks of other stages, or of other replicas, among its members. Parts "
                       "of activations and of their gradients are put together by the ranks that "
                       "share the stage's layers: group->comm.",
                       "the communicator of this call: group->comm"},
    steps_first = {"the optimizer steps before the ranks have averaged",
                   "A rank's optimizer steps, and after that its gradients are averaged: it "
                   "stepped by those of its own samples. (A schedule of the pipeline assignment "
                   "steps at its end; pipeline_forward_backward holds that step back.)",
                   "the order of average and optimizer_step"},
    steps_before_table = {"the optimizer steps before the table's gradients are summed",
                          "A rank's optimizer steps, and after that the two stages that have the "
                          "table sum its gradients: each stepped by its own part.",
                          "the order of sum_tied_gradients and optimizer_step"};

/* ---- groups ------------------------------------------------------------------------------------------------ */

static const struct mistake *mistake_of(enum among among)
{
    switch (among) {
    case AMONG_BOTH:
        return &over_slices;
    case AMONG_STAGES:
        return &over_stages;
    case AMONG_ALL:
        return &over_all;
    default:
        return NULL;
    }
}

static bool is_of_a_stage(enum log_operation operation)
{
    return operation == LOG_FORWARD || operation == LOG_BACKWARD ||
           operation == LOG_BACKWARD_INPUT || operation == LOG_BACKWARD_WEIGHT;
}

/* Does a rank make a call of this kind and step, among the same ranks, while its stage works on a micro-batch? */
static bool is_inside_a_stage(const struct log_file *log, const struct groups *groups,
                              const struct traffic_entry *entry)
{
    int step = -1;
    bool inside = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        if (is_of_a_stage(record->operation))
            inside = record->phase == LOG_BEGIN;
        if (!inside || step != entry->step || record->phase != LOG_BEGIN ||
            log_blocking_form(record->operation) != entry->operation)
            continue;
        const struct group *group = groups_find(groups, record->communicator);
        if (group && group_equals(group, entry->group))
            return true;
    }
    return false;
}

/* The table's two copies are added up among the ends of a pipeline. */
static bool may_be_of_a_table(const struct outcome *run, const struct hybrid_layout *layout,
                              const struct group *group)
{
    return strstr(run->options.model, "tied=1") && hybrid_layout_are_ends(layout, group);
}

const struct mistake *hybrid_mistake_of_groups(const struct outcome *run, GString *cause)
{
    struct hybrid_layout *layout = hybrid_layout_new(run);
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    const struct mistake *mistake = NULL;
    for (guint i = 0; i < traffic->entries->len && !mistake; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step < 0 || !entry->group || entry->most <= HYBRID_SMALL * entry->count ||
            may_be_of_a_table(run, layout, entry->group))
            continue;
        mistake = mistake_of(hybrid_layout_among(layout, entry->group));
        if (!mistake)
            continue;
        for (int rank = 0; rank < run->ranks; rank++)
            if (is_inside_a_stage(&run->log[rank], traffic->collectives->groups, entry))
                mistake = &parts_of_others;
        g_autofree char *among = group_among(entry->group, run->ranks);
        g_string_append_printf(cause, "in step %d there is a collective, %s, %s: %.0f bytes",
                               entry->step, collective_call_name(entry->operation), among,
                               entry->most);
    }
    traffic_free(traffic);
    hybrid_layout_free(layout);
    return mistake;
}

/* ---- order -------------------------------------------------------------------------------------------------- */

/* Among whom a rank hands in gradients here; AMONG_UNKNOWN: it does not. */
static enum among hands_in(const struct hybrid_layout *layout, const struct groups *groups,
                           const struct log_record *record)
{
    if (record->phase != LOG_BEGIN || !log_is_collective(record->operation) ||
        record->bytes <= HYBRID_SMALL)
        return AMONG_UNKNOWN;
    return hybrid_layout_among(layout, groups_find(groups, record->communicator));
}

/* The mistake, where a rank's optimizer steps too early; in *step when. */
static const struct mistake *steps_before(const struct log_file *log,
                                          const struct hybrid_layout *layout,
                                          const struct groups *groups, int *step)
{
    bool stepped = false;
    *step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, step);
        if (record->operation == LOG_STEP_BEGIN || record->operation == LOG_STEP_END)
            stepped = false;
        stepped = stepped || (*step >= 0 && record->operation == LOG_OPTIMIZER_STEP);
        const enum among among = stepped ? hands_in(layout, groups, record) : AMONG_UNKNOWN;
        if (among == AMONG_REPLICAS)
            return &steps_first;
        if (among == AMONG_STAGES)
            return &steps_before_table;
    }
    return NULL;
}

const struct mistake *hybrid_mistake_of_order(const struct outcome *run, GString *cause)
{
    if (data_replicas(&run->options, run->ranks) < 2)
        return NULL;
    struct hybrid_layout *layout = hybrid_layout_new(run);
    struct groups *groups = groups_new(run->log, run->ranks);
    const struct mistake *mistake = NULL;
    for (int rank = 0; rank < run->ranks && !mistake; rank++) {
        int step;
        mistake = steps_before(&run->log[rank], layout, groups, &step);
        if (mistake)
            g_string_append_printf(
                cause, "in step %d gradients are added up on rank %d behind its optimizer's step",
                step, rank);
    }
    groups_free(groups);
    hybrid_layout_free(layout);
    return mistake;
}
