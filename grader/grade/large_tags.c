/* Tags that only some MPIs take; see large_tags.h. */
#include "grader/grade/large_tags.h"

#include "grader/trace/source_line.h"

/* Does the record have a tag that the program gave to MPI? */
static bool has_tag(const struct log_record *record)
{
    return (record->phase == LOG_BEGIN && record->operation >= LOG_SEND &&
            record->operation <= LOG_RECV_INIT) ||
           record->operation == LOG_SEND_PART || record->operation == LOG_RECV_PART;
}

static char *name_of(const struct outcome *outcome, const struct log_record *call)
{
    const char *line = source_line(outcome->program, call->caller);
    return g_strconcat(log_operation_name(call->operation), line[0] != '\0' ? " at " : "", line,
                       NULL);
}

int large_tags_find(const struct outcome *outcomes, int count, char **call)
{
    int largest = LARGE_TAGS_ABOVE;
    const struct outcome *run = NULL;
    const struct log_record *user = NULL;
    for (int i = 0; i < count; i++)
        for (int rank = 0; outcomes[i].log && rank < outcomes[i].ranks; rank++) {
            const struct log_file *log = &outcomes[i].log[rank];
            const struct log_record *begin = NULL; /* a part has no caller of its own */
            for (size_t r = 0; r < log->count; r++) {
                begin = log->record[r].phase == LOG_BEGIN ? &log->record[r] : begin;
                if (!has_tag(&log->record[r]) || log->record[r].tag <= largest || !begin)
                    continue;
                largest = log->record[r].tag;
                user = begin;
                run = &outcomes[i];
            }
        }
    *call = user ? name_of(run, user) : NULL;
    return user ? largest : 0;
}
