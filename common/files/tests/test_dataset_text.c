/*
 * Text: right files as they are understood, and broken ones of every kind, each
 * with the words that say what is wrong and where.
 */
#include "common/base/memory.h"
#include "common/files/dataset.h"
#include "tests/support/dataset_files.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char error[DATASET_ERROR_SIZE];

static void write_text(const void *bytes, size_t size)
{
    dataset_files_write("text", bytes, size);
    setenv("TEXT_FILE", dataset_files_path("text"), 1);
}

static void write_string(const char *text)
{
    write_text(text, strlen(text));
}

static void assert_refused(const char *name, const char *words)
{
    ck_assert_ptr_null(dataset_open(name, DATASET_TRAIN, true, true, 1, error));
    dataset_files_assert_says(error, words);
    ck_assert_int_eq(dataset_count(name, DATASET_TRAIN, error), -1);
    dataset_files_assert_says(error, words);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}

/* --- right files --------------------------------------------------------------- */

/* Of 30 characters 27 are for training: with 4 tokens, 6 samples; of 3, none is left to test. */
START_TEST(by_hand)
{
    struct data_shape shape;
    write_string("abcdefghijklmnopqrstuvwxyzabcd");
    ck_assert_msg(dataset_describe("text:tokens=4", &shape, error), "%s", error);
    ck_assert(shape_equal(shape.input, SHAPE(4)));
    ck_assert_int_eq(shape.dtype, DTYPE_INT32);
    ck_assert_int_eq(shape.labels, 4);
    ck_assert_int_eq(shape.classes, 26);

    struct dataset *set = dataset_open("text:tokens=4", DATASET_TRAIN, true, true, 1, error);
    ck_assert_msg(set != NULL, "%s", error);
    ck_assert_int_eq(dataset_samples(set), 6);
    const int number[] = {5, 0};
    int32_t inputs[2][4], labels[2][4];
    dataset_gather_inputs(set, number, 2, inputs);
    dataset_gather_labels(set, number, 2, &labels[0][0]);
    const int32_t expected[2][5] = {{20, 21, 22, 23, 24}, {0, 1, 2, 3, 4}};
    for (int i = 0; i < 2; i++) {
        ck_assert_mem_eq(inputs[i], expected[i], sizeof inputs[i]);
        ck_assert_mem_eq(labels[i], expected[i] + 1, sizeof labels[i]);
    }
    dataset_close(set);
    ck_assert_ptr_null(dataset_open("text:tokens=4", DATASET_TEST, true, true, 1, error));
    dataset_files_assert_says(error, "30 characters, of which 3 are for validation, too short");
    set = dataset_open("text:tokens=2", DATASET_TEST, true, true, 1, error);
    ck_assert_int_eq(dataset_samples(set), 1);
    dataset_gather_labels(set, number + 1, 1, &labels[0][0]);
    ck_assert_int_eq(labels[0][0], 2); /* b is the first of validation's, then c and d */
    ck_assert_int_eq(labels[0][1], 3);
    dataset_close(set);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

/* The first and last characters of each length in UTF-8, sorted by code point, not by appearance. */
START_TEST(characters_of_each_length)
{
    static const char text[] = "\xf4\x8f\xbf\xbf" /* U+10FFFF */
                               "\xf0\x90\x80\x80" /* U+10000 */
                               "\xef\xbf\xbf"     /* U+FFFF */
                               "\xee\x80\x80"     /* U+E000, behind the surrogates */
                               "\xed\x9f\xbf"     /* U+D7FF, before them */
                               "\xe0\xa0\x80"     /* U+0800 */
                               "\xdf\xbf"         /* U+07FF */
                               "\xc2\x80"         /* U+0080 */
                               "\x7f\0";          /* U+007F and, once more, U+0000 */
    static char both[2 * sizeof text];
    memcpy(both, text, sizeof text - 1);
    memcpy(both + sizeof text - 1, text, sizeof text - 1);
    write_text(both, 2 * (sizeof text - 1));
    struct data_shape shape;
    ck_assert_msg(dataset_describe("text:tokens=9", &shape, error), "%s", error);
    ck_assert_int_eq(shape.classes, 10);
    struct dataset *set = dataset_open("text:tokens=9", DATASET_TRAIN, true, true, 1, error);
    ck_assert_msg(set != NULL, "%s", error);
    ck_assert_int_eq(dataset_samples(set), 1);
    int32_t inputs[9];
    const int first = 0;
    dataset_gather_inputs(set, &first, 1, inputs);
    for (int t = 0; t < 9; t++)
        ck_assert_int_eq(inputs[t], 9 - t);
    dataset_close(set);
}
END_TEST

/* No sample, nor a label, of one part has a character of the other one. */
START_TEST(parts_are_apart)
{
    static char text[1000];
    memset(text, 'a', 900);
    memset(text + 900, 'b', 100);
    write_text(text, sizeof text);
    int mixed = 0;
    for (int split = DATASET_TRAIN; split <= DATASET_TEST; split++)
        for (int tokens = 2; tokens < 100; tokens++) {
            char name[32];
            snprintf(name, sizeof name, "text:tokens=%d", tokens);
            struct dataset *set =
                dataset_open(name, (enum dataset_split)split, true, true, 1, error);
            ck_assert_msg(set != NULL, "%s", error);
            const int characters = split == DATASET_TRAIN ? 900 : 100;
            ck_assert_int_eq(dataset_samples(set), (characters - 1) / tokens);
            ck_assert_int_eq(dataset_count(name, (enum dataset_split)split, error),
                             (characters - 1) / tokens);
            const int last = dataset_samples(set) - 1;
            int32_t labels[100];
            dataset_gather_labels(set, &last, 1, labels);
            for (int t = 0; t < tokens; t++)
                mixed += labels[t] != split;
            dataset_close(set);
        }
    ck_assert_int_eq(mixed, 0);
}
END_TEST

/* The kit's own text is found without a variable. */
START_TEST(own_text)
{
    struct data_shape shape;
    unsetenv("TEXT_FILE");
    ck_assert_msg(dataset_describe("text", &shape, error), "%s", error);
    ck_assert_int_ge(shape.classes, 60);
    ck_assert_int_le(shape.classes, 100);
    ck_assert(shape_equal(shape.input, SHAPE(64)));
    ck_assert_int_ge(dataset_count("text", DATASET_TRAIN, error), 1000);
    ck_assert(dataset_present("text", error));
    setenv("TEXT_FILE", "", 1); /* empty is as good as not there */
    ck_assert(dataset_present("text", error));
}
END_TEST

/* --- broken ones --------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t size;
    const char *words;
} broken[] = {
    {"abc\x80 abc", 8, "byte 3: found 80 20 61 62, expected a character in UTF-8"},
    {"ab\xc1\xbf abc", 8, "byte 2: found c1 bf"},                /* longer than need be */
    {"ab\xe0\x9f\xbf abc", 9, "byte 2: found e0 9f bf 20"},      /* the same */
    {"ab\xf0\x8f\xbf\xbf abc", 10, "byte 2: found f0 8f bf bf"}, /* the same */
    {"ab\xed\xa0\x80 abc", 9, "byte 2: found ed a0 80 20"},      /* half a pair */
    {"ab\xf4\x90\x80\x80 abc", 10, "byte 2: found f4 90 80 80"}, /* U+110000 */
    {"ab\xf5\x80\x80\x80 abc", 10, "byte 2: found f5 80 80 80"}, /* no first byte */
    {"ab\xff\xfe abc", 8, "byte 2: found ff fe 20 61"},          /* UTF-16's mark */
    {"ab\xe2\x28\xa1 abc", 9, "byte 2: found e2 28 a1 20"},      /* not continued */
    {"abcdefg\xe2\x82", 9, "byte 7: found e2 82, expected a character in UTF-8 (the file ends"},
    {"abcdefg\xc3", 8, "byte 7: found c3, expected"},
    {"aaaaaaaaaaaaaa", 14, "one character again and again, expected 2"},
    {"ab", 2, "2 characters, of which 1 are for training, too short"},
    {"abab", 4, "of which 3 are for training, too short for one sample: expected at least 4"},
};

START_TEST(broken_file)
{
    write_text(broken[_i].bytes, broken[_i].size);
    assert_refused("text:tokens=3", broken[_i].words);
    dataset_files_assert_says(error, dataset_files_folder);
}
END_TEST

START_TEST(other_things_than_files)
{
    write_string("");
    assert_refused("text", "is empty; set TEXT_FILE to a text file");
    setenv("TEXT_FILE", dataset_files_folder, 1);
    assert_refused("text", "is not a regular file; set TEXT_FILE");
    ck_assert_int_eq(mkfifo(dataset_files_path("pipe"), 0600), 0);
    setenv("TEXT_FILE", dataset_files_path("pipe"), 1);
    assert_refused("text", "is not a regular file");
    setenv("TEXT_FILE", "/dev/zero", 1);
    assert_refused("text", "is not a regular file");
    setenv("TEXT_FILE", "/nowhere/text", 1);
    assert_refused("text", "/nowhere/text: can't be opened: No such file");
    dataset_files_assert_says(error, "unset it");
}
END_TEST

/* 4 GiB and more: refused before a byte of it is read. */
START_TEST(huge_file)
{
    static const off_t sizes[] = {((off_t)1 << 28) + 1, (off_t)1 << 32, ((off_t)1 << 32) + 5};
    write_string("abcdefghijklmn");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_int_eq(truncate(dataset_files_path("text"), sizes[i]), 0); /* a hole */
        char words[64];
        snprintf(words, sizeof words, "found %lld bytes, expected at most 268435456",
                 (long long)sizes[i]);
        assert_refused("text", words);
    }
}
END_TEST

/* 8192 different characters are a vocabulary, one more is not. */
START_TEST(many_characters)
{
    static char text[3 * 8193];
    for (int i = 0; i < 8193; i++) {
        const int character = 0x4000 + i;
        text[3 * i] = (char)(0xe0 | character >> 12);
        text[3 * i + 1] = (char)(0x80 | (character >> 6 & 0x3f));
        text[3 * i + 2] = (char)(0x80 | (character & 0x3f));
    }
    struct data_shape shape;
    write_text(text, 3 * 8192);
    ck_assert_msg(dataset_describe("text", &shape, error), "%s", error);
    ck_assert_int_eq(shape.classes, 8192);
    write_text(text, 3 * 8193);
    assert_refused("text", "byte 24576: U+6000 is the character number 8193");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dataset_text");
    TCase *tests = tcase_create("dataset_text");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dataset_files_begin, dataset_files_end);
    tcase_add_test(tests, by_hand);
    tcase_add_test(tests, characters_of_each_length);
    tcase_add_test(tests, parts_are_apart);
    tcase_add_test(tests, own_text);
    tcase_add_loop_test(tests, broken_file, 0, (int)(sizeof broken / sizeof *broken));
    tcase_add_test(tests, other_things_than_files);
    tcase_add_test(tests, huge_file);
    tcase_add_test(tests, many_characters);
    suite_add_tcase(suite, tests);
    return suite;
}
