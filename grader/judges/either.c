/* One of several is enough; see either.h. */
#include "grader/judges/either.h"

#include "grader/grade/unfinished.h"
#include "grader/text/text.h"

/* Ended one of the runs at a TODO? */
static bool is_unwritten(const struct judgement *judgement, struct verdict *verdict)
{
    for (int i = 0; i < judgement->outcomes; i++) {
        g_autofree char *where = NULL, *what = NULL;
        if (!grade_find_todo(&judgement->outcome[i], &where, &what))
            continue;
        grade_tell_todo(where, what, verdict);
        return true;
    }
    return false;
}

/* What the grader does with the runs of a check, done with some of them. */
static void judge_runs(const struct judgement *judgement, judge_function *judge,
                       struct verdict *verdict)
{
    if (is_unwritten(judgement, verdict) || !grade_all_finished(judgement, verdict))
        return;
    judge(judgement, verdict);
    if (verdict->kind == VERDICT_FAIL)
        verdict->basis = verdict->mistake->len > 0 ? BASIS_FITS : BASIS_SYMPTOM;
    struct verdict *work = verdict_new();
    if (verdict->kind == VERDICT_PASS)
        grade_judge_work(judgement, work);
    if (work->kind == VERDICT_FAIL) {
        verdict_take_over(verdict, work);
        verdict->spoils = true;
    }
    verdict_free(work);
}

static void take_over(struct verdict *verdict, const struct verdict *from, const char *name)
{
    verdict_take_over(verdict, from);
    g_string_printf(verdict->headline, "%s: %s", name, from->headline->str);
    g_string_assign(verdict->remark, from->remark->str);
    verdict_forget_pictures(verdict);
    verdict_take_pictures(verdict, from);
}

/* A pass is better than all else; then what was written and is wrong says more than what is not written, and
 * that more than what could not be judged. */
static int rank_of(const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_NOT_JUDGED)
        return 0;
    return verdict->kind == VERDICT_PASS ? 3 : verdict->basis == BASIS_UNWRITTEN ? 1 : 2;
}

static void remark_on(struct verdict *verdict, const struct verdict *other, const char *name)
{
    if (verdict->kind != VERDICT_PASS || other->kind != VERDICT_FAIL)
        return;
    g_string_append_printf(verdict->remark,
                           "%sOne of these is enough; the other, %s, is not right: ",
                           verdict->remark->len > 0 ? " " : "", name);
    if (other->mistake->len > 0) {
        text_append_plain(verdict->remark, other->mistake->str);
        g_string_append(verdict->remark, ": ");
    }
    text_append_plain(verdict->remark, other->headline->str);
    g_string_append(verdict->remark, ".");
    if (other->look->len == 0)
        return;
    g_string_append(verdict->remark, " Look at ");
    text_append_plain(verdict->remark, other->look->str);
    g_string_append(verdict->remark, g_str_has_suffix(other->look->str, "?") ? "" : ".");
}

/* Judges the runs of one choice, which is number `number`, as if the check had no others. */
static void judge_choice(const struct judgement *judgement, judge_function *judge,
                         const struct judge_choice *choice, int number, struct verdict *verdict)
{
    g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct outcome));
    g_autofree char *prefix = g_strdup_printf("%s-%d", judgement->picture_prefix, number);
    for (int i = 0; i < judgement->outcomes; i++)
        if (choice->is_of(&judgement->outcome[i]))
            g_array_append_val(runs, judgement->outcome[i]);
    struct judgement some = *judgement;
    some.outcome = (const struct outcome *)(void *)runs->data;
    some.outcomes = (int)runs->len;
    some.picture_prefix = prefix;
    if (runs->len > 0)
        judge_runs(&some, judge, verdict);
    else
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there was no run to judge");
}

void judge_either(const struct judgement *judgement, struct verdict *verdict, judge_function *judge,
                  const struct judge_choice *choice, int choices)
{
    g_autofree struct verdict **own = g_new0(struct verdict *, (gsize)choices);
    int best = 0;
    for (int c = 0; c < choices; c++) {
        own[c] = verdict_new();
        judge_choice(judgement, judge, &choice[c], c + 1, own[c]);
        if (rank_of(own[c]) > rank_of(own[best]))
            best = c;
    }
    take_over(verdict, own[best], choice[best].name);
    for (int c = 0; c < choices; c++) {
        if (c != best)
            remark_on(verdict, own[c], choice[c].name);
        verdict_free(own[c]);
    }
}
