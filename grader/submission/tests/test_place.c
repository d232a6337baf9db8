/*
 * Hand-ins as they come: in the wrong folder, behind links, packed; and names that look alike. Archives are made
 * by the tools that people use.
 */
#include "grader/submission/collect.h"
#include "grader/submission/look_alike.h"
#include "grader/submission/unpack.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder, *submission, *copies;
static struct rubric rubric;
static GString *error;

/* A command of bash, in the test's folder. */
static void run(const char *command)
{
    char *words[] = {"bash", "-euc", (char *)command, NULL};
    int status = 0;
    ck_assert(g_spawn_sync(folder, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    ck_assert_msg(status == 0, "%s", command);
}

static void setup(void)
{
    static struct rubric_file files[] = {
        {.name = "train.c", .begin = 1}, {.name = "split_all.c"}, {.name = "answers.md"}};
    rubric = (struct rubric){.assignment = "lesson",
                             .uses = g_ptr_array_new(),
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .used_files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file))};
    g_array_append_vals(rubric.files, files, G_N_ELEMENTS(files));
    folder = g_dir_make_tmp("place-XXXXXX", NULL);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    submission = g_build_filename(folder, "alice", NULL);
    copies = g_build_filename(folder, "copies", NULL);
    error = g_string_new(NULL);
    run("mkdir -p alice files/lesson && cd files/lesson && echo 'int train;' >train.c && "
        "echo 'int split;' >split_all.c && echo text >answers.md");
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_ptr_array_free(rubric.uses, TRUE);
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.used_files, TRUE);
    g_string_free(error, TRUE);
    g_free(folder);
    g_free(submission);
    g_free(copies);
}

/* name: in the test's folder. */
static struct collection *collect(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    run("rm -rf copies copies.unpacked");
    g_string_truncate(error, 0);
    return collection_new(path, &rubric, copies, error);
}

struct hand_in {
    const char *made_by; /* of the folder files/lesson, in the folder alice */
    const char *note;    /* is said; NULL: nothing is */
};

static const struct hand_in taken[] = {
    {"cp -r ../files/lesson .", NULL},
    {"cp ../files/lesson/* .", NULL},
    {"cp -r ../files/lesson . && mkdir build .git && cp ../files/lesson/* build && cp "
     "../files/lesson/* .git",
     NULL},
    {"mkdir -p homework3 __MACOSX/homework3/lesson && cp -r ../files/lesson homework3 && echo x "
     ">__MACOSX/homework3/lesson/._train.c && cp ../files/lesson/train.c __MACOSX",
     "found in \"homework3/lesson\""},
    {"cp -r ../files/lesson Lesson", "found in \"Lesson\""},
    {"cp -r ../files/lesson 'the tensor one'", "found in \"the tensor one\""},
    {"mkdir lesson && cp -r ../files/lesson lesson", "found in \"lesson/lesson\""},
    {"mkdir -p a/b/c/d lesson && cp ../files/lesson/* a/b/c/d", "found in \"a/b/c/d\""},
    {"mkdir -p kit/skeleton kit/tests/wrong && cp -r ../files/lesson kit/skeleton && cp "
     "../files/lesson/train.c kit/tests/wrong",
     "found in \"kit/skeleton/lesson\""},
    {"cp -r ../files/lesson mine && ln -s mine lesson", "symbolic link to \"mine\""},
    {"cp ../files/lesson/* . && ln -s /etc lesson", "is not followed"},
    {"cp ../files/lesson/* . && ln -s .. lesson", "is not followed"},
    {"cd ../files && tar czf ../alice/hw.tar.gz lesson", "\"hw.tar.gz\" is an archive"},
    {"cd ../files && bsdtar -a -cf ../alice/hw.zip lesson && rm -r lesson",
     "\"hw.zip\" is an archive"},
    {"cd ../files/lesson && tar cf ../../alice/hw.tar train.c split_all.c answers.md",
     "was unpacked"},
    {"cd .. && bsdtar -a -cf alice/hw.7z files/lesson", "found in \"files/lesson\""},
    {"cd ../files && tar cf hw.tar lesson && tar czf ../alice/outer.tgz hw.tar", "\"hw.tar\""},
    {"cd ../files && tar cPzf ../alice/hw.tgz \"$PWD/lesson\"", "was unpacked"},
    {"cd ../files && chmod 0 lesson/* && tar czf ../alice/hw.tgz lesson", "was unpacked"},
};

static bool is_there(const struct collection *collection)
{
    for (guint i = 0; i < collection->files->len; i++)
        if (COLLECTED_FILES(collection, i)->state != COLLECTED)
            return false;
    return true;
}

START_TEST(files_are_found)
{
    const struct hand_in *hand_in = &taken[_i];
    g_autofree char *command = g_strconcat("cd alice && ", hand_in->made_by, NULL);
    run(command);
    struct collection *collection = collect("alice");
    ck_assert_msg(collection != NULL, "%s: %s", hand_in->made_by, error->str);
    const char *note = collection->place->note;
    ck_assert_msg(is_there(collection), "%s: %s", hand_in->made_by, note ? note : "");
    ck_assert_msg(hand_in->note ? note && strstr(note, hand_in->note) : !note, "%s: %s",
                  hand_in->made_by, note ? note : "no note");
    collection_free(collection);
}
END_TEST

static const struct hand_in missing[] = {
    {"mkdir lesson", "train.c is missing"},
    {"mkdir a b && cp ../files/lesson/* a && cp ../files/lesson/* b",
     "train.c is missing: files with such names lie in several places, and which are meant can't "
     "be told: \"a\", \"b\""},
    {"ln -s ../files/lesson lesson", "train.c is missing: \"lesson\" is a symbolic link"},
    {"ln -s lesson lesson", "\"lesson\" is a symbolic link"},
    {"mkdir a && ln -s a lesson && ln -s ../../files/lesson a/lesson", "train.c is missing"},
    {"ln -s ../files/lesson other", "train.c is missing"},
    {"mkdir -p 1/2/3/4/5/6/7/8/9 && cp ../files/lesson/* 1/2/3/4/5/6/7/8/9",
     "train.c is missing: folders that lie more than 6 deep were not looked into; hand in"},
    {"cd ../files && tar cf ../alice/a.tar lesson && tar cf ../alice/b.tar lesson",
     "only archives, which have to be unpacked: \"a.tar\", \"b.tar\""},
    {"cd ../files && tar cf 1.tar lesson && tar cf 2.tar 1.tar && tar cf ../alice/3.tar 2.tar",
     "only archives, which have to be unpacked: \"1.tar\""},
    {"mkdir lesson && cd lesson && cp ../../files/lesson/* . && mv train.c 'train (1).c'",
     "train.c is missing, but \"train (1).c\" looks as if it were meant: rename it"},
    {"mkdir photos && cd photos && seq 20001 | xargs touch",
     "train.c is missing: the folder holds more than 20000 files, and only so many were looked at"},
};

START_TEST(what_is_not_found_is_explained)
{
    const struct hand_in *hand_in = &missing[_i];
    g_autofree char *command = g_strconcat("cd alice && ", hand_in->made_by, NULL);
    run(command);
    struct collection *collection = collect("alice");
    ck_assert_msg(collection != NULL, "%s: %s", hand_in->made_by, error->str);
    const struct collected_file *file = collection_find(collection, "train.c");
    ck_assert_int_eq(file->state, COLLECTED_MISSING);
    ck_assert_msg(strstr(file->trouble, hand_in->note) != NULL, "%s: %s", hand_in->made_by,
                  file->trouble);
    collection_free(collection);
}
END_TEST

/* Of archives that are handed in themselves. */
static const struct hand_in refused[] = {
    {"echo no archive >hw", "neither a folder nor an archive"},
    {"echo no archive >hw.zip && mv hw.zip hw", "neither a folder nor an archive"},
    {"mkfifo hw", "neither a folder nor an archive"},
    {"tar czf hw files && truncate -s -40 hw", "hw can't be unpacked: it is damaged"},
    {"printf 'PK\\3\\4' >hw", "hw can't be unpacked: it is damaged"},
    {"bsdtar --format zip --options zip:encryption=zipcrypt --passphrase word -cf hw files",
     "hw can't be unpacked: it is protected by a password"},
    {"truncate -s 60M 1 && cp 1 2 && cp 1 3 && tar czf hw 1 2 3",
     "hw can't be unpacked: what comes out of it is too much: bsdtar wrote more than 128 MiB"},
    {"mkdir many && cd many && seq 10100 | xargs touch && tar czf ../hw .",
     "bsdtar made more than 10000 files and folders"},
    {"truncate -s 130M 1 && tar czf hw 1",
     "hw can't be unpacked: what comes out of it is too much: bsdtar wrote"},
    {"truncate -s 65M hw && cd files && tar cf 1 lesson && dd if=1 of=../hw conv=notrunc "
     "status=none",
     "hw can't be unpacked: it has more than 64 MiB"},
    {"cd files && tar cPf ../hw --transform 's,lesson,../../lesson,' lesson",
     "it is damaged, or holds"},
    {"cd files && ln -s /etc link && tar cf ../hw link && rm link && mkdir link && echo x "
     ">link/train.c && tar rf ../hw link/train.c && tar rf ../hw --transform 's,lesson,link,' "
     "lesson && true",
     NULL},
};

START_TEST(archives_that_are_none_harm_nobody)
{
    const struct hand_in *hand_in = &refused[_i];
    run(hand_in->made_by);
    struct collection *collection = collect("hw");
    if (hand_in->note) {
        ck_assert_msg(collection == NULL, "%s", hand_in->made_by);
        ck_assert_msg(strstr(error->str, hand_in->note) != NULL, "%s: %s", hand_in->made_by,
                      error->str);
        if (strstr(hand_in->note, "unpacked"))
            ck_assert_msg(strstr(error->str, strstr(error->str, "damaged")
                                                 ? "Have it packed again."
                                                 : "mkdir unpacked && bsdtar -xf") != NULL,
                          "%s", error->str);
    }
    collection_free(collection);
    run("[ ! -e lesson ] && [ ! -e /etc/train.c ] && mkdir -p copies && [ -z \"$(find copies -type "
        "l)\" ]");
}
END_TEST

/* A full disk is not an archive that is damaged. */
START_TEST(a_full_disk_is_told)
{
    run("head -c 2000000 /dev/zero >files/lesson/train.c && tar czf hw.tgz files && mkdir full");
    g_autofree char *full = g_build_filename(folder, "full", NULL);
    g_autofree char *path = g_build_filename(folder, "hw.tgz", NULL);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", full, "tmpfs", 0, "size=1m,mode=711") != 0)
        return; /* needs root */
    g_autofree char *unpacked = unpack_archive(path, "hw.tgz", full, error);
    umount2(full, MNT_DETACH);
    ck_assert(unpacked == NULL);
    ck_assert_msg(strstr(error->str, "No space left on device") &&
                      strstr(error->str, "make room") && !strstr(error->str, "damaged"),
                  "%s", error->str);
}
END_TEST

/* The empty archive is no fault: its files are missing. */
START_TEST(an_empty_archive_is_empty)
{
    run("tar czf hw.tar.gz -T /dev/null && printf 'PK\\5\\6%018d' 0 | tr 0 '\\0' >hw.zip");
    static const char *const names[] = {"hw.tar.gz", "hw.zip"};
    struct collection *collection = collect(names[_i]);
    ck_assert_msg(collection != NULL, "%s", error->str);
    ck_assert_int_eq(collection_find(collection, "train.c")->state, COLLECTED_MISSING);
    collection_free(collection);
}
END_TEST

/* What this machine can't look into may hold the files: that is no fault of theirs. */
START_TEST(a_folder_that_can_not_be_read_is_told)
{
    run("mkdir -p alice/homework && cp -r files/lesson alice/homework && chmod 0 alice/homework && "
        "chmod 777 .");
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    struct collection *collection = collect("alice");
    if (geteuid() != getuid())
        ck_assert_int_eq(seteuid(getuid()), 0);
    run("chmod 755 alice/homework");
    ck_assert(collection == NULL);
    ck_assert_msg(strstr(error->str, "alice/homework can't be looked into: Permission denied") !=
                      NULL,
                  "%s", error->str);
}
END_TEST

START_TEST(names_look_alike)
{
    static const char *const alike[] = {
        "split_all_layers (1).c",  "split_all_layers(2).c",        "Split_all_layers.c",
        "split_all_layers.C",      "split_all_layers.c.txt",       "split-all-layers.c",
        "split all layers.c",      "Copy of split_all_layers.c",   "split_all_layers - Copy.c",
        "split_all_layers copy.c", "split_all_layers copy 2.c",    "split_all_layers - Kopie.c",
        "split_all_layers.c~",     "split_all_layers.c.bak",       "splitAllLayers.c",
        "#split_all_layers.c#",    "\xef\xbd\x93plit_all_layers.c"};
    static const char *const others[] = {"split_all_layers2.c",
                                         "split_one_layer.c",
                                         "layers.c",
                                         "split_all_layers.h",
                                         "split_all_layers",
                                         "",
                                         "split_all\xff"
                                         "ab.c"};
    for (guint i = 0; i < G_N_ELEMENTS(alike); i++)
        ck_assert_msg(look_alike(alike[i], "split_all_layers.c"), "%s", alike[i]);
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        ck_assert_msg(!look_alike(others[i], "split_all_layers.c"), "%s", others[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("place");
    TCase *tests = tcase_create("place");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, files_are_found, 0, G_N_ELEMENTS(taken));
    tcase_add_loop_test(tests, what_is_not_found_is_explained, 0, G_N_ELEMENTS(missing));
    tcase_add_loop_test(tests, archives_that_are_none_harm_nobody, 0, G_N_ELEMENTS(refused));
    tcase_add_loop_test(tests, an_empty_archive_is_empty, 0, 2);
    tcase_add_test(tests, a_full_disk_is_told);
    tcase_add_test(tests, a_folder_that_can_not_be_read_is_told);
    tcase_add_test(tests, names_look_alike);
    suite_add_tcase(suite, tests);
    return suite;
}
