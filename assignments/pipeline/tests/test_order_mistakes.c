/*
 * Known mistakes of orders against each other: each name is said of the orders
 * that are made by its mistake, and of thousands of random wrong orders only of
 * those that have it by a second definition, written here as a schedule of its own
 * or by counting in text. A right order that was cut off anywhere has no name.
 */
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/placement.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_ORDERS 12000

/* ---- orders as text ------------------------------------------------------------------------------- */

/* The orders of all ranks, "F0.0 F1.0 B0.0 step …" (micro-batch.stage). */
typedef GPtrArray lines;

static struct schedule *schedule_of(const lines *text)
{
    static const char letters[] = "FBIW";
    struct schedule *schedule = schedule_new((int)text->len);
    for (guint r = 0; r < text->len; r++) {
        g_auto(GStrv) word = g_strsplit(text->pdata[r], " ", -1);
        for (int i = 0; word[i] && word[i][0]; i++) {
            struct schedule_operation operation = {LOG_OPTIMIZER_STEP, (int)r, -1, 1};
            if (word[i][0] != 's') {
                ck_assert_int_eq(
                    sscanf(word[i] + 1, "%d.%d", &operation.micro_batch, &operation.stage), 2);
                operation.operation =
                    (enum log_operation)(LOG_FORWARD + (strchr(letters, word[i][0]) - letters));
            }
            schedule_add(schedule, (int)r, operation);
        }
    }
    return schedule;
}

static lines *lines_of(struct schedule *schedule, bool steps)
{
    lines *text = g_ptr_array_new_with_free_func(g_free);
    for (int r = 0; r < schedule->ranks; r++) {
        g_autofree char *line = schedule_text(schedule, r, true, 1 << 20);
        g_ptr_array_add(text, g_strconcat(line, steps ? " step" : "", NULL));
    }
    schedule_free(schedule);
    return text;
}

static lines *right_lines(const struct schedule_kind *kind, struct schedule_shape shape)
{
    return lines_of(
        schedule_equal(kind->make, shape.ranks, shape.chunks, shape.micro_batches, 1, 1, 1),
        kind->facts->halves);
}

/* ---- every mistake as a schedule of its own ------------------------------------------------------------ */

/* A rank's order of 1F1B and its kin, in parts that can be wrong. */
struct recipe {
    struct schedule_shape shape;
    bool halves;
    int warm_up; /* forwards ahead of the steady phase */
    int held_back;
    void (*forward_turn)(struct schedule_shape shape, int k, int *chunk, int *micro_batch);
    void (*backward_turn)(struct schedule_shape shape, int k, int *chunk, int *micro_batch);
    bool cool_down, last_weights, step_before_last_weights;
};

static void right_turn(struct schedule_shape shape, int k, int *chunk, int *micro_batch)
{
    *chunk = k % (shape.ranks * shape.chunks) / shape.ranks;
    *micro_batch = k / (shape.ranks * shape.chunks) * shape.ranks + k % shape.ranks;
    if (shape.chunks == 1)
        *chunk = 0, *micro_batch = k;
}

static void right_turn_back(struct schedule_shape shape, int k, int *chunk, int *micro_batch)
{
    right_turn(shape, k, chunk, micro_batch);
    *chunk = shape.chunks - 1 - *chunk;
}

static void chunk_changes_first(struct schedule_shape shape, int k, int *chunk, int *micro_batch)
{
    *chunk = k % shape.chunks, *micro_batch = k / shape.chunks;
}

static void whole_batch_first(struct schedule_shape shape, int k, int *chunk, int *micro_batch)
{
    *chunk = k / shape.micro_batches, *micro_batch = k % shape.micro_batches;
}

static void group_reversed(struct schedule_shape shape, int k, int *chunk, int *micro_batch)
{
    right_turn_back(shape, k, chunk, micro_batch);
    *micro_batch += shape.ranks - 1 - 2 * (k % shape.ranks);
}

static char *cook(const struct recipe *r, int rank)
{
    GString *text = g_string_new(NULL);
    int all = r->shape.micro_batches * r->shape.chunks, m = r->shape.micro_batches, chunk, i;
    int warm_up = MIN(r->warm_up, all), back = r->cool_down ? all : all - warm_up;
    for (int k = 0; k < warm_up + MAX(back, all - warm_up); k++) {
        if (k < all) {
            r->forward_turn(r->shape, k, &chunk, &i);
            g_string_append_printf(text, "F%d.%d ", i, chunk * r->shape.ranks + rank);
        }
        int b = k - warm_up;
        if (b < 0 || b >= back)
            continue;
        r->backward_turn(r->shape, b, &chunk, &i);
        g_string_append_printf(text, "%c%d.%d ", r->halves ? 'I' : 'B', i,
                               chunk * r->shape.ranks + rank);
        if (r->halves && b >= r->held_back)
            g_string_append_printf(text, "W%d.%d ", b - r->held_back, rank);
    }
    if (r->halves && r->step_before_last_weights)
        g_string_append(text, "step ");
    for (int w = MAX(0, m - r->held_back); w < m && r->halves && r->last_weights; w++)
        g_string_append_printf(text, "W%d.%d ", w, rank);
    if (r->halves && !r->step_before_last_weights)
        g_string_append(text, "step ");
    g_string_truncate(text, text->len ? text->len - 1 : 0);
    return g_string_free(text, FALSE);
}

static int right_warm_up(enum schedule_id id, struct schedule_shape shape, int rank)
{
    int behind = shape.ranks - 1 - rank;
    return id == SCHEDULE_INTERLEAVED ? 2 * behind + (shape.chunks - 1) * shape.ranks : behind;
}

enum made {
    RIGHT,
    WRONG_END,
    ONE_TOO_MANY,
    ONE_TOO_FEW,
    NO_WARM_UP,
    ALL_FIRST,
    NO_COOL_DOWN,
    CHUNK_FIRST,
    WHOLE_FIRST,
    NOT_REVERSED,
    GROUP_REVERSED,
    NOTHING_HELD_BACK,
    HELD_BACK_WRONG_END,
    ALL_HELD_BACK,
    NO_LAST_WEIGHTS,
    STEP_FIRST,
    MADE
};

static const char *const names[MADE] = {
    [WRONG_END] = "warm-up counted from the wrong end",
    [ONE_TOO_MANY] = "warm-up one too many",
    [ONE_TOO_FEW] = "warm-up too short",
    [NO_WARM_UP] = "warm-up too short",
    [ALL_FIRST] = "all-forward-all-backward instead",
    [NO_COOL_DOWN] = "no cool-down",
    [CHUNK_FIRST] = "interleaved: chunk and micro-batch mixed up",
    [WHOLE_FIRST] = "interleaved: all micro-batches through one chunk before the next",
    [NOT_REVERSED] = "interleaved: chunks not reversed in backward",
    [GROUP_REVERSED] =
        "interleaved: backwards take the micro-batches in another order than the forwards",
    [NOTHING_HELD_BACK] = "zero bubble: weight gradients held back by the wrong number",
    [HELD_BACK_WRONG_END] = "zero bubble: weight gradients held back by the wrong number",
    [ALL_HELD_BACK] = "zero bubble: weight gradients held back by the wrong number",
    [NO_LAST_WEIGHTS] = "zero bubble: last weight gradients left out",
    [STEP_FIRST] = "zero bubble: optimizer step before the last weight gradients",
};

/* NULL: the mistake is none of this schedule. */
static lines *make(enum made made, enum schedule_id id, struct schedule_shape shape)
{
    const bool interleaved = id == SCHEDULE_INTERLEAVED, halves = id == SCHEDULE_ZERO_BUBBLE;
    if ((made >= CHUNK_FIRST && made <= GROUP_REVERSED && !interleaved) ||
        (made >= NOTHING_HELD_BACK && !halves))
        return NULL;
    lines *text = g_ptr_array_new_with_free_func(g_free);
    for (int rank = 0; rank < shape.ranks; rank++) {
        struct recipe r = {.shape = shape,
                           .halves = halves,
                           .warm_up = right_warm_up(id, shape, rank),
                           .held_back = rank,
                           .forward_turn = made == CHUNK_FIRST   ? chunk_changes_first
                                           : made == WHOLE_FIRST ? whole_batch_first
                                                                 : right_turn,
                           .backward_turn = made == NOT_REVERSED     ? right_turn
                                            : made == GROUP_REVERSED ? group_reversed
                                                                     : right_turn_back,
                           .cool_down = made != NO_COOL_DOWN,
                           .last_weights = made != NO_LAST_WEIGHTS,
                           .step_before_last_weights = made == STEP_FIRST};
        if (made == WRONG_END)
            r.warm_up = right_warm_up(id, shape, shape.ranks - 1 - rank);
        else if (made == ONE_TOO_MANY)
            r.warm_up++;
        else if (made == ONE_TOO_FEW)
            r.warm_up = MAX(0, MIN(r.warm_up, shape.chunks * shape.micro_batches) - 1);
        else if (made == NO_WARM_UP)
            r.warm_up = 0;
        else if (made == ALL_FIRST)
            r.warm_up = shape.chunks * shape.micro_batches;
        else if (made == NOTHING_HELD_BACK)
            r.held_back = 0;
        else if (made == HELD_BACK_WRONG_END)
            r.held_back = shape.ranks - 1 - rank;
        else if (made == ALL_HELD_BACK)
            r.held_back = shape.micro_batches;
        g_ptr_array_add(text, cook(&r, rank));
    }
    return text;
}

/* ---- the second definition: the order, or what of it the name is about, is that schedule's ------------- */

/* The words that begin with one of the letters: as they are, or only letter and chunk, or the letter. */
enum keep { WORDS, CHUNKS, LETTERS };

static char *kept(const char *line, const char *letters, enum keep keep, int ranks)
{
    GString *text = g_string_new(NULL);
    g_auto(GStrv) word = g_strsplit(line, " ", -1);
    for (int i = 0; word[i]; i++) {
        if (!word[i][0] || !strchr(letters, word[i][0]))
            continue;
        const char *stage = strchr(word[i], '.');
        char letter = word[i][0] == 'I' ? 'B' : word[i][0];
        if (keep == WORDS)
            g_string_append_printf(text, "%c%s ", letter, word[i] + 1);
        else if (keep == CHUNKS)
            g_string_append_printf(text, "%c%d ", letter, stage ? atoi(stage + 1) / ranks : 0);
        else
            g_string_append_c(text, letter);
    }
    return g_string_free(text, FALSE);
}

static bool agree(const lines *one, const lines *other, const char *letters, enum keep keep)
{
    for (guint r = 0; r < one->len; r++) {
        g_autofree char *a = kept(one->pdata[r], letters, keep, (int)one->len);
        g_autofree char *b = kept(other->pdata[r], letters, keep, (int)one->len);
        if (strcmp(a, b) != 0)
            return false;
    }
    return true;
}

static int times(const char *line, const char *word)
{
    g_autofree char *inside = g_strconcat(" ", line, " ", NULL);
    g_autofree char *wanted = g_strconcat(" ", word, " ", NULL);
    int count = 0;
    for (const char *at = inside; (at = strstr(at, wanted)); at++)
        count++;
    return count;
}

/* How often a rank has "F3.1". */
static int count(const lines *text, int rank, char letter, int micro_batch, int stage)
{
    char word[32];
    g_snprintf(word, sizeof word, "%c%d.%d", letter, micro_batch, stage);
    return times(text->pdata[rank], word);
}

/* Every F and every backward of each rank exactly once; `backwards` false: every F. */
static bool is_complete(const lines *text, struct schedule_shape shape, bool backwards)
{
    for (int rank = 0; rank < shape.ranks; rank++)
        for (int stage = rank; stage < shape.ranks * shape.chunks; stage += shape.ranks)
            for (int i = 0; i < shape.micro_batches; i++) {
                int b = count(text, rank, 'B', i, stage), in = count(text, rank, 'I', i, stage);
                int w = count(text, rank, 'W', i, stage);
                if (count(text, rank, 'F', i, stage) != 1 ||
                    (backwards && (b + in != 1 || in != w)))
                    return false;
            }
    return true;
}

static bool any_twice(const lines *text, struct schedule_shape shape, const char *letters)
{
    for (int rank = 0; rank < shape.ranks; rank++)
        for (int stage = rank; stage < shape.ranks * shape.chunks; stage += shape.ranks)
            for (int i = 0; i < shape.micro_batches; i++)
                for (const char *letter = letters; *letter; letter++)
                    if (count(text, rank, *letter, i, stage) > 1)
                        return true;
    return false;
}

/* Some micro-batches with `begun` operations of each rank and stage (F alone: 1, nothing: 0), all others
 * complete. */
static bool some_only(const lines *text, struct schedule_shape shape, int begun)
{
    int those = 0;
    for (int i = 0; i < shape.micro_batches; i++) {
        bool complete = true, only = true;
        for (int rank = 0; rank < shape.ranks; rank++)
            for (int stage = rank; stage < shape.ranks * shape.chunks; stage += shape.ranks) {
                int f = count(text, rank, 'F', i, stage), b = count(text, rank, 'B', i, stage);
                int in = count(text, rank, 'I', i, stage), w = count(text, rank, 'W', i, stage);
                complete = complete && f == 1 && b + in == 1 && in == w;
                only = only && f == begun && b + in + w == 0;
            }
        if (!complete && !only)
            return false;
        those += only;
    }
    return those > 0 && those < shape.micro_batches;
}

/* On each rank W number k stands directly behind I number k + h, h of its own, as far as there are I. */
static bool held_back_otherwise(const lines *text, struct schedule_shape shape)
{
    bool other = false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        g_autofree char *found = kept(text->pdata[rank], "IW", LETTERS, shape.ranks);
        bool fits = false;
        for (int h = 0; h < shape.micro_batches && !fits; h++) {
            struct recipe r = {shape, true, 0, h, right_turn, right_turn_back, true, true, false};
            g_autofree char *line = cook(&r, rank);
            g_autofree char *wanted = kept(line, "IW", LETTERS, shape.ranks);
            fits = strcmp(found, wanted) == 0;
            other = other || (fits && h != MIN(rank, shape.micro_batches - 1));
        }
        g_autofree char *inputs = kept(text->pdata[rank], "I", WORDS, 1);
        g_autofree char *weights = kept(text->pdata[rank], "W", WORDS, 1);
        if (!fits || strcmp(inputs + 1, g_strdelimit(weights, "W", 'B') + 1) != 0)
            return false;
    }
    return other && is_complete(text, shape, true);
}

static bool too_short(const lines *text, enum schedule_id id, struct schedule_shape shape)
{
    bool fewer = false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        int all = shape.micro_batches * shape.chunks, right = right_warm_up(id, shape, rank);
        g_autofree char *found = kept(text->pdata[rank], "FBI", LETTERS, shape.ranks);
        bool fits = false;
        for (int w = 0; w <= right && !fits; w++) {
            struct recipe r = {shape, false, w, 0, right_turn, right_turn_back, true, true, false};
            g_autofree char *line = cook(&r, rank);
            g_autofree char *wanted = kept(line, "FB", LETTERS, shape.ranks);
            fits = strcmp(found, wanted) == 0;
            fewer = fewer || (fits && MIN(w + 1, all) < MIN(right + 1, all));
        }
        if (!fits)
            return false;
    }
    return fewer && is_complete(text, shape, true);
}

static bool weights_behind_the_step(const lines *text, struct schedule_shape shape)
{
    bool behind = false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        const char *step = strstr(text->pdata[rank], "step");
        if (times(text->pdata[rank], "step") > 1 || (step && strpbrk(step + 4, "FBI")))
            return false;
        behind = behind || (step && strchr(step, 'W'));
    }
    return behind && is_complete(text, shape, true);
}

static bool turns_as(enum made made, const lines *text, enum schedule_id id,
                     struct schedule_shape shape, const char *letters, enum keep keep)
{
    lines *wanted = make(made, id, shape), *right = make(RIGHT, id, shape);
    bool same = wanted && agree(text, wanted, letters, keep) && !agree(text, right, letters, keep);
    if (wanted)
        g_ptr_array_unref(wanted);
    g_ptr_array_unref(right);
    return same;
}

static bool forwards_begin_elsewhere(const lines *text, int ranks)
{
    for (guint r = 0; r < text->len; r++) {
        g_autofree char *chunks = kept(text->pdata[r], "F", CHUNKS, ranks);
        if (g_str_has_prefix(chunks, "F0"))
            return false;
    }
    return true;
}

static bool each_forward_first(const lines *text)
{
    for (guint r = 0; r < text->len; r++) {
        g_autofree char *letters = kept(text->pdata[r], "FBI", LETTERS, 1);
        if (strstr(letters, "BF"))
            return false;
    }
    return true;
}

/* Every W is the word behind the I of the same number. */
static bool weights_follow_at_once(const lines *text)
{
    for (guint r = 0; r < text->len; r++) {
        g_auto(GStrv) word = g_strsplit(text->pdata[r], " ", -1);
        for (int i = 0; word[i]; i++)
            if (word[i][0] == 'W' &&
                (i == 0 || word[i - 1][0] != 'I' || strcmp(word[i - 1] + 1, word[i] + 1) != 0))
                return false;
    }
    return true;
}

/* Chunks as they should be, and some backward k of another micro-batch than forward k. */
static bool backwards_of_others(const lines *text, enum schedule_id id, struct schedule_shape shape)
{
    lines *right = make(RIGHT, id, shape);
    bool chunks = agree(text, right, "F", CHUNKS) && agree(text, right, "B", CHUNKS);
    bool other = false;
    for (int rank = 0; rank < shape.ranks; rank++) {
        g_autofree char *f = kept(text->pdata[rank], "F", WORDS, 1);
        g_autofree char *b = kept(text->pdata[rank], "B", WORDS, 1);
        g_auto(GStrv) ahead = g_strsplit(f, " ", -1), back = g_strsplit(b, " ", -1);
        for (int k = 0; ahead[k] && back[k] && ahead[k][0] && back[k][0]; k++)
            other = other || atoi(ahead[k] + 1) != atoi(back[k] + 1);
    }
    g_ptr_array_unref(right);
    return chunks && other;
}

/* Are all forwards at once more than a rank may hold? */
static bool are_more_than_right(enum schedule_id id, struct schedule_shape shape)
{
    int all = shape.micro_batches * shape.chunks;
    bool in_ranks = id == SCHEDULE_ZERO_BUBBLE || id == SCHEDULE_BOUNDED;
    return id != SCHEDULE_AFAB &&
           all > (in_ranks ? shape.ranks : right_warm_up(id, shape, shape.ranks - 1) + 1);
}

static bool holds(const char *name, const lines *text, enum schedule_id id,
                  struct schedule_shape shape)
{
    const bool all = is_complete(text, shape, true);
    if (!strcmp(name, names[WRONG_END]))
        return all && turns_as(WRONG_END, text, id, shape, "FBI", LETTERS);
    if (!strcmp(name, names[ONE_TOO_MANY]))
        return all && turns_as(ONE_TOO_MANY, text, id, shape, "FBI", LETTERS);
    if (!strcmp(name, names[ONE_TOO_FEW]))
        return too_short(text, id, shape);
    if (!strcmp(name, names[ALL_FIRST]))
        return is_complete(text, shape, false) && each_forward_first(text) &&
               are_more_than_right(id, shape);
    if (!strcmp(name, names[NO_COOL_DOWN]))
        return is_complete(text, shape, false) &&
               turns_as(NO_COOL_DOWN, text, id, shape, "FBI", LETTERS);
    if (!strcmp(name, names[CHUNK_FIRST]))
        return turns_as(CHUNK_FIRST, text, id, shape, "F", WORDS);
    if (!strcmp(name, names[WHOLE_FIRST]))
        return turns_as(WHOLE_FIRST, text, id, shape, "F", WORDS);
    if (!strcmp(name, names[NOT_REVERSED]))
        return turns_as(NOT_REVERSED, text, id, shape, "B", CHUNKS) &&
               !turns_as(RIGHT, text, id, shape, "F", CHUNKS);
    if (!strcmp(name, names[GROUP_REVERSED]))
        return backwards_of_others(text, id, shape);
    if (!strcmp(name, names[NOTHING_HELD_BACK]))
        return held_back_otherwise(text, shape);
    if (!strcmp(name, "weight gradients directly behind input gradients"))
        return all && weights_follow_at_once(text);
    if (!strcmp(name, names[NO_LAST_WEIGHTS]))
        return is_complete(text, shape, false) &&
               turns_as(NO_LAST_WEIGHTS, text, id, shape, "IW", LETTERS);
    if (!strcmp(name, names[STEP_FIRST]))
        return weights_behind_the_step(text, shape);
    if (!strcmp(name, "zero bubble: weight gradient run twice"))
        return any_twice(text, shape, "W");
    if (!strcmp(name, "a micro-batch run twice"))
        return any_twice(text, shape, "FBI");
    if (!strcmp(name, "micro-batches never run"))
        return some_only(text, shape, 0);
    if (!strcmp(name, "backward of a micro-batch left out"))
        return some_only(text, shape, 1);
    if (!strcmp(name, "interleaved: forwards begin with another chunk than the first"))
        return forwards_begin_elsewhere(text, shape.ranks);
    ck_abort_msg("no definition of: %s", name);
    return false;
}

/* ---- what is said of an order ------------------------------------------------------------------------- */

static GPtrArray *said_of(const lines *text, enum schedule_id id, struct schedule_shape shape,
                          bool whole)
{
    GPtrArray *fitting = g_ptr_array_new();
    struct schedule *schedule = schedule_of(text);
    order_add_fitting(schedule_kind_of(id), schedule, shape, whole, fitting);
    schedule_free(schedule);
    return fitting;
}

static char *shown(const lines *text)
{
    GString *all = g_string_new(NULL);
    for (guint r = 0; r < text->len; r++)
        g_string_append_printf(all, "\n  %s", (char *)text->pdata[r]);
    return g_string_free(all, FALSE);
}

static bool says(const GPtrArray *fitting, const char *name)
{
    for (guint i = 0; i < fitting->len; i++)
        if (!strcmp(((const struct mistake *)fitting->pdata[i])->name, name))
            return true;
    return false;
}

/* Each name that is said holds. Returns how many are said. */
static int check(const lines *text, enum schedule_id id, struct schedule_shape shape)
{
    g_autoptr(GPtrArray) fitting = said_of(text, id, shape, true);
    for (guint i = 0; i < fitting->len; i++) {
        const char *name = ((const struct mistake *)fitting->pdata[i])->name;
        if (!holds(name, text, id, shape)) {
            g_autofree char *all = shown(text);
            ck_abort_msg("\"%s\" is said of %s with %d micro-batches:%s", name,
                         schedule_table[id].name, shape.micro_batches, all);
        }
    }
    return (int)fitting->len;
}

static const struct {
    enum schedule_id id;
    struct schedule_shape shape;
} cases[] = {
    {SCHEDULE_1F1B, {4, 1, 8}},        {SCHEDULE_1F1B, {2, 1, 3}},
    {SCHEDULE_1F1B, {5, 1, 3}},        {SCHEDULE_1F1B, {3, 1, 7}},
    {SCHEDULE_PIPEDREAM, {4, 1, 6}},   {SCHEDULE_INTERLEAVED, {4, 2, 8}},
    {SCHEDULE_INTERLEAVED, {2, 2, 4}}, {SCHEDULE_INTERLEAVED, {3, 3, 6}},
    {SCHEDULE_ZERO_BUBBLE, {4, 1, 8}}, {SCHEDULE_ZERO_BUBBLE, {3, 1, 4}},
    {SCHEDULE_ZERO_BUBBLE, {5, 1, 3}}, {SCHEDULE_AFAB, {4, 1, 6}},
    {SCHEDULE_BOUNDED, {3, 1, 8}},
};

/* Do they differ at all where the shape is small? */
static bool is_right(const lines *text, const struct schedule_kind *kind,
                     struct schedule_shape shape)
{
    lines *right = right_lines(kind, shape);
    bool same = agree(text, right, "FBIW", WORDS);
    g_ptr_array_unref(right);
    return same;
}

START_TEST(each_mistake_has_its_name_and_no_foreign_one)
{
    enum schedule_id id = cases[_i].id;
    const struct schedule_kind *kind = schedule_kind_of(id);
    for (int made = RIGHT; made < MADE && kind->warm_up; made++) {
        lines *text = make((enum made)made, id, cases[_i].shape);
        if (!text)
            continue;
        int said = check(text, id, cases[_i].shape);
        g_autofree char *all = shown(text);
        if (made != STEP_FIRST && is_right(text, kind, cases[_i].shape)) {
            ck_assert_msg(said == 0, "said of a right order:%s", all);
        } else {
            g_autoptr(GPtrArray) fitting = said_of(text, id, cases[_i].shape, true);
            ck_assert_msg(made != RIGHT && (says(fitting, names[made]) ||
                                            !holds(names[made], text, id, cases[_i].shape)),
                          "not said: %s%s", made == RIGHT ? "" : names[made], all);
        }
        g_ptr_array_unref(text);
    }
}
END_TEST

/* ---- at random ------------------------------------------------------------------------------------------ */

/* Does something to the order of one rank, or of all. */
static void spoil(lines *text, struct schedule_shape shape)
{
    bool all = rand() % 3 == 0;
    int what = rand() % 6, one = rand() % shape.ranks, place = rand(), other = rand();
    int micro_batch = rand() % shape.micro_batches;
    for (int rank = all ? 0 : one; rank < (all ? shape.ranks : one + 1); rank++) {
        g_auto(GStrv) word = g_strsplit(text->pdata[rank], " ", -1);
        int count = (int)g_strv_length(word);
        if (count < 2)
            continue;
        GString *line = g_string_new(NULL);
        int a = place % count, b = other % count;
        for (int i = 0; i < count; i++) {
            int k = what == 0 ? (i == a   ? b
                                 : i == b ? a
                                          : i) /* two in each other's place */
                    : what == 1 && (a < b ? i >= a && i <= b : false)
                        ? (i == b ? a : i + 1) /* one later */
                        : i;
            int of = word[k][0] == 's' ? -1 : atoi(word[k] + 1);
            if ((what == 2 && i == a) || (what == 3 && of == micro_batch) ||
                (what == 4 && of == micro_batch && word[k][0] != 'F'))
                continue;
            g_string_append_printf(line, "%s%s", line->len ? " " : "", word[k]);
            if (what == 5 && i == a)
                g_string_append_printf(line, " %s", word[k]);
        }
        g_free(text->pdata[rank]);
        text->pdata[rank] = g_string_free(line, FALSE);
    }
}

START_TEST(random_orders_have_no_foreign_name)
{
    enum schedule_id id = cases[_i].id;
    const struct schedule_kind *kind = schedule_kind_of(id);
    int named = 0;
    srand(7 + (unsigned)_i);
    for (int round = 0; round < RANDOM_ORDERS / (int)G_N_ELEMENTS(cases); round++) {
        lines *text = kind->warm_up ? make((enum made)(rand() % MADE), id, cases[_i].shape)
                                    : right_lines(kind, cases[_i].shape);
        if (!text)
            continue;
        for (int times_spoilt = rand() % 3; times_spoilt >= 0; times_spoilt--)
            spoil(text, cases[_i].shape);
        named += check(text, id, cases[_i].shape) > 0;
        g_ptr_array_unref(text);
    }
    ck_assert_int_gt(named, 20);
}
END_TEST

/* ---- cut off ---------------------------------------------------------------------------------------------- */

static void cut(lines *text)
{
    for (guint r = 0; r < text->len; r++) {
        g_auto(GStrv) word = g_strsplit(text->pdata[r], " ", -1);
        int keep = rand() % ((int)g_strv_length(word) + 1);
        g_free(word[keep]);
        word[keep] = NULL;
        g_free(text->pdata[r]);
        text->pdata[r] = g_strjoinv(" ", word);
    }
}

/* Of what a right order left nothing is said, and of another only what holds of it as a whole. */
START_TEST(orders_cut_off)
{
    enum schedule_id id = cases[_i].id;
    const struct schedule_kind *kind = schedule_kind_of(id);
    srand(3 + (unsigned)_i);
    for (int round = 0; round < 1500; round++) {
        enum made made = round % 2 && kind->warm_up ? (enum made)(rand() % MADE) : RIGHT;
        lines *text =
            kind->warm_up ? make(made, id, cases[_i].shape) : right_lines(kind, cases[_i].shape);
        if (!text)
            continue;
        lines *rest = g_ptr_array_new_with_free_func(g_free);
        for (guint r = 0; r < text->len; r++)
            g_ptr_array_add(rest, g_strdup(text->pdata[r]));
        cut(rest);
        g_autoptr(GPtrArray) fitting = said_of(rest, id, cases[_i].shape, false);
        for (guint i = 0; i < fitting->len; i++) {
            const char *name = ((const struct mistake *)fitting->pdata[i])->name;
            g_autofree char *all = shown(rest);
            ck_assert_msg(holds(name, text, id, cases[_i].shape), "\"%s\" is said of%s", name, all);
        }
        g_ptr_array_unref(rest);
        g_ptr_array_unref(text);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known mistakes of orders");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, each_mistake_has_its_name_and_no_foreign_one, 0,
                        (int)G_N_ELEMENTS(cases));
    tcase_add_loop_test(tests, random_orders_have_no_foreign_name, 0, (int)G_N_ELEMENTS(cases));
    tcase_add_loop_test(tests, orders_cut_off, 0, (int)G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
