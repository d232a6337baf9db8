/* What was counted and what is due, as a table; see costs.h. */
#include "assignments/memory/judges/recomputation/costs.h"

enum { MOST_ROWS = 12 };

void recomputation_explain(const struct recomputation_case *one, struct verdict *verdict)
{
    int rows = 0;
    verdict_explain(
        verdict, "\nThe last step; found, due, and without recomputation. F keeps: bytes of "
                 "activations that are live behind it, and were not before. B holds: those at the "
                 "most that are live within it, and were not before.\n\n"
                 "| rank, micro-batch | F keeps | B holds | B computes |\n|---|---|---|---|\n");
    for (int rank = 0; rank < one->run->ranks; rank++)
        for (guint i = 0; i < one->computed[rank].of->len && rows < MOST_ROWS; i++) {
            const struct computation *forward = computation_at(&one->computed[rank], i);
            guint b = i;
            while (b < one->computed[rank].of->len &&
                   (!computation_at(&one->computed[rank], b)->back ||
                    computation_at(&one->computed[rank], b)->micro_batch != forward->micro_batch))
                b++;
            if (forward->back || forward->step != one->run->options.steps - 1 ||
                b >= one->computed[rank].of->len)
                continue;
            const struct computations *all[] = {&one->computed[rank], &one->right->computed[rank],
                                                &one->plain->computed[rank]};
            verdict_explain(verdict, "| %d, %d ", rank, forward->micro_batch);
            for (int column = 0; column < 3; column++) {
                for (int k = 0; k < 3; k++) {
                    const struct computation *f = computation_at(all[k], i),
                                             *back = computation_at(all[k], b);
                    const double value = column == 0   ? computation_kept(f)
                                         : column == 1 ? computation_most(back)
                                                       : (double)back->flops;
                    verdict_explain(verdict, k == 0 ? "| %.0f" : ", %.0f", value);
                }
                verdict_explain(verdict, " ");
            }
            verdict_explain(verdict, "|\n");
            rows++;
        }
}
