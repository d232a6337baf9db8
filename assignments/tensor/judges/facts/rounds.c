/* Rounds of a model; see rounds.h. */
#include "assignments/tensor/judges/facts/rounds.h"

#include <math.h>

static void add(GArray *rounds, int place, enum round_kind kind, bool backward, struct shape sample,
                bool needed)
{
    const struct round round = {
        .place = place,
        .kind = kind,
        .backward = backward,
        .bytes = (double)(shape_elements(sample) * sizeof(float)),
        .needed = needed,
    };
    g_array_append_val(rounds, round);
}

GArray *tensor_rounds_of(const struct tensor_places *places, const enum form *form)
{
    GArray *rounds = g_array_new(FALSE, FALSE, sizeof(struct round));
    for (int i = 0; i < places->count; i++) {
        const struct layer *whole = &places->at[i].whole;
        if (form[i] == FORM_COLUMN_GATHERED)
            add(rounds, i, ROUND_GATHER, false, whole->output, true);
        else if (form[i] == FORM_ROW || form[i] == FORM_INSIDE)
            add(rounds, i, ROUND_SUM, false, whole->output, true);
    }
    for (int i = places->count; i-- > 0;)
        if (form[i] == FORM_COLUMN || form[i] == FORM_COLUMN_GATHERED ||
            (form[i] == FORM_INSIDE && places->at[i].whole.input_dtype == DTYPE_FLOAT32))
            add(rounds, i, ROUND_SUM, true, places->at[i].whole.input,
                !tensor_places_is_first(places, i));
    return rounds;
}

double tensor_round_volume(const struct round *round, int ranks, double samples)
{
    return (round->kind == ROUND_SUM ? 2.0 : 1.0) * (ranks - 1) * samples * round->bytes;
}

double tensor_round_padding(const struct tensor_places *places, const struct round *round,
                            int ranks, double samples)
{
    const double volume = tensor_round_volume(round, ranks, samples);
    if (round->kind == ROUND_SUM) {
        const double numbers = samples * round->bytes / sizeof(float);
        return 2.0 * (ranks - 1) * (ceil(numbers / ranks) * ranks - numbers) * sizeof(float);
    }
    const int size = places->at[round->place].whole.parameter[0].shape.size[0];
    const int longest = (size + ranks - 1) / ranks;
    return volume * (longest * ranks - size) / size;
}

void tensor_round_add_padding(const struct tensor_places *places, const struct round *round,
                              int ranks, double samples, GArray *padding)
{
    const int pieces = round->kind == ROUND_SUM ? 2 : 1;
    const double piece = tensor_round_padding(places, round, ranks, samples) / pieces;
    for (int i = 0; piece > 0 && i < pieces; i++)
        g_array_append_val(padding, piece);
}

/* reachable[n]: n numbers are the sum of some pieces, of those before and this one. */
static void add_piece(GArray *reachable, guint numbers)
{
    for (guint n = reachable->len; n-- > numbers;)
        if (g_array_index(reachable, bool, n - numbers))
            g_array_index(reachable, bool, n) = true;
}

bool tensor_round_is_padding(const GArray *padding, double bytes, double counts)
{
    double most = counts;
    for (guint i = 0; i < padding->len; i++)
        most += g_array_index(padding, double, i);
    if (bytes < counts + 1 || bytes > most + 1)
        return bytes < counts + 1;
    const guint numbers = (guint)llround(bytes / sizeof(float));
    const guint least = (guint)llround(ceil((bytes - counts) / sizeof(float) - 0.25));
    GArray *reachable = g_array_new(FALSE, TRUE, sizeof(bool));
    g_array_set_size(reachable, numbers + 1);
    g_array_index(reachable, bool, 0) = true;
    for (guint i = 0; i < padding->len; i++)
        add_piece(reachable, (guint)llround(g_array_index(padding, double, i) / sizeof(float)));
    bool is = false;
    for (guint n = least; n <= numbers && !is; n++)
        is = g_array_index(reachable, bool, n);
    g_array_unref(reachable);
    return is;
}

char *tensor_round_name(const struct tensor_places *places, const struct round *round,
                        double samples)
{
    g_autofree char *layer = tensor_places_name(places, round->place);
    return g_strdup_printf("an %s of %.0f bytes (%s)",
                           round->kind == ROUND_SUM ? "all-reduce" : "all-gather",
                           samples * round->bytes, layer);
}
