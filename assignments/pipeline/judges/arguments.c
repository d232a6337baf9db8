/*
 * Judge "arguments".
 *
 * Run:       the probe that asks check_arguments() about many combinations.
 * Must hold: what can't work is refused with a reason, and everything else is accepted.
 * A failure: names a combination that was judged the wrong way, and which rule it is about.
 */
#include "assignments/pipeline/judges/judges.h"
#include "grader/evidence/probe_file.h"
#include "grader/text/text.h"

#define ENTRIES 50 /* the probe tries more */

struct combination {
    int layers, stages, batch_size, micro_batches;
    bool uneven, accepted;
    const char *reason;
};

static bool read_combination(const json_t *entry, struct combination *c)
{
    c->reason = json_string_value(json_object_get(entry, "reason"));
    return c->reason && probe_file_int(entry, "layers", &c->layers) &&
           probe_file_int(entry, "stages", &c->stages) &&
           probe_file_int(entry, "batch_size", &c->batch_size) &&
           probe_file_int(entry, "micro_batches", &c->micro_batches) &&
           probe_file_bool(entry, "uneven", &c->uneven) &&
           probe_file_bool(entry, "accepted", &c->accepted);
}

/* Why a combination has to be refused, or NULL. */
static const char *must_refuse(const struct combination *c)
{
    if (c->layers < 1 || c->stages < 1 || c->batch_size < 1 || c->micro_batches < 1)
        return "a number is not positive";
    if (c->stages > c->layers)
        return "there are more stages than layers";
    if (c->batch_size % c->micro_batches != 0)
        return "the micro-batches do not divide the batch";
    if (!c->uneven && c->layers % c->stages != 0)
        return "the stages do not divide the layers, and --uneven was not given";
    return NULL;
}

static int words_of(const char *text)
{
    int words = 0;
    for (const char *c = text; *c; c++)
        words += g_ascii_isalpha(*c) && (c == text || !g_ascii_isalnum(c[-1]));
    return words;
}

static char *what_is_wrong(const struct combination *c)
{
    const char *refuse = must_refuse(c);
    if (refuse && c->accepted)
        return g_strdup_printf("accepted, although %s", refuse);
    if (!refuse && !c->accepted)
        return g_strdup_printf("refused (“%.120s”), although it can work", c->reason);
    if (refuse && words_of(c->reason) == 0)
        return g_strdup("refused without a reason");
    if (refuse && words_of(c->reason) == 1)
        return g_strdup_printf(
            "the reason is “%.120s”, which says neither why nor what to do%s", c->reason,
            strlen(c->reason) == sizeof(char *) - 1
                ? ": it ends after 7 characters, so was sizeof taken of a pointer "
                  "in place of reason_size?"
                : "");
    return NULL;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    json_t *root = probe_file_read(run, "probe-arguments.json", ENTRIES, verdict), *entry;
    size_t i;
    int wrong = 0;
    json_array_foreach(root, i, entry)
    {
        struct combination c;
        if (!read_combination(entry, &c)) {
            evidence_fail(verdict, "result %zu of probe-arguments.json is not usable", i + 1);
            break;
        }
        g_autofree char *what = what_is_wrong(&c);
        if (!what)
            continue;
        g_autofree char *text = g_strdup_printf(
            "%d layers, %d stages, batch %d, %d micro-batches%s: %s", c.layers, c.stages,
            c.batch_size, c.micro_batches, c.uneven ? ", --uneven" : "", what);
        if (wrong++ == 0)
            evidence_fail(verdict, "%s", text);
        if (wrong <= 8) {
            g_string_append(verdict->explanation, "\n- ");
            text_append_plain(verdict->explanation, text);
        }
    }
    if (wrong > 0)
        verdict_explain(verdict, "\n\n%d of %zu combinations are judged wrongly.\n", wrong,
                        json_array_size(root));
    json_decref(root);
}

void judge_arguments(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "what can work is accepted, what can't is refused with a reason");
}
