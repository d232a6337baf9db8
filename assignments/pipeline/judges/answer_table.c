/*
 * Judge "answer_table", of the table of Q7.
 *
 * Run:       nothing; answers.md is read. The table is an all-forward-all-backward step with 3
 *            ranks and 2 micro-batches, one row per time step.
 * Must hold: it could happen so: per rank all forwards before all backwards (in any order of
 *            micro-batches), the right operations around each, one forward or backward per cell,
 *            and nothing received or used before it was sent or computed.
 * A failure: the first cell that can't be is pointed at.
 */
#include "assignments/pipeline/judges/judges.h"
#include "grader/answers/answers.h"

#include <string.h>

#define RANKS         3
#define MICRO_BATCHES 2
#define MOST_ROWS     64
#define MOST_ENTRIES  12 /* of a cell */
#define NEVER         MOST_ROWS

enum operation { RECEIVE_F, FORWARD, SEND_F, RECEIVE_B, BACKWARD, SEND_B, OPERATIONS };
static const char *const names[OPERATIONS] = {"RECV_FORWARD",  "F", "SEND_FORWARD",
                                              "RECV_BACKWARD", "B", "SEND_BACKWARD"};

struct entry {
    int operation;
    int micro_batch;
};

struct cell {
    int count;
    struct entry entry[MOST_ENTRIES];
};

struct table {
    int rows;
    struct cell cell[MOST_ROWS][RANKS];
    int row_of[RANKS][OPERATIONS][MICRO_BATCHES]; /* the first row that has it, or NEVER */
    bool done[RANKS][OPERATIONS][MICRO_BATCHES];  /* while walking through the table */
};

/* ---- reading ----------------------------------------------------------------------------------- */

/* "RECV_FORWARD 0", "F0", "B 1". */
static bool read_entry(const char *text, struct entry *entry)
{
    g_autofree char *word = g_strstrip(g_ascii_strup(text, -1));
    size_t length = strcspn(word, " 0123456789");
    char *number = g_strstrip(word + length);
    char *end;
    guint64 value = g_ascii_strtoull(number, &end, 10);
    if (!g_ascii_isdigit(number[0]) || *end || value >= MICRO_BATCHES)
        return false;
    entry->micro_batch = (int)value;
    for (int i = 0; i < OPERATIONS; i++)
        if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0) {
            entry->operation = i;
            return true;
        }
    return false;
}

static bool is_idle(const char *text)
{
    return !text[0] || !strcmp(text, "-") || !strcmp(text, "–") || !strcmp(text, "—") ||
           !g_ascii_strcasecmp(text, "idle");
}

/* NULL, or what is wrong with the cell. */
static char *read_cell(const char *text, struct cell *cell)
{
    if (is_idle(text))
        return NULL;
    g_auto(GStrv) words = g_strsplit_set(text, ",;\n", -1);
    for (int i = 0; words[i]; i++) {
        if (!g_strstrip(words[i])[0])
            continue;
        if (cell->count == MOST_ENTRIES)
            return g_strdup("too much for one time step");
        if (!read_entry(words[i], &cell->entry[cell->count++]))
            return g_strdup_printf(
                "“%.40s” is not an operation with a micro-batch (0 or 1), such as "
                "“RECV_FORWARD 0”",
                words[i]);
    }
    return NULL;
}

static void remember_rows(struct table *table)
{
    for (int rank = 0; rank < RANKS; rank++)
        for (int o = 0; o < OPERATIONS; o++)
            for (int i = 0; i < MICRO_BATCHES; i++)
                table->row_of[rank][o][i] = NEVER;
    for (int row = table->rows - 1; row >= 0; row--)
        for (int rank = 0; rank < RANKS; rank++)
            for (int e = 0; e < table->cell[row][rank].count; e++) {
                struct entry entry = table->cell[row][rank].entry[e];
                table->row_of[rank][entry.operation][entry.micro_batch] = row;
            }
}

static bool read_table(const GPtrArray *rows, struct table *table, struct verdict *verdict)
{
    const GPtrArray *header = g_ptr_array_index(rows, 0);
    bool fits = header->len == RANKS + 1 && rows->len - 1 <= MOST_ROWS;
    for (guint rank = 0; fits && rank < RANKS; rank++) {
        g_autofree char *title = g_strdup_printf("rank %u", rank);
        fits = !g_ascii_strcasecmp(g_ptr_array_index(header, rank + 1), title);
    }
    if (!fits) {
        verdict_set(
            verdict, VERDICT_FAIL,
            "the table of Q7 has to have the columns Step, Rank 0, Rank 1, Rank 2 and at most "
            "%d rows",
            MOST_ROWS);
        return false;
    }
    for (guint row = 1; row < rows->len; row++)
        for (guint rank = 0; rank < RANKS; rank++) {
            const GPtrArray *cells = g_ptr_array_index(rows, row);
            g_autofree char *wrong =
                rank + 1 < cells->len
                    ? read_cell(g_ptr_array_index(cells, rank + 1), &table->cell[row - 1][rank])
                    : NULL;
            if (wrong) {
                verdict_set(verdict, VERDICT_FAIL, "Q7, row %u, rank %u: %s", row, rank, wrong);
                return false;
            }
        }
    table->rows = (int)rows->len - 1;
    remember_rows(table);
    return true;
}

/* ---- judging ----------------------------------------------------------------------------------- */

/* Has the rank this operation at all? The ends of the pipeline lack a neighbour. */
static bool is_due(int rank, int operation)
{
    if (operation == RECEIVE_F || operation == SEND_B)
        return rank > 0;
    if (operation == SEND_F || operation == RECEIVE_B)
        return rank < RANKS - 1;
    return true;
}

/* NULL, or why a receive can't happen in this row. */
static const char *wrong_receive(const struct table *table, int row, int rank, int o, int i)
{
    int sent =
        o == RECEIVE_F ? table->row_of[rank - 1][SEND_F][i] : table->row_of[rank + 1][SEND_B][i];
    return sent > row ? "it has not been sent yet" : NULL;
}

/* NULL, or why a forward or backward can't happen in this row. */
static const char *wrong_computation(const struct table *table, int row, int rank, int o, int i)
{
    int receive = o == FORWARD ? RECEIVE_F : RECEIVE_B;
    int neighbour = o == FORWARD ? rank - 1 : rank + 1;
    for (int k = 0; k < MICRO_BATCHES; k++) {
        if (o == FORWARD && table->done[rank][BACKWARD][k])
            return "all forwards come before all backwards";
        if (o == BACKWARD && !table->done[rank][FORWARD][k])
            return "all forwards come before all backwards";
    }
    if (is_due(rank, receive) && !table->done[rank][receive][i])
        return "what it needs has not been received";
    if (neighbour >= 0 && neighbour < RANKS && table->row_of[neighbour][o][i] >= row)
        return "the neighbour that it depends on computes in the same time step or later";
    return NULL;
}

static const char *wrong_entry(const struct table *table, int row, int rank, struct entry entry)
{
    int o = entry.operation, i = entry.micro_batch;
    if (!is_due(rank, o))
        return "this rank has no such message";
    if (table->done[rank][o][i])
        return "it has happened already";
    if (o == RECEIVE_F || o == RECEIVE_B)
        return wrong_receive(table, row, rank, o, i);
    if (o == FORWARD || o == BACKWARD)
        return wrong_computation(table, row, rank, o, i);
    return table->done[rank][o - 1][i] ? NULL : "what is to be sent has not been computed";
}

static bool cell_is_right(struct table *table, int row, int rank, struct verdict *verdict)
{
    const struct cell *cell = &table->cell[row][rank];
    int computations = 0;
    for (int e = 0; e < cell->count; e++) {
        struct entry entry = cell->entry[e];
        computations += entry.operation == FORWARD || entry.operation == BACKWARD;
        const char *wrong = wrong_entry(table, row, rank, entry);
        if (!wrong && computations > 1)
            wrong = "a rank does at most one forward or backward per time step";
        if (wrong) {
            verdict_set(verdict, VERDICT_FAIL, "Q7, row %d, rank %d: %s %d: %s", row + 1, rank,
                        names[entry.operation], entry.micro_batch, wrong);
            return false;
        }
        table->done[rank][entry.operation][entry.micro_batch] = true;
    }
    return true;
}

static bool is_empty(const struct table *table)
{
    for (int rank = 0; rank < RANKS; rank++)
        for (int o = 0; o < OPERATIONS; o++)
            for (int i = 0; i < MICRO_BATCHES; i++)
                if (table->done[rank][o][i])
                    return false;
    return true;
}

static bool nothing_is_missing(const struct table *table, struct verdict *verdict)
{
    if (is_empty(table)) {
        verdict_set(verdict, VERDICT_FAIL, "Q7: nothing is in the table yet");
        verdict->basis = BASIS_UNWRITTEN;
        return false;
    }
    for (int rank = 0; rank < RANKS; rank++)
        for (int i = 0; i < MICRO_BATCHES; i++)
            for (int o = 0; o < OPERATIONS; o++)
                if (is_due(rank, o) && !table->done[rank][o][i]) {
                    verdict_set(verdict, VERDICT_FAIL, "Q7: the column of rank %d lacks %s %d",
                                rank, names[o], i);
                    return false;
                }
    return true;
}

static bool table_is_right(struct table *table, struct verdict *verdict)
{
    for (int row = 0; row < table->rows; row++)
        for (int rank = 0; rank < RANKS; rank++)
            if (!cell_is_right(table, row, rank, verdict))
                return false;
    return nothing_is_missing(table, verdict);
}

void judge_answer_table(const struct judgement *judgement, struct verdict *verdict)
{
    GString *error = g_string_new("there is no answers.md");
    struct answers *answers = judgement->submission
                                  ? answers_read(judgement->submission, judgement->questions, error)
                                  : NULL;
    GPtrArray *rows = answers ? answers_table(answers, "Q7") : NULL;
    struct table *table = g_new0(struct table, 1);
    if (!rows)
        verdict_set(verdict, VERDICT_FAIL, "%s",
                    answers ? "answers.md has no table below Q7" : error->str);
    else if (read_table(rows, table, verdict) && table_is_right(table, verdict))
        verdict_set(verdict, VERDICT_PASS, "the table is an all-forward-all-backward step");
    g_free(table);
    if (rows)
        g_ptr_array_unref(rows);
    answers_free(answers);
    g_string_free(error, TRUE);
}
