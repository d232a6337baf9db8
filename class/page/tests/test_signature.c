/* Signatures: which failures are the same mistake, said by hand of headlines that the grader wrote. */
#include "class/page/signature.h"

#include "tests/support/test.h"

#include <glib.h>

static const struct {
    const char *one, *other;
    bool same;
} pairs[] = {
    {"rank 0 computed 2.008e+06 FLOPs, but only 1.808e+06 of them in its stage and optimizer",
     "rank 3 computed 6.025e+06 FLOPs, but only 5423000 of them in its stage and optimizer", true},
    {"after step 0: layers.1.weight.gradient on rank 0 (stage 0) is wrong: expected 0.000107078, "
     "found -0.0397097",
     "after step 2: layers.5.weight.gradient on rank 1 (stage 1) is wrong: expected -0.1, found "
     "1e-05",
     true},
    {"after step 0: layers.1.weight.gradient on rank 0 (stage 0) is wrong: expected 1, found nan",
     "after step 0: layers.1.weight.gradient on rank 0 (stage 0) is wrong: expected 1, found -inf",
     true},
    /* weights and biases are two mistakes */
    {"after step 0: layers.1.weight.gradient on rank 0 is wrong",
     "after step 0: layers.1.bias.gradient on rank 0 is wrong", false},
    {"tensor_free: freed already, by tensor_free at train.c:24, from line 72",
     "tensor_free: freed already, by tensor_free at train.c:9, from line 131", true},
    /* another file is another place */
    {"rank 1 crashed (Segmentation fault) at first.c:35 (communicate)",
     "rank 1 crashed (Segmentation fault) at second.c:35 (communicate)", false},
    /* what a number is a part of is a name */
    {"rank 0 calls MPI_Wait at step_4by4.c:19", "rank 0 calls MPI_Wait at step_5by5.c:19", false},
    {"ran the forwards of micro-batches 0, 1, 2 and 3 and sent rank 1 nothing",
     "ran the forwards of micro-batches 0 and 1 and sent rank 2 nothing", true},
    {"ran the forward of micro-batch 7 and sent rank 1 nothing",
     "ran the forwards of micro-batches 0 and 1 and sent rank 2 nothing", true},
    {"rank 0, step 0: with F4 5 are in flight", "rank 1, step 3: with F12 9 are in flight", true},
    {"rank 0, step 0: with F4 5 are in flight", "rank 0, step 0: with W4 5 are in flight", false},
    {"Q3: “Answer: (32, 64)” is not right", "Q3: “I don't know.” is not right", true},
    {"the file /tmp/a1/b/c.txt can't be read", "the file /tmp/zz/q.txt can't be read", true},
    {"the signal 0x7ffe12 was sent", "the signal 0xAB was sent", true},
    {"rank 0 waits for rank 1", "rank 1 sent rank 0 nothing", false},
    {"received and thrown away", "received and kept", false},
};

START_TEST(pairs_are_told_apart)
{
    g_autofree char *one = signature_of(pairs[_i].one), *other = signature_of(pairs[_i].other);
    ck_assert_msg((g_strcmp0(one, other) == 0) == pairs[_i].same, "%s\n%s", one, other);
}
END_TEST

START_TEST(what_is_left_can_be_read)
{
    g_autofree char *text = signature_of(
        "step 1 takes 1.35 times as long as its computations and messages need: rank 0 computes "
        "2.839e+06 FLOPs outside of its stage");
    ck_assert_str_eq(text, "step # takes # time as long as its computations and message need: rank "
                           "# computes # FLOPs outside of "
                           "its stage");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_taken)
{
    g_autofree char *text = signature_of("rank 1\xff\xfe said 7");
    ck_assert(g_utf8_validate(text, -1, NULL));
    g_autofree char *empty = signature_of("");
    ck_assert_str_eq(empty, "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("signature");
    TCase *tests = tcase_create("signature");
    tcase_add_loop_test(tests, pairs_are_told_apart, 0, G_N_ELEMENTS(pairs));
    tcase_add_test(tests, what_is_left_can_be_read);
    tcase_add_test(tests, bytes_that_are_no_text_are_taken);
    suite_add_tcase(suite, tests);
    return suite;
}
