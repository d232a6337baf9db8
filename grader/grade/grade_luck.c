/* Looking for luck: which runs to simulate, and what to say. */
#include "grader/grade/grade_luck.h"

#include "grader/diagnosis/diagnose.h"
#include "grader/run/runner_command.h"
#include "grader/text/text.h"
#include "grader/trace/luck.h"

#include <string.h>

#define MOST_STEPS 2

/* One simulation, as a check with one run. */
struct job {
    struct rubric_check check;
    struct check_result result;
    GPtrArray *about; /* of struct check_result *: the checks that had such a run */
    bool taken;
};

struct luck {
    const struct grade *grade;
    GPtrArray *jobs; /* of struct job * */
};

/* ---- which runs ----------------------------------------------------------------------------- */

/* Drops an option and its value; "--name VALUE" or "--name=VALUE". */
static bool is_dropped(char **words, int *i)
{
    static const char *const options[] = {"--snapshots", "--dump-gradients", "--steps"};
    for (guint k = 0; k < G_N_ELEMENTS(options); k++) {
        size_t length = strlen(options[k]);
        if (strncmp(words[*i], options[k], length) != 0)
            continue;
        if (words[*i][length] == '=')
            return true;
        if (words[*i][length] == '\0') {
            *i += words[*i + 1] != NULL;
            return true;
        }
    }
    return false;
}

/* The arguments of a run without what only evidence needs, and with at most two steps; they say
 * which simulations are the same. A new string; NULL if the run is not one to look at. */
static char *arguments_to_look_at(const struct rubric_run *run)
{
    struct options options;
    g_autofree char *missing = NULL;
    char error[OPTIONS_ERROR_SIZE];
    g_auto(GStrv) words = NULL;
    const char *arguments = run->simulated ? NULL : runner_arguments(run, &missing, NULL);
    if (!arguments || run->ranks < 2 || !rubric_parse_arguments(run, arguments, &options, error) ||
        options.probe[0] || options.compare || options.device == DEVICE_META ||
        !g_shell_parse_argv(arguments, NULL, &words, NULL))
        return NULL;
    GString *text = g_string_new(NULL);
    for (int i = 0; words[i]; i++)
        if (!is_dropped(words, &i)) {
            g_autofree char *quoted =
                strpbrk(words[i], " '\"\\$") ? g_shell_quote(words[i]) : g_strdup(words[i]);
            g_string_append_printf(text, "%s ", quoted);
        }
    int steps = options.steps == 0 ? MOST_STEPS : MIN(options.steps, MOST_STEPS);
    g_string_append_printf(text, "--steps %d", steps);
    return g_string_free(text, FALSE);
}

bool grade_luck_is_possible(const struct rubric_check *check)
{
    for (guint i = 0; i < check->runs->len; i++) {
        g_autofree char *arguments = arguments_to_look_at(RUBRIC_RUNS(check, i));
        if (arguments)
            return true;
    }
    return false;
}

/* ---- by replay -------------------------------------------------------------------------------- */

static void remark_on(const struct outcome *outcome, int number, GString *remark)
{
    struct matching *matching = matching_new(outcome->log, outcome->ranks);
    uint64_t bytes = luck_hanging_bytes(outcome->log, outcome->ranks, matching);
    matching_free(matching);
    if (bytes == 0)
        return;
    g_autofree char *size = luck_number(bytes), *meaning = luck_explain(bytes);
    g_string_append_printf(remark,
                           "It works only by luck: run %d hangs as soon as MPI does not copy "
                           "messages of %s bytes or more, but lets their sends wait for the "
                           "receive. %s\n",
                           number, size, meaning);
}

void grade_luck_remark(const struct judgement *judgement, struct verdict *verdict)
{
    for (int i = 0; i < judgement->outcomes && verdict->remark->len == 0; i++) {
        const struct outcome *outcome = &judgement->outcome[i];
        if (!outcome->simulated && outcome->ranks > 1 && outcome->end == RUN_FINISHED &&
            !outcome->options.probe[0])
            remark_on(outcome, i + 1, verdict->remark);
    }
}

bool grade_luck_is_settled(const struct outcome *outcome)
{
    return outcome->end == RUN_FINISHED && outcome->log &&
           !luck_depends_on_timing(outcome->log, outcome->ranks);
}

/* ---- by simulation ------------------------------------------------------------------------------ */

static void judge_simulation(const struct judgement *judgement, struct verdict *verdict)
{
    const struct outcome *outcome = &judgement->outcome[0];
    verdict_set(verdict, VERDICT_PASS, "it does not hang");
    if (outcome->end != RUN_HUNG)
        return; /* other ends are no matter of luck */
    g_autoptr(GString) headline = g_string_new(NULL);
    diagnosis_tell(outcome, headline, NULL);
    verdict_set(verdict, VERDICT_FAIL, "%s", headline->len > 0 ? headline->str : "it hangs");
    g_string_append(verdict->remark,
                    "It works only by luck: simulated with sends that wait for their receive, as "
                    "MPI may do with any message, it hangs: ");
    text_append_plain(verdict->remark, verdict->headline->str);
    g_string_append(verdict->remark, ".\n\n");
    g_autofree char *commands = g_strconcat(outcome->command, "\n", outcome->by_hand, NULL);
    text_append_code_block(verdict->remark, commands);
}

/* Whether a run hangs with synchronous sends. */
static const struct judge simulation_judge = {
    .name = "luck_by_simulation", .accepts_unfinished = true, .judge = judge_simulation};

static void free_job(void *pointer)
{
    struct job *job = pointer;
    g_free(job->check.name);
    g_free(RUBRIC_RUNS(&job->check, 0)->arguments);
    g_array_free(job->check.runs, TRUE);
    g_ptr_array_free(job->check.files, TRUE);
    g_array_free(job->result.runs, TRUE);
    verdict_free(job->result.verdict);
    g_ptr_array_free(job->about, TRUE);
    g_free(job);
}

/* Takes the arguments over. */
static struct job *new_job(guint number, const struct check_result *of, int which, char *arguments,
                           uint64_t seed)
{
    struct job *job = g_new0(struct job, 1);
    const struct rubric_run *like = RUBRIC_RUNS(of->check, which);
    struct rubric_run run = {.assignment = like->assignment,
                             .ranks = like->ranks,
                             .seconds = like->seconds,
                             .arguments = arguments,
                             .simulated = true,
                             .platform = (char *)"free",
                             .synchronous = true,
                             .seed = seed};
    job->check = (struct rubric_check){.name = g_strdup_printf("luck-%u", number),
                                       .title = (char *)"luck",
                                       .judge = &simulation_judge,
                                       .files = g_ptr_array_new(),
                                       .runs = g_array_new(FALSE, TRUE, sizeof run)};
    g_array_append_val(job->check.runs, run);
    job->result = (struct check_result){.check = &job->check,
                                        .repeated_by = of->check->name,
                                        .verdict = verdict_new(),
                                        .runs = grade_runs_new(),
                                        .build = of->build};
    job->about = g_ptr_array_new();
    return job;
}

struct luck *grade_luck_new(const struct grade *grade)
{
    struct luck *luck = g_new0(struct luck, 1);
    luck->grade = grade;
    luck->jobs = g_ptr_array_new_with_free_func(free_job);
    return luck;
}

void grade_luck_free(struct luck *luck)
{
    if (!luck)
        return;
    g_ptr_array_free(luck->jobs, TRUE);
    g_free(luck);
}

static struct job *find_job(const struct luck *luck, int ranks, const char *arguments,
                            const struct build *build)
{
    for (guint i = 0; i < luck->jobs->len; i++) {
        struct job *job = luck->jobs->pdata[i];
        const struct rubric_run *run = RUBRIC_RUNS(&job->check, 0);
        if (run->ranks == ranks && strcmp(run->arguments, arguments) == 0 &&
            job->result.build == build)
            return job;
    }
    return NULL;
}

void grade_luck_add(struct luck *luck, struct check_result *result)
{
    /* what the replay found need not be found again */
    if (result->verdict->kind != VERDICT_PASS || result->verdict->remark->len > 0)
        return;
    for (guint i = 0; i < result->runs->len; i++) {
        const struct rubric_run *run = RUBRIC_RUNS(result->check, i);
        const struct run_summary *ran = &g_array_index(result->runs, struct run_summary, i);
        if (ran->end != RUN_FINISHED) /* what hung already has no luck to lose */
            continue;
        if (ran->luck_is_settled)
            continue;
        char *arguments = arguments_to_look_at(run);
        if (!arguments)
            continue;
        struct job *job = find_job(luck, run->ranks, arguments, result->build);
        if (job) {
            g_free(arguments);
        } else {
            job = new_job(luck->jobs->len + 1, result, (int)i, arguments, ran->seed);
            g_ptr_array_add(luck->jobs, job);
        }
        g_ptr_array_add(job->about, result);
        if (job->result.done) /* it came too late for the others' message */
            g_string_assign(result->verdict->remark, job->result.verdict->remark->str);
    }
}

struct check_result *grade_luck_next(struct luck *luck)
{
    for (guint i = 0; i < luck->jobs->len; i++) {
        struct job *job = luck->jobs->pdata[i];
        struct build *build = grade_build_of(luck->grade, &job->result);
        if (job->taken || !build_simulated_done(build) || !build->simulated_program)
            continue;
        job->taken = true;
        return &job->result;
    }
    return NULL;
}

void grade_luck_give_up(struct luck *luck, struct check_result *result, const char *why)
{
    g_string_printf(result->verdict->remark,
                    "Whether it works only by luck was not looked for by simulation: %s.\n", why);
    grade_luck_take(luck, result);
}

bool grade_luck_take(struct luck *luck, struct check_result *result)
{
    for (guint i = 0; i < luck->jobs->len; i++) {
        struct job *job = luck->jobs->pdata[i];
        if (&job->result != result)
            continue;
        result->done = true;
        for (guint k = 0; k < job->about->len; k++) {
            GString *remark = ((struct check_result *)job->about->pdata[k])->verdict->remark;
            if (remark->len == 0)
                g_string_assign(remark, result->verdict->remark->str);
        }
        return true;
    }
    return false;
}
