/*
 * Four small programs, one for each kind of parallelism, right and with one mistake each, judged by the
 * generic pieces alone (judged.h), on this computer and on the simulated cluster.
 */
#include "tests/parallel/judged.h"
#include "tests/support/test.h"

#include <string.h>

#define RIGHT(program, ranks)                                                                      \
    {                                                                                              \
        program, "right", ranks, NULL, NULL                                                        \
    }
#define WRONG(program, form, ranks, says)                                                          \
    {                                                                                              \
        program, form, ranks, says, NULL                                                           \
    }
#define NAMED(program, form, ranks, says, mistake)                                                 \
    {                                                                                              \
        program, form, ranks, says, mistake                                                        \
    }

static const struct parallel_form forms[] = {
    /* ---- a layer split among ranks ---- */
    RIGHT("split_linear", 1),
    RIGHT("split_linear", 3),
    RIGHT("split_linear", 4),
    NAMED("split_linear", "bias-on-every-rank", 3, "outputs: ", "every rank adds the bias"),
    NAMED("split_linear", "keeps-partial-outputs", 3, "outputs", "partial outputs are not summed"),
    WRONG("split_linear", "keeps-partial-gradients", 3, "inputs.gradient"),
    WRONG("split_linear", "neighbours-slice", 3, "of blocks.0.A.gradient (10, 6) are on no rank"),
    WRONG("split_linear", "one-buffer", 3, "one buffer for what goes in and for what comes out"),
    WRONG("split_linear", "sums-half", 3, "outputs"),
    WRONG("split_linear", "takes-the-maximum", 3, "outputs"),
    /* ---- copies, and sums under way beside the backward ---- */
    RIGHT("data_parallel", 2),
    RIGHT("data_parallel", 4),
    NAMED("data_parallel", "sum-for-mean", 4, "layers.0.weight",
          "the sum of gradients, not their mean"),
    NAMED("data_parallel", "never-sums", 4, "layers.0.weight", "gradients are not reduced"),
    WRONG("data_parallel", "starts-differ", 4, "layers.0.weight"),
    WRONG("data_parallel", "steps-too-early", 4, "MPI_Iallreduce"),
    WRONG("data_parallel", "one-request", 4,
          "rank 0 never waited for its MPI_Iallreduce of 576 bytes"),
    WRONG("data_parallel", "reuses-its-bucket", 4, "had given to MPI_Iallreduce of 576 bytes"),
    WRONG("data_parallel", "another-order", 3, "layers."),
    WRONG("data_parallel", "skips-a-bucket", 4, "rank 3"),
    WRONG("data_parallel", "another-root", 4, "root"),
    WRONG("data_parallel", "blocking", 4, "none of 16 sums is under way"),
    WRONG("data_parallel", "sums-at-the-end", 4, "none of 16 sums is under way"),
    /* ---- ranges of an arena ---- */
    RIGHT("sharded_optimizer", 1),
    RIGHT("sharded_optimizer", 4),
    WRONG("sharded_optimizer", "loses-the-remainder", 4,
          "elements 100 to 102 of momentum (103) are on no rank"),
    WRONG("sharded_optimizer", "counts-differ", 4, "MPI_Reduce_scatter"),
    WRONG("sharded_optimizer", "never-gathers", 4, "parameters"),
    WRONG("sharded_optimizer", "reduces-all", 4, "1.5 times as many bytes"),
    /* ---- all of it, 2 × 2 × 2 ---- */
    RIGHT("hybrid", 8),
    WRONG("hybrid", "another-group", 8, "rank 5"),
    WRONG("hybrid", "crosswise", 8, "rank 3"),
    WRONG("hybrid", "groups-swapped", 8, "blocks.0.A.gradient"),
    WRONG("hybrid", "root-of-the-world", 8, ", the communicator has ranks 0 to 1"),
    WRONG("hybrid", "no-such-rank", 8, "there is no rank 9, the communicator has ranks 0 to 7"),
    WRONG("hybrid", "frees-too-early", 8,
          "MPI_Allreduce: this communicator was freed already (MPI_Comm_free)"),
    WRONG("hybrid", "keeps-partial-outputs", 8, "blocks."),
};

static void check(const struct parallel_form *form, bool simulated)
{
    struct verdict *verdict = parallel_judge(form, simulated);
    const enum verdict_kind expected = form->says ? VERDICT_FAIL : VERDICT_PASS;
    const char *said = verdict->headline->str;
    ck_assert_msg(verdict->kind == expected && (!form->says || strstr(said, form->says)),
                  "%s %s on %d ranks: verdict %d: %.3000s", form->program, form->form, form->ranks,
                  verdict->kind, said);
    ck_assert_msg(strcmp(verdict->mistake->str, form->mistake ? form->mistake : "") == 0,
                  "%s %s: named \"%s\": %.3000s", form->program, form->form, verdict->mistake->str,
                  said);
    verdict_free(verdict);
}

START_TEST(on_this_computer)
{
    check(&forms[_i], false);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    if (test_has_simulator())
        check(&forms[_i], true);
}
END_TEST

Suite *test_suite(void)
{
    enum { FORMS = sizeof forms / sizeof forms[0] };
    Suite *suite = suite_create("parallel programs");
    TCase *tests = tcase_create("forms");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, on_this_computer, 0, FORMS);
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, FORMS);
    suite_add_tcase(suite, tests);
    return suite;
}
