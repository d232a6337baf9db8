/* What the calls of any right run have in common; see communication.h. */
#include "grader/evidence/communication.h"

#include "grader/evidence/collective_sums.h"
#include "grader/evidence/collectives_agree.h"
#include "grader/evidence/collectives_in_flight.h"
#include "grader/evidence/messages.h"

bool evidence_communication_is_sound(const struct outcome *run, struct verdict *verdict)
{
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    struct matching *matching = matching_new(run->log, run->ranks);
    const bool sound = evidence_collectives_agree(run, collectives, verdict) &&
                       messages_agree(matching, verdict) &&
                       messages_waited_for(run, matching, verdict) &&
                       evidence_collectives_waited_for(run, verdict) &&
                       evidence_collectives_untouched(run, collectives, verdict) &&
                       evidence_sums_agree(run, collectives, verdict);
    matching_free(matching);
    collectives_free(collectives);
    return sound;
}
