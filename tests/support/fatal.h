/*
 * What must end the program: status 1 and a message that helps. Each case runs in a process of its
 * own; the test fails unless it ends like that and its message has the part that is given. A GPU that was
 * opened before is not there in that process: a case opens it, and makes what it needs there.
 */
#ifndef TESTS_SUPPORT_FATAL_H
#define TESTS_SUPPORT_FATAL_H

/* One of several misuses that a function knows by number. */
void check_fatal(void (*misuse)(int which), int which, const char *part);

struct fatal_case {
    void (*misuse)(void);
    const char *says; /* part of the message */
};
void fatal_expect(const struct fatal_case *expected);

#endif
