/* The runs of a check, judged one by one and put together: evidence_each_run() of evidence.h. */
#include "grader/evidence/evidence.h"

#include "grader/evidence/collectives_in_flight.h"
#include "grader/evidence/messages.h"
#include "grader/text/text.h"

void evidence_all_waited_for(const struct outcome *run, struct verdict *verdict)
{
    if (!run->log)
        return;
    struct matching *matching = matching_new(run->log, run->ranks);
    if (messages_waited_for(run, matching, verdict))
        evidence_collectives_waited_for(run, verdict);
    matching_free(matching);
}

/* The first verdict that is not a pass stands; a failure stands above "not judged". */
static void put_together(struct verdict *verdict, struct verdict *run, const char *command)
{
    bool worse = run->kind != VERDICT_PASS &&
                 (verdict->kind == VERDICT_PASS ||
                  (verdict->kind == VERDICT_NOT_JUDGED && run->kind == VERDICT_FAIL));
    if (worse) {
        verdict_take_over(verdict, run);
        verdict_forget_pictures(verdict);
        verdict_take_pictures(verdict, run);
        if (command)
            verdict_explain(verdict, "\n\nTo see this again:\n\n    %s\n", command);
    } else if (verdict->kind == VERDICT_PASS) {
        if (verdict->remark->len == 0)
            g_string_assign(verdict->remark, run->remark->str);
        g_string_append(verdict->explanation, run->explanation->str);
        verdict_take_pictures(verdict, run);
    }
}

/* "3 ranks, vit:depth=2, 2 micro-batches"; of a probe nothing. */
static void append_run(GString *text, const struct outcome *run)
{
    if (run->options.probe[0])
        return;
    const int m = options_micro_batches(&run->options);
    g_string_append_printf(text, "%d rank%s, %s, %d micro-batch%s", run->ranks,
                           run->ranks == 1 ? "" : "s", run->options.model, m, m == 1 ? "" : "es");
}

/* One line on a run that failed, too, with what tells it from the others. */
static void append_further(GString *further, const struct outcome *run, const struct verdict *own)
{
    g_string_append(further, "- ");
    text_append_plain(further, own->headline->str);
    g_autoptr(GString) which = g_string_new(NULL);
    append_run(which, run);
    if (which->len > 0)
        g_string_append_printf(further, " (%s)", which->str);
    g_string_append_c(further, '\n');
}

/* Figures of several runs stand one behind the other. */
static void say_whose_figures(const struct outcome *run, struct verdict *own)
{
    g_autoptr(GString) which = g_string_new("\n");
    append_run(which, run);
    if (own->explanation->len == 0 || which->len == 1)
        return;
    g_string_append(which, ":\n\n");
    g_string_prepend(own->explanation, which->str);
}

void evidence_each_run(const struct judgement *judgement, struct verdict *verdict,
                       judge_run_function *judge, const char *passed)
{
    GString *further = g_string_new(NULL);
    int failed = 0;
    verdict_set(verdict, VERDICT_PASS, "%s", passed);
    for (int i = 0; i < judgement->outcomes; i++) {
        const struct outcome *run = &judgement->outcome[i];
        struct verdict *own = verdict_new();
        verdict_set(own, VERDICT_PASS, "%s", passed);
        judge(judgement, run, own);
        if (judgement->waits && own->kind == VERDICT_PASS)
            evidence_all_waited_for(run, own);
        failed += own->kind == VERDICT_FAIL;
        if (own->kind != VERDICT_PASS && verdict->kind == VERDICT_FAIL)
            append_further(further, run, own);
        if (own->kind == VERDICT_PASS && judgement->outcomes > 1)
            say_whose_figures(run, own);
        put_together(verdict, own, run->command);
        verdict_free(own);
    }
    if (judgement->outcomes == 0)
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there was no run to judge");
    if (failed > 1)
        verdict_explain(verdict, "\n%d of %d runs failed. The others:\n\n%s", failed,
                        judgement->outcomes, further->str);
    g_string_free(further, TRUE);
}
