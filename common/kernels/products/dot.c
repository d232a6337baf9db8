/*
 * Products of rows with rows (few.h): the forward of a few rows, c = a · bᵀ.
 *
 * Rows of a and of b go by together. Each vector of the one is used for several rows of the other,
 * and each element of c gathers LANES partial sums in a register, which are added up at the end.
 */
#include "common/kernels/products/few.h"

/* So many sums fit into the registers, with what is multiplied. */
#ifdef __AVX512F__
enum { MOST_ROWS = 8, MOST_COLUMNS = 8 };
#else
enum { MOST_ROWS = 3, MOST_COLUMNS = 2 };
#endif

/* By halves, which the compiler does not find itself. */
static inline __attribute__((always_inline)) float sum_of_lanes(vector sum)
{
    typedef float half __attribute__((vector_size(2 * LANES)));
    typedef float quarter __attribute__((vector_size(LANES)));
    half half_sum = __builtin_shufflevector(sum, sum, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15);
    quarter rest = __builtin_shufflevector(half_sum, half_sum, 0, 1, 2, 3) +
                   __builtin_shufflevector(half_sum, half_sum, 4, 5, 6, 7);
    return (rest[0] + rest[2]) + (rest[1] + rest[3]);
}

/* Adds the terms from k on, fewer than LANES. */
static __attribute__((noinline)) void add_rest(const struct dot_product *p, int row, int column,
                                               int rows, int columns, int k)
{
    for (int i = row; i < row + rows; i++)
        for (int j = column; j < column + columns; j++)
            for (int rest = k; rest < p->depth; rest++)
                p->c[(long)i * p->c_row + j] +=
                    p->a[(long)i * p->a_row + rest] * p->b[(long)j * p->b_row + rest];
}

/* rows × columns of c from `row` and `column` on. Inlined with constants, so that sum[][] is in
 * registers. */
SPECIALISED void multiply_tile(const struct dot_product *p, int row, int column, const int rows,
                               const int columns)
{
    const long a_row = p->a_row, b_row = p->b_row;
    const float *a = p->a + row * a_row, *b = p->b + column * b_row;
    vector sum[MOST_ROWS][MOST_COLUMNS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++)
            sum[i][j] = (vector){0};
    int k = 0;
    for (; k + LANES <= p->depth; k += LANES) {
        vector in[MOST_COLUMNS];
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++) {
            in[j] = *(const vector *)(b + j * b_row + k);
            CPU_KEEP_IN_REGISTER(in[j]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            vector factor = *(const vector *)(a + i * a_row + k);
            CPU_KEEP_IN_REGISTER(factor);
#pragma GCC unroll 8
            for (int j = 0; j < columns; j++)
                sum[i][j] += factor * in[j];
        }
    }
    float *c = p->c + (long)row * p->c_row + column;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++, c += p->c_row)
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++) {
            float total = sum_of_lanes(sum[i][j]);
            c[j] = p->add ? c[j] + total : total;
        }
    if (k < p->depth)
        add_rest(p, row, column, rows, columns, k);
}

/* All columns, for some rows: as many columns at a time as there are registers for. */
#define ROWS(rows, most)                                                                           \
    static void multiply_##rows##_rows(const struct dot_product *p, int row)                       \
    {                                                                                              \
        enum {                                                                                     \
            R = rows < MOST_ROWS ? rows : MOST_ROWS,                                               \
            TOGETHER = most < MOST_COLUMNS ? most : MOST_COLUMNS                                   \
        };                                                                                         \
        int column = 0;                                                                            \
        for (; column + TOGETHER <= p->columns; column += TOGETHER)                                \
            multiply_tile(p, row, column, R, TOGETHER);                                            \
        for (; column < p->columns; column++)                                                      \
            multiply_tile(p, row, column, R, 1);                                                   \
    }
ROWS(1, 8)
ROWS(2, 8)
ROWS(3, 8)
ROWS(4, 6)
ROWS(5, 4)
ROWS(6, 4)
ROWS(7, 3)
ROWS(8, 3)

static void (*const multiply_rows[])(const struct dot_product *, int row) = {
    multiply_1_rows, multiply_2_rows, multiply_3_rows, multiply_4_rows,
    multiply_5_rows, multiply_6_rows, multiply_7_rows, multiply_8_rows};

/* Columns at a time, whose rows of b stay in the cache for all rows of a; a multiple of all of these
 * numbers of columns. */
enum { COLUMNS_TOGETHER = 24 };

void cpu_dot_product(const struct dot_product *product)
{
    int parts = (product->rows + MOST_ROWS - 1) / MOST_ROWS;
    for (int column = 0; column < product->columns; column += COLUMNS_TOGETHER) {
        struct dot_product some = *product;
        int left = product->columns - column;
        some.columns = left < COLUMNS_TOGETHER ? left : COLUMNS_TOGETHER;
        some.b += (long)column * product->b_row;
        some.c += column;
        for (int part = 0; part < parts; part++) {
            int row = cpu_part_begin(part, parts, product->rows);
            multiply_rows[cpu_part_begin(part + 1, parts, product->rows) - row - 1](&some, row);
        }
    }
}
