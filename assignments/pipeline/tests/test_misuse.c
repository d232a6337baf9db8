/*
 * What a schedule can do wrong so that the kit or MPI ends the program: the message
 * says what is wrong, with its values, what was called, and on which line of the file
 * that is being written. Without the grader, as in `make train`.
 *
 * The lines are those of the comments in misuse/train_step_1f1b.c.
 */
#include "common/base/tensor.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define MISUSES "assignments/pipeline/tests/misuse/"

static const struct misuse {
    const char *name;
    const char
        *said; /* the message; {NAME} is the line with that comment, without a name its own */
} misuses[] = {
    /* micro_batch.h: its own name, not that of what it calls */
    {"input_of_none",
     "micro_batch_input: there is no micro-batch 6: they are numbered 0 to 3 (called "
     "at train_step_1f1b.c:{}, from line {take}"},
    {"input_in_a_helper", "micro_batch_input: there is no micro-batch -1: they are numbered 0 to 3 "
                          "(called at train_step_1f1b.c:{enter}, from line {take}"},
    {"output_of_none",
     "micro_batch_pass_output: there is no micro-batch 4: they are numbered 0 to 3 "
     "(called at train_step_1f1b.c:{}"},
    {"gradient_of_none",
     "micro_batch_output_gradient: there is no micro-batch 4: they are numbered 0 "
     "to 3 (called at train_step_1f1b.c:{}"},
    {"output_twice",
     "rank 1: micro_batch_pass_output: the loss of micro-batch 0 was computed already "
     "in this step: each micro-batch goes through the last stage once (called at "
     "train_step_1f1b.c:{}"},
    {"output_missing",
     "micro_batch_pass_output: y of micro-batch 0 is NULL: stage_forward returns it "
     "(called at train_step_1f1b.c:{}"},
    {"gradient_first",
     "rank 1: micro_batch_output_gradient: the backward of micro-batch 0 came before "
     "its forward: its loss was not computed in this step yet (called at "
     "train_step_1f1b.c:{}"},
    {"gradient_twice",
     "rank 1: micro_batch_output_gradient: the gradient of the loss of micro-batch 0 "
     "was taken already in this step: each micro-batch has one backward (called at "
     "train_step_1f1b.c:{}"},
    /* the stage: not begun and finished are two things */
    {"backward_first",
     "rank 0: stage_backward: stage 0: a backward of micro-batch 0 can't run: its "
     "backward came before its forward, which has not run yet (called at "
     "train_step_1f1b.c:{}"},
    {"backward_twice",
     "stage_backward: stage 0: a backward of micro-batch 0 can't run: its backward "
     "is done already, and no forward came behind it"},
    {"forward_twice",
     "stage_forward: stage 0: a forward of micro-batch 0 can't run: its forward ran "
     "before and its backward has not yet"},
    {"weight_first",
     "stage_backward_weight: stage 0: a stage_backward_weight of micro-batch 0 can't "
     "run: it has had its forward only: stage_backward_input comes first (called at "
     "train_step_1f1b.c:{}"},
    {"wrong_shape",
     "stage_forward: stage 0, micro-batch 1: x is float32 (1); expected float32 (2, 1, "
     "28, 28) (micro-batch size first) on the stage's device (called at "
     "train_step_1f1b.c:{}"},
    {"no_input",
     "stage_forward: stage 0, micro-batch 0: x is NULL; expected a tensor (2, 1, 28, 28) "
     "(called at train_step_1f1b.c:{}"},
    {"foreign_layer",
     "stage_layer_gradients: stage 0: layer 77 is not here; this stage has layers 0 "
     "to 1."},
    {"foreign_parameters", "stage_exchange_parameters was given float32 (2, 1, 28, 28); expected "
                           "float32 (12560), as stage_parameters_copy makes them (called at "
                           "train_step_1f1b.c:{}"},
    /* the batch, and tensors */
    {"loss_on_the_first",
     "rank 0: batch_loss: micro-batch 0: the output is float32 of (2, 16), "
     "expected float32 of (2, 10) on the batch's device, as it leaves the last "
     "stage (called at train_step_1f1b.c:{}"},
    {"inputs_on_the_last",
     "rank 1: batch_inputs: the inputs of micro-batch 0 were asked for on a rank "
     "that did not open them: call batch_open_inputs() first, on the ranks that "
     "need inputs (called at train_step_1f1b.c:{}"},
    {"outputs_of_nothing",
     "batch_outputs: this rank computed no loss, so it has seen no outputs: only "
     "the last stage has them, behind batch_loss() (called at "
     "train_step_1f1b.c:{}"},
    {"copy_of_another_size",
     "tensor_copy: float32 (2, 1, 28, 28) can't be copied into float32 (12560) "
     "(called at train_step_1f1b.c:{}"},
    /* whose a tensor is: the line of the free, and who freed it first or took it over, and where */
    {"freed_twice",
     "tensor_free: this tensor was freed already, by tensor_free at train_step_1f1b.c:"
     "{freed_twice first}, from line {take} (called at train_step_1f1b.c:{}"},
    {"freed_x", "stage_backward: a tensor that the stage keeps for this backward was freed, by "
                "tensor_free at train_step_1f1b.c:{freed_x first}, from line {take}, although "
                "stage_forward took it over (x), at train_step_1f1b.c:{freed_x taken}, from line "
                "{take} (called at train_step_1f1b.c:{}"},
    {"freed_dy",
     "tensor_free: this tensor is dy of stage_backward, which took it over, at "
     "train_step_1f1b.c:{freed_dy first}, from line {take}: it is not the caller's to free "
     "(called at train_step_1f1b.c:{}"},
    {"freed_y", "tensor_free: this tensor is y of micro_batch_pass_output, which took it over, at "
                "train_step_1f1b.c:{freed_y first}, from line {take}: "},
    {"freed_x_later", "tensor_free: this tensor is x of stage_forward, which took it over, at "
                      "train_step_1f1b.c:{freed_x_later first}, from line {take}: "},
    {"freed_parameters",
     "stage_exchange_parameters: this version of the parameters was freed, by "
     "tensor_free at train_step_1f1b.c:{freed_parameters first}, from line {take}, "
     "although stage_exchange_parameters took it over (parameters), at "},
    {"passed_freed", "stage_forward: x was freed already, by tensor_free at train_step_1f1b.c:"
                     "{passed_freed first}, from line {take} (called at train_step_1f1b.c:{}"},
    /* MPI: the value, its range and what it may come from; with mpi_check and without */
    {"rank_of_none",
     "MPI_Isend: an MPI call failed: MPI_ERR_RANK: invalid rank (there is no rank 2, "
     "the communicator has ranks 0 to 1; the last stage has no next one) (called at "
     "train_step_1f1b.c:{}"},
    {"rank_of_none_checked",
     "mpi_check: train_step_1f1b.c:{}: MPI_Send(&x, 1, MPI_FLOAT, -1, 0, "
     "pipeline->comm) failed: MPI_ERR_RANK: invalid rank (there is no rank -1 "},
    {"tag_too_small",
     "MPI_Send: an MPI call failed: MPI_ERR_TAG: invalid tag (tag -5 is outside of 0 to "},
    {"count_too_small",
     "MPI_Recv: an MPI call failed: MPI_ERR_COUNT: invalid count argument (a count "
     "of -3: it is at least 0) (called at train_step_1f1b.c:{}"},
    {"second_half",
     "MPI_Sendrecv_replace: an MPI call failed: MPI_ERR_RANK: invalid rank (there is no "
     "rank 9, the communicator has ranks 0 to 1) (called at train_step_1f1b.c:{}"},
    {"no_communicator", "MPI_Barrier: an MPI call failed: MPI_ERR_COMM: invalid communicator "
                        "(the communicator is MPI_COMM_NULL: this rank is a member of none, or it "
                        "was never made) (called at "
                        "train_step_1f1b.c:{}"},
    {"too_small_a_room",
     "rank 1: MPI_Wait: an MPI call failed: MPI_ERR_TRUNCATE: message truncated (a "
     "message is larger than the room of the receive that takes it"},
    {"through_another_file", "mpi_check: pipeline_communicate.c:"},
    {"through_another_file",
     "failed: MPI_ERR_RANK: invalid rank (there is no rank 6, the communicator "
     "has ranks 0 to 1) (in pipeline_communicate, called at "
     "train_step_1f1b.c:{}"},
};

/* The line with the comment on it, as a new string. */
static char *line_of(const char *source, const char *comment)
{
    g_autofree char *mark = g_strdup_printf("/* %s */", comment);
    const char *found = strstr(source, mark);
    ck_assert_msg(found != NULL, "no line has %s", mark);
    int line = 1;
    for (const char *c = source; c < found; c++)
        line += *c == '\n';
    return g_strdup_printf("%d", line);
}

/* The message with lines in place of comments; a new string. */
static char *expected(const struct misuse *misuse, const char *file)
{
    g_autofree char *source = NULL;
    ck_assert(g_file_get_contents(file, &source, NULL, NULL));
    GString *text = g_string_new(NULL);
    for (const char *c = misuse->said; *c != '\0'; c++) {
        if (*c != '{') {
            g_string_append_c(text, *c);
            continue;
        }
        g_autofree char *comment = g_strndup(c + 1, strcspn(c + 1, "}"));
        g_autofree char *line = line_of(source, comment[0] != '\0' ? comment : misuse->name);
        g_string_append(text, line);
        c += strlen(comment) + 1;
    }
    return g_string_free(text, FALSE);
}

static void check(const struct misuse *misuse, const char *file, const char *arguments)
{
    g_autofree char *words = expected(misuse, file);
    g_autofree char *program =
        g_build_filename(test_build_folder(), "programs/assignments/pipeline/tests/misuse", NULL);
    struct test_run run = test_run_command(
        "env MISUSE=%s tools/launch 2 %s --steps 1 --data synthetic --model mlp:depth=2,width=16 "
        "--batch 8 --micro-batches 4 %s",
        misuse->name, program, arguments);
    ck_assert_int_ne(run.status, 0);
    ck_assert_msg(strstr(run.output, words) != NULL, "%s\nlacks: %s", run.output, words);
    test_run_clear(&run);
}

START_TEST(is_told_with_its_line)
{
    check(&misuses[_i], MISUSES "train_step_1f1b.c", "--schedule 1f1b");
}
END_TEST

START_TEST(a_stage_is_no_rank)
{
    static const struct misuse misuse = {
        "stage_for_rank",
        "rank 0: MPI_Send: an MPI call failed: MPI_ERR_RANK: invalid rank (there is no rank 2, the "
        "communicator has ranks 0 to 1; stage 2 is on rank 0) (called at "
        "train_step_interleaved.c:{}"};
    check(&misuse, MISUSES "train_step_interleaved.c", "--schedule interleaved --chunks 2");
}
END_TEST

/* ---- the list of who takes over what ------------------------------------------------------------ */

/* Every function of which a header that students read says so is in the list. */
START_TEST(the_list_of_takers_has_every_header)
{
    static const char *const headers[] = {
        "common/training/stage.h", "common/training/batch.h", "common/training/optimizer.h",
        "assignments/pipeline/micro_batch.h", "assignments/pipeline/pipeline.h"};
    int found = 0, listed = 0;
    for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL; taker++)
        listed++;
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *text = NULL;
        ck_assert(g_file_get_contents(headers[i], &text, NULL, NULL));
        /* a comment that says it, and the functions up to the next comment */
        g_autoptr(GRegex) comment =
            g_regex_new("/\\*((?:(?!\\*/).)*)\\*/((?:(?!/\\*).)*)", G_REGEX_DOTALL, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        for (g_regex_match(comment, text, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL)) {
            g_autofree char *says = g_match_info_fetch(match, 1),
                            *code = g_match_info_fetch(match, 2);
            g_autofree char *folded = g_utf8_strdown(says, -1);
            if (strstr(folded, "takes over") == NULL)
                continue;
            for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL;
                 taker++) {
                g_autofree char *call = g_strconcat(taker->function, "(", NULL);
                found += strstr(code, call) != NULL;
            }
            ck_assert_msg(strchr(code, '(') != NULL, "%s", says);
        }
    }
    ck_assert_int_eq(found, listed);
}
END_TEST

START_TEST(the_hand_out_has_the_list)
{
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("assignments/pipeline/HANDOUT.md", &text, NULL, NULL));
    const char *begin = strstr(text, "**Who frees what?**");
    ck_assert_ptr_nonnull(begin);
    g_autofree char *paragraph = g_strndup(begin, (gsize)(strstr(begin, "\n\n") - begin));
    for (const struct tensor_taker *taker = tensor_takers; taker->function != NULL; taker++)
        ck_assert_msg(strstr(paragraph, taker->function) != NULL, "%s", taker->function);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("misuse");
    TCase *tests = tcase_create("misuse");
    tcase_set_timeout(tests, 120.0);
    tcase_add_loop_test(tests, is_told_with_its_line, 0, G_N_ELEMENTS(misuses));
    tcase_add_test(tests, a_stage_is_no_rank);
    tcase_add_test(tests, the_list_of_takers_has_every_header);
    tcase_add_test(tests, the_hand_out_has_the_list);
    suite_add_tcase(suite, tests);
    return suite;
}
