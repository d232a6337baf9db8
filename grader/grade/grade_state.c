/* The states of a check, told from its verdict and from that of what it needs. */
#include "grader/grade/grade_state.h"

const struct check_result *grade_decided_by(const struct check_result *result)
{
    while (result->needs)
        result = result->needs;
    return result;
}

enum grade_state grade_state(const struct check_result *result)
{
    const struct verdict *verdict = result->verdict;
    switch (verdict->kind) {
    case VERDICT_PASS:
        return STATE_PASSED;
    case VERDICT_FAIL:
        return grade_decided_by(result)->verdict->basis == BASIS_UNWRITTEN ? STATE_UNWRITTEN
                                                                           : STATE_FAILED;
    case VERDICT_NOT_JUDGED:
        break;
    }
    return result->done && !result->check->judge ? STATE_FOR_A_PERSON : STATE_NOT_JUDGED;
}

const char *grade_state_name(enum grade_state state)
{
    static const char *const names[] = {[STATE_PASSED] = "PASS",
                                        [STATE_FAILED] = "FAIL",
                                        [STATE_UNWRITTEN] = "not yet written",
                                        [STATE_NOT_JUDGED] = "not judged",
                                        [STATE_FOR_A_PERSON] = "for a person"};
    return names[state];
}
