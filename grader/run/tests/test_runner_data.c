/*
 * Data sets for the sandbox: used where they lie, brought within reach once where the
 * sandbox's user can't read them, refused with the file's name where they are damaged; and
 * the grader's side reads the same files.
 */
#include "grader/run/runner_data.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FASHION_MNIST, CIFAR10, TEXT };
static const char *const names[] = {"fashion-mnist", "cifar10", "text:tokens=2"};
static const char *const variables[] = {"FASHION_MNIST_DIR", "CIFAR10_DIR", "TEXT_FILE"};

static char *outer, *folder, *text, *work; /* folder and text lie in outer */
static struct runner_data data;

static void setup(void)
{
    outer = test_folder_new();
    work = test_folder_new();
    folder = g_build_filename(outer, "data", NULL);
    text = g_build_filename(outer, "a text", NULL);
    ck_assert_int_eq(chmod(outer, 0755), 0);
    ck_assert_int_eq(chmod(work, 0711), 0);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    dataset_files_write_fashion_mnist(folder, 20, 3);
    dataset_files_write_cifar10(folder, 4);
    ck_assert(g_file_set_contents(text, "some words, some more", -1, NULL));
    g_setenv("FASHION_MNIST_DIR", folder, TRUE);
    g_setenv("CIFAR10_DIR", folder, TRUE);
    g_setenv("TEXT_FILE", text, TRUE);
}

static void teardown(void)
{
    runner_data_clear(&data);
    test_folder_free(outer);
    test_folder_free(work);
    g_free(folder);
    g_free(text);
}

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void find(void)
{
    runner_data_clear(&data);
    runner_data_find(&data, NULL, work);
}

/* As any other user: what is read of the data set. */
static uint64_t read_as_somebody(int set)
{
    int ends[2];
    uint64_t found = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        const uid_t user = sandbox_user(0);
        char error[DATASET_ERROR_SIZE];
        if (geteuid() == 0 && setresuid(user, user, user) != 0)
            _exit(1);
        if (dataset_identify(names[set], DATASET_TRAIN, &found, error) < 0 ||
            write(ends[1], &found, sizeof found) != sizeof found)
            _exit(2);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(read(ends[0], &found, sizeof found), sizeof found);
    close(ends[0]);
    close(ends[1]);
    return found;
}

/* It is ready, and both sides read what was at first in the place that the variable named. */
static void is_ready(int set, uint64_t before)
{
    const struct runner_data_set *found = &data.set[set];
    uint64_t now = 0;
    char error[DATASET_ERROR_SIZE];
    ck_assert_msg(found->state == DATASET_READY, "%s", found->trouble);
    ck_assert_str_eq(g_getenv(variables[set]), found->outside);
    ck_assert(g_str_has_prefix(found->environment, variables[set]));
    ck_assert_int_gt(dataset_identify(names[set], DATASET_TRAIN, &now, error), 0);
    ck_assert_uint_eq(now, before);
    ck_assert_uint_eq(read_as_somebody(set), before);
    for (guint i = 0; i < found->see->len; i++) { /* what is bound is there, and no link */
        const struct sandbox_bind *bind = &g_array_index(found->see, struct sandbox_bind, i);
        g_autofree char *real = realpath(bind->from, NULL);
        ck_assert_str_eq(real, bind->from);
        ck_assert(g_str_has_prefix(bind->to, "/data/"));
    }
}

static uint64_t fingerprint(int set)
{
    uint64_t found = 0;
    char error[DATASET_ERROR_SIZE];
    ck_assert_msg(dataset_identify(names[set], DATASET_TRAIN, &found, error) > 0, "%s", error);
    return found;
}

static void all_are_ready(void)
{
    uint64_t before[RUNNER_DATA_SETS];
    for (int set = 0; set < RUNNER_DATA_SETS; set++)
        before[set] = fingerprint(set);
    find();
    for (int set = 0; set < RUNNER_DATA_SETS; set++)
        is_ready(set, before[set]);
}

START_TEST(variables_say_again_what_they_said)
{
    ck_assert_int_eq(chmod(outer, 0700), 0);
    g_unsetenv("TEXT_FILE"); /* the kit's own */
    find();
    ck_assert_str_eq(g_getenv("TEXT_FILE"), data.set[TEXT].outside);
    runner_data_clear(&data);
    ck_assert_str_eq(g_getenv("CIFAR10_DIR"), folder);
    ck_assert_ptr_null(g_getenv("TEXT_FILE"));
}
END_TEST

static bool work_is_empty(void)
{
    g_autoptr(GDir) listing = g_dir_open(work, 0, NULL);
    return !g_dir_read_name(listing);
}

/* ---- within reach --------------------------------------------------------------------------------- */

START_TEST(data_within_reach_stays_where_it_is)
{
    all_are_ready();
    ck_assert_str_eq(data.set[CIFAR10].outside, folder);
    ck_assert_str_eq(data.set[TEXT].outside, text);
    ck_assert_uint_eq(data.set[CIFAR10].see->len, 1);
    ck_assert(work_is_empty());
}
END_TEST

START_TEST(folder_behind_a_link)
{
    g_autofree char *link = g_build_filename(outer, "link", NULL);
    ck_assert_int_eq(symlink("data", link), 0);
    g_setenv("CIFAR10_DIR", link, TRUE);
    all_are_ready();
    ck_assert_str_eq(data.set[CIFAR10].outside, folder);
    ck_assert(work_is_empty());
}
END_TEST

/* The files lie elsewhere, each under a name of its own. */
static void make_links(const char *to)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    ck_assert_int_eq(g_mkdir(to, 0755), 0);
    for (const char *name; (name = g_dir_read_name(listing));) {
        g_autofree char *own = in_folder(name), *link = g_build_filename(to, name, NULL);
        g_autofree char *odd = g_strdup_printf("%s/store-%s", outer, name);
        ck_assert_int_eq(rename(own, odd), 0);
        ck_assert_int_eq(symlink(odd, link), 0);
    }
    g_autofree char *odd = g_build_filename(outer, "store-text", NULL);
    ck_assert_int_eq(rename(text, odd), 0);
    ck_assert_int_eq(symlink("store-text", text), 0);
    g_setenv("FASHION_MNIST_DIR", to, TRUE);
    g_setenv("CIFAR10_DIR", to, TRUE);
}

START_TEST(folder_of_links)
{
    g_autofree char *links = g_build_filename(outer, "links", NULL);
    make_links(links);
    all_are_ready();
    ck_assert_uint_eq(data.set[FASHION_MNIST].see->len, 2);
    const struct sandbox_bind *bind =
        &g_array_index(data.set[FASHION_MNIST].see, struct sandbox_bind, 1);
    g_autofree char *odd = g_build_filename(outer, "store-train-labels-idx1-ubyte", NULL);
    ck_assert_str_eq(bind->from, odd);
    ck_assert_str_eq(bind->to, "/data/fashion-mnist/train-labels-idx1-ubyte");
}
END_TEST

/* ---- out of reach: as root, whose sandbox is another user -------------------------------------------- */

START_TEST(folder_for_its_owner_costs_no_space)
{
    ck_assert_int_eq(chmod(outer, 0700), 0);
    all_are_ready();
    g_autofree char *own = in_folder("data_batch_3.bin"), *other = NULL;
    other = g_build_filename(data.set[CIFAR10].outside, "data_batch_3.bin", NULL);
    struct stat first, second;
    ck_assert(stat(own, &first) == 0 && stat(other, &second) == 0);
    ck_assert_uint_eq(first.st_ino, second.st_ino); /* both folders are in /tmp */
}
END_TEST

START_TEST(files_for_their_owner)
{
    static const char *const closed[] = {"train-images-idx3-ubyte", "data_batch_5.bin"};
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = in_folder(closed[i]);
        ck_assert_int_eq(chmod(path, 0600), 0);
    }
    ck_assert_int_eq(chmod(text, 0400), 0);
    all_are_ready();
    struct stat status;
    ck_assert_int_eq(stat(data.set[TEXT].outside, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0644);
}
END_TEST

START_TEST(links_to_files_for_their_owner)
{
    g_autofree char *links = g_build_filename(outer, "links", NULL);
    make_links(links);
    g_autofree char *odd = g_build_filename(outer, "store-data_batch_1.bin", NULL);
    ck_assert_int_eq(chmod(odd, 0600), 0);
    all_are_ready();
}
END_TEST

/* A second look with the same work folder takes the copy. */
START_TEST(data_out_of_reach_is_copied_once)
{
    ck_assert_int_eq(chmod(text, 0600), 0);
    all_are_ready();
    g_autofree char *first = g_strdup(data.set[TEXT].outside);
    ck_assert(g_file_set_contents(first, "kept and not copied", -1, NULL));
    ck_assert_int_eq(chmod(first, 0644), 0);
    find();
    g_autofree char *content = NULL;
    ck_assert_str_eq(data.set[TEXT].outside, first);
    ck_assert(g_file_get_contents(first, &content, NULL, NULL));
    ck_assert_str_eq(content, "kept and not copied");
}
END_TEST

START_TEST(no_room_for_a_copy_is_said)
{
    ck_assert_int_eq(chmod(text, 0600), 0);
    g_autofree char *file = g_build_filename(work, "data", NULL); /* where the folder would be */
    ck_assert(g_file_set_contents(file, "a file", -1, NULL));
    find();
    ck_assert_int_eq(data.set[TEXT].state, DATASET_WRONG);
    dataset_files_assert_says(data.set[TEXT].trouble, text);
    dataset_files_assert_says(data.set[TEXT].trouble, "Not a directory");
}
END_TEST

/* ---- what can't be used ---------------------------------------------------------------------------------- */

static void is_wrong(int set, const char *words)
{
    find();
    ck_assert_int_eq(data.set[set].state, DATASET_WRONG);
    dataset_files_assert_says(data.set[set].trouble, words);
    ck_assert_ptr_null(data.set[set].environment);
}

START_TEST(damaged_files_are_named)
{
    g_autofree char *images = in_folder("train-images-idx3-ubyte"), *words = NULL;
    ck_assert_int_eq(truncate(images, 900), 0);
    words = g_strdup_printf("%s: 900 bytes, expected 15696", images);
    is_wrong(FASHION_MNIST, words);
    is_ready(CIFAR10, fingerprint(CIFAR10)); /* one set does not spoil another */
    g_autofree char *batch = in_folder("data_batch_3.bin");
    ck_assert_int_eq(g_unlink(batch), 0);
    g_setenv("CIFAR10_DIR", folder, TRUE);
    is_wrong(CIFAR10, batch);
    ck_assert_int_eq(g_mkdir(batch, 0755), 0);
    is_wrong(CIFAR10, "data_batch_3.bin: is not a regular file");
    ck_assert_int_eq(g_rmdir(batch), 0);
    ck_assert_int_eq(mkfifo(batch, 0644), 0);
    is_wrong(CIFAR10, "data_batch_3.bin: is not a regular file");
}
END_TEST

START_TEST(texts_that_are_none)
{
    ck_assert_int_eq(truncate(text, 0), 0);
    is_wrong(TEXT, "a text: is empty");
    ck_assert(g_file_set_contents(text, "na\xefve words in latin-1", -1, NULL));
    is_wrong(TEXT, "byte 2: found ef 76 65 20, expected a character in UTF-8");
    ck_assert_int_eq(truncate(text, ((off_t)1 << 28) + 1), 0);
    is_wrong(TEXT, "268435457 bytes, expected at most 268435456");
    ck_assert_int_eq(g_unlink(text), 0);
    is_wrong(TEXT, "No such file");
    ck_assert_int_eq(mkfifo(text, 0644), 0);
    is_wrong(TEXT, "a text: is not a regular file");
}
END_TEST

START_TEST(what_is_not_installed_is_no_trouble)
{
    for (int set = 0; set < RUNNER_DATA_SETS; set++)
        g_unsetenv(variables[set]);
    ck_assert_int_eq(chdir(work), 0); /* no datasets here */
    find();
    ck_assert_int_eq(data.set[CIFAR10].state, DATASET_ABSENT);
    ck_assert_ptr_null(data.set[CIFAR10].environment);
    ck_assert_ptr_null(g_getenv("CIFAR10_DIR"));
}
END_TEST

/* ---- while it is used ------------------------------------------------------------------------------------- */

static void has_changed(const char *words)
{
    struct rubric_run run = {.assignment = assignment_find("example"), .ranks = 2};
    char arguments[] = "--data cifar10";
    run.arguments = arguments;
    g_autofree char *changed = runner_data_changed(&data, &run);
    if (!words) {
        ck_assert_msg(!changed, "%s", changed);
        return;
    }
    ck_assert_ptr_nonnull(changed);
    dataset_files_assert_says(changed, words);
}

START_TEST(change_is_seen)
{
    g_autofree char *path = in_folder("data_batch_2.bin"), *content = NULL;
    gsize length;
    find();
    has_changed(NULL);
    ck_assert_int_eq(truncate(path, 3073), 0);
    has_changed("data_batch_2.bin: changed while it was used (it has 3073 bytes, and had 12292");
    dataset_files_write_cifar10(folder, 4);
    find();
    has_changed(NULL);
    ck_assert(g_file_get_contents(path, &content, &length, NULL));
    ck_assert(
        g_file_set_contents(path, content, (gssize)length, NULL)); /* by another of the name */
    has_changed("data_batch_2.bin: changed");
    find();
    ck_assert_int_eq(g_unlink(path), 0);
    has_changed("is not any more");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_data");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, data_within_reach_stays_where_it_is);
    tcase_add_test(tests, variables_say_again_what_they_said);
    tcase_add_test(tests, folder_behind_a_link);
    tcase_add_test(tests, folder_of_links);
    if (geteuid() == 0) { /* else the sandbox's user is the owner */
        tcase_add_test(tests, folder_for_its_owner_costs_no_space);
        tcase_add_test(tests, files_for_their_owner);
        tcase_add_test(tests, links_to_files_for_their_owner);
        tcase_add_test(tests, data_out_of_reach_is_copied_once);
        tcase_add_test(tests, no_room_for_a_copy_is_said);
    }
    tcase_add_test(tests, damaged_files_are_named);
    tcase_add_test(tests, texts_that_are_none);
    tcase_add_test(tests, what_is_not_installed_is_no_trouble);
    tcase_add_test(tests, change_is_seen);
    suite_add_tcase(suite, tests);
    return suite;
}
