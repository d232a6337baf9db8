/* What a rank sent in the steps of a simulated run. */
#include "planner/planner.h"

#include "grader/evidence/traffic.h"

static void add(const struct traffic_item *item, void *user)
{
    struct rank_use *use = user;
    const bool is_message = item->operation == LOG_SEND || item->operation == LOG_PUT;
    if (item->step < 0 || (!is_message && item->bytes == 0))
        return;
    use->messages++;
    use->message_bytes += (double)item->bytes;
}

void plan_add_messages(const struct log_file *log, struct rank_use *use)
{
    traffic_each(log, add, use);
}
