/*
 * Judges of the answers that have one right form: "answer_shape" (Q3) and "answer_data" (Q6). The
 * table of Q7 has a file of its own, ../answer_table.c.
 *
 * Run:       nothing; answers.md is read.
 * Must hold: the shape is that of the tensors between stages; the ranks are those that open the
 *            data.
 * A failure: the answer is another one, is missing, or can't be read as one.
 */
#include "assignments/pipeline/judges/answers/answers.h"
#include "grader/answers/answers.h"

#include <string.h>

/* Q3 asks about --model mlp:depth=4,width=64 --batch 32 --micro-batches 8 on 4 ranks. */
static const int shape_numbers[] = {4, 64};
/* Q6 asks about 4 ranks. */
static const int input_ranks[] = {0};
static const int label_ranks[] = {3};

/* Are the whole numbers in the text exactly these, in this order? ("float32" is no number.) */
static bool numbers_are(const char *text, const int *expected, int count)
{
    int found = 0;
    while (*text) {
        if (g_ascii_strncasecmp(text, "float", strlen("float")) == 0) {
            text += strlen("float");
            text += strspn(text, "0123456789");
            continue;
        }
        if (!g_ascii_isdigit(*text)) {
            text++;
            continue;
        }
        char *end;
        guint64 number = g_ascii_strtoull(text, &end, 10);
        if (found >= count || number != (guint64)expected[found])
            return false;
        found++;
        text = end;
    }
    return found == count;
}

/* Stands behind the label only what the template has there, if anything? */
static bool is_empty(const char *line)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    return *text == '\0' || g_ascii_strcasecmp(text, "rank") == 0;
}

/* Is the line "LABEL numbers" of a question there and right? */
static bool line_is_right(const struct answers *answers, const char *question, const char *label,
                          const int *expected, int count, const char *hint, struct verdict *verdict)
{
    g_autofree char *line = answers_line(answers, question, label);
    if (!line)
        verdict_set(verdict, VERDICT_FAIL, "%s in answers.md has no line that begins with “%s”",
                    question, label);
    else if (is_empty(line))
        verdict_set(verdict, VERDICT_FAIL, "%s in answers.md: nothing stands behind “%s” yet",
                    question, label);
    else if (!numbers_are(line, expected, count))
        verdict_set(verdict, VERDICT_FAIL, "%s: “%s %.60s” is not right", question, label, line);
    else
        return true;
    if (line && is_empty(line))
        verdict->basis = BASIS_UNWRITTEN;
    verdict_explain(verdict, "%s\n", hint);
    return false;
}

static struct answers *read_answers(const struct judgement *judgement, struct verdict *verdict)
{
    GString *error = g_string_new(NULL);
    struct answers *answers = judgement->submission
                                  ? answers_read(judgement->submission, judgement->questions, error)
                                  : NULL;
    if (!answers)
        verdict_set(verdict, VERDICT_FAIL, "%s",
                    error->len ? error->str : "there is no answers.md");
    g_string_free(error, TRUE);
    return answers;
}

void judge_answer_shape(const struct judgement *judgement, struct verdict *verdict)
{
    struct answers *answers = read_answers(judgement, verdict);
    if (answers &&
        line_is_right(answers, "Q3", "Answer:", shape_numbers, G_N_ELEMENTS(shape_numbers),
                      "What travels is the output of a stage's last layer, for the samples "
                      "of one micro-batch: (samples, outputs of the layer).",
                      verdict))
        verdict_set(verdict, VERDICT_PASS, "the shape is right");
    answers_free(answers);
}

void judge_answer_data(const struct judgement *judgement, struct verdict *verdict)
{
    struct answers *answers = read_answers(judgement, verdict);
    if (answers &&
        line_is_right(answers, "Q6", "Inputs:", input_ranks, G_N_ELEMENTS(input_ranks),
                      "Which stage takes images in? Write the number of its rank.", verdict) &&
        line_is_right(answers, "Q6", "Labels:", label_ranks, G_N_ELEMENTS(label_ranks),
                      "Which stage compares outputs with labels? Write the number of its rank.",
                      verdict))
        verdict_set(verdict, VERDICT_PASS, "the ranks are right");
    answers_free(answers);
}
