/*
 * Tests of checkpoints that can't be used or written, each with a message that says which file, why, and
 * what to do.
 */
#include "tests/support/test.h"
#include "tests/support/two_checkpoints.h"

#include <string.h>

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* ---- refused --------------------------------------------------------------------------------------- */

#define AS_BEFORE "--steps 6 --resume "
#define BACK_TO_2 "/step-4 to go on from the checkpoint before it, of step 2"

static const struct {
    const char *damage, *options;
    const char *says[3]; /* the file or option, the cause, what to do */
} refusals[] = {
    {"truncate -s -100 step-4/rank-1.safetensors",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "is cut off", BACK_TO_2}},
    {"truncate -s 0 step-4/rank-0.safetensors",
     AS_BEFORE,
     {"step-4/rank-0.safetensors", "0 bytes, where ", BACK_TO_2}},
    {"printf x >> step-4/rank-0.safetensors",
     AS_BEFORE,
     {"step-4/rank-0.safetensors", "is too long", BACK_TO_2}},
    {"rm step-4/rank-1.safetensors",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "No such file", BACK_TO_2}},
    {"cp step-2/rank-1.safetensors step-4",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "is of another checkpoint (step 2, id ", BACK_TO_2}},
    {"cp step-4/rank-0.safetensors step-4/rank-1.safetensors",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "is the file of rank 0", BACK_TO_2}},
    {"printf '\\377' | dd of=step-4/rank-1.safetensors bs=1 conv=notrunc "
     "seek=$(($(stat -c %s step-4/rank-1.safetensors) - 2)) 2>&1",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "is damaged: its checksum is", BACK_TO_2}},
    {"printf '{{{{' > step-4/index.json",
     AS_BEFORE,
     {"step-4/index.json", "is cut off or damaged: line 1", BACK_TO_2}},
    {"truncate -s 200 step-4/index.json",
     AS_BEFORE,
     {"step-4/index.json", "is cut off or damaged", BACK_TO_2}},
    {"printf '[1]' > step-4/index.json",
     AS_BEFORE,
     {"step-4/index.json", "is no index of a checkpoint", BACK_TO_2}},
    {"sed -i 's/\"ranks\": 2/\"ranks\": 3/' step-4/index.json",
     AS_BEFORE,
     {"step-4/index.json", "is no index of a checkpoint", BACK_TO_2}},
    {"sed -i 's/\"ranks\": 2/\"ranks\": 2000000000/' step-4/index.json",
     AS_BEFORE,
     {"step-4/index.json", "is no index of a checkpoint", BACK_TO_2}},
    {"cp step-2/index.json step-4",
     AS_BEFORE,
     {"step-4/index.json", "says that it is of step 2", BACK_TO_2}},
    {"mv step-2 step-5",
     AS_BEFORE,
     {"step-5/index.json", "says that it is of step 2",
      "/step-5 to go on from the checkpoint before it, of step 4"}},
    {"rm -r step-2 step-4/rank-1.safetensors",
     AS_BEFORE,
     {"step-4/rank-1.safetensors", "no other checkpoint is there", "begin from the start"}},
    {"rm step-2/index.json step-4/index.json",
     AS_BEFORE,
     {"--resume", "there is no complete checkpoint in", "leave --resume out"}},
    {"rm -r ../checkpoints",
     AS_BEFORE,
     {"--resume", "there is no complete checkpoint in", "leave --resume out"}},
    {"", "--steps 6", {"--checkpoint-folder", "holds a checkpoint of step 4", "--resume goes on"}},
    {"", "--steps 3 --resume", {"--steps 3", "/step-4 is beyond it", "use --steps 4 or more"}},
    {"", AS_BEFORE "--seed 2", {"step-4", "--seed: 1 there, 2 here", "give the same options"}},
    {"",
     AS_BEFORE "--model mlp:depth=2,width=16",
     {"step-4",
      "--model: mlp:depth=2,width=24,norm=none,dropout=0 there, "
      "mlp:depth=2,width=16,norm=none,dropout=0 here",
      "give the same options"}},
    {"",
     AS_BEFORE "--optimizer adamw",
     {"step-4", "--optimizer: sgd there, adamw here", "--momentum: 0.9 there, (none) here"}},
    {"",
     AS_BEFORE "--learning-rate 0.1",
     {"step-4", "--learning-rate: 0.05 there, 0.1 here", "give the same options"}},
    {"", AS_BEFORE "--batch 32", {"step-4", "--batch: 16 there, 32 here", "give the same options"}},
    {"",
     AS_BEFORE "--micro-batches 2",
     {"step-4", "--micro-batches: 4 there, 2 here", "give the same options"}},
    {"",
     AS_BEFORE "--holding all",
     {"step-4", "--holding: copies there, all here", "give the same options"}},
    {"",
     AS_BEFORE "--data synthetic:train=256",
     {"step-4",
      "--data: synthetic, 2048 samples of (1, 28, 28), 10 classes there, synthetic, 256 samples of",
      "give the same options"}},
    /* Each of them, with both values. */
    {"",
     AS_BEFORE "--seed 2 --batch 32 --micro-batches 2 --loss mean --learning-rate 0.1",
     {"--loss: cross-entropy there, mean here; --batch: 16 there, 32 here; --micro-batches: 4 "
      "there, "
      "2 here;",
      "--learning-rate: 0.05 there, 0.1 here; --seed: 1 there, 2 here: give the same options",
      "step-4"}},
};

START_TEST(what_cannot_be_used_is_refused_once_with_file_cause_and_advice)
{
    /* Where mpirun ends with an error it waits a second; the simulated cluster does not. */
    two_checkpoints.simulated = test_has_simulator() && _i % 8 != 0;
    two_checkpoints_command(refusals[_i].damage);
    struct test_run run = resumed_run(&two_checkpoints, 2, 2, refusals[_i].options);
    ck_assert_msg(run.status == 2, "status %d: " TEST_LONG, run.status, run.output);
    ck_assert_msg(count_of(run.output, "refused: ") == 1, TEST_LONG, run.output);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(strstr(run.output, refusals[_i].says[i]) != NULL, "expected %s in " TEST_LONG,
                      refusals[_i].says[i], run.output);
    test_run_clear(&run);
}
END_TEST

/* ---- not written ------------------------------------------------------------------------------------ */

START_TEST(a_folder_that_cannot_be_made_or_written_is_said)
{
    static const char *const cases[][2] = {{"/dev/null/folder", "can't be made: Not a directory"},
                                           {"/proc", "nothing can be written there"}};
    g_autofree char *further = g_strdup_printf("--checkpoint-folder %s", cases[_i][0]);
    struct test_run run = resumed_run(&two_checkpoints, 2, 2, further);
    ck_assert_msg(run.status == 2 && strstr(run.output, cases[_i][1]) != NULL &&
                      count_of(run.output, "refused: ") == 1,
                  TEST_LONG, run.output);
    test_run_clear(&run);
}
END_TEST

/* A limit on the size of files stands for a disk that is full. Open MPI's own files are below it; the second
 * checkpoint is not, because of the momenta that it has to hold. */
START_TEST(a_checkpoint_that_cannot_be_written_ends_the_run_with_a_word)
{
    g_autofree char *program = test_program(false, TWO_CHECKPOINTS_PROGRAM);
    struct test_run run = test_run_command(
        "exec tools/launch 2 sh -c 'trap \"\" XFSZ; ulimit -f 80000; exec %s --quiet --steps 1 "
        "--checkpoint 1 --checkpoint-folder %s/full --data synthetic --batch 4 "
        "--model mlp:depth=4,width=1800'",
        program, two_checkpoints.folder);
    ck_assert_msg(run.status == 1 && strstr(run.output, "step-1/rank-") != NULL &&
                      strstr(run.output, "can't be written: File too large") != NULL &&
                      count_of(run.output, "--checkpoint: ") == 1,
                  "status %d: " TEST_LONG, run.status, run.output);
    test_run_clear(&run);
}
END_TEST

START_TEST(two_runs_do_not_write_into_one_folder)
{
    g_autofree char *program = test_program(false, TWO_CHECKPOINTS_PROGRAM);
    struct test_run run = test_run_command(
        "flock %s/checkpoints/lock tools/launch 2 %s --quiet --steps 2 --checkpoint 1 "
        "--checkpoint-folder %s/checkpoints " TWO_CHECKPOINTS_OPTIONS,
        two_checkpoints.folder, program, two_checkpoints.folder);
    ck_assert_msg(run.status == 2 &&
                      strstr(run.output, "another run writes its checkpoints there") != NULL &&
                      count_of(run.output, "refused: ") == 1,
                  TEST_LONG, run.output);
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("checkpoints that can't be used");
    TCase *tests = tcase_create("refused");
    tcase_set_timeout(tests, 200);
    two_checkpoints_for(tests);
    tcase_add_loop_test(tests, what_cannot_be_used_is_refused_once_with_file_cause_and_advice, 0,
                        G_N_ELEMENTS(refusals));
    tcase_add_loop_test(tests, a_folder_that_cannot_be_made_or_written_is_said, 0, 2);
    tcase_add_test(tests, a_checkpoint_that_cannot_be_written_ends_the_run_with_a_word);
    tcase_add_test(tests, two_runs_do_not_write_into_one_folder);
    suite_add_tcase(suite, tests);
    return suite;
}
