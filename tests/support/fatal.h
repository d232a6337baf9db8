/*
 * What must end the program: status 1 and a message that helps.
 */
#ifndef TESTS_SUPPORT_FATAL_H
#define TESTS_SUPPORT_FATAL_H

#include <check.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs misuse(which) in a process of its own. part: of the message. */
static inline void check_fatal(void (*misuse)(int which), int which, const char *part)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        misuse(which);
        _exit(0);
    }
    close(ends[1]);
    char text[2048];
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
}

#endif
