/*
 * The forward of many rows (few.h): c = a · bᵀ, with b turned beforehand, so that it goes by
 * as vectors. That takes as long as six or seven rows of the product, whatever b's size.
 */
#include "common/kernels/products/few.h"
#include "common/kernels/transpose.h"

/* What is turned lies on the stack, in blocks: some columns of c, some of the depth. They stay in the
 * second-level cache while all rows of a go by. */
enum { MOST_DEPTH = 256, MOST_COLUMNS = 128 };

void cpu_turned_product(const struct dot_product *p)
{
    float turned[MOST_DEPTH * MOST_COLUMNS];
    int parts = (p->columns + MOST_COLUMNS - 1) / MOST_COLUMNS;
    for (int part = 0; part < parts; part++) {
        int column = cpu_part_begin(part, parts, p->columns);
        int columns = cpu_part_begin(part + 1, parts, p->columns) - column;
        for (int k = 0; k < p->depth; k += MOST_DEPTH) {
            int depth = p->depth - k < MOST_DEPTH ? p->depth - k : MOST_DEPTH;
            transpose(columns, depth, p->b + (long)column * p->b_row + k, p->b_row, turned,
                      columns);
            cpu_streamed_product(&(struct streamed_product){.rows = p->rows,
                                                            .columns = columns,
                                                            .depth = depth,
                                                            .a_row = p->a_row,
                                                            .a_column = 1,
                                                            .b_row = columns,
                                                            .c_row = p->c_row,
                                                            .a = p->a + k,
                                                            .b = turned,
                                                            .c = p->c + column,
                                                            .add = p->add || k > 0});
        }
    }
}
