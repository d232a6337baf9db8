/* Verdicts, expected; see judged.h. */
#include "assignments/pipeline/tests/support/judged.h"
#include "tests/support/test.h"

#include <string.h>

void judged_expect(judge_function *judge, const struct judgement *judgement, enum verdict_kind kind,
                   const char *says)
{
    struct verdict *verdict = verdict_new();
    judge(judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    verdict_free(verdict);
}
