/*
 * For the diagnosis: a call that was given a request that no call has made, as the wrappers of MPI noted in
 * front of it. What MPI does with such a one is left to chance: it may crash, or wait for ever.
 */
#include "grader/diagnosis/diagnose_parts.h"

#include "common/log/log_fields.h"

#include <inttypes.h>

/* The note in front of the call that a rank is in, or crashed in: a test is recorded when it has returned. */
static const struct log_record *note_of(const struct scene *scene, int rank)
{
    const struct log_file *log = &scene->outcome->log[rank];
    const size_t call = scene->place[rank].call;
    const size_t behind = call != NO_RECORD ? call : log->count;
    return behind > 0 && log->record[behind - 1].operation == LOG_UNKNOWN_REQUEST
               ? &log->record[behind - 1]
               : NULL;
}

bool scene_describe_unknown_request(const struct scene *scene, int rank, GString *text)
{
    uint64_t index, count;
    const struct log_record *note = note_of(scene, rank);
    if (!note)
        return false;
    log_unknown_request(note, &index, &count);
    g_string_append(text, "given a request that no call has made");
    if (count > 1)
        g_string_append_printf(text, " (number %" PRIu64 " of %" PRIu64 ", counted from 0)", index,
                               count);
    g_string_append(text, ": was its variable ever set?");
    return true;
}

bool scene_waits_for_unknown_request(struct scene *scene, GString *headline)
{
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        g_autoptr(GString) what = g_string_new(NULL);
        if (scene->place[rank].call == NO_RECORD ||
            !scene_describe_unknown_request(scene, rank, what))
            continue;
        g_string_append_printf(headline, "rank %d waits for ever in ", rank);
        scene_name_call(scene, rank, scene->place[rank].call, headline);
        g_string_append_printf(headline, ", %s", what->str);
        scene->culprit = rank;
        return true;
    }
    return false;
}
