/* The worker: the side that runs and judges. worker_pipe.c is the grader's side. */
#include "grader/grade/worker.h"
#include "grader/grade/unfinished.h"

#include "common/base/unreadable.h"
#include "grader/evidence/evidence.h"
#include "grader/grade/data_instead.h"
#include "grader/grade/grade_luck.h"
#include "grader/grade/large_tags.h"
#include "grader/grade/worker_work.h"
#include "grader/rubric/rubric_cases.h"
#include "grader/run/runner_command.h"
#include "grader/text/text.h"
#include "grader/trace/source_line.h"
#include "grader/truth/calm.h"

#include <omp.h>
#include <string.h>

#define OUTPUT_SHOWN 4000

/* ---- messages --------------------------------------------------------------------- */

static json_t *clean_string(const char *text, gsize most)
{
    g_autofree char *clean = text_clean(text ? text : "", text ? strlen(text) : 0, most);
    return json_string(clean);
}

static void send_message(FILE *to, json_t *message)
{
    if (message && json_dumpf(message, to, JSON_COMPACT) == 0)
        putc('\n', to);
    fflush(to);
    json_decref(message);
}

static void send_run(FILE *to, const struct outcome *outcome, uint64_t seed)
{
    json_t *run = json_object();
    json_object_set_new(run, "ranks", json_integer(outcome->ranks));
    json_object_set_new(run, "end", json_integer(outcome->end));
    json_object_set_new(run, "seconds", json_real(outcome->seconds));
    json_object_set_new(run, "seed", json_integer((json_int_t)seed));
    json_object_set_new(run, "command", clean_string(outcome->command, 4000));
    if (outcome->trouble)
        json_object_set_new(run, "trouble", clean_string(outcome->trouble, 1000));
    json_object_set_new(run, "output", clean_string(outcome->output, OUTPUT_SHOWN));
    json_object_set_new(run, "luck is settled", json_boolean(grade_luck_is_settled(outcome)));
    send_message(to, json_pack("{s:o}", "ran", run));
}

static void send_verdict(FILE *to, const struct verdict *verdict)
{
    json_t *pictures = json_array();
    for (guint i = 0; i < verdict->pictures->len; i++) {
        const char *words = verdict_picture_words(verdict, i);
        json_array_append_new(pictures,
                              json_pack("[o,o]", clean_string(verdict->pictures->pdata[i], 1000),
                                        clean_string(words ? words : "", 2000)));
    }
    send_message(to, json_pack("{s:{s:i,s:i,s:i,s:b,s:o,s:o,s:o,s:o,s:o,s:o}}", "verdict", "kind",
                               (int)verdict->kind, "culprit", (int)verdict->culprit, "basis",
                               (int)verdict->basis, "spoils", verdict->spoils, "headline",
                               clean_string(verdict->headline->str, 1000), "explanation",
                               clean_string(verdict->explanation->str, 64 << 10), "mistake",
                               clean_string(verdict->mistake->str, 300), "look",
                               clean_string(verdict->look->str, 1000), "remark",
                               clean_string(verdict->remark->str, 4000), "pictures", pictures));
}

static void send_large_tag(FILE *to, const struct outcome *outcomes, int count)
{
    g_autofree char *call = NULL;
    const int tag = large_tags_find(outcomes, count, &call);
    if (tag > 0)
        send_message(to, json_pack("{s:{s:i,s:o}}", "large tag", "tag", tag, "call",
                                   clean_string(call, 300)));
}

/* ---- runs ------------------------------------------------------------------------- */

/* The seed of a run: for a calm check the first from there on without an activation that
 * rounding could tip over. */
static uint64_t choose_seed(const struct grade *grade, const struct rubric_check *check, int run)
{
    uint64_t seed = RUBRIC_RUNS(check, run)->seed;
    if (seed != 0)
        return seed;
    seed = seeds_draw(grade->seeds, check->name, run);
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    g_autofree char *missing = NULL;
    const struct rubric_run *own = RUBRIC_RUNS(check, run);
    const char *arguments = check->calm ? runner_arguments(own, &missing, NULL) : NULL;
    if (!arguments || !rubric_parse_arguments(own, arguments, &options, error))
        return seed;
    options.seed = seed;
    reference_find_calm_seed(&options);
    return options.seed;
}

/* Is there one in that file of the submission? A program can print what it likes. */
static bool has_todo(const struct grade *grade, const char *path)
{
    g_autofree char *own = g_strconcat(grade->rubric->assignment, "/", NULL);
    const char *name = g_str_has_prefix(path, own) ? path + strlen(own) : path;
    const struct collected_file *file = collection_find(grade->collection, name);
    return file && file->todo_line > 0;
}

/* A judge that accepts unfinished runs can still decide when the TODO stands in a file that its
 * check does not need: the data is opened before the first training step. */
static bool todo_decides(const struct grade *grade, const struct rubric_check *check,
                         const char *where)
{
    g_autofree char *path = g_strndup(where, strcspn(where, ":"));
    return has_todo(grade, path) &&
           (!check->judge->accepts_unfinished || rubric_check_needs(grade->rubric, check, path));
}

/* Runs that end the matter before any judge looks. */
static bool decided_by_run(const struct grade *grade, const struct rubric_check *check,
                           const struct outcome *outcome, struct verdict *verdict)
{
    g_autofree char *where = NULL, *what = NULL;
    if (outcome->end == RUN_NOT_STARTED) {
        const char *trouble = outcome->trouble ? outcome->trouble : "reason unknown";
        g_autofree char *line = g_strndup(trouble, strcspn(trouble, "\n"));
        verdict_not_judged(verdict, outcome->culprit, "%s%s",
                           outcome->simulated ? "" : "the program could not be run: ", line);
        verdict_explain(verdict, "%s\n", culprit_sentence(outcome->culprit));
        if (strchr(trouble, '\n'))
            text_append_code_block(verdict->explanation, trouble);
        return true;
    }
    if (grade_find_todo(outcome, &where, &what) && todo_decides(grade, check, where)) {
        grade_tell_todo(where, what, verdict);
        return true;
    }
    return false;
}

/* Nothing passes on garbage; and where something failed, that it was garbage is the cause, unless the
 * judge knows a better one: by name, or because it saw what makes results wrong. */
static void require_work(const struct judgement *judgement, struct verdict *verdict)
{
    bool asked =
        judgement->outcomes > 0 &&
        (verdict->kind == VERDICT_PASS ||
         (verdict->kind == VERDICT_FAIL && verdict->mistake->len == 0 && !verdict->spoils));
    for (int i = 0; i < judgement->outcomes; i++)
        asked = asked && judgement->outcome[i].end == RUN_FINISHED;
    if (!asked)
        return;
    struct judgement work_only = *judgement;
    work_only.waits = false;
    struct verdict *work = verdict_new();
    grade_judge_work(&work_only, work);
    if (work->kind == VERDICT_FAIL) {
        if (verdict->kind == VERDICT_FAIL) {
            verdict_explain(work, "\nWhat the check itself found follows from that: ");
            text_append_plain(work->explanation, verdict->headline->str);
            verdict_explain(work, "\n");
        }
        verdict_take_over(verdict, work);
        verdict->spoils = true;
    }
    verdict_free(work);
}

static void judge_runs(const struct grade *grade, const struct rubric_check *check,
                       struct outcome *outcomes, int count, struct verdict *verdict)
{
    g_autoptr(GPtrArray) questions = rubric_questions(grade->rubric);
    struct judgement judgement = {
        .outcome = outcomes,
        .outcomes = count,
        .waits = check->waits,
        .submission = grade->collection->folder,
        .questions = questions,
        .picture_folder = grade->pictures,
        .picture_prefix = check->name,
    };
    if (check->judge->accepts_unfinished || grade_all_finished(&judgement, verdict)) {
        check->judge->judge(&judgement, verdict);
        if (verdict->kind == VERDICT_FAIL && check->judge->of_numbers)
            verdict->basis = verdict->mistake->len > 0 ? BASIS_FITS : BASIS_SYMPTOM;
    }
    /* A judge of its own kind may not have looked at each run by itself. */
    for (int run = 0; run < count && check->waits && verdict->kind == VERDICT_PASS; run++)
        evidence_all_waited_for(&outcomes[run], verdict);
    if (!check->judge
             ->accepts_unfinished) /* else it is about something that comes before the steps */
        require_work(&judgement, verdict);
    if (verdict->headline->len == 0)
        verdict_set(verdict, verdict->kind, "the judge %s gave no reason", check->judge->name);
    if (check->curve)
        worker_draw_curves(&judgement, check, grade->runner->kit, verdict);
    if (verdict->kind == VERDICT_PASS)
        grade_luck_remark(&judgement, verdict);
}

/* Beside what was seen stands on which data, where that is not what the check is meant for. */
static void name_data(const struct rubric_check *check, struct verdict *verdict)
{
    const char *meant, *used;
    if (verdict->kind != VERDICT_NOT_JUDGED && data_instead_of_check(check, &meant, &used))
        g_string_append_printf(verdict->headline, " (with %s: %s is not here)", used, meant);
}

/* What the judge did not find it could not read. */
static void blame_machine(struct verdict *verdict)
{
    verdict_not_judged(verdict, CULPRIT_MACHINE, "%s", unreadable_first());
    g_string_assign(verdict->mistake, "");
    g_string_assign(verdict->look, "");
    g_string_truncate(verdict->explanation, 0);
    verdict_explain(verdict, "%s\n", culprit_sentence(CULPRIT_MACHINE));
}

/* The case of a check's sizes, for commands; NULL: the kit's own. */
static char *case_to_repeat(const struct grade *grade, const char *name)
{
    const struct rubric_check *check = rubric_find(grade->rubric, name);
    return check ? rubric_case(check) : NULL;
}

void worker_work(const struct grade *grade, const struct check_result *result, int slot, FILE *to)
{
    const struct rubric_check *check = result->check;
    omp_set_num_threads(1);
    source_line_name_folders(grade->rubric->uses);
    struct verdict *verdict = verdict_new();
    int runs = (int)check->runs->len;
    struct outcome *outcomes = g_new0(struct outcome, MAX(runs, 1));
    struct runner runner = *grade->runner;
    runner.build = grade_build_of(grade, result);
    runner.check = result->repeated_by ? result->repeated_by : check->name;
    g_autofree char *which = case_to_repeat(grade, runner.check);
    runner.which = which;
    runner.hasty = grade->hasty;
    bool decided = false, ended_badly = false;
    int done = 0;
    for (int run = 0; run < runs && !decided && !ended_badly; run++, done++) {
        send_message(to, json_pack("{s:i}", "run", run + 1));
        uint64_t seed = choose_seed(grade, check, run);
        runner_run(&runner, RUBRIC_RUNS(check, run), check->name, run + 1, seed, slot,
                   &outcomes[run]);
        runner.hasty |= grade_run_hung(outcomes[run].end);
        send_run(to, &outcomes[run], seed);
        decided = decided_by_run(grade, check, &outcomes[run], verdict);
        /* one run that hung or crashed tells enough, and may have taken long */
        ended_badly = !check->judge->accepts_unfinished && outcomes[run].end != RUN_FINISHED &&
                      outcomes[run].end != RUN_REFUSED;
    }
    send_message(to, json_pack("{s:b}", "judging", true));
    unreadable_forget();
    if (!decided) {
        judge_runs(grade, check, outcomes, done, verdict);
        name_data(check, verdict);
    }
    if (verdict->kind != VERDICT_PASS && unreadable_first())
        blame_machine(verdict);
    send_large_tag(to, outcomes, done);
    send_verdict(to, verdict);
}
