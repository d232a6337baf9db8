/*
 * Products whose sums are short (few.h): the weight's gradient of a micro-batch of a few
 * rows. c is large and is read and written once, so that is what counts.
 *
 * A tile of a, `terms` of some sums by some rows of c, is kept in registers, each number filling a
 * vector, while the columns go by: each vector of b is used for all those rows, and each vector of c
 * gets all those terms at once.
 */
#include "common/kernels/products/few.h"

enum { MOST_TERMS = 8, MOST_ROWS = 4 };

/* Columns at a time: of b, they stay in the first-level cache while the rows of c go by. */
enum { CACHED_FLOATS = 4096 };

/* `rows` rows of c from `row` on get `terms` terms from k on. Inlined with constants, so that
 * factor[][] is in registers. */
SPECIALISED void add_terms(const struct streamed_product *p, int row, int k, int first, int next,
                           const int rows, const int terms)
{
    const float *a = p->a + (long)row * p->a_row + (long)k * p->a_column;
    const float *b = p->b + (long)k * p->b_row;
    float *c = p->c + (long)row * p->c_row;
    const long b_row = p->b_row, c_row = p->c_row;
    const bool adds = p->add || k > 0;
    vector factor[MOST_TERMS][MOST_ROWS];
#pragma GCC unroll 8
    for (int t = 0; t < terms; t++)
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
            factor[t][i] = (vector){0} + a[i * (long)p->a_row + t * (long)p->a_column];
    int column = first;
    for (; column + LANES <= next; column += LANES) {
        vector in[MOST_TERMS];
#pragma GCC unroll 8
        for (int t = 0; t < terms; t++) {
            in[t] = *(const vector *)(b + t * b_row + column);
            CPU_KEEP_IN_REGISTER(in[t]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            vector *to = (vector *)(c + i * c_row + column);
            vector sum = adds ? *to : (vector){0};
#pragma GCC unroll 8
            for (int t = 0; t < terms; t++)
                sum += factor[t][i] * in[t];
            *to = sum;
        }
    }
    for (; column < next; column++)
        for (int i = 0; i < rows; i++) {
            float sum = adds ? c[i * c_row + column] : 0;
            for (int t = 0; t < terms; t++)
                sum += factor[t][i][0] * b[t * b_row + column];
            c[i * c_row + column] = sum;
        }
}

/* `some` rows, as many as fit into the registers at a time. */
#define TERMS(terms, most)                                                                         \
    static void add_##terms##_terms(const struct streamed_product *p, int row, int some, int k,    \
                                    int first, int next)                                           \
    {                                                                                              \
        int i = 0;                                                                                 \
        for (; i + most <= some; i += most)                                                        \
            add_terms(p, row + i, k, first, next, most, terms);                                    \
        for (; i < some; i++)                                                                      \
            add_terms(p, row + i, k, first, next, 1, terms);                                       \
    }
/* Two or three where more would do as well: memory likes few places at a time. */
TERMS(1, 2)
TERMS(2, 2)
TERMS(3, 2)
TERMS(4, 3)
TERMS(5, 4)
TERMS(6, 4)
TERMS(7, 3)
TERMS(8, 3)

static void (*const add[MOST_TERMS])(const struct streamed_product *, int row, int some, int k,
                                     int first, int next) = {add_1_terms, add_2_terms, add_3_terms,
                                                             add_4_terms, add_5_terms, add_6_terms,
                                                             add_7_terms, add_8_terms};
enum { ROWS_TOGETHER = 12 }; /* a multiple of all of these numbers of rows */

void cpu_short_product(const struct streamed_product *p)
{
    int parts = (p->depth + MOST_TERMS - 1) / MOST_TERMS;
    int width = (CACHED_FLOATS / p->depth + 1) / LANES * LANES;
    for (int first = 0; first < p->columns; first += width) {
        int next = p->columns - first < width ? p->columns : first + width;
        for (int row = 0; row < p->rows; row += ROWS_TOGETHER) {
            int some = p->rows - row < ROWS_TOGETHER ? p->rows - row : ROWS_TOGETHER;
            for (int part = 0; part < parts; part++) {
                int k = cpu_part_begin(part, parts, p->depth);
                int terms = cpu_part_begin(part + 1, parts, p->depth) - k;
                add[terms - 1](p, row, some, k, first, next);
            }
        }
    }
}
