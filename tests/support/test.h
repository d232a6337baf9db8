/*
 * What every test program starts from.
 *
 * A file test_X.c defines test_suite(); main is in main.c. Tests run in the kit's
 * top folder, and what make built lies in the build folder (BUILD: build, or
 * build/sanitize).
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <check.h>
#include <stdbool.h>

/* Defined by the test. It may leave out what this machine can't do: test_skip(). */
Suite *test_suite(void);

/* A suite without tests, after a line that says why. */
Suite *test_skip(const char *why);

/* For a long text in a failure: Check ends a test whose message is longer than 8 KiB, and the text
 * would be lost. */
#define TEST_LONG "%.6000s"

/* The absolute path of BUILD. */
const char *test_build_folder(void);
/* The absolute path of BUILD/programs/NAME or, for the simulated cluster, BUILD/simulator/programs/NAME;
 * it must be there. A new string. */
char *test_program(bool simulated, const char *name);

/* Is there a simulated cluster on this machine? */
bool test_has_simulator(void);

/* The names of all assignments, and of those that have the folder assignments/NAME/FOLDER (NULL: all):
 * ends with NULL. It stays to the end. */
char *const *test_assignments(const char *folder, int *count);

/* Makes a folder in /tmp; its path, a new string. */
char *test_folder_new(void);
/* Removes it with all that is in it, and frees the path. */
void test_folder_free(char *folder);

#endif
