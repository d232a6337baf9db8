/* Before a check runs: files that it lacks, checks that come first, answers for a person. */
#include "grader/grade/grade_prepare.h"

#include "grader/answers/answers.h"
#include "grader/text/text.h"

#include <string.h>

/* Why a file can't be used: a headline, and what it rests on. */
struct lack {
    char *headline;
    const char *look;    /* what to look at next; NULL: the headline says it */
    char *about;         /* what `details` are, Markdown; NULL: there are none */
    const char *details; /* of the builder, as it is */
};

static void lack_clear(struct lack *lack)
{
    g_free(lack->headline);
    g_free(lack->about);
}

static struct lack lack_of_refused(const char *name, const char *refused)
{
    return (struct lack){
        .headline = g_strndup(refused, strcspn(refused, "\n")),
        .about = g_strdup_printf("Left out of the program, because `%s` may not do this:", name),
        .details = refused};
}

/* A file that is missing, was refused, does not compile, or calls what it may not. False: it can be
 * used. */
static bool find_lack(const struct built_file *file, bool simulated, struct lack *lack)
{
    const char *name = file->collected->file->name;
    *lack = (struct lack){0};
    const bool is_own = file->culprit == CULPRIT_NOBODY || file->culprit == CULPRIT_SUBMISSION;
    if (file->replaced || !is_own)
        return false;
    if (file->collected->trouble)
        lack->headline = g_strdup(file->collected->trouble);
    else if (!file->compiles)
        *lack = (struct lack){
            .headline =
                g_strdup_printf("%s does not %s%s%s", name,
                                file->links ? "compile" : "link with the rest of the program",
                                file->fault ? ": " : "", file->fault ? file->fault : ""),
            .look = file->links   ? "the compiler's first message: what it says of later lines may "
                                    "follow from that"
                    : file->fault ? file->fault_look
                                  : "the name that the linker does not find",
            .about = g_strdup_printf("The %s on `%s`:", file->links ? "compiler" : "linker", name),
            .details = file->messages ? file->messages : ""};
    else if (file->refused)
        *lack = lack_of_refused(name, file->refused);
    else if (simulated && file->refused_simulated)
        *lack = lack_of_refused(name, file->refused_simulated);
    return lack->headline;
}

/* A file of an assignment that is used: the course's may stand in for it, and the build did not get that far. What
 * the check needs of that assignment was looked at already (needs.h). */
static bool is_left_open(const struct grade *grade, const struct check_result *result,
                         const struct built_file *file)
{
    const struct build *build = grade_build_of(grade, result);
    const char *assignment = file->collected->assignment;
    return strcmp(assignment, grade->rubric->assignment) != 0 &&
           ((build->trouble && build->culprit != CULPRIT_SUBMISSION) ||
            rubric_check_needs_checks_of(result->check, assignment));
}

/* A file that the check needs can't be used. */
static bool lacks_file(const struct grade *grade, const struct check_result *result,
                       struct verdict *verdict)
{
    const struct rubric_check *check = result->check;
    bool lacks = false;
    for (guint i = 0; i < check->files->len; i++) {
        const struct built_file *file =
            build_find(grade_build_of(grade, result), check->files->pdata[i]);
        struct lack lack;
        if (file && is_left_open(grade, result, file))
            continue;
        if (!file || !find_lack(file, rubric_check_is_simulated(check), &lack))
            continue;
        if (!lacks) {
            verdict_set(verdict, VERDICT_FAIL, "%s", lack.headline);
            verdict_look(verdict, "%s", lack.look ? lack.look : "");
        }
        if (lack.about) {
            verdict_explain(verdict, "%s\n\n", lack.about);
            text_append_code_block(verdict->explanation, lack.details);
        } else {
            text_append_plain(verdict->explanation, lack.headline);
            g_string_append(verdict->explanation, ".\n\n");
        }
        lack_clear(&lack);
        lacks = true;
    }
    return lacks;
}

static struct check_result *find_result(const struct grade *grade, const char *name)
{
    for (guint i = 0; i < grade->results->len; i++)
        if (strcmp(GRADE_RESULTS(grade, i)->check->name, name) == 0)
            return GRADE_RESULTS(grade, i);
    return NULL;
}

/* What should have passed first did not. */
static enum readiness look_before(const struct grade *grade, struct check_result *result)
{
    for (guint i = 0; i < result->check->after->len; i++) {
        const struct check_result *before = find_result(grade, result->check->after->pdata[i]);
        if (!before->done)
            return MUST_WAIT;
        if (before->verdict->kind == VERDICT_PASS)
            continue;
        bool failed = before->verdict->kind == VERDICT_FAIL;
        verdict_set(result->verdict, failed ? VERDICT_FAIL : VERDICT_NOT_JUDGED, "needs %s first",
                    before->check->name);
        result->verdict->culprit = before->verdict->culprit;
        result->needs = before;
        verdict_explain(result->verdict, "It was not run, because `%s` %s.\n", before->check->name,
                        failed ? "did not pass" : "could not be judged");
        return NEED_NOT_RUN;
    }
    return CAN_RUN;
}

/* An answer waits for a person; one that was never written does not. */
static void set_aside_for_a_person(const struct grade *grade, const struct rubric_check *check,
                                   struct verdict *verdict)
{
    g_autofree char *template =
        g_build_filename(grade->runner->kit, "skeleton", grade->rubric->assignment, NULL);
    g_autoptr(GString) what = g_string_new(NULL);
    g_autoptr(GPtrArray) questions = rubric_questions(grade->rubric);
    const enum answers_state state =
        answers_written(grade->collection->folder, template, check->heading, questions, what);
    const bool written = state == ANSWERS_WRITTEN;
    verdict_set(verdict, written ? VERDICT_NOT_JUDGED : VERDICT_FAIL, "%s", what->str);
    verdict->culprit = written ? CULPRIT_NOBODY : CULPRIT_SUBMISSION;
    verdict->basis = state == ANSWERS_EMPTY ? BASIS_UNWRITTEN : BASIS_SEEN;
}

/* There is no program at all. */
static void tell_trouble(const struct build *build, struct verdict *verdict)
{
    if (build->culprit == CULPRIT_SUBMISSION) {
        verdict_set(verdict, VERDICT_FAIL, "the program could not be linked");
    } else {
        g_autofree char *line = g_strndup(build->trouble, strcspn(build->trouble, "\n"));
        verdict_not_judged(verdict, build->culprit, "the program could not be built: %s", line);
        verdict_explain(verdict, "%s\n\n", culprit_sentence(build->culprit));
    }
    text_append_code_block(verdict->explanation, build->trouble);
}

/* Found by the control at the beginning, and told by a note. */
static bool lacks_data(const struct grade *grade, const struct rubric_check *check,
                       struct verdict *verdict)
{
    for (guint i = 0; i < check->runs->len; i++) {
        const char *trouble = runner_data_trouble(grade->runner->data, RUBRIC_RUNS(check, i));
        if (!trouble)
            continue;
        verdict_not_judged(verdict, CULPRIT_MACHINE, "DATA: %s", trouble);
        verdict_explain(verdict, "This is not the submission's fault: it was not run, because "
                                 "the data set that it trains on can't be used.\n");
        return true;
    }
    return false;
}

enum readiness grade_prepare(const struct grade *grade, struct check_result *result)
{
    struct verdict *verdict = result->verdict;
    /* Asked once: what the second build says of a file is there before the files are looked at, or waited for. */
    struct build *build = grade_build_of(grade, result);
    const bool is_built =
        !rubric_check_is_simulated(result->check) ||
        (build_simulated_done(build) && (build->simulated_program || build->simulated_trouble));
    result->lacks_file = lacks_file(grade, result, verdict);
    if (result->lacks_file)
        return NEED_NOT_RUN;
    if (!result->check->judge) {
        set_aside_for_a_person(grade, result->check, verdict);
        return NEED_NOT_RUN;
    }
    if (result->settled) {
        verdict_take_over(verdict, result->settled);
        return NEED_NOT_RUN;
    }
    if (build->trouble && result->check->runs->len > 0) {
        tell_trouble(build, verdict);
        return NEED_NOT_RUN;
    }
    enum readiness ready = grade->partial ? CAN_RUN : look_before(grade, result);
    if (ready == CAN_RUN && lacks_data(grade, result->check, verdict))
        return NEED_NOT_RUN;
    return ready == CAN_RUN && !is_built ? MUST_WAIT : ready;
}
