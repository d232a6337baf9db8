/*
 * Reading rates, and what lies between them (rates.h).
 */
#include "common/kernels/work/rates.h"

#include "common/base/fatal.h"
#include "common/kernels/work/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COORDINATES = WORK_MOST_NUMBERS + 1, REMEMBERED = 1024 };

/* Of a rate that was read: logarithms to base 2. */
struct point {
    double at[COORDINATES]; /* size, and resident bytes */
    double alone, together;
};

/* A size that was asked for, and the answer. */
struct answer {
    struct work work;
    double resident;
    struct duration duration;
};

struct rates {
    int count[WORK_KINDS_COUNT];
    struct point *point[WORK_KINDS_COUNT];
    struct answer answer[REMEMBERED];
};

/* Where in the caches a weight is says less about a rate than its size does. */
static const double resident_weight = 0.25;

static void place(const struct work *work, double resident, double at[COORDINATES])
{
    for (int i = 0; i < WORK_MOST_NUMBERS; i++)
        at[i] = i < work_numbers(work->kind) ? log2(fmax(work->size[i], 1)) : 0;
    at[WORK_MOST_NUMBERS] = resident_weight * log2(fmax(resident, 1));
}

/* ---- reading ------------------------------------------------------------------------------------ */

static int kind_of(const char *name, size_t length)
{
    for (int kind = 0; kind < WORK_KINDS_COUNT; kind++)
        if (strlen(work_name(kind)) == length && strncmp(work_name(kind), name, length) == 0)
            return kind;
    return -1;
}

/* The next word, a number from `least` on; what is wrong with it, or NULL. */
static const char *read_number(const char **text, double least, double *number)
{
    char *end;
    *number = strtod(*text, &end);
    if (end == *text || (*end != ' ' && *end != '\0'))
        return "has a word that is no number, or too few of them";
    if (!isfinite(*number) || *number < least)
        return "has a number that is too small or not finite";
    *text = end;
    return NULL;
}

/* What is wrong with it, or NULL. */
static const char *read_rate(const char *text, struct rate *rate)
{
    const size_t length = strcspn(text, " ");
    const int kind = kind_of(text, length);
    if (kind < 0)
        return "is of a kind of work that this kit does not have";
    *rate = (struct rate){.work.kind = (enum work_kind)kind};
    text += length;
    const double least = 1e-30; /* seconds */
    const char *wrong = read_number(&text, 0, &rate->resident);
    for (int i = 0; wrong == NULL && i < work_numbers(rate->work.kind); i++)
        wrong = read_number(&text, 1, &rate->work.size[i]);
    if (wrong == NULL)
        wrong = read_number(&text, least, &rate->seconds.alone);
    if (wrong == NULL)
        wrong = read_number(&text, least, &rate->seconds.together);
    if (wrong == NULL && text[strspn(text, " ")] != '\0')
        return "has more words than its kind of work needs";
    return wrong;
}

static void add(struct rates *rates, const struct rate *rate)
{
    const enum work_kind kind = rate->work.kind;
    struct point *more =
        realloc(rates->point[kind], (size_t)(rates->count[kind] + 1) * sizeof *more);
    if (more == NULL)
        fatal("no memory left for rates");
    rates->point[kind] = more;
    struct point *point = &more[rates->count[kind]++];
    *point = (struct point){.alone = log2(rate->seconds.alone),
                            .together = log2(rate->seconds.together)};
    place(&rate->work, rate->resident, point->at);
}

/* How many there are; 0: none, or `error` says what is wrong. */
static long read_count(const char *text, char error[RATES_ERROR_SIZE])
{
    error[0] = '\0';
    if (text == NULL)
        return 0;
    char *end;
    const long count = strtol(text, &end, 10);
    if (end != text && *end == '\0' && count >= 1 && count <= RATES_MOST)
        return count;
    snprintf(error, RATES_ERROR_SIZE,
             "property \"rates\" is \"%.60s\", not a number of rates from 1 to %d", text,
             RATES_MOST);
    return 0;
}

struct rates *rates_read(const char *(*property)(const char *name), char error[RATES_ERROR_SIZE])
{
    const long count = read_count(property("rates"), error);
    if (count == 0)
        return NULL;
    struct rates *rates = calloc(1, sizeof *rates);
    if (rates == NULL)
        fatal("no memory left for rates");
    for (long i = 1; i <= count; i++) {
        char name[32];
        struct rate rate;
        snprintf(name, sizeof name, "rate-%ld", i);
        const char *text = property(name);
        const char *wrong = text == NULL ? "is missing" : read_rate(text, &rate);
        if (wrong != NULL) {
            snprintf(error, RATES_ERROR_SIZE, "property \"%s\" %s: \"%.120s\"", name, wrong,
                     text == NULL ? "" : text);
            rates_free(rates);
            return NULL;
        }
        add(rates, &rate);
    }
    return rates;
}

void rates_free(struct rates *rates)
{
    if (rates == NULL)
        return;
    for (int kind = 0; kind < WORK_KINDS_COUNT; kind++)
        free(rates->point[kind]);
    free(rates);
}

void rates_write(struct rate rate, char text[RATES_TEXT_SIZE])
{
    char size[RATES_TEXT_SIZE / 2] = "";
    for (int i = 0; i < work_numbers(rate.work.kind); i++) {
        const size_t length = strlen(size);
        snprintf(size + length, sizeof size - length, " %.0f", rate.work.size[i]);
    }
    snprintf(text, RATES_TEXT_SIZE, "%s %.0f%s  %.6g %.6g", work_name(rate.work.kind),
             rate.resident, size, rate.seconds.alone, rate.seconds.together);
}

/* ---- between them --------------------------------------------------------------------------------- */

static struct duration interpolate(const struct rates *rates, const struct work *work,
                                   double resident)
{
    double at[COORDINATES], weights = 0, alone = 0, together = 0;
    place(work, resident, at);
    const struct point *points = rates->point[work->kind];
    for (int i = 0; i < rates->count[work->kind]; i++) {
        double square = 0;
        for (int j = 0; j < COORDINATES; j++)
            square += (at[j] - points[i].at[j]) * (at[j] - points[i].at[j]);
        if (square == 0) {
            weights = 1;
            alone = points[i].alone;
            together = points[i].together;
            break;
        }
        const double weight = 1 / (square * square);
        weights += weight;
        alone += weight * points[i].alone;
        together += weight * points[i].together;
    }
    return (struct duration){work->operations * exp2(alone / weights),
                             work->operations * exp2(together / weights)};
}

/* A computer that was measured in float32 alone: products take as long, and a conversion as a sum. */
static enum work_kind measured_kind(const struct rates *rates, enum work_kind kind)
{
    if (rates->count[kind] > 0)
        return kind;
    switch (kind) {
    case WORK_widen:
    case WORK_narrow:
        return WORK_add;
    case WORK_bfloat16_product_nn:
        return WORK_matrix_product_nn;
    case WORK_bfloat16_product_nt:
        return WORK_matrix_product_nt;
    case WORK_bfloat16_product_tn:
        return WORK_matrix_product_tn;
    default:
        return kind;
    }
}

struct duration rates_duration(struct rates *rates, struct work work, double resident)
{
    work.kind = measured_kind(rates, work.kind);
    if (rates->count[work.kind] == 0)
        fatal("this platform has no rate of %s: it was calibrated with another kit; make calibrate "
              "makes it anew",
              work_name(work.kind));
    struct answer *answer = &rates->answer[work_hash(&work) % REMEMBERED];
    if (!work_same(&answer->work, &work) || answer->resident != resident)
        *answer = (struct answer){work, resident, interpolate(rates, &work, resident)};
    return answer->duration;
}
