/* What can't count; see merge_doubts.h. */
#include "class/review/merge_doubts.h"

#include <math.h>
#include <string.h>

/* NULL: it has no such answer. */
static const struct review_answer *answer_of(const struct review_answers *answers,
                                             const struct review_judgement *judgement)
{
    const GPtrArray *of = review_answers_of(answers, judgement->check);
    for (guint i = 0; of && i < of->len; i++) {
        const struct review_answer *answer = of->pdata[i];
        if (strcmp(answer->student->id, judgement->student) == 0)
            return answer;
    }
    return NULL;
}

/* Points of items that the rubric has with another maximum, or no longer: they are given anew. */
static void doubt_points(struct review_judgement *judgement, const struct review_check *check,
                         const char *reviewer, GString *words)
{
    for (guint i = judgement->points->len; i-- > 0;) {
        const struct review_points *given = REVIEW_POINTS(judgement, i);
        const struct review_part *part = review_check_find(check, given->item);
        if (part && fabs(part->max_points - given->max_points) < REVIEW_STEP / 2)
            continue;
        g_string_append_printf(words,
                               "%s: %s, %s: %s was worth %g points when %s gave some, and is not "
                               "now: it counts as not given\n",
                               judgement->student, judgement->check, given->item, given->item,
                               given->max_points, reviewer);
        g_array_remove_index(judgement->points, i);
    }
}

/* False: it can't count at all. */
static bool doubt(struct review_judgement *judgement, const struct review_opinions *opinions,
                  const struct review_answers *answers, const char *reviewer, GString *words)
{
    const struct review_check *check = review_questions_find(opinions->questions, judgement->check);
    const struct review_answer *answer = check ? answer_of(answers, judgement) : NULL;
    if (!answer) {
        g_string_append_printf(words, "%s: %s by %s does not count: %s\n", judgement->student,
                               judgement->check, reviewer,
                               check ? "there is no such answer in this class"
                                     : "the rubric leaves no such check to a person");
        return false;
    }
    g_autofree char *source = review_answer_source(answers, answer, check);
    g_autofree char *now = review_fingerprint(source ? source : "");
    if (*judgement->answer && strcmp(now, judgement->answer) != 0)
        g_string_append_printf(words,
                               "%s: %s was read by %s before the answer changed: it counts, and "
                               "should be looked at again\n",
                               judgement->student, judgement->check, reviewer);
    doubt_points(judgement, check, reviewer, words);
    return true;
}

static void doubt_all(struct review_opinion *opinion, const struct review_opinions *opinions,
                      const struct review_answers *answers, GString *words)
{
    g_autoptr(GPtrArray) sorted = review_table_sorted(opinion->table);
    for (guint i = 0; i < sorted->len; i++) {
        struct review_judgement *judgement = sorted->pdata[i];
        if (doubt(judgement, opinions, answers, opinion->reviewer, words))
            continue;
        g_autofree char *key = g_strconcat(judgement->student, "/", judgement->check, NULL);
        g_hash_table_remove(opinion->table->judgements, key);
    }
}

void review_merge_doubts(struct review_opinions *opinions, const struct review_answers *answers,
                         GString *words)
{
    for (guint i = 0; i < opinions->all->len; i++)
        doubt_all(opinions->all->pdata[i], opinions, answers, words);
    if (opinions->settled)
        doubt_all(opinions->settled, opinions, answers, words);
}
