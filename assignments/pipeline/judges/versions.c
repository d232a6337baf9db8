/* Which version of its parameters a stage used for what; see versions.h. */
#include "assignments/pipeline/judges/versions.h"

#include "assignments/pipeline/judges/asynchronous.h"

/* The version with this fingerprint among those there are so far; `expected` if it is one of them,
 * else the newest. */
static int find_version(const GArray *version, uint64_t fingerprint, int expected)
{
    if (expected < (int)version->len && g_array_index(version, uint64_t, expected) == fingerprint)
        return expected;
    for (int k = (int)version->len - 1; k >= 0; k--)
        if (g_array_index(version, uint64_t, k) == fingerprint)
            return k;
    return VERSION_UNKNOWN;
}

int versions_read(const struct log_file *log, const GArray *events, int step, int stage, int stages,
                  int micro_batches, uint64_t *newest, struct version_use *use)
{
    EVIDENCE_ARRAY version = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_array_append_val(version, *newest);
    for (int i = 0; i < micro_batches; i++)
        use[i] = (struct version_use){VERSION_NONE, VERSION_NONE};
    for (guint k = 0; k < events->len; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        if (event->step != step || event->stage != stage)
            continue;
        if (event->operation == LOG_OPTIMIZER_STEP && event->end < log->count) {
            *newest = log->record[event->end].fingerprint;
            g_array_append_val(version, *newest);
        }
        int i = event->micro_batch;
        if (i < 0 || i >= micro_batches)
            continue;
        int found = find_version(version, log->record[event->begin].fingerprint,
                                 asynchronous_version(stages, stage, i));
        if (event->operation == LOG_FORWARD)
            use[i].forward = found;
        else if (event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT)
            use[i].backward = found;
    }
    return (int)version->len - 1;
}

char *version_text(int version)
{
    if (version == VERSION_NONE)
        return g_strdup("none: it did not run");
    if (version == VERSION_UNKNOWN)
        return g_strdup("parameters that no optimizer step of this training step had made");
    if (version == 0)
        return g_strdup("those that the training step began with");
    return g_strdup_printf("those after %d optimizer step%s", version, version == 1 ? "" : "s");
}
