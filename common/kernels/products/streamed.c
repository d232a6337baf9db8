/*
 * Products in which the rows of b go by as vectors (few.h): a weight in the backward for
 * the input, where c has few rows; a micro-batch in the backward for the weight, where the sums are
 * short and c is large.
 *
 * A tile of c, some rows by some vectors, is kept in registers while k goes by: each vector of b is
 * used for all its rows, each number of a for all its vectors.
 */
#include "common/kernels/products/few.h"

#include <string.h>

/* Tiles of at most so many vectors fit into the registers, with what is multiplied. So many side by
 * side need the fewest loads; where they divide the columns, all tiles are such. */
#ifdef __AVX512F__
enum { MOST_ROWS = 8, MOST_VECTORS = 6, TILE_VECTORS = 24, WIDE_VECTORS = 4 };
#else
enum { MOST_ROWS = 6, MOST_VECTORS = 2, TILE_VECTORS = 6, WIDE_VECTORS = 2 };
#endif

/* Writes the last `lanes` lanes of sum to c, where only they are wanted. */
static void store_last_lanes(vector sum, int lanes, float *c, bool add)
{
    float all[LANES];
    memcpy(all, &sum, sizeof all);
    for (int lane = LANES - lanes; lane < LANES; lane++)
        c[lane] = add ? c[lane] + all[lane] : all[lane];
}

/* `rows` × `vectors` of c from `a`, `b` and `c` on. Inlined with constants, so that sum[][] is in
 * registers. lanes: how many of a single vector are wanted, the last ones. */
SPECIALISED void multiply_tile(const struct streamed_product *p, const float *a, const float *b,
                               float *c, int lanes, int ahead, const int rows, const int vectors)
{
    vector sum[MOST_ROWS][MOST_VECTORS];
    const long a_row = p->a_row, a_column = p->a_column, b_row = p->b_row, c_row = p->c_row;
    const bool all_lanes = vectors > 1 || lanes == LANES;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[i][v] =
                p->add && all_lanes ? *(const vector *)(c + i * c_row + v * LANES) : (vector){0};
    for (int k = 0; k < p->depth; k++, a += a_column, b += b_row) {
        vector in[MOST_VECTORS];
        if (ahead > 0)
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                __builtin_prefetch(b + ahead * b_row + v * LANES);
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            in[v] = *(const vector *)(b + v * LANES);
            CPU_KEEP_IN_REGISTER(in[v]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[i][v] += a[i * a_row] * in[v];
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            if (all_lanes)
                *(vector *)(c + i * c_row + v * LANES) = sum[i][v];
            else
                store_last_lanes(sum[i][v], lanes, c + i * c_row, p->add);
}

typedef void tile(const struct streamed_product *, const float *a, const float *b, float *c,
                  int lanes, int ahead);
#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##_##vectors(const struct streamed_product *p, const float *a,          \
                                        const float *b, float *c, int lanes, int ahead)            \
    {                                                                                              \
        enum {                                                                                     \
            R = rows < MOST_ROWS ? rows : MOST_ROWS,                                               \
            V = vectors < MOST_VECTORS ? vectors : MOST_VECTORS                                    \
        };                                                                                         \
        multiply_tile(p, a, b, c, lanes, ahead, R, V);                                             \
    }
#define TILES(rows)                                                                                \
    TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4) TILE(rows, 5) TILE(rows, 6)
/* clang-format off */
TILES(1) TILES(2) TILES(3) TILES(4)
TILE(5, 1) TILE(5, 2) TILE(5, 3) TILE(5, 4)
TILE(6, 1) TILE(6, 2) TILE(6, 3) TILE(6, 4)
TILE(7, 1) TILE(7, 2) TILE(7, 3)
TILE(8, 1) TILE(8, 2) TILE(8, 3)
/* clang-format on */
#define ROW(rows)                                                                                  \
    {                                                                                              \
        tile_##rows##_1, tile_##rows##_2, tile_##rows##_3, tile_##rows##_4, tile_##rows##_5,       \
            tile_##rows##_6                                                                        \
    }
        static tile *const tiles[8][6] = {ROW(1),
                                          ROW(2),
                                          ROW(3),
                                          ROW(4),
                                          {tile_5_1, tile_5_2, tile_5_3, tile_5_4},
                                          {tile_6_1, tile_6_2, tile_6_3, tile_6_4},
                                          {tile_7_1, tile_7_2, tile_7_3},
                                          {tile_8_1, tile_8_2, tile_8_3}};

/* What is multiplied, cut into tiles. */
static void multiply(const struct streamed_product *p, int ahead)
{
    int vectors = p->columns / LANES;
    bool wide = vectors % WIDE_VECTORS == 0 && p->rows > MOST_ROWS;
    int most_tile_rows = wide ? TILE_VECTORS / WIDE_VECTORS : MOST_ROWS;
    int row_parts = (p->rows + most_tile_rows - 1) / most_tile_rows;
    int most_rows = (p->rows + row_parts - 1) / row_parts;
    int most_vectors =
        TILE_VECTORS / most_rows < MOST_VECTORS ? TILE_VECTORS / most_rows : MOST_VECTORS;
    int strips = (vectors + most_vectors - 1) / most_vectors;
    int lanes = p->columns % LANES, columns = strips + (lanes > 0);
    bool rows_outside = p->rows > p->depth; /* what is larger, c or b, goes by once */
    for (int n = 0; n < row_parts * columns; n++) {
        int part = rows_outside ? n / columns : n % row_parts;
        int strip = rows_outside ? n % columns : n / row_parts;
        int row = cpu_part_begin(part, row_parts, p->rows);
        int rows = cpu_part_begin(part + 1, row_parts, p->rows) - row;
        const float *a = p->a + (long)row * p->a_row;
        float *c = p->c + (long)row * p->c_row;
        if (strip < strips) {
            int first = cpu_part_begin(strip, strips, vectors);
            int some = cpu_part_begin(strip + 1, strips, vectors) - first;
            tiles[rows - 1][some - 1](p, a, p->b + first * LANES, c + first * LANES, LANES, ahead);
        } else { /* the vector at the end overlaps the one before */
            int first = p->columns - LANES;
            tiles[rows - 1][0](p, a, p->b + first, c + first, lanes, ahead);
        }
    }
}

/* From so many floats on, b is in no cache that is near: few of its rows at a time then, because
 * each is on other pages, and the processor is told early which it will read. */
enum { FAR_FLOATS = 1 << 21, FAR_ROWS = 64, FAR_AHEAD = 16 };

void cpu_streamed_product(const struct streamed_product *product)
{
    bool far = (long)product->depth * product->columns >= FAR_FLOATS;
    struct streamed_product part = *product;
    int together = far ? FAR_ROWS : product->depth;
    for (int k = 0; k < product->depth; k += together) {
        part.depth = product->depth - k < together ? product->depth - k : together;
        multiply(&part, far ? FAR_AHEAD : 0);
        part.a += (long)together * product->a_column;
        part.b += (long)together * product->b_row;
        part.add = true;
    }
}
