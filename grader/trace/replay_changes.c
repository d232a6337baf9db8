/*
 * What a replay does in another way than the run; see replay.h.
 */
#include "grader/trace/replay.h"

#include <glib.h>

struct replay_changes *replay_changes_new(const struct log_file *logs, int ranks)
{
    struct replay_changes *changes = g_new(struct replay_changes, 1);
    changes->skip = g_new(bool *, ranks);
    changes->needs = g_new(int *, ranks);
    for (int rank = 0; rank < ranks; rank++) {
        changes->skip[rank] = g_new0(bool, logs[rank].count);
        changes->needs[rank] = g_new(int, logs[rank].count);
        for (size_t i = 0; i < logs[rank].count; i++)
            changes->needs[rank][i] = NO_MESSAGE;
    }
    return changes;
}

void replay_changes_free(struct replay_changes *changes, int ranks)
{
    for (int rank = 0; rank < ranks; rank++) {
        g_free(changes->skip[rank]);
        g_free(changes->needs[rank]);
    }
    g_free(changes->skip);
    g_free(changes->needs);
    g_free(changes);
}
