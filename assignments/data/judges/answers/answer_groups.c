/*
 * Judge "answer_groups", of the table of Q4.
 *
 * Run:       nothing; answers.md is read. 12 ranks are a grid of 2 (data) × 3 (pipeline) × 2 (tensor), tensor first,
 *            then data, then pipeline; a row is something that rank 5 takes part in, and with whom.
 * Must hold: each row of the question is there, in any order, and names just the ranks that the grid gives.
 * A failure: the first row that is not right; where it fits another dimension, which.
 */
#include "assignments/data/judges/answers/answers.h"
#include "grader/questions/tables.h"

static const char *const columns[] = {"what", "ranks", NULL};

enum { DATA = 2, PIPELINE = 3, TENSOR = 2, RANKS = DATA * PIPELINE * TENSOR, ME = 5 };
enum dimension { ALONG_TENSOR, ALONG_DATA, ALONG_PIPELINE, DIMENSIONS };
static const char *const names[DIMENSIONS] = {"tensor", "data", "pipeline"};

/* Of the pipeline: which stages. */
enum which { ALL, BEFORE, BEHIND, ENDS };

static const struct row {
    const char *name;
    enum dimension along;
    enum which which;
    const char *hint;
} asked[] = {
    {"sum of the output of a split layer", ALONG_TENSOR, ALL,
     "Who has the other slices of the same layer, and works on the same samples?"},
    {"average of the gradients of its weights", ALONG_DATA, ALL,
     "Who has the same slices of the same layers, and other samples?"},
    {"broadcast of its weights at the beginning", ALONG_DATA, ALL,
     "Who has to begin with the same numbers as rank 5?"},
    {"activations come from", ALONG_PIPELINE, BEFORE,
     "Who has the stage before, of the same samples and the same slice?"},
    {"activations go to", ALONG_PIPELINE, BEHIND,
     "Who has the stage behind, of the same samples and the same slice?"},
    {"sum of the gradients of a table that first and last stage share", ALONG_PIPELINE, ENDS,
     "Rank 5 is in the middle. Who has the first and the last stage of its pipeline?"},
};

/* ---- what is right ------------------------------------------------------------------------------------ */

static int place(int rank, enum dimension dimension)
{
    return dimension == ALONG_TENSOR ? rank % TENSOR
           : dimension == ALONG_DATA ? rank / TENSOR % DATA
                                     : rank / TENSOR / DATA;
}

/* Does the rank differ from rank 5 along that dimension only? */
static bool is_beside(int rank, enum dimension along)
{
    for (enum dimension i = 0; i < DIMENSIONS; i++)
        if (i != along && place(rank, i) != place(ME, i))
            return false;
    return true;
}

static bool takes_part(const struct row *row, int rank)
{
    const int stage = place(rank, ALONG_PIPELINE), own = place(ME, ALONG_PIPELINE);
    return is_beside(rank, row->along) &&
           (row->which == ALL || (row->which == BEFORE && stage == own - 1) ||
            (row->which == BEHIND && stage == own + 1) ||
            (row->which == ENDS && (stage == 0 || stage == PIPELINE - 1)));
}

/* ---- reading -------------------------------------------------------------------------------------------- */

/* The ranks in the cell, a bit for each; 0: it names none, or something that is none. */
static unsigned ranks_in(const char *text)
{
    unsigned ranks = 0;
    while (*text) {
        char *end;
        if (g_ascii_isdigit(*text)) {
            const guint64 rank = g_ascii_strtoull(text, &end, 10);
            if (rank >= RANKS)
                return 0;
            ranks |= 1u << rank;
            text = end;
        } else
            text++;
    }
    return ranks;
}

static unsigned expected_of(const struct row *row)
{
    unsigned ranks = 0;
    for (int rank = 0; rank < RANKS; rank++)
        ranks |= takes_part(row, rank) ? 1u << rank : 0;
    return ranks;
}

static void explain(const struct row *row, unsigned found, struct verdict *verdict)
{
    for (enum dimension along = 0; along < DIMENSIONS; along++) {
        const unsigned group = expected_of(&(struct row){.along = along, .which = ALL});
        if (along != row->along && found == group)
            verdict_explain(verdict, "Those are the ranks beside it along %s. ", names[along]);
    }
    if (found != 0 && (found & ~expected_of(row)) == 1u << ME && row->which != ALL)
        verdict_explain(verdict, "Rank 5 itself is not among them. ");
    verdict_explain(verdict, "%s\n", row->hint);
}

/* ---- judging ---------------------------------------------------------------------------------------------- */

static bool row_is_right(const GPtrArray *rows, const struct row *asked_row,
                         struct verdict *verdict)
{
    const int row = question_find_row(rows, asked_row->name);
    if (row < 0) {
        verdict_set(verdict, VERDICT_FAIL, "the table of Q4 lacks the row “%s”", asked_row->name);
        return false;
    }
    const char *text = question_cell(rows, (guint)row, 1);
    const unsigned found = ranks_in(text), expected = expected_of(asked_row);
    /* Among a group rank 5 may be left out: the others say which it is. */
    if (found != 0 && (found | 1u << ME) == (expected | 1u << ME) &&
        (asked_row->which == ALL || found == expected))
        return true;
    verdict_set(verdict, VERDICT_FAIL, "Q4, %s: “%.40s” is not right", asked_row->name, text);
    if (found == 0)
        verdict_explain(verdict, "Write ranks of the world, 0 to %d.\n", RANKS - 1);
    else
        explain(asked_row, found, verdict);
    return false;
}

void data_judge_answer_groups(const struct judgement *judgement, struct verdict *verdict)
{
    GPtrArray *rows = question_table(judgement, "Q4", columns, verdict);
    if (!rows)
        return;
    if (question_is_blank(rows, 1, 2)) {
        question_is_unwritten("Q4", verdict);
        g_ptr_array_unref(rows);
        return;
    }
    bool right = true;
    for (size_t i = 0; i < G_N_ELEMENTS(asked) && right; i++)
        right = row_is_right(rows, &asked[i], verdict);
    if (right)
        verdict_set(verdict, VERDICT_PASS, "all %zu rows are right", G_N_ELEMENTS(asked));
    g_ptr_array_unref(rows);
}
