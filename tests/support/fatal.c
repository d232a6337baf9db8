/* See fatal.h. */
#include "tests/support/fatal.h"

#include "tests/support/test.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child is about to run a misuse, or not to: its messages go to *reading. */
static pid_t child_with_messages(int *reading)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        return 0;
    }
    close(ends[1]);
    *reading = ends[0];
    return child;
}

static void must_have_ended(pid_t child, int reading, const char *part)
{
    int status;
    char text[2048];
    size_t length = 0;
    for (ssize_t got; (got = read(reading, text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(reading);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
}

void check_fatal(void (*misuse)(int which), int which, const char *part)
{
    int reading = -1;
    const pid_t child = child_with_messages(&reading);
    if (child == 0) {
        misuse(which);
        _exit(0);
    }
    must_have_ended(child, reading, part);
}

void fatal_expect(const struct fatal_case *expected)
{
    int reading = -1;
    const pid_t child = child_with_messages(&reading);
    if (child == 0) {
        expected->misuse();
        _exit(0);
    }
    must_have_ended(child, reading, expected->says);
}
