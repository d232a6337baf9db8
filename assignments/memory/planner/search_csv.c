/* All ways that fit, the fastest first, as CSV: bytes and seconds. */
#include "assignments/memory/planner/search_plan.h"

void search_plan_append_csv(GString *text, const struct search_job *job,
                            const struct search_result *result)
{
    (void)job;
    g_string_append(text, "data,tensor,pipeline,chunks,zero,recompute,micro_batch,micro_batches,"
                          "parameters,gradients,optimizer,masters,activations,memory,"
                          "seconds,bubble,sent,handed_over\n");
    for (guint i = 0; i < result->fitting->len; i++) {
        const struct search_found *found = &g_array_index(result->fitting, struct search_found, i);
        const struct way *way = &found->way.way;
        const struct rank_memory *memory = &found->cost.memory;
        g_string_append_printf(
            text, "%d,%d,%d,%d,%d,%s,%d,%d,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.9g,%.6f,%.0f,%.0f\n",
            way->data, way->tensor, way->pipeline, found->way.chunks, way->zero_stage,
            search_recompute_name(way->recompute), way->micro_batch_samples, way->micro_batches,
            memory->parameters + memory->layer_parameters,
            memory->gradients + memory->layer_gradients, memory->optimizer, memory->masters,
            memory->activations, search_memory_sum(memory), found->cost.seconds, found->cost.bubble,
            found->cost.sent, found->cost.given);
    }
}
