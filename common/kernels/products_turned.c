/*
 * The forward of LANES rows or some more (products_few.h): cᵀ = b · aᵀ. The few rows of a are turned
 * so that a vector holds one column of them; then b, the large one, is read as it is, number by
 * number, and no sum goes across a vector.
 */
#include "common/kernels/products_few.h"

#include <string.h>

/* What is turned lies on the stack, in blocks: some of the depth, some columns. */
enum { MOST_ROWS = 3 * LANES, MOST_DEPTH = 128, MOST_COLUMNS = 128 };

/* to[j][i] = from[i][j]; what lies behind `rows` in a row of `to` becomes 0. */
static void turn(int rows, int columns, const float *from, int from_row, float *to, int to_row)
{
    for (int j = 0; j < columns; j++, to += to_row) {
        for (int i = 0; i < rows; i++)
            to[i] = from[(long)i * from_row + j];
        for (int i = rows; i < to_row; i++)
            to[i] = 0;
    }
}

/* All of the depth, for at most MOST_ROWS rows and MOST_COLUMNS columns. */
static void multiply_block(const struct dot_product *p)
{
    float a[MOST_DEPTH * MOST_ROWS], c[MOST_COLUMNS * MOST_ROWS];
    int width = round_up_to_lanes(p->rows);
    struct streamed_product turned = {.rows = p->columns,
                                      .columns = width,
                                      .a_row = p->b_row,
                                      .a_column = 1,
                                      .b_row = width,
                                      .c_row = width,
                                      .b = a,
                                      .c = c};
    for (int k = 0; k < p->depth; k += MOST_DEPTH) {
        turned.depth = p->depth - k < MOST_DEPTH ? p->depth - k : MOST_DEPTH;
        turn(p->rows, turned.depth, p->a + k, p->a_row, a, width);
        turned.a = p->b + k;
        turned.add = k > 0;
        cpu_streamed_product(&turned);
    }
    for (int i = 0; i < p->rows; i++) {
        float *to = p->c + (long)i * p->c_row;
        for (int j = 0; j < p->columns; j++)
            to[j] = p->add ? to[j] + c[j * width + i] : c[j * width + i];
    }
}

void cpu_turned_product(const struct dot_product *product)
{
    for (int row = 0; row < product->rows; row += MOST_ROWS)
        for (int column = 0; column < product->columns; column += MOST_COLUMNS) {
            struct dot_product block = *product;
            block.rows = product->rows - row < MOST_ROWS ? product->rows - row : MOST_ROWS;
            block.columns =
                product->columns - column < MOST_COLUMNS ? product->columns - column : MOST_COLUMNS;
            block.a += (long)row * product->a_row;
            block.b += (long)column * product->b_row;
            block.c += (long)row * product->c_row + column;
            multiply_block(&block);
        }
}
